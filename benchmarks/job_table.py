"""The table of jobs/README.md: what each scan file needs, as `zdscan check` finds it on this machine.

    python benchmarks/job_table.py            print the table
    python benchmarks/job_table.py --write    put it into jobs/README.md

Times are CPU times of a few blocks of each scan, extrapolated to all points and divided by the cores.
"""

from __future__ import annotations

import argparse
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from zdscan.running.estimate import Estimate, estimate
from zdscan.scan.scanfile import load_scan
from zdscan.terminal.report import size_text, time_text

JOBS = Path(__file__).resolve().parent.parent / "jobs"
CORES = (2, 256)
HEAD = ("file", "points", "disk", "memory of each process", "ns a point", *(f"on {cores} cores" for cores in CORES))


def measure(path: Path) -> Estimate:
    """What one scan file needs."""
    return estimate(load_scan(path), 1)


def row(name: str, cost: Estimate) -> str:
    """One line of the table."""
    work = cost.seconds * cost.cores
    cells = [
        f"`{name}`",
        f"{cost.size.points:.3g}",
        size_text(cost.size.file_bytes),
        size_text(cost.memory_bytes),
        f"{1e9 * cost.point_seconds:.0f}",
        *(time_text(work / cores) for cores in CORES),
    ]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """All lines, one scan file after the other."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for path in sorted(JOBS.glob("*.toml"), key=lambda path: ("profile" in path.stem, path.stem != "quickstart", path)):
        # A process of its own: its memory is that of this scan alone.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            lines.append(row(path.name, pool.submit(measure, path).result()))
    return "\n".join(lines)


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description="The table of jobs/README.md.")
    parser.add_argument("--write", action="store_true", help="put it into jobs/README.md")
    write = parser.parse_args().write
    written = table()
    print(written)
    if write:
        readme = JOBS / "README.md"
        text = re.sub(r"^\| file \|.*?(?=\n\n)", lambda _: written, readme.read_text(), flags=re.DOTALL | re.MULTILINE)
        readme.write_text(text)


if __name__ == "__main__":
    main()
