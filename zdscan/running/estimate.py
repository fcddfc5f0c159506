"""What a scan will cost: file size, memory per process, and time, from a few blocks that are really computed."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import LARGEST_BLOCK, Plan, piece_of, profile_bytes
from zdscan.grid.profiles import Profiles, warm_up
from zdscan.ranks import launcher
from zdscan.running.workers import kept_mass_tables

if TYPE_CHECKING:
    from zdscan.scan.scanfile import Scan

SAMPLE_POINTS = 16_384  # per sampled mass where fields of many numbers are stored: some milliseconds
SAMPLE_MASSES = 6  # spread over the axis: a resonance inside a bin takes longer


@dataclass(frozen=True)
class Size:
    """Size of a grid file: points, bytes of all fields at one point, bytes of the file."""

    points: int
    bytes_per_point: int
    file_bytes: int


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to cost.

    Attributes
    ----------
    size : of the grid file.
    memory_bytes : of each process (rank): libraries, the mass tables it keeps, and one block.
    compile_seconds : what compiling or loading the kernels took just now.
    mass_seconds, point_seconds : measured, one core that does nothing else.
    cores, seconds : expected wall time on that many cores, compilation not counted.
    """

    size: Size
    memory_bytes: int
    compile_seconds: float
    mass_seconds: float
    point_seconds: float
    cores: int
    seconds: float


def size_of(scan: Scan, stored: Sequence[Field]) -> Size:
    """Size of the file that holds `stored` for every point of `scan`, profiles included, metadata rounded up."""
    per_point = sum(np.dtype(item.dtype).itemsize * item.components for item in stored)
    plan = Plan.default(scan.shape, stored=bool(stored))
    blocks = (13 + 4 * len(stored)) * plan.blocks  # number, done byte, checksums
    tables = profile_bytes(scan.shape, stored=bool(stored)) if scan.output.profiles else 0
    metadata = 200_000
    return Size(scan.points, per_point, scan.points * per_point + tables + blocks + metadata)


def estimate(scan: Scan, cores: int | None = None) -> Estimate:
    """Compute a few blocks of `scan` and extrapolate; takes a second once the kernels are compiled.

    Mass tables, with all that is made once a mass, and points are timed in CPU time, so that a busy machine gives the
    same answer.

    Raises
    ------
    UserError
        For what only the engine can refuse.
    """
    from zdscan.evaluation.engine import Engine

    cores = cores or launcher.cores()
    engine = Engine.from_scan(scan)
    began = time.perf_counter()
    engine.warm_up(partial(warm_up, engine.fields))
    compile_seconds = time.perf_counter() - began

    per_mass = scan.points // scan.shape[0]
    many = SAMPLE_POINTS if any(item.extra is not None for item in engine.fields) else LARGEST_BLOCK
    count = min(per_mass, piece_of(scan.shape, many))
    first = (per_mass - count) // 2 // count * count
    outputs = [
        np.empty((count,) if item.extra is None else (count, item.components), dtype=item.dtype)
        for item in engine.fields
    ]
    found = dict(zip((item.name for item in engine.fields), outputs, strict=True))
    minima = Profiles.empty(engine.shape, found) if scan.output.profiles else None
    masses = sorted({round(k * (scan.shape[0] - 1) / (SAMPLE_MASSES - 1)) for k in range(SAMPLE_MASSES)})
    mass_seconds = point_seconds = 0.0
    for mass in masses:
        began = time.thread_time()
        built = engine.mass_tables(mass)
        sliced = time.thread_time()
        engine.evaluate(built, first, count, outputs)  # what is made once a mass included
        made = time.thread_time()
        if minima is not None:
            minima.add(mass, first, found["chi2"], found["excluded"])
        again = time.thread_time()
        engine.evaluate(built, first, count, outputs)
        evaluated = time.thread_time()
        if minima is not None:
            minima.add(mass, first, found["chi2"], found["excluded"])
        once = max(0.0, (made - sliced) - (evaluated - again))
        mass_seconds += (sliced - began + once) / len(masses)
        point_seconds += (time.thread_time() - again) / (len(masses) * count)

    size = size_of(scan, [item for item in engine.fields if item.stored])
    mass_tables = 8 * engine.mass_tables_size * kept_mass_tables(scan.shape[0], engine.mass_tables_size)
    block = Plan.default(scan.shape).largest * sum(output[0].nbytes for output in outputs)
    work = scan.shape[0] * mass_seconds + scan.points * point_seconds
    return Estimate(
        size=size,
        memory_bytes=_resident_bytes() + mass_tables + block,
        compile_seconds=compile_seconds,
        mass_seconds=mass_seconds,
        point_seconds=point_seconds,
        cores=cores,
        seconds=work / cores,
    )


def _resident_bytes() -> int:
    """Largest memory of this process so far: interpreter, libraries and compiled kernels."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
