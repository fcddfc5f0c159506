"""The commands that compute grids, `run` and `resume`; they work alone and on every rank of an MPI job.

Under MPI every rank calls them; rank 0 returns what is described here, the others an empty summary. A
user's mistake is raised on every rank, with its sentences on rank 0 only; any other failure ends the whole job.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import Stopped, UserError
from zdscan.grid import checkpoint, create, profiles, provenance
from zdscan.grid.blocks import Plan
from zdscan.grid.layout import DONE, GridIO, Layout
from zdscan.grid.open import GridFile, open_grid, restore_length
from zdscan.grid.sinks import open_sink, sink_class
from zdscan.grid.verify import Best, BestPoint, best_point, compare, profile_best
from zdscan.ranks import mpi
from zdscan.ranks.mpi import Alone
from zdscan.running.clock import Clock, Spent, Timed
from zdscan.running.progress import Progress, record_failure
from zdscan.running.workers import EngineLike, StopRequest, build_mass_tables, choose_threads, compute_blocks, warm_up

if TYPE_CHECKING:
    from zdscan.scan.scanfile import Scan


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
    def output(self) -> ScanOutput:
        """What is stored."""


@dataclass(frozen=True)
class RunSummary:
    """What a run did. `points` of the grid, of which `computed` now, in `seconds` of wall time for the blocks alone.

    `spent` divides the seconds of the blocks, summed over threads and ranks, into computing, writing and waiting.
    `repaired` lists blocks that a resume found damaged and computed again; `best_allowed` is None where no allowed
    point exists or the mask is not stored.
    """

    path: str = ""
    points: int = 0
    computed: int = 0
    blocks: int = 0
    repaired: tuple[int, ...] = ()
    seconds: float = 0.0
    total_seconds: float = 0.0
    spent: Spent = field(default_factory=Spent)
    ranks: int = 0
    threads: int = 0
    best: BestPoint | None = None
    best_allowed: BestPoint | None = None
    sm_chi2: dict[str, float] = field(default_factory=dict)
    ndof: int = 0

    @property
    def points_per_second(self) -> float:
        """Points computed per second of wall time."""
        return self.computed / self.seconds if self.seconds > 0 else 0.0

    @property
    def points_per_second_per_core(self) -> float:
        """Points computed per second of wall time by each thread of each rank."""
        return self.points_per_second / max(self.ranks * self.threads, 1)


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
    UserError : a setting is wrong, the file exists or cannot be created, or the launcher belongs to another MPI.
    Stopped : a signal asked to stop; every finished block is in the file and `resume` continues it.
    """
    path = Path(output)
    world = mpi.world()
    with world.job(), StopRequest(world.size > 1) as stopping:
        per_rank = world.from_root(lambda: _settings(world, threads, sink, block_points))
        world.from_root(lambda: create.check_target(path, overwrite))
        built = engine if engine is not None else _everywhere(world, lambda: _build(scan))
        plan = (
            Plan.default(built.shape, stored=any(field.stored for field in built.fields))
            if block_points is None
            else Plan(built.shape, min(block_points, math.prod(built.shape[1:])))
        )
        entry = provenance.record("run", world, per_rank, sink)
        layout = world.from_root(
            lambda: create.create(
                path,
                built,
                plan,
                scan_text=scan.text,
                overrides=scan.overrides,
                profiles=scan.output.profiles,
                history=[entry],
                overwrite=overwrite,
            )
        )
        job = _Job(world, layout, built, per_rank, sink, progress, stopping, [entry])
        return job.do(np.arange(plan.blocks, dtype=np.int64), ())


