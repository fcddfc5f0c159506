"""Axes of a picture: labels, units, and the scale (linear, logarithmic, asinh) that a grid axis was spaced in."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from zdscan.analysis.units import MEV
from zdscan.analysis.views.spacing import spacing_of
from zdscan.errors import UserError, not_one_of

SYMBOLS = {"mass": r"$m_{Z_D}$", "eps": r"$\varepsilon$", "eps_z": r"$\varepsilon_Z$", "g_mu": r"$g_\mu$", "g": "$g$"}
MASS_UNITS = {"GeV": 1.0, "MeV": 1.0 / MEV}
LABEL_WIDTH = 0.12  # of the length of an axis
RC: dict[Any, Any] = {
    "text.usetex": False,  # labels are written for matplotlib's own formulas, and LaTeX may not be there
    "font.size": 8,
    "axes.labelsize": 9,
    "legend.fontsize": 7,
    "axes.titlesize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "mathtext.fontset": "cm",
    "hatch.linewidth": 0.5,
    # letters stay letters: searched and edited in the files, as journals ask for
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
}

STYLES = ("ALICE", "ATLAS", "CMS", "DUNE", "LHCb", "ROOT")  # of mplhep
# What is taken from a style: letters, ticks, places of labels. Sizes stay those of a picture one column wide.
_STYLED = ("font.family", "font.sans", "font.serif", "mathtext.", "xaxis.", "yaxis.")
_TICKS = ("direction", "top", "right", "minor.visible")


def looks(style: str | None = None) -> dict[Any, Any]:
    """Settings of matplotlib for a picture, in letters and ticks those of an mplhep style where one is named.

    Raises
    ------
    UserError
        For an unknown style, or where mplhep is not installed.
    """
    if style is None:
        return RC
    if style not in STYLES:
        raise UserError(f"The style {not_one_of(style, STYLES)}.")
    try:
        from mplhep import style as styles
    except ImportError:
        raise UserError(f"The style {style} needs the package mplhep; install it with `pip install mplhep`.") from None
    taken = {
        name: value
        for name, value in getattr(styles, style).items()
        if name.startswith(_STYLED) or (name[:5] in ("xtick", "ytick") and name[6:] in _TICKS)
    }
    for name in ("font.sans-serif", "font.serif"):  # raised signs and Greek letters, which few fonts have
        if name in taken:
            taken[name] = [*taken[name], "DejaVu Sans"]
    return RC | taken


def mass_factor(unit: str) -> float:
    """GeV in this unit. Raises `UserError` for anything but GeV and MeV."""
    if unit not in MASS_UNITS:
        raise UserError(f"The unit of the mass {not_one_of(unit, tuple(MASS_UNITS))}.")
    return MASS_UNITS[unit]


def shown_values(name: str, values: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Axis values in the unit of the picture."""
    return values * mass_factor(unit) if name == "mass" else values


def symbol(name: str) -> str:
    """Symbol of an axis in mathtext; a parameter without one is written by its name."""
    return SYMBOLS.get(name, name)


def label(name: str, unit: str) -> str:
    """Symbol of an axis, with the unit of the mass."""
    return f"{symbol(name)} [{unit}]" if name == "mass" else symbol(name)


def setting(name: str, value: float, unit: str) -> str:
    """``symbol = value unit`` in mathtext with three significant digits."""
    if name == "mass":
        value *= mass_factor(unit)
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    power = rf"\times10^{{{int(exponent)}}}" if exponent else ""
    return rf"{symbol(name)} = $\mathdefault{{{mantissa}{power}}}$ {unit if name == 'mass' else ''}".strip()


def set_scale(
    axes: Axes, which: str, values: NDArray[np.float64], spacing: tuple[str, float] | None = None
) -> tuple[str, float]:
    """Give an axis the scale its values were spaced in; returns the scale and the width of its linear part.

    spacing : that scale where it is not to be found from the values.
    """
    kind, width = spacing or spacing_of(values)
    setter = axes.set_xscale if which == "x" else axes.set_yscale
    if kind == "asinh":
        setter("asinh", linear_width=width)
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_major_locator(FixedLocator(decades(values, width)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, position: _power(value)))
    else:
        setter(kind)
        if kind == "log" and values[-1] / values[0] < 100.0:  # powers of ten alone would label too little
            axis = axes.xaxis if which == "x" else axes.yaxis
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    (axes.set_xlim if which == "x" else axes.set_ylim)(values[0], values[-1])
    return kind, width


def cell_edges(values: NDArray[np.float64], kind: str, width: float) -> NDArray[np.float64]:
    """Cell edges half-way between the values in the axis's own scale; the outer cells end at the outer values."""
    if kind == "log":
        inner = np.sqrt(values[1:] * values[:-1])
    elif kind == "asinh":
        scaled = np.arcsinh(values / width)
        inner = width * np.sinh((scaled[1:] + scaled[:-1]) / 2)
    else:
        inner = (values[1:] + values[:-1]) / 2
    return np.concatenate([values[:1], inner, values[-1:]])


def decades(values: NDArray[np.float64], width: float) -> list[float]:
    """Ticks of an asinh axis: 0 and powers of ten, every first, second, ... so far apart that labels do not touch."""

    def place(value: float) -> float:
        return float(np.arcsinh(value / width))

    apart = LABEL_WIDTH * (place(values[-1]) - place(values[0]))
    last = int(np.floor(np.log10(np.abs(values).max())))
    powers: list[float] = []
    for exponent in range(last, last - 40, -1):
        power = 10.0**exponent
        if place(power) < apart:
            break
        if not powers or place(powers[-1]) - place(power) >= apart:
            powers.append(power)
    return [tick for tick in (*(-p for p in powers), 0.0, *powers) if values[0] <= tick <= values[-1]]


def _power(value: float) -> str:
    if value == 0.0:
        return "0"
    sign = "-" if value < 0 else ""
    return rf"$\mathdefault{{{sign}10^{{{round(np.log10(abs(value)))}}}}}$"
