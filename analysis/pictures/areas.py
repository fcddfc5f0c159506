"""Areas over the mass: what intervals at neighbouring masses span together, as polygons to fill and lines to draw.

Intervals of two neighbouring masses belong together where they overlap. Of as many at one as at the other each goes on
for itself, and so do the gaps between them. One that splits in two, or two that meet, leave a wedge open between them.
Where nothing overlaps, an area ends with an upright line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

Interval = tuple[float, float]
Point = tuple[float, float]
Line = list[Point]


def groups(left: Sequence[Interval], right: Sequence[Interval]) -> Iterator[tuple[list[Interval], list[Interval]]]:
    """The sets of intervals that overlap across, each side in ascending order; one side of a set may be empty."""
    ends = [(interval, 0) for interval in left] + [(interval, 1) for interval in right]
    together: tuple[list[Interval], list[Interval]] = ([], [])
    reach = -np.inf, -np.inf  # how far the intervals of either side go up
    for interval, side in sorted(ends):
        if interval[0] > reach[1 - side] and any(together):
            yield together
            together, reach = ([], []), (-np.inf, -np.inf)
        together[side].append(interval)
        reach = (max(reach[0], interval[1]), reach[1]) if side == 0 else (reach[0], max(reach[1], interval[1]))
    if any(together):
        yield together


def _wedges(x: float, y: float, mine: Sequence[Interval], others: Sequence[Interval]) -> Iterator[Line]:
    """The open triangles between the intervals `others` at y, which end in a point at x within one of `mine`."""
    low, high = mine[0][0], mine[-1][1]
    for below, above in pairwise(others):
        tip = float(np.clip(np.sqrt(below[1] * above[0]), low, high))
        yield [(y, below[1]), (x, tip), (y, above[0])]


def polygons(x: Sequence[float], intervals: Sequence[Sequence[Interval]]) -> list[Line]:
    """Closed polygons at ascending x; what is cut out of one runs the other way round.

    Edges are positive and finite: what reaches beyond a picture is cut off before.
    """
    found = []
    for (a, left), (b, right) in pairwise(zip(x, intervals, strict=True)):
        for mine, others in groups(left, right):
            if len(mine) == len(others):
                pairs = zip(mine, others, strict=True)
                found += [[(a, this[0]), (b, that[0]), (b, that[1]), (a, this[1])] for this, that in pairs]
            elif mine and others:
                found.append([(a, mine[0][0]), (b, others[0][0]), (b, others[-1][1]), (a, mine[-1][1])])
                found += _wedges(a, b, mine, others)
                found += [wedge[::-1] for wedge in _wedges(b, a, others, mine)]
    return found


def outlines(x: Sequence[float], intervals: Sequence[Sequence[Interval]], *, ends: bool = True) -> list[Line]:
    """The edges of areas as open lines; with the upright lines at which they end, but for the first and the last x."""
    found: list[Line] = []
    last = len(x) - 1
    for i, ((a, left), (b, right)) in enumerate(pairwise(zip(x, intervals, strict=True))):
        for mine, others in groups(left, right):
            if len(mine) == len(others):
                pairs = list(zip(mine, others, strict=True))
                found += [[(a, this[end]), (b, that[end])] for this, that in pairs for end in (0, 1)]
            elif mine and others:
                found.append([(a, mine[0][0]), (b, others[0][0])])
                found.append([(a, mine[-1][1]), (b, others[-1][1])])
                found += [*_wedges(a, b, mine, others), *_wedges(b, a, others, mine)]
            elif ends and mine and i > 0:
                found += [[(a, low), (a, high)] for low, high in mine]
            elif ends and others and i + 1 < last:
                found += [[(b, low), (b, high)] for low, high in others]
    return joined(found)


def joined(lines: Sequence[Line]) -> list[Line]:
    """Lines that go on where another ends, as one: dashes run through."""
    open_lines: dict[Point, Line] = {}
    done = []
    for line in lines:
        before = open_lines.pop(line[0], None)
        if before is None:
            going_on = list(line)
            done.append(going_on)
        else:
            going_on = before
            going_on += line[1:]
        open_lines[going_on[-1]] = going_on
    return done
