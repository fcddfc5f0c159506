"""What a launcher (mpirun, srun) tells the processes that it starts, by variables of their environment.

Nothing here needs MPI: whether it is to be started at all is decided from this.
"""

from __future__ import annotations

import os
import socket

# Variables by which launchers tell a process how many there are: Hydra (MPICH, Intel, Cray), Open MPI, MVAPICH.
_SIZE_VARIABLES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK")  # tell a rank only


def launched_processes() -> int | None:
    """How many processes the launcher says it started (a lower bound where it tells ranks only), None without one."""
    said = what_was_said()
    return said[1] if said else None


def what_was_said() -> tuple[str, int] | None:
    """The variable by which a launcher tells how many processes there are, and their number; the largest if several."""
    environment = os.environ
    sizes = {name: environment[name] for name in _SIZE_VARIABLES if environment.get(name, "").isdigit()}
    if not sizes and "SLURM_STEP_ID" in environment and environment.get("SLURM_STEP_NUM_TASKS", "").isdigit():
        # Set by srun only. SLURM_NTASKS also exists in a batch script, where one process is right.
        sizes = {"SLURM_STEP_NUM_TASKS": environment["SLURM_STEP_NUM_TASKS"]}
    ranks = {name: environment[name] for name in _RANK_VARIABLES if environment.get(name, "").isdigit()}
    numbers = {name: int(size) for name, size in sizes.items()} or {name: int(n) + 1 for name, n in ranks.items()}
    name = max(numbers, key=lambda name: numbers[name], default=None)
    return None if name is None else (name, numbers[name])


def is_alone() -> bool:
    """Whether there is no launcher, or one that started this process only; MPI is then not needed.

    Nor may it be started twice below one launcher: by two commands in one shell, or below another program with MPI.
    """
    said = what_was_said()
    return said is None or (said[1] == 1 and said[0] not in _RANK_VARIABLES)


def is_used_up() -> bool:
    """Whether MPICH's launcher has ended the connection of this process, after an MPI program that ran before it."""
    descriptor = os.environ.get("PMI_FD", "")
    if not descriptor.isdigit():
        return False
    try:
        with socket.socket(fileno=os.dup(int(descriptor))) as connection:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:  # open, and nothing to read
        return False
    except OSError:
        return True


def cores() -> int:
    """Cores this process may use: fewer than the machine has inside a batch job."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads() -> None:
    """One thread per rank for the numerical libraries, unless the user asked otherwise.

    Under a launcher only. Call it before numpy and Numba are imported: they read these variables once.
    """
    if (launched_processes() or 1) > 1:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
            os.environ.setdefault(name, "1")
