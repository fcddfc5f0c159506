"""Jobs whose hosts share a folder through the network: by sshfs, where one has it on its disk, and by GlusterFS."""

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
from tests.clusters.several_hosts import PATIENCE, ended, environment, said
from tests.support.launching import done_blocks

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
    return Host(client.name, client.address, _by_itself(command))


def _by_itself(command: list[str]) -> str:
    """A command that mounts: what it leaves behind holds no pipe of a launcher, which would wait for its end."""
    program = f"import os; os.closerange(3, 1024); os.execvp({command[0]!r}, {command})"
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} </dev/null >/dev/null 2>&1"


VOLUME = """\
for place in /var/lib/glusterd /run/gluster /var/log/glusterfs; do
    mkdir -p "$place" && mount -t tmpfs none "$place"
done
glusterd -N &
sleep 3
gluster --mode=script volume create grids {host}:{brick} force && gluster --mode=script volume start grids
exec sleep infinity
"""


def serve_volume(host: Host, folder: Path) -> None:
    """Start a volume of GlusterFS with one brick, in folders of its own beside those of the machine."""
    brick = folder / "brick"
    brick.mkdir()
    script = folder / "serve.sh"
    script.write_text(VOLUME.format(host=host.name, brick=brick))
    host.start(["bash", str(script)], folder / "serve.log", {})
    limit = time.monotonic() + 60.0
    while "volume start: grids: success" not in (folder / "serve.log").read_text():
        expect(time.monotonic() < limit, f"no volume: {(folder / 'serve.log').read_text()[-500:]}")
        time.sleep(1.0)
    time.sleep(2.0)


def mounting_volume(client: Host, server: Host, folder: Path) -> Host:
    """The client with the volume of the server in the place of that folder."""
    log = folder.parent / f"glusterfs-{client.name}.log"
    options = [f"--log-file={log}", f"--volfile-server={server.name}", "--volfile-id=grids"]
    return Host(client.name, client.address, f"{_by_itself(['glusterfs', *options, str(folder)])}; sleep 1")


