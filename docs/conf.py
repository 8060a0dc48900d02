"""The site: `make docs`.  Its source is the repository itself, so links are the same here and on GitHub."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "ext")]

from minigan import __version__  # noqa: E402

project = "minigan"
author = "The minigan authors"
copyright = "The minigan authors"
version = release = __version__
language = "en-gb"
smartquotes_action = "qe"  # quotation marks and ellipses; a -- is the beginning of an option

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "docstrings",
    "maths",
    "source_links",
    "film",
    "figures",
    "live",
    "access",
    "one_page",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "lessons/*.md", "CONTRIBUTING.md"]
exclude_patterns = ["docs/_build", "docs/README.md", "docs/ext", "docs/static/katex/README.md"]

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Dataset": "minigan.data.Dataset"}  # paper.py names it without importing it
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
viewcode_follow_imported_members = False

# A folder of Pyodide that the site then holds; "": the pages load its public distribution
pyodide = os.environ.get("PYODIDE_DIR", "")

html_math_renderer = "katex"
html_theme = "furo"
html_title = "minigan"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
pygments_style = "default"
pygments_dark_style = "github-dark"
