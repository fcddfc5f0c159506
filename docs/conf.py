"""Sphinx configuration: `sphinx-build -W docs docs/_build`. The pages need no network: formulas render offline."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import gallery
from generate import write_pages

from zdscan import __version__

write_pages()
gallery.copy_notebooks()
gallery.make([*gallery.commands(), *gallery.styles()])

project = "zdscan"
author = "zdscan developers"
version = release = __version__
extensions = [
    "myst_nb",  # Markdown as myst_parser reads it, and notebooks, which are executed
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinxcontrib.bibtex",
]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["../zdscan/inputs/data/references.bib", "theory.bib"]
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
exclude_patterns = ["_build", "jupyter_execute", "gallery"]
html_theme = "furo"
html_title = "zdscan"
html_static_path = ["_static"]
html_css_files = ["zdscan.css"]
mathjax_path = "mathjax/tex-mml-chtml.js"  # copied by `copy_mathjax`
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
napoleon_attr_annotations = False
default_role = "code"


def copy_mathjax(app: Any, exception: Exception | None) -> None:
    """Put MathJax, from the package of the extra [docs], beside the pages: one script and its fonts, 1.6 MB."""
    if exception is not None or app.builder.format != "html":
        return
    spec = find_spec("mathjax")  # found, not imported: the package is made for Django, which is not needed
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("MathJax is not installed: pip install '.[docs]'")
    source = Path(next(iter(spec.submodule_search_locations))) / "static" / "mathjax" / "es5"
    fonts = Path("output") / "chtml" / "fonts" / "woff-v2"
    target = Path(app.outdir) / "_static" / "mathjax"
    (target / fonts).mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "tex-mml-chtml.js", target)
    for font in (source / fonts).glob("*.woff"):
        shutil.copy(font, target / fonts)


SECTIONS = ("Parameters", "Attributes", "Returns", "Raises")


def set_out(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn entries "name : description" of docstrings into those of numpydoc, which wants it on lines of its own.

    Types are in the signature. An entry that has its type, a few words with a sentence below, stays as it is.
    """
    section, set_lines = "", []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", following):
            section = line
        entry = re.fullmatch(r"(\w[\w, *]*) :(?: (.+))?", line)
        typed = entry and len(entry[2] or "") < 60 and re.match(r" +[A-Z]", following)
        if section in SECTIONS and entry and not typed:
            set_lines += [entry[1], *([f"    {entry[2]}"] if entry[2] else [])]
        else:
            set_lines.append(line)
    lines[:] = set_lines


def setup(app: Any) -> None:
    """Connect what is defined here."""
    app.connect("autodoc-process-docstring", set_out, priority=400)  # before napoleon
    app.connect("build-finished", copy_mathjax)
