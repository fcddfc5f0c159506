"""Areas over the mass: which intervals belong together, and what is inside of the polygons."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from zdscan.analysis.pictures.areas import groups, joined, outlines, polygons

SPLIT = [[(1.0, 4.0)], [(1.0, 2.0), (3.0, 5.0)], [(8.0, 20.0)], [(7.0, 20.0)]]


def test_intervals_that_overlap_belong_together() -> None:
    assert list(groups(SPLIT[0], SPLIT[1])) == [(SPLIT[0], SPLIT[1])]
    assert list(groups(SPLIT[1], SPLIT[2])) == [([(1.0, 2.0)], []), ([(3.0, 5.0)], []), ([], SPLIT[2])]
    assert list(groups([(1.0, 2.0), (5.0, 6.0)], [(1.5, 3.0)])) == [([(1.0, 2.0)], [(1.5, 3.0)]), ([(5.0, 6.0)], [])]
    assert list(groups([], [])) == []


def winding(lines, x: float, y: float) -> int:
    """How often closed polygons go round a point, counted where they cross the ray to the right of it."""
    turns = 0
    for line in lines:
        for (x0, y0), (x1, y1) in pairwise([*line, line[0]]):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                turns += 1 if y1 > y0 else -1
    return turns


def test_inside_is_what_the_intervals_say() -> None:
    """Between two masses at their values: in an interval of both inside, in none of both outside, once at most."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        columns = []
        for _ in range(3):
            edges = np.sort(rng.uniform(0.1, 10.0, 2 * rng.integers(0, 4)))
            columns.append([(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)])
        areas = polygons([0.0, 1.0, 2.0], columns)
        for left in (0, 1):
            for y in rng.uniform(0.1, 10.0, 50):
                for place in (left + 1e-9, left + 1 - 1e-9):
                    here = columns[left if place < left + 0.5 else left + 1]
                    there = columns[left + 1 if place < left + 0.5 else left]
                    inside = [pair for pair in here if pair[0] < y < pair[1]]
                    met = inside and any(low <= inside[0][1] and inside[0][0] <= high for low, high in there)
                    if min(abs(y - edge) for pair in [*here, (-9.0, 99.0)] for edge in pair) > 1e-6:
                        assert winding(areas, place, y) == (1 if met else 0)


def test_a_wedge_stays_open_where_an_area_splits() -> None:
    areas = polygons([0.0, 1.0], SPLIT[:2])
    tip = math.sqrt(6.0)
    assert winding(areas, 0.9, tip) == 0
    assert winding(areas, 0.9, 1.5) == winding(areas, 0.9, 3.5) == 1
    assert winding(areas, 0.1, 3.5) == 1


def test_an_outline_has_upright_ends_but_not_at_the_border() -> None:
    lines = outlines([0.0, 1.0, 2.0, 3.0], SPLIT)
    upright = {
        (line[k][0], line[k][1], line[k + 1][1])
        for line in lines
        for k in range(len(line) - 1)
        if line[k][0] == line[k + 1][0]
    }
    assert upright == {(1.0, 1.0, 2.0), (1.0, 3.0, 5.0), (2.0, 8.0, 20.0)}
    without = outlines([0.0, 1.0, 2.0, 3.0], SPLIT, ends=False)
    assert not any(a[0] == b[0] for line in without for a, b in pairwise(line))


def test_lines_that_meet_are_one() -> None:
    assert joined([[(0, 1), (1, 1)], [(0, 2), (1, 3)], [(1, 1), (2, 0)]]) == [
        [(0, 1), (1, 1), (2, 0)],
        [(0, 2), (1, 3)],
    ]


def test_a_thin_gap_goes_on_between_values() -> None:
    """As many intervals on both sides: the gap is a band, and not two wedges."""
    areas = polygons([0.0, 1.0], [[(1.0, 2.0), (2.5, 9.0)], [(1.0, 4.0), (5.0, 9.0)]])
    assert winding(areas, 0.5, 3.3) == 0
    assert winding(areas, 0.5, 2.8) == winding(areas, 0.5, 3.9) == 1
    assert len(outlines([0.0, 1.0], [[(1.0, 2.0), (2.5, 9.0)], [(1.0, 4.0), (5.0, 9.0)]])) == 4
