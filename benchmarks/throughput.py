"""Nanoseconds per point: by case and output, by stage, against the limits of the core, in memory and written.

All times are CPU time of one core, medians. A stage is told from another by lengthening the axis that a line of the
grid runs along: the time of a line is (cost of the line) + (points of the line) x (cost of a point).

Operations per point are those of the loops for chi2 in kernels/fast/tile.py. `chi2_fixed` (no channel depends on g_mu:
Cases B and C below the muon threshold): four multiply-adds of the polynomial, two of the bound of cancellations, two
more products.
`chi2_long` (everything else): 24 multiply-adds of three polynomials, two of the width, two that join them, nine of the
bound, a division and three products. The share of the peak is that count
over the time of a point (stage "point") over the peak of float64 multiply-adds. Constraints have no count: most of
their tests are decided for whole tiles.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hardware
import numpy as np
from common import Report, cpu_timing, parser, run_child
from job import JOBS, clocked_job
from numpy.typing import NDArray

from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.physics import Physics
from zdscan.grid.blocks import Plan
from zdscan.kernels.fast import tile
from zdscan.physics.cases import CASES
from zdscan.physics.parameters import PARAMETERS
from zdscan.ranks.mpi import Alone
from zdscan.scan.scanfile import load_scan

OUTPUTS: dict[str, tuple[str, ...]] = {
    "chi2": ("chi2",),
    "chi2, excluded": ("chi2", "excluded"),
    "chi2, excluded, ratios": ("chi2", "excluded", "ratios"),
    "chi2, excluded, chi2_total": ("chi2", "excluded", "chi2_total"),
    "chi2, excluded, predictions": ("chi2", "excluded", "predictions"),
}
KINDS: dict[str, tuple[str, ...]] = {  # with ratios and angular coefficients
    "chi2 of all rows": ("chi2",),
    "and of each kind": ("chi2", "chi2_br", "chi2_lfu", "chi2_angular"),
}
QUOTIENTS = ("latest", "lfu", "angular")
# GeV: below the muon threshold with the pole far from every bin edge (30 MeV squared is one), and above it, where a
# large g_mu makes the vector broad
NARROW, BROAD = 0.05, 0.7
MUON_THRESHOLD = 0.2113  # GeV
GOLDEN = 0.618  # steps of this size, modulo 1, spread evenly
OPERATIONS = {  # of one point, see above
    tile.FIXED: 2 * (4 + 2) + 2,
    tile.LONG: 2 * (24 + 2 + 2 + 9) + 1 + 3,
}


@dataclass(frozen=True)
class Effort:
    """How much to measure."""

    masses: int = 12
    block: int = 131_072  # points of an evaluation, at most: the driver's largest block
    repeats: int = 5
    lines: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)  # lengths of a line
    cases: tuple[str, ...] = ("A", "B", "C")


QUICK = Effort(masses=2, block=512, repeats=1, lines=(32, 64, 128), cases=("A", "C"))


def physics_of(case: str, fields: Sequence[str]) -> Physics:
    """The physics of a case with every constraint, or with none where only chi2 is stored."""
    return build_physics(CASES[case], theory="paper", constraints="all" if "excluded" in fields else ())


def buffers(engine: Engine, count: int) -> list[NDArray[Any]]:
    """Outputs of `count` points."""
    return [np.empty((count, f.components) if f.extra else count, dtype=f.dtype) for f in engine.fields]


def point_seconds(engine: Engine, mass_index: int, effort: Effort) -> float:
    """Median CPU seconds per point of one block of a mass; its place in the mass differs from mass to mass."""
    mass_tables = engine.mass_tables(mass_index)
    per_mass = int(np.prod(engine.shape[1:]))
    count = min(effort.block, per_mass)
    outputs = buffers(engine, count)
    first = int((mass_index * GOLDEN) % 1.0 * (per_mass - count))
    return cpu_timing(lambda: engine.evaluate(mass_tables, first, count, outputs), effort.repeats).median / count


def by_output(report: Report, effort: Effort, limits: hardware.Limits) -> None:
    """Points per second for every case and output, on the axes of the shipped jobs."""
    rows = []
    for case in effort.cases:
        scan = load_scan(JOBS / f"case_{case.lower()}.toml")
        spread = scan.axes["mass"][np.linspace(0, scan.shape[0] - 1, effort.masses).astype(int)]
        axes = {**scan.axes, "mass": np.array([*spread, NARROW, BROAD])}
        for label, fields in OUTPUTS.items():
            engine = Engine(physics_of(case, fields), axes, fields)
            engine.warm_up()
            seconds = [point_seconds(engine, m, effort) for m in range(len(axes["mass"]))]
            mean = statistics.fmean(seconds[: effort.masses])
            stored = sum(f.components * np.dtype(f.dtype).itemsize for f in engine.fields)
            rows.append(
                (
                    *(case, label, mean * 1e9, seconds[-2] * 1e9, seconds[-1] * 1e9, 1e-6 / mean, stored),
                    *(stored / mean / 1e9, 100 * stored / mean / limits.fill),
                )
            )
    report.add(
        "Points in memory",
        (
            *("case", "output", "ns/point", f"at {NARROW * 1e3:g} MeV", f"at {BROAD * 1e3:g} MeV", "Mpoints/s/core"),
            *("bytes/point", "GB/s", "% of fill"),
        ),
        rows,
        f"Mean over {effort.masses} masses of the axes of jobs/case_*.toml, one block of at most {effort.block:,} "
        "points of each, from another place of the other axes every time; `chi2` is without constraints, the others "
        "with every constraint.",
    )


def by_families(report: Report, effort: Effort) -> None:
    """Nanoseconds per point with ratios and angular coefficients, and the share of points beyond the law."""
    rows = []
    for case in effort.cases:
        scan = load_scan(JOBS / f"case_{case.lower()}.toml")
        every = np.linspace(0, scan.shape[0] - 1, effort.masses).astype(int)
        axes = {**scan.axes, "mass": scan.axes["mass"][every]}
        narrow = axes["mass"] < MUON_THRESHOLD
        for label, fields in KINDS.items():
            physics = build_physics(CASES[case], theory="paper", measurements=QUOTIENTS, constraints=())
            engine = Engine(physics, axes, fields)
            engine.warm_up()
            seconds = 1e9 * np.array([point_seconds(engine, m, effort) for m in range(len(axes["mass"]))])
            means = [float(seconds[some].mean()) if some.any() else None for some in (narrow, ~narrow)]
            rows.append((case, label, *means, float(seconds.mean())))
    report.add(
        "Ratios and angular coefficients",
        ("case", "output", "ns/point below 210 MeV", "above", "mean"),
        rows,
        f"Without constraints, measurements = {list(QUOTIENTS)}, over {effort.masses} masses of the axes of "
        "jobs/case_*.toml as above; points beyond the small-width law included.",
    )


def line_and_point(case: str, fields: Sequence[str], mass: float, effort: Effort) -> tuple[float, float, int]:
    """Seconds of a line and of a point on it, and which loop serves it: fit over lines of several lengths.

    A line runs along g_mu, in Case A along eps_z; the vector is narrow everywhere.
    """
    physics = physics_of(case, fields)
    lengths, seconds, kind = np.array(effort.lines), [], tile.LONG
    for length in lengths:
        lines = max(effort.block // int(length), 32)
        eps = np.linspace(1e-5, 1e-3, lines)
        line = np.geomspace(1e-6, 1e-2, int(length))
        axes = {"mass": np.array([mass]), "eps": eps, "eps_z": np.array([-1e-3]), "g_mu": line}
        if case == "A":
            axes |= {"eps_z": line, "g_mu": np.zeros(1)}
        engine = Engine(physics, axes, fields)
        mass_tables, outputs = engine.mass_tables(0), buffers(engine, lines * int(length))
        kind = physics.workspace(mass_tables, (axes["eps"], axes["eps_z"], axes["g_mu"])).parts[0][0].kind
        engine.evaluate(mass_tables, 0, lines * int(length), outputs)
        timing = cpu_timing(
            lambda e=engine, s=mass_tables, n=lines * int(length), o=outputs: e.evaluate(s, 0, n, o),
            effort.repeats,
        )
        seconds.append(timing.median / lines)
    point, line_seconds = np.polyfit(lengths, seconds, 1, w=1 / np.array(seconds))
    return float(line_seconds), float(point), kind


def by_likelihoods(report: Report, effort: Effort) -> None:
    """What chi2 of the constraints costs beside chi2 and the bits, in one run."""
    rows = []
    for case in effort.cases:
        scan = load_scan(JOBS / f"case_{case.lower()}.toml")
        every = np.linspace(0, scan.shape[0] - 1, effort.masses).astype(int)
        axes = {**scan.axes, "mass": scan.axes["mass"][every]}
        for theory in ("paper", "complete"):
            physics = build_physics(CASES[case], theory=theory)
            seconds = []
            for fields in (("chi2", "excluded"), ("chi2", "excluded", "chi2_total")):
                engine = Engine(physics, axes, fields)
                engine.warm_up()
                seconds.append(statistics.fmean(point_seconds(engine, m, effort) for m in range(len(axes["mass"]))))
            before, after = (1e9 * number for number in seconds)
            rows.append((case, theory, before, after - before, (after - before) / before))
    report.add(
        "chi2 of the constraints",
        ("case", "theory", "chi2, excluded: ns/point", "chi2_total adds: ns/point", "ratio"),
        rows,
        f"All constraints of format 2, over {effort.masses} masses of the axes of jobs/case_*.toml as above.",
    )


def by_stage(report: Report, effort: Effort, limits: hardware.Limits) -> None:
    """Mass tables, line and point, and the share of the peak that a point reaches."""
    rows: list[tuple[Any, ...]] = []
    for case in effort.cases:
        for label in ("chi2", "chi2, excluded"):
            fields = OUTPUTS[label]
            physics = physics_of(case, fields)
            axes = tuple(load_scan(JOBS / f"case_{case.lower()}.toml").axes[name] for name in PARAMETERS)
            masses = np.geomspace(0.01, 2.0, effort.masses).tolist()
            physics.workspace(physics.mass_tables(1.0), axes)
            both = []
            for mass in masses:
                mass_tables = physics.mass_tables(mass)
                building = cpu_timing(lambda m=mass, p=physics: p.mass_tables(m), 3)
                expanding = cpu_timing(lambda s=mass_tables, p=physics, a=axes: p.workspace(s, a), 3)
                both.append((building.median, expanding.median))
            mass_seconds, expansion_seconds = (statistics.fmean(column) for column in zip(*both, strict=True))
            for mass in (NARROW, BROAD):
                line, point, kind = line_and_point(case, fields, mass, effort)
                count = OPERATIONS[kind] if "excluded" not in fields else None
                rate = count / point / 1e9 if count is not None and point > 0 else None
                share = 100 * rate * 1e9 / limits.flops64 if rate is not None else None
                stages = (mass_seconds * 1e3, expansion_seconds * 1e3, mass * 1e3, line * 1e9, point * 1e9)
                rows.append((case, label, *stages, count, rate, share))
    report.add(
        "Stages",
        (
            *("case", "output", "ms/mass tables", "ms/expansion", "at MeV", "ns/line", "ns/point", "operations/point"),
            *("Gflop/s", "% of peak"),
        ),
        rows,
        f"Mass tables and expansions: mean over {effort.masses} masses, one after the other. Lines and points: fit "
        f"over lines of {effort.lines[0]} to {effort.lines[-1]} points, along g_mu, in Case A along eps_z. Operations: "
        "description of benchmarks/throughput.py; the peak is that of float64.",
    )


def written(report: Report, folders: Sequence[tuple[str, Path | None]], quick: bool) -> None:
    """A job of one core without a file, and with one in each folder."""
    overrides = ["axes.mass.n=2", "axes.eps.n=3"] if quick else ["axes.mass.n=30", "axes.eps.n=15"]
    scan = load_scan(JOBS / "case_c.toml", overrides)
    engine = Engine.from_scan(scan)
    rows = []
    for label, folder in folders:
        runs = []
        for _ in range(1 if quick else 3):
            with tempfile.TemporaryDirectory(dir=folder) as there:
                output = Path(there) / "grid.h5" if folder is not None else None
                runs.append(clocked_job(engine, Alone(), 1, output)[0])
        cpu, wall, computing, minima, putting = (
            statistics.median(values) / scan.points
            for values in (
                [run["blocks_cpu"] for run in runs],
                [run["blocks_wall"] for run in runs],
                *([sum(cpu for cpu, _ in run[name]) for run in runs] for name in ("evaluate", "minima", "put")),
            )
        )
        speed = runs[0]["bytes"] / scan.points / putting / 1e9 if runs[0]["bytes"] else None
        stages = [1e9 * value for value in (computing, minima, putting, cpu - computing - minima - putting, cpu)]
        rows.append((label, *stages, 1e-6 / cpu, 1e-6 / wall, speed))
    report.add(
        "A job of one core, chi2 and excluded written, profiles kept",
        (
            *(
                "file",
                "computing",
                "profiles",
                "writing",
                "rest",
                "CPU ns/point",
                "Mpoints/s of CPU time",
                "Mpoints/s of wall time",
            ),
            "GB/s while writing",
        ),
        rows,
        f"Case C, {scan.points:,} points in {Plan.default(scan.shape).blocks} blocks. Writing: checksum and copy to "
        "the page cache; rest: schedule and waiting for the disk, which the wall time includes.",
    )


_FIRST = """
import time
from pathlib import Path
from zdscan.scan.scanfile import load_scan
from zdscan.evaluation.engine import Engine
import numpy as np
scan = load_scan(Path({job!r}), ["axes.mass.n=2"])
engine = Engine.from_scan(scan)
imported = time.process_time()
engine.warm_up()
outputs = [np.empty(8192, dtype=f.dtype) for f in engine.fields]
engine.evaluate(engine.mass_tables(0), 0, 8192, outputs)
import json
print(json.dumps([imported, time.process_time()]))
"""


def first_chunk(report: Report, quick: bool) -> None:
    """Time from the start of the interpreter to the first computed block."""
    code = _FIRST.format(job=str(JOBS / "case_c.toml"))
    rows = []
    for label, repeats in (("cold: empty cache of kernels", 1), ("warm", 1 if quick else 5)):
        if quick and label != "warm":
            continue
        runs = []
        with tempfile.TemporaryDirectory() as fresh:
            for _ in range(repeats):
                environment = {"ZDSCAN_CACHE_DIR": fresh} if label != "warm" else {}
                child = run_child([sys.executable, "-c", code], **environment)
                runs.append((*json.loads(child.stdout.splitlines()[-1]), child.wall))
        imported, total, wall = (statistics.median(column) for column in zip(*runs, strict=True))
        rows.append((label, imported, total - imported, total, wall))
    report.add(
        "Time to the first block",
        ("cache", "imports, CPU s", "kernels and block, CPU s", "total, CPU s", "wall s"),
        rows,
    )


def main() -> None:
    """Measure and report."""
    options = parser(__doc__)
    options.add_argument("--disk", type=Path, default=Path.cwd(), help="folder on the disk to write to")
    arguments = options.parse_args()
    effort = QUICK if arguments.quick else Effort()
    report = Report("throughput")
    limits = hardware.measure(arguments.quick)
    report.add(*hardware.report(limits))
    by_output(report, effort, limits)
    by_families(report, effort)
    by_likelihoods(report, effort)
    by_stage(report, effort, limits)
    memory = [("/dev/shm", Path("/dev/shm"))] if Path("/dev/shm").is_dir() else []
    written(report, [("none", None), *memory, ("disk", arguments.disk)], arguments.quick)
    first_chunk(report, arguments.quick)
    report.finish(arguments)


if __name__ == "__main__":
    main()
