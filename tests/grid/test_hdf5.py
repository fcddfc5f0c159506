"""Disks that fail at any byte that HDF5 writes, file systems that can do less, and files open in other ways."""

from __future__ import annotations

import errno
import os
import resource

import h5py
import pytest
import xarray

from tests.support.crashing import in_child
from tests.support.fake_engine import FakeEngine
from tests.support.files import create, finished, refused
from tests.support.launching import contents
from tests.support.runs import resume, run
from tests.support.thinning import only
from zdscan.analysis.views.grid import open_grid as open_for_analysis
from zdscan.errors import UserError
from zdscan.grid import create as grid_create
from zdscan.grid import hdf5
from zdscan.grid.layout import GridIO, token_of
from zdscan.grid.merge import merge
from zdscan.grid.open import open_grid
from zdscan.grid.pack import pack
from zdscan.grid.verify import verify


def lower_half(path):
    """The first masses of the fake grid, and the others, as two files that can be merged."""
    for name, chosen in (("low", slice(0, 3)), ("high", slice(3, 5))):
        engine = FakeEngine()
        engine.axes["mass"] = engine.axes["mass"][chosen]
        engine.shape = (engine.axes["mass"].size, *engine.shape[1:])
        run(path / f"{name}.h5", engine)
    return path / "low.h5", path / "high.h5"


