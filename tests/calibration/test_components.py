"""Components of angular distributions as forms: against flavio's own coefficients, amplitude by amplitude."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.support.late import central_values, late
from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.inputs import component_tables as shipped
from zdscan.inputs import measurements

flavio = late("flavio")
angular, bpll = late("flavio.physics.bdecays.angular"), late("flavio.physics.bdecays.bpll")
bvll = late("flavio.physics.bdecays.bvll.amplitudes")
q_over_p = late("flavio.physics.mesonmixing.observables", "q_over_p")
running = late("flavio.physics.running.running")
components, flavio_rows = late("zdscan.calibration.components"), late("zdscan.calibration.flavio_rows")
component_tables = late("zdscan.calibration.component_tables")

CENTRAL = central_values()
# of flavio's angular coefficients, those in LHCb's convention change sign (arXiv:1506.03970, appendix C)
SIGN = {"4": -1.0, "6s": -1.0, "7": -1.0, "9": -1.0}
DECAYS = ("B0->K*0", "B+->K*+", "Bs->phi", "B+->K+", "B0->K0")


def by_flavio(
    hadrons: str, lepton: str, q2: float, c9: complex, c10: complex, cp: complex, c7: complex
) -> dict[str, float]:
    """All components from flavio's amplitudes with the coefficients in its Wilson coefficients, one q2 at a time."""
    parent, daughter = flavio_rows.MESONS[hadrons]
    direct = flavio_rows.Shift((c9, c10, cp, c7), lepton)
    other = flavio_rows.Shift(tuple(c.conjugate() for c in (c9, c10, cp, c7)), lepton)  # a strong phase: docs/rows.md
    vector = daughter in ("K*0", "K*+", "phi")
    mb = running.get_mb(CENTRAL, flavio.config["renormalization scale"]["bvll" if vector else "bpll"])
    kinematics = q2, CENTRAL["m_" + parent], CENTRAL["m_" + daughter], mb, 0, *2 * [CENTRAL["m_" + lepton]]
    lifetime = CENTRAL["tau_" + parent]
    if not vector:
        h = bpll.helicity_amps(q2, direct, CENTRAL, parent, daughter, lepton)
        h_bar = bpll.helicity_amps_bar(q2, other, CENTRAL, parent, daughter, lepton)
        found = [angular.angularcoeffs_general_p(x, *kinematics) for x in (h, h_bar)]
        return {"G": lifetime * sum(j["a"] + j["c"] / 3.0 for j in found)}
    form_factors = bvll.get_ff(q2, CENTRAL, parent, daughter)
    h = bvll.helicity_amps(q2, form_factors, direct, CENTRAL, parent, daughter, lepton)
    h_bar = bvll.helicity_amps_bar(q2, form_factors, other, CENTRAL, parent, daughter, lepton)
    j, j_bar = (angular.angularcoeffs_general_v(x, *kinematics) for x in (h, h_bar))
    total = {name: j[name] + j_bar[name] for name in j}
    if parent == "Bs":
        tilde = dict(h_bar)
        for kind in ("V", "A"):
            tilde["pl", kind], tilde["mi", kind] = h_bar["mi", kind], h_bar["pl", kind]
        tilde["S"] = -h_bar["S"]
        mixing = -q_over_p(direct, CENTRAL, parent)
        interference = angular.angularcoeffs_h_v(math.atan2(mixing.imag, mixing.real), h, tilde, *kinematics)
        y = CENTRAL["DeltaGamma/Gamma_Bs"] / 2.0
        total = {name: (value - y * interference[name]) / (1.0 - y * y) for name, value in total.items()}
    out = {str(name): lifetime * SIGN.get(str(name), 1.0) * value / 2.0 for name, value in total.items()}
    out["G"] = 0.75 * (2.0 * out["1s"] + out["1c"]) - 0.25 * (2.0 * out["2s"] + out["2c"])
    return out


def monomials(c9: complex, c10: complex, cp: complex, c7: complex) -> np.ndarray:
    """What the functions multiply, typed in the order of the table."""
    first = [1.0, c9.real, c9.imag, abs(c9) ** 2, c10.real, abs(c10) ** 2, cp.real, abs(cp) ** 2]
    second = [(c10 * cp.conjugate()).real, c7.real, c7.imag, abs(c7) ** 2, (c7 * c9.conjugate()).real]
    third = [c10.imag, (c9 * c10.conjugate()).real, (c10 * c7.conjugate()).real, (c10 * c7.conjugate()).imag]
    return np.array([*first, *second, *third, (c9 * c7.conjugate()).imag])


