"""Runs of the fake engine within this process, with the settings that most tests want; starts no other process."""

from __future__ import annotations

from tests.support.fake_engine import FakeEngine, FakeScan
from zdscan.running import driver

SETTINGS = {"threads": 1, "progress": False}
BLOCK = 50  # points: 25 blocks of the fake grid, five per mass of 240 points, the last of each with 40


def run(path, engine=None, **settings):
    """Compute the fake grid, or that of the engine given, into a new file."""
    return driver.run(
        FakeScan(), path, engine=engine or FakeEngine(), **{**SETTINGS, "block_points": BLOCK, **settings}
    )


def resume(path, engine=None, **settings):
    """Continue the file of the fake grid, or that of the engine given."""
    return driver.resume(path, engine=engine or FakeEngine(), **{**SETTINGS, **settings})
