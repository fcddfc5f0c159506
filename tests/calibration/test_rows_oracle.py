"""The program's b -> s l l rows against brute-force integration of flavio's amplitudes, from couplings to prediction.

Loop coefficients are typed in (13 digits of an independent high-precision evaluation of the b -> s penguin); couplings
and widths are computed here from the Lagrangian. Only the tables of the hadronic width are the program's.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import zdscan
from tests.support import tolerances
from tests.support.late import late
from tests.support.thinning import only
from tests.twins import hadrons, photon
from zdscan.inputs import constants, tables

get_ff = late("flavio.physics.bdecays.bvll.amplitudes", "get_ff")
oracle = late("tests.support.flavio_oracle")

# L = Z_D sbar [(E0 + E2 q2) gamma P_L + M1 m_b i sigma q P_R] b per unit eps (A) or eps_z (Z), GeV; Inami-Lim functions
# (Prog. Theor. Phys. 65 (1981) 297; conventions of Buras, hep-ph/9806471) summed over u, c, t with
# m = 0.002, 1.27, 163.5 and MW = 80.377, GF = 1.1663787e-5, MZ = 91.1876, alpha(0) = 1/137.035999
LAMBDA_T = complex(-4.119293936909e-02, 7.457752431333e-04)
E2_A = complex(1.093465701985e-8, -4.669025024499e-10)
M1_A = complex(9.783533851856e-10, -1.771935066796e-11)
E0_Z = complex(-1.266199156208e-4, 2.291402485199e-6)
E2_Z = complex(1.283753496801e-8, -5.736188202599e-10)
M1_Z = complex(1.85361048831e-9, -3.361412137421e-11)
E, GZ, SW2 = 3.028221208718e-1, 7.407012373374e-1, 0.23122
ELECTRON, MUON = 0.51099895e-3, 0.1056583755

HADRONIC_R = tomllib.loads((Path(zdscan.__file__).parent / "inputs" / "data" / "table_hadronic_R.toml").read_text())


@dataclass(frozen=True)
class Point:
    """A point of the scan; mass in GeV."""

    case: str
    mass: float
    eps: float
    eps_z: float
    g_mu: float
    theory: str


def fermion(point: Point, charge: float, isospin: float) -> tuple[float, float]:
    """v, a of Z_D fbar gamma (v - a gamma5) f from kinetic and mass mixing (arXiv:1203.2947)."""
    vector = E * point.eps * charge + GZ * point.eps_z * (isospin / 2 - charge * SW2)
    return vector, GZ * point.eps_z * isospin / 2


def electron(point: Point) -> tuple[float, float]:
    return (0.0, 0.0) if point.case == "C" else fermion(point, -1, -0.5)


def muon(point: Point) -> tuple[float, float]:
    vector, axial = fermion(point, -1, -0.5)
    return vector + point.g_mu, axial


def total_width(point: Point) -> float:
    """GeV: e, mu, three neutrinos, and hadrons."""
    mass = point.mass
    width = 3 * mass / (24 * math.pi) * (GZ * point.eps_z / 2) ** 2
    for lepton_mass, (vector, axial) in ((ELECTRON, electron(point)), (MUON, muon(point))):
        r = (lepton_mass / mass) ** 2
        if r < 0.25:
            strength = vector**2 * (1 + 2 * r) + axial**2 * (1 - 4 * r)
            width += mass / (12 * math.pi) * math.sqrt(1 - 4 * r) * strength
    if point.theory == "complete":
        (up, axial_up), (down, axial_down) = fermion(point, 2 / 3, 0.5), fermion(point, -1 / 3, -0.5)
        width += hadrons.complete_width(mass, (up, down, down), (axial_up, axial_down, axial_down))
    elif mass >= 0.28:
        up, down = fermion(point, 2 / 3, 0.5)[0], fermion(point, -1 / 3, -0.5)[0]
        rho, omega, phi = up - down, 3 * (up + down), -3 * down
        table = np.array(HADRONIC_R["segment"][0]["rows"])
        columns = {name: np.interp(mass, table[:, 0], table[:, k]) for k, name in enumerate(HADRONIC_R["columns"])}
        ratio = rho**2 * columns["rr"] + omega**2 * columns["oo"] + phi**2 * columns["pp"]
        ratio += rho * omega * columns["ro"] + rho * phi * columns["rp"] + omega * phi * columns["op"]
        width += mass / (12 * math.pi) * ratio
    return float(width)


@cache
def dipole_factor(observable: str) -> float:
    """What makes the one-loop dipole of a photon as large as a measured decay into one; covariant, T1(0) of flavio."""
    c = constants.load()
    if "Xs" in observable:
        lifetime = (c["tau_Bplus"] + c["tau_B0"]) / 2
        width, measured = photon.inclusive_width(c["m_b_Xs"], abs(M1_A) * c["m_b_Xs"]), c["BR_B_Xs_gamma"]
    else:
        parent, daughter, decay = ("Bs", "phi", "Bs_phi") if "phi" in observable else ("B0", "Kst0", "B0_Kst0")
        t1 = get_ff(0.0, oracle.PARAMETERS, parent, {"phi": "phi", "Kst0": "K*0"}[daughter])["T1"]
        masses, dipole = (c[f"m_{parent}"], c[f"m_{daughter}"]), abs(M1_A) * c["m_b_48"]
        width, measured = float(photon.vector_width(*masses, dipole, t1)), c[f"BR_{decay}_gamma"]
        lifetime = c[f"tau_{parent}"]
    return math.sqrt(measured / (lifetime * width))


def oracle_row(point: Point, row: int) -> float:
    arguments = vector_of(point, oracle.ROWS[row])
    return oracle.row_prediction(row, *arguments)


def vector_of(point: Point, row: oracle.OracleRow) -> tuple[float, float, float, float, float, float, float, str]:
    """Mass, width, vertex over the normalisation of a row, couplings of its leptons, theory."""
    dipole = dipole_factor(row.observable) if point.theory == "complete" else 1.0
    coefficients = np.array(
        [point.eps_z * E0_Z, point.eps * E2_A + point.eps_z * E2_Z, dipole * (point.eps * M1_A + point.eps_z * M1_Z)]
    )
    e0, e2, m1 = (coefficients / (oracle.normalisation_of(row) * LAMBDA_T)).real
    vector, axial = electron(point) if row.lepton == "e" else muon(point)
    width = max(total_width(point), 1e-30)  # zero only where nothing resonant is left
    return point.mass, width, e0, e2, m1, vector, axial, point.theory


def compare(point: Point, rows: Sequence[int]) -> None:
    result = zdscan.evaluate(
        **{name: getattr(point, name) for name in ("case", "mass", "eps", "eps_z", "g_mu", "theory")},
        measurements="rashed2024-corrected",
    ).to_dict()
    assert result["widths"]["total"] == pytest.approx(total_width(point), rel=tolerances.CLOSED_FORM, abs=0)
    for key, expected in zip(("v_mu", "a_mu", "v_e", "a_e"), (*muon(point), *electron(point)), strict=True):
        assert result["couplings"][key] == pytest.approx(expected, rel=tolerances.CLOSED_FORM, abs=1e-300)
    predicted = [entry["prediction"] for entry in result["rows"]]
    assert len(predicted) == oracle.PRINTED
    for row in rows:
        expected = oracle_row(point, row)
        assert predicted[row] == pytest.approx(expected, rel=tolerances.BIN_INTEGRAL), result["rows"][row]["id"]


def beside_edge(point: Point, edge: float, distance: float) -> Point:
    """The point with its pole at M^2 = edge + distance M Gamma (distance signed)."""
    for _ in range(200):
        mass = math.sqrt(edge + distance * point.mass * total_width(point))
        if abs(mass - point.mass) < 1e-15 * mass:
            break
        point = replace(point, mass=mass)
    offset = point.mass**2 - edge
    assert offset == pytest.approx(distance * point.mass * total_width(point), rel=0.01)
    return point


@pytest.mark.parametrize(
    ("point", "rows"),
    only(
        [
            (Point("A", 0.0103, 1e-4, 1e-4, 0.0, "paper"), (7, 21)),
            (Point("C", 0.0302, 1e-4, 1e-4, 0.033, "complete"), (15, 22)),
            (Point("B", 0.5, 1e-5, 1e-7, 1e-3, "complete"), (7,)),
            (Point("A", 0.7, 0.0, 1.0, 0.0, "complete"), (7, 22)),
            (Point("C", 0.1, 1e-3, 0.0, 0.5, "complete"), (0,)),
        ],
        [
            (Point("A", 0.0103, 1e-4, 1e-4, 0.0, "paper"), (15,)),
            (Point("A", 0.0103, 1e-3, 1e-6, 0.0, "complete"), (0, 7, 23)),
            (Point("B", 0.0302, 1e-4, -1e-4, 0.28, "paper"), (1, 21)),
            (Point("C", 0.0302, 1e-4, 1e-4, 0.033, "complete"), (12,)),
            (Point("B", 0.5, 1e-5, 1e-7, 1e-3, "complete"), (5,)),
            (Point("A", 1.5, 0.0, 1e-8, 0.0, "paper"), (22, 24)),
            (Point("C", 1.2, 1e-4, 1e-6, 1.0, "complete"), (1, 8)),
            (Point("B", 0.7, 1e-12, 1e-12, 1e-12, "complete"), (7,)),
            (Point("B", 0.7, 1e-12, 1e-12, 1.0, "paper"), (7, 15)),
            (Point("A", 0.05, 1.0, 1.0, 0.0, "paper"), (7, 15)),
            (Point("A", 0.8, 0.0, 0.0, 0.0, "complete"), (16,)),
        ],
    ),
    ids=str,
)
def test_rows(point: Point, rows: Sequence[int]) -> None:
    compare(point, rows)


@pytest.mark.parametrize("distance", only([10], [-100, 3000]))
@pytest.mark.parametrize(
    ("point", "edge", "row"),
    only(
        [
            (Point("B", 0.32, 1e-4, 1e-6, 3e-3, "paper"), 0.1, 12),
            (Point("C", 0.32, 1e-4, 1e-6, 3e-3, "complete"), 0.1, 7),
        ],
        [(Point("A", 0.03, 1e-4, 1e-6, 0.0, "complete"), 0.0009, 21)],
    ),
    ids=lambda value: str(value),
)
def test_pole_beside_an_edge(point: Point, edge: float, row: int, distance: float) -> None:
    compare(beside_edge(point, edge, distance), [row])


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        Point("A", 0.0299, 1e-3, 3e-3, 0.0, "paper"),
        Point("A", 0.2, 1e-4, 1e-6, 0.0, "complete"),
        Point("B", 0.0103, 1e-4, 3e-5, 0.28, "complete"),
        Point("B", 1.0489, 1e-4, -1e-5, 0.05, "paper"),
        Point("C", 0.0302, 1e-3, -3e-4, 0.033, "paper"),
        Point("C", 1.7, 1e-4, 1e-4, 0.3, "complete"),
    ],
    ids=str,
)
def test_all_rows(point: Point) -> None:
    compare(point, range(oracle.PRINTED))


def new_rows() -> dict[str, int]:
    """The rows of today's measurements that Table 1 has not, by their bin."""
    names = [f"{row.observable}_{row.q2_min:g}_{row.q2_max:g}" for row in oracle.ROWS]
    return {name: k for k, name in enumerate(names) if k >= oracle.PRINTED}


