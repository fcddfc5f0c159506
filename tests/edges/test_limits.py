"""`zdscan.limits`: edges against closed forms of three constraints, and against `zdscan.evaluate` for all of them."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import zdscan
from tests.twins.inputs import CHARGE, GZ, SW2
from zdscan.edges.curves import LimitCurves
from zdscan.inputs import against_mass, constants
from zdscan.physics.clause import Clause, Constraint, Model

SOLVED = 1e-6  # relative, what is promised; the search itself goes to 1e-9
MASSES = np.geomspace(0.010, 2.0, 9)
EPS_Z = 1e-6
CONSTANTS = constants.load()


def at(curves: LimitCurves, constraint: str, place: int = 0) -> list[tuple[float, float]]:
    return curves.intervals(constraint, place)


# --- closed forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [0.012, 0.05, 0.3, 1.5])
def test_the_muon_moment_of_a_dark_photon(mass: float) -> None:
    """k e^2 eps^2 = a_exp + 2 sigma with 4 pi^2 k = int_0^1 z^2 (1 - z)/(z^2 + (M/m)^2 (1 - z)) dz, by quadrature."""
    ratio = (mass / CONSTANTS["m_mu"]) ** 2
    k = quad(lambda z: z**2 * (1.0 - z) / (z**2 + ratio * (1.0 - z)), 0.0, 1.0, epsabs=0.0, epsrel=1e-12)[0]
    bound = CONSTANTS["delta_a_mu"] + 2.0 * CONSTANTS.error("delta_a_mu")[0]
    expected = math.sqrt(bound / (k * CHARGE**2 / (4.0 * math.pi**2)))
    ((low, high),) = at(zdscan.limits("A", "eps", mass, constraints=["a_mu"], level="published"), "a_mu")
    assert low == pytest.approx(expected, rel=SOLVED)
    assert high == math.inf


def widths(mass: float, eps: float, eps_z: float) -> tuple[float, float]:
    """Invisible and total width below the muons' threshold, written out: ee and three neutrinos (GeV)."""
    v = -CHARGE * eps + GZ * eps_z * (-0.25 + SW2)
    a = -GZ * eps_z / 4.0
    r = (CONSTANTS["m_e"] / mass) ** 2
    electrons = mass / (12.0 * math.pi) * math.sqrt(1.0 - 4.0 * r) * (v**2 * (1.0 + 2.0 * r) + a**2 * (1.0 - 4.0 * r))
    neutrinos = 3.0 * (GZ * eps_z / 2.0) ** 2 * mass / (24.0 * math.pi)
    return neutrinos, neutrinos + electrons


@pytest.mark.parametrize("mass", [0.012, 0.05, 0.2])
def test_belle2_excludes_eps_up_to_where_electrons_take_over(mass: float) -> None:
    """(v_mu^2 + a_mu^2) BR_inv = limit^2, solved as a polynomial in eps by its companion matrix."""
    eps_z = 0.1
    limit = against_mass.load("belle2_zprime").at("limit", mass)
    v0, a = GZ * eps_z * (-0.25 + SW2), -GZ * eps_z / 4.0
    neutrinos, nothing = widths(mass, 0.0, eps_z)[0], widths(mass, 0.0, 0.0)[1]
    assert nothing == 0.0
    # total width and coupling as polynomials in eps, from three values each: both are of degree two
    xs = np.array([-1.0, 0.0, 1.0])
    total = np.polyfit(xs, [widths(mass, x, eps_z)[1] for x in xs], 2)
    squared = np.polyadd(np.polymul([-CHARGE, v0], [-CHARGE, v0]), [a**2])
    roots = np.roots(np.polysub(squared * neutrinos, limit**2 * total))
    expected = sorted(float(root.real) for root in roots if abs(root.imag) < 1e-9 and root.real > 0.0)
    curves = zdscan.limits("A", "eps", mass, parameters={"eps_z": eps_z}, constraints=["belle2_zprime"])
    edges = [edge for pair in at(curves, "belle2_zprime") for edge in pair if 0.0 < edge < math.inf]
    assert edges == [pytest.approx(x, rel=SOLVED) for x in expected]


