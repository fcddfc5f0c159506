"""The tables of `zdscan reproduce` against single points."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from tests.support.verdicts import published
from zdscan.analysis.paper import report
from zdscan.analysis.paper.claims import Claim

EXAMPLE = Claim("X1", "a < b", "Fig. 1", "1 & 2", 3.0, "three", "contradicted", "because <it> is")


def test_claims_in_print() -> None:
    text = "K -> pi Z_D: eps_Z < 2.2e-08, -1e-05 to 3 & R < 0.98-1.1 (1 sigma)"
    assert report.printed(text) == (
        "K → π Z<sub>D</sub>: ε<sub>Z</sub> &lt; 2.2×10<sup>−8</sup>, −10<sup>−5</sup> to 3 &amp; R &lt; 0.98-1.1 (1σ)"
    )
    note = report.claims_table([EXAMPLE, EXAMPLE]).note
    assert note.endswith("Of 2 claims contradicted: 2 (X1, X1).")


def test_rows_and_pulls() -> None:
    point = published("C", 0.05, 0.0, -1e-3, 1e-2)
    table = report.rows_table({"C": point})
    expected = point.to_dict()["rows"]
    assert len(table.rows) == 26
    for cells, row in zip(table.rows, expected, strict=True):
        assert html.unescape(re.sub(r"<[^>]+>", "", cells[0])) == row["id"]
        assert float(cells[-1].replace("−", "-")) == pytest.approx(row["pull"], abs=0.0051)
        sm_pull = (row["sm"] - row["measured"]) / row["sigma"]
        assert float(cells[-2].replace("−", "-")) == pytest.approx(sm_pull, abs=0.0051)
        assert all(len(cells) == len(table.columns) for cells in table.rows)


def test_chi2_of_the_default() -> None:
    table = report.chi2_table()
    pulls = [float(cells[-1].replace("−", "-")) for cells in report.rows_table({}).rows]
    # The default has no correlations, so chi2 is the sum of squared pulls, here as printed.
    assert float(table.rows[1][3]) == pytest.approx(np.sum(np.square(pulls)), rel=5e-3)


def test_moments() -> None:
    for cells in report.moments_table({}).rows:
        stated, here = (
            float(re.sub(r"×10<sup>(.*)</sup>", r"e\1", cell).replace("−", "-").replace("×", "")) for cell in cells[2:4]
        )
        # A: eps_z is printed with one digit and enters squared.
        assert here == pytest.approx(stated, rel=0.15 if cells[0] == "A" else 0.01)


def test_what_verdicts_on_the_fits_leave_out_is_in_the_table() -> None:
    """11 L and 0.15 L times the vertex that is kept, for B and C."""
    rows = [row for row in report.neglected_table({}).rows if "induced_current" in row[2]]
    assert [(row[0], row[3].partition(" = ")[2]) for row in rows] == [
        ("B, paper's fit", "11 L"),
        ("C, paper's fit", "0.15 L"),
    ]
