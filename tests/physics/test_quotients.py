"""Ratios and angular coefficients: golden values of an independent integration, and the covariance with the rates.

angular_golden.json was made by integrating flavio's amplitudes at every q2 with the propagator in them, on cells
between all kinks, in tan and log maps around the pole; it shares no code, no tables and no law of small widths
with zdscan.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.support.paths import ROOT
from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import measurements
from zdscan.inputs.measurement_records import Row
from zdscan.kernels.physics.couplings import A_MU, V_E, V_MU
from zdscan.kernels.reference import quotients as reference
from zdscan.kernels.reference.points import Points
from zdscan.kernels.reference.quotients import Quotients
from zdscan.kernels.tables.forms import PER_FORM, fill_forms
from zdscan.physics import quotients, rows
from zdscan.physics.cases import CASES

GOLDEN = json.loads((ROOT / "tests" / "data" / "angular_golden.json").read_text())
NAMES = {"F_L": "FL", "A_FB": "AFB", "F_L_hat": "FLhat", "S1c": "FLhat"}  # of quantities in that file
RATIOS = {"R_K": "RK", "R_K*0": "RK*0", "1/R_KS": "RKS", "1/R_K*+": "RK*+", "1/R_phi": "Rphi"}
CHOICE = ("lfu", "angular")
ALL = ("latest", "lfu", "angular")


@cache
def measured() -> tuple[Row, ...]:
    return measurements.load(CHOICE).rows


@pytest.fixture(scope="module")
def point_dipole() -> Quotients:
    """The quotients for the one-loop dipole as it is, without the size that decays into a real photon give it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotients, "dipole_factor", lambda decay: 1.0)
        return quotients.assemble(measured())[0]


def golden(row: Row, found: dict[str, Any]) -> float:
    """The number of a row in an entry of the golden file."""
    bin_of = f"{row.q2_min:g}_{row.q2_max:g}"
    if row.quantity == "R":
        name = row.id.removesuffix(f"_{bin_of}")
        value = float(found["ratios"][f"{RATIOS[name]}_{bin_of}"])
        return 1.0 / value if name.startswith("1/") else value
    assert row.quantity is not None
    return float(found["observables"][f"{row.decay}_{bin_of}"][NAMES.get(row.quantity, row.quantity)])


def tolerance(row: Row, expected: float) -> float:
    """Those stated in the golden file: absolute 2e-6, of P 1e-5, of ratios 2e-6 of themselves."""
    assert row.quantity is not None
    return 2e-6 * abs(expected) if row.quantity == "R" else 1e-5 if row.quantity.startswith("P") else 2e-6


def point(vector: dict[str, Any]) -> Points:
    """One point with the couplings and the width of the golden file."""
    couplings = np.zeros((18, 1))
    couplings[V_E], couplings[V_E + 1] = vector["v_e"], vector["a_e"]
    couplings[V_MU], couplings[A_MU] = vector["v_mu"], vector["a_mu"]
    vertex = np.array([[vector["e0"]], [vector["e2"]], [vector["m1"]]])
    width, nothing = np.array([vector["width"]]), np.zeros((5, 1))
    return Points(np.zeros((3, 1)), couplings, vertex, nothing, np.zeros(1), width, 1.0 / width)


def test_the_standard_model_is_the_golden_one() -> None:
    _, sm = quotients.assemble(measured())
    for row, value in zip(measured(), sm, strict=True):
        expected = golden(row, GOLDEN["sm"])
        assert abs(value - expected) < tolerance(row, expected), row.id


@pytest.mark.parametrize("place", range(len(GOLDEN["points"])))
def test_a_light_vector_has_the_golden_values(point_dipole: Quotients, place: int) -> None:
    entry = GOLDEN["points"][place]
    vector = entry["vector"]
    mass, complete = vector["mass"], vector["theory"] == "complete"
    kappa = 1.0 / mass**2 if complete else 0.0
    tables = np.zeros((len(point_dipole.forms.sm), PER_FORM))
    fill_forms(tables, mass, kappa, complete, point_dipole.forms)
    found = reference.predictions(mass, kappa, tables, point_dipole, point(vector))[:, 0]
    for row, value in zip(measured(), found, strict=True):
        expected = golden(row, entry)
        assert abs(value - expected) < tolerance(row, expected), (row.id, entry["comment"])


def test_a_narrow_resonance_adds_nothing_to_s7_s8_s9() -> None:
    """Their numerators are imaginary parts of products of amplitudes, which one vector gives one phase."""
    forms = rows.build("angular", "symmetrised", "flavio-covariance").quotients
    assert forms is not None
    functions = forms.forms.functions
    data = measurements.load("angular")
    for row, above in zip(data.rows, forms.numerator, strict=True):
        entries = slice(forms.forms.form_start[above], forms.forms.form_start[above + 1])
        rate = np.abs(functions[entries, 9]).max() if row.quantity in ("S7", "S8", "S9") else 0.0
        assert rate < 1e-25 / 2e-8**2


