"""Settings of the documentation site; warnings are errors (`make docs`)."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
os.environ.setdefault("TRADEFLOWS_ROOT", str(HERE.parent))

from tradeflows import __version__  # noqa: E402

project = "tradeflows"
author = "The tradeflows authors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "from_code"]
exclude_patterns = ["*.py"]
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc's sections name the types that matter
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

smartquotes_action = "qe"  # quotes and dots: two hyphens begin an option, and stay

html_theme = "furo"
html_title = f"tradeflows {release}"
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = "%d %B %Y"
