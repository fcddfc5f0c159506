"""The b -> s l l rows as flavio computes them: rate at one q2, q2 panels, quadratic form in the Wilson coefficients.

The rows are the bins of all measurements: a bin of a decay that is known here needs no more than its entry there. A new
decay needs its mesons, its name in flavio and its rate (`MESONS`, `_FLAVIO_NAMES`, `differential_rate`).

Importing this module imports flavio; only :mod:`zdscan.calibration.tables` does so.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import flavio
import numpy as np
from flavio.physics.bdecays import angular, bpll, bxll
from flavio.physics.bdecays.bvll import amplitudes as bvll
from flavio.physics.bdecays.bvll import observables as bvll_rates
from flavio.physics.bdecays.bvll import observables_bs as bs_rates
from flavio.physics.mesonmixing.observables import q_over_p
from flavio.physics.running import running
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.inputs import measurements
from zdscan.inputs.measurement_records import Row

Parameters = Mapping[str, float]
Coefficients = tuple[complex, complex, complex, complex]  # C9, C10, CP (1/GeV), C7
NO_SHIFT: Coefficients = (0j, 0j, 0j, 0j)
MONOMIALS = (
    *("c0", "c9_re", "c9_im", "c9_sq", "c10_re", "c10_sq", "cp_re", "cp_sq", "c10_cp"),
    *("c7_re", "c7_im", "c7_sq", "c7_c9"),
)
NODES_PER_PANEL = 8
# Panels grow at most by this factor in the distance to the lepton threshold, where the rate has a square root and
# (nearby) the photon pole: the eight-node interpolant is then good to about 1e-8.
PANEL_GROWTH = 1.45
FORM_TOLERANCE = 1e-10

# The step of flavio's tables (linear interpolation, so the rates have kinks there): charm loops (arXiv:0810.4077) in
# q2/mb_pole^2 for every decay, and the spectator scattering of B -> V in q2.
_CHARM_STEP = 0.03
_SPECTATOR_STEP, _SPECTATOR_OFFSET = 0.1, 1e-6

MESONS = {
    "B0->K*0": ("B0", "K*0"),
    "B+->K*+": ("B+", "K*+"),
    "B+->K+": ("B+", "K+"),
    "B0->K0": ("B0", "K0"),
    "Bs->phi": ("Bs", "phi"),
    "B->Xs": ("B", "Xs"),
}
_FLAVIO_NAMES = {
    "B0->K*0": "<dBR/dq2>(B0->K*{})",
    "B+->K*+": "<dBR/dq2>(B+->K*{})",
    "B+->K+": "<dBR/dq2>(B+->K{})",
    "B0->K0": "<dBR/dq2>(B0->K{})",
    "Bs->phi": "<dBR/dq2>(Bs->phi{})",
    "B->Xs": "<BR>(B->Xs{})",
}


@dataclass(frozen=True)
class FlavioRow:
    """One measured row as flavio needs it: decay (without leptons), lepton, bin edges in GeV^2 and unit.

    `scale` multiplies the branching fraction, `integrated` tells whether the row is the branching fraction in the bin
    or its average over the bin (dB/dq2).
    """

    hadrons: str
    lepton: str
    q2_min: float
    q2_max: float
    scale: float
    integrated: bool = False
    id: str = field(init=False)

    def __post_init__(self) -> None:
        leptons = 2 * self.lepton
        object.__setattr__(self, "id", f"{self.hadrons}{leptons}_{self.q2_min:g}_{self.q2_max:g}")

    @property
    def factor(self) -> float:
        """Turns the integral of dB/dq2 over the bin into the row in its own unit."""
        return self.scale if self.integrated else self.scale / (self.q2_max - self.q2_min)

    def flavio_prediction(self) -> float:
        """flavio's own binned Standard Model prediction, in the row's unit."""
        name = _FLAVIO_NAMES[self.hadrons].format(2 * self.lepton)
        value = float(flavio.sm_prediction(name, q2min=self.q2_min, q2max=self.q2_max))
        averaged = name.startswith("<dBR")  # flavio divides these by the full bin width
        return value * self.scale * (self.q2_max - self.q2_min if averaged and self.integrated else 1.0)


def _known(row: Row) -> FlavioRow:
    """A measured row for flavio.

    Raises
    ------
    UserError
        The row is of a decay that is not here yet.
    """
    hadrons = row.decay.removesuffix(2 * row.lepton)
    if hadrons not in MESONS:
        known = ", ".join(MESONS)
        raise UserError(f"The measured row {row.id}: flavio's rates are known here for {known} only.")
    return FlavioRow(hadrons, row.lepton, row.q2_min, row.q2_max, row.scale, row.integrated)


def _bins() -> tuple[FlavioRow, ...]:
    """Every bin that is measured, once, in the unit of its first row."""
    found: dict[str, Row] = {}
    for row in measurements.every_row():
        found.setdefault(row.bin, row)
    return tuple(map(_known, found.values()))


# Those of measurements.toml first, in its order; the data sets replace values, never bins.
ROWS: tuple[FlavioRow, ...] = _bins()


class Shift(flavio.WilsonCoefficients):  # type: ignore[misc]
    """Constant new-physics C9, C10, CP, C7 of b -> s l l in flavio's basis, the same at every scale (no running).

    It has to be a subclass: flavio converts anything else with `from_wilson`.
    """

    def __init__(self, coefficients: Coefficients, lepton: str) -> None:
        super().__init__()
        leptons = 2 * lepton
        names = (f"C9_bs{leptons}", f"C10_bs{leptons}", f"CP_bs{leptons}", "C7_bs")
        self._shift = dict(zip(names, coefficients, strict=True))

    def get_wc(self, *args: object, **kwargs: object) -> dict[str, complex]:
        values: dict[str, complex] = super().get_wc(*args, **kwargs)
        values.update({name: value for name, value in self._shift.items() if name in values})
        return values


def differential_rate(row: FlavioRow, q2: float, par: Parameters, coefficients: Coefficients = NO_SHIFT) -> float:
    """dB/dq2 (GeV^-2) of a row's decay at `q2` with `coefficients` added to the Standard Model's.

    K and K* are CP averages, phi is time-integrated (arXiv:1502.05509), B -> Xs is the b decay. The phase of the
    coefficients is a strong phase (the width in a propagator), so it keeps its sign in the CP-conjugate decay; flavio
    conjugates every coefficient there, hence the conjugate that goes in.
    """
    parent, daughter = MESONS[row.hadrons]
    shift = Shift(coefficients, row.lepton)
    if row.hadrons == "B->Xs":
        return float(bxll.bxll_dbrdq2(q2, shift, par, "s", row.lepton))
    c9, c10, cp, c7 = (complex(value).conjugate() for value in coefficients)
    shift_bar = Shift((c9, c10, cp, c7), row.lepton)
    mass, mass_daughter, lepton_mass = par["m_" + parent], par["m_" + daughter], par["m_" + row.lepton]
    if daughter in ("K+", "K0"):
        mb = running.get_mb(par, flavio.config["renormalization scale"]["bpll"])
        kinematics = (q2, mass, mass_daughter, mb, 0, lepton_mass, lepton_mass)
        amplitudes = bpll.helicity_amps(q2, shift, par, parent, daughter, row.lepton)
        amplitudes_bar = bpll.helicity_amps_bar(q2, shift_bar, par, parent, daughter, row.lepton)
        rates = (angular.angularcoeffs_general_p(h, *kinematics) for h in (amplitudes, amplitudes_bar))
        return float(par["tau_" + parent] * bpll.dGdq2_cpaverage(*rates))
    mb = running.get_mb(par, flavio.config["renormalization scale"]["bvll"])
    kinematics = (q2, mass, mass_daughter, mb, 0, lepton_mass, lepton_mass)
    form_factors = bvll.get_ff(q2, par, parent, daughter)
    amplitudes = bvll.helicity_amps(q2, form_factors, shift, par, parent, daughter, row.lepton)
    amplitudes_bar = bvll.helicity_amps_bar(q2, form_factors, shift_bar, par, parent, daughter, row.lepton)
    direct, conjugate = (angular.angularcoeffs_general_v(h, *kinematics) for h in (amplitudes, amplitudes_bar))
    if parent != "Bs":
        return float(par["tau_" + parent] * bvll_rates.dGdq2_ave(direct, conjugate))
    # the CP-conjugate final state: transverse helicities swap and the scalar amplitude changes sign (1502.05509)
    flipped = dict(amplitudes_bar)
    for current in ("V", "A"):
        flipped["pl", current], flipped["mi", current] = amplitudes_bar["mi", current], amplitudes_bar["pl", current]
    flipped["S"] = -amplitudes_bar["S"]
    mixing = -q_over_p(shift, par, parent)
    phase = math.atan2(mixing.imag, mixing.real)
    interference = angular.angularcoeffs_h_v(phase, amplitudes, flipped, *kinematics)
    y = par["DeltaGamma/Gamma_Bs"] / 2
    return float(par["tau_Bs"] * bs_rates.dGdq2_ave_Bs(y, direct, conjugate, interference))


def monomials(coefficients: Coefficients) -> NDArray[np.float64]:
    """The thirteen products of C9, C10, CP, C7 (order of `MONOMIALS`) in which every rate is linear."""
    c9, c10, cp, c7 = coefficients
    return np.array(
        [
            *(1.0, c9.real, c9.imag, abs(c9) ** 2, c10.real, abs(c10) ** 2, cp.real, abs(cp) ** 2),
            *((c10 * cp.conjugate()).real, c7.real, c7.imag, abs(c7) ** 2, (c7 * c9.conjugate()).real),
        ]
    )


def panels(row: FlavioRow, par: Parameters) -> NDArray[np.float64]:
    """Panel edges (GeV^2, ascending, the bin edges first and last) between which the row's rate is smooth."""
    mb_pole = running.get_mb_pole(par)
    knots = [np.arange(1, 40) * _CHARM_STEP * mb_pole**2]
    if row.hadrons in ("B0->K*0", "B+->K*+", "Bs->phi"):
        knots.append(np.arange(1, 90) * _SPECTATOR_STEP + _SPECTATOR_OFFSET)
    inside = np.concatenate(knots)
    # a kink 1e-6 GeV^2 from an edge changes nothing and is not worth a panel
    inside = inside[(inside > row.q2_min + 1e-5) & (inside < row.q2_max - 1e-5)]
    edges = np.concatenate(([row.q2_min], np.sort(inside), [row.q2_max]))
    threshold = 4 * par["m_" + row.lepton] ** 2
    result = [row.q2_min]
    for low, high in pairwise(edges):
        ratio = (high - threshold) / (low - threshold)
        pieces = max(1, math.ceil(math.log(ratio) / math.log(PANEL_GROWTH)))
        steps = np.arange(1, pieces) / pieces
        result.extend(threshold + (low - threshold) * ratio**steps)
        result.append(high)
    return np.array(result)


