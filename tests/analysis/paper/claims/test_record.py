"""What claims are made of."""

from __future__ import annotations

import math

from zdscan.analysis.paper.claims.record import near, text


def test_near_and_text():
    assert near(2.0, 1.5, 1.5)
    assert not near(2.0, 1.3, 1.5)
    assert not near(-2.0, 2.0, 10.0)
    assert not near(math.inf, 1.0, 2.0)
    assert text(math.inf) == "none"
