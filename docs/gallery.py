"""The pictures of gallery.md and the notebooks of examples/, made ready when the documentation is built.

Pictures are made by the commands below them, in docs/gallery; notebooks are copied into docs/examples, where they are
executed. `python docs/gallery.py` does the same by hand. What is there and as new as the program is kept.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))
FOLDER, EXAMPLES = DOCS / "gallery", DOCS / "examples"
STYLES = ("none", "CMS", "ATLAS", "LHCb", "ALICE", "DUNE", "ROOT")
_STYLED = "plot grid.h5 --x mass --y g_mu --constraints a_mu,w_width --no-heading --size 2.6,2.9 --sigmas 1,2"


def commands(page: str = "gallery.md") -> list[str]:
    """The commands of a page, without the name of the program."""
    blocks = re.findall(r"```console\n(.*?)```", (DOCS / page).read_text(), flags=re.DOTALL)
    return [line for block in blocks for line in re.findall(r"^\$ zdscan (.*)$", block, flags=re.MULTILINE)]


def styles() -> list[str]:
    """The commands of the pictures of styles."""
    return [f"{_STYLED}{'' if style == 'none' else f' --style {style}'} -o style-{style}.png" for style in STYLES]


def newest() -> float:
    """When the program or this page was changed last."""
    sources = [path for name in ("zdscan", "analysis", "kernels") for path in (ROOT / name).rglob("*.*")]
    return max(path.stat().st_mtime for path in [*sources, *DOCS.glob("gallery.*"), DOCS / "tutorial.toml"])


def make(lines: list[str], folder: Path = FOLDER) -> None:
    """Run commands in a folder, where their pictures and grids stay; what is newer than the program is kept."""
    from zdscan.cli import app

    folder.mkdir(exist_ok=True)
    shutil.copy(DOCS / "tutorial.toml", folder)
    before, changed = Path.cwd(), newest()
    os.chdir(folder)
    try:
        for line in lines:
            words = shlex.split(line)
            target = Path(words[words.index("-o") + 1])
            if target.exists() and target.stat().st_mtime > changed:
                continue
            with contextlib.redirect_stdout(io.StringIO()):
                app([*words, *(["--overwrite"] if words[0] == "run" else [])], standalone_mode=False)
    finally:
        os.chdir(before)


def copy_notebooks() -> None:
    """Put the notebooks where the documentation finds them."""
    EXAMPLES.mkdir(exist_ok=True)
    for path in sorted((ROOT / "examples").glob("*.ipynb")):
        target = EXAMPLES / path.name
        if not target.exists() or target.read_bytes() != path.read_bytes():
            shutil.copy(path, target)


if __name__ == "__main__":
    make([*commands(), *styles()])
    copy_notebooks()