def panel_nodes(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gauss-Legendre nodes of every panel, shape (panels, 8)."""
    x, _ = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
    centre, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    return np.asarray(centre[:, None] + half[:, None] * x)


# Real and imaginary unit steps that determine the thirteen functions one by one (in scaled units of each coefficient)
_STEPS: tuple[Coefficients, ...] = (
    NO_SHIFT,
    *((z, 0j, 0j, 0j) for z in (1 + 0j, -1 + 0j, 1j)),
    *((0j, z, 0j, 0j) for z in (1 + 0j, -1 + 0j)),
    *((0j, 0j, z, 0j) for z in (1 + 0j, -1 + 0j)),
    (0j, 1 + 0j, 1 + 0j, 0j),
    *((0j, 0j, 0j, z) for z in (1 + 0j, -1 + 0j, 1j)),
    (1 + 0j, 0j, 0j, 1 + 0j),
)


def quadratic_form(
    row: FlavioRow, nodes: NDArray[np.float64], par: Parameters, rng: np.random.Generator, checks: int = 2
) -> tuple[NDArray[np.float64], float]:
    """The thirteen functions of a row at q2 `nodes` of one panel, in the row's unit, and the worst check residual.

    Returns an array (nodes, 13) and the largest |flavio - form| / flavio over `checks` random complex points per node.
    The steps are scaled so that each coefficient alone doubles the rate, or rounding would swamp the small functions.

    Raises
    ------
    ArithmeticError
        If flavio's rate is not this quadratic form to `FORM_TOLERANCE`.
    """
    middle = float(nodes[len(nodes) // 2])
    sizes = np.array([_doubling_size(row, middle, par, index) for index in range(4)])
    matrix = np.array([monomials(step) for step in _STEPS])
    unit = monomials(_scaled((1 + 0j, 1 + 0j, 1 + 0j, 1 + 0j), sizes))
    unit[2], unit[10] = unit[1], unit[9]  # the imaginary parts share the size of the real ones
    result = np.empty((len(nodes), len(MONOMIALS)))
    worst = 0.0
    for k, q2 in enumerate(map(float, nodes)):
        rates = np.array([differential_rate(row, q2, par, _scaled(step, sizes)) for step in _STEPS])
        result[k] = np.linalg.solve(matrix, rates) / unit
        for _ in range(checks):
            z = rng.normal(size=(4, 2)) @ np.array([1, 1j])
            point = _scaled((complex(z[0]), complex(z[1]), complex(z[2]), complex(z[3])), sizes)
            expected = differential_rate(row, q2, par, point)
            worst = max(worst, abs(float(result[k] @ monomials(point)) / expected - 1))
    if not worst < FORM_TOLERANCE:
        raise ArithmeticError(
            f"The rate of {row.id} near q2 = {middle:.4g} GeV^2 is not quadratic in C9, C10, CP and C7 "
            f"(relative deviation {worst:.1e}): this version of flavio needs another table format."
        )
    return result * row.factor, worst


def _doubling_size(row: FlavioRow, q2: float, par: Parameters, index: int) -> float:
    """Size of coefficient `index` whose square alone gives the Standard Model rate."""
    large = 1e8
    step = [0j, 0j, 0j, 0j]
    step[index] = complex(large)
    square = differential_rate(row, q2, par, (step[0], step[1], step[2], step[3])) / large**2
    return math.sqrt(differential_rate(row, q2, par) / square)


def _scaled(step: Coefficients, sizes: NDArray[np.float64]) -> Coefficients:
    s = [float(size) for size in sizes]
    return (step[0] * s[0], step[1] * s[1], step[2] * s[2], step[3] * s[3])


@dataclass(frozen=True)
class RowConstants:
    """Numbers of a row that do not depend on q2: lepton mass (GeV), N0 = 4GF/sqrt2 alpha_e/4pi, and the CP factor."""

    lepton_mass: float
    normalisation: float
    cp_factor: float


def row_constants(row: FlavioRow, par: Parameters) -> RowConstants:
    """Normalisation with flavio's alpha_e at the row's scale (4.8 GeV, B -> Xs 5 GeV) and the factor of C_P.

    flavio's B -> Xs rate mixes the pole mass of the b quark with the MSbar mass that multiplies C_P; the factor
    mb_pole/mb_MSbar(5 GeV) makes the time-like amplitude vanish on shell as it must.
    """
    inclusive = row.hadrons == "B->Xs"
    scale = flavio.config["renormalization scale"]["bxll" if inclusive else "bvll"]
    alpha = running.get_alpha(par, scale)["alpha_e"]
    factor = running.get_mb_pole(par) / running.get_mb(par, scale) if inclusive else 1.0
    prefactor = 4 * par["GF"] / math.sqrt(2) * alpha / (4 * math.pi)
    return RowConstants(float(par["m_" + row.lepton]), float(prefactor), float(factor))


def sample_rule(row: FlavioRow, par: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A cheap quadrature of the bin (nodes, weights; row's unit) for theory errors: Gauss in ln(q2 - 4 m^2)."""
    threshold = 4 * par["m_" + row.lepton] ** 2
    low, high = math.log(row.q2_min - threshold), math.log(row.q2_max - threshold)
    count = 4 if high - low < 1.5 else 6 if high - low < 4 else 12
    x, w = np.polynomial.legendre.leggauss(count)
    distance = np.exp((low + high) / 2 + (high - low) / 2 * x)
    return threshold + distance, w * (high - low) / 2 * distance * row.factor


def quiet() -> warnings.catch_warnings:  # type: ignore[type-arg]
    """Context without flavio's warning on spectator scattering above 6 GeV^2, which B -> K does not have."""
    return warnings.catch_warnings(action="ignore")
