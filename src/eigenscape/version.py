"""The version, in a module of its own: whatever records it need not import the package's table of
contents.
"""

__version__ = "0.1.0"
