"""The documentation site: `make docs` builds it into build/docs, with warnings as errors.

It is built and read without a network: no font, script, style or inventory comes from elsewhere,
and `offline` fails the build if a page asks for one. The pages are plain Markdown, so that they
read as well on the repository's web view.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from eigenscape import __version__

project = "eigenscape"
author = "The eigenscape developers"
copyright = "the eigenscape developers; BSD-3-Clause"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "formulas",
    "outside_pages",
    "reference_pages",
    "plain_docstrings",
    "offline",
]
exclude_patterns = ["_extensions"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4  # links to headings work as on the repository's web view
html_math_renderer = "mathml"

default_role = "code"  # single backticks in docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "exclude-members": "model_config"}
napoleon_use_ivar = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
nitpick_ignore_regex = [
    ("py:.*", r"(?!eigenscape\.).*"),  # other libraries: their inventories would need a network
    ("py:class", r"eigenscape\..*\.(_\w+|Value|T|Numbers|Found|LossT_co)"),  # type variables
]

toc_object_entries = (
    False  # the lists of pages stay lists of pages; the index and the search find every name
)

html_theme = "furo"
html_title = f"eigenscape {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
