"""What the picture of every boundary leaves out."""

from __future__ import annotations

import numpy as np

from zdscan.analysis.pictures.summary import without_specks


def test_streaks_and_specks_of_an_exclusion_are_left_out_of_the_summary() -> None:
    excluded = np.zeros((12, 30), dtype=bool)
    excluded[:, 10:] = True
    expected = excluded.copy()
    excluded[:, 15:17] = False  # a window two cells wide along y
    excluded[3:5, 20:23] = False  # a hole of six cells
    excluded[2:5, 2:4] = True  # an island of six
    np.testing.assert_array_equal(without_specks(excluded), expected)
    excluded[:, 17] = False  # three wide: a window to be seen
    expected[:, 15:18] = False
    np.testing.assert_array_equal(without_specks(excluded), expected)
    for shape in ((2, 3), (3, 3), (30, 30)):
        assert not without_specks(np.zeros(shape, dtype=bool)).any()
        assert without_specks(np.ones(shape, dtype=bool)).all()
