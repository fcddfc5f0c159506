"""One-loop d_j -> d_i V penguin from Feynman-parameter integrals, at any precision (mpmath).

An own calculation: no closed form of the kernels enters. Feynman rules ('t Hooft-Feynman gauge, m_i of the internal up
quark, x = m_i^2/MW^2, momentum q of V outgoing, p1 = p_b, p2 = p_s, m_s = 0):

    u u V      i gamma^nu (gL PL + gR PR)
    d u W      i g/sqrt2 gamma PL,   d u phi  i g/(sqrt2 MW) (m_i PL - m_b PR)
    W phi V    i gWp MW g^(nu beta),   phi phi V  -i gpp (k1 + k2)^nu
    W(k1, beta) -> W(k2, alpha) V
               i gWW [ (k1+k2)^nu g^(alpha beta) - g^(nu beta) (k1+q)^alpha + g^(nu alpha) (q-k2)^beta ]

Every triangle is written with Feynman parameters y1, y2 of the two lines that touch V and 1 - y1 - y2 of the third. The
loop momentum is shifted, l^a l^b -> g^(ab) l^2/D, and between on-shell spinors (sbar p2slash = 0, p1slash b = m_b b),
with a = a1 p1 + a2 p2 and so on, O(m_b^2) dropped:

    aslash gamma^nu bslash PL -> a1 b2 q^2 gamma^nu PL + 2 a1 (b1 p1 + b2 p2)^nu m_b PR
    p1slash p2slash gamma^nu -> -q^2 gamma^nu,   gamma^nu p1slash p2slash PL -> -q^2 gamma^nu PL - 2 p2^nu m_b PR

The coefficient of gamma^nu PL is E0 + E2 q^2, that of m_b (p1+p2)^nu PR is M1. The denominator is Delta - y1 y2 q^2
with, in units of MW^2 and s = y1 + y2,

    Delta = 1 - s + s x ('uu': V on the quark)   or   s + (1 - s) x ('bb': V on the bosons)
    1/(l^2 - Delta)^3 -> -1/(2 Delta),   l^2/(l^2 - Delta)^3 -> (D/4)(1/eps - ln Delta)

(MSbar at mu = MW, anticommuting gamma5). D-dimensional algebra multiplies 1/eps by x-independent constants only,
removed by the unitarity of the CKM matrix, except in the quark triangle with phi, where lslash gamma lslash =
(2-D)/D l^2 gamma gives the 'one' term of E0 below. The self-energies of the legs add -gD A(0).
The constant F(x -> 0) (after its ln x) is removed exactly, as a rational number.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from math import factorial

from mpmath import mp, mpf
from mpmath.calculus.quadrature import GaussLegendre

DIGITS = 50
STRUCTURES = ("E0", "E2", "M1")
COUPLINGS = ("L", "R", "WW", "pp", "Wp", "D")

# A numerator: {(a, b): c} stands for sum c y1^a y2^b. A term: (line that V touches, power of x, kind, numerator), kind
# "log" for ln(Delta), "one" for 1, and n for Delta^-n, to be integrated over the triangle y1, y2 > 0, y1 + y2 < 1.
Numerator = Mapping[tuple[int, int], int | Fraction]
Term = tuple[str, int, str | int, Numerator]

_ONE: Numerator = {(0, 0): 1}
_Y1Y2: Numerator = {(1, 1): 1}

TRIANGLES: dict[tuple[str, str], list[Term]] = {
    # V on the quark, coupling gL, k the boson's momentum.
    # W: N = -2 gL (p1-k)slash gamma (p2-k)slash; phi: -x^2 gL gamma + x m_b gL gamma (p1-k)slash PR
    ("E0", "L"): [("uu", 0, "log", {(0, 0): -2}), ("uu", 2, 1, _ONE)],
    ("E2", "L"): [
        ("uu", 0, 1, {(0, 0): 2, (1, 0): -2, (0, 1): -2, (1, 1): 4}),  # 2 [y1 y2 (from ln) + (1-y1)(1-y2)]
        ("uu", 2, 2, _Y1Y2),
    ],
    ("M1", "L"): [
        ("uu", 0, 1, {(0, 0): 2, (1, 0): -4, (0, 1): -2, (2, 0): 2, (1, 1): 2}),  # 2 (1-y1)(1-y1-y2)
        ("uu", 1, 1, {(0, 1): 1}),
    ],
    # V on the quark, coupling gR.
    # W: N = -2 gR m^2 gamma; phi: -x gR [(p2-k)slash gamma (p1-k)slash PL - m_b (p2-k)slash gamma PR]
    ("E0", "R"): [("uu", 1, 1, {(0, 0): 2}), ("uu", 1, "log", {(0, 0): -1}), ("uu", 1, "one", {(0, 0): -1})],
    ("E2", "R"): [("uu", 1, 2, {(1, 1): 2}), ("uu", 1, 1, {(1, 1): 2})],
    ("M1", "R"): [("uu", 1, 1, {(2, 0): 1, (1, 1): 1})],  # y1 (y1 + y2)
    # V on two W
    ("E0", "WW"): [("bb", 0, "log", {(0, 0): 6})],
    ("E2", "WW"): [("bb", 0, 1, {(1, 0): 2, (0, 1): 2, (1, 1): -8})],
    ("M1", "WW"): [("bb", 0, 1, {(0, 1): 1, (2, 0): 2, (1, 1): 2})],  # -2 y1 (1-y1-y2) + 2 y1 + y2
    # V on two phi
    ("E0", "pp"): [("bb", 1, "log", {(0, 0): 1})],
    ("E2", "pp"): [("bb", 1, 1, {(1, 1): -1})],
    ("M1", "pp"): [("bb", 1, 1, {(0, 0): 1, (1, 0): -2, (0, 1): -1, (2, 0): 1, (1, 1): 1})],  # (1-y1)(1-y1-y2)
    # V on W and phi, both orders: N = 2 x gamma - m_b gamma rslash PR
    ("E0", "Wp"): [("bb", 1, 1, {(0, 0): -2})],
    ("E2", "Wp"): [("bb", 1, 2, {(1, 1): -2})],
    ("M1", "Wp"): [("bb", 0, 1, {(0, 1): 1})],
    # V on the legs, -gD A(0); A = (2 + x) int dz z (1/eps - ln Delta): one parameter, the same as numerator 1 (s ds)
    ("E0", "D"): [("bb", 0, "log", {(0, 0): 2}), ("bb", 1, "log", {(0, 0): 1})],
    ("E2", "D"): [],
    ("M1", "D"): [],
}

# Coefficient of 1/eps + ln(mu^2/MW^2) in E0, (x-independent, proportional to x), from the same l^2 numerators.
POLES: dict[str, tuple[Fraction, Fraction]] = {
    "L": (Fraction(1), Fraction(0)),
    "R": (Fraction(0), Fraction(1, 2)),
    "WW": (Fraction(-3), Fraction(0)),
    "pp": (Fraction(0), Fraction(-1, 2)),
    "Wp": (Fraction(0), Fraction(0)),
    "D": (Fraction(-1), Fraction(-1, 2)),
}


def _on_s(numerator: Numerator) -> dict[int, Fraction]:
    """Integrate the numerator over y1 + y2 = s: y1^a y2^b -> s^(a+b+1) a! b!/(a+b+1)!."""
    powers: dict[int, Fraction] = {}
    for (a, b), c in numerator.items():
        k = a + b + 1
        powers[k] = powers.get(k, Fraction(0)) + Fraction(c) * Fraction(factorial(a) * factorial(b), factorial(k))
    return powers


def _harmonic(n: int) -> Fraction:
    return sum((Fraction(1, j) for j in range(1, n + 1)), Fraction(0))


def _constant(term: Term) -> Fraction:
    """The x -> 0 limit of a term without its -P ln x, P the numerator on the singular end."""
    line, power, kind, numerator = term
    total = Fraction(0)
    for k, c in _on_s(numerator).items():
        if power == 0 and kind == "log":  # Delta -> 1-s or s
            total -= c * (_harmonic(k + 1) / (k + 1) if line == "uu" else Fraction(1, (k + 1) ** 2))
        elif power == 0 and kind == 1:
            total += -c * _harmonic(k) if line == "uu" else c / k  # int (s^k - 1)/(1-s) = -H_k; k >= 1
        elif power == 1 and kind == 2 and line == "uu":  # x int s^k/(1-s+sx)^2 -> 1
            total += c
    return total


@cache
def _nodes(precision: int) -> list[tuple[mpf, mpf]]:
    return GaussLegendre(mp).calc_nodes(5, precision)


@cache
def _moments(x: mpf, digits: int) -> dict[tuple[str, str | int, int], mpf]:
    """int_0^1 s^k kind(Delta) ds for k <= 4. With Delta = x^t the integrand is entire in t: fast convergence."""
    with mp.workdps(digits + 10):
        log_x = mp.log(x)
        panels = max(1, int(mp.ceil(abs(log_x) / 3)))
        result: dict[tuple[str, str | int, int], mpf] = {}
        for node, weight in _nodes(mp.prec):
            for panel in range(panels):
                t = (panel + (node + 1) / 2) / panels
                if x == 1:
                    rise, speed = t, mpf(1)
                else:
                    span = mp.expm1(log_x)
                    rise, speed = mp.expm1(t * log_x) / span, mp.exp(t * log_x) * log_x / span
                delta = mp.exp(t * log_x)
                kinds = {"log": t * log_x, "one": mpf(1), 1: 1 / delta, 2: 1 / delta**2}
                w = weight / (2 * panels) * speed
                for line, s in (("uu", rise), ("bb", 1 - rise)):
                    for kind, value in kinds.items():
                        f = w * value
                        for k in range(5):
                            key = (line, kind, k)
                            result[key] = result.get(key, mpf(0)) + f
                            f *= s
        return result


def loop_function(structure: str, coupling: str, x: float | str | mpf, digits: int = DIGITS) -> mpf:
    """F^coupling_structure(x), x-independent constant removed; x > 0 is taken as exact."""
    with mp.workdps(digits + 10):
        x = mpf(x)
        moments = _moments(x, digits)
        total = mpf(0)
        for term in TRIANGLES[structure, coupling]:
            line, power, kind, numerator = term
            for k, c in _on_s(numerator).items():
                total += x**power * mpf(c.numerator) / c.denominator * moments[line, kind, k]
            constant = _constant(term)
            total -= mpf(constant.numerator) / constant.denominator
        return total


def scale(structure: str, coupling: str, x: float) -> mpf:
    """|F| + |x dF/dx|: what a relative rounding error of x itself can do to F (the yardstick near the zeros of F)."""
    with mp.workdps(DIGITS):
        x = mpf(x)
        step = mpf(10) ** -12
        here, there = (loop_function(structure, coupling, x * (1 + d)) for d in (0, step))
        return abs(here) + abs(there - here) / step


def combination(structure: str, couplings: Mapping[str, float | mpf], x: float | mpf) -> mpf:
    """sum_c g_c F^c(x)."""
    with mp.workdps(DIGITS):
        return mp.fsum(mpf(g) * loop_function(structure, c, x) for c, g in couplings.items())


def photon() -> dict[str, mpf]:
    """Couplings of a photon in units of e: the electric charges."""
    with mp.workdps(DIGITS):
        third = mpf(1) / 3
        return {"L": 2 * third, "R": 2 * third, "WW": mpf(1), "pp": mpf(1), "Wp": mpf(1), "D": -third}


def z_boson(sw2: float | mpf) -> dict[str, mpf]:
    """Couplings of the Z in units of g/cos(theta_W): T3 - Q sW2 (quarks); W, phi from their covariant derivatives."""
    with mp.workdps(DIGITS):
        s, half, third = mpf(sw2), mpf(1) / 2, mpf(1) / 3
        quarks = {"L": half - 2 * third * s, "R": -2 * third * s, "D": -half + third * s}
        return {**quarks, "WW": 1 - s, "pp": half - s, "Wp": -s}


def baryon_number() -> dict[str, mpf]:
    """A gluon without its colour matrix: couples to the quarks alone, vectorially."""
    return {"L": mpf(1), "R": mpf(1), "WW": mpf(0), "pp": mpf(0), "Wp": mpf(0), "D": mpf(1)}
