"""Evaluated points as a reader sees them: a few lines and tables, and an xarray dataset with named dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.fields import CHANNEL_NAMES
from zdscan.evaluation.physics import Physics
from zdscan.notebook.tables import Table, folded, paragraphs

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
# Names in the dataset that a parameter of a case of one's own may have too; it is then called parameter_<name>.
_TAKEN = frozenset(
    [
        *("branching_ratios", "total_width", "coupling", "couplings", "pulls", "measured", "sigma", "sm_predictions"),
        *("applies", "constraint_predictions", "constraint_limits", "a_e", "observable", "q2_min", "q2_max"),
        *("row_unit", "constraint_unit", "grade"),
    ]
)
SHOWN = 8  # constraints in the text; HTML has all that have something to say
WITHOUT_LINE = ("constraints", "total")  # kinds of chi2 that the few lines of a result have no room for
STANDARD = "sm_"  # begins the names of what belongs to the Standard Model


class Points(Protocol):
    """What is shown of evaluated points (`zdscan.PointResult` has it all)."""

    @property
    def physics(self) -> Physics: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dims(self) -> tuple[str, ...]: ...
    @property
    def parameters(self) -> dict[str, Array]: ...
    @property
    def couplings(self) -> dict[str, Array]: ...
    @property
    def widths(self) -> dict[str, Array]: ...
    @property
    def branching_ratios(self) -> dict[str, Array]: ...
    @property
    def chi2(self) -> dict[str, Array]: ...
    @property
    def predictions(self) -> Array: ...
    @property
    def ratios(self) -> Array: ...
    @property
    def applies(self) -> Array: ...
    @property
    def excluded(self) -> Array: ...
    @property
    def values(self) -> Array: ...
    @property
    def limits(self) -> Array: ...
    @property
    def delta_a_mu(self) -> Array: ...
    @property
    def delta_a_e(self) -> Array: ...


# --- text and HTML ---------------------------------------------------------------------------------------------------


def text(points: Points) -> str:
    """A few lines that say what the points are, and a table of the strongest constraints."""
    table = _constraints(points, SHOWN)
    return "\n".join([f"PointResult({_title(points)})", *_lines(points), *(table.lines() if table.rows else [])])


def html(points: Points) -> str:
    """The same for a notebook, with every constraint that has something to say and, of one point, the rows."""
    parts = [paragraphs([_title(points), *_lines(points)])]
    table = _constraints(points, len(points.physics.constraints))
    if table.rows:
        parts.append(table.html())
    if points.shape == () and points.predictions.size:
        rows = _rows(points)
        parts.append(folded(f"{len(rows.rows)} rows with their pulls", rows.html()))
    return "".join(parts)


def _title(points: Points) -> str:
    where = "one point" if points.shape == () else f"points of shape {points.shape}"
    return f"case {points.physics.case.name}, theory {points.physics.settings.theory}, {where}"


def _lines(points: Points) -> list[str]:
    """Parameters, chi2, widths and what the constraints say together, a line each."""
    settings = [f"{name} {_range(values)}{_unit(name)}" for name, values in points.parameters.items()]
    chi2 = [
        f"{name} {_range(values)} (Standard Model {_range(points.chi2[STANDARD + name])})"
        for name, values in points.chi2.items()
        if not name.startswith(STANDARD) and name not in WITHOUT_LINE
    ]
    lines = [", ".join(settings), "chi2: " + ", ".join(chi2)]
    width = f"width {_range(points.widths['total'])} GeV"
    if points.shape == ():
        ratios = sorted(points.branching_ratios.items(), key=lambda item: -float(item[1]))
        shares = ", ".join(f"{name} {_percent(float(value))}" for name, value in ratios if value > 0.0)
        width += f": {shares}"
    return [*lines, width, _verdict(points)]


def _verdict(points: Points) -> str:
    """What the constraints say together."""
    count = len(points.physics.constraints)
    if count == 0:
        return "tested by no constraint"
    if points.shape == ():
        excluding = int(np.count_nonzero(points.excluded))
        return f"excluded by {excluding} of {count} constraints, {int(np.count_nonzero(points.applies))} of which apply"
    free = int(np.count_nonzero(~points.excluded.any(axis=-1)))
    return f"{free} of {points.excluded[..., 0].size} points are allowed by the {count} constraints computed"


def _constraints(points: Points, most: int) -> Table:
    """The constraints that apply somewhere, those of the largest ratio first, at most so many."""
    known = points.physics.constraints
    if not known:
        return Table(["constraint"], [])
    ratios = points.ratios.reshape(-1, len(known))
    applies = points.applies.reshape(ratios.shape)
    largest = np.where(applies, ratios, -np.inf).max(axis=0)
    order = [k for k in np.argsort(-largest, kind="stable").tolist() if largest[k] > -np.inf]
    strong = [place for place, k in enumerate(order[:most]) if largest[k] >= 1.0]
    if points.shape == ():
        cells = [
            [known[k].id, _short(ratios[0, k]), _short(points.values[k]), _short(points.limits[k]), known[k].unit]
            for k in order[:most]
        ]
        columns = ["constraint", "ratio", "prediction", "limit", "unit", "grade"]
        return Table(columns, [[*row, known[k].grade] for row, k in zip(cells, order, strict=False)], (0, 4, 5), strong)
    excludes = np.count_nonzero(points.excluded.reshape(ratios.shape), axis=0)
    cells = [[known[k].id, f"{excludes[k]}", _short(largest[k]), known[k].grade] for k in order[:most]]
    return Table(["constraint", "excludes", "largest ratio", "grade"], cells, (0, 3), strong)


def _rows(points: Points) -> Table:
    """The rows of one point with their pulls."""
    rows = points.physics.likelihood
    data = rows.data
    pulls = (points.predictions - data.values) / rows.sigma
    cells = [
        [data.ids[r], _short(points.predictions[r]), _short(data.values[r]), _short(rows.sigma[r]), f"{pulls[r]:+.2f}"]
        for r in range(len(data.ids))
    ]
    return Table(["row", "prediction", "measured", "sigma", "pull"], cells)


def _unit(name: str) -> str:
    return " GeV" if name == "mass" else ""


def _short(value: float) -> str:
    return f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g}%"


def _range(values: Array) -> str:
    """A number, or the smallest and the largest of several."""
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:.6g}" if low == high or np.isnan(low) else f"{low:.6g} to {high:.6g}"


# --- xarray ----------------------------------------------------------------------------------------------------------


def to_xarray(points: Points) -> xr.Dataset:
    """The points as an xarray dataset, under the names that grid files have where they have the same numbers."""
    import xarray as xr

    physics = points.physics
    rows, data = physics.likelihood, physics.likelihood.data
    names = {name: f"parameter_{name}" if name in _TAKEN else name for name in points.parameters}
    dims = tuple(names.get(name, name) for name in points.dims)
    chi2 = {("chi2" if name == "all" else _chi2_name(name)): values for name, values in points.chi2.items()}
    single = {name: float(values) for name, values in chi2.items() if np.ndim(values) == 0 and STANDARD in name}
    variables: dict[str, Any] = {name: (dims, values) for name, values in chi2.items() if name not in single}
    over_channels = {"widths": points.widths, "branching_ratios": points.branching_ratios}
    variables |= {
        "total_width": (dims, points.widths["total"], {"units": "GeV"}),
        **{
            name: ((*dims, "channel"), np.stack([table[channel] for channel in CHANNEL_NAMES], axis=-1))
            for name, table in over_channels.items()
        },
        "couplings": ((*dims, "coupling"), np.stack(list(points.couplings.values()), axis=-1)),
        "predictions": ((*dims, "row"), points.predictions),
        "pulls": ((*dims, "row"), (points.predictions - data.values) / rows.sigma),
        "measured": ("row", np.asarray(data.values)),
        "sigma": ("row", np.asarray(rows.sigma)),
        "sm_predictions": ("row", np.asarray(rows.sm)),
        "ratios": ((*dims, "constraint"), points.ratios),
        "applies": ((*dims, "constraint"), points.applies),
        "excluded": ((*dims, "constraint"), points.excluded),
        "constraint_predictions": ((*dims, "constraint"), points.values),
        "constraint_limits": ((*dims, "constraint"), points.limits),
        "a_mu": (dims, points.delta_a_mu),
        "a_e": (dims, points.delta_a_e),
    }
    coordinates: dict[str, Any] = {
        "channel": list(CHANNEL_NAMES),
        "coupling": list(points.couplings),
        "row": list(data.ids),
        "observable": ("row", list(data.observables)),
        "q2_min": ("row", np.asarray(data.q2_min), {"units": "GeV2"}),
        "q2_max": ("row", np.asarray(data.q2_max), {"units": "GeV2"}),
        "row_unit": ("row", list(data.units)),
        "constraint": [item.id for item in physics.constraints],
        "constraint_unit": ("constraint", [item.unit for item in physics.constraints]),
        "grade": ("constraint", [item.grade for item in physics.constraints]),
    }
    for name, values in points.parameters.items():
        about = {"units": "GeV"} if name == "mass" else {}
        coordinates[names[name]] = _coordinate(names[name], values, dims, about)
    attributes: dict[str, Any] = {"case": physics.case.name, "theory": physics.settings.theory, **single}
    found = xr.Dataset(variables, coordinates, attributes)
    found["widths"].attrs["units"] = "GeV"
    return found


def _chi2_name(name: str) -> str:
    return f"sm_chi2_{name.removeprefix(STANDARD)}" if name.startswith(STANDARD) else f"chi2_{name}"


def _coordinate(name: str, values: Array, dims: Sequence[str], about: Mapping[str, str]) -> tuple[Any, ...]:
    """A parameter along its own dimension, as one number where it has one, otherwise over all dimensions."""
    if name in dims:
        along = tuple(slice(None) if dim == name else 0 for dim in dims)
        return name, values[along], about
    if values.size and np.all(values == values.flat[0]):
        return (), values.flat[0], about
    return tuple(dims), values, about
