"""Seeds of fits."""

from __future__ import annotations

import numpy as np

from zdscan.analysis.fits.seeds import thinned
from zdscan.scan.axes import spaced


def test_thinning_keeps_ends_zero_and_wishes() -> None:
    axis = spaced(-1.0, 1.0, 101, "symlog", 1e-3)
    few = thinned(axis, 7, keep=[axis[13]])
    assert {axis[0], axis[-1], 0.0, axis[13]} <= set(few)
    assert len(few) <= 9
    np.testing.assert_array_equal(thinned(axis[:5], 7), axis[:5])
