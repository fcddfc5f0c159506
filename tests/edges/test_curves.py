"""Limit curves made by hand: which constraint is the strongest, what they exclude together, tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from zdscan.edges.curves import HEADER, LimitCurves
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES

PHYSICS = build_physics(CASES["A"], constraints=("a_mu", "k_pi_x"))
INFINITE = np.inf


@pytest.fixture
def curves() -> LimitCurves:
    """Three masses: a closed region below an open one; nothing; two constraints that overlap."""
    found = [
        (np.array([0, 0, 1]), np.array([1e-7, 1e-3, 1e-5]), np.array([1e-6, INFINITE, 1e-4])),
        (np.array([], dtype=np.intp), np.array([]), np.array([])),
        (np.array([0, 1]), np.array([2e-4, 1e-4]), np.array([INFINITE, INFINITE])),
    ]
    return LimitCurves.of(PHYSICS, "eps", False, {"eps_z": 0.0, "g_mu": 1e-9}, np.array([0.02, 0.1, 0.2]), found)


def test_intervals_are_those_that_were_given(curves: LimitCurves) -> None:
    assert curves.intervals("a_mu", 0) == [(1e-7, 1e-6), (1e-3, INFINITE)]
    assert curves.intervals("k_pi_x", 0) == [(1e-5, 1e-4)]
    assert curves.intervals("a_mu", 1) == curves.intervals("k_pi_x", 1) == []
    assert curves.lower.shape == (3, 2, 2)
    assert curves.parameters == {"g_mu": 1e-9}


def test_the_strongest_excludes_everything_above(curves: LimitCurves) -> None:
    names, edge = curves.strongest
    assert names == ("a_mu", "", "k_pi_x")
    np.testing.assert_array_equal(edge, [1e-3, np.nan, 1e-4])


def test_what_is_excluded_together(curves: LimitCurves) -> None:
    assert curves.excluded(0) == [(1e-7, 1e-6), (1e-5, 1e-4), (1e-3, INFINITE)]
    assert curves.excluded(1) == []
    assert curves.excluded(2) == [(1e-4, INFINITE)]


def test_a_table_has_every_interval_and_empty_places(curves: LimitCurves, tmp_path: Path) -> None:
    curves.write_csv(tmp_path / "limits.csv")
    with (tmp_path / "limits.csv").open() as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == HEADER
    assert rows[:3] == [
        ["0.02", "a_mu", "1e-07", "1e-06"],
        ["0.02", "a_mu", "0.001", ""],
        ["0.02", "k_pi_x", "1e-05", "0.0001"],
    ]
    assert rows[3:5] == [["0.1", "a_mu", "", ""], ["0.1", "k_pi_x", "", ""]]
    with pytest.raises(UserError, match="cannot be written"):
        curves.write_csv(tmp_path / "missing" / "limits.csv")


def test_its_text_says_what_limits(curves: LimitCurves) -> None:
    text = repr(curves)
    assert "case A" in text
    assert "g_mu = 1e-09" in text
    assert "2 of 2 constraints limit it" in text
    assert [line.split()[-1] for line in text.splitlines()[2:]] == ["a_mu", "none", "k_pi_x"]


def test_its_html_is_the_same_table_and_what_each_constraint_begins_with(curves: LimitCurves) -> None:
    text = curves._repr_html_()
    assert text.count("<table>") == 2
    assert "the lowest edge of 2 constraints" in text
    assert text.index("1e-07") < text.index("1e-05")  # a_mu, then k_pi_x
