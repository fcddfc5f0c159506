"""The profiles of a grid file without its points, and without xarray, whose import takes longer than a small run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.of_file import OfFile
from zdscan.errors import UserError
from zdscan.grid.open import GridFile
from zdscan.grid.profiles import profile_name
from zdscan.grid.read import reader


class StoredProfiles(OfFile):
    """The profiles over all points of a finished grid file."""

    def __init__(self, file: GridFile) -> None:
        self.file = file

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
    def profiles_only(self) -> bool:
        """That there are minima, but no points."""
        return True

    def stored_profile(self, x: str, y: str, mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """The minima over the other two axes and their flat indices, as the file has them."""
        name = profile_name(x, y)
        if mask or not self.complete or name not in self.file.layout.profiles:
            return None
        with reader(self.file.layout) as io:
            lowest, at = io.read_profile(name), io.read_profile(f"{name}_at")
        return None if lowest is None or at is None else (lowest, at)
