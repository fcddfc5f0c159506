"""What the commands print: plain tables that read the same on a terminal, in a log and in a pipe."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from zdscan.evaluation.fields import UNSEEN
from zdscan.evaluation.settings import SETTINGS
from zdscan.physics.level import PUBLISHED
from zdscan.physics.parameters import AXES
from zdscan.physics.statistics import in_words, theory_error
from zdscan.terminal.likelihoods import chi2_rows, contained_lines, likelihood_lines, uncounted_lines
from zdscan.terminal.neglected import point_lines, scan_lines
from zdscan.terminal.silence import silent_in, silent_lines
from zdscan.terminal.words import NOT_COMPUTED, allowed_by

if TYPE_CHECKING:
    from zdscan.grid.verify import BestPoint, FileInfo, VerifyReport
    from zdscan.physics.clause import Constraint
    from zdscan.running.driver import RunSummary
    from zdscan.running.estimate import Estimate
    from zdscan.scan.scanfile import Scan
    from zdscan.terminal.tally import Tally

CHI2 = ("all", "muon", "br", "lfu", "angular", "constraints", "total")
SAME_CHI2 = 1e-4  # relative; the file keeps single precision
PIPE_WIDTH = 132  # columns where the output is not a terminal


def console() -> Console:
    """Standard output; off a terminal wide enough that no table is folded."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=False)


def plain_table(title: str, *columns: str, left: Sequence[int] = (0,)) -> Table:
    """An empty table with a title; columns to the right, but those numbered in `left`."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index in left else "right", overflow="fold")
    return table


def number(value: float, digits: int = 4) -> str:
    """A number with significant digits, ``-`` for one that is not there (null in JSON)."""
    return "-" if value is None else f"{value:.{digits}g}"


def size_text(count: float) -> str:
    """Bytes in decimal units, as disks are sold and quotas are told."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"


