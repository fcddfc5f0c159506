"""How the cost grows: time and memory against points of the grid, time against constraints and against rows;
and what a window of proper times costs.

Points: real runs of ``zdscan run`` on one core, from the start of the program to its end, profiles included. Nothing is
extrapolated: ``--largest 1e9`` computes a thousand million points and needs as many times eight bytes in the folder.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from common import MPIEXEC, ROOT, Report, cpu_timing, interleaved, parser, run_child, with_ranks
from job import JOBS
from numpy.typing import NDArray
from throughput import GOLDEN, NARROW, buffers

from zdscan.constraints import available
from zdscan.evaluation.engine import Engine, build_physics, physics_of
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import Settings
from zdscan.kernels.tables import clauses as layout
from zdscan.kernels.tables.mass import clause_tables
from zdscan.physics.cases import CASES, named_case
from zdscan.physics.rows import Likelihood
from zdscan.scan.scanfile import load_scan

SIZES = (1e5, 1e6, 1e7, 1e8, 1e9)
PER_MASS = 1_000_000  # points of a mass from there on
BESIDE = ("a_mu", "bs_mixing")  # constraints without windows


def overrides(points: float) -> list[str]:
    """Settings that make case_c.toml a grid of about that many points: first more points a mass, then more masses."""
    masses = max(10, round(points / PER_MASS))
    eps_z = max(3, round((points / masses / (20 * 100) - 1) / 2) * 2 + 1)
    return [f"axes.mass.n={masses}", "axes.eps.n=21", f"axes.eps_z.n={eps_z}", "axes.g_mu.n=100"]


def by_points(report: Report, sizes: list[float], folder: Path | None) -> None:
    """Whole runs, on one core and, where there is a launcher, as two ranks (for their memory)."""
    rows = []
    job = JOBS / "case_c.toml"
    for size in sizes:
        scan = load_scan(job, overrides(size))
        peaks: dict[int, float] = {}
        cpu = wall = 0.0
        for ranks in (0, 2) if MPIEXEC.exists() else (0,):
            with tempfile.TemporaryDirectory(dir=folder) as there:
                settings = [item for override in overrides(size) for item in ("--set", override)]
                command = [sys.executable, "-m", "zdscan", "run", str(job), "-o", f"{there}/grid.h5", *settings]
                child = run_child([*with_ranks(command, ranks), "--threads", "1"])
            peaks[ranks] = child.peak_bytes / 1e6
            if ranks == 0:
                cpu, wall = child.cpu, child.wall
        per_point = cpu / scan.points * 1e9
        rows.append((scan.points, scan.shape[0], cpu, wall, per_point, peaks[0], peaks.get(2)))
    report.add(
        "A whole run against the points of its grid",
        ("points", "masses", "CPU s", "wall s", "CPU ns/point", "peak MB, alone", "peak MB, larger of 2 ranks"),
        rows,
        f"`zdscan run` of Case C on one core: start-up, mass tables, blocks, chi2 and excluded written"
        f"{'' if folder is None else f' to {folder}'}, profiles.",
    )


def nanoseconds(physics: Physics, points: int, repeats: int) -> float:
    """Median CPU nanoseconds per point, narrow vector, lines of 128 points along g_mu."""
    fields = ("chi2", "excluded")
    axes = {
        "mass": np.array([NARROW]),
        "eps": np.linspace(1e-5, 1e-3, max(points // 128, 1)),
        "eps_z": np.array([-1e-3]),
        "g_mu": np.geomspace(1e-6, 1e-2, 128),
    }
    engine = Engine(physics, axes, fields)
    count = int(np.prod(engine.shape))
    mass_tables, outputs = engine.mass_tables(0), buffers(engine, count)
    engine.evaluate(mass_tables, 0, count, outputs)
    return cpu_timing(lambda: engine.evaluate(mass_tables, 0, count, outputs), repeats).median / count * 1e9


def mass_ms(physics: Physics, repeats: int) -> float:
    """Median CPU milliseconds of mass tables."""
    masses = np.geomspace(0.011, 1.9, 5)
    physics.mass_tables(1.0)
    return 1e3 * statistics.fmean(cpu_timing(lambda m=m: physics.mass_tables(float(m)), repeats).median for m in masses)


def by_constraints(report: Report, counts: list[int], points: int, repeats: int) -> None:
    """Points and mass tables against the number of constraints (the first ones by name)."""
    rows = []
    for count in counts:
        physics = build_physics(CASES["C"], theory="paper", constraints=available()[:count])
        clauses = sum(len(found) for found in physics.clauses(NARROW))
        rows.append((count, clauses, nanoseconds(physics, points, repeats), mass_ms(physics, repeats)))
    report.add(
        "Against the number of constraints",
        ("constraints", f"clauses at {NARROW * 1e3:g} MeV", "ns/point", "ms/mass tables"),
        rows,
        f"Case C, {NARROW * 1e3:g} MeV, lines of 128 points along g_mu, all 26 rows; the first constraints by name.",
    )


def evaluation(engine: Engine, mass_tables: NDArray[np.float64], first: int, count: int) -> Callable[[], None]:
    """A call that evaluates some points of a mass, always into the same outputs."""
    return partial(engine.evaluate, mass_tables, first, count, buffers(engine, count))


def axes_of(case: str, masses: int) -> dict[str, np.ndarray]:
    """Some masses of a shipped scan file and its other axes; for a named model a grid of its first two parameters."""
    if case in CASES:
        scan = load_scan(JOBS / f"case_{case.lower()}.toml")
        return {**scan.axes, "mass": scan.axes["mass"][np.linspace(0, scan.shape[0] - 1, masses).astype(int)]}
    mass, first, second, third = named_case(case).parameters.axes
    strengths = np.geomspace(1e-8, 1e-2, 256)
    return {mass: np.geomspace(0.011, 1.9, masses), first: strengths, second: strengths, third: np.zeros(1)}


def by_models(report: Report, masses: int, points: int, repeats: int) -> None:
    """Points without constraints, with those of scan format 1 and with all, by case and theory."""
    rows = []
    for case in ("A", "B", "C", "b_l"):
        axes = axes_of(case, masses)
        for theory in ("paper", "complete"):
            engines = []
            for use, scan_format in (((), None), ("all", 1), ("all", None)):
                settings = Settings.of(theory=theory, constraints=use)
                engines.append(Engine(physics_of(named_case(case), settings, scan_format), axes, ("chi2", "excluded")))
            per_mass = int(np.prod(engines[0].shape[1:]))
            count, means, ratios = min(points, per_mass), np.zeros(3), []
            for m in range(masses):
                first = int((m * GOLDEN) % 1.0 * (per_mass - count))
                calls = [evaluation(e, e.mass_tables(m), first, count) for e in engines]
                interleaved(calls, 1)  # the expansion of the mass
                times = np.array(interleaved(calls, repeats)) / count * 1e9
                means += np.median(times, axis=0) / masses
                ratios.append(float(np.median(times[:, 2] / times[:, 1])))
            numbers = [len(e.physics.constraints) for e in engines[1:]]
            rows.append((case, theory, *means.tolist(), statistics.fmean(ratios), max(ratios)))
    report.add(
        "Every constraint, against those of scan format 1",
        ("case", "theory", "none, ns/point", *(f"{n}, ns/point" for n in numbers), "ratio", "largest of a mass"),
        rows,
        f"Mean over {masses} masses of the axes of jobs/case_*.toml, for {case} of a grid of its two parameters over "
        "six decades; the ratios are those of all constraints to those of format 1, medians of rounds in turn.",
    )


def by_windows(report: Report, points: int, repeats: int) -> None:
    """What a clause behind a window of proper times costs a point, where its boundary crosses the grid."""
    n = max(round(points**0.5), 2)
    axes = {
        "mass": np.array([NARROW]),
        "eps": np.geomspace(1e-9, 1e-3, n),
        "eps_z": np.geomspace(1e-9, 1e-3, n),
        "g_mu": np.zeros(1),
    }
    rows = []
    for name in ("b_k_x_ee", "k_pi_x", "b_k_x", "k_mu_inv"):
        physics = build_physics(CASES["A"], theory="complete", constraints=[*BESIDE, name])
        place = [constraint.id for constraint in physics.constraints].index(name)
        calls, count = [], n * n
        for keeps in (True, False):
            engine = Engine(physics, axes, ("chi2", "excluded"))
            tables = engine.mass_tables(0).copy()
            clauses = clause_tables(tables, len(physics.likelihood.sm))
            if not keeps:
                windows = (clauses[:, layout.CONSTRAINT] == place) & (clauses[:, layout.WINDOW_TO] > 0.0)
                clauses[windows, layout.APPLIES] = 0.0
            calls.append(evaluation(engine, tables, 0, count))
        interleaved(calls, 1)
        times = np.array(interleaved(calls, repeats)) / count * 1e9
        rows.append((name, *np.median(times, axis=0).tolist(), float(np.median(times[:, 0] - times[:, 1]))))
    report.add(
        "A clause behind a window of proper times",
        ("constraint", "with, ns/point", "without", "the clause"),
        rows,
        f"Case A, {NARROW * 1e3:g} MeV, theory complete, beside {' and '.join(BESIDE)} (without any constraint points "
        f"cost less at all), eps and eps_z over six decades each, {n} values of both; "
        f"medians of {repeats} rounds, with and without in turn.",
    )


def first_rows(rows: Likelihood, count: int) -> Likelihood:
    """The likelihood of the first rows alone."""
    muon = int(np.count_nonzero(rows.lepton[:count]))
    return replace(
        rows,
        data=replace(rows.data, values=rows.data.values[:count]),
        sm=rows.sm[:count],
        sigma=rows.sigma[:count],
        whitening=np.ascontiguousarray(rows.whitening[:count, :count]),
        whitening_muon=np.ascontiguousarray(rows.whitening_muon[:muon, :count]),
        lepton=rows.lepton[:count],
        rates=rows.rates[:count],
        row_start=rows.row_start[: count + 1],
    )


def by_rows(report: Report, counts: list[int], points: int, repeats: int) -> None:
    """Points and mass tables against the number of rows in chi2."""
    physics = build_physics(CASES["C"], theory="paper", constraints=())
    found = []
    for count in counts:
        fewer = replace(physics, likelihood=first_rows(physics.likelihood, count))
        found.append((count, nanoseconds(fewer, points, repeats), mass_ms(fewer, repeats)))
    report.add(
        "Against the number of rows",
        ("rows", "ns/point", "ms/mass tables"),
        found,
        f"Case C, {NARROW * 1e3:g} MeV, lines of 128 points along g_mu, no constraints; the first rows of the table.",
    )


def main() -> None:
    """Measure and report."""
    options = parser(__doc__)
    options.add_argument("--largest", type=float, default=1e8, help="points of the largest grid (default 1e8)")
    options.add_argument("--folder", type=Path, help="where the grids are written (default: /dev/shm if there)")
    arguments = options.parse_args()
    memory = Path("/dev/shm")
    folder = arguments.folder or (memory if memory.is_dir() and shutil.disk_usage(memory).free > 1e9 else ROOT)
    report = Report("growth")
    if arguments.quick:
        by_points(report, [6e4], folder)
        by_constraints(report, [0, len(available())], 256, 1)
        by_models(report, 1, 256, 1)
        by_windows(report, 256, 1)
        by_rows(report, [1, 26], 256, 1)
    else:
        by_points(report, [size for size in SIZES if size <= arguments.largest], folder)
        by_constraints(report, [0, 1, 2, 4, 8, 16, len(available())], 65_536, 9)
        by_models(report, 8, 65_536, 7)
        by_windows(report, 262_144, 31)
        by_rows(report, [1, 2, 4, 8, 16, 26], 65_536, 9)
    report.finish(arguments)


if __name__ == "__main__":
    main()