def compare_new(point: Point, measurements: list[str], wanted: Sequence[str] | None = None) -> None:
    """Rows of data sets, with the units of these, against the oracle."""
    found = zdscan.evaluate(
        point.case, point.mass, point.eps, point.eps_z, point.g_mu, theory=point.theory, measurements=measurements
    ).to_dict()["rows"]
    new, compared = new_rows(), set()
    for entry in found:
        decay = (
            entry["id"].split("_")[0].replace("K*0", "K*").replace("K*+", "K*").replace("K+", "K").replace("K0", "K")
        )
        name = f"dBR/dq2({decay})_{entry['q2_min']:g}_{entry['q2_max']:g}"
        if name not in new or (wanted is not None and entry["id"] not in wanted):
            continue
        row, unit = oracle.ROWS[new[name]], float(entry["unit"].split()[0])
        expected = oracle_row(point, new[name]) / (row.unit * unit)
        assert entry["prediction"] == pytest.approx(expected, rel=tolerances.BIN_INTEGRAL), entry["id"]
        compared.add(entry["id"])
    assert compared
    assert wanted is None or compared == set(wanted)


@pytest.mark.parametrize(
    ("point", "rows"),
    only(
        [(Point("A", 1.2, 1e-4, 1e-6, 0.0, "complete"), ("B->Xsee_0.1_2", "B+->K+mumu_7_8"))],
        [
            (Point("B", 0.0302, 1e-4, -1e-4, 0.28, "paper"), ("B0->K*0mumu_0.06_0.98", "Bs->phimumu_6_8")),
            (Point("C", 0.27, 1e-4, 1e-5, 1e-2, "complete"), ("B0->K*0mumu_0.06_0.98", "B+->K+mumu_0.1_4_belle")),
        ],
    ),
    ids=str,
)
def test_rows_of_today(point: Point, rows: Sequence[str]) -> None:
    compare_new(point, ["latest"], rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        Point("B", 0.0103, 1e-4, 3e-5, 0.28, "complete"),
        Point("C", 0.0302, 1e-3, -3e-4, 0.033, "paper"),
        Point("A", 0.24, 1e-4, 1e-6, 0.0, "complete"),
        Point("C", 1.7, 1e-4, 1e-4, 0.3, "complete"),
    ],
    ids=str,
)
@pytest.mark.parametrize("measurements", [["latest", "electrons"], ["narrow"]], ids=" ".join)
def test_all_rows_of_today(point: Point, measurements: list[str]) -> None:
    compare_new(point, measurements)


