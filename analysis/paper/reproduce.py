"""`zdscan reproduce`: the paper's figures, tables and claims, recomputed into one folder."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from zdscan import __version__
from zdscan.analysis.paper import figures, report
from zdscan.analysis.paper.figures import today
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import Detail
from zdscan.analysis.paper.look import page
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.errors import UserError

PAGE = "report.html"
DPI = 220


def parse_figures(text: str) -> tuple[int, ...]:
    """``"1,4,10"`` as numbers in order, without repeats.

    Raises
    ------
    UserError
        For anything that is not a figure of the paper.
    """
    wanted, faults = set(), []
    for item in (part.strip() for part in text.split(",")):
        if item.isdecimal() and int(item) in figures.NUMBERS:
            wanted.add(int(item))
        else:
            faults.append(f"--figures {text}: {item!r} is not a figure; they are numbered 1 to {figures.NUMBERS[-1]}.")
    if faults:
        raise UserError(*faults)
    return tuple(sorted(wanted))


def reproduce(
    folder: Path,
    numbers: Sequence[int] = figures.NUMBERS,
    *,
    detail: Detail | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write figNN.png and figNN.pdf of each figure and the page that holds everything; returns the page's path.

    Figures of fits are drawn with today's data too, as figNN_today.

    Parameters
    ----------
    folder : made if it does not exist; files of the same names are replaced.
    numbers : which figures. Best fits are listed for the cases whose figure (8, 9, 10) is among them.
    detail : how fine curves and grids are.
    progress : told what was finished and the numbers of each figure, line by line.

    Raises
    ------
    UserError
        The folder or a file in it cannot be written.
    """
    detail, started = detail or Detail(), time.monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: the folder cannot be made: {error.strerror}.") from None
    sections = []
    for number in numbers:
        plates = {f"fig{number:02d}": figures.draw(number, detail)}
        if number in today.CASES:
            plates[f"fig{number:02d}_today"] = today.draw(number, detail)
        for name, plate in plates.items():
            image, vector = io.BytesIO(), io.BytesIO()
            plate.figure.savefig(image, format="png", dpi=DPI)
            plate.figure.savefig(vector, format="pdf", metadata={"Title": f"Figure {number}", "CreationDate": None})
            _write(folder / f"{name}.png", image.getvalue())
            _write(folder / f"{name}.pdf", vector.getvalue())
            sections.append(report.figure_section(plate, image.getvalue()))
            progress(f"figure {number}: {folder / f'{name}.png'}")
            for line in report.plain_numbers(plate):
                progress(f"  {line}")
    grids = {today.CASES[n]: case_grid(today.CASES[n], detail) for n in numbers if n in today.CASES}
    sections = [table.render() for table in [*_tables(grids), *_today(grids, detail)]] + sections
    progress("tables and claims")
    seconds = time.monotonic() - started
    footer = f"zdscan {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {seconds:.0f} s."
    _write(folder / PAGE, page(sections, footer).encode())
    return folder / PAGE


def _tables(grids: dict[str, MemoryGrid]) -> list[report.HtmlTable]:
    from zdscan.analysis.paper.claims import all_claims

    best = report.best_results(grids)
    fits = [report.fits_table(grids, best)] if grids else []
    return [
        report.claims_table(all_claims()),
        report.neglected_table(best),
        report.rows_table(best),
        report.chi2_table(),
        report.preference_table(),
        *fits,
        report.moments_table(best),
    ]


def _today(grids: dict[str, MemoryGrid], detail: Detail) -> list[report.HtmlTable]:
    """The tables of the fits with today's data and limits beside those with the paper's; none without fits."""
    if not grids:
        return []
    from zdscan.analysis.paper.today import fits_table, verdicts_table

    both = {case: (grid, case_grid(case, detail, today=True)) for case, grid in grids.items()}
    return [fits_table(both), verdicts_table(both)]


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}.") from None
