"""The record of a run in the history of its file."""

from __future__ import annotations

import numpy as np

from zdscan.grid.open import open_grid


def test_history_tells_what_made_the_file(reference):
    (entry,) = open_grid(reference).history
    assert entry["state"] == "finished"
    assert entry["start"] <= entry["stop"]
    assert entry["points_computed"] == 1200
    assert entry["versions"]["numpy"] == np.__version__
    assert entry["host"]
