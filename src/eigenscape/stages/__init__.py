"""The steps of the workflow, one file a step: science, ranks and store joined into something
resumable.

A folder a science, with the science's name; `common` holds what they share.
"""