def time_text(seconds: float) -> str:
    """Seconds as ``0.3 s``, ``4.2 min``, ``3.1 h``."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.3g} min" if seconds < 6000 else f"{seconds / 3600:.3g} h"


def show_check(scan: Scan, expected: Estimate) -> None:
    """Print a valid scan: axes, settings, what breaks the currents, what is left out, size, memory and time."""
    from zdscan.inputs import measurements
    from zdscan.physics.currents import currents, resolved

    out = console()
    out.print(f"{scan.source} is valid: case {scan.case_name}, theory {scan.settings.theory}.")
    out.print(_axes_table(scan.axes))
    table = plain_table("Settings", "key", "value", left=(0, 1))
    for setting in SETTINGS.values():
        value = getattr(scan.settings, setting.name)
        if setting.name == "theory_errors" and value == "auto":
            value = f"auto: {measurements.load(scan.settings.measurements, scan.files).theory_errors}"
        table.add_row(".".join(setting.path), ", ".join(value) if isinstance(value, tuple) else str(value))
    if scan.own:
        table.add_row("constraints.curve", ", ".join(constraint.id for constraint in scan.own))
    table.add_row("output.fields", ", ".join(scan.output.fields) or "none, profiles only")
    table.add_row("output.profiles", "yes" if scan.output.profiles else "no")
    out.print(table)
    case = scan.coupling_case
    matrix = case.with_axial(scan.settings.axial_mu)
    anomaly = resolved(scan.settings.anomaly, matrix)
    show_currents(out, [current.to_dict(anomaly) for current in currents(matrix, case.parameters.names)])
    show_lines(out, silent_lines(silent_in(scan)))
    show_lines(out, scan_lines(scan))
    table = plain_table("Cost", "", "", left=(0, 1))
    size = expected.size
    table.add_row("points", f"{size.points:,}")
    table.add_row("file", f"{size_text(size.file_bytes)} ({size.bytes_per_point} bytes a point)")
    table.add_row("memory of each process", size_text(expected.memory_bytes))
    table.add_row("time", f"{time_text(expected.seconds)} on {expected.cores} cores, as measured on this machine now")
    table.add_row(
        "", f"{number(1e9 * expected.point_seconds, 3)} ns a point, {time_text(expected.mass_seconds)} a mass"
    )
    table.add_row("kernels", f"compiled or loaded in {time_text(expected.compile_seconds)}")
    out.print(table)


def _axes_table(axes: Mapping[str, Any]) -> Table:
    table = plain_table("Axes", "axis", "points", "from", "to", "unit")
    for name, axis in axes.items():
        if not name.startswith("unused_"):
            unit = "GeV" if name == "mass" else "1"
            table.add_row(name, str(len(axis)), f"{axis[0]:g}", f"{axis[-1]:g}", unit)
    return table


def show_currents(out: Console, found: Sequence[Mapping[str, Any]], title: str = "Currents") -> None:
    """Print what breaks the current of each parameter, and what becomes of its anomaly."""
    table = plain_table(title, "per", "conserved", "broken by", "anomaly", "Wess-Zumino term", left=(0, 1, 2, 4))
    for item in found:
        if item["wess_zumino"] == "nothing couples":
            continue
        conserved = "yes" if item["conserved"] else "no"
        broken = "; ".join(item["broken_by"]) or "-"
        table.add_row(item["parameter"], conserved, broken, number(item["anomaly"]), item["wess_zumino"])
    out.print(table)


def show_constraints(constraints: Sequence[Constraint]) -> None:
    """Print every constraint in one table."""
    table = plain_table(
        *("Constraints", "id", "what", "CL", "likelihood", "theory error", "grade", "group", "paper", "applies"),
        "reference",
        left=(0, 1, 2, 3, *range(5, 10)),
    )
    table.columns[0].no_wrap = True
    for item in constraints:
        paper = "yes" if item.in_paper else "no"
        error = f"{theory_error(item):.3g}" if theory_error(item) else ""
        words = (item.id, item.title, item.cl, item.likelihood, error, item.grade, item.group, paper, item.applies)
        table.add_row(*words, ", ".join(item.citations))
    out = console()
    out.print(table)
    out.print(
        "grade: A read in the source, B digitised, recast or computed and cross-checked, C rough. "
        'paper: in `use = "paper"`. theory error: relative, of the prediction; `theory_errors = true` in a scan file '
        "makes bounds wider by it."
    )
    show_lines(out, likelihood_lines(constraints))


def show_point(result: Mapping[str, Any], case: str, emission: str) -> None:
    """Print one point as tables, with what the JSON has, and what excludes it; `emission` as it is used."""
    out = console()
    parameters = result["parameters"]
    out.print(f"Case {case}: " + ", ".join(f"{name} = {_value(value)}" for name, value in parameters.items()))
    out.print(f"Theory {result['theory']}, emission {emission}, zdscan {result['version']}")
    out.print("Couplings: " + ", ".join(f"{name} = {number(value)}" for name, value in result["couplings"].items()))
    table = plain_table("Widths", "final state", "GeV", "branching ratio")
    for name, width in result["widths"].items():
        ratios = result["branching_ratios"]
        ratio = ratios["nunu"] + ratios["invisible"] if name == UNSEEN else ratios.get(name)
        table.add_row(name, number(width), number(ratio))
    out.print(table)
    chi2 = result["chi2"]
    table = plain_table("chi2", "rows", "here", "SM", "difference")
    for name in (name for name in CHI2 if name in chi2):
        here, sm = chi2[name], chi2[f"sm_{name}"]
        table.add_row(name, f"{here:.2f}", f"{sm:.2f}", f"{here - sm:+.2f}")
    out.print(table)
    out.print(_rows_table(result["rows"]))
    out.print(_verdicts_table(result["constraints"]))
    if any("theory_error" in item for item in result["constraints"]):
        out.print("Limits are those with theory errors of the predictions, published limits those without.")
    table = plain_table("chi2 of the constraints", "id", "likelihood", "here", "SM", "difference", left=(0, 1))
    for name, likelihood, here, sm in chi2_rows(result["constraints"]):
        table.add_row(name, likelihood, f"{here:.2f}", f"{sm:.2f}", f"{here - sm:+.2f}")
    out.print(table)
    show_lines(out, uncounted_lines(result["constraints"]))
    show_lines(out, silent_lines({item["id"]: item["reason"] for item in result["constraints"]}))
    show_currents(out, result["currents"])
    moments = result["anomalous_moments"]
    out.print(f"Anomalous moments: mu {number(moments['mu'])}, e {number(moments['e'])}")
    show_lines(out, [*point_lines(result["neglected"]), *verdict_lines(result["constraints"])])


def show_lines(out: Console, lines: Sequence[str]) -> None:
    """Print sentences as they are, each on one line."""
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def verdict_lines(constraints: Sequence[Mapping[str, Any]]) -> list[str]:
    """What excludes a point, those of the paper and the others apart, each with its ratio, largest first."""
    from zdscan.constraints import select

    paper = {constraint.id for constraint in select("paper")}
    applying = [item for item in constraints if item["applies"]]
    excluding = sorted((item for item in applying if item["excluded"]), key=lambda item: -item["ratio"])
    if not excluding:
        rest = len(constraints) - len(applying)
        others = f", {rest} more do not apply here" if rest else ""
        return [f"Verdict: {allowed_by(len(applying))}{others} ({NOT_COMPUTED})."]
    lines = [f"Verdict: excluded by {len(excluding)} of {len(applying)} constraints that apply, with their ratios:"]
    for what, those in (("the paper's", True), ("beyond the paper", False)):
        found = [f"{item['id']} {number(item['ratio'], 2)}" for item in excluding if (item["id"] in paper) is those]
        if found:
            lines.append(f"  {what}: {', '.join(found)}")
    return lines


def _rows_table(rows: Sequence[Mapping[str, Any]], title: str = "b -> s l l rows") -> Table:
    table = plain_table(title, "row", "q2 [GeV2]", "unit", "SM", "here", "measured", "sigma", "pull")
    for row in rows:
        q2 = f"{row['q2_min']:g}-{row['q2_max']:g}"
        values = [number(row[key]) for key in ("sm", "prediction", "measured", "sigma")]
        table.add_row(row["id"], q2, row["unit"], *values, f"{row['pull']:+.2f}")
    return table


def _verdicts_table(constraints: Sequence[Mapping[str, Any]]) -> Table:
    table = plain_table(
        *("Constraints", "id", "prediction", "limit", "level", "published", "CL", "unit", "grade", "ratio", "verdict"),
        left=(0, 3, 5, 6, 7, 9),
    )
    for item in constraints:
        verdict = "excluded" if item["excluded"] else "passes" if item["applies"] else "does not apply"
        here = ("prediction", "limit", "limit_published")
        value, limit, published = (number(item[key]) if item["applies"] else "-" for key in here)
        ratio = number(item["ratio"], 3) if item["applies"] else "-"
        style = "bold" if item["excluded"] else ""
        bounds = (limit, item["level"], published, item["cl"], item["unit"])
        table.add_row(item["id"], value, *bounds, item["grade"], ratio, Text(verdict, style=style))
    return table


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """A progress bar for work that reports (what, fraction done)."""
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=1.0)

        def advance(what: str, fraction: float) -> None:
            bar.update(task, description=what, completed=fraction)

        yield advance


def show_summary(
    summary: RunSummary, excluding: Sequence[str] | None, tally: Tally | None, neglected: Sequence[str] = ()
) -> None:
    """Print a finished run: what was computed, and the best points.

    excluding is what excludes the best, if known; neglected are the sentences about what is left out there.
    """
    out = console()
    rate = f", {summary.points_per_second / 1e6:.3g} million points a second" if summary.computed else ""
    out.print(
        f"{summary.path}: {summary.points:,} points, {summary.computed:,} computed now in {time_text(summary.seconds)}"
        f"{rate} ({summary.ranks} x {summary.threads} threads, {time_text(summary.total_seconds)} in all)",
        markup=False,
    )
    if summary.computed:
        spent, cores = summary.spent, summary.ranks * summary.threads
        whole = max(spent.computing + spent.writing + spent.waiting, 1e-9)
        shares = ", ".join(
            f"{name} {time_text(value)} ({100 * value / whole:.0f} %)" for name, value in asdict(spent).items()
        )
        each = summary.points_per_second_per_core / 1e6
        out.print(f"{each:.3g} million points a second and core; time of {cores} cores: {shares}", markup=False)
    if summary.repaired:
        out.print(f"repaired damaged blocks: {', '.join(map(str, summary.repaired))}", markup=False)
    _show_best(out, summary.best, summary.best_allowed, summary.sm_chi2)
    if tally is not None:
        _show_excluding(out, excluding, tally.constraints)
    show_lines(out, neglected)
    if tally is not None:
        _show_tally(out, tally)


def _show_tally(out: Console, tally: Tally) -> None:
    words = allowed_by(tally.constraints)
    out.print(f"{tally.allowed:,} of {tally.computed:,} points are {words} ({NOT_COMPUTED}).", soft_wrap=True)


def _show_best(
    out: Console,
    best: BestPoint | None,
    allowed: BestPoint | None,
    sm_chi2: Mapping[str, float],
    evaluated: Mapping[str, Any] | None = None,
) -> None:
    sm = sm_chi2.get("all", math.nan)
    known = next((point.position for point in (best, allowed) if point is not None), dict.fromkeys(AXES, 0.0))
    names = [name for name in known if not name.startswith("unused_")]
    table = plain_table("chi2 (allowed: by the constraints computed)", "point", "chi2", "against the SM", *names)
    table.add_row("SM", f"{sm:.2f}", "", *[""] * len(names))
    for name, point in (("best", best), ("best allowed", allowed)):
        if point is not None:
            position = [f"{point.position[axis]:.4g}" for axis in names]
            table.add_row(name, f"{point.chi2:.2f}", f"{point.chi2 - sm:+.2f}", *position)
        else:
            table.add_row(name, "none", "", *[""] * len(names))
    out.print(table)
    if evaluated is not None and best is not None:
        chi2 = evaluated["chi2"]
        if abs(chi2["all"] - best.chi2) > SAME_CHI2 * best.chi2:
            out.print(
                f"this zdscan gives chi2 = {chi2['all']:.2f} there: the file was made with other inputs or kernels"
            )
        out.print(
            f"muon rows at the best point: {chi2['muon']:.2f}, SM {chi2['sm_muon']:.2f}, "
            f"difference {chi2['muon'] - chi2['sm_muon']:+.2f}"
        )
        applying = [item for item in evaluated["constraints"] if item["applies"]]
        _show_excluding(out, [item["id"] for item in applying if item["excluded"]], len(applying))
        show_lines(out, point_lines(evaluated["neglected"]))


def _show_excluding(out: Console, excluding: Sequence[str] | None, count: int) -> None:
    if excluding is not None:
        verdict = f"excluded by {', '.join(excluding)}" if excluding else allowed_by(count)
        out.print(f"the best point is {verdict}", markup=False)


def show_info(info: FileInfo, best: Mapping[str, Any] | None, tally: Tally | None) -> None:
    """Print what a grid file holds."""
    out = console()
    grid = info.grid
    attributes = grid.attributes
    state = "complete" if info.complete else f"{info.blocks_done} of {info.blocks} blocks computed"
    out.print(f"{grid.path}: {info.points:,} points, {state}, {size_text(grid.path.stat().st_size)}", markup=False)
    levels = in_words(str(attributes.get("level", PUBLISHED)))
    data = f"measurements {attributes.get('measurements')}, limits {attributes.get('limits')}, {levels}"
    out.print(f"case {attributes.get('case')}, theory {attributes.get('theory')}, {data}", markup=False)
    out.print(_axes_table(grid.axes))
    out.print(f"fields: {', '.join(info.fields) or 'none, profiles only'}", markup=False)
    show_lines(out, contained_lines(grid))
    if grid.layout.packed:
        out.print(f"packed: {attributes.get('packed', 'yes')}", markup=False)
    if grid.overrides:
        out.print("set on the command line: " + ", ".join(grid.overrides), markup=False)
    _show_best(out, info.best, info.best_allowed, grid.sm_chi2, best)
    if tally is not None:
        _show_tally(out, tally)
        table = plain_table("Excluded points", "constraint", "points", "share")
        for name, count in tally.excluded.items():
            table.add_row(name, f"{count:,}", f"{100 * count / max(tally.computed, 1):.2f} %")
        out.print(table)
    if best is not None:
        out.print(_rows_table(best["rows"], "Rows at the best point"))
    table = plain_table(
        "Runs", "command", "state", "start", "stop", "host", "ranks", "threads", "zdscan", left=(0, 1, 2, 3, 4)
    )
    for entry in grid.history:
        commit = str(entry.get("commit", ""))
        version = f"{entry.get('zdscan', '')} {commit[:10]}{'+' if commit.endswith('+') else ''}".strip()
        keys = ("command", "state", "start", "stop", "host", "ranks", "threads")
        table.add_row(*(str(entry.get(key, "")) for key in keys), version)
    out.print(table)
    table = plain_table("Made from", "what", "value or hash", left=(0, 1))
    for name, value in grid.identity.items():
        table.add_row(name, value if len(value) <= 80 else f"{value[:77]}...")
    out.print(table)


def show_verify(report: VerifyReport) -> bool:
    """Print the result of comparing checksums, on rank 0; return whether all that is computed is intact."""
    if not report.path:
        return True
    out = console()
    for bad in report.bad:
        where = ", ".join(f"{name} {low:.4g} to {high:.4g}" for name, (low, high) in bad.ranges.items())
        out.print(f"block {bad.number} is damaged in {', '.join(bad.fields)}: {where}", markup=False, soft_wrap=True)
    for name in report.bad_profiles:
        out.print(f"{name} is damaged or missing", markup=False, soft_wrap=True)
    if report.lost_bytes:
        out.print(f"the file is cut short by {report.lost_bytes:,} bytes", markup=False, soft_wrap=True)
    if report.lost:
        out.print(
            f"the minima of {report.lost} finished blocks are lost; nothing else of them is stored",
            markup=False,
            soft_wrap=True,
        )
    if not report.header_ok:
        out.print("the axes, the scan file or the attributes were altered", markup=False, soft_wrap=True)
    missing = f", {report.missing} not computed yet" if report.missing else ""
    missing += ", profiles still to be written by `zdscan resume`" if report.profiles_waiting else ""
    mend = "pack it again from its original" if report.packed else "`zdscan resume` computes damaged blocks again"
    verdict = "intact" if report.ok else f"NOT intact; {mend}"
    out.print(f"{report.path}: {report.checked} blocks compared{missing}: {verdict}", markup=False, soft_wrap=True)
    return report.ok
