"""Profiles between the values of the hidden axes: how far the lowest chi2 of a grid lies above the true one.

From the point of lowest chi2 that the grid has in a cell, chi2 goes down along the hidden couplings, whose values vary
continuously within the ends of their axes; for all cells at once, by a quadratic model and a search along each axis
(docs/plotting.md). It is the same sequence of steps always, so that a picture is the same each time. Where the mass is
hidden, masses between those of the axis are tried in the cells that are near the best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from zdscan.analysis.views.descent import LEAST_STEP, ROUNDS, Array, Function, Ints, Scale, Surface, by_mass, descend
from zdscan.analysis.views.points import FIELD_OF, ROWS, Points, coordinates_at
from zdscan.analysis.views.view import CellMask, View, view
from zdscan.evaluation.physics import Physics

WRONG = 0.5  # in chi2, from which on a profile is called too coarse
WITHIN = 11.83  # of the lowest chi2, 3 sigma for two parameters: cells where that matters
SOME = 16  # cells of a profile that are looked at where no picture is drawn
MOST_TURNS, WORTH = 12, 0.2  # of cells with their neighbours, and by how much one has to be lower
LEVELS, FINER, SHORT = 2, 3, 8  # of masses between those of a hidden axis, and rounds of the search at each
MOST_CELLS = 2000  # whose masses are tried
SAME = 1e-4  # by which chi2 of a file and of this zdscan may differ, of 1 + chi2
MOST_VALUES = 100_000  # of an axis, beyond which no number is named


@dataclass(frozen=True)
class Coarse:
    """A hidden axis with too few values for its profile.

    Attributes
    ----------
    axis : its name; values : how many it has.
    enough : how many, as evenly spaced, would bring the profile within `WRONG`; None where no number was found.
    """

    axis: str
    values: int
    enough: int | None


@dataclass(frozen=True)
class Refined:
    """What the search found for the cells of a view.

    Attributes
    ----------
    chi2 : float64, of the shape of the view; that of the grid where nothing lower was found.
    at : hidden axis -> its value there, of the same shape.
    worst : the largest difference to the grid among cells within `WITHIN` of the lowest chi2.
    cells, wrong : how many such cells were looked at, and in how many the difference is above `WRONG`.
    coarse : axes to blame.
    """

    chi2: Array
    at: Mapping[str, Array] = field(default_factory=dict)
    worst: float = 0.0
    cells: int = 0
    wrong: int = 0
    coarse: tuple[Coarse, ...] = ()

    def remarks(self, of: str = "") -> list[str]:
        """What a reader should be told, in a sentence; nothing where the grid is fine enough."""
        if self.worst <= WRONG:
            return []
        named = [
            f"{c.axis} has {c.values} values, "
            + (f"about {c.enough:,} would do" if c.enough else "and no number of evenly spaced ones will do")
            for c in self.coarse
        ]
        why = f" ({'; '.join(named)})" if named else ""
        return [
            f"The grid is too coarse for this profile{of}: between its values chi2 goes down by more than {WRONG:g} in "
            f"{self.wrong} of the {self.cells} cells looked at within 3 sigma of the best, by {self.worst:.2f} at "
            f"most{why}."
        ]


def chi2_of(physics: Physics, statistic: str = ROWS) -> Function:
    """A statistic at any points."""
    if statistic == ROWS:
        physics = replace(physics, constraints=())  # whose tables are made faster

    def at_mass(mass: float) -> Callable[[Array], Array]:
        tables = physics.mass_tables(mass)
        if statistic == ROWS:
            return physics.chi2_at_points(tables)
        name, standard = FIELD_OF[statistic], float(physics.constraint_chi2(mass).standard.sum())
        return lambda couplings: physics.quantities(tables, couplings, (name,))[name] - standard

    return by_mass(at_mass)


def refined(points: Points, seen: View) -> Refined | None:
    """Refine the cells of a view; None where nothing is hidden, or this zdscan computes other numbers."""
    physics = points.physics
    if not seen.hidden or physics is None or not seen.best:
        return None
    at = seen.at.ravel()
    cells = np.flatnonzero(at >= 0)
    return search(chi2_of(physics, seen.statistic), seen, seen.hidden_couplings, cells)


def refined_view(points: Points, seen: View) -> tuple[View, Refined | None]:
    """The view with the refined chi2 in the place of the grid's, and what the search found."""
    found = refined(points, seen)
    if found is None:
        return seen, None
    lower = found.chi2 < seen.chi2
    chi2 = np.where(lower, found.chi2, seen.chi2).astype(np.float32)
    return replace(seen, chi2=chi2, grid_chi2=seen.chi2, between=found.at), found


