"""Kernels whose cache is cut off, foreign, closed, full or gone: the value is right, and what is there is used."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from tests.support.paths import ROOT
from zdscan.compiled import cache, kernel
from zdscan.compiled.kernel import Kernel, NotKept

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


def double(x: float) -> float:
    return x + x


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of compiled kernels."""
    place = tmp_path / "compiled"
    monkeypatch.setattr(cache, "_folder", place)
    return place


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning that is not expected fails the test
        yield


def made(settings: dict[str, object] | None = None) -> Kernel:
    return Kernel(double, {}, settings or {})


def compilations(one: Kernel) -> int:
    return sum(one.stats.cache_misses.values())


@pytest.fixture
def kept(folder: Path) -> list[Path]:
    """The files of a kernel that another process compiled for two types: index, code, and their checksums."""
    first = made()
    assert first(1.5) == 3.0
    assert first(2) == 4
    found = sorted(folder.rglob("*.*"))
    assert [path.name.split(".py")[-1].partition(".")[2] for path in found if path.suffix != ".json"] == [
        "1.nbc",
        "2.nbc",
        "nbi",
    ]
    return found


def test_what_is_kept_is_used(kept: list[Path]) -> None:
    again = made()
    assert again(1.5) == 3.0
    assert compilations(again) == 0


@pytest.mark.parametrize(
    ("which", "damage"),
    [
        *((".nbi", damage) for damage in ("empty", "cut", "foreign", "gone", "closed")),
        *((".1.nbc", damage) for damage in ("cut", "a bit", "gone")),
        *((".json", damage) for damage in ("empty", "foreign")),
    ],
)
def test_what_is_damaged_is_compiled_again_and_kept(
    kept: list[Path], which: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(path for path in kept if path.name.endswith(which))
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "closed":
        read = Path.read_bytes

        def refuse(self: Path) -> bytes:
            if self == path:
                raise PermissionError(errno.EACCES, "Permission denied")
            return read(self)

        monkeypatch.setattr(Path, "read_bytes", refuse)
    else:
        flipped = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        path.write_bytes(
            {"empty": b"", "cut": data[: len(data) // 2], "foreign": b"\x80\x05N.", "a bit": flipped}[damage]
        )
    again = made()
    assert again(1.5) == 3.0
    assert compilations(again) == 1
    if damage == "closed":
        return
    third = made()
    assert third(1.5) == 3.0
    assert compilations(third) == 0


def test_an_index_that_changes_after_it_was_checked_is_done_without(kept: list[Path]) -> None:
    """The checksum is taken once; Numba may still meet what cannot be read."""
    again = made()
    again._is_checked = True
    for path in kept:
        path.write_bytes(b"")
    assert again(1.5) == 3.0
    third = made()
    assert third(1.5) == 3.0
    assert compilations(third) == 0


def full(self: Any, *_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_kernel_that_cannot_be_saved_is_used_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import caching

    monkeypatch.setattr(caching.IndexDataCacheFile, "_save_data", full)
    one = made()
    with pytest.warns(NotKept, match=rf"cannot be kept in {folder}: No space left on device"):
        assert one(1.5) == 3.0
    assert one(2.5) == 5.0
    assert compilations(one) == 1


def test_a_folder_that_vanishes_is_made_again(kept: list[Path]) -> None:
    again = made()
    place = kept[0].parents[1]
    place.rename(place.with_name("elsewhere"))
    assert again(1.5) == 3.0
    assert place.is_dir()


def test_a_folder_that_turns_into_a_file_is_done_without(folder: Path) -> None:
    again = made()
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()
    folder.write_text("not a folder")
    with pytest.warns(NotKept, match="cannot be kept"):
        assert again(1.5) == 3.0
    assert made()(1.5) == 3.0
    assert folder.read_text() == "not a folder"


def test_without_a_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_folder", None)
    one = made()
    assert one(1.5) == 3.0
    assert one.stats.cache_path is None


def test_a_mistake_in_a_kernel_is_told(folder: Path) -> None:
    with pytest.raises(TypeError, match="too many arguments"):
        made()(1.5, 2.5)
    with pytest.raises(numba.core.errors.TypingError):
        Kernel(lambda x: x.no_such_thing, {}, {})(1.0)


def test_settings_are_those_of_the_kernel_while_it_is_compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    enter = kernel._Watch.on_start

    def note(self: Any, event: Any) -> None:
        enter(self, event)
        seen.append((event.data["dispatcher"].py_func.__name__, numba.config.SLP_VECTORIZE))

    monkeypatch.setattr(kernel._Watch, "on_start", note)

    @numba.njit
    def other(x):
        return x * 3

    assert made({"SLP_VECTORIZE": 1})(1.5) == 3.0
    assert other(2.0) == 6.0
    assert seen == [("double", 1), ("other", 0)]
    assert numba.config.SLP_VECTORIZE == 0


def test_another_user_of_numba_keeps_its_settings_and_its_threads(tmp_path: Path) -> None:
    code = (
        "import os, numba, numpy as np\n"
        "numba.config.NUMBA_NUM_THREADS = 1\n"
        "numba.config.THREADING_LAYER = 'workqueue'\n"
        "@numba.njit(parallel=True)\n"
        "def total(x):\n"
        "    s = 0.0\n"
        "    for i in numba.prange(x.size): s += x[i]\n"
        "    return s\n"
        "assert total(np.ones(9)) == 9.0\n"
        "settings = {k: v for k, v in vars(numba.config).items() if k.isupper()}\n"
        "variables = dict(os.environ)\n"
        "from zdscan.kernels.jit import njit\n"
        "import zdscan.evaluation.engine, zdscan.kernels.profile\n"
        "assert njit(lambda x: x + x)(1.5) == 3.0\n"
        "assert {k: v for k, v in vars(numba.config).items() if k.isupper()} == settings\n"
        "assert dict(os.environ) == variables\n"
    )
    script = tmp_path / "other.py"
    script.write_text(code)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT), "ZDSCAN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def machine(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files of the machine lie, beside a folder of kernels that many machines share."""
    place = tmp_path / "machine"
    place.mkdir()
    monkeypatch.setattr(cache, "cache_folder", lambda: folder)
    monkeypatch.setattr(cache, "_temporary_places", lambda: iter([place]))
    return place


def test_a_copy_on_the_machine_is_used_instead_of_a_shared_disk(kept, folder, machine):
    later = made()  # as other ranks have it when the first of their machine makes the copy
    cache.copy_to_machine()
    for path in kept:
        path.unlink()
    cache.use_copy()
    assert cache.is_kept()
    assert later(1.5) == 3.0
    assert compilations(later) == 0
    assert machine in Path(later.stats.cache_path).parents
    assert {path.name for path in machine.rglob("*.*")} == {path.name for path in kept}


def test_a_copy_is_renewed_where_the_kernels_are_newer(kept, folder, machine):
    cache.copy_to_machine()
    (copied,) = machine.rglob(kept[0].name)
    before = copied.stat().st_ino
    cache.copy_to_machine()
    assert copied.stat().st_ino == before
    kept[0].write_bytes(b"another")
    cache.copy_to_machine()
    assert copied.read_bytes() == b"another"


def test_without_a_copy_kernels_are_loaded_where_they_are_kept(kept, folder, machine):
    machine.chmod(0o500)
    machine.rmdir()
    cache.copy_to_machine()
    cache.use_copy()
    assert cache.folder() == folder
    later = made()
    assert later(1.5) == 3.0
    assert compilations(later) == 0
