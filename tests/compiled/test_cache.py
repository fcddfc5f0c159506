"""Where compiled kernels are kept: in a folder of their sources, or for one process where nothing can be written."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from zdscan.compiled import cache

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the user names for the caches, and one for temporary files; all is as before after the test."""
    monkeypatch.setattr(cache, "_folder", None)
    monkeypatch.setenv("ZDSCAN_CACHE_DIR", str(tmp_path / "base"))
    monkeypatch.setattr(cache, "_temporary_places", lambda: [tmp_path / "temporary"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "base"


def test_the_folder_is_named_after_sources_and_versions(base: Path) -> None:
    assert cache.cache_folder().parent == base
    for part in (cache.source_hash("kernels")[:16], f"numba{version('numba')}", f"numpy{version('numpy')}"):
        assert part in cache.cache_folder().name


@pytest.mark.parametrize("variable", ["NUMBA_OPT", "NUMBA_LOOP_VECTORIZE"])
def test_settings_that_change_the_code_have_a_folder_of_their_own(
    base: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    plain = cache.cache_folder()
    monkeypatch.setenv(variable, "0")
    assert cache.cache_folder() != plain
    assert cache.cache_folder().parent == plain.parent


def test_a_base_may_be_named_from_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("ZDSCAN_CACHE_DIR", "~/kernels")
    assert cache.cache_folder().parent == Path("/home/somebody/kernels")


def test_a_folder_that_can_be_written_is_used(base: Path) -> None:
    assert not cache.is_kept()
    assert cache.prepare() == cache.folder() == cache.cache_folder()
    assert list(base.iterdir()) == [cache.cache_folder()]
    assert list(cache.cache_folder().iterdir()) == []  # the trial of writing leaves nothing
    assert cache.is_kept()
    assert cache.is_complete()


def closed(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = errno.EROFS) -> None:
    """Let nothing be written below a folder."""
    real = tempfile.TemporaryFile

    def refuse(*arguments: Any, **settings: Any) -> Any:
        if folder in (place := Path(settings["dir"])).parents or place == folder:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **settings)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


def test_what_is_kept_where_nothing_can_be_written_is_used_through_links(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = cache.cache_folder() / "fast" / "evaluate.py311.nbi"
    kept.parent.mkdir(parents=True)
    kept.write_text("an index")
    closed(base, monkeypatch)
    found = cache.prepare()
    assert found == base.parent / "temporary" / f"zdscan-{os.getuid()}" / cache.cache_folder().name
    assert (found / "fast" / kept.name).read_text() == "an index"
    assert found.stat().st_mode & 0o077 == 0
    assert cache.is_kept()
    assert cache.is_complete()
    (found / "fast" / "other.py311.nbi").write_text("compiled since")
    assert not cache.is_complete()
    kept.with_name("new.py311.nbi").write_text("another")  # the installation is renewed
    (found / "fast" / kept.name).unlink()
    (found / "fast" / kept.name).symlink_to(base / "no longer there")
    assert cache.prepare() == found  # by the next process of this user
    assert sorted(path.read_text() for path in (found / "fast").iterdir()) == ["an index", "another", "compiled since"]


@pytest.mark.parametrize("who", ["a link", "open to others", "a file"])
def test_a_temporary_folder_that_others_may_change_is_not_used(
    base: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = base.parent / "temporary" / f"zdscan-{os.getuid()}"
    if who == "a link":
        (base.parent / "theirs").mkdir()
        place.symlink_to(base.parent / "theirs")
    elif who == "a file":
        place.touch()
    else:
        place.mkdir()
        place.chmod(0o777)
    closed(base, monkeypatch)
    found = cache.prepare()
    assert found is not None
    assert found.name.startswith("zdscan-kernels-")
    assert not cache.is_kept()
    shutil.rmtree(found)


def test_a_full_disk_is_noticed_before_a_kernel_is_compiled(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "PROBE_BYTES", 2**16)
    real = tempfile.TemporaryFile

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, data: bytes) -> int:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

    def on_a_quota(*arguments: Any, **settings: Any) -> Any:
        file = real(*arguments, **settings)
        return Full(file) if base in Path(settings["dir"]).parents else file

    monkeypatch.setattr(tempfile, "TemporaryFile", on_a_quota)
    found = cache.prepare()
    assert found is not None
    assert base not in found.parents


def test_a_base_that_is_no_folder_is_done_without(base: Path) -> None:
    base.write_text("a file stands here")
    folder = cache.prepare()
    assert folder is not None
    assert folder.is_dir()
    assert base not in folder.parents
    assert base.read_text() == "a file stands here"


def test_without_any_place_nothing_is_kept(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base.write_text("a file stands here")
    (base.parent / "temporary").rmdir()
    (base.parent / "temporary").touch()
    assert cache.prepare() is None
    assert not cache.is_kept()


def test_compiled_kernels_need_no_home(tmp_path):
    """A user whom the system does not know, as in some containers, has no home: a temporary folder serves."""
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
        "print(cache.folder())\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "ZDSCAN_CACHE_DIR")}
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
