"""The outputs of zdscan are those stored in frozen.json: the same bytes where floating point is the same.

Elsewhere another processor or library may round otherwise; there the summaries of floating datasets agree to 1e-6 and
each bit of a mask is set at as many points within two. How the file is made, and made anew after a change of the
physics that is meant: freeze.py.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from . import freeze
from .compare import differences, entry_difference

HERE = Path(__file__).resolve().parent
ROOT = next(folder for folder in HERE.parents if (folder / "pyproject.toml").exists())
STORED: dict[str, Any] = json.loads((HERE / "frozen.json").read_text())
IS_EXACT = freeze.fingerprint() == STORED["made_with"]["fingerprint"]
QUICK = [(kind, name) for kind, name, _ in freeze.tasks(quick=True)]
SLOW = [(kind, name) for kind, name, _ in freeze.tasks(quick=False) if kind == "scans" or (kind, name) not in QUICK]
MAKERS = {(kind, name): make for kind, name, make in freeze.tasks(quick=False)}
QUICK_MAKERS = MAKERS | {(kind, name): make for kind, name, make in freeze.tasks(quick=True)}

Made = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make an output, and before it the grid that it needs, each once; a scan in every way."""
    return maker(tmp_path_factory, MAKERS)


@pytest.fixture(scope="module")
def quickly_made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same without several ranks."""
    return maker(tmp_path_factory, QUICK_MAKERS)


def maker(tmp_path_factory: pytest.TempPathFactory, makers: dict[tuple[str, str], Callable[..., Any]]) -> Made:
    """What makes an output by its maker, and before it the grid that it needs, each once."""
    workshop = freeze.Workshop(tmp_path_factory.mktemp("frozen"), ROOT)
    kept: dict[tuple[str, str], Any] = {}

    def make(kind: str, name: str) -> Any:
        if (kind, name) not in kept:
            for scan in needed(kind, name):
                make("scans", scan)
            kept[kind, name] = makers[kind, name](workshop)
        return kept[kind, name]

    return make


def needed(kind: str, name: str) -> list[str]:
    """The scan whose files a command reads."""
    if kind == "verified":
        return [name]
    if kind not in ("fits", "plots"):
        return []
    table = freeze.FITS if kind == "fits" else freeze.PLOTS
    return [Path(table[name][0].split()[0]).stem]


def essence(kind: str, output: Any) -> Any:
    """What must be the same on every machine: of a fit, or of a table along a flat minimum, the lowest chi2 alone."""
    if IS_EXACT:
        return output
    if kind == "fits":
        return {"best": output["best"]["chi2"], "sm_chi2": output["sm_chi2"], "rows": output["rows"]}
    if kind == "plots":
        kept = {name: entry for name, entry in output["datasets"].items() if "chi2" in name}
        return {"lines": output["lines"], "datasets": kept}
    return output


def assert_frozen(made: Made, kind: str, name: str) -> None:
    """An output is the stored one."""
    stored, now = essence(kind, STORED[kind][name]), essence(kind, made(kind, name))
    now = json.loads(json.dumps(now))
    assert differences(stored, now, kind, exact=IS_EXACT) == []


@pytest.mark.parametrize(("kind", "name"), QUICK)
def test_quick_outputs_are_frozen(quickly_made: Made, kind: str, name: str) -> None:
    assert_frozen(quickly_made, kind, name)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), SLOW)
def test_all_outputs_are_frozen(made: Made, kind: str, name: str) -> None:
    assert_frozen(made, kind, name)


def test_everything_that_is_stored_is_compared() -> None:
    stored = {(kind, name) for kind, entries in STORED.items() if kind != "made_with" for name in entries}
    assert stored == set(MAKERS)


def test_comparison_sees_a_changed_number() -> None:
    """One wrong number in a thousand is seen by the hash, and by the summary unless it is a rounding."""
    values = np.linspace(1.0, 2.0, 1000, dtype=np.float32)
    rounded, wrong = values.copy(), values.copy()
    rounded[5] = np.nextafter(rounded[5], np.float32(9))
    wrong[5] += 0.1
    stored, other = freeze.record(values), freeze.record(rounded)
    assert entry_difference(stored, copy.deepcopy(stored)) is None
    assert "within" in (entry_difference(stored, other) or "")
    assert entry_difference(stored, other, exact=False) is None
    assert "beyond" in (entry_difference(stored, freeze.record(wrong), exact=False) or "")


def test_comparison_sees_a_changed_mask() -> None:
    """A single bit is seen by the hash, many points by their number."""
    mask = np.zeros((2, 2, 5, 5), dtype=np.uint32)
    flipped, many = mask.copy(), mask.copy()
    flipped[0, 0, 0, 0] = 4
    many[1] = 4
    stored = freeze.record(mask)
    assert entry_difference(stored, freeze.record(flipped)) == "mask, points by bit: {2: 1}"
    assert entry_difference(stored, freeze.record(flipped), exact=False) is None
    assert entry_difference(stored, freeze.record(many), exact=False) == "mask, points by bit: {2: 50}"
