"""The commands that compute grids, `run` and `resume`; they work alone and on every rank of an MPI job.

Under MPI every rank calls them; rank 0 returns what is described here, the others an empty summary. A user's mistake is
raised on every rank, with its sentences on rank 0 only; any other failure ends the whole job.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid import checkpoint, create, provenance
from zdscan.grid.agreement import same_axis
from zdscan.grid.blocks import Plan
from zdscan.grid.open import GridFile, open_grid, restore_length
from zdscan.grid.sinks import sink_class
from zdscan.grid.target import check_target, remove_leftovers
from zdscan.grid.verify import compare
from zdscan.grid.writer import only_writer
from zdscan.ranks import mpi
from zdscan.ranks.mpi import Alone
from zdscan.running.job import Job, RunSummary, stopped
from zdscan.running.workers import EngineLike, StopRequest, choose_threads

if TYPE_CHECKING:
    from zdscan.scan.scanfile import Scan


__all__ = ["RunSummary", "resume", "run"]


class ScanOutput(Protocol):
    """Section [output] of a scan file, as far as the driver reads it."""

    @property
    def profiles(self) -> bool:
        """Whether profiles are stored."""


class ScanLike(Protocol):
    """A scan file, as far as the driver reads it (`zdscan.scan.scanfile.Scan`)."""

    @property
    def text(self) -> str:
        """The TOML text."""

    @property
    def overrides(self) -> Sequence[str]:
        """Settings that replace the text's."""

    @property
    def files(self) -> Mapping[str, str]:
        """Texts of the user's own files by the names that the scan file gives them."""

    @property
    def output(self) -> ScanOutput:
        """What is stored."""


def run(
    scan: ScanLike,
    output: str | Path,
    *,
    overwrite: bool = False,
    threads: int | None = None,
    sink: str = "direct",
    block_points: int | None = None,
    engine: EngineLike | None = None,
    progress: bool = True,
) -> RunSummary:
    """Compute the grid of a scan file into a new HDF5 file.

    Parameters
    ----------
    scan : the checked scan file.
    output : the grid file; must not exist unless `overwrite`.
    threads : per rank; by default every core alone, one under MPI.
    sink : how blocks reach the file, by its name in `zdscan.grid.sinks.SINKS`.
    block_points : points per block, at most; chosen from the grid by default. Does not change the numbers.
    engine : computes the numbers; by default built from the scan.
    progress : whether rank 0 prints progress.

    Raises
    ------
    UserError : a setting is wrong, the file exists or cannot be created, another process is at work on it, or the
        launcher belongs to another MPI.
    Stopped : a signal asked to stop; every finished block is in the file and `resume` continues it.
    """
    path = Path(output)
    world = mpi.world()
    with world.job(), ExitStack() as locks, StopRequest(world.size > 1) as stopping:
        per_rank = world.from_root(lambda: _settings(world, threads, sink, block_points))
        world.from_root(lambda: check_target(path, overwrite))
        alone = locks.enter_context(only_writer(world, path))
        world.from_root(lambda: remove_leftovers(path, alone=alone))
        built = engine if engine is not None else _everywhere(world, lambda: _build(scan))
        plan = (
            Plan.default(built.shape, stored=any(field.stored for field in built.fields))
            if block_points is None
            else Plan(built.shape, min(block_points, math.prod(built.shape[1:])))
        )
        entry = world.from_root(lambda: provenance.record("run", world, per_rank, sink))
        layout = world.from_root(
            lambda: create.create(
                path,
                built,
                plan,
                scan_text=scan.text,
                overrides=scan.overrides,
                files=scan.files,
                profiles=scan.output.profiles,
                history=[entry],
                overwrite=overwrite,
            )
        )
        job = Job(world, layout, built, per_rank, sink, progress, stopping, [entry])
        return job.do(np.arange(plan.blocks, dtype=np.int64), ())


