"""Results on disk: where they lie, how they are written, and how they prove what they are.

=================  ==========================================================
`layout`           the folders of a study
`receipts`         small JSON files, written last, that make a result valid
`second_moments`   C in chunked Zarr, one writer a chunk, read back and verified
`spectra`          eigenvalues and eigenvectors in Zarr
`documents`        small results as JSON
`products`         receipts of tables, figures and documents
`io_log`           what a command read and wrote
`environment`      when, by which versions, on which machine
`array_files`      named arrays in one .npz, with a receipt
`arrays`           a user's own inputs and labels
`shards`           resumable partial sums
=================  ==========================================================

The only importer of zarr. ``README.md`` in this folder states the protocol.
"""
