"""Components of angular distributions as quadratic forms in the Wilson coefficients, by linearity of the amplitudes.

A helicity amplitude is the Standard Model's plus C9, C10, CP, C7 times form factors, so that flavio is asked once for
the Standard Model at each q2 and four times, cheaply, for an amplitude alone. The components are sesquilinear in the
amplitudes; their coefficients in products of the Wilson coefficients follow without a fit. docs/angular.md.

Importing this module imports flavio; only :mod:`zdscan.calibration.component_tables` does so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import flavio
import numpy as np
from flavio.physics.bdecays import angular, bpll
from flavio.physics.bdecays.bvll import amplitudes as bvll
from flavio.physics.bdecays.common import lambda_K
from flavio.physics.common import conjugate_par
from flavio.physics.mesonmixing.observables import q_over_p
from flavio.physics.running import running
from numpy.typing import NDArray

from zdscan.calibration.flavio_rows import FORM_TOLERANCE, MESONS, MONOMIALS, NO_SHIFT, Parameters, Shift
from zdscan.inputs.quantities import RATE

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

# the monomials of the rates, and those that components with products of vector and axial amplitudes have besides
ALL_MONOMIALS = (*MONOMIALS, "c10_im", "c9_c10", "c10_c7", "c10_c7_im", "c9_c7_im")
COMPONENTS = (RATE, "1s", "1c", "2s", "2c", "3", "4", "5", "6s", "7", "8", "9")
_COUNT = 5  # terms of an amplitude: Standard Model, C9, C10, CP, C7
_SM, _C9, _C10, _CP, _C7 = range(_COUNT)
_VECTOR = (("0", "V"), ("pl", "V"), ("mi", "V"), ("0", "A"), ("pl", "A"), ("mi", "A"), "P")
_PSEUDOSCALAR = ("V", "A", "P")


class Amplitudes(NamedTuple):
    """Amplitudes of a decay and of its conjugate: complex128[5, amplitudes, nodes] each, see `_COUNT`."""

    direct: Complex
    conjugate: Complex

    def with_lepton(self, lepton: str, par: Parameters) -> Amplitudes:
        """Those of another lepton, from the muon's in the Standard Model: the last, timelike one has its mass."""
        share = np.ones(self.direct.shape[1])
        share[-1] = par["m_" + lepton] / par["m_mu"]
        return Amplitudes(*(side * share[:, None] for side in self))


@dataclass(frozen=True)
class Kinematics:
    """Of a decay at q2 nodes: masses in GeV, the lepton's velocity squared times q2^2, and the flux factor."""

    q2: Real
    lepton: float
    square: Real  # lambda(q2, m^2, m^2)
    flux: Real

    @classmethod
    def of(cls, q2: Real, parent: float, daughter: float, lepton: float) -> Kinematics:
        """At nodes above the lepton threshold."""
        square = q2 * (q2 - 4.0 * lepton**2)
        momentum = np.array([lambda_K(parent**2, daughter**2, float(x)) for x in q2])
        return cls(q2, lepton, square, np.sqrt(momentum * square) / (2**9 * math.pi**3 * parent**3 * q2))


def is_vector(hadrons: str) -> bool:
    """Whether the final hadron has spin one, so that there is an angular distribution."""
    return MESONS[hadrons][1] in ("K*0", "K*+", "phi")


def amplitudes(hadrons: str, lepton: str, q2: Real, par: Parameters, *, shifts: bool = True) -> Amplitudes:
    """The amplitudes at nodes; without `shifts` those of the Standard Model alone, the rest zero."""
    parent, daughter = MESONS[hadrons]
    vector = is_vector(hadrons)
    names: Sequence[object] = _VECTOR if vector else _PSEUDOSCALAR
    scale = flavio.config["renormalization scale"]["bvll" if vector else "bpll"]
    masses = par["m_" + parent], par["m_" + daughter], running.get_mb(par, scale), 0, *2 * (par["m_" + lepton],)
    none = Shift(NO_SHIFT, lepton)
    factors = bvll.prefactor if vector else bpll.prefactor
    prefactors = factors(0.0, par, parent, daughter), factors(0.0, conjugate_par(par), parent, daughter)
    units = [{name: 1.0 if name == unit else 0.0 for name in _EFFECTIVE} for unit in ("v", "a", "p", "7")]
    units[2]["p"] = masses[2]  # flavio's O_P has the mass of the b quark
    out = np.zeros((2, _COUNT, len(names), len(q2)), dtype=np.complex128)
    for node, s in enumerate(map(float, q2)):
        if vector:
            form_factors = bvll.get_ff(s, par, parent, daughter)
            both = [of(s, form_factors, none, par, parent, daughter, lepton) for of in _OF_VECTOR]
        else:
            form_factors = bpll.get_ff(s, par, parent, daughter)
            both = [of(s, none, par, parent, daughter, lepton) for of in _OF_PSEUDOSCALAR]
        for side, found in enumerate(both):
            out[side, _SM, :, node] = [found[name] for name in names]
        if shifts:
            response = angular.helicity_amps_v if vector else angular.helicity_amps_p
            for k, unit in enumerate(units):
                found = response(s, *masses, form_factors, unit, 1.0)
                column = np.array([found[name] for name in names])
                out[:, 1 + k, :, node] = np.multiply.outer(np.array(prefactors), column)
    return Amplitudes(out[0], out[1])


