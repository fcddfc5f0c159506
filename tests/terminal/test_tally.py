"""A grid file in a few numbers, against the numbers that were put into it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, whole
from tests.support.runs import run
from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.terminal import tally


def test_points_are_counted_over_finished_blocks_alone(tmp_path, reference):
    mask = whole(FakeEngine())["excluded"].reshape(-1)
    counted = tally.count(open_grid(reference), each=True)
    assert (counted.computed, counted.allowed) == (mask.size, np.count_nonzero(mask == 0))
    assert counted.excluded == {"k_mu_inv": np.count_nonzero(mask & 1), "apv": np.count_nonzero(mask & 2)}
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with path.open("r+b") as file:
        file.seek(open_grid(path).layout.done.offset + 3)
        file.write(b"\0")
    counted = tally.count(open_grid(path))
    left = np.delete(mask, np.arange(150, 200))
    assert (counted.computed, counted.allowed, counted.excluded) == (1150, np.count_nonzero(left == 0), {})


@pytest.mark.parametrize("index", [0, 49, 50, 239, 240, 1199])
def test_what_excludes_a_point_is_read_from_its_bits(reference, index):
    mask = whole(FakeEngine())["excluded"].reshape(-1)[index]
    expected = [name for name, bit in (("k_mu_inv", 1), ("apv", 2)) if mask & bit]
    assert tally.excluded_at(open_grid(reference), index) == expected


def test_profiles_alone_have_no_points_to_count(tmp_path):
    run(tmp_path / "grid.h5", FakeEngine(stored=False))
    with pytest.raises(UserError, match="stores profiles only"):
        tally.count(open_grid(tmp_path / "grid.h5"))
