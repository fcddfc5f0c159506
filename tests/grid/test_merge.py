"""Merging against the scan over both ranges, along every axis, dense and with profiles alone."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from tests.support.launching import contents
from tests.support.runs import SETTINGS
from tests.support.thinning import every, only
from zdscan.errors import UserError
from zdscan.grid.merge import merge
from zdscan.grid.open import open_grid
from zdscan.grid.pack import pack
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.scan.scanfile import parse_scan

AXES = {
    "mass": np.geomspace(0.01, 2.0, 6),
    "eps": np.linspace(0.0, 1e-3, 5),
    "eps_z": np.linspace(-0.1, 0.1, 7),
    "g_mu": np.geomspace(1e-4, 1.0, 9),
}


class ValueEngine(FakeEngine):
    """Numbers that depend on the values of the axes alone, with ties, NaN and excluded points."""

    def __init__(self, axes, shift=0.0, **options):
        super().__init__(shape=tuple(axis.size for axis in axes.values()), **options)
        self.axes = dict(axes)
        self.shift = shift

    def evaluate(self, mass_tables, first, count, outputs):
        index = np.unravel_index(np.arange(first, first + count), self.shape[1:])
        eps, eps_z, g_mu = (self.axes[name][k] for name, k in zip(("eps", "eps_z", "g_mu"), index, strict=True))
        wave = np.sin(1e5 * eps + 300 * eps_z + 40 * np.log(g_mu) + 77 * mass_tables[1])
        chi2 = (60 + np.floor(8 * wave) + self.shift).astype(np.float32)
        chi2[wave > 0.97] = np.nan
        outputs[0][:] = chi2
        outputs[1][:] = (np.floor(1000 * wave).astype(np.int64) % 3).astype(np.uint32)
        if len(outputs) == 3:
            outputs[2][:] = np.stack([wave, eps_z, g_mu], axis=1)


SCAN = FakeScan(text='format = 1\ncase = "C"\n', overrides=())


def scan(path, axes, **options):
    driver.run(SCAN, path, engine=ValueEngine(axes, **options), **SETTINGS)
    return path


def part(name, chosen):
    return {**AXES, name: AXES[name][chosen]}


def numbers(path):
    """Everything but the notes on how it was made."""
    notes = {"run/scan_file", "run/history"}
    return {name: value for name, value in contents(path).items() if name not in notes}


APART, OVERLAPPING, INSIDE = (
    *((slice(0, 2), slice(2, None)), (slice(3, None), slice(0, 4))),
    (slice(0, None), slice(1, 3)),
)


@pytest.mark.parametrize("name", every(3, AXES))
@pytest.mark.parametrize(
    ("first", "second", "stored"),
    only(
        [(*APART, True), (*OVERLAPPING, False), (*INSIDE, True)],
        [(*APART, False), (*OVERLAPPING, True), (*INSIDE, False)],
    ),
)
def test_equals_one_scan_over_both(tmp_path, name, first, second, stored):
    a = scan(tmp_path / "a.h5", part(name, first), stored=stored)
    b = scan(tmp_path / "b.h5", part(name, second), stored=stored)
    axis, points = merge(a, b, tmp_path / "c.h5")
    direct = scan(tmp_path / "direct.h5", AXES, stored=stored)
    assert (axis, points) == (name, 6 * 5 * 7 * 9)
    assert numbers(tmp_path / "c.h5") == numbers(direct)
    assert verify(tmp_path / "c.h5").ok
    ours, theirs = file_info(tmp_path / "c.h5"), file_info(direct)
    assert (ours.best, ours.best_allowed) == (theirs.best, theirs.best_allowed)
    with h5py.File(tmp_path / "c.h5") as merged, h5py.File(direct) as whole:
        assert dict(merged.attrs).keys() == dict(whole.attrs).keys()
        for field in ("excluded",) if stored else ():
            for key, value in whole[field].attrs.items():
                if key != "DIMENSION_LIST":
                    np.testing.assert_array_equal(merged[field].attrs[key], value)


def test_packed_files_merge_too(tmp_path):
    a, b = scan(tmp_path / "a.h5", part("eps", slice(0, 2))), scan(tmp_path / "b.h5", part("eps", slice(2, 5)))
    pack(b, tmp_path / "packed.h5")
    merge(a, tmp_path / "packed.h5", tmp_path / "c.h5")
    assert numbers(tmp_path / "c.h5") == numbers(scan(tmp_path / "direct.h5", AXES))
    # nothing is left to compute, and what is damaged can be
    with h5py.File(tmp_path / "c.h5", "r+") as file:
        file["chi2"][3, 2, 2, 2] = 1.0
    assert driver.resume(tmp_path / "c.h5", engine=ValueEngine(AXES), **SETTINGS).computed > 0
    assert numbers(tmp_path / "c.h5") == numbers(tmp_path / "direct.h5")


REAL = """format = 1
case = "C"
[axes]
mass = { min = 0.02, max = 0.5, n = 4, spacing = "log" }
eps = { values = [0.0, 1e-4] }
eps_z = { values = [-1e-3, 0.0, 1e-3] }
g_mu = { values = [1e-4, 1e-3] }
"""


def test_a_real_scan_and_its_scan_file(tmp_path):
    whole = parse_scan(REAL)
    masses = whole.axes["mass"].tolist()
    for name, some in (("a", masses[:2]), ("b", masses[1:])):
        driver.run(
            parse_scan(REAL, overrides=[f"axes.mass={{ values = {some} }}"]), tmp_path / f"{name}.h5", **SETTINGS
        )
    merge(tmp_path / "a.h5", tmp_path / "b.h5", tmp_path / "c.h5")
    driver.run(whole, tmp_path / "direct.h5", **SETTINGS)
    assert numbers(tmp_path / "c.h5") == numbers(tmp_path / "direct.h5")
    grid = open_grid(tmp_path / "c.h5")
    assert parse_scan(grid.scan_text, overrides=grid.overrides) == whole
    assert driver.resume(tmp_path / "c.h5", **SETTINGS).computed == 0


def test_refusals(tmp_path):
    a = scan(tmp_path / "a.h5", part("eps_z", slice(0, 4)))
    before = a.read_bytes()

    def refused(other, *words):
        with pytest.raises(UserError) as caught:
            merge(a, other, tmp_path / "c.h5")
        for word in words:
            assert word in "\n".join(caught.value.messages)
        assert not (tmp_path / "c.h5").exists()

    refused(a, "all four axes are the same")
    two = scan(tmp_path / "two.h5", {**part("eps_z", slice(3, 7)), "eps": AXES["eps"][:2]})
    refused(two, "more than one axis differs: eps, eps_z")
    between = {**AXES, "eps_z": np.array([-0.05, 0.0, 0.05])}
    refused(scan(tmp_path / "between.h5", between), "values of eps_z differ between -0.05 and 0")
    other = scan(tmp_path / "other.h5", part("eps_z", slice(3, 7)), physics="tables v2")
    refused(other, "tables: tables v1 and tables v2")
    refused(
        scan(tmp_path / "few.h5", part("eps_z", slice(3, 7)), five=False),
        "fields: chi2, excluded, ratios and chi2, excluded",
    )
    refused(scan(tmp_path / "shifted.h5", part("eps_z", slice(2, 7)), shift=1), "chi2 differs at values of eps_z")
    unfinished = scan(tmp_path / "unfinished.h5", part("eps_z", slice(4, 7)))
    with h5py.File(unfinished, "r+") as file:
        file["run/done"][0] = 0
    refused(unfinished, "are not computed yet")
    none = FakeScan(text=SCAN.text, overrides=())
    none.output.profiles = False
    driver.run(none, tmp_path / "none.h5", engine=ValueEngine(part("eps_z", slice(4, 7))), **SETTINGS)
    refused(tmp_path / "none.h5", "only one of them has profiles")
    with pytest.raises(UserError, match="is one of the two"):
        merge(a, unfinished, a, overwrite=True)
    assert a.read_bytes() == before


def test_profiles_alone_that_disagree_are_refused(tmp_path):
    a = scan(tmp_path / "a.h5", part("mass", slice(0, 4)), stored=False)
    b = scan(tmp_path / "b.h5", part("mass", slice(3, 6)), stored=False, shift=1)
    with pytest.raises(UserError) as caught:
        merge(a, b, tmp_path / "c.h5")
    assert "profile_mass_eps differs at values of mass" in str(caught.value.messages)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.h5"]
