"""How the points of one mass fold into cells and the points of each cell, read a few masses at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.points import ROWS, Points

READ_POINTS = 4_000_000  # read at once, or one mass


@dataclass(frozen=True)
class Folding:
    """How the array of one mass folds into cells x points, for a choice of axes."""

    kept: tuple[str, ...]
    fixed: Mapping[str, int]
    sizes: Mapping[str, int]
    statistic: str = ROWS

    @property
    def masses(self) -> range:
        """Indices of the masses to read."""
        return range(self.fixed["mass"], self.fixed["mass"] + 1) if "mass" in self.fixed else range(self.sizes["mass"])

    @property
    def parameters(self) -> tuple[str, ...]:
        """The axes other than the mass."""
        return tuple(self.sizes)[1:]

    @property
    def couplings(self) -> tuple[str, ...]:
        """Coupling axes among the kept ones, in the order of the grid."""
        return tuple(name for name in self.parameters if name in self.kept)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Coupling axes neither kept nor fixed, in the order of the grid."""
        return tuple(name for name in self.parameters if name not in self.kept and name not in self.fixed)

    def fold(self, array: NDArray[Any]) -> NDArray[Any]:
        """Couplings not fixed, in the order of the grid, of one mass -> [cells, points of each cell]."""
        left = [name for name in self.parameters if name not in self.fixed]
        order = [left.index(name) for name in (*self.couplings, *self.hidden)]
        cells = int(np.prod([self.sizes[name] for name in self.couplings], dtype=np.int64))
        return array.transpose(order).reshape(cells, -1)

    def unfold(self, cells: NDArray[Any]) -> NDArray[Any]:
        """[masses or 1, cells] -> the kept axes in the order asked for."""
        names = [name for name in self.sizes if name in self.kept]
        shape = [self.sizes[name] for name in names]
        return cells.reshape(shape).transpose([names.index(name) for name in self.kept])

    def by_mass(self, points: Points, name: str) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """(mass index, layer of the result it belongs to, folded values) of a field, one mass after the other."""
        held: dict[str, int] = {axis: index for axis, index in self.fixed.items() if axis != "mass"}
        together = max(1, READ_POINTS // (self.cells * int(np.prod([self.sizes[axis] for axis in self.hidden]))))
        for start in self.masses[::together]:
            several = slice(start, min(start + together, self.masses.stop))
            for index, values in enumerate(points.read(name, several, held), start):
                yield index, index if "mass" in self.kept else 0, self.fold(values)

    def chi2_by_mass(self, points: Points, mask: int) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """`by_mass` of the statistic, infinite where it is missing or a constraint of `mask` excludes the point."""
        excluded = self.by_mass(points, "excluded") if mask else repeat((0, 0, np.zeros((), dtype=np.uint32)))
        field, standard = points.statistic_field(self.statistic), points.standard(self.statistic).astype(np.float32)
        for (index, layer, chi2), (_, _, bits) in zip(self.by_mass(points, field), excluded, strict=False):
            yield (
                index,
                layer,
                np.where(
                    np.isnan(chi2) | ((bits & bits.dtype.type(mask)) != 0), np.float32(np.inf), chi2 - standard[index]
                ),
            )

    @property
    def layers(self) -> int:
        """Layers of the result: masses, or one."""
        return self.sizes["mass"] if "mass" in self.kept else 1

    @property
    def cells(self) -> int:
        """Cells of one layer."""
        return int(np.prod([self.sizes[name] for name in self.couplings], dtype=np.int64))


def folding(points: Points, kept: Sequence[str], indices: Mapping[str, int], statistic: str = ROWS) -> Folding:
    """The folding of points for these axes and these held indices, with the chi2 of a statistic."""
    return Folding(tuple(kept), dict(indices), {name: axis.size for name, axis in points.axes.items()}, statistic)