def resume(
    path: str | Path,
    *,
    threads: int | None = None,
    sink: str = "direct",
    engine: EngineLike | None = None,
    progress: bool = True,
    scan: ScanLike | None = None,
) -> RunSummary:
    """Continue an interrupted run, on any number of ranks and threads; also repairs damaged blocks.

    The file holds its scan file. One that is cut short is made as long as it was. Every finished block is compared
    with its checksums; missing and damaged ones are computed. The result has the same bytes as an uninterrupted run.
    The axes are those of the file: another computer's might differ in the last bit.

    Parameters
    ----------
    path : the grid file.
    threads, sink, engine, progress : as for `run`.
    scan : a scan file that the grid must have been made for, as a script wants it that runs or resumes; any by default.

    Raises
    ------
    UserError : not a grid file, another process is at work on it, or this zdscan would compute other numbers (the
        differences are listed).
    Stopped : as for `run`.
    """
    world = mpi.world()
    with world.job(), ExitStack() as locks, StopRequest(world.size > 1) as stopping:
        per_rank = world.from_root(lambda: _settings(world, threads, sink, None))
        world.from_root(lambda: _open_unpacked(path))
        alone = locks.enter_context(only_writer(world, path))
        grid = world.from_root(lambda: _open_unpacked(path))  # as the last writer left it
        world.from_root(lambda: refuse_other_scan(grid, scan))
        built = engine if engine is not None else _everywhere(world, lambda: _build(_stored_scan(grid), grid.axes))
        world.from_root(lambda: refuse_other_physics(grid, built))
        # A kill right after the creation leaves the file's first name beside it.
        world.from_root(lambda: remove_leftovers(grid.path, alone=alone))
        if grid.lost_bytes:
            world.from_root(lambda: restore_length(grid))
        bad = [number for number, _ in compare(grid, world, stopping)]
        if world.is_root:
            bad += [int(number) for number in checkpoint.lost_blocks(grid)]
        numbers: NDArray[np.int64] = world.from_root(lambda: np.array(sorted(bad), dtype=np.int64))
        if world.any(stopping()):
            raise stopped(world, grid.layout.path)
        todo = np.union1d(grid.missing, numbers)
        entry = world.from_root(lambda: provenance.record("resume", world, per_rank, sink))
        # an earlier run that still calls itself running was killed before it could say otherwise
        past = [{**run, "state": "not ended"} if run.get("state") == "running" else run for run in grid.history]
        job = Job(world, grid.layout, built, per_rank, sink, progress, stopping, [*past, entry])
        return job.do(todo, tuple(int(number) for number in numbers))


def _settings(world: Alone, threads: int | None, sink: str, block_points: int | None) -> int:
    """Check the settings of a run and return the number of threads per rank."""
    writer = sink_class(sink)
    if block_points is not None and block_points < 1:
        raise UserError(f"A block must have at least 1 point, not {block_points}.")
    return choose_threads(writer.check(threads), world)


def refuse_other_physics(grid: GridFile, engine: EngineLike) -> None:
    """Raise `UserError`, with the differences, where the engine would not compute the numbers of this file."""
    differences = []
    if not grid.header_ok:
        differences.append("the file's axes, scan file or attributes were altered after it was made")
    for name, values in engine.axes.items():
        if not same_axis(values, grid.axes[name]):
            differences.append(f"axis {name}: the file's values differ from those of its scan file")
    stored = {name: (extent.dtype, extent.shape[4:]) for name, extent in grid.layout.fields.items()}
    wanted = {f.name: (f.dtype, (f.components,) if f.extra else ()) for f in engine.fields if f.stored}
    if list(stored) != list(wanted) or any(np.dtype(stored[n][0]) != np.dtype(wanted[n][0]) for n in stored):
        texts = [", ".join(names) or "profiles alone" for names in (stored, wanted)]
        differences.append(f"fields: the file has {texts[0]}, this zdscan gives {texts[1]}")
    elif any(stored[name][1] != wanted[name][1] for name in stored):
        differences.append("fields: another number of components")
    differences += [
        f"{name}: the file has {grid.identity.get(name, 'nothing')}, this zdscan {engine.identity.get(name, 'nothing')}"
        for name in _differing(grid.identity, engine.identity)
    ]
    if differences:
        raise UserError(
            f"{grid.path} cannot be continued, this zdscan would compute other numbers (made by zdscan "
            f"{grid.attributes.get('version', '?')}):",
            *(f"  {difference}" for difference in differences),
        )


def refuse_other_scan(grid: GridFile, scan: ScanLike | None) -> None:
    """Raise `UserError`, with the differences, where a grid file was not made for a scan file that is given."""
    if scan is None:
        return
    wanted, stored = cast("Scan", scan), _stored_scan(grid)
    if wanted != stored:
        raise UserError(
            f"{grid.path} was made for another scan file, which differs in {', '.join(stored.differences(wanted))}: "
            "give the new scan another output, or delete the old grid."
        )


def _open_unpacked(path: str | Path) -> GridFile:
    grid = open_grid(path)
    if grid.layout.packed:
        raise UserError(f"{path} is packed: it is finished, and nothing can be written to it; resume its original.")
    return grid


def _everywhere(world: Alone, build: Callable[[], EngineLike]) -> EngineLike:
    """An engine on every rank, built on rank 0 first so that a user's mistake is told once.

    No rank goes on before each has its own: a machine that lacks something must not leave a file behind.
    """
    built: list[EngineLike] = []

    def first() -> dict[str, str]:
        built.append(build())
        return dict(built[0].identity)

    identity = world.from_root(first)
    engine = built[0] if built else build()
    if differing := _differing(identity, engine.identity):
        raise UserError(
            f"zdscan on {socket.gethostname()} is not that of the first rank: {', '.join(differing)} differ; install "
            "the same on every machine of the job."
        )
    world.barrier()
    return engine


def _differing(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """What differs between two identities, by name."""
    return [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]


def _build(scan: ScanLike, axes: Mapping[str, NDArray[np.float64]] | None = None) -> EngineLike:
    from zdscan.evaluation.engine import Engine

    found = Engine.from_scan(cast("Scan", scan), axes)
    found.physics.refuse_grids()
    engine: EngineLike = found
    return engine


def _stored_scan(grid: GridFile) -> Scan:
    from zdscan.scan.scanfile import scan_of

    return scan_of(grid)
