"""How often a light vector is made, beside a dark photon of eps = 1: polynomials by the name of the process.

Each is a quadratic form of the couplings, 1 for v_f = e Q_f. It holds nothing that a branching ratio or a width could
change. docs/constraints-low-energy.md#productions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import mul

from zdscan.errors import no_such
from zdscan.inputs import against_mass, mesons
from zdscan.kernels.physics.mesons import breit_wigner, weights
from zdscan.kernels.physics.widths import hadronic_currents, hadronic_pairs
from zdscan.physics.clause import Model
from zdscan.physics.polynomial import Polynomial

Production = Callable[[Model, float], Polynomial]

LHCB = "lhcb_production"  # the table of shares
# What rho, omega and phi contribute where a pseudoscalar goes to a photon and the vector: with diagonal generators T,
# tr(T_P Q T_V) tr(T_V Q); T_pi ~ (1, -1, 0), T_eta ~ (1, 1, -1), T_eta' ~ (1, 1, 2), T_phi ~ (0, 0, 1) of u, d, s.
MIXTURES: Mapping[str, tuple[float, float, float]] = {
    "pi0_gamma": (1.0, 1.0, 0.0),
    "eta_gamma": (9.0, 1.0, -2.0),
    "etap_gamma": (9.0, 1.0, 4.0),
    "p_brem": (1.0, 1.0, 0.0),  # charge of the proton, with the form factors of rho and omega
}


def _fermion(vector: str, axial: str, charge: float) -> Production:
    """A fermion of this charge, and as light: (v^2 + a^2)/(e Q)^2."""

    def production(model: Model, mass: float) -> Polynomial:
        scale = 1.0 / (model.constants["e"] * charge) ** 2
        return scale * (model.product(vector, vector) + model.product(axial, axial))

    return production


def _currents(model: Model) -> tuple[Polynomial, Polynomial, Polynomial]:
    """c_rho, c_omega, c_phi in units of e."""
    quarks = (model.coupling(name) * (1.0 / model.constants["e"]) for name in ("v_u", "v_d", "v_s"))
    rho, omega, phi = hadronic_currents(*quarks)
    return rho, omega, phi


@lru_cache(maxsize=8)
def _pairs(model: Model) -> tuple[Polynomial, ...]:
    """The six products of two currents, in units of e; they do not change with the mass."""
    quarks = (model.coupling(name) * (1.0 / model.constants["e"]) for name in ("v_u", "v_d", "v_s"))
    return hadronic_pairs(*quarks, times=mul)


def _current(place: int) -> Production:
    """One of the three currents alone."""

    def production(model: Model, mass: float) -> Polynomial:
        current = _currents(model)[place]
        return current * current

    return production


def _mixture(parts: tuple[float, float, float]) -> Production:
    """|sum w c BW|^2/|sum w BW|^2 over rho, omega and phi."""

    def production(model: Model, mass: float) -> Polynomial:
        known = mesons.load()
        amplitudes = [w * breit_wigner(mass, known[name]) if w else 0j for w, name in zip(parts, known, strict=True)]
        shares = (weights(amplitudes) / abs(sum(amplitudes)) ** 2).tolist()
        return Polynomial.combination(*zip(shares, _pairs(model), strict=True))

    return production


def _lhcb(model: Model, mass: float) -> Polynomial:
    """The mixture of LHCb's acceptance: shares of a dark photon's production, linear in the mass; 0 below 0.214 GeV."""
    table = against_mass.load(LHCB)
    shares = {name: table.at(name, mass) for name in table.columns}
    total = sum(shares.values())
    parts = ((share / total, PRODUCTIONS[name](model, mass)) for name, share in shares.items() if share > 0.0)
    return Polynomial.combination(*parts)


PRODUCTIONS: Mapping[str, Production] = {
    "e_e": _fermion("v_e", "a_e", -1.0),
    "e_brem": _fermion("v_e", "a_e", -1.0),
    "mu_brem": _fermion("v_mu", "a_mu", -1.0),
    "u_u": _fermion("v_u", "a_u", 2 / 3),
    "d_d": _fermion("v_d", "a_d", -1 / 3),
    "s_s": _fermion("v_s", "a_s", -1 / 3),
    **{name: _mixture(parts) for name, parts in MIXTURES.items()},
    "rho0": _current(0),
    "omega_pi0": _current(0),
    "omega": _current(1),
    "phi": _current(2),
    "phi_eta": _current(2),
    "lhcb": _lhcb,
}


@lru_cache(maxsize=64)  # at one mass several searches ask for the same process
def production(name: str, model: Model, mass: float) -> Polynomial:
    """The rate of a process by name over that of a dark photon at eps = 1; mass in GeV.

    Raises
    ------
    ValueError
        There is no such process; the sentence names the nearest.
    """
    if name not in PRODUCTIONS:
        raise ValueError(f"There is {no_such('production', name, sorted(PRODUCTIONS))}.")
    return PRODUCTIONS[name](model, mass)