def test_within_the_law_the_exact_tables_are_the_law() -> None:
    """At half of the largest width to which it is used: to 1e-7 of the rate of a bin, whichever component."""
    built = rows.build(CHOICE, "symmetrised", "flavio-covariance").quotients
    assert built is not None
    forms, mass = built.forms, 1.5
    tables = np.zeros((len(forms.sm), PER_FORM))
    fill_forms(tables, mass, 1.0 / mass**2, True, forms)
    width = 0.5 * tables[:, -1].min()
    exact = reference.exact_tables(mass, width, 1.0 / mass**2, forms)
    law = np.concatenate(
        [tables[:, :5] + width * tables[:, 5:10], tables[:, 10:24] / width + tables[:, 24:38]], axis=1
    ).T
    rate = forms.bin_start[np.searchsorted(forms.bin_start, np.arange(len(forms.sm)), side="right") - 1]
    # linear tables of the vector's v E0 and squares: against the square of the bin's rate, as the limit is set
    square = np.abs(exact[5, rate])
    assert np.all(np.abs(law[5] - exact[5]) <= 1e-7 * square)
    assert np.all(np.abs(law[0] - exact[0]) <= 1e-7 * 2.0 * np.sqrt(forms.sm[rate] * square))


def test_the_covariance_is_experiment_and_theory_within_families() -> None:
    """Family by family the sum of both; between families ten directions of theory; positive definite in all."""
    built = rows.build(ALL, "symmetrised", "flavio-covariance")
    alone = rows.build(ALL, "symmetrised", "flavio")
    assert built.families is not None
    assert alone.families is not None
    total, diagonal = built.families.covariance, np.diag(alone.families.covariance)
    assert np.allclose(np.diag(total), diagonal, rtol=1e-9)
    assert built.families.common.shape[1] == quotients.DIRECTIONS
    assert np.linalg.eigvalsh(total).min() > 0.0
    assert all(np.linalg.eigvalsh(matrix).min() > 0.0 for matrix in built.families.within)
    assert sorted(place for family in built.families.rows for place in family) == list(range(len(built.sm)))
    denominators = [{(built.data.rows[k].bin.rsplit("_", 1)[0]) for k in family} for family in built.families.rows[1:9]]
    assert all(len(found) == 1 for found in denominators)


def test_ten_directions_are_the_whole_covariance() -> None:
    """chi2 with ten directions against the full theory covariance: to 0.5 at the Standard Model."""
    built = rows.build(ALL, "symmetrised", "flavio-covariance")
    from zdscan.inputs import component_tables

    data = built.data
    units = [row.per_rate if row.quantity is None else None for row in data.rows]
    theory = component_tables.load().covariance([row.bin for row in data.rows], units)
    full = data.covariance("symmetrised", built.sm) + theory
    residual = built.sm - data.values
    whole = float(residual @ np.linalg.solve(full, residual))
    assert built.chi2(built.sm)["all"] == pytest.approx(whole, abs=0.5)


def test_chi2_of_a_kind_is_that_of_its_rows() -> None:
    built = rows.build(ALL, "symmetrised", "auto")
    assert built.families is not None
    chi2, residual = built.chi2(built.sm), built.sm - built.data.values
    assert set(chi2) == {"all", "muon", "br", "lfu", "angular"}
    ratios = [k for k, row in enumerate(built.data.rows) if row.quantity == "R"]
    within = built.families.covariance[np.ix_(ratios, ratios)]
    expected = float(residual[ratios] @ np.linalg.solve(within, residual[ratios]))
    assert chi2["lfu"] == pytest.approx(expected, rel=EXACT_ALGEBRA)
    assert built.kinds["br"].sum() == 51


def test_rates_beside_quotients_are_what_they_are_alone() -> None:
    """The same tables and predictions, whatever stands beside them."""
    alone = build_physics(CASES["B"], measurements="latest", constraints=())
    both = build_physics(CASES["B"], measurements=["lfu", "latest"], constraints=())
    parameters = np.array([[1e-4], [-1e-5], [3e-3]])
    found = [
        physics.quantities(physics.mass_tables(0.3), parameters, ("predictions", "chi2")) for physics in (alone, both)
    ]
    assert np.array_equal(found[0]["predictions"][0], found[1]["predictions"][0, 8:])
    one = both.chi2(0.3, 1e-4, -1e-5, 3e-3)
    assert one == pytest.approx(found[1]["chi2"][0], rel=EXACT_ALGEBRA)


def test_a_vector_without_couplings_leaves_the_standard_model() -> None:
    physics = build_physics(CASES["C"], measurements=ALL, constraints=())
    found = physics.quantities(physics.mass_tables(0.1), np.zeros((3, 2)), ("predictions", "chi2", "chi2_muon"))
    assert np.allclose(found["predictions"], physics.likelihood.sm, rtol=EXACT_ALGEBRA)
    assert found["chi2"] == pytest.approx(physics.sm_chi2["all"])
    assert found["chi2_muon"] == pytest.approx(physics.sm_chi2["muon"])


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (("electrons", "lfu"), "B+->K+ee_1.1_6 (arXiv:2212.09153) and R_K_1.1_6 (arXiv:2212.09152)"),
        (("rashed2024", "lfu"), "B+->K+ee_1.1_6 (arXiv:2212.09153) and R_K_1.1_6 (arXiv:2212.09152)"),
        (("lhcb2024-phiee", "lhcb2024-rphi"), "Bs->phiee_0.1_1.1 (arXiv:2410.13748) and 1/R_phi_0.1_1.1"),
        (("angular", "angular2025"), "B0->K*0mumu_0.1_0.98_F_L (arXiv:2003.04831) and B0->K*0mumu_0.06_0.98_S1c_2025"),
    ],
)
def test_the_same_data_twice_are_refused(names: tuple[str, ...], pair: str) -> None:
    found = measurements.fault(names)
    assert found is not None
    assert pair in found
    assert "hold the same data" in found


@pytest.mark.parametrize(
    "names", [ALL, ("latest", "angular2025"), ("narrow", "lfu"), ("latest", "electrons", "angular")]
)
def test_different_data_go_together(names: tuple[str, ...]) -> None:
    assert measurements.fault(names) is None
