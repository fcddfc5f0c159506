"""Evenly spaced numbers in linear, logarithmic and asinh scales, with the same bits on every processor.

Powers and hyperbolic functions of NumPy and of the system's mathematical library differ in the last bit from one
processor or version to the next. Here they are made of what IEEE 754 fixes, +, -, x, / of doubles one at a time, and of
decimal numbers of many digits, rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MANY = Context(prec=45)  # digits: of a double's 17, those that cancel and a wide margin
_ROUNDED = Decimal("1e-13")  # steps of equidistant numbers differ by their rounding
# expm1 by Remez polynomials (fdlibm, Sun Microsystems 1993), good to less than 1 unit in the last place.
_LN2_HIGH, _LN2_LOW, _PER_LN2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700e00
_LN2_HALF, _LN2_THREE_HALVES = 0.34657353162765503, 1.0397205352783203
_EXPM1 = (
    -3.33333333333331316428e-02,
    1.58730158725481460165e-03,
    -7.93650757867487942473e-05,
    4.00821782732936239552e-06,
    -2.01099218183624371326e-07,
)
_LARGE = 22.0  # beyond, sinh(x) is exp(x)/2 in double precision


def linear(low: float, high: float, n: int) -> Array:
    """n >= 2 equidistant numbers from low to high, end points exact."""
    step = (high - low) / (n - 1)
    found = np.arange(n, dtype=np.float64) * step + low
    found[-1] = high
    return found


def logarithmic(low: float, high: float, n: int) -> Array:
    """n >= 2 numbers from low > 0 to high, equidistant in their logarithms, end points exact."""
    first, last = (float(_MANY.log10(Decimal(end))) for end in (low, high))
    exponents = linear(first, last, n)
    with localcontext(_MANY):
        found = np.array(list(_powers(exponents.tolist())))
    found[0], found[-1] = low, high
    return found


def asinh(x: float) -> float:
    """The inverse hyperbolic sine, rounded correctly."""
    if abs(x) < 1e-12:  # the next term, x^3/6, is far less than half a unit in the last place
        return x
    exact = Decimal(abs(x))
    with localcontext(_MANY):
        size = float((exact + (exact * exact + 1).sqrt()).ln())
    return -size if x < 0 else size


def sinh(x: Array) -> Array:
    """The hyperbolic sine of numbers that are not negative."""
    e = _expm1(np.minimum(x, _LARGE))
    found = np.where(x < 1.0, 0.5 * (2.0 * e - e * e / (e + 1.0)), 0.5 * (e + e / (e + 1.0)))
    large = np.flatnonzero(x >= _LARGE)
    found[large] = [0.5 * float(_MANY.exp(Decimal(value))) for value in x[large].tolist()]
    return found


def _powers(exponents: Iterable[float]) -> Iterable[float]:
    """10 to the power of numbers that follow each other in nearly equal steps, each rounded correctly."""
    log, half, one = _MANY.ln(Decimal(10)), Decimal("0.5"), Decimal(1)
    before, step, ratio, power = Decimal(0), Decimal(0), one, one
    for exponent in map(Decimal, exponents):
        change = exponent - before
        rest = (change - step) * log
        if abs(rest) > _ROUNDED:  # another step than the last one, as at the beginning
            step, ratio, rest = change, _MANY.exp(change * log), Decimal(0)
        power *= ratio * (one + rest * (one + rest * half))  # exp(rest), but for rest^3/6
        before = exponent
        yield float(power)


def _expm1(x: Array) -> Array:
    """exp(x) - 1 for 0 <= x <= 22, in the order of operations of fdlibm."""
    k = np.where(x > _LN2_HALF, np.where(x < _LN2_THREE_HALVES, 1.0, np.floor(_PER_LN2 * x + 0.5)), 0.0)
    high, low = x - k * _LN2_HIGH, k * _LN2_LOW
    reduced = high - low
    lost = (high - reduced) - low
    half = 0.5 * reduced
    square = reduced * half
    square2 = square * square
    series = (1.0 + square * _EXPM1[0]) + square2 * (_EXPM1[1] + square * _EXPM1[2])
    series = series + square2 * square2 * (_EXPM1[3] + square * _EXPM1[4])
    t = 3.0 - series * half
    e = square * ((series - t) / (6.0 - reduced * t))
    near = reduced - (reduced * e - square)
    e = (reduced * (e - lost) - lost) - square
    powers = np.ldexp(1.0, -k.astype(np.int64))
    once = np.where(reduced < -0.25, -2.0 * (e - (reduced + 0.5)), 1.0 + 2.0 * (reduced - e))
    more = np.where(k < 20.0, (1.0 - powers) - (e - reduced), (reduced - (e + powers)) + 1.0) / powers
    return np.where(k == 0.0, near, np.where(k == 1.0, once, more))
