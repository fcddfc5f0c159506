"""What launchers say of a job, and launchers that do not fit the MPI library."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys

import pytest

from tests.support.launching import MPIEXEC, environment, launch
from tests.support.paths import ROOT
from zdscan.errors import UserError
from zdscan.ranks import launcher, mpi

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.mark.parametrize(
    ("variables", "processes"),
    [
        ({}, None),
        ({"PMI_SIZE": "4"}, 4),
        ({"OMPI_COMM_WORLD_SIZE": "3"}, 3),
        ({"PMIX_RANK": "2"}, 3),
        ({"SLURM_NTASKS": "8", "SLURM_JOB_ID": "1"}, None),  # inside a batch script, no srun
        ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"}, 8),
        ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1", "PMI_SIZE": "2"}, 2),
        ({"PMI_SIZE": "1", "OMPI_COMM_WORLD_SIZE": "4"}, 4),  # mpirun in a shell that another mpirun started
        ({"PMI_SIZE": "many", "PMIX_RANK": ""}, None),
    ],
)
def test_what_launchers_say(monkeypatch, variables, processes):
    monkeypatch.setattr(os, "environ", {**variables})
    assert launcher.launched_processes() == processes


def test_no_mpi_library_is_fine_alone_and_refused_under_a_launcher(tmp_path):
    missing = {"MPI4PY_LIBMPI": "/nowhere/libmpi.so"}
    assert launch("run", tmp_path / "a.h5", "--threads", 1, **missing).returncode == 0
    assert launch("run", tmp_path / "b.h5", "--threads", 1, PMI_SIZE="1", **missing).returncode == 0
    done = launch("run", tmp_path / "c.h5", PMI_SIZE="2", **missing)
    assert done.returncode == 2
    assert "mpi4py cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c.h5").exists()


@pytest.mark.parametrize(
    "variables",
    [{"PMI_SIZE": "1", "PMI_RANK": "0", "PMI_FD": "999"}, {"OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"}],
    ids=["MPICH", "Open MPI"],
)
def test_one_process_needs_no_mpi(monkeypatch, variables):
    """Where a launcher started one, MPI may have been used up by a command before it in the same shell."""
    monkeypatch.setattr(os, "environ", variables)
    assert type(mpi.world.__wrapped__()) is mpi.Alone


def test_a_connection_that_is_used_up_is_told(monkeypatch):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setattr(os, "environ", {"PMI_SIZE": "2", "PMI_RANK": "1", "PMI_FD": str(ours.fileno())})
        assert not launcher.is_used_up()
        theirs.close()
        with pytest.raises(UserError, match=r"not several in one shell .*; unset PMI_SIZE where it is left over"):
            mpi.world.__wrapped__()
    monkeypatch.setattr(os, "environ", {"PMI_SIZE": "2", "PMI_FD": "999"})  # of a process above this one
    assert launcher.is_used_up()


@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
@pytest.mark.slow
def test_commands_in_one_launched_shell(tmp_path):
    python = shlex.join([sys.executable, "-m", "tests.support.fake_engine"])
    both = f"{python} run $0 --threads 1 && {python} resume $0 --threads 1"
    for ranks, code in ((1, 0), (2, 2)):
        job = [str(MPIEXEC), "-n", str(ranks), "sh", "-c", both, str(tmp_path / f"{ranks}.h5")]
        done = subprocess.run(job, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        if code:
            assert "start each command with an mpirun of its own" in done.stderr
        else:
            assert '"computed": 0' in done.stdout


@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
@pytest.mark.parametrize("variable", ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"])
def test_launcher_of_another_mpi_is_refused(tmp_path, variable):
    done = launch("run", tmp_path / "grid.h5", **{variable: "2"})
    assert done.returncode == 2
    assert "started 2 or more processes, but MPI sees only one" in done.stderr
    assert f"unset {variable} where it is left over" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert os.listdir(tmp_path) == []
