"""The typed configuration of a study: one section a file, each key with its default and the source
of it.

===================  ==========================================================
`study`              the whole study
`cells`              its cells, and what identifies them
`sizes`              sizes that computations and their plans share
`base`               what every section shares
`messages`           what a user is told of a configuration that is refused
`files`              the JSON schema and config.yaml, written from the model
`sampling`           problem, network, prior, grid, sampling, projection, ...
`user_problem`       what a user's data and network turned out to be
`expressivity`       one file a science
`clustering`
`sloppiness`         with `sloppiness_theory`
`model_constrained`
`large`              networks whose C does not fit
===================  ==========================================================

No torch, no MPI, no files: whatever reads a study may import this.
"""
