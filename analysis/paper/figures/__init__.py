"""The figures of arXiv:2412.11438 with this program's numbers, one module each: ``draw(detail)`` gives a `Plate`.

fig01.py ... fig10.py   the figures
fit_bc.py, fitplot.py   what the figures of fits share
case_grids.py           the grids in memory behind them
plate.py                a figure with its caption and numbers, and the looks
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import matplotlib as mpl

from zdscan.analysis.paper.figures.plate import PAPER_LOOK, Detail, Plate

NUMBERS = tuple(range(1, 11))


def draw(number: int, detail: Detail) -> Plate:
    """One figure; its module is imported when asked for."""
    drawer: Callable[[Detail], Plate] = import_module(f"zdscan.analysis.paper.figures.fig{number:02d}").draw
    with mpl.rc_context(PAPER_LOOK):
        return drawer(detail)
