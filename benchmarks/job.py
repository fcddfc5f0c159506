"""One job with clocks: what ``zdscan run`` does on every rank once the file is there, up to the last block.

The driver's own parts (mass tables, blocks, profiles, schedule, sink) run unchanged; only clocks lie between them. It
runs as a command too, alone or under mpiexec, and then prints one line of JSON with what every rank found. ``--sleep``
replaces the numbers by pauses of known lengths: the schedule can then be watched on more ranks than there are cores.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from common import ROOT
from numpy.typing import NDArray

from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import stored_fields
from zdscan.grid import create
from zdscan.grid.blocks import Plan
from zdscan.grid.profiles import Profiles
from zdscan.grid.sinks import Sink, open_sink
from zdscan.ranks import launcher, mpi
from zdscan.ranks.mpi import Alone
from zdscan.running.clock import Clock
from zdscan.running.workers import EngineLike, build_mass_tables, compute_blocks, warm_up
from zdscan.scan.scanfile import Scan, load_scan

JOBS = ROOT / "jobs"


def pause_lengths(mean: float, blocks: int) -> NDArray[np.float64]:
    """Seconds of each block of a job of pauses: between half and one and a half times the mean, the same every time."""
    return mean * (0.5 + np.random.default_rng(20).random(blocks))


class Pauses:
    """An engine that sleeps instead of computing."""

    def __init__(self, scan: Scan, block_seconds: float, mass_seconds: float, block_points: int) -> None:
        self._plan = Plan(Plan.default(scan.shape).shape, block_points)
        self.axes, self.shape = scan.axes, self._plan.shape
        self.fields = stored_fields(["chi2"], [], [], [])
        self.mass_tables_size = 1000
        self._pauses = pause_lengths(block_seconds, self._plan.blocks)
        self._mass_seconds = mass_seconds

    def warm_up(self, meanwhile: Callable[[], None]) -> None:
        """Nothing to compile."""

    def mass_tables(self, mass_index: int) -> NDArray[np.float64]:
        """Mass tables that knows its mass and nothing else."""
        time.sleep(self._mass_seconds)
        return np.full(self.mass_tables_size, float(mass_index))

    def evaluate(
        self, mass_tables: NDArray[np.float64], first: int, count: int, outputs: Sequence[NDArray[Any]]
    ) -> None:
        """Sleep as long as this block takes."""
        number = int(mass_tables[0]) * self._plan.blocks_per_mass + first // self._plan.block_points
        time.sleep(self._pauses[number])


class _Nowhere(Sink):
    """The sink of a job without output."""

    def __init__(self) -> None:
        """Nothing to open."""

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Drop a block."""

    def close(self) -> None:
        """Nothing to wait for."""


