"""Reads finished grids and evaluates cases in memory: views, pictures, fits, and the paper recomputed.

public.py       the functions below; fits and samples are in inference.py
at_mass.py      a case in memory: chi2, ratios, predictions, crossings of a limit at a mass
units.py        MeV
views/          points in a file or in memory, seen over some of their axes
pictures/       one module for each kind of picture, and what they share
fits/           from the lowest points of a grid to a best fit with errors
paper/          figures, claims and tables of arXiv:2412.11438
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["fit", "open_grid", "plot", "plot_limits", "sample", "view"]

if TYPE_CHECKING:
    from zdscan.analysis.public import fit, open_grid, plot, plot_limits, sample, view


def __getattr__(name: str) -> Any:
    """Import a function when it is first used: the package itself loads neither xarray nor matplotlib."""
    if name not in __all__:
        raise AttributeError(f"module 'zdscan.analysis' has no attribute {name!r}")
    from zdscan.analysis import public

    globals().update({each: getattr(public, each) for each in __all__})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
