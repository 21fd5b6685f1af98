"""Published findings and what a study says of them: a file a science judges its own, `table` joins
them.
"""