def checked(points: Points) -> list[str]:
    """Whether the stored profiles are as low as they should be, from a few cells of each that has the mass.

    Nothing where the grid is fine enough, or where no profile is stored.
    """
    said: dict[str, str] = {}
    names = list(points.axes)
    if points.physics is None or not points.complete:
        return []
    for name in names[1:]:
        if points.axes[name].size == 1 or points.stored_profile("mass", name, 0) is None:
            continue
        seen = view(points, ("mass", name))
        order = np.argsort(np.where(seen.at >= 0, seen.chi2, np.inf).ravel(), kind="stable")
        lowest = float(seen.chi2.ravel()[order[0]])
        near = order[(seen.at.ravel()[order] >= 0) & (seen.chi2.ravel()[order] <= lowest + WITHIN)]
        if not seen.hidden_couplings or not near.size:
            continue
        some = np.sort(near[np.unique(np.linspace(0, near.size - 1, SOME).astype(np.int64))])
        found = search(chi2_of(points.physics), seen, seen.hidden_couplings, some)
        for sentence in found.remarks(f" over mass and {name}") if found is not None else ():
            said.setdefault(name, sentence)
    return list(said.values())


def search(chi2: Function, seen: View, names: Sequence[str], cells: Ints) -> Refined | None:
    """Lower chi2 over the hidden couplings `names`, and over the mass where it is hidden, in some cells of a view.

    Parameters
    ----------
    cells : their flat numbers.
    """
    axes = list(seen.values)
    start = coordinates_at(seen.values, seen.at.ravel()[cells])
    couplings = np.array([start[name] for name in axes[1:]])
    scales = [Scale.of(seen.values[name]) for name in names]
    rows = [axes.index(name) - 1 for name in names]
    places = [np.searchsorted(scale.values, start[name]) for name, scale in zip(names, scales, strict=True)]
    surface = Surface(chi2, start["mass"].copy(), couplings, rows, scales)
    y = np.array(places, dtype=np.float64).reshape(len(names), len(cells))
    everything = np.arange(len(cells))
    lowest = surface.at(y, everything)
    stored = seen.chi2.ravel()[cells].astype(np.float64)
    if not np.allclose(lowest, stored, rtol=SAME, atol=SAME):
        return None
    y, lowest = descend(surface, y, lowest, everything)
    _along_neighbours(surface, y, lowest, seen, cells)
    blamed: tuple[Coarse, ...] = ()
    if "mass" in seen.hidden:
        blamed = _between_masses(surface, y, lowest, seen)
        _along_neighbours(surface, y, lowest, seen, cells)
    lowest = np.minimum(lowest, stored)
    near = np.flatnonzero(lowest <= lowest.min() + WITHIN)
    excess = stored[near] - lowest[near]
    out = seen.chi2.astype(np.float64).ravel()
    out[cells] = lowest
    found = {name: scales[k].at(y[k]) for k, name in enumerate(names)}
    if "mass" in seen.hidden:
        found["mass"] = surface.mass
    at = {name: _spread(values, cells, seen) for name, values in found.items()}
    worst = float(excess.max(initial=0.0))
    bad = near[excess > WRONG]
    blamed = (*blamed, *_blame(surface, y, lowest, bad, names)) if bad.size else ()
    return Refined(out.reshape(seen.chi2.shape), at, worst, near.size, bad.size, blamed)


def _spread(values: Array, cells: Ints, seen: View) -> Array:
    """Values of some cells in the shape of a view, NaN in the others."""
    out = np.full(seen.at.size, np.nan)
    out[cells] = values
    return out.reshape(seen.chi2.shape)


def _along_neighbours(surface: Surface, y: Array, lowest: Array, seen: View, cells: Ints) -> None:
    """Let valleys be followed from cell to cell, as far as chi2 comes lower by that."""
    moved = np.ones(len(cells), dtype=bool)
    for _ in range(MOST_TURNS):
        moved = _from_neighbours(surface, y, lowest, seen, cells, moved)
        if not moved.any():
            break


