"""Which way lines run."""

from __future__ import annotations

import pytest

from zdscan.evaluation.expansion import roles_of
from zdscan.grid.blocks import LINES_AT_ONCE
from zdscan.kernels.fast import tile


@pytest.mark.parametrize(
    ("lengths", "roles"),
    [
        ((21, 201, 51), (0, 1, 2)),
        ((1, 1, 500), (0, 1, 2)),
        ((268, 401, 1), (2, 0, 1)),
        ((300, 2, 3), (1, 0, 2)),
        ((5000, 5001, 1), (2, 0, 1)),
    ],
)
def test_lines_run_where_they_cost_least(lengths, roles):
    """Bundles fill their lanes where they can; a g_mu axis of one value is no line; lines run along blocks."""
    assert tile.LANES == LINES_AT_ONCE
    assert roles_of(lengths) == roles
