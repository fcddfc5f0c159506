"""Where compiled kernels are kept: in a folder of their sources, or for one process where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from zdscan.compiled import cache

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the user names for the caches; Numba's setting is as before after the test."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ZDSCAN_CACHE_DIR", str(tmp_path / "base"))
    return tmp_path / "base"


def test_the_folder_is_named_after_sources_and_versions(base: Path) -> None:
    assert cache.cache_folder().parent == base
    for part in (cache.source_hash("kernels")[:16], f"numba{version('numba')}", f"numpy{version('numpy')}"):
        assert part in cache.cache_folder().name


def test_numba_is_pointed_at_the_folder(base: Path) -> None:
    assert not cache.is_kept()
    assert cache.prepare() == cache.cache_folder()
    assert list(base.iterdir()) == [Path(os.environ["NUMBA_CACHE_DIR"])]
    assert list(cache.cache_folder().iterdir()) == []  # the trial of writing leaves nothing
    assert cache.is_kept()


def test_a_base_that_is_no_folder_is_done_without(base: Path) -> None:
    base.write_text("a file stands here")
    folder = cache.prepare()
    assert folder.is_dir()
    assert base not in folder.parents
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)
    assert not cache.is_kept()
    assert base.read_text() == "a file stands here"


def test_compiled_kernels_need_no_home(tmp_path):
    """A user whom the system does not know, as in some containers, has no home: kernels then serve one process."""
    code = (
        "import os, pwd, tempfile\n"
        "def unknown(*_): raise KeyError('no such user')\n"
        "pwd.getpwuid = unknown\n"
        "refuse = lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, 'denied'))\n"
        "import pathlib\n"
        "make = pathlib.Path.mkdir\n"
        "pathlib.Path.mkdir = lambda self, *a, **k: make(self, *a, **k) if str(self).startswith("
        f"{str(tmp_path)!r}) else refuse()\n"
        "import zdscan\n"
        "from zdscan.compiled import cache\n"
        "assert not cache.is_kept(), cache.cache_folder()\n"
        "print(os.environ['NUMBA_CACHE_DIR'])\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "ZDSCAN_CACHE_DIR", "NUMBA_CACHE_DIR")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []  # removed at the end


def test_compiled_kernels_are_kept_in_their_folder_where_numba_was_imported_first(tmp_path):
    """Numba's own folder, beside the sources, would go on serving code of older versions of the other modules."""
    code = (
        "import numba, zdscan\n"
        "from zdscan.compiled import cache\n"
        "from zdscan.kernels.tables import mass\n"
        "found = mass._fill_rows.stats.cache_path\n"
        "assert found.startswith(str(cache.cache_folder())), found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"ZDSCAN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