def resume(
    path: str | Path,
    *,
    threads: int | None = None,
    sink: str = "direct",
    engine: EngineLike | None = None,
    progress: bool = True,
) -> RunSummary:
    """Continue an interrupted run, on any number of ranks and threads; also repairs damaged blocks.

    The file holds its scan file. One that is cut short is made as long as it was. Every finished block is compared
    with its checksums; missing and damaged ones are computed. The result has the same bytes as an uninterrupted run.
    Two at once do no harm: they write the same bytes.

    Raises
    ------
    UserError : not a grid file, or this zdscan would compute other numbers (the differences are listed).
    Stopped : as for `run`.
    """
    world = mpi.world()
    with world.job(), StopRequest(world.size > 1) as stopping:
        per_rank = world.from_root(lambda: _settings(world, threads, sink, None))
        grid = world.from_root(lambda: _open_unpacked(path))
        built = engine if engine is not None else _everywhere(world, lambda: _build(_stored_scan(grid)))
        world.from_root(lambda: refuse_other_physics(grid, built))
        if grid.lost_bytes:
            world.from_root(lambda: restore_length(grid))
        bad = [number for number, _ in compare(grid, world, stopping)]
        if world.is_root:
            bad += [int(number) for number in checkpoint.lost_blocks(grid)]
        numbers: NDArray[np.int64] = world.from_root(lambda: np.array(sorted(bad), dtype=np.int64))
        if world.any(stopping()):
            raise _stopped(world, grid.layout.path)
        todo = np.union1d(grid.missing, numbers)
        entry = provenance.record("resume", world, per_rank, sink)
        # an earlier run that still calls itself running was killed before it could say otherwise
        past = [{**run, "state": "not ended"} if run.get("state") == "running" else run for run in grid.history]
        job = _Job(world, grid.layout, built, per_rank, sink, progress, stopping, [*past, entry])
        return job.do(todo, tuple(int(number) for number in numbers))


