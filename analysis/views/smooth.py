"""How far every cell is from being excluded: what lets the edges of exclusions run between the cells of a profile.

A cell stands for many points, and the bits of a file say which constraints exclude all of them. Beside an edge the
smallest ratio of the points of a cell is computed, with the settings of the scan; between two cells its logarithm is
interpolated, in which a power law is straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.escapes import BAND, FLOOR, MOST, SIGN, beside, escapes
from zdscan.analysis.views.exact import chosen_of
from zdscan.analysis.views.view import CellMask, View
from zdscan.evaluation.physics import Physics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Excess:
    """Decimal logarithms of ratios, from -`BAND` to `BAND`, of the shape of a view over two axes; NaN where missing.

    Attributes
    ----------
    each : id -> the smallest ratio of a cell's points; at least 0 where the constraint excludes all of them alone.
    together : the smallest of the largest ratio of the constraints; at least 0 where they leave no point.
    """

    each: dict[str, Array]
    together: Array


def excess(seen: View, physics: Physics | None, *, everywhere: bool = False, between: bool = False) -> Excess:
    """The excess of the chosen constraints of a view; without physics the edges lie half-way between the cells.

    everywhere : whether ratios are computed in all cells, not beside edges alone.
    between : whether the hidden couplings of a profile have the values between those of the grid as well; what is said
        below of all points of a cell is said of these then.
    """
    names = [] if seen.bits is None else list(seen.chosen)
    excluded = {name: seen.excluded_by(name) for name in names}
    each = {name: np.where(cells, BAND, -BAND) for name, cells in excluded.items()}
    together = np.where(seen.forbidden, BAND, -BAND)
    near = np.zeros(seen.chi2.shape, dtype=bool)
    for cells in (*excluded.values(), seen.forbidden):
        near |= beside(cells)
    near = (near | everywhere) & ~seen.missing
    if physics is not None and seen.chosen and near.any():
        physics = chosen_of(physics, seen.chosen)
        if between and seen.hidden_couplings:
            return _between(seen, physics, excluded)
        smallest, largest = _ratios(seen, physics, np.argwhere(near))
        order = [constraint.id for constraint in physics.constraints]
        for name, cells in excluded.items():
            each[name][near] = _on_side(smallest[:, order.index(name)], cells[near])
        together[near] = _on_side(largest, seen.forbidden[near])
    for values in (*each.values(), together):
        values[seen.missing] = np.nan
    return Excess(each, together)


def _between(seen: View, physics: Physics, excluded: dict[str, CellMask]) -> Excess:
    """The excess where the hidden couplings vary continuously; of all together never less than of each."""
    found = {
        name: escapes(seen, chosen_of(physics, [name]), cells)
        for name, cells in excluded.items()
        if (cells & ~seen.missing).any()
    }
    each = {name: np.full(seen.chi2.shape, -BAND) for name in excluded}
    each |= {name: escape.logarithms for name, escape in found.items()}
    together = escapes(seen, physics, seen.forbidden, list(found.values())).logarithms
    for values in each.values():
        together = np.maximum(together, values)
    for values in (*each.values(), together):
        values[seen.missing] = np.nan
    return Excess(each, together)


def _on_side(logarithms: Array, excluded: CellMask) -> Array:
    """Values with the sign that the file has."""
    clipped = np.clip(logarithms, -BAND, BAND)
    return np.where(excluded, np.maximum(clipped, SIGN), np.minimum(clipped, -SIGN))


def _ratios(seen: View, physics: Physics, cells: NDArray[np.int64]) -> tuple[Array, Array]:
    """The smallest ratio of each constraint in cells, and the smallest of the chosen ones' largest."""
    hidden = seen.hidden
    grids = np.meshgrid(*(seen.values[name] for name in hidden), indexing="ij")
    inside = {name: grid.ravel() for name, grid in zip(hidden, grids, strict=True)}
    count = grids[0].size if grids else 1
    step = max(1, -(-count * len(cells) // MOST))
    inside = {name: values[step // 2 :: step] for name, values in inside.items()}
    names = ("mass", *physics.case.parameters.names)
    points = {}
    for name in names:
        if name in seen.axes:
            own = seen.values[name][cells[:, seen.axes.index(name)], None]
        elif name in inside:
            own = inside[name][None, :]
        else:
            own = np.full((1, 1), seen.fixed.get(name, float(seen.values[name][0])))
        points[name] = own
    shape = np.broadcast_shapes(*(values.shape for values in points.values()))
    flat = {name: np.broadcast_to(values, shape).ravel() for name, values in points.items()}
    logarithms = np.empty((flat["mass"].size, len(physics.constraints)), dtype=np.float32)
    masses, of = np.unique(flat["mass"], return_inverse=True)
    couplings = np.stack([flat[name] for name in names[1:]])
    for number, mass in enumerate(masses.tolist()):
        where = np.flatnonzero(of == number)
        found = physics.quantities(physics.mass_tables(mass), couplings[:, where].copy(), ("ratios",))["ratios"]
        logarithms[where] = np.log10(np.maximum(found, FLOOR))
    folded = logarithms.reshape(*shape, -1)
    return folded.min(axis=1), folded.max(axis=2).min(axis=1)
