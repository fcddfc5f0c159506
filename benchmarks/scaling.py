"""Two ranks and two threads measured, many ranks modelled from that, and the model compared with measured runs.

Measured: the same job on one core, two ranks and two threads (strong scaling), and twice the job on two (weak), without
output and written to shared memory, beside two jobs at once that know nothing of each other; the shared counter; runs
of pauses on more ranks than there are cores. Modelled (benchmarks/simulation.py): up to 16384 ranks, with block times
found here and every addition to the counter occupying it for the whole measured round trip, which is pessimistic.
``--write`` also draws docs/scaling.svg.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from common import MPIEXEC, ROOT, Report, parser, run_child, with_ranks
from job import JOBS, pause_lengths
from numpy.typing import NDArray
from simulation import Costs, Outcome, simulate

from zdscan.evaluation.engine import Engine
from zdscan.grid.blocks import LARGEST_BLOCK, LARGEST_UNSTORED, Plan
from zdscan.scan.scanfile import load_scan

mpl.use("Agg")
from matplotlib import pyplot as plt

JOB = JOBS / "case_c.toml"
LINK_BYTES, LINK_LATENCY = 10e9, 2e-6  # assumed network: bytes per second into a node, seconds of a message
WORK = ("evaluate", "minima", "put")  # the clocked calls of a block
MASSES = 400  # of the measured and modelled jobs
RANKS = (1, 4, 16, 64, 256, 1024, 4096, 16384)


@dataclass(frozen=True)
class Effort:
    """How much to measure."""

    seconds: float = 10.0  # CPU time of the measured job, about
    repeats: int = 3
    pausing_ranks: tuple[int, ...] = (1, 2, 4, 8, 16)
    pause: float = 0.01
    ranks: tuple[int, ...] = RANKS
    weak: bool = True


QUICK = Effort(seconds=0.0, repeats=1, pausing_ranks=(1, 2), pause=0.001, ranks=(1, 64), weak=False)


@dataclass(frozen=True)
class Run:
    """One clocked job: what each rank found, and how many workers computed."""

    ranks: list[dict[str, Any]]
    workers: int

    def total(self, name: str) -> float:
        """Sum over the ranks."""
        return sum(float(rank[name]) for rank in self.ranks)

    def listed(self, name: str) -> float:
        """CPU seconds of all calls of "evaluate", "minima" or "put"."""
        return sum(cpu for rank in self.ranks for cpu, _ in rank[name])

    @property
    def rest(self) -> float:
        """CPU seconds of the blocks outside those calls."""
        return self.total("blocks_cpu") - sum(self.listed(name) for name in WORK)

    @property
    def cpu(self) -> float:
        """CPU seconds of mass tables and blocks on all ranks."""
        return self.total("tables_cpu") + self.total("blocks_cpu")

    @property
    def wall(self) -> float:
        """Wall seconds of mass tables and blocks."""
        return max(float(rank["tables_wall"] + rank["blocks_wall"]) for rank in self.ranks)


def run(ranks: int, threads: int, settings: Sequence[str], output: bool, *more: str) -> Run:
    """One job in processes of its own; `ranks` 0 is one without a launcher."""
    command = [sys.executable, str(ROOT / "benchmarks" / "job.py"), str(JOB), "--threads", str(threads), *more]
    for setting in settings:
        command += ["--set", setting]
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as there:
        if output:
            command += ["--output", f"{there}/grid.h5"]
        found = run_child(with_ranks(command, ranks)).stdout.splitlines()[-1]
    return Run(json.loads(found), max(ranks, 1) * threads)


def settings_for(effort: Effort) -> list[str]:
    """Settings that make a job of about the wanted CPU time, by the number of values of eps."""
    if not effort.seconds:
        return ["axes.mass.n=4", "axes.eps.n=3"]
    masses, values = f"axes.mass.n={MASSES}", 21
    trial = run(0, 1, [masses, f"axes.eps.n={values}"], False)
    return [masses, f"axes.eps.n={1 + 2 * round(values * effort.seconds / trial.cpu / 2)}"]


# By name: ranks, threads, and how many such jobs run at the same time. Two jobs that know nothing of each other show
# what the hardware itself takes from two cores at work.
CONFIGURATIONS = {"1 core": (0, 1, 1), "2 jobs at once": (0, 1, 2), "2 ranks": (2, 1, 1), "2 threads": (0, 2, 1)}


def configurations() -> dict[str, tuple[int, int, int]]:
    """What can be measured here: without a launcher no ranks."""
    return {name: value for name, value in CONFIGURATIONS.items() if value[0] == 0 or MPIEXEC.exists()}


def at_once(jobs: int, *arguments: Any) -> Run:
    """That many equal jobs at the same time, as one run of all."""
    with ThreadPoolExecutor(jobs) as pool:
        runs = list(pool.map(lambda _: run(*arguments), range(jobs)))
    return Run([rank for each in runs for rank in each.ranks], sum(each.workers for each in runs))


Strong = dict[bool, dict[str, list[Run]]]  # by whether they wrote, and by configuration


def measured_scaling(report: Report, effort: Effort) -> Strong:
    """Strong and weak scaling; the runs of the former."""
    strong: Strong = {}
    jobs = {"strong": settings_for(effort)}
    if effort.weak:
        jobs["weak"] = [f"axes.mass.n={2 * MASSES}", *jobs["strong"][1:]]
    for kind, larger in jobs.items():
        rows = []
        for output in (False, True):
            runs: dict[str, list[Run]] = {name: [] for name in configurations()}
            for _ in range(effort.repeats):  # in turn, so that a busy time meets all alike
                for name, (ranks, threads, number) in configurations().items():
                    settings = jobs["strong"] if name == "1 core" or number > 1 else larger
                    runs[name].append(at_once(number, ranks, threads, settings, output))
            if kind == "strong":
                strong[output] = runs
            for name, found in runs.items():
                # Ranks of one job tell its points each, jobs at once have their own.
                points = found[0].ranks[0]["points"] * CONFIGURATIONS[name][2]
                pairs = list(zip(found, runs["1 core"], strict=True))
                work = points / runs["1 core"][0].ranks[0]["points"]
                per_mass = [r.total("tables_cpu") / r.total("masses") for r in found]
                stages = [
                    [1e9 * value / points for value in values]
                    for values in (*([r.listed(call) for r in found] for call in WORK), [r.rest for r in found])
                ]
                rows.append(
                    (
                        *(name, "written" if output else "no", points, 1e3 * statistics.median(per_mass)),
                        *(statistics.median(stage) for stage in stages),
                        statistics.median(work * one.cpu / r.cpu for r, one in pairs),
                        statistics.median(work * one.wall / r.wall / r.workers for r, one in pairs),
                    )
                )
        report.add(
            "Strong scaling: the same job" if kind == "strong" else "Weak scaling: twice the job on two",
            (
                *("on", "output", "points", "mass tables, ms", "computing, ns/point", "profiles", "writing", "rest"),
                *("efficiency, CPU", "efficiency, wall"),
            ),
            rows,
            f"Case C; medians of {effort.repeats} runs in turn. Times are CPU time of all workers together; rest: "
            "schedule, counter, waiting for the disk. Efficiency: CPU (or wall times workers) of one core over that of "
            "this run, for the same work. Only the CPU efficiency means something while others use the machine.",
        )
    return strong


def counter(report: Report) -> float:
    """Cost of the shared counter; the seconds that one addition takes while rank 0 computes."""
    script = [sys.executable, str(ROOT / "benchmarks" / "job.py"), str(JOB), "--counter"]
    rows, slowest = [], 0.0
    for ranks in (1, 2) if MPIEXEC.exists() else (0,):
        found = json.loads(run_child(with_ranks(script, ranks)).stdout.splitlines()[-1])
        rows.append((max(ranks, 1), found["waiting"] * 1e6, found["computing"] * 1e6 if ranks > 1 else None))
        slowest = max(found["waiting"], found["computing"] if ranks > 1 else 0.0)
    report.add(
        "One addition to the shared counter, microseconds",
        ("ranks", "rank 0 waits", "rank 0 computes"),
        rows,
        "Median; with two ranks a one-sided `Fetch_and_op` on rank 0 from the other rank.",
    )
    return slowest


def block_seconds(single: Sequence[Run]) -> NDArray[np.float64]:
    """Median CPU seconds of each block of the one-core runs, with all that goes with it, in the order of the plan."""
    totals = []
    for r in single:
        calls = np.sum([[cpu for cpu, _ in r.ranks[0][name]] for name in WORK], axis=0)
        totals.append(calls + r.rest / calls.size)
    return np.asarray(np.median(totals, axis=0))


def mass_cost(runs: Sequence[Run]) -> float:
    """Median CPU seconds of mass tables."""
    return statistics.median(r.total("tables_cpu") / r.total("masses") for r in runs)


def compare_with_runs(report: Report, effort: Effort, strong: Strong, service: float) -> None:
    """The model beside measured runs: pauses on more ranks than cores, and real blocks on one and two ranks."""
    rows: list[Sequence[object]] = []
    settings = ["axes.mass.n=40", "axes.eps.n=3"] if effort.seconds else ["axes.mass.n=4", "axes.eps.n=3"]
    scan = load_scan(JOB, settings)
    points = 8192
    plan = Plan(Plan.default(scan.shape).shape, points)
    mass_pause = 2 * effort.pause
    sleep = ["--sleep", f"{effort.pause},{mass_pause}", "--block-points", str(points)]
    pauses = pause_lengths(effort.pause, plan.blocks)
    overhead = mass_overhead = 0.0
    for ranks in effort.pausing_ranks if MPIEXEC.exists() else (1,):
        found = run(ranks if ranks > 1 else 0, 1, settings, False, *sleep)
        blocks = max(rank["blocks_wall"] for rank in found.ranks)
        mass_tables = max(rank["tables_wall"] for rank in found.ranks)
        if ranks == 1:
            overhead = (blocks - pauses.sum()) / plan.blocks
            mass_overhead = mass_tables / scan.shape[0] - mass_pause
        costs = Costs(mass_pause + mass_overhead, counter_service=service if ranks > 1 else 0.0)
        model = simulate(costs, scan.shape[0], pauses + overhead, ranks, blocks_per_mass=plan.blocks_per_mass)
        rows.append(
            ("pauses", "wall", ranks, model.mass_tables, mass_tables, model.blocks, blocks, model.blocks / blocks)
        )
    for output, runs in strong.items():
        calibration = runs["1 core"][::2]
        masses = int(calibration[0].total("masses"))
        for others in filter(None, (runs["1 core"][1::2] or calibration, runs.get("2 ranks"))):
            ranks = len(others[0].ranks)
            costs = Costs(mass_cost(calibration), counter_service=service if ranks > 1 else 0.0)
            seconds = block_seconds(calibration)
            model = simulate(costs, masses, seconds, ranks, poll=False, blocks_per_mass=seconds.size // masses)
            blocks = statistics.median(r.total("blocks_cpu") for r in others) / ranks
            mass_tables = statistics.median(r.total("tables_cpu") for r in others) / ranks
            label = "real blocks, written" if output else "real blocks"
            rows.append(
                (label, "CPU", ranks, model.mass_tables, mass_tables, model.blocks, blocks, model.blocks / blocks)
            )
    report.add(
        "The model beside measured runs, seconds",
        ("job", "time", "ranks", "mass tables, model", "measured", "blocks, model", "measured", "model / measured"),
        rows,
        f"Pauses: {plan.blocks:,} blocks of {1e3 * effort.pause / 2:g} to {1.5e3 * effort.pause:g} ms that sleep, so "
        "that ranks need no cores; the overhead of a pause is taken from the first line. Real blocks: every other run "
        "on one core calibrates, the others are compared by their CPU time per rank, which other work on the machine "
        "disturbs least.",
    )


@dataclass(frozen=True)
class Scenario:
    """A modelled job: label, points, whether it writes, and the limit of the disk (bytes per second, 0 for none)."""

    label: str
    points: float
    output: bool
    disk: float


SCENARIOS = (
    Scenario("1e9 points written, no limit", 1e9, True, 0.0),
    Scenario("1e9 points written, disk 10 GB/s", 1e9, True, 10e9),
    Scenario("1e9 points written, disk 1 GB/s", 1e9, True, 1e9),
    Scenario("1e11 points, profiles alone", 1e11, False, 0.0),
)


def predict(strong: Strong, service: float, ranks: Sequence[int]) -> dict[str, list[Outcome]]:
    """Every scenario on every number of ranks."""
    found = {}
    mass_tables_bytes = 8.0 * Engine.from_scan(load_scan(JOB)).mass_tables_size
    for scenario in SCENARIOS:
        runs = strong[scenario.output]["1 core"]
        measured = block_seconds(runs)
        largest = LARGEST_BLOCK if scenario.output else LARGEST_UNSTORED
        blocks = MASSES * max(1, round(scenario.points / MASSES / largest))
        size = scenario.points / blocks
        per_point = measured / (runs[0].ranks[0]["points"] / measured.size)
        # the masses of the measured job, spread over those of the larger one: cost and jitter stay where they were
        seconds = per_point[np.arange(blocks) * measured.size // blocks] * size
        costs = Costs(
            mass_seconds=mass_cost(runs),
            mass_tables_bytes=mass_tables_bytes,
            block_bytes=8.0 * size if scenario.output else 0.0,
            counter_service=service,
            link_bytes_per_second=LINK_BYTES,
            link_latency=LINK_LATENCY,
            disk_bytes_per_second=scenario.disk,
        )
        found[scenario.label] = [simulate(costs, MASSES, seconds, n, blocks_per_mass=blocks // MASSES) for n in ranks]
    return found


def tabulate(report: Report, outcomes: dict[str, list[Outcome]], ranks: Sequence[int]) -> None:
    """Table of the predictions."""
    rows = []
    for label, found in outcomes.items():
        for n, outcome in zip(ranks, found, strict=True):
            efficiency = outcome.busy / (n * outcome.total)
            rows.append((label, n, outcome.mass_tables, outcome.blocks, outcome.total, efficiency, outcome.counter))
    report.add(
        "Modelled jobs",
        ("job", "ranks", "mass tables, s", "blocks, s", "both, s", "efficiency", "counter occupied"),
        rows,
        f"{MASSES} masses, Case C, chi2 and excluded, profiles kept. Network assumed: {LINK_BYTES / 1e9:g} GB/s, "
        f"{LINK_LATENCY * 1e6:g} µs. Efficiency: time of mass tables and blocks over ranks times the whole.",
    )


def draw(outcomes: dict[str, list[Outcome]], ranks: Sequence[int], path: Path) -> None:
    """Time and efficiency against ranks."""
    plt.rcParams.update({"svg.hashsalt": "zdscan", "font.size": 9})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for (label, found), style in zip(outcomes.items(), ("o-", "s--", "^:", "D-"), strict=True):
        totals = np.array([outcome.total for outcome in found])
        left.loglog(ranks, totals, style, label=label, markersize=4)
        right.semilogx(ranks, [o.busy / (n * o.total) for n, o in zip(ranks, found, strict=True)], style, markersize=4)
    left.set(xlabel="ranks", ylabel="mass tables and blocks, s")
    right.set(xlabel="ranks", ylabel="parallel efficiency", ylim=(0, 1.05))
    left.legend(fontsize=7)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.set_xscale("log", base=2)
        axes.set_xticks(ranks, [str(n) for n in ranks], rotation=45)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure, model, compare, report."""
    options = parser(__doc__)
    options.add_argument("--plot", type=Path, help="where to draw the modelled jobs")
    arguments = options.parse_args()
    effort = QUICK if arguments.quick else Effort()
    report = Report("scaling", page=ROOT / "docs" / "scaling.md")
    strong = measured_scaling(report, effort)
    service = counter(report)
    compare_with_runs(report, effort, strong, service)
    outcomes = predict(strong, service, effort.ranks)
    tabulate(report, outcomes, effort.ranks)
    plot = arguments.plot or (ROOT / "docs" / "scaling.svg" if arguments.write else None)
    if plot is not None:
        draw(outcomes, effort.ranks, plot)
    report.finish(arguments)


if __name__ == "__main__":
    main()
