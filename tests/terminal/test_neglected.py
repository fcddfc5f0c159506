"""The lines about what is left out, where commands print them."""

from __future__ import annotations

import zdscan
from tests.support.verdicts import OF_2024
from zdscan.grid.open import open_grid
from zdscan.scan.scanfile import parse_scan
from zdscan.terminal import neglected, report

SCAN = """
format = 1
case = "B"
theory = "paper"
[axes]
mass = { values = [0.02] }
eps = { values = [1e-4] }
eps_z = { values = [1e-3] }
g_mu = { values = [1e-2] }
[constraints]
use = "paper"
"""


def test_a_point_has_a_line_for_each_effect_before_its_verdict(capsys):
    result = zdscan.evaluate("B", 0.02, 1e-4, 1e-3, 1e-2, theory="complete").to_dict()
    report.show_point(result, "B", "complete")
    printed = capsys.readouterr().out.splitlines()
    lines = [line for line in printed if line.startswith("Neglected: ")]
    assert lines == [f"Neglected: {item['text']}" for item in result["neglected"]]
    assert len(lines) == 2
    assert any(line.startswith("Verdict: ") for line in printed[printed.index(lines[-1]) :])


def test_a_point_without_neglected_effects_has_none(capsys):
    report.show_point(zdscan.evaluate("A", 0.02, 1e-4, 1e-3, theory="complete").to_dict(), "A", "complete")
    assert "Neglected" not in capsys.readouterr().out


def test_a_scan_has_a_line_for_each_effect():
    lines = neglected.scan_lines(parse_scan(SCAN))
    assert [line for line in lines if "through the W" in line and "Largest of the points tried: mass = 0.02" in line]
    assert all(line.startswith("Neglected: ") for line in lines)


def test_a_run_and_its_file_name_what_is_left_out_at_the_best_point(tmp_path, capsys):
    path = tmp_path / "grid.h5"
    summary = zdscan.run(SCAN, path, threads=1)
    grid = open_grid(path)
    lines = neglected.best_lines(grid, summary.best)
    position = summary.best.position
    again = zdscan.evaluate("B", **position, theory="paper", constraints="paper", **OF_2024).neglected
    assert lines == [f"Neglected at the best point: {item.text}" for item in again]
    assert lines
    report.show_summary(summary, None, None, lines)
    assert lines[0] in capsys.readouterr().out
    assert neglected.best_lines(grid, None) == []
