"""Images of a disk, as a power failure would leave it, taken during runs: mounted, resumed to the same bytes."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.launching import TIMEOUT, contents, done_blocks, start, until
from tests.support.runs import resume, run
from zdscan.grid import provenance
from zdscan.grid.verify import verify

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

pytestmark = pytest.mark.slow

IMAGES = 12  # of each run
MEGABYTES = 24


def quietly(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout


@contextlib.contextmanager
def mounted(image, folder):
    """The disk in an image, with its journal replayed; skips where nothing can be mounted. Gives the device."""
    folder.mkdir(exist_ok=True)
    try:
        quietly("mount", "-o", "loop", image, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {getattr(error, 'stderr', error)!r}")
    try:
        yield Path(quietly("findmnt", "-no", "SOURCE", folder).strip()).name
    finally:
        quietly("umount", folder)


def written(device):
    """Writes that the device has done and has in hand."""
    numbers = Path(f"/sys/block/{device}/stat").read_text().split()
    return numbers[4], numbers[8]


def photograph(image, device, copy):
    """Copy the image between two writes of the device: then it is what the disk held at one instant."""
    limit = time.monotonic() + TIMEOUT
    while time.monotonic() < limit:
        before = written(device)
        shutil.copyfile(image, copy)
        if before == written(device) and before[1] == "0":
            return
    raise AssertionError("the disk was never at rest for as long as a copy takes")


@pytest.mark.skipif(shutil.which("mkfs.ext4") is None or os.getuid() != 0, reason="needs root and mkfs.ext4")
@pytest.mark.parametrize("stored", [True, False], ids=["fields", "profiles alone"])
def test_a_disk_that_lost_power_at_any_instant_is_resumed(tmp_path, stored):
    provenance.commit()
    settings = () if stored else ("--profiles-only", "--checkpoint-seconds", 0.05)
    run(tmp_path / "reference.h5", FakeEngine(stored=stored), block_points=10)
    reference = contents(tmp_path / "reference.h5")
    image, chance = tmp_path / "disk", random.Random(f"{stored}")
    with image.open("wb") as file:
        file.truncate(MEGABYTES * 2**20)
    quietly("mkfs.ext4", "-q", "-F", image)
    copies = []
    with mounted(image, tmp_path / "at work") as device:
        grid = tmp_path / "at work" / "grid.h5"
        job = start(
            "run", grid, "--block-points", 10, "--delay", 0.03, "--sync-seconds", 0.05, "--hold", 100, *settings
        )
        try:
            while len(copies) < IMAGES:
                if len(copies) == IMAGES - 1:  # at work for long, and on the disk
                    until(lambda: done_blocks(grid) >= 50)
                    time.sleep(1.0)
                if grid.exists() or not copies:  # the first while the file is created
                    copies.append(tmp_path / f"copy{len(copies)}")
                    photograph(image, device, copies[-1])
                time.sleep(chance.uniform(0.05, 0.4))
        finally:
            job.kill()
            job.communicate(timeout=TIMEOUT)
    finished = []
    for copy in copies:
        with mounted(copy, tmp_path / "again"):
            grid = tmp_path / "again" / "grid.h5"
            if grid.exists():
                assert verify(grid).header_ok
                summary = resume(grid, FakeEngine(stored=stored))
                finished.append(summary.points - summary.computed)
            else:
                run(grid, FakeEngine(stored=stored), block_points=10)
            assert contents(grid) == reference
            assert sorted(path.name for path in grid.parent.iterdir()) == ["grid.h5", "lost+found"]
        copy.unlink()
    assert len(finished) >= IMAGES - 1
    assert finished == sorted(finished), "blocks that were on the disk are lost"
    assert finished[-1] > 0
