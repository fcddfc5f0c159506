"""Standard output on a full disk, into a reader that has enough, and closed: a sentence or silence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zdscan.terminal.output import Output, OutputLost

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

FULL = Path("/dev/full")
SCAN = """format = 1
case = "B"
[axes]
mass = { values = [0.05, 0.1] }
eps = { values = [1e-4] }
eps_z = { values = [1e-4] }
g_mu = { min = 1e-4, max = 1.0, n = 4, spacing = "log" }
"""
SAID = "zdscan: Standard output cannot be written: No space left on device."

full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


def zdscan(*arguments, unbuffered=False, **streams):
    switches = ["-u"] if unbuffered else []
    command = [sys.executable, *switches, "-m", "zdscan", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=120, check=False, **streams)


@full
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("cases",)])
def test_a_full_disk_is_told_in_one_sentence(arguments, unbuffered):
    with FULL.open("w") as stream:
        done = zdscan(*arguments, stdout=stream, unbuffered=unbuffered)
    assert (done.returncode, done.stderr.splitlines()) == (2, [SAID])


@full
@pytest.mark.slow
def test_a_run_that_cannot_print_is_complete(tmp_path):
    scan, grid = tmp_path / "scan.toml", tmp_path / "grid.h5"
    scan.write_text(SCAN)
    with FULL.open("w") as stream:
        done = zdscan("run", scan, "-o", grid, stdout=stream)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [SAID, f"  The run itself is finished: {grid} is complete."]
    with FULL.open("w") as stream:
        for command in (("info", grid), ("check", scan), ("verify", grid)):
            done = zdscan(*command, stdout=stream)
            assert (done.returncode, done.stderr.splitlines()) == (2, [SAID])
    assert "complete" in zdscan("info", grid, stdout=subprocess.PIPE).stdout


@full
def test_a_log_on_a_full_disk_does_not_end_a_run(tmp_path):
    (tmp_path / "scan.toml").write_text(SCAN)
    with FULL.open("w") as stream:
        command = [sys.executable, "-m", "zdscan", "run", tmp_path / "scan.toml", "-o", tmp_path / "grid.h5"]
        done = subprocess.run(command, stderr=stream, stdout=subprocess.DEVNULL, timeout=120, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [("constraints",), ("--help",), ("--version",)])
def test_a_reader_that_left_hears_nothing(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = zdscan(*arguments, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_closed_output_is_no_failure():
    command = f"{sys.executable} -m zdscan cases >&-"
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@full
def test_a_mistake_that_cannot_be_told_has_its_exit_code(tmp_path):
    command = f"{sys.executable} -m zdscan info {tmp_path}/absent.h5"
    assert subprocess.run(f"{command} 2>/dev/full", shell=True, timeout=120, check=False).returncode == 2
    done = subprocess.run(f"{command} 2>&-", shell=True, stdout=subprocess.PIPE, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_no_file_takes_the_number_of_a_standard_stream_that_is_closed():
    code = (
        "import os, sys\n"
        "from zdscan.terminal.output import complain, guard\n"
        "guard()\n"
        "complain('said into nothing')\n"
        "assert os.open(os.devnull, os.O_RDONLY) > 2\n"
    )
    done = subprocess.run(f'{sys.executable} -c "{code}" <&- >&- 2>&-', shell=True, timeout=120, check=False)
    assert done.returncode == 0


@full
def test_the_stream_fails_once():
    with FULL.open("w") as stream:
        output = Output(stream)
        output.write("text")
        with pytest.raises(OutputLost, match=r"^Standard output cannot be written: No space left on device\.$"):
            output.flush()
        output.flush()
        assert output.encoding == stream.encoding
