"""Damage to a finished file: `verify` names the blocks and where they lie, `resume` computes just those again."""

from __future__ import annotations

import json
import zlib

import h5py
import numpy as np
import pytest

from tests.support.crashing import check_survivors, die_at_write, in_child
from tests.support.fake_engine import FakeEngine, whole
from tests.support.launching import contents
from tests.support.runs import BLOCK, resume
from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import FIELDS
from zdscan.grid import create
from zdscan.grid.blocks import Plan
from zdscan.grid.layout import DONE
from zdscan.grid.open import open_grid, restore_length
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.scan.scanfile import parse_scan
from zdscan.terminal import report

ENGINE = FakeEngine()


@pytest.fixture
def path(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    return path


@pytest.fixture
def layout(reference):
    return open_grid(reference).layout


def replace(path, offset, data):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def place(layout, name, block, shift=0):
    """Offset of a block's bytes, shifted by so many points, and the bytes of a point."""
    extent = layout.fields[name]
    point = extent.nbytes // layout.plan.points
    return extent.offset + point * (layout.plan.block(block).start + shift), point


def ranges(number):
    """First and last value on every axis of a block, point by point."""
    mass, within = divmod(number, 5)
    points = [np.unravel_index(p, (4, 6, 10)) for p in range(within * BLOCK, min((within + 1) * BLOCK, 240))]
    found = {"mass": (ENGINE.axes["mass"][mass],) * 2}
    for axis, indices in zip(("eps", "eps_z", "g_mu"), zip(*points, strict=True), strict=True):
        found[axis] = (ENGINE.axes[axis][min(indices)], ENGINE.axes[axis][max(indices)])
    return found


def check_named_and_mended(path, reference, blocks, fields):
    before = verify(path)
    assert not before.ok
    assert [bad.number for bad in before.bad] == blocks
    for bad in before.bad:
        assert set(bad.fields) == set(fields)
        assert bad.ranges == ranges(bad.number)
    engine = FakeEngine()
    summary = driver.resume(path, engine=engine, threads=1, progress=False)
    assert summary.repaired == tuple(blocks)
    assert summary.computed == sum(40 if number % 5 == 4 else 50 for number in blocks)
    assert engine.built == sorted({number // 5 for number in blocks})  # mass tables of other masses are not needed
    assert verify(path).ok
    assert contents(path) == contents(reference)


@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize(("name", "block", "shift"), [("chi2", 0, 0), ("excluded", 12, 17), ("ratios", 24, 39)])
def test_a_flipped_bit(path, reference, layout, name, block, shift, bit):
    offset, point = place(layout, name, block, shift)
    byte = path.read_bytes()[offset + point - 1]
    replace(path, offset + point - 1, bytes([byte ^ (1 << bit)]))
    check_named_and_mended(path, reference, [block], [name])


def test_a_flipped_bit_in_a_checksum(path, reference, layout):
    offset = layout.checksum.offset + 4 * (3 * 8 + 1)
    replace(path, offset, bytes([path.read_bytes()[offset] ^ 1]))
    check_named_and_mended(path, reference, [8], ["excluded"])


def test_a_zeroed_page(path, reference, layout):
    """4 kB of a field whose block has 600 bytes: every block it touches is named."""
    offset = layout.fields["ratios"].offset
    first = -(-offset // 4096) * 4096
    replace(path, first, bytes(4096))
    begin, end = ((first + shift - offset) // 12 for shift in (0, 4095))
    touched = [b for b in range(25) if layout.plan.block(b).start <= end and begin < layout.plan.block(b).start + 50]
    touched = [b for b in touched if begin < layout.plan.block(b).start + layout.plan.block(b).count]
    assert len(touched) > 5
    check_named_and_mended(path, reference, touched, ["ratios"])


def test_the_content_of_another_block(path, reference, layout):
    """A write that went to the wrong place: right numbers of block 7 where those of block 3 belong."""
    data = path.read_bytes()
    for name in layout.fields:
        source, point = place(layout, name, 7)
        replace(path, place(layout, name, 3)[0], data[source : source + 50 * point])
    check_named_and_mended(path, reference, [3], ["chi2", "excluded", "ratios"])


def test_the_content_of_another_block_with_its_checksums(path, reference, layout):
    """A copied page of everything: the block's number is part of the checksum."""
    data = path.read_bytes()
    for name in layout.fields:
        source, point = place(layout, name, 7)
        replace(path, place(layout, name, 3)[0], data[source : source + 50 * point])
    sums, size = layout.checksum.offset, 4 * len(layout.fields)
    replace(path, sums + 3 * size, data[sums + 7 * size : sums + 8 * size])
    check_named_and_mended(path, reference, [3], ["chi2", "excluded", "ratios"])


def test_checksums_of_format_1_are_read(path, layout):
    """They had no block number: intact, and damage is still found."""
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 1
        for b in map(layout.plan.block, range(layout.plan.blocks)):
            runs = [file[name][()].reshape(1200, -1)[b.start : b.start + b.count] for name in layout.fields]
            file["run/checksum"][b.number] = [zlib.crc32(run.tobytes()) for run in runs]
    report = verify(path)
    assert (report.checked, report.bad) == (25, ())
    offset, _ = place(layout, "chi2", 5)
    replace(path, offset, b"\x01\x02")
    assert [bad.number for bad in verify(path).bad] == [5]


def test_a_block_that_calls_itself_finished_but_never_reached_the_disk(path, reference, layout):
    """What a power failure can leave: the done byte and the checksum, and the fill value as data."""
    offset, _ = place(layout, "chi2", 5)
    replace(path, offset, np.full(50, np.nan, "<f4").tobytes())
    check_named_and_mended(path, reference, [5], ["chi2"])


@pytest.mark.parametrize("lost", [1, 700, 5_000, 16_000, 18_500])
def test_a_file_that_is_cut_short(path, reference, layout, lost, capsys):
    data = path.read_bytes()
    keep = len(data) - lost
    path.write_bytes(data[:keep])
    report_before = verify(path)
    assert report_before.lost_bytes == lost
    assert not report.show_verify(report_before)
    assert f"cut short by {lost:,} bytes" in capsys.readouterr().out
    damaged = [
        number
        for number in range(25)
        if any(place(layout, n, number, layout.plan.block(number).count)[0] > keep for n in layout.fields)
    ]
    assert [bad.number for bad in report_before.bad] == damaged
    assert all(bad.ranges == ranges(bad.number) for bad in report_before.bad)
    assert path.stat().st_size == keep  # looking mends nothing
    summary = resume(path)
    assert summary.repaired == tuple(damaged)
    assert path.stat().st_size == len(data)
    assert contents(path) == contents(reference)
    assert verify(path).ok


def test_the_mended_part_of_an_unfinished_file_reads_as_not_computed(path, layout):
    """Not as zeros, which would be a minimum that every constraint allows."""
    replace(path, layout.done.offset, bytes(layout.plan.blocks))
    size = path.stat().st_size
    for keep in (layout.fields["chi2"].offset + 4 * 600 + 3, size):
        with path.open("r+b") as file:
            file.truncate(min(keep, path.stat().st_size))
        restore_length(open_grid(path))
    assert path.stat().st_size == size
    with h5py.File(path) as file:
        chi2 = file["chi2"][()].reshape(-1)
        assert np.isnan(chi2[601:]).all()
        assert (file["excluded"][()] == 2**32 - 1).all()
        assert np.isnan(file["ratios"][()]).all()


def test_a_damaged_block_reads_as_not_computed_until_it_is_mended(path, layout):
    """A false minimum in a damaged block, and a crash before it is computed again."""
    replace(path, place(layout, "chi2", 3)[0], np.float32(1.0).tobytes())
    replace(path, place(layout, "excluded", 3)[0], bytes(4))

    def action():
        die_at_write(3 + 1 + 1 + 1, torn=False)  # done byte, three fields; profiles, history
        resume(path)

    assert in_child(action)
    with h5py.File(path) as file:
        block = slice(layout.plan.block(3).start, layout.plan.block(3).start + 50)
        assert np.isnan(file["chi2"][()].reshape(-1)[block]).all()
        assert (file["excluded"][()].reshape(-1)[block] == 2**32 - 1).all()
    grid = check_survivors(path, whole(ENGINE))
    assert np.count_nonzero(grid.done == DONE) == 24


def test_everything_but_the_numbers_lies_before_them(tmp_path):
    """With every field and constraint of the program: a file cut off where they begin still tells what it was."""
    rows = 'data.measurements=["latest", "lfu", "angular"]'  # of every kind, or some fields are refused
    scan = parse_scan(SMALL, overrides=[rows, f"output.fields={json.dumps(FIELDS)}"])
    path = tmp_path / "grid.h5"
    engine = Engine.from_scan(scan)
    layout = create.create(
        path, engine, Plan.default(engine.shape), scan_text=SMALL, overrides=(), profiles=True, history=[],
        overwrite=False,
    )  # fmt: skip
    whole_file, whole_size = open_grid(path), path.stat().st_size
    with h5py.File(path) as file:
        attributes = {name: list(map(str, file[name].attrs.values())) for name in layout.fields}
    with path.open("r+b") as file:
        file.truncate(min(extent.offset for extent in layout.fields.values()))
    cut = open_grid(path)
    assert cut.header_ok
    assert cut.labels == whole_file.labels
    assert cut.attributes == whole_file.attributes
    restore_length(cut)
    assert path.stat().st_size == whole_size
    with h5py.File(path) as file:
        assert {name: list(map(str, file[name].attrs.values())) for name in layout.fields} == attributes
    assert contents(path).keys() >= set(layout.fields)


SMALL = """
format = 1
case = "C"
[axes]
mass = { min = 0.02, max = 1.0, n = 3, spacing = "log" }
eps = { values = [0.0, 1e-4] }
eps_z = { values = [-1e-4, 0.0, 1e-4] }
g_mu = { values = [1e-4, 1e-3] }
"""
