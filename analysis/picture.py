"""One picture: chi2 of a grid over two axes, profiled or sliced, with confidence contours and the best point."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from analysis.grid import Grid, Map
from zdscan.errors import UserError

LABELS = {
    "mass": r"$m_{Z_D}$ [GeV]",
    "eps": r"$\varepsilon$",
    "eps_z": r"$\varepsilon_Z$",
    "g_mu": r"$g_\mu$",
}
SIGMAS = (1, 2, 3)
STYLES: tuple[Literal["solid", "dashed", "dotted"], ...] = ("solid", "dashed", "dotted")
FORMATS = (".png", ".pdf", ".svg")
BEST = "#d55e00"  # vermilion and
SM = "#56b4e9"  # sky blue of the Okabe-Ito palette, told apart from every colour of the map
EXCLUDED = "0.82"
LABEL_WIDTH = 0.12  # of the length of an axis
RC: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 9,
    "legend.fontsize": 7,
    "axes.titlesize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "mathtext.fontset": "cm",
}


def parse_slice(text: str) -> dict[str, float]:
    """``"eps=0,eps_z=-1e-3"`` as a mapping. Raises `UserError` for anything else."""
    fixed = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = item.partition("=")
        try:
            fixed[name.strip()] = float(value) if equals else float("nan")
        except ValueError:
            raise UserError(f"--slice {text}: {value.strip()!r} is not a number; write AXIS=VALUE.") from None
        if not np.isfinite(fixed[name.strip()]):
            raise UserError(f"--slice {text}: {item!r} is not of the form AXIS=VALUE with a finite value.")
    return fixed


def confidence_levels() -> list[float]:
    """Delta chi2 of 1, 2 and 3 Gaussian sigma for two fitted parameters (2.30, 6.18, 11.83)."""
    return [float(chi2_distribution.ppf(2 * norm.cdf(sigma) - 1, 2)) for sigma in SIGMAS]


def draw(
    grid: Grid,
    x: str,
    y: str,
    target: Path,
    *,
    fixed: Mapping[str, float] | None = None,
    constraints: str | None = None,
) -> Map:
    """Draw and save the map of chi2 over x and y.

    Parameters
    ----------
    grid : an open grid.
    x, y : names of its axes.
    target : file to write; its suffix chooses the format.
    fixed : values of the other two axes for a slice; None minimises over them.
    constraints : ``"all"`` or ids separated by commas: only points that these allow are shown.

    Returns
    -------
    Map
        What was drawn.

    Raises
    ------
    UserError
        For unknown axes or constraints, an axis of a single value, or a target that cannot be written.
    """
    if target.suffix.lower() not in FORMATS:
        raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
    names = [name.strip() for name in constraints.split(",")] if constraints else []
    shown = grid.profile(x, y, names) if fixed is None else grid.slice(x, y, fixed, names)
    single = [name for name in (x, y) if grid.axes[name].size < 2]
    if single:
        raise UserError(f"{grid.path}: the axis {single[0]} has one value only, so it cannot span a picture.")
    with mpl.rc_context(RC):
        figure = _figure(grid, shown, names)
        try:
            figure.savefig(target, dpi=300)
        except OSError as error:
            raise UserError(f"{target}: the picture cannot be written: {error.strerror}.") from None
    return shown


def _figure(grid: Grid, shown: Map, constraints: list[str]) -> Figure:
    # The object interface, not pyplot: no display, no global state.
    figure = Figure(figsize=(3.5, 3.9), layout="constrained")
    axes = figure.add_subplot()
    x, y = grid.axes[shown.x], grid.axes[shown.y]
    sm = float(grid.attributes["sm_chi2_all"])
    best = shown.best.get("chi2", sm)
    delta = np.asarray(shown.chi2, dtype=np.float64).T - best
    top = max(1.15 * (sm - best), 1.25 * confidence_levels()[-1])
    axes.set_facecolor(EXCLUDED)  # shows through where nothing is allowed
    scales = {"x": _set_scale(axes, "x", x), "y": _set_scale(axes, "y", y)}
    mesh = axes.pcolormesh(
        _edges(x, *scales["x"]),
        _edges(y, *scales["y"]),
        np.ma.masked_invalid(delta),
        cmap="cividis_r",
        vmin=0.0,
        vmax=top,
        rasterized=True,
    )
    if np.isfinite(delta).sum() > 3:
        axes.contour(x, y, delta, levels=confidence_levels(), colors="black", linewidths=1.0, linestyles=STYLES)
    if shown.best:
        axes.plot(
            shown.best[shown.x],
            shown.best[shown.y],
            "*",
            color=BEST,
            markersize=10,
            markeredgecolor="white",
            clip_on=False,
            zorder=10,
        )
    axes.set_xlabel(LABELS[shown.x])
    axes.set_ylabel(LABELS[shown.y])
    bar = figure.colorbar(mesh, ax=axes, extend="max", pad=0.02, aspect=28)
    bar.set_label(r"$\Delta\chi^2$ from the best point shown")
    if 0.0 <= sm - best <= top:
        bar.ax.axhline(sm - best, color=SM, linewidth=1.6)
    _legend(figure, bool(constraints))
    # Over the whole width of the figure: long constraint lists must not run off it.
    figure.suptitle(_title(grid, shown, sm, constraints), x=0.03, ha="left", fontsize=7.5, linespacing=1.3)
    return figure


def _title(grid: Grid, shown: Map, sm: float, constraints: list[str]) -> str:
    hidden = [name for name in grid.axes if name not in (shown.x, shown.y)]
    lines = [f"Case {grid.attributes['case']}, theory “{grid.attributes['theory']}”, {grid.attributes['ndof']} rows"]
    if shown.fixed:
        lines.append("slice at " + ", ".join(_setting(name, shown.fixed[name]) for name in hidden))
    else:
        lines.append("lowest over " + " and ".join(LABELS[name].removesuffix(" [GeV]") for name in hidden))
    if constraints:
        allowed = "every constraint" if constraints == ["all"] else ", ".join(constraints)
        lines += textwrap.wrap(f"among points allowed by {allowed}", 52)
    if shown.best:
        lines.append(rf"best $\chi^2$ = {shown.best['chi2']:.1f} (SM {sm:.1f}) at")
        lines.append(", ".join(_setting(name, shown.best[name]) for name in grid.axes if name not in shown.fixed))
    else:
        lines.append(rf"no point is allowed; SM $\chi^2$ = {sm:.1f}")
    return "\n".join(lines)


def _setting(name: str, value: float) -> str:
    """An axis value in mathtext with three significant digits and its unit."""
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    power = rf"\times10^{{{int(exponent)}}}" if exponent else ""
    symbol, _, unit = LABELS[name].partition(" ")
    return rf"{symbol} = $\mathdefault{{{mantissa}{power}}}$ {unit.strip('[]')}".strip()


def _legend(figure: Figure, constrained: bool) -> None:
    handles = [
        Line2D([], [], color="black", linewidth=1.0, linestyle=style, label=rf"{sigma}$\sigma$")
        for sigma, style in zip(SIGMAS, STYLES, strict=True)
    ]
    handles.append(Line2D([], [], color=BEST, marker="*", linestyle="none", markersize=7, label="best"))
    handles.append(Line2D([], [], color=SM, linewidth=1.6, label="SM"))
    if constrained:
        handles.append(Line2D([], [], color=EXCLUDED, marker="s", linestyle="none", label="excluded"))
    # Below the axes, where it hides no data.
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
        frameon=False,
        handlelength=1.6,
        columnspacing=0.9,
        handletextpad=0.4,
    )


def _set_scale(axes: Axes, which: str, values: NDArray[np.float64]) -> tuple[str, float]:
    """Give an axis the scale its values were spaced in; returns the scale and the width of its linear part."""
    kind, width = spacing_of(values)
    setter = axes.set_xscale if which == "x" else axes.set_yscale
    if kind == "asinh":
        setter("asinh", linear_width=width)
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_major_locator(FixedLocator(_decades(values, width)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, position: _power(value)))
    else:
        setter(kind)
    return kind, width


def spacing_of(values: NDArray[np.float64]) -> tuple[str, float]:
    """Scale in which axis values are evenly spaced: ("linear" | "log" | "asinh", linear width).

    On an asinh axis through 0 the first two values x1, x2 above 0 obey x2 / x1 = 2 cosh(t), x1 = width sinh(t), which
    gives the width back; uneven lists of values get the smallest value as width.
    """
    steps = np.diff(values)
    if values.size < 3 or np.allclose(steps, steps[0], rtol=1e-6, atol=0.0):
        return "linear", 1.0
    if values[0] > 0.0:
        return "log", 1.0
    sizes = np.unique(np.abs(values[values != 0.0]))
    ratio = sizes[1] / (2 * sizes[0]) if sizes.size > 1 else 0.0
    evenly = np.any(values == 0.0) and 1.0 < ratio < 2.0
    return "asinh", float(sizes[0] / np.sinh(np.arccosh(ratio))) if evenly else float(sizes[0])


def _edges(values: NDArray[np.float64], kind: str, width: float) -> NDArray[np.float64]:
    """Cell edges half-way between the values in the axis's own scale; the outer cells end at the outer values."""
    if kind == "log":
        inner = np.sqrt(values[1:] * values[:-1])
    elif kind == "asinh":
        scaled = np.arcsinh(values / width)
        inner = width * np.sinh((scaled[1:] + scaled[:-1]) / 2)
    else:
        inner = (values[1:] + values[:-1]) / 2
    return np.concatenate([values[:1], inner, values[-1:]])


def _decades(values: NDArray[np.float64], width: float) -> list[float]:
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
