"""Minima of a 4D grid over pairs of its axes, updated block by block.

The six profiles of axes (0, 1, 2, 3) lie one after the other in one array of cells, in the order of the pairs
(0,1) (0,2) (0,3) (1,2) (1,3) (2,3), each in C order. Partial results of different workers are merged at the end.

Most lines of a scan improve nothing, and finding that out is a vectorised comparison; only the others are walked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels.jit import inner, njit


@njit
def add_block(
    chi2: NDArray[np.float32],
    excluded: NDArray[np.unsignedinteger],
    allowed_only: bool,
    n0: int,
    n1: int,
    n2: int,
    n3: int,
    mass: int,
    first: int,
    values: NDArray[np.float32],
    at: NDArray[np.int64],
) -> None:
    """Add the points first..first+len(chi2) of one mass, in C order of the other three axes.

    Blocks must be added to one result in ascending order: of equal minima the first met is kept.

    Parameters
    ----------
    chi2, excluded : the block's numbers; points with a bit set are skipped when `allowed_only`. NaN and infinity
        are skipped always.
    n0, n1, n2, n3 : lengths of the axes.
    values, at : in and out: minima of the cells and the flat grid index of each (infinity and -1 at the start).
    """
    base02 = n0 * n1
    base03 = base02 + n0 * n2
    base12 = base03 + n0 * n3
    base13 = base12 + n1 * n2
    base23 = base13 + n1 * n3
    if n3 == 1:  # lines of one point would be slow; with the last two axes swapped the flat order is the same
        n2, n3 = 1, n2
        base02, base03 = base03, base02
        base12, base13 = base13, base12
    nothing = np.float32(np.inf)
    line = np.empty(n3, dtype=np.float32)
    start = mass * n1 * n2 * n3 + first
    done = 0
    while done < chi2.size:
        point = first + done
        g0 = point % n3
        z = (point // n3) % n2
        e = point // (n3 * n2)
        count = min(n3 - g0, chi2.size - done)
        part = chi2[done : done + count]
        if allowed_only:
            bits = excluded[done : done + count]
            for i in range(count):
                line[i] = part[i] if bits[i] == 0 else nothing
            part = line[:count]
        flat = start + done
        _lower_line(values, at, base03 + mass * n3 + g0, part, flat)
        _lower_line(values, at, base13 + e * n3 + g0, part, flat)
        _lower_line(values, at, base23 + z * n3 + g0, part, flat)
        cells = (mass * n1 + e, base02 + mass * n2 + z, base12 + e * n2 + z)
        highest = max(values[cells[0]], values[cells[1]], values[cells[2]])
        lower = 0
        for i in range(count):
            lower += part[i] < highest
        if lower:
            for cell in cells:
                for i in range(count):
                    if part[i] < values[cell]:
                        values[cell] = part[i]
                        at[cell] = flat + i
        done += count


@inner
def _lower_line(
    values: NDArray[np.float32], at: NDArray[np.int64], cell: int, line: NDArray[np.float32], flat: int
) -> None:
    present = values[cell : cell + line.size]  # a slice from 0: the comparison below is vectorised
    lower = 0
    for i in range(line.size):
        lower += line[i] < present[i]
    if lower:
        for i in range(line.size):
            if line[i] < present[i]:
                present[i] = line[i]
                at[cell + i] = flat + i


@njit
def merge(
    values: NDArray[np.float32], at: NDArray[np.int64], other: NDArray[np.float32], other_at: NDArray[np.int64]
) -> None:
    """Lower the first partial result by the second; of equal minima the smallest index is kept."""
    for cell in range(values.size):
        if other_at[cell] >= 0 and (
            other[cell] < values[cell] or (other[cell] == values[cell] and other_at[cell] < at[cell])
        ):
            values[cell] = other[cell]
            at[cell] = other_at[cell]
