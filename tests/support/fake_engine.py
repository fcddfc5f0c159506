"""An engine whose numbers come from a formula, for tests of everything around the physics; runnable under mpiexec."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import json
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zdscan.evaluation.fields import Field
from zdscan.grid.layout import DONE
from zdscan.grid.open import open_grid
from zdscan.physics.parameters import DESCRIPTIONS

SHAPE = (5, 4, 6, 10)
EVERY_RANK = -1
PATIENCE = 120.0  # seconds that a job waits for the test that has started it
LABELS = ("k_mu_inv", "trident", "apv")


@dataclass
class FakeOutput:
    profiles: bool = True


@dataclass
class FakeScan:
    text: str = 'format = 1\ncase = "C"  # µ\n'
    overrides: tuple[str, ...] = ("axes.mass.n=5",)
    output: FakeOutput = field(default_factory=FakeOutput)
    files: dict[str, str] = field(default_factory=dict)


class FakeEngine:
    """chi2 with ties, NaN and an infinity; a mask; one 5D field."""

    def __init__(
        self, shape=SHAPE, delay=0.0, physics="tables v1", fail_rank=None, five=True, fault="raise", stored=True
    ):
        self.shape = shape
        self.delay = delay
        self.fail_rank = fail_rank
        self.fault = fault
        self.axes = {
            "mass": np.geomspace(0.01, 2.0, shape[0]),
            "eps": np.linspace(0.0, 1e-3, shape[1]),
            "eps_z": np.linspace(-0.1, 0.1, shape[2]),
            "g_mu": np.geomspace(1e-4, 1.0, shape[3]),
        }
        mask_attributes = {"flag_masks": [1, 2, 2**31], "flag_meanings": "k_mu_inv apv not_computed"}
        self.fields = (
            Field("chi2", "<f4", np.nan, "chi-square of the rows", "1"),
            Field("excluded", "<u4", 2**32 - 1, "excluding constraints", "1", attributes=mask_attributes),
        )
        if five:
            self.fields += (Field("ratios", "<f4", np.nan, "over the limit", "1", extra=("constraint", LABELS)),)
        if not stored:  # what the profiles need, and nothing kept of it
            self.fields = tuple(dataclasses.replace(field, stored=False) for field in self.fields[:2])
        self.mass_tables_size = 3
        self.descriptions = DESCRIPTIONS
        self.ndof = 26
        self.sm_chi2 = {"all": 31.5, "muon": 20.25}
        self.identity = {"tables": physics, "kernels": "abc"}
        self.attributes: dict[str, Any] = {"theory": "paper", "rows": ["B0_K", "Bp_K"], "matrix": json.dumps([[1.0]])}
        self.warmed = 0
        self.built: list[int] = []
        self.evaluated = 0  # blocks
        self.wait = lambda: None  # before a block is computed
        self.hold = lambda: None  # after that, where it does not fail

    def warm_up(self, meanwhile=lambda: None):
        self.warmed += 1

    def mass_tables(self, mass_index):
        self.built.append(mass_index)
        return np.array([mass_index, self.axes["mass"][mass_index], -1.0])

    def evaluate(self, mass_tables, first, count, outputs):
        self.evaluated += 1
        self.wait()
        if self.delay:
            time.sleep(self.delay)
        if self.fails_here():
            fail(self.fault)
        else:
            self.hold()
        chi2, mask, ratios = formula(int(mass_tables[0]), mass_tables[1], np.arange(first, first + count))
        outputs[0][:] = chi2
        outputs[1][:] = mask
        if len(outputs) == 3:
            outputs[2][:] = ratios

    def fails_here(self):
        return self.fail_rank is not None and self.fail_rank in (own_rank(), EVERY_RANK)


def own_rank():
    """This process's rank as MPICH's or Open MPI's launcher says, before MPI is there."""
    return int(os.environ.get("PMI_RANK") or os.environ.get("OMPI_COMM_WORLD_RANK") or 0)


def fail(fault):
    """A fault in the midst of a run."""
    if fault == "memory":
        # Room for small things stays, as where one large array is too much: MPI needs some to end the job.
        with open("/proc/self/statm") as file:
            present = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (present + 2**27, resource.RLIM_INFINITY))
        np.ones(2**30)
    elif fault == "raise":
        raise ArithmeticError("the fake engine was told to fail")
    else:  # what the file system says from now on
        error = OSError(getattr(errno, fault), os.strerror(getattr(errno, fault)))
        os.pwrite = lambda *_: (_ for _ in ()).throw(error)


def formula(mass_index, mass, point):
    """The fake numbers of some points of one mass: chi2, mask, ratios."""
    scrambled = (point * 7919 + mass_index * 104729 + 500) % 1009
    chi2 = (30.0 + np.floor(scrambled / 50.0) + mass).astype(np.float32)  # floor: many ties within a mass
    chi2[scrambled % 97 == 3] = np.nan
    chi2[scrambled % 101 == 5] = np.inf
    mask = (scrambled % 4).astype(np.uint32)
    ratios = np.stack([scrambled, scrambled / 3.0, -mass * point], axis=1).astype(np.float32)
    return chi2, mask, ratios