class _Clocked:
    """An engine, a sink or profile tables whose work is timed: `seconds` has (CPU, wall) of each call."""

    def __init__(self, inner: Any, method: str) -> None:
        self._inner, self._method = inner, method
        self.seconds: list[tuple[float, float]] = []
        setattr(self, method, self._timed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _timed(self, *arguments: Any) -> None:
        cpu, wall = time.thread_time(), time.perf_counter()
        getattr(self._inner, self._method)(*arguments)
        self.seconds.append((time.thread_time() - cpu, time.perf_counter() - wall))


def clocked_job(
    engine: EngineLike,
    world: Alone,
    threads: int = 1,
    output: Path | None = None,
    plan: Plan | None = None,
    profiles: bool = True,
) -> list[dict[str, Any]]:
    """Compute a grid with clocks; on rank 0 what each rank found, elsewhere an empty list.

    Parameters
    ----------
    engine : of the scan; warmed up here, outside the clocks.
    threads : per rank.
    output : the grid file, replaced if there; None computes and drops the numbers.
    plan : the blocks; by default the driver's.
    profiles : whether the minima for every pair of axes are kept on the way.

    Returns
    -------
    Per rank: cpu and wall seconds of the stages "tables" (those of the masses) and "blocks" (from barrier to barrier,
    the CPU of all its threads), and of each "evaluate", "minima" and "put" within the blocks as lists; masses it built;
    points, bytes.
    """
    plan = plan or Plan.default(engine.shape)
    layout: Any = SimpleNamespace(plan=plan)
    if output is not None:
        layout = world.from_root(
            lambda: create.create(
                output, engine, plan, scan_text="", overrides=(), profiles=False, history=(), overwrite=True
            )
        )
    warm_up(engine, world)
    silent: Any = SimpleNamespace(due=lambda: False)
    evaluate: Any = _Clocked(engine, "evaluate")
    names = [field.name for field in engine.fields]
    tables: Any = [_Clocked(Profiles.empty(engine.shape, names), "add") for _ in range(threads if profiles else 0)]

    def stopping() -> bool:
        world.beat()
        return False

    stages: dict[str, tuple[float, float]] = {}
    world.barrier()
    cpu, wall = time.process_time(), time.perf_counter()
    mass_tables = build_mass_tables(engine, np.arange(plan.shape[0]), world, stopping)
    assert mass_tables is not None
    stages["tables"] = time.process_time() - cpu, time.perf_counter() - wall
    world.barrier()
    cpu, wall = time.process_time(), time.perf_counter()
    sink: Sink = open_sink("direct", layout, world) if output is not None else _Nowhere()
    put: Any = _Clocked(sink, "put")
    todo = np.arange(plan.blocks, dtype=np.int64)
    compute_blocks(evaluate, layout, mass_tables, todo, put, world, threads, silent, stopping, Clock(), tables)
    sink.close()
    world.barrier()
    stages["blocks"] = time.process_time() - cpu, time.perf_counter() - wall
    point_bytes = sum(np.dtype(field.dtype).itemsize * field.components for field in engine.fields)
    return world.gather(
        {
            **{f"{name}_cpu": value[0] for name, value in stages.items()},
            **{f"{name}_wall": value[1] for name, value in stages.items()},
            "evaluate": evaluate.seconds,
            "minima": [seconds for table in tables for seconds in table.seconds],
            "put": put.seconds,
            "masses": len(range(world.rank, plan.shape[0], world.size)),
            "points": plan.points,
            "bytes": plan.points * point_bytes if output is not None else 0,
        }
    )


def counter_cost(world: Alone, calls: int = 3000) -> dict[str, float]:
    """Wall seconds of one addition to the shared counter on the last rank, with rank 0 waiting and with it computing.

    One rank: of the counter that threads share.
    """
    counters = world.counters(1)
    found = {}
    for name in ("waiting", "computing"):
        world.barrier()
        if world.rank == world.size - 1:
            times = np.empty(calls)
            for k in range(calls):
                began = time.perf_counter()
                counters.add(0, 1)
                times[k] = time.perf_counter() - began
            found[name] = float(np.median(times))
        elif world.rank == 0 and name == "computing":
            _busy(2e-5 * calls)
        world.barrier()
    counters.close()
    gathered = world.gather(found)
    return gathered[-1] if gathered else {}


def _busy(seconds: float) -> None:
    data = np.ones(1000)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        data *= 1.0


def main() -> None:
    """Run one job and print what every rank found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scan", type=Path)
    parser.add_argument("--set", action="append", default=[], help="override of the scan file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--block-points", type=int)
    parser.add_argument("--sleep", help="BLOCK,SLICE seconds")
    parser.add_argument("--counter", action="store_true", help="measure the shared counter instead")
    arguments = parser.parse_args()
    launcher.limit_threads()
    world = mpi.world()
    if arguments.counter:
        cost = counter_cost(world)
        if world.is_root:
            print(json.dumps(cost))
        return
    scan = load_scan(arguments.scan, arguments.set)
    plan = Plan.default(scan.shape)
    if arguments.block_points:
        plan = Plan(plan.shape, arguments.block_points)
    engine: Any
    if arguments.sleep:
        block, mass_tables = map(float, arguments.sleep.split(","))
        engine = Pauses(scan, block, mass_tables, plan.block_points)
    else:
        engine = Engine.from_scan(scan)
    found = clocked_job(engine, world, arguments.threads, arguments.output, plan, profiles=not arguments.sleep)
    if world.is_root:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
