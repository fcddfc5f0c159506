"""What is printed of the likelihoods of constraints."""

from __future__ import annotations

from typing import Any

from tests.package.test_cli import zdscan
from zdscan.constraints import available, select
from zdscan.terminal.likelihoods import chi2_rows, likelihood_lines, uncounted_lines


def item(name: str, chi2: float, sm: float, *, uncounted: str = "", applies: bool = True) -> dict[str, Any]:
    told = {"id": name, "likelihood": "normal", "chi2": chi2, "sm_chi2": sm}
    return told | {"uncounted": uncounted, "applies": applies}


ITEMS = [
    item("small", 0.001, 0.004),
    item("gone", 0.0, 1.0),
    item("large", 9.0, 0.0),
    item("other", 0.0, 0.0, uncounted="made of the same data as large"),
    item("another", 0.0, 0.0, uncounted="made of the same data as large"),
    item("silent", 0.0, 0.0, uncounted="says nothing at this mass", applies=False),
]


def test_rows_with_some_chi2_the_largest_first() -> None:
    assert [row[0] for row in chi2_rows(ITEMS)] == ["large", "gone"]


def test_what_is_not_counted_stands_with_its_reason() -> None:
    first, *rest = uncounted_lines(ITEMS)
    assert first.startswith("chi2 of the constraints has 3 of 6; ")
    assert rest == ["  not other, another: made of the same data as large"]


def test_lines_about_all_constraints() -> None:
    _, shared, tension = likelihood_lines(select(available()))
    assert "b_k_nunu, b_k_x; k_pi_nunu_plus, k_pi_x; lhcb_dark_photon, lhcb_prompt." in shared
    assert tension.endswith(": a_e, a_mu, b_k_nunu, b_k_x.")


def test_a_point_shows_what_each_constraint_adds_and_both_levels() -> None:
    found = zdscan("point", "--case", "B", "--mass", "0.05", "--g-mu", "1e-3", "--level", "3 sigma").out
    assert "chi2 of the constraints has " in found
    (line,) = [line.split() for line in found.splitlines() if line.split()[:1] == ["a_mu"] and "sigma" in line]
    assert line[3:5] == ["3", "sigma"]
    assert line[6:8] == ["2", "sigma"]
