"""Published findings and what a study says of them: a file a science assesses its own, `table`
joins them.
"""
