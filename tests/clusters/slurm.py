"""Slurm: a controller and two nodes, each a daemon on a host of its own; the shipped scripts, into the time limit."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.clusters.hosts import Host, several
from tests.clusters.libraries import Library, installed
from tests.clusters.report import Report
from tests.clusters.scans import ZDSCAN, compare, expect, scan_file
from tests.support.launching import done_blocks
from tests.support.paths import ROOT
from zdscan.grid.open import open_grid

MASSES = 20000  # more than a minute on two ranks: longer than a job may take before it is asked to stop
SHORT = 3000
LOST_AFTER = 20  # seconds
MINUTES = 3  # of a job: the script's signal comes two minutes before its end
PATIENCE = 1500.0
PENDING_SECONDS = 20  # sooner the nodes still know that the job was ended, and refuse it
# Everything is in one folder, so that a Slurm of the machine itself is left alone.
CONFIGURATION = """\
ClusterName=zdscan
SlurmctldHost={controller}({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
TmpFS={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=pmi2
ReturnToService=2
KillWait=30
SlurmctldTimeout=30
SlurmdTimeout=60
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
WAYS = (("MPICH (PyPI)", "srun"), ("Open MPI (Debian)", "srun --mpi=pmix"), ("Open MPI (Debian)", "mpirun.openmpi"))
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")


class Cluster:
    """A running Slurm.

    Attributes
    ----------
    controller : the host of slurmctld, from which jobs are submitted.
    folder : of its files, and of the jobs.
    """

    def __init__(self, hosts: list[Host], folder: Path) -> None:
        self.controller, self.folder = hosts[0], folder
        self._variables = {"SLURM_CONF": str(folder / "slurm.conf")}

    def start_node(self, host: Host) -> None:
        """Start the daemon of a node."""
        host.start(["slurmd", "-D", "-N", host.name], self.folder / f"slurmd-{host.name}.out", self._variables)

    def ask(self, *arguments: str, **environment: str) -> str:
        """What a command of Slurm prints."""
        done = self.controller.run(*arguments, timeout=60.0, **self._variables, **environment)
        expect(done.returncode == 0, f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def state(self, number: str) -> str:
        """That of a job; empty when Slurm has forgotten it."""
        with contextlib.suppress(Exception):
            found = re.search(r"JobState=(\w+)", self.ask("scontrol", "show", "job", number))
            return found[1] if found else ""
        return ""

    def until(self, number: str, states: tuple[str, ...], hurry: bool = False) -> str:
        """Wait until a job is in one of these states; in a hurry it need not wait for two minutes to start again."""
        limit, pending = time.monotonic() + PATIENCE, 0
        while (state := self.state(number)) not in states:
            expect(time.monotonic() < limit, f"job {number} is {state} after {PATIENCE:.0f} s")
            expect(state not in ENDED or not state, f"job {number} is {state}")
            pending = pending + 1 if state == "PENDING" else 0
            if hurry and pending == PENDING_SECONDS:
                with contextlib.suppress(Exception):
                    self.ask("scontrol", "update", f"JobId={number}", "StartTime=now")
            time.sleep(1.0)
        return state


@contextlib.contextmanager
def cluster(hosts: list[Host], folder: Path) -> Iterator[Cluster]:
    """Slurm on these hosts: the first is the controller, the others are nodes."""
    for name in ("state", *(f"spool-{host.name}" for host in hosts)):
        (folder / name).mkdir()
    cores = max(1, os.cpu_count() or 1)
    nodes = "\n".join(
        f"NodeName={host.name} NodeHostname={host.name} NodeAddr={host.address} "
        f"CPUs={cores} RealMemory=4000 State=UNKNOWN"
        for host in hosts[1:]
    )
    text = CONFIGURATION.format(controller=hosts[0].name, address=hosts[0].address, folder=folder, nodes=nodes)
    (folder / "slurm.conf").write_text(text)
    # Namespaces show no control groups, which slurmd looks for even where no plugin uses them.
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    variables = {"SLURM_CONF": str(folder / "slurm.conf")}
    munge = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"]
    munge += [f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
    hosts[0].start(munge, folder / "munged.out", {})
    time.sleep(1.0)
    hosts[0].start(["slurmctld", "-D"], folder / "slurmctld.out", variables)
    slurm = Cluster(hosts, folder)
    for host in hosts[1:]:
        slurm.start_node(host)
    limit = time.monotonic() + 60.0
    while True:
        with contextlib.suppress(Exception):
            if slurm.ask("sinfo", "-h", "-o", "%T") == "idle":
                break
        expect(time.monotonic() < limit, "the nodes of Slurm are not idle after a minute")
        time.sleep(1.0)
    yield slurm


@dataclass(frozen=True)
class Way:
    """The shipped `jobs/slurm.sh` with its lines marked "site" adapted to an MPI library and a launcher.

    Attributes
    ----------
    slurm : where it is submitted.
    script : the adapted script, beside the scans and `scan.sh`.
    """

    slurm: Cluster
    script: Path

    def grid(self, name: str) -> Path:
        """Where a job of this way writes."""
        return self.script.with_name(f"{self.script.stem}-{name}.h5")

    def submit(self, scan: Path, grid: Path, *options: str) -> str:
        """The number of the job."""
        folder = str(self.script.parent)
        arguments = ["--parsable", "--chdir", folder, "--mem-per-cpu=900M", *options]
        return self.slurm.ask("sbatch", *arguments, str(self.script), str(scan), str(grid)).split(";")[0]


def adapted(slurm: Cluster, name: str, library: Library, launcher: str) -> Way:
    """Make the script of that name."""
    site = {
        "#SBATCH --nodes": "#SBATCH --nodes=2",
        "#SBATCH --ntasks-per-node": "#SBATCH --ntasks-per-node=1",
    }
    lines = []
    for line in (ROOT / "jobs" / "slurm.sh").read_text().splitlines():
        for start, replacement in site.items():
            if line.startswith(start):
                expect("# site" in line, f"{start} is not marked as a line of the site")
                line = replacement
        if line.startswith("# site: the MPI library"):
            lines += [f"export {variable}={value}" for variable, value in library.environment.items()]
            lines += [f"export PATH={ZDSCAN.parent}:$PATH", f"export PYTHONPATH={ROOT}"]
        if line.startswith("exec bash"):
            line = line.replace('"$grid" srun', f'"$grid" {launcher}')
        lines.append(line)
    path = slurm.folder / f"{name}.sh"
    path.write_text("\n".join(lines) + "\n")
    shutil.copy(ROOT / "jobs" / "scan.sh", slurm.folder / "scan.sh")
    return Way(slurm, path)


def into_the_limit(way: Way, scan: Path) -> str:
    """A scan that needs several jobs: each is stopped by the script's signal and queued again, the last finishes."""
    grid = way.grid("limit")
    number = way.submit(scan, grid, f"--time={MINUTES}")
    state = way.slurm.until(number, ENDED, hurry=True)
    expect(state == "COMPLETED", f"job {number} is {state}")
    states = [entry["state"] for entry in open_grid(grid).history]
    expect(len(states) > 1, "the first job finished the scan, so nothing was tried")
    expect(states == ["stopped"] * (len(states) - 1) + ["finished"], f"the history of the grid is {states}")
    return f"stopped and queued again {len(states) - 1} times, then finished; {compare(grid, scan)}"


def cancelled(way: Way, scan: Path) -> str:
    """A job that `scancel` ends in mid-run does not come back; another one continues."""
    grid = way.grid("cancelled")
    number = way.submit(scan, grid, "--time=30")
    mid_run(way.slurm, number, grid)
    way.slurm.ask("scancel", number)
    state = way.slurm.until(number, ENDED)
    time.sleep(20.0)
    expect(way.slurm.state(number) == state == "CANCELLED", f"job {number} is {way.slurm.state(number)} after scancel")
    history = open_grid(grid).history
    expect([entry["state"] for entry in history] == ["stopped"], "the cancelled job did not stop cleanly")
    again = way.submit(scan, grid, "--time=30")
    state = way.slurm.until(again, ENDED)
    expect(state == "COMPLETED", f"job {again} is {state}")
    return f"stopped cleanly and stayed away; the next job finished; {compare(grid, scan)}"


def node_lost(way: Way, scan: Path, node: Host) -> str:
    """A job one of whose nodes loses its power comes back when there are nodes for it."""
    grid = way.grid("node")
    number = way.submit(scan, grid, "--time=30", f"--export=ALL,ZDSCAN_LOST_AFTER={LOST_AFTER}")
    mid_run(way.slurm, number, grid)
    kept = done_blocks(grid)
    node.power_off()
    began = time.monotonic()
    way.slurm.until(number, ("PENDING", *ENDED))
    seconds = time.monotonic() - began
    expect(done_blocks(grid) >= kept, "finished blocks are lost")
    node.reconnect()
    way.slurm.start_node(node)
    state = way.slurm.until(number, ENDED)
    expect(state == "COMPLETED", f"job {number} is {state}")
    return f"queued again {seconds:.0f} s after that, finished when the node was back; {compare(grid, scan)}"


def mid_run(slurm: Cluster, number: str, grid: Path, blocks: int = 200) -> None:
    """Wait until a job has finished that many blocks."""
    slurm.until(number, ("RUNNING",))
    limit = time.monotonic() + 300.0
    while not (grid.exists() and done_blocks(grid) >= blocks):
        expect(slurm.state(number) == "RUNNING", f"job {number} is {slurm.state(number)} before its scan")
        expect(time.monotonic() < limit, f"job {number} computes nothing")
        time.sleep(0.5)


def try_all(report: Report, folder: Path) -> None:
    """The launchers with which Slurm and each MPI library work together."""
    lacking = [program for program in PROGRAMS if not shutil.which(program)]
    if lacking:
        report.add("Slurm", "", "", f"not tried: {', '.join(lacking)} not found (Debian: slurmctld, slurmd, munge)")
        return
    version = subprocess.run(["slurmd", "-V"], capture_output=True, text=True, check=True).stdout.split()[-1]
    libraries = {library.name: library for library in installed(folder)}
    long, short = scan_file(folder, MASSES), scan_file(folder, SHORT)
    with several(3) as hosts, cluster(hosts, folder) as slurm:
        for index, (name, launcher) in enumerate(WAYS):
            if name not in libraries:
                continue
            way = adapted(slurm, f"slurm-{index}", libraries[name], launcher)
            words = f"`jobs/slurm.sh`, two nodes, `{launcher}`, {name} {libraries[name].version}"
            trials: list[tuple[str, Callable[[], str]]] = [
                ("into the time limit, queued again, to the end", partial(into_the_limit, way, long)),
                ("`scancel` in mid-run", partial(cancelled, way, short)),
                ("a node loses its power in mid-run", partial(node_lost, way, short, hosts[2])),
            ]
            for tried, action in trials:
                report.attempt("Slurm", version, f"{words}: {tried}", action)
