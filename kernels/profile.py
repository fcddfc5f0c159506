"""Minima of a 4D grid over pairs of its axes, updated block by block.

The six profiles of axes (0, 1, 2, 3) lie one after the other in one array of cells, in the order of the pairs
(0,1) (0,2) (0,3) (1,2) (1,3) (2,3), each in C order. Partial results of different workers are merged at the end.

Most lines of a scan improve nothing, and finding that out is a vectorised comparison; only the others are walked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zdscan.kernels.jit import njit

PIECE = 1 << 20  # cells that are merged at once


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
    line: NDArray[np.float32],
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
    line : work space of max(n2, n3) numbers.
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
    points = chi2.shape[0]
    flat = mass * n1 * n2 * n3 + first
    done, g0 = 0, first % n3
    z, e = first // n3 % n2, first // n3 // n2
    while done < points:
        count = n3 - g0
        if count > points - done:
            count = points - done
        part = chi2[done : done + count]
        if allowed_only:
            bits = excluded[done : done + count]
            for i in range(count):
                line[i] = part[i] if bits[i] == 0 else nothing
            part = line[:count]
        # cells along the line, and those of the whole line
        cell0, cell1, cell2 = base03 + mass * n3 + g0, base13 + e * n3 + g0, base23 + z * n3 + g0
        alone0, alone1, alone2 = mass * n1 + e, base02 + mass * n2 + z, base12 + e * n2 + z
        present0 = values[cell0 : cell0 + count]  # indexed from 0: the comparisons are vectorised
        present1 = values[cell1 : cell1 + count]
        present2 = values[cell2 : cell2 + count]
        highest = values[alone0]
        if values[alone1] > highest:
            highest = values[alone1]
        if values[alone2] > highest:
            highest = values[alone2]
        along, lower = 0, 0
        for i in range(count):
            here = part[i]
            along += (here < present0[i]) | (here < present1[i]) | (here < present2[i])
            lower += here < highest
        if along:
            for k in range(3):
                cell = cell0 if k == 0 else (cell1 if k == 1 else cell2)
                for i in range(count):
                    if part[i] < values[cell + i]:
                        values[cell + i] = part[i]
                        at[cell + i] = flat + i
        if lower:
            for k in range(3):
                alone = alone0 if k == 0 else (alone1 if k == 1 else alone2)
                for i in range(count):
                    if part[i] < values[alone]:
                        values[alone] = part[i]
                        at[alone] = flat + i
        done += count
        flat += count
        g0, z = 0, z + 1
        if z == n2:
            z, e = 0, e + 1


def merge(
    values: NDArray[np.float32], at: NDArray[np.int64], other: NDArray[np.float32], other_at: NDArray[np.int64]
) -> None:
    """Lower the first partial result by the second; of equal minima the smallest index is kept."""
    for first in range(0, len(values), PIECE):
        ours, theirs = values[first : first + PIECE], other[first : first + PIECE]
        index, their_index = at[first : first + PIECE], other_at[first : first + PIECE]
        better = (theirs < ours) | ((theirs == ours) & (their_index < index))
        better &= their_index >= 0
        np.copyto(ours, theirs, where=better)
        np.copyto(index, their_index, where=better)
