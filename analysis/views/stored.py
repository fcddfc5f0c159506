"""The profiles of a grid file without its points, and without xarray, whose import takes longer than a small run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.points import Points
from zdscan.errors import UserError
from zdscan.evaluation.engine import physics_of_scan
from zdscan.evaluation.physics import Physics
from zdscan.grid.open import GridFile
from zdscan.grid.profiles import profile_name
from zdscan.grid.read import reader
from zdscan.scan.scanfile import scan_of


class StoredProfiles(Points):
    """The profiles over all points of a finished grid file."""

    def __init__(self, file: GridFile) -> None:
        self.file = file

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the file."""
        return self.file.attributes

    @property
    def axes(self) -> Mapping[str, NDArray[np.float64]]:
        """Axis values in the order of the dimensions."""
        return self.file.axes

    @property
    def constraints(self) -> dict[str, int]:
        """None: profiles over all points do not ask for them."""
        return {}

    @property
    def bits_type(self) -> np.dtype[Any]:
        """Type of bits that are never set."""
        return np.dtype(np.uint32)

    def read(self, field: str, masses: slice, held: Mapping[str, int]) -> NDArray[Any]:
        """Nothing but profiles can be read here."""
        raise UserError(f"{self.path}: only profiles are open.")

    @property
    def complete(self) -> bool:
        """Whether every point is computed."""
        return self.file.complete

    @property
    def profiles_only(self) -> bool:
        """That there are minima, but no points."""
        return True

    @cached_property
    def physics(self) -> Physics | None:
        """As `zdscan.analysis.views.grid.Grid.physics`."""
        try:
            found = physics_of_scan(scan_of(self.file))
        except UserError:
            return None
        return found if self.complete and dict(found.identity) == dict(self.file.identity) else None

    def stored_profile(self, x: str, y: str, mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """The minima over the other two axes and their flat indices, as the file has them."""
        name = profile_name(x, y)
        if mask or not self.complete or name not in self.file.layout.profiles:
            return None
        with reader(self.file.layout) as io:
            lowest, at = io.read_profile(name), io.read_profile(f"{name}_at")
        return None if lowest is None or at is None else (lowest, at)