def quotients(point: Point) -> dict[str, float]:
    """Rows of data sets that are quotients, at a point."""
    found = zdscan.evaluate(
        point.case, point.mass, point.eps, point.eps_z, point.g_mu, theory=point.theory, measurements=["lfu", "angular"]
    )
    return {entry["id"]: entry["prediction"] for entry in found.to_dict()["rows"]}


def integrated(point: Point, row: oracle.OracleRow, **options: object) -> NDArray[np.float64]:
    """What flavio has for a bin with the vector, by adaptive integration."""
    arguments = vector_of(point, row)
    mass, width = arguments[:2]
    coefficients = oracle.coefficients_of(row, mass, *arguments[2:])
    return np.atleast_1d(oracle.row_integral(row, mass, width, coefficients, **options))


QUOTIENTS = [
    Point("A", 1.1, 1e-3, 1e-6, 0.0, "paper"),  # the pole within a bin
    Point("B", 0.0302, 1e-4, -1e-4, 0.28, "complete"),
    Point("C", 0.31, 1e-4, 1e-5, 1e-2, "complete"),
]


@pytest.mark.slow
@pytest.mark.parametrize("point", QUOTIENTS, ids=str)
def test_ratios_of_leptons(point: Point) -> None:
    """The rates of both leptons, integrated by themselves."""
    found = quotients(point)
    for name, decay, low, high in (("R_K", "B+->K", 1.1, 6.0), ("R_K*0", "B0->K*", 0.1, 1.1)):
        rates = [
            integrated(point, oracle.OracleRow(f"dBR/dq2({decay}{2 * lepton})", lepton, low, high, 1.0, False))[0]
            for lepton in ("mu", "e")
        ]
        expected = rates[0] / rates[1]
        assert found[f"{name}_{low:g}_{high:g}"] == pytest.approx(expected, rel=2 * tolerances.BIN_INTEGRAL), name


