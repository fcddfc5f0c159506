"""Rows assembled from their definition: C9, C10, C_P, C7 written out, products integrated one by one.

The integrals themselves are tested against mpmath elsewhere; here the algebra (which product meets which coefficient
function), the small-width law, the tables beyond it and their hand-over are what can fail.
"""

from __future__ import annotations

import numpy as np
import pytest

import zdscan
from tests.support import formulas
from tests.support.thinning import only
from tests.support.tolerances import SMALL_WIDTH_LAW
from zdscan.inputs import constants, tables
from zdscan.kernels.physics import resonance
from zdscan.physics.cases import Case
from zdscan.physics.dipole import dipole_factor

COLUMN = {
    name: k for k, name in enumerate(("1", "9r", "9i", "99", "ar", "aa", "pr", "pp", "ap", "7r", "7i", "77", "79"))
}

# final hadron: whose photon decay normalises the dipole
PHOTON = {"K*0": "K*", "K*+": "K*", "K0": "K*", "K+": "K*", "phi": "phi", "Xs": "Xs"}


def row_from_definition(r, mass, width, e0, e2, m1, v, a, complete):
    """One row, from the coefficient functions and the local Wilson coefficients (E's divided by lambda_t)."""
    t = tables.load()
    chosen = t.panel_row == r
    lo, hi, s, c = (x[chosen] for x in (t.panel_lo, t.panel_hi, t.nodes, t.coefficients))
    n0, m_l = t.normalisation[r], t.lepton_mass[r]

    def t1(f):
        return formulas.integrate(lo, hi, np.ascontiguousarray(f), mass, width)[0]

    def t2(f):
        return formulas.integrate(lo, hi, np.ascontiguousarray(f), mass, width)[1]

    def fn(name):
        return c[:, :, COLUMN[name]]

    # numerators of the coefficients over the propagator
    n9, n10 = (e0 + e2 * s) * v / n0, -(e0 + e2 * s) * a / n0
    n7 = -0.5 * m1 * v * s / n0 if complete else 0.0 * s
    n_p = (2.0 * a * m_l * e0 / (mass**2 * n0) * t.cp_factor[r] if complete else 0.0) + 0.0 * s
    weight = 0.5 * (hi - lo)[:, None] * resonance.GAUSS_W
    total = np.sum(weight * fn("1"))
    total += t1(fn("9r") * n9).real + t1(fn("9i") * n9).imag + t1(fn("ar") * n10).real + t1(fn("pr") * n_p).real
    total += t1(fn("7r") * n7).real + t1(fn("7i") * n7).imag
    total += t2(fn("99") * n9**2) + t2(fn("aa") * n10**2) + t2(fn("pp") * n_p**2) + t2(fn("ap") * n10 * n_p)
    total += t2(fn("77") * n7**2) + t2(fn("79") * n7 * n9)
    return total


E, GZ = constants.load()["e"], constants.load()["gz"]
BARYON = Case.from_couplings(
    "B-L",
    {f"v_{f}": {"g_mu": q} for f, q in (("e", -1), ("mu", -1), ("u", 1 / 3), ("d", 1 / 3), ("s", 1 / 3))}
    | {"g_nu": {"g_mu": -1}},
)
AXIAL_TOP = Case.from_couplings(
    "axial",
    {
        "v_mu": {"eps": -E, "g_mu": 1.0},
        "a_mu": {"eps_z": 0.2},
        "v_u": {"g_mu": 0.1, "eps_z": 0.05},
        "a_u": {"eps_z": 0.1},
        "v_d": {"g_mu": 0.05, "eps_z": 0.02},
        "v_s": {"g_mu": 0.05, "eps_z": 0.02},
        "gpp": {"g_mu": 0.05, "eps_z": -0.07},
    },
)


