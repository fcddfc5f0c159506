"""Jobs over several hosts: to the end, and with a host that loses its power or its network in mid-run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.clusters.hosts import Host, remote_shell, several
from tests.clusters.libraries import Library, installed
from tests.clusters.report import Report
from tests.clusters.scans import ZDSCAN, Wrong, compare, expect, intact, scan_file
from tests.support.launching import done_blocks
from tests.support.paths import ROOT
from zdscan.grid.open import open_grid
from zdscan.running.progress import read_status, status_path

MASSES = 3000
LOST_AFTER = 20  # seconds; by default zdscan waits for 300
PATIENCE = 240.0
RESUMABLE = 75


def environment(**more: str) -> dict[str, str]:
    """That of a user who has activated the environment of this zdscan."""
    path = os.pathsep.join([str(ZDSCAN.parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}


def job(hosts: list[Host], library: Library, scan: Path, grid: Path, shell: Path, each: int) -> subprocess.Popen[bytes]:
    """Start or continue the scan by `jobs/scan.sh`, from the first of the hosts."""
    line = ["bash", str(ROOT / "jobs" / "scan.sh"), str(scan), str(grid), *library.command(hosts, each, shell)]
    variables = environment(ZDSCAN_LOST_AFTER=str(LOST_AFTER), **library.environment)
    return hosts[0].start(line, grid.with_suffix(".log"), variables)


def said(grid: Path) -> str:
    """The end of what the jobs of this grid said."""
    return grid.with_suffix(".log").read_text(errors="replace")[-1500:]


def ended(process: subprocess.Popen[bytes], grid: Path, code: int) -> float:
    """Wait for the end of a job; the seconds that this took."""
    began = time.monotonic()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise Wrong(f"still there after {PATIENCE:.0f} s: {said(grid)}") from error
    expect(process.returncode == code, f"exit code {process.returncode} instead of {code}: {said(grid)}")
    return time.monotonic() - began


def in_mid_run(process: subprocess.Popen[bytes], grid: Path, blocks: int) -> None:
    """Wait until that many blocks are finished."""
    limit = time.monotonic() + PATIENCE
    while not (grid.exists() and done_blocks(grid) >= blocks):
        expect(process.poll() is None, f"the job ended early with {process.returncode}: {said(grid)}")
        expect(time.monotonic() < limit, f"no block after {PATIENCE:.0f} s: {said(grid)}")
        time.sleep(0.2)


def to_the_end(hosts: list[Host], library: Library, scan: Path, folder: Path) -> str:
    """A job over two hosts."""
    grid = folder / "whole.h5"
    ended(job(hosts[:2], library, scan, grid, folder / "remote-shell", 1), grid, 0)
    entry = open_grid(grid).history[-1]
    expect(entry["ranks"] == 2, f"{entry['ranks']} ranks instead of 2")
    return compare(grid, scan)


def lost(hosts: list[Host], library: Library, scan: Path, folder: Path, how: Callable[[Host], None]) -> str:
    """A job over two hosts of which the second is lost in mid-run, continued on the first and a third."""
    grid = folder / f"{how.__name__}.h5"
    shell = folder / "remote-shell"
    process = job(hosts[:2], library, scan, grid, shell, 1)
    in_mid_run(process, grid, 300)
    how(hosts[1])
    before = done_blocks(grid)
    try:
        seconds = ended(process, grid, RESUMABLE)
        status = read_status(status_path(grid)) or {}
        expect(status.get("state") == "failed", f"the status file says {status.get('state')}")
        cause = status.get("fault", {}).get("cause", "")
        expect("no sign of life" in cause and "zd1" in cause, f"the status file says {cause!r}")
    finally:
        hosts[1].power_off()
        hosts[1].reconnect()
    intact(grid)
    kept = done_blocks(grid)
    expect(kept >= before, f"{before} blocks were finished, {kept} are there")
    ended(job([hosts[0], hosts[2]], library, scan, grid, shell, 1), grid, 0)
    return f"the job ended with 75 {seconds:.0f} s after that; resumed on another host: {compare(grid, scan)}"


def try_all(report: Report, folder: Path) -> None:
    """Every library that is installed."""
    scan = scan_file(folder, MASSES)
    with several(3) as hosts:
        remote_shell(folder)
        for library in installed(folder):
            own = folder / f"{library.kind}-{library.version}"
            own.mkdir()
            remote_shell(own)
            name, version = library.name, library.version
            report.attempt(
                name, version, "two hosts, TCP, `jobs/scan.sh`", partial(to_the_end, hosts, library, scan, own)
            )
            for how, words in ((Host.power_off, "loses its power"), (Host.cut_off, "loses its network")):
                tried = f"one of two hosts {words} in mid-run (`ZDSCAN_LOST_AFTER={LOST_AFTER}`)"
                report.attempt(name, version, tried, partial(lost, hosts, library, scan, own, how))
