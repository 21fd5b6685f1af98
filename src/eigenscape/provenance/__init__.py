"""What became of a result: `verify` checks a study against its receipts, `lineage` says how one
result was made, `reconcile` tells Snakemake which are to be made again.
"""
