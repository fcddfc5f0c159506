"""The scan that the jobs run, the grid of a run that nothing interrupted, and what became of a job's grid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.launching import contents
from zdscan.grid.verify import verify

# Many masses with few points: a mass costs some milliseconds of preparation, so the job is long and its file small.
TEXT = """\
format = 2
case = "C"

[axes]
mass = {{ min = 0.01, max = 1.9, n = {masses}, spacing = "log" }}
eps = {{ values = [0.0] }}
eps_z = {{ min = -1e-3, max = 1e-3, n = 5, spacing = "linear" }}
g_mu = {{ min = 1e-4, max = 1e-1, n = 5, spacing = "log" }}

[output]
fields = ["chi2", "excluded"]
"""
ZDSCAN = Path(sys.executable).with_name("zdscan")
EQUAL = "grid equal to an uninterrupted one"


class Wrong(Exception):
    """Something is not as promised; the message says what."""


def scan_file(folder: Path, masses: int) -> Path:
    """The scan with that many masses."""
    path = folder / f"scan-{masses}.toml"
    path.write_text(TEXT.format(masses=masses))
    return path


def uninterrupted(scan: Path) -> Path:
    """Its grid, made by one process without a launcher, once."""
    grid = scan.with_suffix(".reference.h5")
    if not grid.exists():
        done = subprocess.run(
            [ZDSCAN, "run", scan, "-o", grid, "--threads", "2"], capture_output=True, text=True, check=False
        )
        expect(done.returncode == 0, f"the uninterrupted run failed: {done.stderr[-500:]}")
    return grid


def expect(holds: bool, message: str) -> None:
    """Raise `Wrong` with the message unless it holds."""
    if not holds:
        raise Wrong(message)


def compare(grid: Path, scan: Path) -> str:
    """Words for a grid whose every dataset (but the history) has the bytes of the uninterrupted one; else `Wrong`."""
    ours, theirs = contents(grid), contents(uninterrupted(scan))
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    expect(not names, f"differs from the uninterrupted grid in {', '.join(names)}")
    return EQUAL


def intact(grid: Path) -> None:
    """Raise `Wrong` where a finished block does not have its checksum."""
    expect(verify(grid).ok, "finished blocks are damaged")