@dataclass
class _Job:
    """One run or resume, from the created file on."""

    world: Alone
    layout: Layout
    engine: EngineLike
    threads: int
    sink: str
    show: bool
    stopping: StopRequest
    history: list[dict[str, Any]]
    minima: list[profiles.Profiles] = field(default_factory=list)  # of this rank's threads

    def do(self, todo: NDArray[np.int64], repaired: tuple[int, ...]) -> RunSummary:
        began = time.monotonic()
        world, plan = self.world, self.layout.plan
        before = plan.points - plan.points_in(todo)
        progress = Progress(self.layout.path, plan.points, before, world=world, show=self.show)
        state = "failed"
        with world.job(lambda failure: record_failure(self.layout.path, failure)):
            try:
                if todo.size:
                    self._mark(todo)
                seconds, spent = self._compute(todo, progress)
                best, best_allowed = self._profiles(todo, progress)
                state = "finished"
            except Stopped:
                state = "stopped"
                raise
            finally:
                if world.is_root:
                    progress.close(state)
                    if todo.size:
                        self._note(state, todo)
        if not world.is_root:
            return RunSummary()
        return RunSummary(
            path=self.layout.path,
            points=plan.points,
            computed=plan.points - before,
            blocks=plan.blocks,
            repaired=repaired,
            seconds=seconds,
            total_seconds=time.monotonic() - began,
            spent=spent,
            ranks=world.size,
            threads=self.threads,
            best=best_point(self.engine.axes, best),
            best_allowed=best_point(self.engine.axes, best_allowed),
            sm_chi2=dict(self.engine.sm_chi2),
            ndof=self.engine.ndof,
        )

    def _mark(self, todo: NDArray[np.int64]) -> None:
        """Before anything is computed: damaged blocks are no longer finished, profiles no longer complete."""
        if self.world.is_root:
            with GridIO(self.layout, write=True) as io:
                done = io.read_done()
                for number in todo[done[todo] != 0]:
                    io.write_done(int(number), 0)
                    io.clear_block(int(number), [field for field in self.engine.fields if field.stored])
                io.clear_profiles()
                io.write_history(self.history)
                io.sync()
        self.world.barrier()

    def _compute(self, todo: NDArray[np.int64], progress: Progress) -> tuple[float, Spent]:
        """Compute and write those blocks; the seconds that took, and on rank 0 what they were spent on."""
        if todo.size == 0:
            return 0.0, Spent()
        world = self.world
        progress.stage("compiling")
        warm_up(self.engine, world)
        self._stop_if_asked()
        progress.stage("building mass tables")
        masses = np.unique(todo // self.layout.plan.blocks_per_mass)

        def stopping() -> bool:
            """Asked between any two pieces of work: also the moment for signs of life."""
            world.beat()
            progress.touch()
            return self.stopping()

        mass_tables = build_mass_tables(self.engine, masses, world, stopping)
        if mass_tables is None:
            raise _stopped(world, self.layout.path)
        progress.stage("computing")
        began, clock = time.monotonic(), Clock()
        plan, names = self.layout.plan, [field.name for field in self.engine.fields]
        if self.layout.profiles:
            self.minima = [profiles.Profiles.empty(plan.shape, names) for _ in range(self.threads)]
        sink = Timed(
            checkpoint.Checkpoint(self.layout, world, self.minima)
            if self.layout.checkpoint  # nothing is stored but the minima
            else open_sink(self.sink, self.layout, world),
            clock,
        )
        finished = compute_blocks(
            self.engine,
            self.layout,
            mass_tables,
            todo,
            sink,
            world,
            self.threads,
            progress,
            stopping,
            clock,
            self.minima,
        )
        sink.close()
        world.barrier()
        spent = clock.total(world, self.threads)
        seconds = time.monotonic() - began
        self.history[-1].update({f"seconds_{name}": round(value, 3) for name, value in asdict(spent).items()})
        self.history[-1]["seconds_blocks"] = round(seconds, 3)
        if not finished:
            raise _stopped(world, self.layout.path)
        return seconds, spent

    def _profiles(self, todo: NDArray[np.int64], progress: Progress) -> tuple[Best | None, Best | None]:
        """Write the profiles where they are not those of the file; the best points, on rank 0."""
        world, layout = self.world, self.layout
        if "chi2" not in layout.fields and not layout.checkpoint:
            return None, None
        if todo.size == 0 and layout.profiles:
            stored = world.from_root(self._stored_best)
            if stored is not None:
                world.from_root(lambda: checkpoint.clear(layout))
                return stored
        progress.stage("profiles")
        if layout.checkpoint:
            world.from_root(lambda: checkpoint.finish(layout))
            return world.from_root(self._stored_best) or (None, None)
        # This run's blocks are in the minima already; the others are read back.
        rest = np.setdiff1d(np.arange(layout.plan.blocks), todo) if self.minima else None
        found = profiles.read_minima(
            layout, world, self.threads, blocks=rest, known=self.minima, stopping=self.stopping
        )
        self._stop_if_asked()
        if found is None:
            return None, None
        if layout.profiles:
            with GridIO(layout, write=True) as io:
                profiles.write_profiles(io, found)
                io.sync()
        return found.every.best(), found.allowed.best() if found.allowed is not None else None

    def _stored_best(self) -> tuple[Best | None, Best | None] | None:
        with GridIO(self.layout, write=False) as io:
            return profile_best(io)

    def _note(self, state: str, todo: NDArray[np.int64]) -> None:
        """Enter the run's end in the history, with the points it finished."""
        self.history[-1].update(state=state, stop=provenance.now())
        # After a failure the file may be out of reach too, and the first fault is the one to tell.
        quiet = contextlib.suppress(UserError) if state == "failed" else contextlib.nullcontext()
        with quiet, GridIO(self.layout, write=True) as io:
            done = io.read_done()
            self.history[-1]["points_computed"] = self.layout.plan.points_in(todo[done[todo] == DONE])
            io.write_history(self.history)
            io.sync()

    def _stop_if_asked(self) -> None:
        if self.world.any(self.stopping()):
            raise _stopped(self.world, self.layout.path)


def _stopped(world: Alone, path: str) -> Stopped:
    if not world.is_root:
        return Stopped()
    return Stopped(f"stopped; every finished block is in {path}, continue with `zdscan resume {path}`.")


def _settings(world: Alone, threads: int | None, sink: str, block_points: int | None) -> int:
    """Check the settings of a run; the number of threads per rank."""
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
        if not np.array_equal(values, grid.axes[name]):
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
        for name in sorted({*grid.identity, *engine.identity})
        if grid.identity.get(name) != engine.identity.get(name)
    ]
    if differences:
        raise UserError(
            f"{grid.path} cannot be continued, this zdscan would compute other numbers (made by zdscan "
            f"{grid.attributes.get('version', '?')}):",
            *(f"  {difference}" for difference in differences),
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
    world.from_root(lambda: built.append(build()))
    engine = built[0] if built else build()
    world.barrier()
    return engine


def _build(scan: ScanLike) -> EngineLike:
    from zdscan.evaluation.engine import Engine

    engine: EngineLike = Engine.from_scan(cast("Scan", scan))
    return engine


def _stored_scan(grid: GridFile) -> Scan:
    from zdscan.scan.scanfile import parse_scan

    return parse_scan(grid.scan_text, source=f"the scan file in {grid.path}", overrides=grid.overrides)
