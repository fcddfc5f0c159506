"""What a search excludes of one model along its coupling, solved by bisection: widths and clauses, no evaluator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from zdscan.inputs import constants
from zdscan.physics import hadrons
from zdscan.physics.cases import COUPLINGS
from zdscan.physics.clause import Clause, Model

C = constants.load()


def model(couplings: Mapping[str, float]) -> Model:
    """A model whose parameter eps is the coupling g."""
    matrix = np.zeros((len(COUPLINGS), 3))
    for name, value in couplings.items():
        matrix[COUPLINGS.index(name), 0] = value
    return Model(matrix, "complete", "complete", 1.0, "rashed2024")


def widths(couplings: Mapping[str, float], mass: float) -> dict[str, float]:
    """Partial widths at g = 1 in GeV, written out again; hadrons with the R ratios of zdscan."""

    def lepton(name: str, m: float) -> float:
        r, v, a = (m / mass) ** 2, couplings.get(f"v_{name}", 0.0), couplings.get(f"a_{name}", 0.0)
        if 4 * r >= 1:
            return 0.0
        beta = math.sqrt(1 - 4 * r)
        return mass / (12 * math.pi) * beta * (v * v * (1 + 2 * r) + a * a * (1 - 4 * r))

    u, d, s = (couplings.get(f"v_{q}", 0.0) for q in "uds")
    au, ad, a_s = (couplings.get(f"a_{q}", 0.0) for q in "uds")
    rho, omega, phi = u - d, 3 * (u + d), -3 * s
    rr, oo, pp, ro, rp, op, *axial = hadrons.factors("complete", mass).tolist()
    vector = rr * rho**2 + oo * omega**2 + pp * phi**2 + ro * rho * omega + rp * rho * phi + op * omega * phi
    axials = axial[0] * (au - ad) ** 2 + axial[1] * (au + ad) ** 2 + axial[2] * a_s**2
    neutrinos = sum(couplings.get(name, 0.0) ** 2 for name in ("g_nue", "g_numu", "g_nutau"))
    return {
        "ee": lepton("e", C["m_e"]),
        "mumu": lepton("mu", C["m_mu"]),
        "hadrons": vector + axials,
        "pipi": rr * rho**2,
        "invisible": mass / (24 * math.pi) * neutrinos,
    }


def ratio(clauses: Sequence[Clause], partial: Mapping[str, float], g: float) -> float:
    """The largest of value over limit at the coupling g."""
    total = (partial["ee"] + partial["mumu"] + partial["hadrons"] + partial["invisible"]) * g * g
    found = 0.0
    for clause in clauses:
        value = sum((c * g**i).real for (i, _, _), c in clause.polynomial.terms.items())
        if clause.channels:
            value *= sum(partial[channel] for channel in clause.channels) * g * g / total
        start, end = clause.window
        if end > 0.0:
            value *= math.exp(-start * total) * (1.0 if math.isinf(end) else -math.expm1(-(end - start) * total))
        if total <= clause.max_width:
            found = max(found, value / clause.up)
    return found


def edges(clauses: Sequence[Clause], partial: Mapping[str, float], low: float, high: float) -> list[float]:
    """Couplings between two at which it begins or ceases to be excluded, to 1e-9."""
    grid = np.geomspace(low, high, 100)
    values = [ratio(clauses, partial, g) - 1.0 for g in grid]
    found = []
    for a, b, x, y in zip(grid, grid[1:], values, values[1:], strict=False):
        if (x > 0.0) == (y > 0.0):
            continue
        for _ in range(40):
            middle = math.sqrt(a * b)
            if (ratio(clauses, partial, middle) > 1.0) == (x > 0.0):
                a = middle
            else:
                b = middle
        found.append(math.sqrt(a * b))
    return found
