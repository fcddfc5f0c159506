"""MPI libraries: Debian's and PyPI's MPICH and Open MPI, with the launcher of each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clusters.hosts import Host

# The hosts are of one machine and share its memory; without this some libraries notice and do not use the network.
_TCP = {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "eth0", "FI_PROVIDER": "tcp"}
_TCP_OF_OPENMPI = ("--mca", "pml", "ob1", "--mca", "btl", "tcp,self")
_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
_DEBIAN = Path("/usr/lib/x86_64-linux-gnu")


@dataclass(frozen=True)
class Library:
    """One of them.

    Attributes
    ----------
    name, version : as the table of results has them.
    launcher : its mpirun.
    kind : "mpich" or "openmpi", whose options the launcher takes.
    environment : by which mpi4py finds the library.
    """

    name: str
    version: str
    launcher: Path
    kind: str
    environment: dict[str, str]

    def command(self, hosts: Sequence[Host], ranks_each: int, remote_shell: Path) -> list[str]:
        """What goes before a program to start that many ranks on each of the hosts."""
        number = str(ranks_each * len(hosts))
        slots = ",".join(f"{host.name}:{ranks_each}" for host in hosts)
        if self.kind == "mpich":
            agent = ["-launcher", "ssh", "-launcher-exec", str(remote_shell)]
            return [str(self.launcher), *agent, "-hosts", slots, "-n", number]
        agent = ["--mca", "plm_rsh_agent", str(remote_shell), *_TCP_OF_OPENMPI]
        passed = [option for name in (*self.environment, "PATH", "PYTHONPATH", *_zdscan()) for option in ("-x", name)]
        return [str(self.launcher), "--allow-run-as-root", *agent, "--host", slots, "-n", number, *passed]


def _zdscan() -> list[str]:
    return [name for name in os.environ if name.startswith("ZDSCAN_")]


def _version(launcher: Path) -> str:
    told = subprocess.run([launcher, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(?:Version:|\(Open MPI\)|\(OpenRTE\)|\(PRRTE\))\s*(\d[\w.]*)", told)
    return found[1] if found else "unknown"


def installed(folder: Path) -> list[Library]:
    """Those found on this machine; the folder is for a link that Debian's MPICH needs.

    Wheels of mpi4py ask for libmpi.so.12, the name of the library in MPICH's own releases; Debian calls it libmpich.
    """
    found = []
    mpich, openmpi = Path("/usr/bin/mpiexec.mpich"), Path("/usr/bin/mpirun.openmpi")
    if mpich.exists():
        link = folder / "lib" / "libmpi.so.12"
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(_DEBIAN / "libmpich.so.12")
        variables = {**_TCP, "MPI4PY_MPIABI": "mpich", "LD_LIBRARY_PATH": str(link.parent)}
        found.append(Library("MPICH (Debian)", _version(mpich), mpich, "mpich", variables))
    if openmpi.exists():
        variables = {"MPI4PY_MPIABI": "openmpi", "MPI4PY_LIBMPI": str(_DEBIAN / "libmpi.so.40"), **_AS_ROOT}
        found.append(Library("Open MPI (Debian)", _version(openmpi), openmpi, "openmpi", variables))
    own = Path(sys.executable).with_name("mpiexec")
    if own.exists():
        found.append(Library("MPICH (PyPI)", _version(own), own, "mpich", _TCP))
    if named := os.environ.get("ZDSCAN_OPENMPI"):
        found.append(_named(Path(named)))
    return found


def _named(folder: Path) -> Library:
    """Open MPI in a folder of its own, such as a virtual environment with PyPI's wheel of it."""
    launcher = folder / "bin" / "mpiexec"
    variables = {"MPI4PY_MPIABI": "openmpi", "MPI4PY_LIBMPI": str(folder / "lib" / "libmpi.so.40")}
    variables |= _AS_ROOT
    return Library("Open MPI (PyPI)", _version(launcher), launcher, "openmpi", variables)
