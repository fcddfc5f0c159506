"""The pictures of exclusions.md, made by the commands below them: `python docs/exclusions.py [PICTURE.png ...]`.

They are kept in the repository, with half of the dots and 256 colours: together they take two minutes to compute.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "exclusions.md"
WIDTH, COLOURS = 1050, 256  # dots across


def commands() -> dict[str, list[str]]:
    """Arguments of `zdscan` by the picture that they make."""
    blocks = re.findall(r"!\[.*?\]\((\S+)\)\n\n```console\n\$ zdscan (.*?)\n```", PAGE.read_text(), flags=re.DOTALL)
    return {picture: shlex.split(line) for picture, line in blocks}


def shrink(path: Path) -> None:
    """Write a picture anew with fewer dots and colours."""
    picture = Image.open(path).convert("RGB")
    height = round(picture.height * WIDTH / picture.width)
    small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)


def main(chosen: list[str]) -> None:
    """Make the pictures with these names, without names all."""
    for picture, arguments in commands().items():
        if not chosen or picture in chosen:
            subprocess.run(
                [sys.executable, "-m", "zdscan", *arguments], cwd=DOCS, check=True, stdout=subprocess.DEVNULL
            )
            shrink(DOCS / picture)


if __name__ == "__main__":
    main(sys.argv[1:])