@pytest.mark.parametrize("mass", [0.012, 0.05, 0.2])
def test_kaons_with_an_invisible_vector(mass: float) -> None:
    """BR(K -> pi Z_D) BR_inv = limit: a quadratic over a quadratic in eps, its edges the roots of a quadratic."""
    limit = against_mass.load("k_pi_x").at("limit", mass)
    # theory paper: the other one adds what escapes before it decays, which is no ratio of polynomials
    asked = {"constraints": ["k_pi_x"], "theory": "paper"}
    found = zdscan.limits("A", "eps", mass, parameters={"eps_z": EPS_Z}, **asked)
    # The rate from three evaluations far from one another, divided by the fraction written out above: BR of two bodies.
    xs = np.array([-1e-6, 0.0, 1e-6])
    values = zdscan.evaluate("A", mass, xs, EPS_Z, **asked).ratios[:, 0] * limit
    fractions = [neutrinos / total for neutrinos, total in (widths(mass, x, EPS_Z) for x in xs)]
    rate = np.polyfit(xs * 1e6, values / fractions, 2)
    total = np.polyfit(xs * 1e6, [widths(mass, x, EPS_Z)[1] for x in xs], 2)
    roots = np.roots(np.polysub(rate * widths(mass, 0.0, EPS_Z)[0], limit * total)) * 1e-6
    expected = sorted(float(root.real) for root in roots if abs(root.imag) < 1e-15 and root.real > 0.0)
    edges = [edge for pair in at(found, "k_pi_x") for edge in pair if 0.0 < edge < math.inf]
    assert expected, "the comparison is empty"
    assert edges == [pytest.approx(x, rel=SOLVED) for x in expected]


# --- against evaluate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "along", "held", "negative"),
    [
        pytest.param("A", "eps", {}, False, marks=pytest.mark.slow),
        pytest.param("A", "eps", {"eps_z": 1e-5}, True, marks=pytest.mark.slow),
        pytest.param("A", "eps_z", {"eps": 1e-4}, False, marks=pytest.mark.slow),
        ("B", "g_mu", {"eps": 1e-3}, False),
        pytest.param("C", "g_mu", {"eps": 1e-4, "eps_z": 1e-4}, True, marks=pytest.mark.slow),
    ],
)
def test_every_edge_has_ratio_one(case: str, along: str, held: dict[str, float], negative: bool) -> None:
    """At an edge the ratio is 1; where a constraint begins to apply it jumps across 1 within the precision instead."""
    curves = zdscan.limits(case, along, MASSES, parameters=held, negative=negative)
    sign, compared = -1.0 if negative else 1.0, 0
    for i, mass in enumerate(MASSES.tolist()):
        for k, name in enumerate(curves.constraints):
            for low, high in at(curves, name, i):
                assert low < high
                for edge in (low, high):
                    if not 0.0 < edge < math.inf:
                        continue
                    compared += 1
                    at_edge = zdscan.evaluate(case, mass, **{along: sign * edge}, **held).ratios[k]
                    if abs(at_edge - 1.0) > SOLVED:
                        around = sign * edge * np.array([1.0 - SOLVED, 1.0 + SOLVED])
                        below, above = zdscan.evaluate(case, mass, **{along: around}, **held).ratios[:, k]
                        assert (below < 1.0) != (above < 1.0), (name, mass, edge)
    assert compared > 20


def test_excluded_inside_and_allowed_outside() -> None:
    """Random values of the parameter: in an interval exactly where `evaluate` says excluded."""
    rng = np.random.default_rng(1)
    sizes = 10.0 ** rng.uniform(-12.0, 1.9, 400)
    curves = zdscan.limits("A", "eps_z", MASSES[::2], parameters={"eps": 1e-4})
    for i, mass in enumerate(curves.mass.tolist()):
        excluded = zdscan.evaluate("A", mass, 1e-4, sizes).excluded
        for k, name in enumerate(curves.constraints):
            inside = np.zeros(len(sizes), dtype=bool)
            for low, high in at(curves, name, i):
                inside |= (sizes >= low) & (sizes <= high)
            np.testing.assert_array_equal(inside, excluded[:, k], err_msg=f"{name} at {mass}")


def test_a_parameter_alone_has_no_sign() -> None:
    """With the others 0 every prediction is even."""
    one, other = (zdscan.limits("A", "eps_z", MASSES[::4], negative=sign) for sign in (False, True))
    np.testing.assert_allclose(one.lower, other.lower, rtol=SOLVED)


# --- the result ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> LimitCurves:
    return zdscan.limits("B", "g_mu", [0.02, 0.3], parameters={"eps": 1e-4}, constraints=["a_mu", "w_width", "bs_mumu"])


def test_the_strongest_is_the_lowest_edge(curves: LimitCurves) -> None:
    names, edge = curves.strongest
    assert names == ("a_mu", "a_mu")
    assert edge.tolist() == [at(curves, "a_mu", i)[0][0] for i in range(2)]
    assert curves.excluded(0) == [(edge[0], math.inf)]
    assert at(curves, "bs_mumu", 0) == []


