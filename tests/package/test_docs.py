"""The text pages: printed scan files are accepted, what is named exists, versions agree, lines break by meaning."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.paths import ROOT
from zdscan import __version__
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
            if re.search(r"^format = \d", block, flags=re.MULTILINE):
                found.append((page.name, block))
            elif "[case]" in block:
                found.append((page.name, f"format = 2\n{block}{AXES}"))
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


# --- what is named exists --------------------------------------------------------------------------------------------

NAMING = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMING = [page for page in NAMING if not {"_build", "constraint"} & set(page.parts)]
FOLDERS = "zdscan|kernels|analysis|tests|docs|jobs|benchmarks"


def in_code(page: Path) -> str:
    """The words of a page that are set as code within its text, one span a line."""
    text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return "\n".join(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("page", NAMING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_files_exist(page: Path) -> None:
    paths = re.findall(rf"(?:^|\s)((?:{FOLDERS})/[\w./*-]+)", in_code(page), flags=re.MULTILINE)
    missing = [path for path in paths if not any(ROOT.glob(path.rstrip("./")))]
    assert not missing


@pytest.mark.parametrize("page", NAMING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_modules_and_functions_exist(page: Path) -> None:
    for name in re.findall(r"^(zdscan(?:\.\w+)+)(?:\(.*)?$", in_code(page), flags=re.MULTILINE):
        if name.rpartition(".")[2] in ("bib", "toml", "h5"):
            continue
        item = importlib.import_module("zdscan")
        for part in name.split(".")[1:]:
            if isinstance(item, ModuleType) and not hasattr(item, part):
                importlib.import_module(f"{item.__name__}.{part}")  # raises where there is none
            item = getattr(item, part)


def test_versions_agree() -> None:
    """The version stands in the package; the changelog has a section of it, and the citation names it."""
    assert re.search(rf"^## \[{re.escape(__version__)}\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert re.search(rf"^version: {re.escape(__version__)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)


# --- lines break by meaning ------------------------------------------------------------------------------------------


def _lines() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lines", ROOT / "docs" / "lines.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LINES = _lines()


@pytest.mark.parametrize("page", LINES.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_one_sentence_a_line(page: Path) -> None:
    """`python docs/lines.py --write` mends it."""
    text = page.read_text()
    assert LINES.broken(text) == text


LONG = ", ".join(["a clause of some thirty letters"] * 6)
WRITTEN = [
    (
        "One. Two, e.g. $a. B$ or `c. D`.\nThree, by A. Rashed. Four.",
        "One.\nTwo, e.g. $a. B$ or `c. D`.\nThree, by A. Rashed.\nFour.",
    ),
    ("1. First. Second.\n   Third.\n2. Next", "1. First.\n   Second.\n   Third.\n2. Next"),
    ("| a. B | c |\n\n```toml\na. B\n```\n\n$$\na. B\n$$\n\n# A. B? C", None),
    (f"It is {LONG}.", f"It is {', '.join(LONG.split(', ')[:4])},\n{', '.join(LONG.split(', ')[4:])}."),
    (f"Let {'x' * 110} be four, + {'y' * 30}.", f"Let {'x' * 110} be four, +\n{'y' * 30}."),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_breaking_lines(text: str, expected: str | None) -> None:
    """Sentences, abbreviations, lists, what is not text, long sentences, and no line that would begin a list."""
    assert LINES.broken(text) == (text if expected is None else expected)
    assert LINES.broken(LINES.broken(text)) == LINES.broken(text)