@pytest.mark.slow
@pytest.mark.parametrize("point", QUOTIENTS, ids=str)
@pytest.mark.parametrize(("low", "high"), [(0.1, 0.98), (1.1, 2.5)])
def test_angular_coefficients(point: Point, low: float, high: float) -> None:
    """Quotients of integrals of what flavio's amplitudes give at every q2, with the propagator in them."""
    row = oracle.OracleRow("dBR/dq2(B0->K*mumu)", "mu", low, high, 1.0, False)
    total, x2c, x5, x6s, x8 = integrated(point, row, differential=oracle.distribution, tolerance=1e-7)
    found = quotients(point)
    for name, expected in (("F_L", -x2c), ("S5", x5), ("A_FB", 0.75 * x6s), ("S8", x8)):
        value = found[f"B0->K*0mumu_{low:g}_{high:g}_{name}"]
        assert value == pytest.approx(expected / total, abs=2 * tolerances.BIN_INTEGRAL), name


@pytest.mark.slow
@pytest.mark.parametrize("shift", [-1.0, complex(0.7, -0.3)])
def test_a_constant_shift_of_c9(shift: complex) -> None:
    """A shift of C9 alone, by flavio's own amplitudes at every q2 and by the functions of the tables."""
    t = tables.load()
    _, weights = np.polynomial.legendre.leggauss(8)
    monomials = {"c0": 1.0, "c9_re": shift.real, "c9_im": shift.imag, "c9_sq": abs(shift) ** 2}
    functions = sum(value * t.coefficients[:, :, t.monomials.index(name)] for name, value in monomials.items())
    found = np.bincount(t.panel_row, weights=(t.panel_hi - t.panel_lo) / 2 * (functions @ weights))
    for row in range(oracle.PRINTED, len(oracle.ROWS)):
        # a resonance far above the bins, so that nothing depends on it
        expected = oracle.row_integral(oracle.ROWS[row], 100.0, 1e-3, lambda q2, propagator: (shift, 0j, 0j, 0j))
        assert found[row] == pytest.approx(expected, rel=tolerances.BIN_INTEGRAL), t.row_id[row]


@pytest.mark.slow
@pytest.mark.parametrize("distance", [-3000, -10, 30, 1000])
@pytest.mark.parametrize(
    ("edge", "rows"),
    [
        (0.0009, (21,)),
        (0.1, (7, 12)),
        (0.98, (0, 15)),
        (1.0, (21, 23)),
        (1.1, (8, 25)),
        (2.0, (4, 9)),
        (2.5, (1, 17)),
        (3.0, (9, 10)),
    ],
    ids=lambda value: str(value),
)
def test_all_edges(edge: float, rows: Sequence[int], distance: float) -> None:
    theory = "paper" if distance in (-10, 1000) else "complete"
    compare(beside_edge(Point("B", math.sqrt(edge), 1e-4, 2e-6, 2e-3, theory), edge, distance), rows)