class Shared:
    """A folder that two hosts share, and jobs over both.

    Attributes
    ----------
    hosts : with what each has to mount.

    Parameters
    ----------
    folder : for logs and the scan; the shared one is in it.
    behind : where this process sees what is in the shared one.
    """

    def __init__(self, hosts: list[Host], library: Library, folder: Path, behind: Path | None = None) -> None:
        self.hosts, self._library, self._folder = hosts, library, folder
        self._shared = folder / "shared"
        self._shared.mkdir(exist_ok=True)
        self._behind = behind or self._shared
        self.scan = scan_file(folder, MASSES)
        self._shell = remote_shell(folder, hosts)

    def job(self, hosts: list[Host], name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `zdscan` with these arguments, a rank on each of the hosts, the first of which has rank 0."""
        line = [*self._library.command(hosts, 1, self._shell), str(ZDSCAN), *arguments]
        return hosts[0].start(line, self.log(name).with_suffix(".log"), environment(**self._library.environment))

    def log(self, name: str) -> Path:
        """A grid of that name in the folder of the logs, beside which `said` and `ended` look."""
        return self._folder / f"{name}.h5"

    def written(self, name: str) -> str:
        """Where a job writes its grid, as the hosts see it."""
        return str(self._shared / f"{name}.h5")

    def seen(self, name: str) -> Path:
        """Where the grid is for this process."""
        return self._behind / f"{name}.h5"

    def run(self, hosts: list[Host], sink: str) -> str:
        """A job with that sink, continued with `gather` where it says that this file system needs it."""
        name = f"{sink}-from-{hosts[0].name}"
        process = self.job(hosts, name, "run", str(self.scan), "-o", self.written(name), "--sink", sink)
        code, log = process.wait(600.0), self.log(name)
        if code == REFUSED and sink != "gather":
            expect("--sink gather" in said(log), f"refused without a word of gather: {said(log)}")
            ended(self.job(hosts, name, "resume", self.written(name), "--sink", "gather"), log, 0)
            same = compare(self.seen(name), self.scan)
            return f"said that the file system needs `--sink gather`, which finished; {same}"
        expect(code == 0, f"exit code {code}: {said(log)}")
        return compare(self.seen(name), self.scan)

    def two_writers(self) -> str:
        """A second resume, from the second host, while the first host writes."""
        log, grid, first, second = self.log("writers"), self.written("writers"), *self.hosts
        process = first.start(
            [str(ZDSCAN), "run", str(self.scan), "-o", grid, "--threads", "1"], log.with_suffix(".log"), environment()
        )
        limit = time.monotonic() + PATIENCE
        while not (self.seen("writers").exists() and done_blocks(self.seen("writers")) >= 100):
            expect(process.poll() is None, f"the job ended early with {process.returncode}: {said(log)}")
            expect(time.monotonic() < limit, f"no block after {PATIENCE:.0f} s: {said(log)}")
            time.sleep(0.2)
        other = second.run(str(ZDSCAN), "resume", grid, timeout=120.0, **environment())
        expect(other.returncode == REFUSED, f"the second writer ended with {other.returncode}: {other.stderr[-500:]}")
        expect(first.name in other.stderr, f"the sentence names no host: {other.stderr[-500:]}")
        ended(process, log, 0)
        return f"the second was refused, with host and process of the first; {compare(self.seen('writers'), self.scan)}"


def try_all(report: Report, folder: Path) -> None:
    """Both kinds of folders."""
    libraries = [library for library in installed(folder) if library.name == "MPICH (PyPI)"]
    for system, programs, action in (
        ("sshfs", ("sshfs", "ssh-keygen"), try_sshfs),
        ("GlusterFS", ("glusterd", "gluster", "glusterfs"), try_glusterfs),
    ):
        lacking = [program for program in programs if not shutil.which(program)]
        if lacking or not libraries:
            report.add(system, "", "", f"not tried: {', '.join(lacking) or 'PyPI MPICH'} not found")
            continue
        own = folder / system
        own.mkdir()
        action(report, libraries[0], own)


def _version(program: str) -> str:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return told.split("\n")[0].split()[-1]


def try_sshfs(report: Report, library: Library, folder: Path) -> None:
    """Jobs with either host first."""
    with several(2) as (server, client):
        serve(server, folder)
        shared = Shared([server, mounting(client, server, folder, folder / "shared")], library, folder)
        local, remote = shared.hosts
        trials: list[tuple[str, Callable[[], str]]] = [
            ("rank 0 where the disk is, `--sink direct`", partial(shared.run, [local, remote], "direct")),
            ("rank 0 behind the network, `--sink direct`", partial(shared.run, [remote, local], "direct")),
            ("rank 0 behind the network, `--sink gather`", partial(shared.run, [remote, local], "gather")),
            ("`zdscan resume` on one host while another runs", shared.two_writers),
        ]
        for tried, action in trials:
            report.attempt("sshfs", _version("sshfs"), tried, action)


def try_glusterfs(report: Report, library: Library, folder: Path) -> None:
    """Both hosts mount a volume."""
    with several(2) as (server, client):
        serve_volume(server, folder)
        hosts = [mounting_volume(host, server, folder / "shared") for host in (server, client)]
        shared = Shared(hosts, library, folder, folder / "brick")
        trials: list[tuple[str, Callable[[], str]]] = [
            ("a volume mounted on both hosts, `--sink direct`", partial(shared.run, hosts, "direct")),
            ("a volume mounted on both hosts, `--sink gather`", partial(shared.run, hosts, "gather")),
            ("`zdscan resume` on one host while another runs", shared.two_writers),
        ]
        for tried, action in trials:
            report.attempt("GlusterFS", _version("glusterfs"), tried, action)
