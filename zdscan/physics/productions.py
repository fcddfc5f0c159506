"""How often a light vector is made, beside a dark photon of eps = 1: polynomials by the name of the process.

Each is a quadratic form of the couplings, 1 for v_f = e Q_f. It holds nothing that a branching ratio or a width could
change. docs/constraints-low-energy.md#productions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import mul

import numpy as np

from zdscan.errors import no_such
from zdscan.inputs import against_mass, mesons
from zdscan.kernels.physics.mesons import breit_wigner, weights
from zdscan.kernels.physics.widths import hadronic_currents, hadronic_pairs
from zdscan.physics.case import COUPLINGS, TAU
from zdscan.physics.clause import Model
from zdscan.physics.polynomial import Polynomial

Production = Callable[[Model, float], Polynomial]

LHCB = "lhcb_production"  # the table of shares
_SAME = 1e-9  # of the largest coupling: couplings are typed as numbers
_CHARGES = {
    "v_e": -1.0,
    "v_mu": -1.0,
    "v_tau": -1.0,
    "v_u": 2 / 3,
    "v_d": -1 / 3,
    "v_s": -1 / 3,
}
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


def _dark_photon(model: Model, mass: float) -> Polynomial:
    """Of a dark photon alone: (v_e/e)^2 if the couplings to all but tau leptons are charges, else nothing."""
    charges = {name: charge * model.constants["e"] for name, charge in _CHARGES.items()}
    fermions = [name for name in COUPLINGS if name[:2] in ("v_", "a_", "g_") and name not in TAU]
    photon = np.array([charges.get(name, 0.0) for name in fermions])
    given = model.matrix[[COUPLINGS.index(name) for name in fermions]]
    sizes = given[fermions.index("v_e")] / charges["v_e"]
    if not np.allclose(given, np.outer(photon, sizes), rtol=0.0, atol=_SAME * float(np.abs(given).max())):
        return Polynomial.constant(0.0)
    return PRODUCTIONS["e_e"](model, mass)


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
    "dark_photon": _dark_photon,
}
UNMADE: Mapping[str, str] = {  # what a model lacks that does not make the vector so, in words
    "e_e": "no coupling to electrons, whose annihilation makes the vector",
    "e_brem": "no coupling to electrons, which radiate the vector",
    "mu_brem": "no coupling to muons, which radiate the vector",
    "u_u": "no coupling to up quarks",
    "d_d": "no coupling to down quarks",
    "s_s": "no coupling to strange quarks",
    "pi0_gamma": "no vector coupling to u and d quarks, without which pi0 -> gamma V is forbidden",
    "eta_gamma": "no vector coupling to quarks, without which eta -> gamma V is forbidden",
    "etap_gamma": "no vector coupling to quarks, without which eta' -> gamma V is forbidden",
    "p_brem": "no vector charge of the proton, which radiates the vector; axial charges cannot be recast",
    "rho0": "no vector couplings to u and d quarks that differ, by which the rho mixes with the vector",
    "omega_pi0": "no vector couplings to u and d quarks that differ, without which omega -> pi0 V is forbidden",
    "omega": "no vector couplings to u and d quarks by which the omega mixes with the vector",
    "phi": "no vector coupling to strange quarks, by which the phi mixes with the vector",
    "phi_eta": "no vector coupling to strange quarks, without which phi -> eta V is forbidden",
    "lhcb": "no coupling to quarks, whose annihilation and mesons make the vector",
    "dark_photon": "a limit for a dark photon alone: it cannot be recast for other couplings",
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
