"""Neutrino-electron scattering at Borexino, TEXONO and CHARM-II. docs/constraints-direct.md; arXiv:1803.05466."""

from __future__ import annotations

import math
from functools import lru_cache

from zdscan.inputs import against_mass
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial

_TABLE = "nu_e"
_RESPONSES = ("lL", "lR", "qLL", "qRR", "qLR")
# The bound of each experiment, and what it counts: the part of the table, the neutrino, and its share in that part.
_EXPERIMENTS = {
    "nu_e_borexino": (("borexino_e", "g_nue", 1.0), ("borexino_x", "g_numu", 0.5), ("borexino_x", "g_nutau", 0.5)),
    "nu_e_texono": (("texono", "g_nue", 1.0),),
    "nu_e_charm2": (("charm2_nubar", "g_numu", 1.0),),
}


@lru_cache(maxsize=64)
def _products(model: Model, neutrino: str) -> tuple[Polynomial, ...]:
    """What the five responses multiply: x_L, x_R, x_L^2, x_R^2 and x_L x_R with x = g_nu (v_e +- a_e)."""
    vector, axial = model.product(neutrino, "v_e"), model.product(neutrino, "a_e")
    left, right = vector + axial, vector - axial
    return left, right, left * left, right * right, left * right


def clauses(model: Model, mass: float) -> list[Clause]:
    """|rate/SM - 1| below the bound of each experiment whose neutrinos couple to the vector, as electrons must."""
    table = against_mass.load(_TABLE)
    unit = 1.0 / (2.0 * math.sqrt(2.0) * model.constants["GF"] * mass * mass)
    powers = (unit, unit, unit * unit, unit * unit, unit * unit)
    found = []
    for name, parts in _EXPERIMENTS.items():
        terms = [
            (share * power * table.at(f"{part}_{response}", mass), product)
            for part, neutrino, share in parts
            for response, power, product in zip(_RESPONSES, powers, _products(model, neutrino), strict=True)
        ]
        shift, bound = Polynomial.combination(*terms), model.constants[name]
        if any(shift.terms.values()):
            found.append(Clause(polynomial=shift, up=bound, down=bound))
    return found


CONSTRAINT = Constraint(
    id="nu_e",
    title="Neutrino-electron scattering at Borexino, TEXONO and CHARM-II, rate/SM - 1",
    citations=(*against_mass.load(_TABLE).citations, "Bellini:2011rx", "TEXONO:2009knm", "CHARM-II:1993phx"),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=False,
    applies="all masses; couplings to electrons and to electron or muon neutrinos",
    slots=3,
    clauses=clauses,
    first_format=2,
    group="low-energy",
    likelihood="half-normal",
    because="Bounds on what a vector changes of a measured rate, beside an error that is Gaussian.",
)