@pytest.mark.parametrize("parts", only([3], [7]))
@pytest.mark.parametrize("command", ["run", "pack", "merge"])
def test_a_disk_that_fails_at_any_byte_is_told_in_a_sentence(tmp_path, capfd, command, parts):
    """A limit on file sizes stands for a quota, which no file system tells beforehand."""
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "grid.h5"
    source = finished(tmp_path / "grid.h5") if command == "pack" else None
    halves = lower_half(tmp_path) if command == "merge" else ()
    actions = {
        "run": lambda: run(target),
        "pack": lambda: pack(source, target),
        "merge": lambda: merge(*halves, target),
    }
    actions[command]()
    size = target.stat().st_size
    target.unlink()

    def action(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # Python ignores the signal: writes fail
        with pytest.raises(UserError, match=r"cannot be (created|written).*File too large") as caught:
            actions[command]()
        assert ".part" not in str(caught.value)

    for limit in (1, 2048, *range(4096, size, size // parts), size - 1):
        assert in_child(lambda limit=limit: action(limit)) == 0, limit
        assert os.listdir(folder) == []
    assert capfd.readouterr().err == ""  # HDF5 said nothing


def test_room_is_taken_before_anything_is_written(tmp_path, monkeypatch):
    def full(descriptor, offset, length):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(grid_create, "_write", lambda *_: pytest.fail("written"))
    refused(lambda: create(tmp_path / "grid.h5"), r"cannot be created: Disk quota exceeded\.")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_need_not_give_room_in_advance_nor_sync_folders(tmp_path, monkeypatch, code):
    real = os.fsync

    def unable(descriptor, *_):
        if len(_) == 2 or os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "posix_fallocate", unable)
    monkeypatch.setattr(os, "fsync", unable)
    assert verify(finished(tmp_path / "grid.h5")).ok
    pack(tmp_path / "grid.h5", tmp_path / "packed.h5")


def test_a_disk_that_fails_with_the_name_is_told(tmp_path, monkeypatch):
    real = os.fsync

    def broken(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", broken)
    refused(lambda: create(tmp_path / "grid.h5"), "cannot be given its name: Input/output error")


def test_a_file_needs_no_number_of_the_file_system(tmp_path, monkeypatch):
    """Below FUSE a second name of a file may have another number, and machines may see different ones."""
    real = os.fstat
    count = iter(range(10**6, 2 * 10**6))

    class Other:
        def __init__(self, status):
            self._status = status
            self.st_ino = next(count)

        def __getattr__(self, name):
            return getattr(self._status, name)

    monkeypatch.setattr(os, "fstat", lambda descriptor: Other(real(descriptor)))
    assert verify(finished(tmp_path / "grid.h5")).ok
    assert resume(tmp_path / "grid.h5").computed == 0


def test_another_file_of_the_same_name_is_known_by_its_token(tmp_path):
    layout = create(tmp_path / "grid.h5")
    assert layout.token == open_grid(tmp_path / "grid.h5").layout.token
    other = create(tmp_path / "grid.h5", overwrite=True)
    assert len({layout.token, other.token}) == 2
    refused(lambda: GridIO(layout, write=True), "was replaced by another")


def test_a_file_without_a_history_has_a_token_too(tmp_path):
    layout = create(tmp_path / "grid.h5", history=[])
    GridIO(layout, write=False).close()
    assert open_grid(tmp_path / "grid.h5").history == []


def test_the_token_stays_where_it_is_when_the_history_is_written(tmp_path):
    path = finished(tmp_path / "grid.h5")
    token = open_grid(path).layout.token
    entries = [{"state": "finished", "note": "x" * 30_000} for _ in range(4)]  # too long: entries are dropped
    for history in (entries, entries[:1], [{"state": "y" * 70_000}]):
        with GridIO(open_grid(path).layout, write=True) as io:
            io.write_history(history)
        with h5py.File(path) as file:
            assert token_of(file["run/history"][()]) == token
        assert open_grid(path).layout.token == token


def test_a_file_of_a_former_version_has_its_number_alone(tmp_path):
    path = finished(tmp_path / "grid.h5")
    layout = open_grid(path).layout
    with path.open("r+b") as file:
        file.seek(layout.history.offset)
        file.write(b'[{"state": "finished"}]'.ljust(200, b"\0"))
    old = open_grid(path).layout
    assert old.token == ""
    GridIO(old, write=False).close()
    data = path.read_bytes()
    path.rename(tmp_path / "former.h5")
    path.write_bytes(data)
    refused(lambda: GridIO(old, write=False), "was replaced by another")


@pytest.mark.parametrize("reader", ["xarray", "h5py"])
def test_a_file_that_is_open_in_the_same_process_is_read_and_resumed(tmp_path, reader):
    path = finished(tmp_path / "grid.h5")
    with xarray.open_dataset(path, engine="h5netcdf") if reader == "xarray" else h5py.File(path) as seen:
        assert float(seen["chi2"][0, 0, 0, 0]) > 0
        assert open_grid(path).complete
        assert resume(path).computed == 0
        with open_for_analysis(path) as grid:
            assert grid.axes["mass"].size == 5
        pack(path, tmp_path / "packed.h5")
        before = contents(tmp_path / "packed.h5")
        run(path, overwrite=True)
        assert float(seen["chi2"][0, 0, 0, 0]) > 0  # of the file that was opened
    assert before["chi2"] == contents(path)["chi2"]


def test_an_output_that_is_a_link_stays_one(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "scratch").mkdir()
    link, target = tmp_path / "home" / "grid.h5", tmp_path / "scratch" / "large.h5"
    finished(target)
    link.symlink_to("../scratch/large.h5")
    before = open_grid(target).layout.token
    run(link, overwrite=True)
    assert link.is_symlink()
    assert open_grid(target).layout.token != before
    assert resume(link).computed == 0
    pack(finished(tmp_path / "other.h5"), link, overwrite=True)
    assert link.is_symlink()
    assert open_grid(target).layout.packed
    assert os.listdir(tmp_path / "scratch") == ["large.h5"]
    assert os.listdir(tmp_path / "home") == ["grid.h5"]


def test_a_file_that_cannot_be_read_says_why(tmp_path, monkeypatch):
    path = finished(tmp_path / "grid.h5")

    def refuse(*_, **__):
        raise OSError("Unable to synchronously open file (file locking flag values don't match)")

    monkeypatch.setattr(hdf5.h5py, "File", refuse)
    refused(lambda: open_grid(path), "open in this process by other means")
