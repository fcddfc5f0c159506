"""Brute-force b -> s l l rows: flavio's rate at every q2 with the local Wilson coefficients, integrated adaptively.

An oracle for the program's rows: slow (seconds per row), for any mass and width, and independent of zdscan and kernels.
Accuracy about 1e-8 of a row.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import flavio
import numpy as np
from flavio.physics.bdecays import matrixelements
from flavio.physics.bdecays.bvll import qcdf_interpolate
from flavio.physics.bdecays.bvll.observables import BVllObservable, dGdq2_ave
from flavio.physics.running import running
from scipy.integrate import quad_vec

PARAMETERS = flavio.default_parameters.get_central_all()


class OracleRow(NamedTuple):
    """flavio's differential observable, bin (GeV^2), power of ten of the unit, and whether dB/dq2 is averaged."""

    observable: str
    lepton: str
    q2_min: float
    q2_max: float
    unit: float
    averaged: bool


def _mumu(decay: str, *edges: tuple[float, float]) -> list[OracleRow]:
    return [OracleRow(f"dBR/dq2({decay}mumu)", "mu", low, high, 1e8, True) for low, high in edges]


# The bins of Table 1 of arXiv:2412.11438, in its order
ROWS = [
    *_mumu("B0->K*", (0.1, 0.98), (1.1, 2.5), (2.5, 4.0), (4.0, 6.0)),
    *_mumu("B+->K*", (0.1, 2.0), (2.0, 4.0), (4.0, 6.0)),
    *_mumu("B+->K", (0.1, 0.98), (1.1, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0)),
    *_mumu("B0->K", (0.1, 2.0), (2.0, 4.0), (4.0, 6.0)),
    *_mumu("Bs->phi", (0.1, 0.98), (1.1, 2.5), (2.5, 4.0), (4.0, 6.0)),
    OracleRow("dBR/dq2(B+->Kee)", "e", 0.1, 4.0, 1e8, False),
    OracleRow("dBR/dq2(B+->Kee)", "e", 4.0, 8.12, 1e8, False),
    OracleRow("dBR/dq2(B0->K*ee)", "e", 0.0009, 1.0, 1e7, False),
    OracleRow("dBR/dq2(B->Xsmumu)", "mu", 1.0, 6.0, 1e6, False),
    OracleRow("dBR/dq2(B->Xsee)", "e", 1.0, 6.0, 1e6, False),
    OracleRow("dBR/dq2(B+->Kee)", "e", 1.1, 6.0, 1e9, True),
    OracleRow("dBR/dq2(B0->K*ee)", "e", 1.1, 6.0, 1e9, True),
]
PRINTED = len(ROWS)
# What has been measured since then, or in other bins: LHCb's electrons, all experiments, LHCb's narrow bins
ROWS += [
    OracleRow("dBR/dq2(B+->K*ee)", "e", 0.045, 6.0, 1e8, True),
    OracleRow("dBR/dq2(B0->Kee)", "e", 1.1, 6.0, 1e8, True),
    OracleRow("dBR/dq2(Bs->phiee)", "e", 0.1, 1.1, 1e7, False),
    OracleRow("dBR/dq2(Bs->phiee)", "e", 1.1, 6.0, 1e7, False),
    *_mumu("B0->K*", (0.06, 0.98), (6.0, 8.0)),
    *(row._replace(unit=1e9) for row in _mumu("B+->K*", (6.0, 8.0))),
    *(row._replace(unit=1e9) for row in _mumu("B+->K", (5.0, 6.0), (6.0, 7.0), (7.0, 8.0))),
    *(row._replace(unit=1e9) for row in _mumu("B0->K", (6.0, 8.0))),
    *_mumu("Bs->phi", (6.0, 8.0)),
    OracleRow("dBR/dq2(B+->Kmumu)", "mu", 0.1, 4.0, 1e7, False),
    OracleRow("dBR/dq2(B+->Kmumu)", "mu", 4.0, 8.12, 1e7, False),
    OracleRow("dBR/dq2(B0->K*mumu)", "mu", 1.1, 6.0, 1e7, False),
    OracleRow("dBR/dq2(B+->K*mumu)", "mu", 1.1, 6.0, 1e7, False),
    *(OracleRow("dBR/dq2(B->Xsmumu)", "mu", *ends, 1e6, False) for ends in ((0.1, 2.0), (2.0, 4.3), (4.3, 6.8))),
    *(OracleRow("dBR/dq2(B->Xsee)", "e", *ends, 1e6, False) for ends in ((0.1, 2.0), (2.0, 4.3), (4.3, 6.8))),
    *_mumu("B0->K*", (1.0, 2.0), (2.0, 4.3), (4.3, 6.0)),
    *_mumu("B0->K*", (0.06, 0.54), (0.54, 0.98), (1.1, 1.8), (1.8, 2.5), (2.5, 3.25)),
    *_mumu("B0->K*", (3.25, 4.0), (4.0, 5.0), (5.0, 6.0), (6.0, 7.0), (7.0, 8.0)),
]


