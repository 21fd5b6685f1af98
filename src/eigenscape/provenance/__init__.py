"""What became of a result: `verify` checks a study against its receipts, `lineage` says how one
result was made.
"""
