"""The command `python -m tests.clusters`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.clusters import several_hosts, shared_folders, slurm
from tests.clusters.report import Report


def elsewhere(report: Report, folder: Path) -> None:
    """Note the systems that the shipped scripts are for and these trials do not set up."""
    for system, script in (("HTCondor", "htcondor.sub"), ("PBS", "pbs.sh")):
        report.add(
            system, "", f"`jobs/{script}`", "not with the real system; with stand-ins of its commands in the suite"
        )


PARTS = {
    "hosts": several_hosts.try_all,
    "folders": shared_folders.try_all,
    "slurm": slurm.try_all,
    "elsewhere": elsewhere,
}


def main() -> int:
    """Try the parts that are named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.clusters", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--write", action="store_true", help="keep the results and renew the table of docs/running.md")
    parser.add_argument(
        "--folder", type=Path, help="where jobs run and leave their logs; a new temporary one by default"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only trials with this in their words")
    options = parser.parse_args()
    unknown = [part for part in options.part if part not in PARTS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: allowed are {', '.join(PARTS)}")
    if os.geteuid() != 0:
        print("Network namespaces and daemons of batch systems need root.", file=sys.stderr)
        return 2
    folder = options.folder or Path(tempfile.mkdtemp(prefix="zdscan-clusters-"))
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(options.only)
    for part in options.part or PARTS:
        own = folder / part
        own.mkdir()
        PARTS[part](report, own)
    if options.write:
        report.write()
    print(f"Logs and grids are in {folder}.")
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
