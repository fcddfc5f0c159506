"""The spacing of an axis is recognised."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.analysis.views.spacing import spacing_of
from zdscan.scan.axes import spaced


def test_spacing_is_recognised() -> None:
    assert spacing_of(np.linspace(0.0, 1.0, 11))[0] == "linear"
    assert spacing_of(np.geomspace(1e-3, 1.0, 11))[0] == "log"
    kind, width = spacing_of(spaced(-0.1, 0.1, 201, "symlog", 1e-6))
    assert kind == "asinh"
    assert width == pytest.approx(1e-6, rel=1e-9)
    kind, width = spacing_of(np.array([0.0, 1e-5, 1e-4, 1e-3]))
    assert (kind, width) == ("asinh", 1e-5)
