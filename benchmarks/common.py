"""What the benchmark scripts share: clocks, tables, the machine's description, launching jobs, the README's sections.

Every script prints Markdown tables, or with ``--json`` the same numbers; ``--quick`` does the least that runs every
line of it (its numbers mean nothing), ``--write`` also replaces the script's section of benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "benchmarks" / "README.md"
LONGEST = 3600.0  # seconds: a child that takes longer hangs
MPIEXEC = Path(sys.executable).parent / "mpiexec"


@dataclass(frozen=True)
class Timing:
    """Median and least CPU seconds of several calls."""

    median: float
    best: float


def cpu_timing(function: Callable[[], object], repeats: int, budget: float = 1.0) -> Timing:
    """CPU seconds of a call in this thread: other work on the machine counts little, waiting does not count.

    Fewer repeats, though two at least, where more would take longer than `budget` seconds together.
    """
    times: list[float] = []
    while len(times) < repeats and (len(times) < 2 or sum(times) < budget):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return Timing(statistics.median(times), min(times))


def interleaved(functions: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """CPU seconds of each function in this thread, by rounds that call all of them one after the other.

    A machine that is slow for a while is slow for all of them: what is compared should come from the same round.
    """
    rounds = []
    for _ in range(repeats):
        times = []
        for function in functions:
            start = time.thread_time()
            function()
            times.append(time.thread_time() - start)
        rounds.append(times)
    return rounds


def number(value: object) -> str:
    """A cell of a table: three significant digits, no exponent where the number is readable without."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


@dataclass
class Table:
    """Rows of raw values (numbers, text, None) under a title, with a note below."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]]
    note: str = ""

    def markdown(self) -> str:
        """As a Markdown table, numbers to the right."""
        numeric = [
            all(isinstance(row[k], int | float | None) for row in self.rows) and bool(self.rows)
            for k in range(len(self.columns))
        ]
        lines = [
            "| " + " | ".join(self.columns) + " |",
            "|" + "|".join("---:" if right else "---" for right in numeric) + "|",
            *("| " + " | ".join(number(value) for value in row) + " |" for row in self.rows),
        ]
        parts = [f"**{self.title}**", "\n".join(lines)]
        return "\n\n".join(parts + ([self.note] if self.note else []))


@dataclass
class Report:
    """The tables of one script, the page that has a section for them, and whatever else belongs into its JSON."""

    name: str
    page: Path = README
    tables: list[Table] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], note: str = "") -> None:
        """Add a table."""
        self.tables.append(Table(title, columns, list(rows), note))

    def markdown(self) -> str:
        """All tables under a line that names the machine."""
        return "\n\n".join([machine_line(), *(table.markdown() for table in self.tables)])

    def finish(self, arguments: argparse.Namespace) -> None:
        """Print, and write where asked for."""
        if arguments.json:
            tables = [{"title": t.title, "columns": list(t.columns), "rows": t.rows} for t in self.tables]
            content = {"name": self.name, "machine": machine(), "tables": tables, "details": self.details}
            print(json.dumps(content, indent=1, allow_nan=True, default=float))
        else:
            print(self.markdown())
        if arguments.write:
            replace_section(self.page, self.name, self.markdown())


def replace_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before = path.read_text()
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    after, count = pattern.subn(lambda _: f"{begin}\n{text}\n{end}", before)
    if count != 1:
        raise SystemExit(f"{path} has {count} sections {name}; exactly one is needed.")
    path.write_text(after)


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The options every script has."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    made.add_argument("--quick", action="store_true", help="run every line once; the numbers mean nothing")
    made.add_argument("--write", action="store_true", help="replace the tables of the documentation by these")
    return made


def machine() -> dict[str, Any]:
    """Processor, cores, versions, and how busy the machine is."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", info.read_text(), re.MULTILINE)
        model = found[1] if found else model
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numba", "numpy", "h5py")},
        "date": time.strftime("%Y-%m-%d"),
    }


def machine_line() -> str:
    """One sentence with the machine and the versions."""
    m = machine()
    return (
        f"{m['date']}, {m['processor']}, {m['cores']} cores, load {m['load']}; Python {m['python']}, "
        f"Numba {m['numba']}, NumPy {m['numpy']}, h5py {m['h5py']}."
    )


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without a launcher's variables."""
    launcher = ("PMI", "OMPI_", "MPI_", "SLURM_", "HYDI_")
    return {name: value for name, value in os.environ.items() if not name.startswith(launcher)} | extra


@dataclass(frozen=True)
class Finished:
    """A child process that ended well: its output, wall and CPU seconds, and the largest memory of a process in it."""

    stdout: str
    wall: float
    cpu: float
    peak_bytes: int


# Run by a process of its own: the peak that the system keeps of a child includes its parent's memory at the fork.
_MEASURE = """
import os, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[2:])
wall = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
os.write(int(sys.argv[1]), f"{wall} {used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
sys.exit(code if code >= 0 else 128 - code)
"""


def run_child(command: Sequence[str], **extra: str) -> Finished:
    """Run a command to its end and measure it with everything it started.

    Raises
    ------
    SystemExit
        With the command's own messages, if it fails.
    """
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", _MEASURE, str(writing), *command],
        cwd=ROOT,
        env=clean_environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    guard = threading.Timer(LONGEST, lambda: os.killpg(child.pid, signal.SIGKILL))
    guard.start()
    output = child.communicate()[0].decode()
    guard.cancel()
    with os.fdopen(reading) as pipe:
        measured = pipe.read().split()
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{output}")
    wall, cpu, peak = (float(number) for number in measured)
    return Finished(output, wall, cpu, int(peak) * (1 if sys.platform == "darwin" else 1024))


def with_ranks(command: Sequence[str], ranks: int) -> list[str]:
    """The command under this environment's mpiexec, or alone for 0 ranks."""
    return [str(MPIEXEC), "-n", str(ranks), *command] if ranks else list(command)