@pytest.mark.parametrize(("hadrons", "lepton"), [(hadrons, lepton) for hadrons in DECAYS for lepton in ("e", "mu")])
def test_forms_are_flavios_components_at_random_coefficients(hadrons: str, lepton: str) -> None:
    """Complex coefficients with four independent phases, so that no product of two is hidden by another.

    The tolerance is of the rate: rounding in sums of squares that are up to a thousand times the rate itself.
    """
    rng = np.random.default_rng(7)
    q2 = np.array([0.3, 2.2, 5.1])
    vector = hadrons not in ("B+->K+", "B0->K0")
    # of Bs, the CP averages: the others have further products of 1e-3
    names = ("G", "1c", "2c", "3", "4", "7") if hadrons == "Bs->phi" else components.COMPONENTS
    found, rest = components.component_forms(hadrons, lepton, q2, CENTRAL, names if vector else ("G",))
    assert rest < EXACT_ALGEBRA
    for node, s in enumerate(q2):
        c9, c10, cp, c7 = (rng.normal(size=(4, 2)) @ np.array([1, 1j])) * np.array([3.0, 3.0, 1.0, 0.5])
        expected = by_flavio(hadrons, lepton, float(s), complex(c9), complex(c10), complex(cp), complex(c7))
        products = monomials(complex(c9), complex(c10), complex(cp), complex(c7))
        for name, functions in found.items():
            assert abs(functions[node] @ products - expected[name]) < 1e-11 * expected["G"], (name, s)


def test_a_product_that_the_tables_lack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out of S5 of Bs is a rounding error, which is too much for a tolerance of nothing."""
    monkeypatch.setattr("zdscan.calibration.components.FORM_TOLERANCE", 0.0)
    with pytest.raises(ArithmeticError, match=r"component 5 of Bs->phimumu near q2 = 2 GeV\^2 has products"):
        components.component_forms("Bs->phi", "mu", np.array([2.0]), CENTRAL, ("5",))


def test_the_cheap_sampler_has_the_predictions_of_the_tables() -> None:
    """At the central parameters, where the rules of few nodes are good to 3e-4: theory errors are 1e-3 and more."""
    names, quotients = component_tables.predicted(flavio_rows.ROWS[:4], measurements.every_quotient())
    with flavio_rows.quiet():
        drawn = component_tables.Sampler(flavio_rows.ROWS[:4], quotients, CENTRAL)(CENTRAL)
    known = shipped.load()
    assert set(names) <= set(known.predicted)
    weights = np.polynomial.legendre.leggauss(8)[1]
    half = 0.5 * (known.panel_hi - known.panel_lo)

    def integral(decay: str, low: float, high: float, component: str) -> float:
        form = known.form(f"{decay}_{low:g}_{high:g}", component)
        panels = half[known.panel_start[known.form_bin[form]] : known.panel_start[known.form_bin[form] + 1]]
        c0 = known.coefficients[known.form_start[form] : known.form_start[form + 1], :, 0]
        return float(panels @ (c0 @ weights))

    for row, value in zip(quotients, drawn[4:], strict=True):
        above, below = (
            term.factor * integral(term.decay, row.q2_min, row.q2_max, term.component) for term in row.terms
        )
        assert abs(value - above / below) < 3e-4 * max(1.0, abs(value)), row.id


def test_the_function_stays_a_function() -> None:
    """Importing the modules with flavio leaves `zdscan.evaluate` callable, as every other one does."""
    assert component_tables.bins([]) == ()
    assert callable(zdscan.evaluate)


@pytest.mark.slow
def test_the_shipped_components_are_those_of_this_flavio() -> None:
    known = shipped.load()
    with flavio_rows.quiet():
        data, _ = component_tables.forms(CENTRAL, component_tables.bins(measurements.every_quotient()))
    assert [name.decode() for name in data["bin_id"]] == list(known.bin_id)
    assert np.allclose(data["nodes"], known.nodes, rtol=EXACT_ALGEBRA)
    largest = np.abs(known.coefficients).max(axis=(0, 1))
    assert np.all(np.abs(data["coefficients"] - known.coefficients) <= 1e-9 * largest)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("observable", "row", "tolerance"),
    [
        ("<FL>(B0->K*mumu)", ("B0->K*0mumu_4_6", "2c", -1.0), 2e-5),
        ("<S5>(B0->K*mumu)", ("B0->K*0mumu_4_6", "5", 1.0), 2e-5),
        ("<S7>(B0->K*mumu)", ("B0->K*0mumu_1.1_2.5", "7", 1.0), 2e-5),
        ("<AFB>(B+->K*mumu)", ("B+->K*+mumu_2.5_4", "6s", 0.75), 2e-5),
        ("<S4>(Bs->phimumu)", ("Bs->phimumu_1.1_4", "4", 1.0), 2e-5),
    ],
)
def test_the_standard_model_is_flavios_own(observable: str, row: tuple[str, str, float], tolerance: float) -> None:
    """flavio's binned prediction, signs included; its quadrature asks for 5e-3 and gets 1e-5 or better."""
    name, component, factor = row
    low, high = (float(edge) for edge in name.split("_")[1:])
    known = shipped.load()
    weights = np.polynomial.legendre.leggauss(8)[1]
    place = known.bin_id.index(name)
    panels = slice(known.panel_start[place], known.panel_start[place + 1])
    half = 0.5 * (known.panel_hi - known.panel_lo)[panels]
    values = {}
    for which in ("G", component):
        form = known.form(name, which)
        c0 = known.coefficients[known.form_start[form] : known.form_start[form + 1], :, 0]
        values[which] = float(half @ (c0 @ weights))
    expected = float(flavio.sm_prediction(observable, q2min=low, q2max=high))
    assert factor * values[component] / values["G"] == pytest.approx(expected, abs=tolerance)
