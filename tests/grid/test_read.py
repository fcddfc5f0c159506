"""Reading the blocks of a packed file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import environment
from tests.support.paths import ROOT
from tests.support.runs import SETTINGS
from zdscan.grid.open import open_grid
from zdscan.grid.pack import pack
from zdscan.grid.read import reader
from zdscan.running import driver

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.mark.parametrize("block_points", [5, 61, 240])
def test_blocks_of_any_size_are_read_back(tmp_path, block_points):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), block_points=block_points, **SETTINGS)
    pack(path, tmp_path / "packed.h5")
    layout = open_grid(tmp_path / "packed.h5").layout
    flat = {name: values.reshape(1200, *values.shape[4:]) for name, values in whole(FakeEngine()).items()}
    with reader(layout) as io:
        for number in range(0, layout.plan.blocks, 1 + layout.plan.blocks // 25):
            block = layout.plan.block(number)
            for name, values in flat.items():
                expected = values[block.start : block.start + block.count]
                np.testing.assert_array_equal(io.read_field(name, block), expected)


def test_a_reader_without_the_plugin_gets_a_sentence(reference, tmp_path):
    pytest.importorskip("hdf5plugin", reason="the optional package hdf5plugin is not installed")
    path = tmp_path / "blosc.h5"
    pack(reference, path, compression="blosc")
    code = (
        "import sys; sys.modules['hdf5plugin'] = None\n"
        "from zdscan.grid.open import open_grid\nfrom zdscan.errors import UserError\n"
        f"try:\n    open_grid({str(path)!r})\nexcept UserError as error:\n    print(error)"
    )
    environment_ = environment(HDF5_PLUGIN_PATH=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment_, capture_output=True, text=True, check=True
    )
    assert "install hdf5plugin to read it" in done.stdout
