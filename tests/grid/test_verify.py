"""What a grid file says of itself: which blocks and profiles are missing, damaged or waiting, and the best point."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import contents
from tests.support.runs import resume, run
from zdscan.grid.layout import GridIO
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.terminal.report import show_verify


def test_damaged_profiles_are_found_and_computed_again(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with h5py.File(path, "r+") as file:
        file["profile_eps_g_mu_allowed"][1, 1] = 0.5
    report = verify(path)
    assert report.bad_profiles == ("profile_eps_g_mu_allowed",)
    assert not report.ok
    assert resume(path).computed == 0
    assert contents(path) == contents(reference)


@pytest.mark.parametrize("written", [0, 3, 23])
def test_a_file_killed_before_its_profiles_is_intact(tmp_path, reference, monkeypatch, capsys, written):
    """Every block is there, the profiles are not or in part: nothing is damaged, and resume writes them."""
    path = tmp_path / "grid.h5"
    write, seen = GridIO.write_profile, []

    def killed(io, name, data):
        if len(seen) == written:
            raise KeyboardInterrupt
        seen.append(name)
        write(io, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(GridIO, "write_profile", killed)
        with pytest.raises(KeyboardInterrupt):
            run(path)
    report = verify(path)
    assert (report.ok, report.missing, report.bad, report.bad_profiles) == (True, 0, (), ())
    assert report.profiles_waiting
    assert show_verify(report)
    assert "25 blocks compared, profiles still to be written by `zdscan resume`: intact" in capsys.readouterr().out
    if seen:  # one that was written and does not match is damaged all the same
        with h5py.File(path, "r+") as file:
            file[seen[0]][0, 0] = 0.5
        report = verify(path)
        assert (report.ok, report.bad_profiles, report.profiles_waiting) == (False, (seen[0],), True)
    assert resume(path).computed == 0
    assert contents(path) == contents(reference)
    assert not verify(path).profiles_waiting


def test_a_done_byte_that_is_neither_counts_as_missing(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with h5py.File(path, "r+") as file:
        file["run/done"][3] = 7
    assert verify(path).missing == 1
    assert resume(path).computed == 50
    assert contents(path) == contents(reference)


def test_best_of_an_unfinished_file_counts_finished_blocks_only(tmp_path):
    engine = FakeEngine()
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=engine, threads=1, progress=False)
    best = file_info(path).best
    block = int(best.index // 240)
    with h5py.File(path, "r+") as file:
        file["run/done"][block] = 0
        file["run/profile_done"][:] = 0
    again = file_info(path)
    assert not again.complete
    assert again.best.index // 240 != block
    chi2 = whole(engine)["chi2"].reshape(-1)
    chi2[block * 240 : (block + 1) * 240] = np.inf
    chi2[np.isnan(chi2)] = np.inf
    assert again.best.index == np.argmin(chi2)
