"""H -> H' Z_D with an on-shell Z_D: branching ratios as polynomials in the parameters. docs/constraints-flavour.md.

BR = tau_H x factor x sum |amplitude|^2. The factor, phase space and normalisation, is that of the final state in
zdscan/kernels/physics/twobody.py; the amplitudes, from the vertex and the form factors, are made here. K -> pi Z_D:

    Gamma = lambda^(3/2)(m_K^2, m_pi^2, M^2)/(64 pi m_K^3 M^2) |F|^2                        `pseudoscalar_factor`
    F = (E0 + E2 M^2) f+(M^2) - M1 m_s M^2 fT(M^2)/(m_K + m_pi)                             `_pseudoscalar_amplitude`

with E2 of the photon from the measured K+ -> pi+ gamma* amplitude (`_measured_photon`). M1 of b -> s is, with theory
`complete`, that of the measured decay into a real photon (zdscan/physics/dipole.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import tables
from zdscan.inputs.spline import Spline
from zdscan.kernels.physics.twobody import inclusive_factor, pseudoscalar_factor, vector_amplitudes, vector_factor
from zdscan.physics.case import CASES, COUPLINGS
from zdscan.physics.clause import Clause, Model
from zdscan.physics.dipole import dipole_factor
from zdscan.physics.lifetime import with_escape
from zdscan.physics.parameters import PARAMETERS
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.vertex import Transition, vertex

Row = list[complex]  # per unit of eps, eps_z, g_mu
PSEUDOSCALAR = ("f+", "fT")
VECTOR = ("A1", "A12", "V", "T1", "T2", "T23")


@dataclass(frozen=True)
class Mode:
    """A decay H -> H' Z_D; masses and lifetimes by their names in the constants.

    Attributes
    ----------
    final : what the vector recoils against: a pseudoscalar, a vector, or the inclusive strange state.
    lifetimes : their mean is used.
    form_factors : name of the table, empty for the inclusive decay.
    heavy_quark : mass that multiplies M1.
    photon : the decay into a real photon that normalises M1, a key of `dipole.PHOTON_DECAYS`; empty for s -> d.
    cp_odd : K_L decay, through the imaginary part of the amplitude alone (phase convention with lambda_u real).
    """

    transition: Transition
    final: Literal["pseudoscalar", "vector", "inclusive"]
    parent: str
    daughter: str
    lifetimes: tuple[str, ...]
    form_factors: str
    heavy_quark: str
    photon: str = ""
    cp_odd: bool = False


MODES: Mapping[str, Mode] = {
    "B+->K+": Mode("bs", "pseudoscalar", "m_Bplus", "m_Kplus", ("tau_Bplus",), "B->K", "m_b_48", "K*"),
    "B0->K*0": Mode("bs", "vector", "m_B0", "m_Kst0", ("tau_B0",), "B->K*", "m_b_48", "K*"),
    "Bs->phi": Mode("bs", "vector", "m_Bs", "m_phi", ("tau_Bs",), "Bs->phi", "m_b_48", "phi"),
    "B->Xs": Mode("bs", "inclusive", "m_b_Xs", "", ("tau_Bplus", "tau_B0"), "", "m_b_Xs", "Xs"),
    "K+->pi+": Mode("sd", "pseudoscalar", "m_Kplus", "m_piplus", ("tau_Kplus",), "K->pi", "m_s_2"),
    "KL->pi0": Mode("sd", "pseudoscalar", "m_K0", "m_pi0", ("tau_KL",), "K->pi", "m_s_2", cp_odd=True),
}


@cache
def _form_factors(table: str, names: tuple[str, ...]) -> Spline:
    """All form factors of a decay in one spline of q^2."""
    nodes, _ = tables.form_factor(table, names[0])
    return Spline(nodes, np.column_stack([tables.form_factor(table, name)[1] for name in names]))


@lru_cache(maxsize=64)  # several constraints ask for the same
def branching_ratio(mode: str, model: Model, mass: float) -> Polynomial:
    """The branching ratio BR(H -> H' Z_D), of degree two in (eps, eps_z, g_mu); 0 above threshold.

    The polarisation sum is complete and the dipole M1 is kept in both theory settings; with `complete`, M1 of b -> s
    has the size measured with real photons.

    Parameters
    ----------
    mode : a key of `MODES`.
    mass : of the Z_D, GeV, at most 2.
    """
    decay, c = MODES[mode], model.constants
    lifetime = sum(c[name] for name in decay.lifetimes) / len(decay.lifetimes)
    if decay.final == "inclusive":
        m_b = c[decay.parent]
        return _sum_of_squares(_inclusive_amplitudes(decay, model, mass), lifetime * inclusive_factor(m_b, mass))
    parent, daughter = c[decay.parent], c[decay.daughter]
    if mass + daughter >= parent:
        return Polynomial({})
    if decay.final == "vector":
        factor = vector_factor(parent, daughter, mass)
        return _sum_of_squares(_helicity_amplitudes(decay, model, mass), lifetime * factor)
    amplitude = _pseudoscalar_amplitude(decay, model, mass)
    if decay.cp_odd:
        amplitude = [f.imag / c["K0_pi0_isospin"] for f in amplitude]
    return _sum_of_squares([amplitude], lifetime * pseudoscalar_factor(parent, daughter, mass))


def _sum_of_squares(amplitudes: Sequence[Row], factor: float) -> Polynomial:
    """The polynomial factor x sum over the rows of |row . (eps, eps_z, g_mu)|^2."""
    form = [0.0] * 9
    for row in amplitudes:
        for i, x in enumerate(row):
            for j, y in enumerate(row[i:], start=i):
                form[3 * i + j] += factor * (x.real * y.real + x.imag * y.imag)
    return Polynomial.quadratic(form)


def _pseudoscalar_amplitude(decay: Mode, model: Model, mass: float) -> Row:
    """The amplitude F = (E0 + E2 M^2) f+(M^2) - M1 m_q M^2 fT(M^2)/(m_H + m_P) per unit of each parameter."""
    c, q2 = model.constants, mass * mass
    f_plus, f_tensor = _form_factors(decay.form_factors, PSEUDOSCALAR)(q2)
    vector, m1 = _vertex(decay, model, mass, f_plus)
    tensor = c[decay.heavy_quark] * q2 * f_tensor / (c[decay.parent] + c[decay.daughter])
    return [v * f_plus - m * tensor for v, m in zip(vector, m1, strict=True)]


def _helicity_amplitudes(decay: Mode, model: Model, mass: float) -> list[Row]:
    """The helicity amplitudes (H_0, H_+, H_-) of H -> V Z_D in GeV per unit of each parameter."""
    c = model.constants
    form_factors = _form_factors(decay.form_factors, VECTOR)(mass * mass)
    vector, m1 = _vertex(decay, model, mass)
    masses = (c[decay.parent], c[decay.daughter], mass)
    of_vector = vector_amplitudes(*masses, 1.0, 0.0, *form_factors)
    of_dipole = vector_amplitudes(*masses, 0.0, c[decay.heavy_quark], *form_factors)
    return [[x * v + y * m for v, m in zip(vector, m1, strict=True)] for x, y in zip(of_vector, of_dipole, strict=True)]


def _inclusive_amplitudes(decay: Mode, model: Model, mass: float) -> list[Row]:
    """The longitudinal and the transverse amplitude of b -> s Z_D at leading order (GeV)."""
    m_b = model.constants[decay.heavy_quark]
    both = list(zip(*_vertex(decay, model, mass), strict=True))
    return [[m_b * (v - m * mass**2) for v, m in both], [math.sqrt(2.0) * mass * (v - m * m_b**2) for v, m in both]]


def _vertex(decay: Mode, model: Model, mass: float, f_plus: float = math.nan) -> tuple[Row, Row]:
    """(E0 + E2 M^2, M1) per unit of each parameter; the photon's amplitudes as measured (f_plus at M^2, for s -> d)."""
    e0, e2, m1 = model.vertex(decay.transition).rows
    if decay.transition == "sd":
        e2 = _measured_photon(model, mass, f_plus)
    if decay.photon and model.theory == "complete":
        factor = dipole_factor(decay.photon)
        m1 = [factor * x for x in m1]
    return [x + mass * mass * y for x, y in zip(e0, e2, strict=True)], m1


def _measured_photon(model: Model, mass: float, f_plus: float) -> Row:
    """E2 of s -> d, whose u and c logarithms are not computable at this scale for the photon's couplings.

    The real part of the photon's share of each column is therefore that of the measured K+ -> pi+ gamma* amplitude
    |a+ + b+ z| (arXiv:2209.05076), with the sign that the loop sum has relative to E0; everything else is the loop sum.
    """
    c = model.constants
    measured = abs(c["a_plus_K_pi_gamma"] + c["b_plus_K_pi_gamma"] * mass**2 / c["m_Kplus"] ** 2)
    photon = c["e"] * c["GF"] * measured / (8.0 * math.pi**2 * f_plus)
    _, e2, _ = model.vertex("sd").rows
    return [x + share * (photon - _photon_loop()) for x, share in zip(e2, _photon_shares(model), strict=True)]


@cache
def _photon_loop() -> float:
    """The photon's Re E2 of s -> d from the loops, per unit eps of Case A."""
    return float(vertex(CASES["A"].matrix, "sd").e2[PARAMETERS.index("eps")].real)


@lru_cache(maxsize=64)
def _photon_shares(model: Model) -> list[float]:
    """The photon's share of each column of the coupling matrix, by `_photon_share`."""
    return [_photon_share(column) for column in model.matrix.T]


def _photon_share(column: NDArray[np.float64]) -> float:
    """The share alpha if quarks, W and Goldstones couple as alpha x photon + beta x Z (columns of Case A), else 0."""
    rows = [COUPLINGS.index(name) for name in ("v_u", "a_u", "v_d", "a_d", "v_s", "a_s", "gWW", "gpp", "gWp")]
    basis, wanted = CASES["A"].matrix[rows, :2], column[rows]
    share = np.linalg.lstsq(basis, wanted, rcond=None)[0]
    matches = np.max(np.abs(basis @ share - wanted)) <= 1e-9 * np.max(np.abs(wanted))
    return float(share[0]) if matches else 0.0


def neutrino_clauses(
    model: Model,
    mass: float,
    mode: str,
    detector: str,
    standard_model: float,
    limit: float,
    measured: tuple[float, float] | None = None,
) -> list[Clause]:
    """BR_SM(H -> H' nu nu) + BR(H -> H' Z_D) BR_inv < limit, and for those that escape from the detector.

    Interference is below 3e-6 of the second. `measured` is as `Clause` has it.
    """
    return with_escape(model, mass, detector, branching_ratio(mode, model, mass), limit, standard_model, measured)
