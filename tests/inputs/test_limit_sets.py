"""Sets of limits: every number of today's against its source once more, what the first set keeps, refused files."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.inputs import against_mass, constants, limit_sets, references
from zdscan.inputs.files import FOLDER

SHIPPED = (FOLDER / "limits_latest.toml").read_text()
# Typed from the sources: value, (plus, minus) or nothing.
TODAY = {
    "BR_Bs_mumu": (3.34e-9, (0.27e-9, 0.27e-9)),
    "BR_Bs_mumu_SM": (3.64e-9, (0.12e-9, 0.12e-9)),
    "BR_Kp_pip_nunu": (13.0e-11, (3.3e-11, 3.0e-11)),
    "BR_Kp_pip_nunu_SM": (8.60e-11, (0.42e-11, 0.42e-11)),
    "limit_KL_pi0_nunu": (2.2e-9, None),
    "BR_KL_pi0_nunu_SM": (2.94e-11, (0.15e-11, 0.15e-11)),
    "BR_Bp_Kp_nunu": (1.38e-5, (0.35e-5, 0.35e-5)),
    "Gamma_W_exp": (2.14, (0.05, 0.05)),
}
LHCB = {"b_k_x_mumu": "lhcb_b_k_x_mumu", "b_kst_x_mumu": "lhcb_b_kst_x_mumu"}
CHANGED = {"bs_mumu", "b_k_nunu", "k_pi_nunu_plus", "k_pi_nunu_long", "w_width", *LHCB}


def published(name: str) -> list[tuple[float, list[float]]]:
    """The table of LHCb as it came: mass in GeV, and a limit for each lifetime, 0 where there is none."""
    lines = [
        line
        for line in (ROOT / "tests" / "data" / "limits" / f"{name}.csv").read_text().splitlines()
        if line[:1] != "#"
    ]
    rows = [[float(cell or 0.0) for cell in row] for row in list(csv.reader(lines))[1:]]
    return [(row[0] / 1e3, row[1:]) for row in rows]


def test_the_numbers_of_today_are_those_of_their_sources() -> None:
    found = limit_sets.load("latest").constants
    for name, (value, errors) in TODAY.items():
        assert found[name] == value
        if errors is not None:
            assert found.error(name) == errors
    # the average 1.38(35)e-5 and 1.645 errors, in four digits
    assert found["limit_Bp_Kp_nunu"] == pytest.approx(1.38e-5 + 1.645 * 0.35e-5, rel=3e-4)
    kept = {name: entry for name, entry in constants.load().entries.items() if name not in (*TODAY, "limit_Bp_Kp_nunu")}
    assert kept.items() <= found.entries.items()


@pytest.mark.parametrize("name", LHCB.values())
def test_tables_of_lhcb_are_copied_digit_by_digit(name: str) -> None:
    table, columns = against_mass.load(name), against_mass.load(name).columns
    rows = published(name)
    for (mass, limits), following in zip(rows, [*rows[1:], rows[-1]], strict=True):
        # the file of B -> K gives the lower edges of bins, which belong to the bin below
        inside = mass if name == "lhcb_b_kst_x_mumu" else 0.5 * (mass + max(following[0], mass * 1.001))
        found = [table.at(column, inside) for column in columns]
        assert found == limits or (not any(limits) and all(math.isnan(value) for value in found)), mass
    assert table.grade == "A"
    assert table.cl == 0.95


def test_the_first_set_is_what_there_was() -> None:
    first, latest = ({c.id: c for c in constraints.select("all", limits=name)} for name in ("rashed2024", "latest"))
    assert limit_sets.load("rashed2024").constants is constants.load()
    assert list(first) == list(latest)
    assert {name for name in first if first[name] is not latest[name]} == CHANGED
    for name in LHCB:
        assert (first[name].grade, latest[name].grade) == ("B", "A")
        assert first[name].citations == (*latest[name].citations, "ALPaca:2025")
    for name in CHANGED:
        for what in ("title", "unit", "in_paper", "first_format", "group"):
            assert getattr(first[name], what) == getattr(latest[name], what)
        assert set(latest[name].citations) <= set(references.entries())
        assert latest[name].citations != first[name].citations
    assert latest["b_k_nunu"].cl == latest["k_pi_nunu_plus"].cl == "95%"
    assert (first["b_k_nunu"].cl, latest["k_pi_nunu_long"].cl) == ("90%", "90%")


def test_every_constant_of_a_set_is_cited_by_a_constraint_that_changes() -> None:
    entries = limit_sets.load("latest").constants.entries
    cited = {key for item in constraints.select(sorted(CHANGED)) for key in item.citations}
    assert {key for name in (*TODAY, "limit_Bp_Kp_nunu") for key in entries[name].cite} <= cited


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    told = r"no set of limits 'latests' \(did you mean 'latest'\?\); known are latest, rashed2024"
    with pytest.raises(UserError, match=told):
        constraints.select("all", limits="latests")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("BR_Bs_mumu  ", "BR_Bs_mumus ", "there is no constant 'BR_Bs_mumus' (did you mean 'BR_Bs_mumu"),
        ('unit = "GeV"', 'unit = "MeV"', "the constant Gamma_W_exp is in MeV here and in GeV elsewhere"),
        ("error = 0.05, ", "", "the constant Gamma_W_exp needs an error"),
        ('curve = "lhcb_b_k_x_mumu"', 'curve = "lhcb_b_k_x_mumu"\ncl = "95%"', "the curve of b_k_x_mumu says cite, cl"),
        ('title = "limits', 'titel = "limits', "field title"),
        ('grade = "A" }\nlimit_KL', 'grade = "D" }\nlimit_KL', "grade"),
    ],
)
def test_damaged_sets_are_refused(old: str, new: str, told: str) -> None:
    assert old in SHIPPED
    with pytest.raises(UserError) as caught:
        limit_sets.parse(SHIPPED.replace(old, new, 1), "limits_latest.toml")
    assert told in str(caught.value)
    assert "limits_latest.toml" in str(caught.value)


def test_a_set_of_a_constraint_that_there_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = SHIPPED.replace("[constraints.w_width]", "[constraints.w_widths]")
    monkeypatch.setattr(limit_sets, "load", lambda name: limit_sets.parse(text, f"limits_{name}.toml"))
    with pytest.raises(UserError, match=r"is of no constraint 'w_widths' \(did you mean 'w_width'\?\)"):
        constraints._changes.__wrapped__("latest")