_EFFECTIVE = ("v", "vp", "a", "ap", "p", "pp", "s", "sp", "7", "7p", "t", "tp")
_OF_VECTOR: tuple[Callable[..., dict[object, complex]], ...] = (bvll.helicity_amps, bvll.helicity_amps_bar)
_OF_PSEUDOSCALAR: tuple[Callable[..., dict[object, complex]], ...] = (bpll.helicity_amps, bpll.helicity_amps_bar)


def products(hadrons: str, lepton: str, q2: Real, par: Parameters, found: Amplitudes) -> dict[str, Complex]:
    """Each component, times the parent's lifetime, as a Hermitian form: complex128[5, 5, nodes] by name.

    component = sum_kl c_k conj(c_l) form_kl with c = (1, C9, C10, CP, C7), whose phase is the same in both decays.
    """
    parent, daughter = MESONS[hadrons]
    kinematics = Kinematics.of(q2, par["m_" + parent], par["m_" + daughter], par["m_" + lepton])
    of = _vector_components if is_vector(hadrons) else _pseudoscalar_components
    direct, conjugate = found
    averaged = {
        name: (form + other) / 2.0
        for (name, form), other in zip(
            of(kinematics, direct, direct).items(), of(kinematics, conjugate, conjugate).values(), strict=True
        )
    }
    if parent == "Bs":  # time-integrated: arXiv:1502.05509
        flipped = conjugate[:, [0, 2, 1, 3, 5, 4, 6]]
        mixing = -q_over_p(Shift(NO_SHIFT, lepton), par, parent)
        phase = mixing / abs(mixing)
        y = par["DeltaGamma/Gamma_Bs"] / 2
        one, other = of(kinematics, phase * flipped, direct), of(kinematics, direct, phase * flipped)
        averaged = {
            name: (form - y * (one[name] + other[name]) / 2.0) / (1.0 - y * y) for name, form in averaged.items()
        }
    lifetime = par["tau_" + parent]
    return {name: lifetime * (form + form.conj().swapaxes(0, 1)) / 2.0 for name, form in averaged.items()}


def _vector_components(at: Kinematics, first: Complex, second: Complex) -> dict[str, Complex]:
    """X_i in LHCb's convention, and the rate: of B -> V l l, from two sets of amplitudes, as `_hermitian` wants them.

    The formulas are those of arXiv:1506.03970 for equal lepton masses, without scalar and tensor amplitudes.
    """

    def pair(a: int, b: int) -> Complex:
        return np.einsum("kn,ln->kln", first[:, a], second[:, b].conj())

    v = {(a, b): pair(a, b) for a, b in ((0, 0), (1, 1), (2, 2), (1, 0), (0, 2), (1, 2))}
    x = {(a, b): pair(3 + a, 3 + b) for a, b in v}
    pp = pair(6, 6)
    q2, m2, square = at.q2, at.lepton**2, at.square
    energy, momentum, root = q2 / 4.0, square / (4.0 * q2), np.sqrt(square)
    transverse_v, transverse_a = v[1, 1] + v[2, 2], x[1, 1] + x[2, 2]
    both, longitudinal = transverse_v + transverse_a, v[0, 0] + x[0, 0]
    mass = 4.0 / 3.0 * m2
    timelike = 4.0 / 3.0 * (energy + m2 + momentum) * pp
    g000 = (
        4.0 / 9.0 * (3.0 * energy + momentum) * (both + longitudinal)
        + mass * (transverse_v + v[0, 0] - transverse_a - x[0, 0])
        + timelike
    )
    g200 = (
        -4.0 / 9.0 * (3.0 * energy + momentum) * (both - 2.0 * longitudinal)
        - mass * (transverse_v - 2.0 * v[0, 0] - transverse_a + 2.0 * x[0, 0])
        + 2.0 * timelike
    )
    g020 = -2.0 / 9.0 * square / q2 * (2.0 * longitudinal - both)
    g220 = -2.0 / 9.0 * square / q2 * (4.0 * longitudinal + both)
    g010 = 4.0 / 3.0 * root * (pair(1, 4) - pair(2, 5))
    g211 = 4.0 / math.sqrt(3.0) * root * (pair(1, 3) + pair(4, 0) - pair(0, 5) - pair(3, 2))
    g221 = 4.0 / 3.0 * square / q2 * (v[1, 0] + v[0, 2] + x[1, 0] + x[0, 2])
    g222 = -8.0 / 3.0 * square / q2 * (v[1, 2] + x[1, 2])
    g = {
        "1s": (8.0 * g000 + 2.0 * g020 - 4.0 * g200 - g220) / 32.0,
        "1c": (4.0 * g000 + g020 + 4.0 * g200 + g220) / 16.0,
        "2s": 3.0 / 32.0 * (2.0 * g020 - g220),
        "2c": 3.0 / 16.0 * (g020 + g220),
        "3": 3.0 / 32.0 * g222,
        "4": 3.0 / 32.0 * g221,
        "5": math.sqrt(3.0) / 16.0 * g211,
        "6s": 3.0 / 8.0 * g010,
        "7": -1j * math.sqrt(3.0) / 16.0 * g211,
        "8": -1j * 3.0 / 32.0 * g221,
        "9": -1j * 3.0 / 32.0 * g222,
    }
    components = {name: 32.0 / 3.0 * at.flux * form for name, form in g.items()}
    rate = 0.75 * (2.0 * components["1s"] + components["1c"]) - 0.25 * (2.0 * components["2s"] + components["2c"])
    return {RATE: rate, **components}


