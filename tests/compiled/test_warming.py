"""The second process that compiles: started where there is work for it, waited for, and stopped with the first."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from zdscan.compiled import cache, warming
from zdscan.ranks import launcher

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)
KERNEL = "module.kernel"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that is kept, on two cores, without a launcher: a second process has work."""
    monkeypatch.setenv("ZDSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_folder", None)  # put back after the test
    monkeypatch.setattr(launcher, "cores", lambda: 2)
    monkeypatch.setattr(launcher, "launched_processes", lambda: None)
    folder = cache.prepare()
    assert folder is not None
    return folder


def writing(path: Path) -> str:
    """Code that leaves the number of its process in a file, whole or not at all."""
    return f"import os; open({str(path)!r} + '.part', 'w').write(str(os.getpid())); " + (
        f"os.replace({str(path)!r} + '.part', {str(path)!r})"
    )


def test_code_runs_in_a_second_process(folder: Path, tmp_path: Path) -> None:
    with warming.helper(writing(tmp_path / "made"), KERNEL) as second:
        second.wait()
        assert int((tmp_path / "made").read_text()) != os.getpid()


def test_the_second_process_imports_what_the_first_can(folder: Path, tmp_path: Path) -> None:
    with warming.helper(f"import zdscan.compiled.warming; {writing(tmp_path / 'made')}", KERNEL) as second:
        second.wait()
    assert (tmp_path / "made").exists()


def test_a_second_process_that_fails_is_passed_over(folder: Path) -> None:
    with warming.helper("raise SystemExit(3)", KERNEL) as second:
        second.wait()


def stopped_once_there(path: Path) -> None:
    """Work of the first process that is stopped when the second has made a file."""
    end = time.monotonic() + 60.0
    with warming.helper(f"{writing(path)}; import time; time.sleep(600)", KERNEL):
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.01)
        raise RuntimeError("stopped")


def test_the_second_process_ends_with_the_work_of_the_first(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stopped"):
        stopped_once_there(tmp_path / "made")
    second = int((tmp_path / "made").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


@pytest.mark.parametrize("reason", ["one core", "a launcher", "a cache that is not kept", "a kernel that is there"])
def test_without_work_there_is_no_second_process(
    reason: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "one core":
        monkeypatch.setattr(launcher, "cores", lambda: 1)
    elif reason == "a launcher":
        monkeypatch.setattr(launcher, "launched_processes", lambda: 2)
    elif reason == "a cache that is not kept":
        monkeypatch.setattr(cache, "_folder", tmp_path)
    else:
        (folder / "fast").mkdir()
        (folder / "fast" / f"{KERNEL}-30.py312.nbi").touch()
    with warming.helper(writing(tmp_path / "made"), KERNEL) as second:
        second.wait()
    assert not (tmp_path / "made").exists()
