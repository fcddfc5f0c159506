"""What launchers say of a job, and launchers that do not fit the MPI library."""

from __future__ import annotations

import os

import pytest

from tests.support.launching import MPIEXEC, launch
from zdscan.ranks import mpi

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
    ],
)
def test_what_launchers_say(monkeypatch, variables, processes):
    monkeypatch.setattr(os, "environ", {**variables})
    assert mpi.launched_processes() == processes


def test_no_mpi_library_is_fine_alone_and_refused_under_a_launcher(tmp_path):
    missing = {"MPI4PY_LIBMPI": "/nowhere/libmpi.so"}
    assert launch("run", tmp_path / "a.h5", "--threads", 1, **missing).returncode == 0
    assert launch("run", tmp_path / "b.h5", "--threads", 1, PMI_SIZE="1", **missing).returncode == 0
    done = launch("run", tmp_path / "c.h5", PMI_SIZE="2", **missing)
    assert done.returncode == 2
    assert "mpi4py cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c.h5").exists()


@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
@pytest.mark.parametrize("variable", ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"])
def test_launcher_of_another_mpi_is_refused(tmp_path, variable):
    done = launch("run", tmp_path / "grid.h5", **{variable: "2"})
    assert done.returncode == 2
    assert "started 2 or more processes, but MPI sees only one" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert os.listdir(tmp_path) == []
