"""Running the fake engine's command in processes of its own, alone and under mpiexec."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py

from tests.support.paths import ROOT

# The launcher of the MPI library that mpi4py loads: beside this Python, or named.
MPIEXEC = Path(os.environ.get("ZDSCAN_TEST_MPIEXEC", Path(sys.executable).parent / "mpiexec"))
TIMEOUT = 60  # seconds: a hang must fail the test, a busy machine must not


def environment(**extra: str) -> dict[str, str]:
    """The environment of a job, without a launcher's variables."""
    launcher = ("PMI", "OMPI_COMM", "OMPI_UNIVERSE", "MPI_", "SLURM_", "HYDI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(launcher)}
    return {**kept, **extra}


def command(*arguments: object, ranks: int = 0) -> list[str]:
    """The command line; `ranks` 0 is a lone process without mpiexec."""
    launcher = [str(MPIEXEC), "-n", str(ranks)] if ranks else []
    return [*launcher, sys.executable, "-m", "tests.support.fake_engine", *map(str, arguments)]


def launch(
    *arguments: object, ranks: int = 0, timeout: float = TIMEOUT, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end: that of the last rank, for those of an aborted job end a little later than their launcher."""
    done = subprocess.run(
        command(*arguments, ranks=ranks),
        cwd=ROOT,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    until(lambda: not processes_on(arguments[1]))
    return done


def start(*arguments: object, ranks: int = 0, **extra: str) -> subprocess.Popen[str]:
    """Start it in a process group of its own."""
    return subprocess.Popen(
        command(*arguments, ranks=ranks),
        cwd=ROOT,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill(job: subprocess.Popen[str], path: str | Path) -> None:
    """Kill the job that writes this file; returns when none of its ranks is left."""
    os.killpg(job.pid, signal.SIGKILL)
    job.communicate(timeout=TIMEOUT)
    until(lambda: not processes_on(path))


def until(condition):
    """Wait for it."""
    limit = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def processes_on(path: str | Path) -> list[int]:
    """The living ranks of the job that writes this file: killed process groups end a little later."""
    found = []
    for folder in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{folder}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(path).encode() in line and b"-n" not in line:  # not the launcher
            found.append(int(folder))
    return found


def contents(path: str | Path) -> dict[str, bytes]:
    """The bytes of every dataset but the run history, which names the host and the time."""
    found: dict[str, bytes] = {}

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and name != "run/history":
            value = item[()]
            found[name] = (
                value
                if isinstance(value, bytes)
                else value.tobytes()
                if value.dtype != object
                else repr(value).encode()
            )

    with h5py.File(path, "r", locking=False) as file:
        file.visititems(note)
    return found


def done_blocks(path: str | Path) -> int:
    """How many blocks are marked finished."""
    with h5py.File(path, "r", locking=False) as file:
        return int(file["run/done"][()].sum())