@pytest.mark.parametrize(
    ("case", "theory"),
    only(
        [("A", "complete"), ("B", "paper"), ("C", "complete"), (BARYON, "complete"), (AXIAL_TOP, "paper")],
        [("A", "paper"), ("B", "complete"), ("C", "paper"), (BARYON, "paper"), (AXIAL_TOP, "complete")],
    ),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_rows_follow_from_their_definition(case, theory):
    rng = np.random.default_rng(20241211)
    has_g = case != "A"
    worst = 0.0
    for _ in range(25):
        mass = float(np.exp(rng.uniform(np.log(0.01), np.log(2.0))))
        eps, eps_z = (float(rng.choice([-1, 1]) * 10 ** rng.uniform(-6, -2)) for _ in range(2))
        g_mu = float(10 ** rng.uniform(-5, 0)) if has_g else 0.0
        invisible = float(rng.choice([0.0, 10 ** rng.uniform(-12, -2)]))
        result = zdscan.evaluate(
            case,
            mass,
            eps,
            eps_z,
            g_mu,
            theory=theory,
            invisible_width=invisible,
            axial_mu=0.3 * has_g,
            constraints=["a_mu"],
            measurements="rashed2024-corrected",
        )
        vertex = result.physics.model.vertex("bs")
        e0, e2, m1 = ((np.dot(x, [eps, eps_z, g_mu]) / vertex.lambda_t).real for x in (vertex.e0, vertex.e2, vertex.m1))
        width = float(result.widths["total"])
        for r, lepton in enumerate(result.physics.likelihood.data.leptons):
            v, a = (float(result.couplings[f"{kind}_{lepton}"]) for kind in "va")
            # no open channel: the pole lies below every bin of a lepton it couples to
            dipole = dipole_factor(PHOTON[result.physics.likelihood.data.decays[r].split("->")[1].rstrip("emu")]) * m1
            expected = row_from_definition(r, mass, width or 1e-25, e0, e2, dipole, v, a, theory == "complete")
            worst = max(worst, abs(result.predictions[r] / expected - 1.0))
    assert worst < SMALL_WIDTH_LAW


@pytest.mark.parametrize(("row", "end"), [(0, 0), (0, -1), (1, -1), (8, 0), (21, 0), (21, -1), (22, 0)])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_hand_over_from_law_to_tables(row, end, side):
    """Widths across the hand-over near an edge: both branches agree with the definition, so there is no step."""
    t = tables.load()
    edge = (t.panel_lo if end == 0 else t.panel_hi)[t.panel_row == row][end]
    lepton = "mu" if t.lepton_mass[row] > 0.05 else "e"
    for distance in (1e-6, 1e-4, 1e-2):
        mass = float(np.sqrt(edge * (1.0 + side * distance)))
        for times in (10.0, 100.0, 1000.0, 3000.0):
            width = abs(mass**2 - edge) / mass / times
            result = zdscan.evaluate(
                "A", mass, 1e-9, 1e-9, invisible_width=width, constraints=["a_mu"], measurements="rashed2024-corrected"
            )
            vertex = result.physics.model.vertex("bs")
            e0, e2 = ((np.dot(x, [1e-9, 1e-9, 0.0]) / vertex.lambda_t).real for x in (vertex.e0, vertex.e2))
            v, a = (float(result.couplings[f"{kind}_{lepton}"]) for kind in "va")
            expected = row_from_definition(row, mass, float(result.widths["total"]), e0, e2, 0.0, v, a, False)
            assert result.predictions[row] == pytest.approx(expected, rel=SMALL_WIDTH_LAW)


@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_couplings_of_zero_tiny_and_one(case):
    sm = zdscan.evaluate(case, 0.5, constraints=["a_mu"], measurements="rashed2024-corrected")
    np.testing.assert_array_equal(sm.predictions, sm.physics.likelihood.sm)
    assert sm.widths["total"] == 0.0
    assert sm.chi2["all"] == pytest.approx(float(sm.chi2["sm_all"]), rel=1e-12)
    g_mu = 0.0 if case == "A" else 1.0
    for scale in (1e-12, 1.0):
        point = zdscan.evaluate(
            case, 0.5, scale, -scale, g_mu * scale, constraints=["a_mu"], measurements="rashed2024-corrected"
        )
        assert np.all(np.isfinite(point.predictions))
        assert np.isfinite(point.chi2["all"])


def test_row_survives_a_cancelled_muon_coupling():
    """At v_mu = 0 exactly, and a hair beside it, width and rate vanish together and the row keeps its accuracy."""
    mass, eps = 0.5, 1e-3
    for offset in (0.0, 1e-9, 1e-7):
        g_mu = E * eps * (1.0 + offset)
        result = zdscan.evaluate("C", mass, eps, 0.0, g_mu, constraints=["a_mu"], measurements="rashed2024-corrected")
        vertex = result.physics.model.vertex("bs")
        e0, e2 = ((np.dot(x, [eps, 0.0, 0.0]) / vertex.lambda_t).real for x in (vertex.e0, vertex.e2))
        v = g_mu - E * eps
        expected = row_from_definition(0, mass, float(result.widths["total"]), e0, e2, 0.0, v, 0.0, False)
        assert result.predictions[0] == pytest.approx(expected, rel=SMALL_WIDTH_LAW)
