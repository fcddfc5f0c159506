"""A job whose hosts share a folder by sshfs: one has it on its disk, the other sees it through the network."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.clusters.hosts import Host, remote_shell, several
from tests.clusters.libraries import Library, installed
from tests.clusters.report import Report
from tests.clusters.scans import ZDSCAN, compare, expect, scan_file
from tests.clusters.several_hosts import ended, environment, in_mid_run, said

MASSES = 2000
REFUSED = 2  # exit code
SERVER = """\
ListenAddress {address}
HostKey {folder}/host-key
AuthorizedKeysFile {folder}/user-key.pub
PidFile {folder}/sshd.pid
PermitRootLogin yes
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
"""
CLIENT = "StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null"


def serve(host: Host, folder: Path) -> None:
    """Let the other hosts reach the files of this one; what they need lies in the folder."""
    for name in ("host-key", "user-key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "sshd.conf").write_text(SERVER.format(address=host.address, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    host.start(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf")], folder / "sshd.log", {})
    time.sleep(1.0)


def mounting(client: Host, server: Host, keys: Path, shared: Path) -> Host:
    """The client, with the folder of the server in the place where the server has it."""
    command = ["sshfs", "-o", f"IdentityFile={keys}/user-key,{CLIENT}", f"root@{server.name}:{shared}", str(shared)]
    # sshfs stays, and a launcher waits until nobody holds the pipes that it has opened.
    alone = f"import os; os.closerange(3, 1024); os.execvp('sshfs', {command})"
    mount = f"{shlex.quote(sys.executable)} -c {shlex.quote(alone)} </dev/null >/dev/null 2>&1"
    return Host(client.name, client.address, mount)


class Shared:
    """A folder of one host that the other sees by sshfs, and jobs over both.

    Attributes
    ----------
    hosts : the one that has the folder, and the one that mounts it.
    """

    def __init__(self, hosts: list[Host], library: Library, folder: Path) -> None:
        self.hosts, self._library = hosts, library
        self.folder = folder / "shared"
        self.folder.mkdir()
        self.scan = scan_file(self.folder, MASSES)
        self._shell = remote_shell(folder, hosts)

    def job(self, hosts: list[Host], grid: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `zdscan` with these arguments, a rank on each of the hosts, the first of which has rank 0."""
        line = [*self._library.command(hosts, 1, self._shell), str(ZDSCAN), *arguments]
        return hosts[0].start(line, grid.with_suffix(".log"), environment(**self._library.environment))

    def grid(self, name: str) -> Path:
        """Where a job writes."""
        return self.folder / f"{name}.h5"

    def run(self, hosts: list[Host], sink: str) -> str:
        """A job with that sink, continued with `gather` where it says that this file system needs it."""
        grid = self.grid(f"{sink}-from-{hosts[0].name}")
        process = self.job(hosts, grid, "run", str(self.scan), "-o", str(grid), "--sink", sink)
        code = process.wait(600.0)
        if code == REFUSED and sink != "gather":
            expect("--sink gather" in said(grid), f"refused without a word of gather: {said(grid)}")
            ended(self.job(hosts, grid, "resume", str(grid), "--sink", "gather"), grid, 0)
            return f"said that the file system needs `--sink gather`, which finished; {compare(grid, self.scan)}"
        expect(code == 0, f"exit code {code}: {said(grid)}")
        return compare(grid, self.scan)

    def two_writers(self) -> str:
        """A second resume, from the host that mounts the folder, while the other host writes."""
        grid = self.grid("writers")
        process = self.hosts[0].start(
            [str(ZDSCAN), "run", str(self.scan), "-o", str(grid), "--threads", "1"],
            grid.with_suffix(".log"),
            environment(),
        )
        in_mid_run(process, grid, 100)
        other = self.hosts[1].run(str(ZDSCAN), "resume", str(grid), timeout=120.0, **environment())
        expect(other.returncode == REFUSED, f"the second writer ended with {other.returncode}: {other.stderr[-500:]}")
        expect(self.hosts[0].name in other.stderr, f"the sentence names no host: {other.stderr[-500:]}")
        ended(process, grid, 0)
        return f"the second was refused, with host and process of the first; {compare(grid, self.scan)}"


def try_all(report: Report, folder: Path) -> None:
    """Jobs with either host first."""
    lacking = [program for program in ("sshfs", "ssh-keygen") if not shutil.which(program)]
    libraries = [library for library in installed(folder) if library.name == "MPICH (PyPI)"]
    if lacking or not libraries:
        report.add("sshfs", "", "", f"not tried: {', '.join(lacking) or 'PyPI MPICH'} not found")
        return
    told = subprocess.run(["sshfs", "--version"], capture_output=True, text=True, check=False).stdout
    version = told.split("\n")[0].split()[-1]
    with several(2) as (server, client):
        serve(server, folder)
        shared = Shared([server, mounting(client, server, folder, folder / "shared")], libraries[0], folder)
        local, remote = shared.hosts
        trials: list[tuple[str, Callable[[], str]]] = [
            ("rank 0 where the disk is, `--sink direct`", partial(shared.run, [local, remote], "direct")),
            ("rank 0 behind the network, `--sink direct`", partial(shared.run, [remote, local], "direct")),
            ("rank 0 behind the network, `--sink gather`", partial(shared.run, [remote, local], "gather")),
            ("`zdscan resume` on one host while another runs", shared.two_writers),
        ]
        for tried, action in trials:
            report.attempt("sshfs", version, tried, action)
