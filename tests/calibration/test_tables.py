"""The packaged Standard Model tables against flavio, which they replace, and their protection against damage."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from tests.support import tolerances
from tests.support.late import central_values, late
from zdscan.calibration.tables import calibrate, write_verified
from zdscan.errors import UserError
from zdscan.inputs import tables

flavio = late("flavio")
oracle = late("tests.support.flavio_oracle")

SM = tables.load()
CENTRAL = central_values()

# Table 1 of arXiv:2412.11438, last column
PRINTED_SM = (
    *(10.60, 4.66, 4.49, 5.02, 7.97, 4.87, 5.43, 3.53, 3.53, 3.51, 3.50, 3.47, 3.28, 3.25, 3.21),
    *(11.31, 5.44, 5.14, 5.50, 13.73, 14.11, 2.56, 1.67, 1.74, 34.9, 47.7),
)
# one row of every decay and lepton: K*0 mumu, K*+, K+ mumu, K0, phi, K+ ee, the lowest K*0 ee bin, Xs mumu, Xs ee;
# K*+ ee, K0 ee, phi ee; and above 6 GeV^2 K*0 and phi, where the spectator scattering is an extrapolation
SPECIES = (0, 5, 7, 13, 15, 20, 21, 22, 23, 26, 27, 28, 31, 37)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(action="ignore"):  # spectator scattering above 6 GeV^2
        yield


def monomials(c9: complex, c10: complex, cp: complex, c7: complex) -> np.ndarray:
    by_name = {
        "c0": 1.0,
        "c9_re": c9.real,
        "c9_im": c9.imag,
        "c9_sq": abs(c9) ** 2,
        "c10_re": c10.real,
        "c10_sq": abs(c10) ** 2,
        "cp_re": cp.real,
        "cp_sq": abs(cp) ** 2,
        "c10_cp": (c10 * cp.conjugate()).real,
        "c7_re": c7.real,
        "c7_im": c7.imag,
        "c7_sq": abs(c7) ** 2,
        "c7_c9": (c7 * c9.conjugate()).real,
    }
    return np.array([by_name[name] for name in SM.monomials])


def node(row: int, fraction: float) -> tuple[float, np.ndarray]:
    """q2 and the thirteen values at a node that lies at about this fraction of a row's list of nodes."""
    mine = np.flatnonzero(SM.panel_row == row)
    index = int(fraction * (8 * len(mine) - 1))
    panel = mine[index // 8]
    return float(SM.nodes[panel, index % 8]), SM.coefficients[panel, index % 8]


def sizes(values: np.ndarray) -> np.ndarray:
    """Sizes of C9, C10, CP, C7 whose squares alone give the Standard Model rate."""
    square = [SM.monomials.index(name) for name in ("c9_sq", "c10_sq", "cp_sq", "c7_sq")]
    return np.sqrt(values[0] / values[square])


def random_points(rng: np.random.Generator, scale: np.ndarray, count: int) -> list[tuple[complex, ...]]:
    z = rng.normal(size=(count, 4)) + 1j * rng.normal(size=(count, 4))
    return [tuple(complex(value) for value in row) for row in z * scale]


def unit(row: int) -> float:
    r = oracle.ROWS[row]
    return r.unit / (r.q2_max - r.q2_min) if r.averaged else r.unit


def test_layout() -> None:
    assert len(SM.row_id) == len(oracle.ROWS) == 61
    for name, row in zip(SM.row_id, oracle.ROWS, strict=True):
        decay, low, high = name.split("_")
        assert (float(low), float(high)) == (row.q2_min, row.q2_max)
        assert decay.replace("K*0", "K*").replace("K*+", "K*").replace("->K+", "->K").replace("->K0", "->K") == (
            row.observable.removeprefix("dBR/dq2(").removesuffix(")")
        )
    x, _ = np.polynomial.legendre.leggauss(8)
    for row in range(len(oracle.ROWS)):
        mine = SM.panel_row == row
        low, high = SM.panel_lo[mine], SM.panel_hi[mine]
        assert low[0] == oracle.ROWS[row].q2_min
        assert high[-1] == oracle.ROWS[row].q2_max
        assert np.array_equal(low[1:], high[:-1])
        expected = (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * x
        assert np.allclose(SM.nodes[mine], expected, rtol=tolerances.EXACT_ALGEBRA)
    assert np.all(np.diff(SM.panel_row) >= 0)


@pytest.mark.parametrize("row", SPECIES, ids=[SM.row_id[k] for k in SPECIES])
@pytest.mark.parametrize("fraction", [0.0, 0.6])
def test_each_function_from_flavio(row: int, fraction: float) -> None:
    """All thirteen functions solved again from random complex points, each relative to what it can contribute."""
    rng = np.random.default_rng(row)
    q2, values = node(row, fraction)
    scale = sizes(values)
    points = random_points(rng, scale, 24)
    matrix = np.array([monomials(*point) for point in points])
    contribution = monomials(*map(complex, scale))
    contribution[[2, 10]] = contribution[[1, 9]]  # the imaginary parts have the size of the real ones
    rates = np.array([oracle.rate(oracle.ROWS[row], q2, *point) for point in points]) * unit(row)
    solved = np.linalg.lstsq(matrix / contribution, rates, rcond=None)[0]
    assert np.allclose(values * contribution, solved, rtol=0, atol=tolerances.FLAVIO_ROUNDING * values[0])
    # and the oracle really is quadratic: more equations than unknowns, all fulfilled
    assert np.allclose(matrix / contribution @ solved, rates, rtol=tolerances.FLAVIO_ROUNDING)


def real_wilson(row: int, c9: complex, c10: complex, cp: complex, c7: complex) -> flavio.WilsonCoefficients:
    pair = 2 * oracle.ROWS[row].lepton
    wilson = flavio.WilsonCoefficients()
    values = {f"C9_bs{pair}": c9, f"C10_bs{pair}": c10, f"CP_bs{pair}": cp, "C7_bs": c7}
    wilson.set_initial(values, 5.0 if "Xs" in oracle.ROWS[row].observable else 4.8)
    return wilson


@pytest.mark.parametrize("row", [0, 5, 7, 13, 20, 21], ids=lambda k: SM.row_id[k])
def test_strong_phase_from_public_observables(row: int) -> None:
    """A rate with a CP-even phase, from flavio's dBR/dq2 and ACP: B with C and Bbar with C* (flavio conjugates it)."""
    q2, values = node(row, 0.4)
    point = random_points(np.random.default_rng(100 + row), 0.5 * sizes(values), 1)[0]
    conjugate = tuple(value.conjugate() for value in point)
    name = oracle.ROWS[row].observable
    asymmetry = name.replace("dBR/dq2", "ACP")

    def average_and_asymmetry(coefficients: tuple[complex, ...]) -> tuple[float, float]:
        wilson = real_wilson(row, *coefficients)
        cp = flavio.np_prediction(asymmetry, wilson, q2=q2)
        # flavio divides the difference by the sum for B -> K, by twice the sum for B -> K*
        return flavio.np_prediction(name, wilson, q2=q2), cp * (2 if "K*" in name else 1)

    (rate, cp), (rate_conjugate, cp_conjugate) = map(average_and_asymmetry, (point, conjugate))
    expected = (rate * (1 + cp) + rate_conjugate * (1 - cp_conjugate)) / 2 * unit(row)
    assert values @ monomials(*point) == pytest.approx(expected, rel=tolerances.FLAVIO_ROUNDING)
    assert abs(rate * unit(row) / expected - 1) > 1e-6  # flavio's own (weak) phase gives another number


@pytest.mark.parametrize("row", [15, 18, 22, 23], ids=lambda k: SM.row_id[k])
def test_flavio_wilson_coefficients(row: int) -> None:
    """flavio's public rate with its own coefficient object: real values for phi, complex ones for the b decay."""
    q2, values = node(row, 0.7)
    point = random_points(np.random.default_rng(row), sizes(values), 1)[0]
    if "phi" in oracle.ROWS[row].observable:
        point = tuple(complex(value.real) for value in point)
    expected = flavio.np_prediction(oracle.ROWS[row].observable, real_wilson(row, *point), q2=q2) * unit(row)
    assert values @ monomials(*point) == pytest.approx(expected, rel=tolerances.FLAVIO_ROUNDING)


def test_standard_model_rows() -> None:
    _, weights = np.polynomial.legendre.leggauss(8)
    half = (SM.panel_hi - SM.panel_lo) / 2
    integral = np.bincount(SM.panel_row, weights=half * (SM.coefficients[:, :, 0] @ weights))
    assert np.allclose(SM.sm, integral, rtol=tolerances.EXACT_ALGEBRA)
    binned = []
    for row in oracle.ROWS:
        name = "<BR>" + row.observable.removeprefix("dBR/dq2") if "Xs" in row.observable else None
        value = flavio.sm_prediction(name or f"<dBR/dq2>{row.observable[7:]}", q2min=row.q2_min, q2max=row.q2_max)
        binned.append(value * row.unit * (1 if name or row.averaged else row.q2_max - row.q2_min))
    assert np.allclose(SM.sm_flavio, binned, rtol=tolerances.FLAVIO_ROUNDING)
    assert np.allclose(SM.sm, binned, rtol=tolerances.FLAVIO_BINS)
    assert np.allclose(SM.sm[: oracle.PRINTED], PRINTED_SM, rtol=tolerances.PRINTED_SM_COLUMN)


def test_constants_of_the_rows() -> None:
    for k, row in enumerate(oracle.ROWS):
        assert SM.lepton_mass[k] == CENTRAL["m_" + row.lepton]
        assert SM.normalisation[k] == pytest.approx(oracle.normalisation(k), rel=tolerances.EXACT_ALGEBRA)
        masses = flavio.physics.running.running
        factor = masses.get_mb_pole(CENTRAL) / masses.get_mb(CENTRAL, 5.0) if "Xs" in row.observable else 1.0
        assert SM.cp_factor[k] == pytest.approx(factor, rel=tolerances.EXACT_ALGEBRA)


def test_time_like_amplitude_vanishes_on_shell() -> None:
    """At q2 = M^2 the q q/M^2 part, CP = -2 m C10/M^2, cancels the time-like part of C10 (up to QCD for B -> Xs)."""
    names = SM.monomials.index
    for row in SPECIES:
        q2, c = node(row, 0.5)
        cp = -2 * SM.lepton_mass[row] / q2 * SM.cp_factor[row]
        on_shell = c[names("c10_sq")] + c[names("c10_cp")] * cp + c[names("cp_sq")] * cp**2
        # without lepton mass there is no time-like part: |C10|^2 then counts as |C9|^2 with the factor beta^2
        mass_term = 1 - 4 * SM.lepton_mass[row] ** 2 / q2
        transverse = c[names("c9_sq")] * mass_term / (1 + 2 * SM.lepton_mass[row] ** 2 / q2)
        tolerance = 0.02 if "Xs" in SM.row_id[row] else tolerances.CLOSED_FORM
        assert on_shell == pytest.approx(transverse, rel=tolerance)


def test_theory_covariance() -> None:
    assert SM.covariances[0][0] >= 1000
    assert len(SM.covariances[-1][1]) == len(SM.row_id)
    for _, covariance in SM.covariances:
        count = len(covariance)
        assert np.array_equal(covariance, covariance.T)
        # neighbouring bins are correlated to 0.99 and more: nearly singular, up to rounding
        assert np.linalg.eigvalsh(covariance).min() > -1e-12 * covariance.max()
        relative = np.sqrt(np.diag(covariance)) / SM.sm[:count]
        assert np.all((relative > 0.05) & (relative < 0.2))


def test_covariances_of_different_samples_agree() -> None:
    """Errors within four of their standard errors, 1/sqrt(2 n) of each."""
    (many, first), (few, other) = SM.covariances[0], SM.covariances[-1]
    count = len(first)
    ratio = np.sqrt(np.diag(other)[:count] / np.diag(first))
    assert np.all(np.abs(ratio - 1.0) <= 4.0 * math.sqrt(1 / (2 * many) + 1 / (2 * few)))


@pytest.mark.slow
@pytest.mark.parametrize("row", [3, 11, 18, 22])
def test_theory_errors_against_flavio(row: int) -> None:
    r = oracle.ROWS[row]
    bracket = "<BR>" if "Xs" in r.observable else "<dBR/dq2>"
    np.random.seed(5)  # noqa: NPY002 - flavio draws from numpy's global generator
    error = flavio.sm_uncertainty(bracket + r.observable[7:], q2min=r.q2_min, q2max=r.q2_max, N=200) * r.unit
    assert np.sqrt(SM.theory_covariance[row, row]) == pytest.approx(error, rel=0.2)  # 200 samples: 5% standard error


@pytest.mark.parametrize("mode", ["B->K", "B->K*", "Bs->phi", "K->pi"])
def test_form_factors(mode: str) -> None:
    quantity = flavio.classes.AuxiliaryQuantity[f"{mode} form factor"]
    q2_max = 0.126 if mode == "K->pi" else 4.1
    for q2 in np.random.default_rng(3).uniform(0, q2_max, 5):
        for name, expected in quantity.prediction(par_dict=CENTRAL, wc_obj=None, q2=float(q2)).items():
            nodes, values = tables.form_factor(mode, name)
            assert (nodes[0], nodes[-1], len(nodes)) == (0.0, q2_max, 41)
            assert CubicSpline(nodes, values)(q2) == pytest.approx(expected, rel=tolerances.FORM_FACTOR_SPLINE)


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    data = {"b/x": np.arange(3.0), "a": np.array([b"one", b"three"])}
    for name in ("first.h5", "second.h5"):
        write_verified(tmp_path / name, data, {"format": 1, "note": "same"})
    assert (tmp_path / "first.h5").read_bytes() == (tmp_path / "second.h5").read_bytes()


def test_calibrate_without_flavio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "zdscan.calibration.flavio_rows", raising=False)
    monkeypatch.delattr("zdscan.calibration.flavio_rows", raising=False)
    monkeypatch.setitem(sys.modules, "flavio", None)
    with pytest.raises(UserError, match=r"pip install 'zdscan\[calibrate\]'"):
        calibrate(tmp_path)


def test_calibrate_needs_two_samples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 2 samples"):
        calibrate(tmp_path, samples=1)


def test_calibrate_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="taken cannot be made"):
        calibrate(tmp_path / "taken")