class LocalCoefficients(flavio.WilsonCoefficients):
    """C9, C10, CP, C7 at one q2, without running, with a strong phase: the same numbers in the CP-conjugate decay.

    flavio conjugates the coefficients of the CP-conjugate decay after asking for them with the CKM phase reversed, so
    they are handed out conjugated when it asks like that.
    """

    def __init__(self, lepton: str, c9: complex, c10: complex, cp: complex, c7: complex) -> None:
        super().__init__()
        pair = 2 * lepton
        self.values = {f"C9_bs{pair}": c9, f"C10_bs{pair}": c10, f"CP_bs{pair}": cp, "C7_bs": c7}

    def get_wc(self, sector, scale, par, eft="WET", basis="flavio", nf_out=None):
        zero = super().get_wc(sector, scale, par, eft, basis, nf_out)
        conjugate = par["gamma"] * PARAMETERS["gamma"] < 0
        local = {name: np.conj(value) if conjugate else value for name, value in self.values.items()}
        return {name: local.get(name, value) for name, value in zero.items()}


def rate(row: OracleRow, q2: float, c9: complex, c10: complex, cp: complex, c7: complex) -> float:
    """dB/dq2 (GeV^-2) with the given coefficients added, their phase being CP even."""
    if "K*" in row.observable:  # flavio asks once for both decays here, so the two are put together by hand
        parent, vector = ("B0", "K*0") if row.observable.startswith("dBR/dq2(B0") else ("B+", "K*+")
        local = LocalCoefficients(row.lepton, c9, c10, cp, c7)
        conjugated = LocalCoefficients(row.lepton, *(complex(c).conjugate() for c in (c9, c10, cp, c7)))
        decay = BVllObservable(parent, vector, row.lepton, local, PARAMETERS).j(q2)
        decay_bar = BVllObservable(parent, vector, row.lepton, conjugated, PARAMETERS).jbar(q2)
        return PARAMETERS["tau_" + parent] * dGdq2_ave(decay, decay_bar)
    local = LocalCoefficients(row.lepton, c9, c10, cp, c7)
    return flavio.Observable[row.observable].prediction_par(PARAMETERS, local, q2=q2)


def distribution(row: OracleRow, q2: float, c9: complex, c10: complex, cp: complex, c7: complex) -> np.ndarray:
    """The rate of B0 -> K*0 l l and CP averages of its angular coefficients: G, X2c, X5, X6s, X8 in GeV^-2.

    Signs as LHCb has them, which are not flavio's for 6s.
    """
    local = LocalCoefficients(row.lepton, c9, c10, cp, c7)
    conjugated = LocalCoefficients(row.lepton, *(complex(c).conjugate() for c in (c9, c10, cp, c7)))
    decay = BVllObservable("B0", "K*0", row.lepton, local, PARAMETERS).j(q2)
    decay_bar = BVllObservable("B0", "K*0", row.lepton, conjugated, PARAMETERS).jbar(q2)
    mean = {name: (decay[name] + decay_bar[name]) / 2 for name in decay}
    total = 0.75 * (2 * mean["1s"] + mean["1c"]) - 0.25 * (2 * mean["2s"] + mean["2c"])
    return PARAMETERS["tau_B0"] * np.array([total, mean["2c"], mean[5], -mean["6s"], mean[8]])


def normalisation(row_index: int) -> float:
    """The same for a row by its number."""
    return normalisation_of(ROWS[row_index])


@cache
def normalisation_of(row: OracleRow) -> float:
    """4 GF/sqrt2 e^2/(16 pi^2) with flavio's running alpha at 4.8 GeV (B -> Xs: 5 GeV), without the CKM factor."""
    scale = 5.0 if "Xs" in row.observable else 4.8
    e_squared = 4 * math.pi * running.get_alpha(PARAMETERS, scale)["alpha_e"]
    return 4 * PARAMETERS["GF"] / math.sqrt(2) * e_squared / (16 * math.pi**2)


def row_prediction(
    row_index: int,
    mass: float,
    width: float,
    e0: float,
    e2: float,
    m1: float,
    v: float,
    a: float,
    theory: str,
) -> float:
    """One row (its own unit) with a vector boson of this mass and width (GeV) and lepton couplings v, a.

    Arguments as of `coefficients_of`.
    """
    row = ROWS[row_index]
    return float(row_integral(row, mass, width, coefficients_of(row, mass, e0, e2, m1, v, a, theory)))


Coefficients = Callable[[float, complex], tuple[complex, complex, complex, complex]]


