"""Prints the lowest versions that pyproject.toml allows, of what a run needs, for pip: `name==version`, one a line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
for requirement in project["dependencies"]:
    if lowest := re.match(r"([\w-]+)>=([\w.]+)", requirement):
        print(f"{lowest[1]}=={lowest[2]}")
