"""Hosts made of one machine: network namespaces with a name and an address each, joined by a bridge.

They share the file system of the machine, as nodes of a cluster share a folder, and nothing of its network.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BRIDGE = "zdbridge"
SUBNET = "10.213.77"
_CONFIGURATION = Path("/etc/netns")


@dataclass(frozen=True)
class Host:
    """One of them.

    Attributes
    ----------
    name : of the namespace and of the host that its processes see.
    address : in the network of the bridge.
    mount : a command that comes first, for each process anew: what it mounts is seen by that process alone.
    """

    name: str
    address: str
    mount: str = ":"

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs these arguments on the host."""
        named = ["unshare", "--uts", "--ipc", "sh", "-c", f'hostname {self.name}; {self.mount}; exec "$@"', "sh"]
        return ["ip", "netns", "exec", self.name, *named, *arguments]

    def run(self, *arguments: str, timeout: float = 600.0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command there to its end."""
        return subprocess.run(
            self.command(arguments),
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a command there in a session of its own, with all that it says in a file."""
        with open(log, "ab") as file:
            return subprocess.Popen(
                self.command(arguments),
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def processes(self) -> list[int]:
        """Those that run there."""
        told = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False)
        return [int(number) for number in told.stdout.split()]

    def cut_off(self) -> None:
        """Take its network away: nothing that it sends arrives any more, and nobody is told."""
        _ip("link", "set", _port(self), "down")

    def power_off(self) -> None:
        """Take its network away, then end all its processes at once."""
        self.cut_off()
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def reconnect(self) -> None:
        """Give it its network back."""
        _ip("link", "set", _port(self), "up")
        time.sleep(3.0)  # until its neighbours know


def _port(host: Host) -> str:
    return f"{host.name}-port"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def several(number: int) -> Iterator[list[Host]]:
    """That many hosts, zd0 and so on, which know each other's names; all processes on them end with the context."""
    hosts = [Host(f"zd{index}", f"{SUBNET}.{10 + index}") for index in range(number)]
    _remove(hosts)
    names = "".join(f"{host.address} {host.name}\n" for host in hosts)
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("link", "set", BRIDGE, "up")
        for host in hosts:
            folder = _CONFIGURATION / host.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "hosts").write_text(f"127.0.0.1 localhost\n{names}")
            _ip("netns", "add", host.name)
            _ip("link", "add", _port(host), "type", "veth", "peer", "name", "eth0", "netns", host.name)
            _ip("link", "set", _port(host), "master", BRIDGE, "up")
            _ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
            for interface in ("lo", "eth0"):
                _ip("-n", host.name, "link", "set", interface, "up")
        yield hosts
    finally:
        _remove(hosts)


def _remove(hosts: Sequence[Host]) -> None:
    for host in hosts:
        for process in host.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    time.sleep(0.2)
    for host in hosts:
        subprocess.run(["ip", "link", "del", _port(host)], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", host.name], capture_output=True, check=False)
        with contextlib.suppress(FileNotFoundError):
            (_CONFIGURATION / host.name / "hosts").unlink()
            (_CONFIGURATION / host.name).rmdir()
    subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True, check=False)
    with contextlib.suppress(OSError):
        _CONFIGURATION.rmdir()  # where nothing of others is in it


def remote_shell(folder: Path, hosts: Sequence[Host] = ()) -> Path:
    """A program that launchers use in place of ssh: `HOST COMMAND...` runs on that host; options are ignored.

    Those of `hosts` mount something first. Like ssh it stays when the other host is gone, so that the launcher learns
    nothing from it.
    """
    path = folder / "remote-shell"
    mounts = "".join(f"{host.name}) mount={shlex.quote(host.mount)} ;;\n" for host in hosts)
    path.write_text(
        "#!/bin/bash\n"
        'while [ "${1#-}" != "$1" ]; do shift; done\n'
        "host=$1; shift\n"
        f'mount=:\ncase "$host" in\n{mounts}*) ;;\nesac\n'
        'ip netns exec "$host" unshare --uts --ipc bash -c "hostname $host; $mount; $*"\n'
        "code=$?\n"
        '[ "$code" -ne 137 ] || exec sleep infinity\n'
        'exit "$code"\n'
    )
    path.chmod(0o755)
    return path
