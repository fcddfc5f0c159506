"""The inequalities that bounds have left, at the points of a tile or of whole lines."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.bounds import DEGREES
from zdscan.kernels.fast.tile import LANES
from zdscan.kernels.fast.window import LENGTH, NUMBERS, shares
from zdscan.kernels.jit import inner


@inner
def apply_left(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    degree: np.ndarray,
    bit: np.ndarray,
    prompt: np.ndarray,
    broadest: np.ndarray,
    window: np.ndarray,
    narrowest: float,
    widest: float,
    is_fixed: bool,
    left: np.ndarray,
    count: int,
    flags: np.ndarray,
    widths: np.ndarray,
    share: np.ndarray,
    part: np.ndarray,
) -> None:
    """Set the bits of inequalities left[:count] at the steps t of a bundle of lines.

    Parameters
    ----------
    c : float64[COEFFICIENTS * LANES]; d : float64[T * DEGREES * LANES]; degree to window : of `bounds.decide`.
    narrowest, widest : range of the width over these points, GeV; is_fixed : whether it depends on the line alone.
    flags : uint64[steps * LANES]; widths, share, part : float64[MOST_STEPS * LANES] to work in.
    """
    stride, steps = (0, 1) if is_fixed else (LANES, t.shape[0])
    waiting, known = -1, False
    for k in range(count):
        n = left[k]
        has_window = window[n * NUMBERS + LENGTH] > 0.0
        if has_window or narrowest < prompt[n] or widest > broadest[n] or degree[n] > 4:
            if not known:
                _tile.widths_of(t, c, steps, widths)
                known = True
            at = n * NUMBERS
            if has_window:
                shares(widths, steps * LANES, window[at], window[at + 1], narrowest, widest, share, part)
            else:
                for i in range(steps * LANES):
                    share[i] = 1.0
            if degree[n] <= 4 and narrowest > 0.0 and narrowest >= prompt[n] and widest <= broadest[n]:
                _tile.apply_window(
                    *(t, c, d, n * DEGREES, widths, share, stride, window[at + 2], window[at + 3], bit[n], flags)
                )
            else:
                _tile.apply_behind(
                    *(t, c, d, n * DEGREES, widths, share, stride, window[at + 2], window[at + 3]),
                    *(prompt[n], broadest[n], bit[n], flags),
                )
        elif degree[n] > 2:
            _tile.apply_quartic(t, c, d, n * DEGREES, bit[n], flags)
        elif waiting < 0:
            waiting = n
        else:
            _tile.apply_quadratics(t, c, d, waiting * DEGREES, n * DEGREES, bit[waiting], bit[n], flags)
            waiting = -1
    if waiting >= 0:
        row = waiting * DEGREES
        _tile.apply_quadratics(t, c, d, row, row, bit[waiting], bit[waiting], flags)
