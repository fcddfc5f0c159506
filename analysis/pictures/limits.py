"""The picture of limit curves: what each constraint excludes of a parameter against the mass. docs/limits.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.patheffects as effects
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.layers import constraint_label
from zdscan.analysis.pictures.scales import SYMBOLS, label, looks, mass_factor, set_scale, setting
from zdscan.analysis.pictures.sheet import FORMATS, TWO_COLUMNS, Options, Sheet
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError

# Okabe and Ito without yellow, which white swallows; each with another dash in the second and third round.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b07a00", "#000000")
DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)))
UNION, OTHERS = "0.9", "0.6"
LABELS = 8
_ABOVE, _BELOW = 30.0, 3.0  # how far the picture goes beyond the weakest of the strongest limits and the lowest edge
Interval = tuple[int, float, float]  # number of the mass, lower and upper edge


@dataclass(frozen=True)
class _Frame:
    """Where curves are drawn: the axes, the masses in the unit of the picture, and the range of the parameter."""

    axes: Axes
    x: NDArray[np.float64]
    low: float
    high: float


def draw(curves: LimitCurves, target: Path, options: Options | None = None, labels: int = LABELS) -> list[str]:
    """Draw and save limit curves over the mass; grey is what any constraint excludes, the thick line where that begins.

    Parameters
    ----------
    labels : how many constraints have a colour and a name; the others are thin grey lines.

    Returns
    -------
    The constraints without colour, in a sentence.

    Raises
    ------
    UserError
        There are fewer than two masses or no limit at all, an unknown unit, or a target that cannot be written.
    """
    options = options or Options()
    _check(curves, target, options)
    order = np.argsort(curves.mass, kind="stable")
    ranked = _ranked(curves)
    with mpl.rc_context(looks(options.style) | {"pdf.fonttype": 42, "ps.fonttype": 42}):
        sheet = Sheet.blank(TWO_COLUMNS)
        axes = sheet.parts[0].add_subplot()
        frame = _Frame(axes, curves.mass[order] * mass_factor(options.unit), *_range(curves))
        set_scale(axes, "x", frame.x)
        axes.set(yscale="log", ylim=(frame.low, frame.high), xlabel=label("mass", options.unit))
        axes.set_ylabel(("−" if curves.negative else "") + SYMBOLS.get(curves.along, curves.along))
        together = [curves.excluded(i) for i in order.tolist()]
        for chain in _chains(together):
            _fill(frame, chain)
        handles: list[Artist] = [Patch(facecolor=UNION, label="excluded by any"), *_strongest(frame, curves, order)]
        places: list[tuple[float, float]] = []
        for number, name in enumerate(ranked):
            chains = list(_chains([curves.intervals(name, i) for i in order.tolist()]))
            if number >= labels:
                _lines(frame, chains, {"color": OTHERS, "linewidth": 0.5, "zorder": 2})
                continue
            colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
            look: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.2, "zorder": 4}
            _lines(frame, chains, look)
            _name(frame, name, chains, colour, places)
            constraint = curves.physics.constraints[curves.constraints.index(name)]
            handles.append(Line2D([], [], **look, label=f"{name}: {constraint_label(constraint)}"))
        sheet.finish(_heading(curves, options), handles, target, (4, 2))
    rest = ranked[labels:]
    return [f"Thin grey lines: {', '.join(rest)}."] if rest else []


def _check(curves: LimitCurves, target: Path, options: Options) -> None:
    """Refuse what no picture can be made of."""
    if target.suffix.lower() not in FORMATS:
        raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
    mass_factor(options.unit)
    if len(np.unique(curves.mass)) < 2:
        raise UserError("A picture of limit curves needs at least two masses.")
    if not np.any(curves.upper > 0.0):
        raise UserError(f"No constraint limits {curves.along} at these masses, so there is no curve to draw.")


def _ranked(curves: LimitCurves) -> list[str]:
    """Constraints that limit the parameter, those first that are the strongest at most masses, then by lowest edge."""
    names, _ = curves.strongest
    lowest = {name: np.nanmin(edges) for name, edges in _edges(curves) if not np.isnan(edges).all()}
    return sorted(lowest, key=lambda name: (-names.count(name), lowest[name]))


def _edges(curves: LimitCurves) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for k, name in enumerate(curves.constraints):
        yield name, curves.lower[:, k]


def _range(curves: LimitCurves) -> tuple[float, float]:
    """What of the parameter is shown: all edges of closed regions and the strongest limits, with room around them."""
    _, strongest = curves.strongest
    every = np.concatenate([curves.lower.ravel(), curves.upper.ravel()])
    positive = every[np.isfinite(every) & (every > 0.0)]
    if not positive.size:  # all is excluded, or nothing with an edge
        return 1e-6, 1.0
    top = strongest[np.isfinite(strongest)]
    highest = float(top.max()) if top.size and top.max() > 0.0 else float(positive.max())
    return float(positive.min()) / _BELOW, highest * _ABOVE


def _chains(intervals: Sequence[Sequence[tuple[float, float]]]) -> Iterator[list[Interval]]:
    """Intervals of neighbouring masses that overlap, as one area each."""
    open_chains: list[list[Interval]] = []
    for i, found in enumerate(intervals):
        going_on: list[list[Interval]] = []
        for low, high in found:
            for chain in open_chains:
                if low <= chain[-1][2] and chain[-1][1] <= high:
                    open_chains.remove(chain)
                    break
            else:
                chain = []
            chain.append((i, low, high))
            going_on.append(chain)
        yield from open_chains
        open_chains = going_on
    yield from open_chains


def _fill(frame: _Frame, chain: Sequence[Interval]) -> None:
    at, low, high = (np.array(column) for column in zip(*chain, strict=True))
    edges = np.clip(low, frame.low, frame.high), np.clip(high, frame.low, frame.high)
    frame.axes.fill_between(frame.x[at.astype(int)], *edges, color=UNION, linewidth=0, zorder=0)


def _lines(frame: _Frame, chains: Sequence[Sequence[Interval]], look: dict[str, Any]) -> None:
    """Lower and upper edges of areas, joined where an area that is closed begins or ends."""
    last = len(frame.x) - 1
    for chain in chains:
        x = frame.x[[i for i, _, _ in chain]]
        low, high = np.array([edges for _, *edges in chain]).T
        low, high = np.where(low > 0.0, low, frame.low / 10.0), np.where(np.isfinite(high), high, np.nan)
        frame.axes.plot(x, low, marker="." if len(x) == 1 else "", markersize=2, **look)
        frame.axes.plot(x, high, **look)
        for place, at_border in ((0, chain[0][0] == 0), (-1, chain[-1][0] == last)):
            if not at_border:
                frame.axes.plot([x[place]] * 2, [low[place], high[place]], **look)


def _strongest(frame: _Frame, curves: LimitCurves, order: NDArray[np.intp]) -> list[Artist]:
    """The line where all larger values begin to be excluded by one constraint."""
    _, edge = curves.strongest
    look: dict[str, Any] = {"color": "0.35", "linewidth": 3.2, "alpha": 0.45, "solid_capstyle": "round", "zorder": 3}
    shown = np.where(edge[order] > 0.0, edge[order], np.nan)
    frame.axes.plot(frame.x, shown, **look)
    return [Line2D([], [], **look, label="strongest limit")]


def _name(
    frame: _Frame, name: str, chains: Sequence[Sequence[Interval]], colour: str, taken: list[tuple[float, float]]
) -> None:
    """Write a constraint's id at the lowest place of its edges that is free of other names; without one, nowhere."""
    lowest = sorted((low, frame.x[i]) for chain in chains for i, low, _ in chain if frame.low <= low < frame.high)
    width, height = np.log(frame.x[-1] / frame.x[0]), np.log(frame.high / frame.low)
    for low, x in lowest:
        place = float(np.log(x / frame.x[0]) / width), float(np.log(low / frame.low) / height)
        if 0.02 < place[0] < 0.9 and all(abs(place[0] - a) > 0.14 or abs(place[1] - b) > 0.045 for a, b in taken):
            taken.append(place)
            white = [effects.withStroke(linewidth=1.8, foreground="white")]
            text: dict[str, Any] = {"fontsize": 6.5, "color": colour, "path_effects": white, "zorder": 6}
            frame.axes.annotate(name, (x, low), (2, -7), textcoords="offset points", annotation_clip=True, **text)
            return


def _heading(curves: LimitCurves, options: Options) -> list[str]:
    physics = curves.physics
    lines = [f"Case {physics.case.name}, theory “{physics.settings.theory}”"]
    if curves.parameters:
        lines.append("at " + ", ".join(setting(*item, options.unit) for item in curves.parameters.items()))
    return lines
