"""A finished study for readers: `report` (a page), `paper` (a PDF), `crate` (an archive), with
`references`.
"""
