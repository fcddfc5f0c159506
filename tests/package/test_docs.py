"""The scan files printed in the documentation are accepted by the program, and their defaults are the program's."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import ROOT
from zdscan.scan.scanfile import parse_scan

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
AXES = """
[axes]
mass = { values = [0.1] }
eps = { values = [0.0] }
eps_z = { values = [0.0] }
g_mu = { values = [0.1] }
"""


def _blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(), flags=re.DOTALL):
            if "format = 1" in block:
                found.append((page.name, block))
            elif "[case]" in block:
                found.append((page.name, f"format = 1\n{block}{AXES}"))
    return found


@pytest.mark.parametrize(("page", "block"), _blocks())
def test_printed_scan_files_are_valid(page: str, block: str) -> None:
    assert parse_scan(block, page).points >= 1


def test_printed_defaults_are_the_defaults() -> None:
    (full,) = (block for page, block in _blocks() if page == "scan-file.md" and "[output]" in block)
    shortened = full[: full.index("[model]")]
    complete, minimal = parse_scan(full), parse_scan(shortened)
    for section in ("settings", "output"):
        assert getattr(complete, section) == getattr(minimal, section), section