def test_tables_say_the_same(curves: LimitCurves, tmp_path: Path) -> None:
    curves.write_csv(tmp_path / "limits.csv")
    with (tmp_path / "limits.csv").open() as file:
        rows = list(csv.DictReader(file))
    frame, dataset = curves.to_dataframe(), curves.to_xarray()
    assert len(rows) == len(frame) == 6
    assert [row["constraint"] for row in rows] == frame["constraint"].tolist()
    for row, (_, other) in zip(rows, frame.iterrows(), strict=True):
        lower = dataset.lower.sel(mass=float(row["mass"]), constraint=row["constraint"], interval=0)
        assert float(row["lower"] or "nan") == pytest.approx(other["lower"], nan_ok=True)
        assert float(lower) == pytest.approx(other["lower"], nan_ok=True)
        assert row["upper"] == ""
    assert dataset.attrs["along"] == "g_mu"
    assert dataset.strongest.values.tolist() == ["a_mu", "a_mu"]


def test_its_text_is_a_short_table(curves: LimitCurves) -> None:
    first, *lines = repr(curves).splitlines()
    assert first.startswith(
        "LimitCurves(case B, theory complete: limits on g_mu, eps = 0.0001; exclusions at 95%; 2 masses"
    )
    assert len(lines) == 3
    assert lines[1].endswith("a_mu")


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"along": "mass"}, "along cannot be mass; choose one of eps, eps_z, g_mu"),
        ({"along": "esp"}, "There is no parameter 'esp' (did you mean 'eps'?)"),
        ({"along": "g_mu"}, "Nothing depends on g_mu in Case A"),
        ({"along": "eps", "case": "D"}, "There is no case 'D'"),
        ({"along": "eps", "mass": [0.1, 3.0]}, "mass is 3.0 GeV; zdscan covers 0.01 to 2 GeV"),
        ({"along": "eps", "mass": 50.0}, "mass is 50.0 GeV; zdscan covers 0.01 to 2 GeV; in MeV? Write 0.05"),
        ({"along": "eps", "mass": math.nan}, "mass is nan GeV"),
        ({"along": "eps", "mass": []}, "mass is empty"),
        ({"along": "eps", "mass": "light"}, "must be a number or an array of numbers in GeV"),
        ({"along": "eps", "mass": np.full(20001, 0.1)}, "20,001 masses are too many"),
        ({"along": "eps", "parameters": {"eps": 1.0}}, "eps is the parameter whose limits are wanted"),
        ({"along": "eps", "parameters": {"epz": 1.0}}, "There is no parameter 'epz'"),
        ({"along": "eps", "parameters": {"eps_z": math.nan}}, "at most 100 in size is allowed"),
        ({"along": "eps", "parameters": {"g_mu": 0.1}}, "g_mu must be 0 in Case A"),
        ({"along": "eps", "within": (1.0, 0.1)}, "it must ascend"),
        ({"along": "eps", "theory": "papr"}, "theory does not know 'papr'"),
    ],
)
def test_a_mistake_is_a_sentence(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(zdscan.UserError) as caught:
        zdscan.limits(**{"case": "A"} | arguments)  # type: ignore[arg-type]
    assert len(caught.value.messages) == 1
    assert sentence in str(caught.value)


# --- windows of lifetimes --------------------------------------------------------------------------------------------


def displaced(model: Model, mass: float) -> list[Clause]:
    """v_mu^2 BR(ee) [exp(-a Gamma) - exp(-b Gamma)]: decays into electrons between two proper times."""
    return [Clause(polynomial=model.product("v_mu", "v_mu"), channel="ee", up=1e-12, window=WINDOW)]


WINDOW = (1e13, 1.5e13)  # 1/GeV
BEAM_DUMP = Constraint("dump", "", ("PDG:2022",), "90%", "1", "C", False, "all", 1, displaced)


@pytest.mark.parametrize("mass", [0.02, 0.1])
def test_both_edges_of_a_displaced_search(mass: float) -> None:
    """Case A along eps: e^2 eps^2 [exp(-a G eps^2) - exp(-b G eps^2)] = 1e-12 with G = M e^2/(12 pi) at both roots."""
    r = (CONSTANTS["m_e"] / mass) ** 2
    width = mass * CHARGE**2 / (12.0 * math.pi) * math.sqrt(1.0 - 4.0 * r) * (1.0 + 2.0 * r)

    def excess(logarithm: float) -> float:
        square = math.exp(2.0 * logarithm)
        a, b = (time * width * square for time in WINDOW)
        return CHARGE**2 * square * (math.exp(-a) - math.exp(-b)) / 1e-12 - 1.0

    top = 0.5 * math.log(2.0 / (WINDOW[0] * width))
    assert excess(top) > 0.0
    expected = [math.exp(brentq(excess, top, top + far, xtol=1e-13)) for far in (-15.0, 5.0)]
    found = zdscan.limits("A", "eps", mass, constraints=[BEAM_DUMP], level="published").intervals("dump", 0)
    assert found == [pytest.approx(expected, rel=SOLVED)]
