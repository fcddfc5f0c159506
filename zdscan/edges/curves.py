"""Limit curves: what of a parameter each constraint excludes at each mass, and ways to tables and files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.evaluation.physics import Physics
from zdscan.notebook.tables import Table, folded, paragraphs
from zdscan.physics.statistics import in_words, level_text

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]
HEADER = ("mass", "constraint", "lower", "upper")
_SHOWN = 12  # masses in a short table


@dataclass(frozen=True)
class Together:
    """An interval that constraints exclude together, and which of them is at its lower and its upper edge."""

    low: float
    high: float
    begins: str
    ends: str


@dataclass(frozen=True, repr=False)
class LimitCurves:
    """What of one parameter each constraint excludes, at each mass: intervals with a lower and an upper edge.

    Attributes
    ----------
    physics : the case, settings and constraints behind the numbers.
    along : name of the parameter.
    negative : whether its values are negative; edges are sizes all the same.
    parameters : the other parameters, where they are not 0.
    mass : float64[masses], GeV.
    constraints : ids of the constraints.
    lower, upper : float64[masses, constraints, intervals], edges of the excluded intervals from small to large; NaN
        where there is none. The lower edge is 0 where the smallest values are excluded too, the upper one infinity
        where the largest are.
    """

    physics: Physics
    along: str
    negative: bool
    parameters: Mapping[str, float]
    mass: Array
    constraints: tuple[str, ...]
    lower: Array
    upper: Array

    @classmethod
    def of(
        cls,
        physics: Physics,
        along: str,
        negative: bool,
        parameters: Mapping[str, float],
        mass: Array,
        found: Sequence[tuple[NDArray[np.intp], Array, Array]],
    ) -> LimitCurves:
        """Limit curves from (number of the constraint, lower edge, upper edge) of all intervals at each mass."""
        names = tuple(constraint.id for constraint in physics.constraints)
        places = [_numbered(of) for of, _, _ in found]
        most = max((int(place.max(initial=0)) for place in places), default=0) + 1
        lower, upper = (np.full((len(mass), len(names), most), np.nan) for _ in range(2))
        for i, ((of, low, high), place) in enumerate(zip(found, places, strict=True)):
            lower[i, of, place], upper[i, of, place] = low, high
        held = {name: float(value) for name, value in parameters.items() if value != 0.0}
        return cls(physics, along, negative, held, mass, names, lower, upper)

    @property
    def strongest(self) -> tuple[tuple[str, ...], Array]:
        """At each mass the value from which on everything larger is excluded, and the constraint that begins there.

        What is excluded together counts, for a search for prompt decays or narrow peaks ends where the vector lives
        too long or is too broad, and others go on. Closed regions below the value are separate. The id is "" and the
        value NaN where the largest values are allowed.
        """
        names, edges = [], []
        for place in range(len(self.mass)):
            open_above = [found for found in self.together(place) if np.isposinf(found.high)]
            names.append(open_above[0].begins if open_above else "")
            edges.append(open_above[0].low if open_above else np.nan)
        return tuple(names), np.array(edges)

    def excluded(self, place: int) -> list[tuple[float, float]]:
        """The intervals that some constraint excludes, together, at the mass with this number."""
        return [(found.low, found.high) for found in self.together(place)]

    def together(self, place: int) -> list[Together]:
        """As `excluded`, with the constraints at both edges."""
        each = [(*interval, name) for name in self.constraints for interval in self.intervals(name, place)]
        found: list[Together] = []
        for low, high, name in sorted(each):
            if not found or low > found[-1].high:
                found.append(Together(low, high, name, name))
            elif high > found[-1].high:
                found[-1] = replace(found[-1], high=high, ends=name)
        return found

    @cached_property
    def silent(self) -> dict[str, str]:
        """The constraints that apply at none of the masses, and why."""
        at = {name: self.parameters.get(name, 0.0) for name in self.physics.case.parameters.names} | {self.along: 1.0}
        reasons = self.physics.silent(self.mass.tolist(), list(at.values()))
        return {name: reason for name, reason in reasons.items() if reason}

    def intervals(self, constraint: str, place: int) -> list[tuple[float, float]]:
        """The intervals that a constraint excludes at the mass with this number."""
        k = self.constraints.index(constraint)
        edges = zip(self.lower[place, k].tolist(), self.upper[place, k].tolist(), strict=True)
        return [(low, high) for low, high in edges if low == low]

    def rows(self) -> Iterator[tuple[float, str, float, float]]:
        """Mass, constraint, lower and upper edge of every interval; NaN for both edges where there is none."""
        for i, mass in enumerate(self.mass.tolist()):
            for name in self.constraints:
                for low, high in self.intervals(name, i) or [(np.nan, np.nan)]:
                    yield mass, name, low, high

    def write_csv(self, path: str | Path) -> None:
        """Write `rows` as a table of comma-separated values; edges that are not there are empty.

        Below it a line that begins with "#" for each constraint that applies at none of the masses says why.

        Raises
        ------
        UserError
            The file cannot be written.
        """
        try:
            with Path(path).open("w", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(HEADER)
                for mass, name, *edges in self.rows():
                    writer.writerow([repr(mass), name, *(repr(e) if np.isfinite(e) else "" for e in edges)])
                file.writelines(f"# {name} does not apply: {reason}\n" for name, reason in self.silent.items())
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.") from error

    def to_dataframe(self) -> pd.DataFrame:
        """`rows` as a pandas table."""
        import pandas as pd

        return pd.DataFrame(list(self.rows()), columns=list(HEADER))

    def to_xarray(self) -> xr.Dataset:
        """Edges over mass, constraint and interval, and the strongest constraint over mass, as an xarray dataset."""
        import xarray as xr

        names, edge = self.strongest
        dims = ("mass", "constraint", "interval")
        return xr.Dataset(
            {
                "lower": (dims, self.lower),
                "upper": (dims, self.upper),
                "strongest": ("mass", list(names)),
                "limit": ("mass", edge),
            },
            coords={"mass": ("mass", self.mass, {"units": "GeV"}), "constraint": list(self.constraints)},
            attrs=self._attributes(),
        )

    def _attributes(self) -> dict[str, Any]:
        return {
            "case": self.physics.case.name,
            "theory": self.physics.settings.theory,
            "level": level_text(self.physics.level),
            "along": self.along,
            "sign": -1 if self.negative else 1,
            **self.parameters,
        }

    @property
    def title(self) -> str:
        """What the curves are, in a line."""
        held = "".join(f", {name} = {value:g}" for name, value in self.parameters.items())
        sign = "-" if self.negative else ""
        case, theory = self.physics.case.name, self.physics.settings.theory
        level = in_words(self.physics.level)
        return f"case {case}, theory {theory}: limits on {sign}{self.along}{held}; {level}"

    def __repr__(self) -> str:
        return "\n".join([f"LimitCurves({'; '.join(self._about)})", *self._strongest_table().lines()])

    def _repr_html_(self) -> str:
        parts = [paragraphs(self._about), self._strongest_table().html()]
        if len(self.mass) > 1:
            limiting = self._limiting_table()
            parts.append(folded(f"the lowest edge of {len(limiting.rows)} constraints", limiting.html()))
        return "".join(parts)

    @property
    def _about(self) -> list[str]:
        limiting = int(np.count_nonzero(~np.isnan(self.lower[..., 0]).all(axis=0)))
        count = len(self.mass)
        span = f"{count} masses from {self.mass.min():g} to {self.mass.max():g} GeV"
        return [self.title, span, f"{limiting} of {len(self.constraints)} constraints limit it"]

    def _strongest_table(self) -> Table:
        """The strongest limit at some of the masses."""
        names, edge = self.strongest
        places = np.unique(np.linspace(0, len(self.mass) - 1, _SHOWN).round().astype(int)).tolist()
        cells = [[f"{self.mass[i]:.5g}", f"{edge[i]:.5g}", names[i] or "none"] for i in places]
        return Table(["mass (GeV)", self.along, "strongest"], cells, left=(2,))

    def _limiting_table(self) -> Table:
        """The lowest edge of each constraint that limits the parameter, the lowest of all first."""
        lowest = np.fmin.reduce(self.lower, axis=2)
        order = [
            (float(np.nanmin(lowest[:, k])), k)
            for k in range(len(self.constraints))
            if not np.isnan(lowest[:, k]).all()
        ]
        cells = [
            [self.constraints[k], f"{edge:.5g}", f"{self.mass[int(np.nanargmin(lowest[:, k]))]:.4g}"]
            for edge, k in order
        ]
        return Table(["constraint", f"{self.along} from", "at mass (GeV)"], cells)


def _numbered(sorted_numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """0, 1, ... within each run of equal numbers."""
    first = np.searchsorted(sorted_numbers, sorted_numbers)
    return np.arange(len(sorted_numbers)) - first
