"""Where functions of one variable are positive: intervals with both edges, many functions at once. docs/limits.md.

The functions are logarithms of ratios, the variable is that of a coupling. They are sampled on a scan, which finds what
is wider than its steps. What is thinner lies at a maximum below 0 or a minimum above 0 of the samples: these are
followed by golden section until they change sign, or are flat so far from 0 that they cannot. Every change of sign is
then a bracket, which shrinks by inverse interpolation and bisection (Chandrupatla), so that edges where a function
jumps are found as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Function = Callable[[Array], Array]  # variable float64[n] -> all functions float64[n, functions]

FLOOR = -60.0  # lowest value of a function: the logarithm of a ratio of 0
WIDTH = 1e-9  # of the variable: edges are as exact, and an interval or a gap as thin is passed over
_ZERO = 1e-12  # of a function: nearer to 0 its rounding decides
_FLAT = 0.02  # an extremum is given up where its three samples differ by less than this share of its distance from 0
_GOLDEN = (3.0 - 5.0**0.5) / 2.0
_MOST_STEPS = 120  # bisection alone takes 40


@dataclass(frozen=True)
class Intervals:
    """Where functions are positive, sorted by function and place.

    Attributes
    ----------
    function : intp[m], number of the function.
    low, high : float64[m], edges; minus infinity and infinity where the scan begins or ends inside.
    """

    function: Places
    low: Array
    high: Array


def positive(function: Function, scan: Array) -> Intervals:
    """The intervals in which the functions are positive, within an ascending scan of at least three values.

    A function of 0 counts as positive.
    """
    values = function(scan)
    left, right, which = _changes(scan, values)
    more = _followed(function, scan, values)
    left, right, which = (np.concatenate(pair) for pair in zip((left, right, which), more, strict=True))
    edges = _edges(function, left, right, which)
    order = np.lexsort((edges, which))
    return _intervals(values, edges[order], which[order])


def _changes(scan: Array, values: Array) -> tuple[Array, Array, Places]:
    """Brackets of the changes of sign between neighbours of the scan."""
    above = values >= 0.0
    steps, which = np.nonzero(above[1:] != above[:-1])
    return scan[steps], scan[steps + 1], which


def _followed(function: Function, scan: Array, values: Array) -> tuple[Array, Array, Places]:
    """Brackets, two each, at extrema of the scan that reach the other sign between its values."""
    before, here, after = values[:-2], values[1:-1], values[2:]
    peaks = (here < 0.0) & (here > FLOOR) & (here >= before) & (here > after)  # of a plateau the last sample
    dips = (here >= 0.0) & (here <= before) & (here < after)
    steps, which = np.nonzero(peaks | dips)
    sign = np.where(peaks, 1.0, -1.0)[steps, which]  # of what is to be made larger
    places = np.stack([scan[steps], scan[steps + 1], scan[steps + 2]])
    heights = sign * np.stack([values[steps, which], values[steps + 1, which], values[steps + 2, which]])
    outer = places[[0, 2]]
    # Golden section for what is largest in the middle: below 0 until it has reached the other sign.
    active = _worth(places, heights)
    for _ in range(_MOST_STEPS):
        at = np.flatnonzero(active)
        if not at.size:
            break
        a, m, b = places[:, at]
        to_right = b - m > m - a
        new = m + _GOLDEN * np.where(to_right, b - m, a - m)
        height = sign[at] * function(new)[np.arange(at.size), which[at]]
        better = height > heights[1, at]
        end = np.where(to_right == better, 0, 2)  # the end that moves: to the old middle or to the new point
        places[end, at], heights[end, at] = np.where(better, (m, heights[1, at]), (new, height))
        places[1, at] = np.where(better, new, m)
        heights[1, at] = np.where(better, height, heights[1, at])
        active = _worth(places, heights)
    found = np.where(sign > 0.0, heights[1] >= 0.0, heights[1] > 0.0)
    middle, (low, high), of = places[1][found], outer[:, found], which[found]
    return np.concatenate([low, middle]), np.concatenate([middle, high]), np.concatenate([of, of])


def _worth(places: Array, heights: Array) -> NDArray[np.bool_]:
    """Which extrema are still to be followed: of the sign they had, wide enough, and not flat far from 0."""
    spread = heights[1] - np.minimum(heights[0], heights[2])
    worth: NDArray[np.bool_] = (heights[1] <= 0.0) & (places[2] - places[0] > WIDTH) & (spread > -_FLAT * heights[1])
    return worth


def _edges(function: Function, left: Array, right: Array, which: Places) -> Array:
    """The places of the changes of sign in brackets, to `WIDTH`."""
    if not left.size:
        return left
    every = np.arange(left.size)
    ends = function(np.concatenate([left, right]))
    a, b = left.copy(), right.copy()
    fa, fb = ends[every, which], ends[left.size + every, which]
    c, fc = a.copy(), fa.copy()
    share = np.clip(fa / np.where(fa == fb, 1.0, fa - fb), 0.05, 0.95)  # a power law is straight: first the secant
    active = np.abs(b - a) > WIDTH
    for _ in range(_MOST_STEPS):
        at = np.flatnonzero(active)
        if not at.size:
            break
        x = a[at] + share[at] * (b[at] - a[at])
        fx = function(x)[np.arange(at.size), which[at]]
        same = (fx >= 0.0) == (fa[at] >= 0.0)
        c[at], fc[at] = np.where(same, a[at], b[at]), np.where(same, fa[at], fb[at])
        b[at], fb[at] = np.where(same, b[at], a[at]), np.where(same, fb[at], fa[at])
        a[at], fa[at] = x, fx
        width = np.abs(b - a)
        active = (width > WIDTH) & (np.abs(fa) > _ZERO)
        share = _next_share(a, b, c, fa, fb, fc, width)
    return np.where(np.abs(fa) <= np.abs(fb), a, b)


def _next_share(a: Array, b: Array, c: Array, fa: Array, fb: Array, fc: Array, width: Array) -> Array:
    """Where between a and b to look next: inverse quadratic interpolation where that is safe, else the middle."""
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        safe = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
        inverse = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        least = 0.5 * WIDTH / width
    share = np.where(safe & np.isfinite(inverse), inverse, 0.5)
    clipped: Array = np.clip(share, np.minimum(least, 0.5), np.maximum(1.0 - least, 0.5))
    return clipped


def _intervals(values: Array, edges: Array, which: Places) -> Intervals:
    """Edges, sorted by function and place, as intervals; a function begins with its sign at the scan's first value."""
    functions, low, high = [], [], []
    for number in range(values.shape[1]):
        own = edges[which == number].tolist()
        if values[0, number] >= 0.0:
            own.insert(0, -np.inf)
        if len(own) % 2:
            own.append(np.inf)
        functions += [number] * (len(own) // 2)
        low += own[::2]
        high += own[1::2]
    return Intervals(np.array(functions, dtype=np.intp), np.array(low), np.array(high))
