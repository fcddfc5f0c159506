"""Sphinx configuration: `sphinx-build -W docs docs/_build`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from generate import write_pages

from zdscan import __version__

write_pages()

project = "zdscan"
author = "zdscan developers"
version = release = __version__
extensions = ["myst_parser", "sphinxcontrib.bibtex"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["../zdscan/inputs/data/references.bib", "theory.bib"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "zdscan"
