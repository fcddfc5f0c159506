"""Grid files of the fake engine, empty and finished, and refusals to make or read them."""

from __future__ import annotations

import re

import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from tests.support.runs import run
from zdscan.errors import UserError
from zdscan.grid import create as grid_create
from zdscan.grid.blocks import Plan


def create(path, engine=None, **changes):
    """Create the file of the fake grid without a number in it; its layout."""
    engine = engine or FakeEngine()
    scan = FakeScan()
    settings = {
        "scan_text": scan.text,
        "overrides": scan.overrides,
        "profiles": True,
        "history": [{"state": "running"}],
        "overwrite": False,
    }
    return grid_create.create(path, engine, Plan(engine.shape, 50), **{**settings, **changes})


def finished(path, **settings):
    """Compute the fake grid in blocks of the size that the program chooses; the path."""
    run(path, **{"block_points": None, **settings})
    return path


def refused(action, *words):
    """The action is refused with sentences in which each of these patterns is found."""
    with pytest.raises(UserError) as caught:
        action()
    text = "\n".join(caught.value.messages)
    for word in words:
        assert re.search(word, text), text