def _pseudoscalar_components(at: Kinematics, first: Complex, second: Complex) -> dict[str, Complex]:
    """The rate of B -> P l l, from two sets of amplitudes."""
    v, a, p = (np.einsum("kn,ln->kln", first[:, k], second[:, k].conj()) for k in range(3))
    m2, share = at.lepton**2, at.square / at.q2
    g0 = (at.q2 + 4.0 * m2 + share / 3.0) * v + (at.q2 - 4.0 * m2 + share / 3.0) * a
    g0 = g0 + (at.q2 + 4.0 * m2 + share) * p
    return {RATE: 2.0 * at.flux * g0}


def coefficients(form: Complex, scale: Real) -> tuple[Real, float]:
    """What multiplies each of `ALL_MONOMIALS` in a Hermitian form: float64[nodes, 18], and the rest that is left out.

    Parameters
    ----------
    form : complex128[5, 5, nodes]; scale : float64[5, nodes], square roots of the rate's squares of the five terms, to
        which the rest refers.
    """
    h = form
    twice = 2.0 * h
    table = {
        "c0": h[_SM, _SM].real,
        "c9_re": twice[_C9, _SM].real,
        "c9_im": -twice[_C9, _SM].imag,
        "c9_sq": h[_C9, _C9].real,
        "c10_re": twice[_C10, _SM].real,
        "c10_im": -twice[_C10, _SM].imag,
        "c10_sq": h[_C10, _C10].real,
        "cp_re": twice[_CP, _SM].real,
        "cp_sq": h[_CP, _CP].real,
        "c10_cp": twice[_C10, _CP].real,
        "c7_re": twice[_C7, _SM].real,
        "c7_im": -twice[_C7, _SM].imag,
        "c7_sq": h[_C7, _C7].real,
        "c7_c9": twice[_C7, _C9].real,
        "c9_c10": twice[_C9, _C10].real,
        "c10_c7": twice[_C10, _C7].real,
        "c10_c7_im": -twice[_C10, _C7].imag,
        "c9_c7_im": -twice[_C9, _C7].imag,
    }
    absent = [h[_CP, _SM].imag, h[_C9, _CP].real, h[_C9, _CP].imag, h[_C7, _CP].real, h[_C7, _CP].imag]
    absent += [h[_C9, _C10].imag, h[_C10, _CP].imag]
    pairs = [(_CP, _SM), *2 * [(_C9, _CP)], *2 * [(_C7, _CP)], (_C9, _C10), (_C10, _CP)]
    rest = max(
        float(np.max(np.abs(term) / (scale[k] * scale[other]))) for term, (k, other) in zip(absent, pairs, strict=True)
    )
    return np.array([table[name] for name in ALL_MONOMIALS]).T, rest


def component_forms(
    hadrons: str, lepton: str, q2: Real, par: Parameters, wanted: Sequence[str]
) -> tuple[dict[str, Real], float]:
    """The functions of some components at nodes, float64[nodes, 18] by name, and the largest product left out.

    Raises
    ------
    ArithmeticError
        A product of Wilson coefficients counts that the tables do not have.
    """
    forms = products(hadrons, lepton, q2, par, amplitudes(hadrons, lepton, q2, par))
    rate = forms[RATE]
    scale = np.sqrt(np.array([rate[k, k].real for k in range(_COUNT)]))
    found, worst = {}, 0.0
    for name in wanted:
        found[name], rest = coefficients(forms[name], scale)
        worst = max(worst, rest)
        if not rest < FORM_TOLERANCE:
            raise ArithmeticError(
                f"The component {name} of {hadrons}{2 * lepton} near q2 = {float(q2.mean()):.4g} GeV^2 has products of "
                f"Wilson coefficients that the tables leave out ({rest:.1e} of the rate)."
            )
    return found, worst
