"""Couplings per unit of g of vectors that searches have been recast to, from their charges and loops.

Neutrinos are given by the squared coupling of one left-handed neutrino of the same width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

from tests.twins.mixing_loop import mixing

E = 0.302822  # as the other program rounds it
CHARGE = {"v_e": -1.0, "v_mu": -1.0, "v_u": 2 / 3, "v_d": -1 / 3, "v_s": -1 / 3}
S2, GZ = 0.23122, 0.740701
Couplings = dict[str, float]


def _charges(leptons: float, quarks: float, neutrino: float) -> Couplings:
    found = {name: leptons if name in ("v_e", "v_mu") else quarks for name in CHARGE}
    return found | dict.fromkeys(("g_nue", "g_numu", "g_nutau"), neutrino)


def _families(e: float, mu: float, tau: float, chiralities: int, eps: float) -> Couplings:
    """Differences of lepton numbers: charges, neutrinos of one or both chiralities, and mixing for the rest."""
    found = {name: E * eps * charge for name, charge in CHARGE.items()}
    found |= {"g_nue": e, "g_numu": mu, "g_nutau": tau}
    found = {name: value * (math.sqrt(chiralities) if name.startswith("g_") else 1.0) for name, value in found.items()}
    for name, charge in (("v_e", e), ("v_mu", mu)):
        if charge:
            found[name] = charge
    return found


def _dark_z() -> Couplings:
    third = {"e": (-0.5, -1.0), "mu": (-0.5, -1.0), "u": (0.5, 2 / 3), "d": (-0.5, -1 / 3), "s": (-0.5, -1 / 3)}
    found = {f"v_{name}": GZ * (t / 2 - q * S2) for name, (t, q) in third.items()}
    found |= {f"a_{name}": GZ * t / 2 for name, (t, _) in third.items()}
    return found | dict.fromkeys(("g_nue", "g_numu", "g_nutau"), GZ / 2)


@cache
def _mu_tau(mass: float) -> float:
    """The size of eps/g from loops of mu and tau, which the other program takes for every pair of leptons."""
    return abs(mixing(mass, "mu", "tau"))


def couplings(model: str, mass: float) -> Mapping[str, float]:
    """Of a model by the name that the stored limits have."""
    mu_tau = _mu_tau(mass) if model.startswith("L") else 0.0
    return {
        "dark_photon": lambda: {name: E * charge for name, charge in CHARGE.items()},
        "B-L_boson": lambda: _charges(-1.0, 1 / 3, -math.sqrt(2.0)),
        "B_boson": lambda: ({name: -0.000580704403 if name in ("v_e", "v_mu") else 1 / 3 for name in CHARGE}),
        "Lmu-Ltau_boson": lambda: _families(0.0, 1.0, -1.0, 2, mu_tau),
        "LmuLtau_LH": lambda: _families(0.0, 1.0, -1.0, 1, mu_tau),
        "Le-Lmu_boson": lambda: _families(1.0, -1.0, 0.0, 2, mu_tau),
        "Le-Ltau_boson": lambda: _families(1.0, 0.0, -1.0, 2, mu_tau),
        "darkZ": _dark_z,
        "LmuLtau_unmixed": lambda: {"v_mu": 1.0, "g_numu": 1.0, "g_nutau": -1.0},
        "invisible": lambda: {"v_e": E, "v_u": 2 * E / 3, "v_d": -E / 3, "v_s": -E / 3, "g_nue": 300.0},
        "muonphilic": lambda: {"v_mu": 1.0},
    }[model]()
