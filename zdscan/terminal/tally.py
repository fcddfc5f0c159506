"""What a grid file says in a few numbers: how many points no constraint excludes, and what excludes its best point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zdscan.errors import UserError
from zdscan.evaluation import fields
from zdscan.grid.hdf5 import open_read
from zdscan.grid.layout import DONE
from zdscan.grid.open import GridFile
from zdscan.grid.read import reader

if TYPE_CHECKING:
    from zdscan.grid.verify import BestPoint


@dataclass(frozen=True)
class Tally:
    """What a grid file says about its points.

    Attributes
    ----------
    computed, allowed : points computed so far, and those that none of the constraints computed excludes.
    constraints : how many constraints that are.
    excluded : constraint id -> points that it excludes; empty unless asked for.
    """

    computed: int
    allowed: int
    constraints: int
    excluded: Mapping[str, int]


def count(grid: GridFile, each: bool = False) -> Tally:
    """Count over the finished blocks; `each` also counts per constraint, which takes longer.

    Raises
    ------
    UserError : the file stores profiles only.
    """
    if "excluded" not in grid.layout.fields:
        raise UserError(f"{grid.path} stores profiles only (fields = []), so its points cannot be counted.")
    every = constraint_bits(grid)
    bits = every if each else {}
    excluded = dict.fromkeys(bits, 0)
    computed = allowed = 0
    with reader(grid.layout) as io:
        for number in np.flatnonzero(grid.done == DONE):
            mask = io.read_field("excluded", grid.layout.plan.block(int(number)))
            computed += mask.size
            allowed += mask.size - int(np.count_nonzero(mask))
            for name, bit in bits.items():
                excluded[name] += int(np.count_nonzero(mask & mask.dtype.type(bit)))
    return Tally(computed, allowed, len(every), excluded)


def excluded_at(grid: GridFile, index: int) -> list[str]:
    """Constraints that exclude the point with this flat index, as stored; not for a file of profiles only."""
    plan = grid.layout.plan
    block = plan.block(int(np.searchsorted(plan.starts(), index, side="right")) - 1)
    with reader(grid.layout) as io:
        mask = int(io.read_field("excluded", block)[index - block.start])
    return [name for name, bit in constraint_bits(grid).items() if mask & bit]


def constraint_bits(grid: GridFile) -> dict[str, int]:
    """Constraint id -> its bit in the dataset ``excluded``."""
    with open_read(grid.path) as file:
        return fields.constraint_bits(file["excluded"].attrs)


def evaluate_best(grid: GridFile, best: BestPoint | None) -> dict[str, Any] | None:
    """The best point evaluated on its own with the settings of the scan, as `zdscan point --json` gives it.

    None without a best point, or where this zdscan does not know a setting of the file any more.
    """
    if best is None:
        return None
    from zdscan.evaluation.engine import physics_of_scan
    from zdscan.point import at_points
    from zdscan.scan.scanfile import scan_of

    try:
        scan = scan_of(grid)
    except UserError:
        return None
    return at_points(physics_of_scan(scan), **best.position).to_dict()
