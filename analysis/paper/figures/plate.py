"""What a figure module returns, and the looks its figures share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from zdscan.analysis.pictures.scales import RC
from zdscan.analysis.units import MEV

# Okabe-Ito colours: told apart by every common form of colour vision; the dash patterns tell them apart in grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#56b4e9")
BAND = "#e69f00"
# The one look of pictures, with ticks inwards and without frames around legends.
PAPER_LOOK: dict[Any, Any] = RC | {
    "hatch.linewidth": 1.0,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "lines.linewidth": 1.3,
    "xtick.direction": "in",
    "ytick.direction": "in",
}
MASS = r"$m_{Z_D}$ [MeV]"
ONE_COLUMN, TWO_COLUMNS = (3.5, 3.4), (7.0, 3.4)
NARROW = ((0.7827, 0.0087), (1.0195, 0.0042))  # mass and width in GeV of omega and phi


@dataclass(frozen=True)
class Detail:
    """How fine the figures are: `curve` masses of a curve; `grid` scales the points of each axis of a grid."""

    curve: int = 160
    grid: float = 1.0

    def count(self, points: int) -> int:
        """Points of a grid axis, at least 3."""
        return max(3, round(points * self.grid))

    def masses(self, low: float, high: float) -> NDArray[np.float64]:
        """Masses of a curve in GeV, evenly spaced in the logarithm, end points exact."""
        masses = np.geomspace(low, high, self.curve)
        masses[0], masses[-1] = low, high
        return masses

    def resonant(self, low: float, high: float) -> NDArray[np.float64]:
        """`masses` and, where curves have few of their own, masses that resolve the omega and the phi."""
        masses = self.masses(low, high)
        peaks = np.concatenate([np.linspace(m - 4 * w, m + 4 * w, self.curve // 8) for m, w in NARROW])
        return np.unique(np.concatenate([masses, peaks[(peaks > low) & (peaks < high)]]))


@dataclass(frozen=True)
class KeyNumber:
    """A number the paper states (or that matters beside its statement) and what comes out here, as HTML."""

    quantity: str
    paper: str
    here: str


@dataclass(frozen=True)
class Plate:
    """A finished figure: `title` and `caption` (HTML: fixed values, theory, emission) and its key numbers.

    heads : what is compared in the key numbers.
    """

    number: int
    title: str
    figure: Figure
    caption: str
    numbers: tuple[KeyNumber, ...]
    heads: tuple[str, str] = ("paper", "here")


def panels(count: int = 1, size: tuple[float, float] | None = None, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side (or as ``nrows`` asks), in the common looks.

    The object interface, not pyplot: no display and no global state.
    """
    with mpl.rc_context(PAPER_LOOK):
        figure = Figure(figsize=size or (ONE_COLUMN if count == 1 else TWO_COLUMNS), layout="constrained")
        grid = figure.subplots(options.pop("nrows", 1), options.pop("ncols", count), squeeze=False, **options)
        return figure, list(grid.flat)


def logarithmic(axes: Axes, x: str, y: str) -> None:
    """Logarithmic scales and their labels."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def legend(figure: Figure, axes: Axes, *more: Line2D, ncols: int = 3) -> None:
    """One legend for the whole figure, below the axes where it hides no data."""
    handles = [*axes.get_legend_handles_labels()[0], *more]
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, columnspacing=1.2, handletextpad=0.5)


def sample(style: Any, label: str) -> Line2D:
    """A grey line in a legend that explains a dash pattern."""
    return Line2D([], [], color="0.3", linestyle=style, label=label)


def excluded_span(axes: Axes, low: float, high: float) -> None:
    """Hatch what lies beyond a limit."""
    axes.axhspan(low, high, facecolor="none", edgecolor="0.85", hatch="///", linewidth=0)


def line(index: int) -> dict[str, Any]:
    """Colour and width of the curve number `index`."""
    return {"color": COLOURS[index % len(COLOURS)], "linewidth": (1.1, 1.5, 2.0)[index % 3]}


def tex(value: float, digits: int = 2) -> str:
    """A number in mathtext without dollar signs: 1e-3 as a power of ten."""
    return _scientific(value, digits, r"\times10^{", "}", r"10^{")


def html(value: float, digits: int = 2) -> str:
    """A number in HTML; a dash where there is none."""
    return _scientific(value, digits, "×10<sup>", "</sup>", "10<sup>").replace("-", "−")


def _scientific(value: float, digits: int, times: str, end: str, alone: str) -> str:
    if not math.isfinite(value):
        return "none"
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    if value != 0.0 and not exponent and abs(value) < 0.01:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = f"{float(mantissa):g}"
    if not exponent:
        return mantissa
    return (alone if mantissa == "1" else mantissa + times) + str(int(exponent)) + end


def mev(mass: float, digits: int = 3) -> str:
    """A mass in GeV as text in MeV (1040 MeV, not 1.04e+03 MeV)."""
    return f"{float(f'{mass / MEV:.{digits}g}'):g} MeV" if math.isfinite(mass) else "none"
