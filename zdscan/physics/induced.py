r"""What couplings that break weak isospin, or stand beside mixing, induce at one loop. docs/neglected.md.

A doublet (u, d) with left-handed couplings (gL_u, gL_d), N copies (colours and generations) of it:

    W W Z_D:   delta gWW = (g^2/48 pi^2) L sum N (gL_u - gL_d - gWW),       L = ln(Lambda^2/m_W^2)
    mixing:    delta eps = (e/12 pi^2) sum N Q_f d_f ln(Lambda^2/m_f^2),    d_f = v_f - (mixing's part)

Both are logarithms of an unknown cut-off: estimates of what is left out, never part of a prediction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs.constants import Constants, load
from zdscan.physics.case import COUPLINGS
from zdscan.physics.vertex import Transition, vertex

Array = NDArray[Any]
Couplings = Mapping[str, Array]
ROUNDING = 1e-12  # of the largest term, below which a sum of couplings is taken as zero


def cutoff_in_words() -> str:
    """The cut-off Lambda of the logarithms, for sentences."""
    return f"a cut-off of {load()['cutoff_induced'] / 1000.0:g} TeV"


@dataclass(frozen=True)
class Fermion:
    """A charged fermion, or several that couple alike.

    Attributes
    ----------
    name : in ``v_<name>`` and ``a_<name>``.
    charge, isospin : Q and T3 of the left-handed part.
    colours : of each.
    masses : constants with the masses, one for each generation; "" for a light quark.
    partner : coupling of the other member where that is a neutrino, "" for a quark.
    """

    name: str
    charge: float
    isospin: float
    colours: int
    masses: tuple[str, ...]
    partner: str = ""


# Charm and top couple as up, strange and bottom as down.
UP = Fermion("u", 2 / 3, 0.5, 3, ("", "m_c_loop", "m_t_loop"))
DOWN = Fermion("d", -1 / 3, -0.5, 3, ("", "", "m_b_42"))
LEPTONS = tuple(Fermion(name, -1.0, -0.5, 1, (f"m_{name}",), f"g_nu{name}") for name in ("e", "mu", "tau"))
CHARGED = (*LEPTONS, UP, DOWN)


def _known(fermion: Fermion, couplings: Couplings) -> bool:
    """Whether the matrix has rows for a fermion; one that it does not know couples as mixing has it."""
    return f"v_{fermion.name}" in couplings


def _left(fermion: Fermion, couplings: Couplings) -> Array:
    return np.asarray(couplings[f"v_{fermion.name}"] + couplings[f"a_{fermion.name}"])


def _sum(*terms: Array) -> Array:
    """A sum in which what rounding leaves of terms that cancel is zero."""
    total = np.sum(terms, axis=0)
    size = np.sum(np.abs(terms), axis=0)
    return np.asarray(np.where(np.abs(total) <= ROUNDING * size, 0.0, total))


def isospin_breaking(couplings: Couplings) -> Array:
    """Sum over left-handed doublets, colours counted, of gL_up - gL_down - gWW; zero for a conserved current."""
    w = couplings["gWW"]
    quarks = 3.0 * UP.colours * _sum(_left(UP, couplings), -_left(DOWN, couplings), -w)
    leptons = [
        _sum(couplings[item.partner], -_left(item, couplings), -w) for item in LEPTONS if _known(item, couplings)
    ]
    return _sum(quarks, *leptons)


def induced_gww(couplings: Couplings, c: Constants) -> Array:
    """The coupling to W+ W- that doublets with unlike members induce below the cut-off."""
    g_squared = 4.0 * math.sqrt(2.0) * c["GF"] * c["MW"] ** 2
    logarithm = math.log((c["cutoff_induced"] / c["MW"]) ** 2)
    return g_squared / (48.0 * math.pi**2) * logarithm * isospin_breaking(couplings)


@cache
def monopole_of_gww(transition: Transition) -> complex:
    """E0 of a transition per unit of gWW, nothing else coupling."""
    alone = np.zeros((len(COUPLINGS), 3))
    alone[COUPLINGS.index("gWW"), 0] = 1.0
    return complex(vertex(alone, transition).e0[0])


def mixing_part(couplings: Couplings, c: Constants) -> tuple[Array, Array]:
    """The eps and eps_z that a set of couplings contains, read off the W's and Goldstone bosons'.

    Charged bosons couple through mixing alone: no global symmetry of quarks and leptons acts on them.
    """
    z_w, z_goldstone = c["gz"] * (1.0 - c["sin2_theta_w"]), c["gz"] * (0.5 - c["sin2_theta_w"])
    eps_z = _sum(couplings["gWW"], -couplings["gpp"]) / (z_w - z_goldstone)
    return _sum(couplings["gWW"], -z_w * eps_z) / c["e"], eps_z


def induced_mixing(couplings: Couplings, mass: float, c: Constants) -> Array:
    """The kinetic mixing that charged fermions induce through vector couplings that mixing does not account for."""
    eps, eps_z = mixing_part(couplings, c)
    terms = []
    for item in CHARGED:
        if _known(item, couplings):
            photon = c["e"] * item.charge * eps
            z = c["gz"] * (item.isospin / 2.0 - item.charge * c["sin2_theta_w"]) * eps_z
            direct = _sum(np.asarray(couplings[f"v_{item.name}"]), -photon, -z)
            logarithms = [_logarithm(name, mass, c) for name in item.masses]
            terms.append(item.colours * item.charge * sum(logarithms) * direct)
    return c["e"] / (12.0 * math.pi**2) * _sum(*terms)


def _logarithm(name: str, mass: float, c: Constants) -> float:
    """ln(Lambda^2/m^2): m is the mass of the fermion, for a light quark where confinement ends it, or the vector's."""
    lowest = max(c[name or "infrared_of_light_quarks"], mass)
    return math.log((c["cutoff_induced"] / lowest) ** 2)
