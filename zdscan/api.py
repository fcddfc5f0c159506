"""Grids from Python: `run`, `resume` and `open_grid`, as `zdscan run`, `zdscan resume` and `zdscan info` do it.

They take scans and files as a user has them and leave the work to `zdscan.running.driver` and `zdscan.grid.open`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdscan.errors import UserError
from zdscan.scan.scanfile import Scan, load_scan

if TYPE_CHECKING:
    from zdscan.grid.open import GridFile
    from zdscan.running.driver import RunSummary


def run(
    scan: Scan | str | Path | Mapping[str, Any],
    output: str | Path,
    *,
    overrides: Sequence[str] = (),
    overwrite: bool = False,
    threads: int | None = None,
    sink: str = "direct",
    block_points: int | None = None,
    progress: bool = False,
) -> RunSummary:
    """Compute the grid of a scan into a new HDF5 file.

    The numbers do not depend on threads, ranks, sink or blocks. In a program that a launcher of MPI started, every
    rank calls the function; rank 0 returns the summary, the others an empty one. While it works, the signals SIGINT,
    SIGTERM and SIGUSR1 ask it to stop, where Python lets it listen (in the main thread). Docs: docs/running.md.

    Parameters
    ----------
    scan : a checked scan (`load_scan`), the path of a scan file, its TOML text, which is told by its line breaks, or a
        mapping of the same layout.
    output : the grid file to be written.
    overrides : texts ``"dotted.key=value"`` that replace or add settings, such as ``"axes.mass.n=50"``; not with a
        `Scan`, which has its own.
    overwrite : whether an existing grid file is replaced.
    threads : threads of each process; by default every core alone, one under MPI.
    sink : how blocks reach the file: "direct" (each rank writes in place), "gather" (rank 0 writes) or "parallel"
        (HDF5 built with MPI).
    block_points : points of a block, at most; chosen from the grid by default.
    progress : whether rank 0 prints progress to standard error.

    Returns
    -------
    RunSummary : points computed, seconds, and the lowest chi2 with its coordinates (mass in GeV), of all and of
        allowed points.

    Raises
    ------
    UserError : the scan has faults (one sentence each), the file exists or cannot be created, or a setting is wrong.
    Stopped : a signal asked to stop; every finished block is in the file and `resume` continues it.
    """
    from zdscan.running import driver

    return driver.run(
        _scan(scan, overrides),
        output,
        overwrite=overwrite,
        threads=threads,
        sink=sink,
        block_points=block_points,
        progress=progress,
    )


def _scan(scan: Scan | str | Path | Mapping[str, Any], overrides: Sequence[str]) -> Scan:
    if isinstance(scan, Scan):
        if overrides:
            raise UserError("A scan that is read already has its settings: give overrides to load_scan.")
        return scan
    return load_scan(scan, overrides)


def resume(path: str | Path, *, threads: int | None = None, sink: str = "direct", progress: bool = False) -> RunSummary:
    """Continue an interrupted run, with any number of ranks and threads; also repair damaged blocks.

    The file holds its scan. Finished blocks are compared with their checksums; missing and damaged ones are computed.
    The result has the same bytes as an uninterrupted run. Docs: docs/running.md.

    Parameters
    ----------
    path : the grid file.
    threads, sink, progress : as for `run`; need not be those of the first run.

    Returns
    -------
    RunSummary : what was computed now, the numbers of repaired blocks, and the lowest chi2 of the whole grid.

    Raises
    ------
    UserError : there is no such grid file, or this zdscan would compute other numbers (the differences are listed).
    Stopped : a signal asked to stop, as for `run`.
    """
    from zdscan.running import driver

    return driver.resume(path, threads=threads, sink=sink, progress=progress)


def open_grid(path: str | Path) -> GridFile:
    """Read what a grid file holds besides its numbers: axes, scan, settings, history, and what is computed.

    The numbers themselves are read by ``xarray.open_dataset(path, engine="h5netcdf")`` (docs/file-format.md), or, with
    views, profiles and constraints by name, by `zdscan.analysis.open_grid`.

    Parameters
    ----------
    path : the grid file; it may be unfinished, or being written to.

    Returns
    -------
    GridFile : its `axes` (float64 by name; mass in GeV), `complete`, `scan_text`, `attributes`, `identity`, `history`,
        `ndof` and `sm_chi2`.

    Raises
    ------
    UserError : there is no such file, or it is not a grid file, of a newer format, cut too short or damaged.
    """
    from zdscan.grid import open as opening

    return opening.open_grid(path)
