"""One run from the created file on: mark what is to be done, compute it, write the profiles, note how it ended."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import Stopped, UserError
from zdscan.grid import checkpoint, profiles, provenance
from zdscan.grid.layout import DONE, GridIO, Layout
from zdscan.grid.sinks import open_sink
from zdscan.grid.verify import Best, BestPoint, best_point, profile_best
from zdscan.ranks.mpi import Alone
from zdscan.running.clock import Clock, Spent, Timed
from zdscan.running.progress import Progress, record_failure
from zdscan.running.workers import EngineLike, StopRequest, build_mass_tables, compute_blocks, warm_up

SEEN_SECONDS = 5.0  # how long a shared file system may take to show what another host has written


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


@dataclass
class Job:
    """One run or resume, from the created file on.

    Attributes
    ----------
    world : the processes of the job; every rank has a `Job` and calls the same methods.
    layout, engine : the file, and what computes its numbers.
    threads : per rank.
    sink : name of the sink.
    show : whether rank 0 prints progress.
    stopping : says whether a signal has asked to stop.
    history : the runs that filled the file, the last of them this one.
    minima : what each thread of this rank has found, where the scan wants profiles.
    """

    world: Alone
    layout: Layout
    engine: EngineLike
    threads: int
    sink: str
    show: bool
    stopping: StopRequest
    history: list[dict[str, Any]]
    minima: list[profiles.Profiles] = field(default_factory=list)

    def do(self, todo: NDArray[np.int64], repaired: tuple[int, ...]) -> RunSummary:
        """Compute the blocks `todo`, of which `repaired` were damaged, and the profiles; return what was done."""
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
                world.from_root(lambda: self._refuse_unseen(todo))
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
        """Mark, before anything is computed, damaged blocks as not finished and profiles as not complete."""
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
        """Compute and write those blocks; return the seconds it took, and on rank 0 what they were spent on."""
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
            raise stopped(world, self.layout.path)
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
        with world.lookout(lambda failure: record_failure(self.layout.path, failure)):
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
            raise stopped(world, self.layout.path)
        return seconds, spent

    def _refuse_unseen(self, todo: NDArray[np.int64]) -> None:
        """Raise `UserError` where this rank does not see the blocks that all ranks say they have written."""
        limit = time.monotonic() + SEEN_SECONDS
        while True:
            with GridIO(self.layout, write=False) as io:
                unseen = int(np.count_nonzero(io.read_done()[todo] != DONE))
            if not unseen:
                return
            if time.monotonic() > limit:
                break
            time.sleep(0.5)
        raise UserError(
            f"{unseen} of {todo.size} blocks that other ranks wrote to {self.layout.path} are not seen on "
            f"{socket.gethostname()}: its file system does not show processes of one machine what those of another "
            f"write. Continue with `zdscan resume {self.layout.path} --sink gather`, with which one process writes."
        )

    def _profiles(self, todo: NDArray[np.int64], progress: Progress) -> tuple[Best | None, Best | None]:
        """Write the profiles where they are not those of the file; return the best points on rank 0."""
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
            raise stopped(self.world, self.layout.path)


def stopped(world: Alone, path: str) -> Stopped:
    """The exception that ends a run that was asked to stop; rank 0 says how to continue it."""
    if not world.is_root:
        return Stopped()
    return Stopped(f"stopped; every finished block is in {path}, continue with `zdscan resume {path}`.")