def _from_neighbours(surface: Surface, y: Array, lowest: Array, seen: View, cells: Ints, moved: CellMask) -> CellMask:
    """Go down from where lower neighbours have arrived that moved before; which cells came lower by that.

    Valleys move from cell to cell, so that at a neighbour's place chi2 can be higher and the valley below it lower.
    """
    flat = np.full(seen.at.size, -1, dtype=np.int64)
    flat[cells] = np.arange(len(cells))
    number = flat.reshape(seen.at.shape)
    before = lowest.copy()
    seen_up_to = lowest.min() + WITHIN
    for axis in range(number.ndim):
        for shift in (1, -1):
            other = np.roll(number, shift, axis)
            edge = [slice(None)] * number.ndim
            edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
            other[tuple(edge)] = -1
            here, there = number.ravel(), other.ravel()
            known = np.flatnonzero((here >= 0) & (there >= 0))
            here, there = here[known], there[known]
            deeper = moved[there] & (lowest[there] < lowest[here] - WORTH) & (lowest[there] < seen_up_to)
            here, there = here[deeper], there[deeper]
            if here.size:
                mass = surface.mass[there] if "mass" in seen.hidden else surface.mass[here]
                _try(surface, y, lowest, here, mass, y[:, there])
    return np.asarray(lowest < before)


def _try(
    surface: Surface, y: Array, lowest: Array, cells: Ints, mass: Array, places: Array, rounds: int = ROUNDS
) -> None:
    """Go down in cells from other masses and places; keep what is lower."""
    trial = surface.mass.copy()
    trial[cells] = mass
    other = replace(surface, mass=trial)
    place, found = descend(other, places, other.at(places, cells), cells, rounds=rounds)
    lower = found < lowest[cells] - 1e-3
    kept = cells[lower]
    y[:, kept], lowest[kept], surface.mass[kept] = place[:, lower], found[lower], mass[lower]


def _between_masses(surface: Surface, y: Array, lowest: Array, seen: View) -> tuple[Coarse, ...]:
    """Try masses between those of the axis in cells near the lowest; whether the axis is to blame, and what would do.

    Each level divides the steps of the axis by `FINER` and tries those beside the mass that was lowest until then.
    """
    axis = seen.values["mass"]
    scale = Scale.of(axis)
    near = np.flatnonzero(lowest <= lowest.min() + WITHIN)
    near = near[:: max(1, -(-near.size // MOST_CELLS))]  # their neighbours follow
    place = np.searchsorted(axis, surface.mass[near]).astype(np.float64)
    levels = [lowest[near].copy()]
    step = 1.0
    for _ in range(LEVELS):
        step /= FINER
        middle = place.copy()
        for k in (*range(1 - FINER, 0), *range(1, FINER)):
            trial = np.clip(middle + k * step, 0.0, axis.size - 1.0)
            before = lowest[near].copy()
            _try(surface, y, lowest, near, scale.at(trial), y[:, near], SHORT)
            place = np.where(lowest[near] < before, trial, place)
        levels.append(lowest[near].copy())
    final = levels[-1]
    if (levels[0] - final).max() <= WRONG:
        return ()
    level = next(k for k, values in enumerate(levels) if (values - final).max() <= WRONG)
    return (Coarse("mass", axis.size, (axis.size - 1) * FINER**level + 1),)


def _blame(surface: Surface, y: Array, lowest: Array, bad: Ints, names: Sequence[str]) -> tuple[Coarse, ...]:
    """The axes whose values are too far apart, and how many of them would do.

    Half a step away from the minimum chi2 is H/8 higher, with H its second derivative by the place. The number that
    follows is tried: chi2 at the nearest of so many values.
    """
    found = []
    for k, name in enumerate(names):
        size = surface.scales[k].values.size
        there = [y[:, bad].copy(), y[:, bad].copy()]
        for sign, place in zip((1.0, -1.0), there, strict=True):
            place[k] += sign * LEAST_STEP
        above, below = (surface.at(surface.inside(place), bad) for place in there)
        curvature = np.maximum(above + below - 2.0 * lowest[bad], 0.0) / LEAST_STEP**2
        finer = max(1, int(np.ceil(np.sqrt(np.nan_to_num(curvature.max(initial=0.0), posinf=0.0) / (8.0 * WRONG)))))
        if finer == 1:
            continue
        enough: int | None = None
        while (size - 1) * finer < MOST_VALUES:
            low, high = y[:, bad].copy(), y[:, bad].copy()
            low[k], high[k] = np.floor(y[k, bad] * finer) / finer, np.ceil(y[k, bad] * finer) / finer
            near = np.minimum(surface.at(low, bad), surface.at(surface.inside(high), bad))
            if (near - lowest[bad]).max() <= WRONG:
                enough = (size - 1) * finer + 1
                break
            finer = finer + max(1, finer // 4)
        found.append(Coarse(name, size, enough))
    return tuple(found)