def whole(engine):
    """The arrays that a finished file must hold, straight from the formula."""
    parts = [formula(m, mass, np.arange(np.prod(engine.shape[1:]))) for m, mass in enumerate(engine.axes["mass"])]
    chi2, mask, ratios = (np.concatenate([part[k] for part in parts]) for k in range(3))
    return {
        "chi2": chi2.reshape(engine.shape),
        "excluded": mask.reshape(engine.shape),
        "ratios": ratios.reshape(*engine.shape, len(LABELS)),
    }


@cache
def place_of_done(path):
    """Where the file says which blocks are finished; looked up once."""
    return open_grid(path).layout.done


def hold(path, blocks, stopping):
    """Wait from so many finished blocks in the file on, until a stop is asked for: a job must not end unobserved."""
    done, limit = place_of_done(path), time.monotonic() + PATIENCE
    with open(path, "rb") as file:
        while not stopping() and time.monotonic() < limit:
            file.seek(done.offset)
            if file.read(done.nbytes).count(DONE) < blocks:
                return
            time.sleep(0.01)


def wait_for(path):
    """Wait until this file exists."""
    limit = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.01)


def build(engine, fail_rank):
    """The engine as the driver builds it on each rank, where one rank's machine lacks an input table."""
    if fail_rank == own_rank():
        Path("/nowhere/sm_tables.h5").read_bytes()
    return engine


def main() -> int:
    """`python -m tests.support.fake_engine run|resume|verify FILE ...`: the driver with this engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("run", "resume", "verify"))
    parser.add_argument("file")
    parser.add_argument("--shape", type=int, nargs=4, default=SHAPE)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--physics", default="tables v1")
    parser.add_argument("--fail-rank", type=int)
    parser.add_argument("--fault", default="raise", help="raise, memory, input, early, or an error of the system")
    parser.add_argument("--crash-at", type=int, help="kill the failing rank at this write of its own")
    parser.add_argument("--hold", type=int, help="ranks that do not fail wait from so many finished blocks on")
    parser.add_argument("--wait-for", type=Path, help="no block is computed before this file exists")
    parser.add_argument("--slow-rank", type=int, help="this rank takes ten times as long")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--sink", default="direct")
    parser.add_argument("--block-points", type=int)
    parser.add_argument("--profiles-only", action="store_true")
    parser.add_argument("--checkpoint-seconds", type=float)
    parser.add_argument("--sync-seconds", type=float)
    options = parser.parse_args()

    from zdscan.errors import Stopped, UserError
    from zdscan.grid import checkpoint, sinks
    from zdscan.grid.verify import verify
    from zdscan.ranks import mpi
    from zdscan.running import driver, workers

    if options.checkpoint_seconds is not None:
        checkpoint.CHECKPOINT_SECONDS, checkpoint.CHECKPOINT_RATIO = options.checkpoint_seconds, 0
    if options.sync_seconds is not None:
        sinks.SYNC_SECONDS = options.sync_seconds
    crash = options.crash_at is not None
    fail_rank = None if crash or options.fault == "input" else options.fail_rank
    stored = not options.profiles_only
    engine = FakeEngine(
        tuple(options.shape), options.delay, options.physics, fail_rank, fault=options.fault, stored=stored
    )
    if crash and options.fail_rank == own_rank():
        from tests.support.crashing import die_at_write

        die_at_write(options.crash_at, torn=True)
    if options.hold is not None and options.fail_rank != own_rank():
        stop: list[workers.StopRequest] = []
        driver.StopRequest = lambda *settings: stop.append(workers.StopRequest(*settings)) or stop[-1]
        engine.hold = lambda: hold(options.file, options.hold, lambda: stop[-1]())
    if options.wait_for is not None:
        engine.wait = lambda: wait_for(options.wait_for)
    if options.slow_rank == own_rank():
        engine.delay *= 10
    if options.fault == "early" and mpi.world().rank == options.fail_rank:
        raise RuntimeError("before the run")
    if options.fault == "input":
        driver._build = lambda scan: build(engine, options.fail_rank)
    built = None if options.fault == "input" else engine
    settings = {"threads": options.threads, "sink": options.sink, "engine": built, "progress": False}
    try:
        if options.command == "run":
            summary = driver.run(FakeScan(), options.file, block_points=options.block_points, **settings)
        elif options.command == "resume":
            summary = driver.resume(options.file, **settings)
        else:
            report = verify(options.file)
            print(f"ok {report.ok} bad {len(report.bad)}")
            return 0
    except UserError as error:
        for message in error.messages:
            print(message, file=sys.stderr)
        return 2
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return 75
    evaluated = mpi.world().gather(engine.evaluated)
    if summary.path:
        told = {"computed": summary.computed, "ranks": summary.ranks, "best": summary.best.index}
        print(json.dumps({**told, "evaluated": evaluated}))
    return 0


if __name__ == "__main__":
    sys.exit(main())


def stop_after(engine, blocks):
    """Let the process be asked to stop (SIGTERM) when the engine begins its block of this number."""
    seen, evaluate = [], engine.evaluate

    def interrupted(*arguments):
        seen.append(1)
        if len(seen) == blocks:
            os.kill(os.getpid(), signal.SIGTERM)
        evaluate(*arguments)

    engine.evaluate = interrupted
    return engine
