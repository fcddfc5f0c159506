"""The scan file: axes, overrides, and every fault of a malformed file in one clear sentence each."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.paths import DATA
from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.physics.parameters import AXES
from zdscan.running.estimate import size_of
from zdscan.scan.axes import AxisSpec, build_axis, spaced
from zdscan.scan.messages import line_of
from zdscan.scan.scanfile import load_scan, parse_scan

MALFORMED = sorted((DATA / "malformed").glob("*.toml"))

GOOD = """\
format = 1
case = "C"
[axes]
mass  = { min = 0.010, max = 2.0, n = 20, spacing = "log" }
eps   = { values = [0.0, 1e-5, 1e-4] }
eps_z = { min = -1e-1, max = 1e-1, n = 21, spacing = "symlog", linear_below = 1e-6 }
g_mu  = { min = 1e-4, max = 1.0, n = 10, spacing = "log" }
"""


def expectations(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    return [line.removeprefix("# expects: ") for line in lines if line.startswith("# expects: ")]


@pytest.mark.parametrize("path", MALFORMED, ids=lambda path: path.stem)
def test_malformed_file_is_refused_with_the_right_sentences(path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        load_scan(path)
    for fragment in expectations(path):
        assert any(fragment in message for message in refusal.value.messages), (fragment, refusal.value.messages)
    for message in refusal.value.messages:
        assert message.startswith(str(path))
        assert message.endswith(".")
        assert "\n" not in message


# An empty file lacks several keys, so it has several faults; every other file with one expectation has one.
SINGLE = [path for path in MALFORMED if len(expectations(path)) == 1 and path.stem != "empty_file"]


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
def test_one_fault_gives_one_sentence(path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        load_scan(path)
    assert len(refusal.value.messages) == 1, refusal.value.messages


def test_there_are_malformed_files() -> None:
    assert len(MALFORMED) >= 25
    assert all(expectations(path) for path in MALFORMED)


def test_good_file() -> None:
    scan = parse_scan(GOOD)
    assert scan.shape == (20, 3, 21, 10)
    assert scan.points == 20 * 3 * 21 * 10
    assert list(scan.axes) == list(AXES)
    assert scan.axes["eps_z"][10] == 0.0
    assert (scan.theory, scan.constraints.use, scan.output.fields) == ("paper", "paper", ("chi2", "excluded"))
    assert scan.output.profiles


def test_windows_line_ends() -> None:
    assert parse_scan(GOOD.replace("\n", "\r\n")) == parse_scan(GOOD)


def test_scan_is_immutable() -> None:
    scan = parse_scan(GOOD)
    with pytest.raises(AttributeError):
        scan.theory = "complete"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scan.axes["eps"] = np.zeros(1)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        scan.axes["eps"][0] = 1.0


def test_reparsing_and_pickling_give_the_same_scan() -> None:
    scan = parse_scan(GOOD, overrides=["axes.mass.n=7", "theory=complete", "constraints.use=['a_mu']"])
    assert scan.shape[0] == 7
    assert scan.theory == "complete"
    assert scan.constraints.use == ("a_mu",)
    assert parse_scan(scan.text, overrides=scan.overrides) == scan
    assert pickle.loads(pickle.dumps(scan)) == scan
    assert parse_scan(scan.text) != scan


def test_custom_case() -> None:
    text = GOOD.replace('case = "C"', "") + "[case]\nname = 'muon only'\ncouplings = { v_mu = { g_mu = 1.0 } }\n"
    scan = parse_scan(text)
    assert not isinstance(scan.case, str)
    assert scan.case_name == "muon only"
    assert scan.case.couplings["v_mu"]["g_mu"] == 1.0


@pytest.mark.parametrize(
    ("override", "fragment"),
    [
        ("axes.mass.n=abc", "--set axes.mass.n=abc: axes.mass.n must be a whole number, not the text 'abc'"),
        ("axes.mas.n=3", "axes.mas is not a known key (did you mean 'mass'?)"),
        ("theory=papper", "theory does not know 'papper' (did you mean 'paper'?)"),
        ("theory", "write key=value"),
        ("=3", "write key=value"),
        ("case.x=1", "case is not a table"),
        ("theory.x=1", "--set theory.x=1: theory must be one of paper, complete, not a table"),
        ("theory=[", "neither a TOML value nor a bare word"),
        ("theory=1\nformat=2", "neither a TOML value nor a bare word"),
        ("axes.eps.n=5", "axes.eps.n cannot stand beside values"),
        ("axes.mass.min=0.001", "axes.mass reaches 0.001 GeV"),
    ],
)
def test_bad_overrides(override: str, fragment: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_scan(GOOD, "x.toml", [override])
    assert fragment in refusal.value.messages[0]


def test_later_override_wins_and_words_are_texts() -> None:
    scan = parse_scan(GOOD, overrides=["case=B", "axes.mass.n=5", "axes.mass.n=6", "model.fcnc_scale=2"])
    assert (scan.case, scan.shape[0], scan.model.fcnc_scale) == ("B", 6, 2.0)


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda folder: folder / "absent.toml", "there is no such scan file"),
        (lambda folder: folder, "this is a directory"),
    ],
)
def test_unreadable_paths(tmp_path: Path, make, fragment: str) -> None:
    with pytest.raises(UserError, match=fragment):
        load_scan(make(tmp_path))


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"format = 1\n# \xe9\xe8\n")
    with pytest.raises(UserError, match="not a text in UTF-8"):
        load_scan(path)


def test_nearest_file_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "quickstart.toml").write_text(GOOD)
    with pytest.raises(UserError, match=r"did you mean 'quickstart\.toml'"):
        load_scan(tmp_path / "quikstart.toml")


def test_line_of_sections_and_inline_tables() -> None:
    text = "format = 1\n[axes]\nmass = { n = 0 }\n[axes.eps]\nvalues = [1.0]\n[output]\n'profiles' = true\n"
    assert line_of(text, ("format",)) == 1
    assert line_of(text, ("axes", "mass", "n")) == 3
    assert line_of(text, ("axes", "eps", "values", 0)) == 5
    assert line_of(text, ("axes", "g_mu")) == 2
    assert line_of(text, ("output", "profiles")) == 7
    assert line_of(text, ("model", "emission")) is None


def test_size() -> None:
    scan = parse_scan(GOOD, overrides=["output.profiles=false"])
    stored = [
        Field("chi2", "<f4", float("nan"), "", "1"),
        Field("excluded", "<u4", 0xFFFFFFFF, "", "1"),
        Field("ratios", "<f4", float("nan"), "", "1", ("constraint", ("a", "b", "c"))),
    ]
    size = size_of(scan, stored)
    assert size.bytes_per_point == 4 + 4 + 3 * 4
    assert 0 <= size.file_bytes - scan.points * 20 < 1_000_000


ends = st.floats(1e-12, 1e6)
counts = st.integers(2, 400)


@given(ends, ends, counts, st.sampled_from([-1.0, 1.0]), st.sampled_from(["log", "linear"]))
def test_ranges_are_ascending_with_exact_ends(a: float, b: float, n: int, sign: float, spacing: str) -> None:
    low, high = sorted((sign * a, sign * b))
    assume(high - low > 1e-9 * max(a, b))
    axis, faults = build_axis(AxisSpec(min=low, max=high, n=n, spacing=spacing))
    assert not faults
    assert axis is not None
    assert axis.dtype == np.float64
    assert axis.size == n
    assert axis[0] == low
    assert axis[-1] == high
    assert np.all(np.diff(axis) > 0)
    steps = np.diff(np.log(np.abs(axis)) if spacing == "log" else axis)
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6, atol=1e-12 * np.abs(axis).max())


@given(ends, ends, st.integers(1, 200), st.floats(1e-6, 0.99))
def test_symlog_contains_zero_and_is_linear_then_logarithmic(a: float, b: float, half: int, fraction: float) -> None:
    n, linear_below = 2 * half + 1, fraction * max(a, b)
    axis, faults = build_axis(AxisSpec(min=-a, max=b, n=n, spacing="symlog", linear_below=linear_below))
    assert not faults
    assert axis is not None
    assert axis.size == n
    assert axis[0] == -a
    assert axis[-1] == b
    assert np.all(np.diff(axis) > 0)
    assert np.count_nonzero(axis == 0.0) == 1
    middle = int(np.flatnonzero(axis == 0.0)[0])
    for side in (axis[: middle + 1], axis[middle:]):
        steps = np.diff(np.arcsinh(side / linear_below))
        np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6)


@given(ends, st.integers(1, 200), st.floats(1e-6, 0.99))
def test_symlog_between_opposite_ends_is_a_mirror_image(a: float, half: int, fraction: float) -> None:
    axis = spaced(-a, a, 2 * half + 1, "symlog", fraction * a)
    np.testing.assert_array_equal(axis, -axis[::-1])
    assert axis[half] == 0.0
    assert not np.signbit(axis[half])


@given(ends, st.integers(2, 100), st.floats(1e-6, 0.99), st.booleans())
def test_symlog_from_zero(a: float, n: int, fraction: float, negative: bool) -> None:
    low, high = (-a, 0.0) if negative else (0.0, a)
    axis, faults = build_axis(AxisSpec(min=low, max=high, n=n, spacing="symlog", linear_below=fraction * a))
    assert not faults
    assert axis is not None
    assert (axis.size, axis[0], axis[-1]) == (n, low, high)
    assert np.all(np.diff(axis) > 0)


def test_symlog_reaches_both_regimes() -> None:
    axis = spaced(-0.1, 0.1, 401, "symlog", 1e-6)
    positive = axis[axis > 0]
    small, large = positive[positive < 1e-7], positive[positive > 1e-5]
    np.testing.assert_allclose(np.diff(small), small[0], rtol=0.02)  # equal steps below linear_below
    np.testing.assert_allclose(large[1:] / large[:-1], large[-1] / large[-2], rtol=0.01)  # equal ratios above


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30, unique=True))
def test_values_are_kept_exactly(values: list[float]) -> None:
    assume(len({value + 0.0 for value in values}) == len(values))
    axis, faults = build_axis(AxisSpec(values=sorted(values)))
    assert not faults
    assert axis is not None
    assert axis.tolist() == [value + 0.0 for value in sorted(values)]