@pytest.mark.slow
def test_calibrate_rebuilds_the_package_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third row, so that it takes two minutes."""
    from zdscan.calibration import flavio_rows

    monkeypatch.setattr(flavio_rows, "ROWS", flavio_rows.ROWS[::3])
    panels = np.isin(SM.panel_row, np.arange(0, len(SM.row_id), 3))
    reported: list[str] = []
    paths = calibrate(tmp_path, samples=2, progress=lambda what, fraction: reported.append(what))
    sm_path, form_factor_path, radiation_path = paths
    rebuilt = tables.load(sm_path)
    assert rebuilt.row_id == SM.row_id[::3]
    assert [samples for samples, _ in rebuilt.covariances] == [2]
    assert np.allclose(rebuilt.nodes, SM.nodes[panels], rtol=tolerances.EXACT_ALGEBRA)
    largest = np.abs(SM.coefficients).max(axis=(0, 1))
    assert np.all(np.abs(rebuilt.coefficients - SM.coefficients[panels]) < tolerances.FLAVIO_ROUNDING * largest)
    for mode, name in (("B->K", "f+"), ("K->pi", "fT")):
        old, new = (tables.form_factor(mode, name, path)[1] for path in (tables.FORM_FACTORS, form_factor_path))
        assert np.allclose(old, new, rtol=tolerances.EXACT_ALGEBRA)
    assert radiation_path.read_bytes() == tables.RADIATION.read_bytes()
    assert {"form factors", "quadratic forms", "theory covariance"} <= set(reported)


@pytest.mark.slow
def test_rows_are_added_to_tables_that_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two rows are known; a third is added. Two of its covariances: with other samples, and with the same."""
    from zdscan.calibration import flavio_rows

    monkeypatch.setattr(flavio_rows, "ROWS", flavio_rows.ROWS[7:9])
    first = tables.load(calibrate(tmp_path / "first", samples=3)[0])
    monkeypatch.setattr(
        flavio_rows, "ROWS", (*flavio_rows.ROWS, flavio_rows.ROWS[0].__class__("B0->K0", "mu", 4, 6, 1e8))
    )
    for samples, expected in ((2, [(3, 2), (2, 3)]), (3, [(3, 3)])):
        more = tables.load(calibrate(tmp_path / str(samples), samples=samples, known=first)[0])
        assert more.row_id == (*first.row_id, "B0->K0mumu_4_6")
        assert [(number, len(matrix)) for number, matrix in more.covariances] == expected
        panels = len(first.panel_row)
        for name in ("panel_lo", "nodes", "coefficients"):
            assert getattr(more, name)[:panels].tobytes() == getattr(first, name).tobytes()
        assert np.array_equal(more.covariances[0][1][:2, :2], first.theory_covariance)
        row = SM.row_id.index("B0->K0mumu_4_6")
        assert more.sm[2] == pytest.approx(SM.sm[row], rel=tolerances.FLAVIO_ROUNDING)
