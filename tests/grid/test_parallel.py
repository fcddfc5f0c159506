"""The sink through parallel HDF5. Most of it needs an h5py built with MPI: tests/support/parallel_hdf5.sh makes one."""

from __future__ import annotations

import json
import signal

import h5py
import pytest

from tests.support.crashing import check_survivors
from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import MPIEXEC, TIMEOUT, contents, done_blocks, launch, processes_on, start, until
from zdscan.errors import UserError
from zdscan.grid.verify import verify
from zdscan.running import driver

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

WITH_MPI = bool(h5py.get_config().mpi)
needs_parallel = pytest.mark.skipif(
    not (WITH_MPI and MPIEXEC.exists()), reason="h5py without MPI (tests/support/parallel_hdf5.sh builds one with it)"
)


@pytest.mark.skipif(WITH_MPI, reason="this h5py is built with MPI")
def test_without_mpi_in_h5py_one_sentence_says_so(tmp_path):
    with pytest.raises(UserError, match=r"needs an h5py that was built with MPI.*--sink direct or --sink gather"):
        driver.run(FakeScan(), tmp_path / "grid.h5", engine=FakeEngine(), sink="parallel", progress=False)
    assert not (tmp_path / "grid.h5").exists()


@needs_parallel
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_same_bytes(tmp_path, reference_contents, ranks):
    path = tmp_path / "grid.h5"
    done = launch("run", path, "--block-points", 17, "--sink", "parallel", "--delay", 0.005, ranks=ranks)
    assert done.returncode == 0, done.stderr
    assert contents(path) == reference_contents
    assert verify(path).ok


@needs_parallel
def test_ranks_take_blocks_when_they_are_ready(tmp_path, reference_contents):
    """Without a collective call between blocks a rank that is slow holds nobody up."""
    path = tmp_path / "grid.h5"
    done = launch("run", path, "--block-points", 17, "--sink", "parallel", "--delay", 0.02, "--slow-rank", 1, ranks=2)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["evaluated"]
    assert counts[0] > 3 * counts[1] > 0
    assert contents(path) == reference_contents


@needs_parallel
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_and_resumed(tmp_path, reference_contents, number):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--block-points", 17, "--sink", "parallel", "--delay", 0.05, "--hold", 20, ranks=2)
    try:
        until(lambda: path.exists() and done_blocks(path) >= 10)
        job.send_signal(number)
        job.communicate(timeout=TIMEOUT)
    finally:
        job.kill()
    until(lambda: not processes_on(path))
    check_survivors(path, whole(FakeEngine()))
    assert launch("resume", path, "--sink", "parallel", ranks=3).returncode == 0
    assert contents(path) == reference_contents


@needs_parallel
def test_threads_are_refused(tmp_path):
    done = launch("run", tmp_path / "grid.h5", "--sink", "parallel", "--threads", 2, ranks=2)
    assert done.returncode == 2
    assert done.stderr.count("one thread per rank") == 1