def coefficients_of(
    row: OracleRow, mass: float, e0: float, e2: float, m1: float, v: float, a: float, theory: str
) -> Coefficients:
    """C9, C10, CP, C7 at q2 with a propagator, of a vector boson of this mass (GeV) and lepton couplings v, a.

    e0 (GeV^2), e2, m1 are the b -> s Z_D coefficients divided by N0 lambda_t; `theory` is "paper" (C9, C10) or
    "complete" (also the dipole and the q q/M^2 part of the propagator).
    """
    lepton_mass = PARAMETERS["m_" + row.lepton]
    pseudoscalar = 2 * a * lepton_mass * e0 / mass**2
    if "Xs" in row.observable:
        pseudoscalar *= running.get_mb_pole(PARAMETERS) / running.get_mb(PARAMETERS, 5.0)

    def coefficients(q2: float, propagator: complex) -> tuple[complex, complex, complex, complex]:
        vertex = e0 + e2 * q2
        c9, c10 = vertex * v * propagator, -vertex * a * propagator
        if theory == "paper":
            return c9, c10, 0j, 0j
        return c9, c10, pseudoscalar * propagator, -m1 / 2 * v * q2 * propagator

    return coefficients


def row_integral(
    row: OracleRow,
    mass: float,
    width: float,
    coefficients: Coefficients,
    tolerance: float = 1e-8,
    differential: Callable[..., float | np.ndarray] = rate,
) -> float | np.ndarray:
    """One row with local coefficients (C9, C10, CP, C7)(q2, 1/(q2 - M^2 + i M Gamma)) of a resonance at `mass`.

    differential : what is integrated, one number or several.
    """
    scale = mass * width
    mass_squared = mass * mass

    def integrand(t: float) -> float | np.ndarray:
        q2 = mass_squared + t
        return differential(row, q2, *coefficients(q2, 1 / complex(t, scale)))

    pieces = [_mapping(low, high, scale, sign) for low, high, sign in _segments(row, mass, scale)]

    def unit_interval(u: float) -> float | np.ndarray:
        piece = min(int(u), len(pieces) - 1)
        t, jacobian = pieces[piece](u - piece)
        return integrand(t) * jacobian

    with warnings.catch_warnings(action="ignore"):  # flavio on spectator scattering above 6 GeV^2
        value, error = quad_vec(
            unit_interval,
            0.0,
            float(len(pieces)),
            epsabs=0.0,
            epsrel=tolerance,
            quadrature="gk15",
            points=[float(k) for k in range(1, len(pieces))],
        )
    assert error < 10 * tolerance * np.max(np.abs(value))
    return value * row.unit / (row.q2_max - row.q2_min if row.averaged else 1.0)


def _segments(row: OracleRow, mass: float, scale: float) -> list[tuple[float, float, int]]:
    """Intervals of |q2 - M^2| with the sign of q2 - M^2, on which the rate is smooth and a `_mapping` is harmless."""
    mb_pole = running.get_mb_pole(PARAMETERS)
    kinks = [float(x) * mb_pole**2 for x in matrixelements._f_z]
    if "K*" in row.observable or "phi" in row.observable:
        kinks += [float(q2) for q2 in qcdf_interpolate.q2_arr]
    threshold = 4 * PARAMETERS["m_" + row.lepton] ** 2
    near_threshold = [threshold + (row.q2_min - threshold) * 2.0**k for k in range(1, 12)]
    edges = [row.q2_min, *(x for x in kinks + near_threshold if row.q2_min < x < row.q2_max), row.q2_max]
    exact_pole = Fraction(mass) ** 2
    offsets = sorted({float(Fraction(edge) - exact_pole) for edge in edges})
    if offsets[0] < 0 < offsets[-1]:
        offsets = sorted({*offsets, 0.0})
    result = []
    for low, high in pairwise(offsets):
        sign = 1 if low >= 0 else -1
        near, far = sorted((abs(low), abs(high)))
        # around the pole in the angle, then in the logarithm of the distance, thirtyfold at a time
        cuts = [near]
        if near < 4 * scale < far:
            cuts.append(4 * scale)
        while far > 30 * max(cuts[-1], 4 * scale):
            cuts.append(30 * max(cuts[-1], 4 * scale))
        cuts.append(far)
        result += [(x, y, sign) for x, y in pairwise(cuts)]
    return result


def _mapping(low: float, high: float, scale: float, sign: int) -> Callable[[float], tuple[float, float]]:
    """Map of (0, 1) to the signed distance t, with its Jacobian, adapted to 1/(t^2 + scale^2)."""
    if low < 4 * scale:
        first, last = math.atan(low / scale), math.atan(high / scale)

        def angle(u: float) -> tuple[float, float]:
            tangent = math.tan(first + u * (last - first))
            return sign * scale * tangent, scale * (1 + tangent**2) * (last - first)

        return angle
    ratio = math.log(high / low)

    def logarithm(u: float) -> tuple[float, float]:
        t = low * math.exp(u * ratio)
        return sign * t, t * ratio

    return logarithm
