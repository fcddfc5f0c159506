"""Words and numbers as commands print them."""

from __future__ import annotations

import pytest

from tests.support.runs import run
from zdscan import evaluate
from zdscan.grid.verify import VerifyReport
from zdscan.grid.verify import info as file_info
from zdscan.terminal import report, tally


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (123_456_789, "123 MB"), (2.5e12, "2.5 TB"), (4e15, "4e+03 TB")],
)
def test_sizes(count, text):
    assert report.size_text(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.25, "0.25 s"), (99, "99 s"), (150, "2.5 min"), (7200, "2 h")])
def test_times(seconds, text):
    assert report.time_text(seconds) == text


def test_a_number_that_is_not_there_is_a_dash():
    assert (report.number(None), report.number(1234567.0), report.number(0.5, 2)) == ("-", "1.235e+06", "0.5")


def test_what_excludes_a_point_is_said_with_ratios_largest_first():
    found = [
        {"id": "k_mu_inv", "applies": True, "excluded": True, "ratio": 1.5},
        {"id": "a_mu", "applies": True, "excluded": True, "ratio": 20.0},
        {"id": "w_width", "applies": True, "excluded": False, "ratio": 0.1},
        {"id": "coherent", "applies": False, "excluded": False, "ratio": None},
    ]
    first, *others = report.verdict_lines(found)
    assert first == "Verdict: excluded by 2 of 3 constraints that apply, with their ratios:"
    said = " ".join(others)
    assert "a_mu 20" in said
    assert "k_mu_inv 1.5" in said
    allowed = "Verdict: allowed by the 1 constraint computed, 1 more do not apply here (what is not computed: "
    assert report.verdict_lines(found[2:]) == [f"{allowed}docs/not-included.md)."]
    assert report.verdict_lines(found[3:])[0].startswith("Verdict: tested by no constraint, 1 more do not apply here")


def test_a_run_and_its_file_are_told_in_sentences(tmp_path, capsys):
    path = tmp_path / "grid.h5"
    summary = run(path)
    found = file_info(path)
    counted = tally.count(found.grid)
    report.show_summary(summary, ["apv"], counted)
    said = capsys.readouterr().out
    assert "1,200 points, 1,200 computed now" in said
    assert "the best point is excluded by apv" in said
    assert f"of 1,200 points are allowed by the {counted.constraints} constraints computed" in " ".join(said.split())
    report.show_summary(summary, [], counted)
    assert "the best point is allowed by the" in capsys.readouterr().out
    report.show_info(found, None, tally.count(found.grid, each=True))
    said = capsys.readouterr().out
    assert "1,200 points, complete" in said
    assert "k_mu_inv" in said


def test_damage_is_told_with_what_mends_it(capsys):
    damaged = VerifyReport(path="grid.h5", checked=24, missing=1, lost_bytes=7, header_ok=False)
    assert not report.show_verify(damaged)
    said = capsys.readouterr().out
    assert "the file is cut short by 7 bytes" in said
    assert "the axes, the scan file or the attributes were altered" in said
    assert "24 blocks compared, 1 not computed yet: NOT intact; `zdscan resume` computes damaged blocks again" in said
    assert report.show_verify(VerifyReport())  # of a rank that does not speak
    assert capsys.readouterr().out == ""


def test_a_point_says_what_became_of_its_anomaly(capsys):
    quarks = {name: {"eps": 1 / 3} for name in ("v_u", "v_d", "v_s")}
    for anomaly, words in (("auto", "Wess-Zumino term"), ("cancelled", "cancelled: no term")):
        result = evaluate(quarks, 0.1, 1e-4, anomaly=anomaly).to_dict()
        report.show_point(result, "own", "complete")
        text = " ".join(capsys.readouterr().out.split())
        assert f"eps no anomaly (1.5) 1.5 {words}" in text
