"""Minima over pairs of axes, block by block, against NumPy's minima of the whole array."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from zdscan.kernels import profile


def whole(chi2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The six profiles of an array float32[n0, n1, n2, n3] without NaN, and the first flat index of each minimum."""
    values, at = [], []
    index = np.arange(chi2.size).reshape(chi2.shape)
    for pair in combinations(range(4), 2):
        planes = np.moveaxis(chi2, pair, (0, 1)).reshape(chi2.shape[pair[0]] * chi2.shape[pair[1]], -1)
        where = np.moveaxis(index, pair, (0, 1)).reshape(planes.shape)
        lowest = planes.min(axis=1)
        values.append(lowest)
        first = np.where(planes == lowest[:, None], where, chi2.size).min(axis=1)
        at.append(np.where(np.isfinite(lowest), first, -1))
    return np.concatenate(values), np.concatenate(at)


def numbers(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """chi2 with many ties, NaN and infinities, and a mask in which a third of the points is excluded."""
    rng = np.random.default_rng(sum(shape))
    chi2 = rng.integers(0, 12, shape).astype(np.float32)
    chi2[rng.uniform(size=shape) < 0.2] = np.nan
    chi2[rng.uniform(size=shape) < 0.1] = np.inf
    return chi2, rng.integers(0, 3, shape).astype(np.uint32) // 2


def added(chi2: np.ndarray, excluded: np.ndarray, allowed_only: bool, length: int, blocks: slice) -> list[np.ndarray]:
    """Profiles of some of the blocks, of `length` points each, of every mass."""
    n0, n1, n2, n3 = chi2.shape
    cells = n0 * (n1 + n2 + n3) + n1 * (n2 + n3) + n2 * n3
    values, at = np.full(cells, np.inf, dtype=np.float32), np.full(cells, -1)
    line, number = np.empty(max(n2, n3), dtype=np.float32), 0
    for mass in range(n0):
        for first in range(0, n1 * n2 * n3, length):
            if number in range(*blocks.indices(chi2.size)):
                part = slice(first, first + length)
                block = chi2[mass].ravel()[part], excluded[mass].ravel()[part]
                profile.add_block(*block, allowed_only, n0, n1, n2, n3, mass, first, line, values, at)
            number += 1
    return [values, at]


@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (2, 3, 17, 1), (1, 1, 1, 9), (2, 1, 7, 3), (4, 3, 1, 1)])
@pytest.mark.parametrize("length", [1, 7, 1000])
@pytest.mark.parametrize("allowed_only", [False, True])
def test_profiles_of_blocks_are_those_of_the_whole(shape: tuple[int, ...], length: int, allowed_only: bool) -> None:
    chi2, excluded = numbers(shape)
    nothing = np.isnan(chi2) | (allowed_only & (excluded != 0))
    values, at = whole(np.where(nothing, np.float32(np.inf), chi2))
    found = added(chi2, excluded, allowed_only, length, slice(None))
    np.testing.assert_array_equal(found[0], values)
    np.testing.assert_array_equal(found[1], at)


@pytest.mark.parametrize("piece", [3, 1 << 20])
@pytest.mark.parametrize("turned", [False, True])
def test_partial_results_merge_to_the_whole(piece: int, turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever comes first, of equal minima the smallest index is kept."""
    monkeypatch.setattr(profile, "PIECE", piece)
    chi2, excluded = numbers((3, 4, 5, 6))
    parts = [added(chi2, excluded, False, 7, slice(start, None, 2)) for start in ((1, 0) if turned else (0, 1))]
    profile.merge(*parts[0], *parts[1])
    values, at = whole(np.where(np.isnan(chi2), np.float32(np.inf), chi2))
    np.testing.assert_array_equal(parts[0][0], values)
    np.testing.assert_array_equal(parts[0][1], at)
