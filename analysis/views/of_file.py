"""What a grid file says of itself, for the points that it holds and for its profiles alone."""

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
from zdscan.scan.scanfile import scan_of


class OfFile(Points):
    """Points of a grid file (`zdscan.grid.open.GridFile`)."""

    file: GridFile

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the file: case, theory, ndof, sm_chi2_all, ..."""
        return self.file.attributes

    @property
    def axes(self) -> dict[str, NDArray[np.float64]]:
        """Axis values in the order of the dimensions."""
        return self.file.axes

    @property
    def complete(self) -> bool:
        """Whether every point is computed."""
        return self.file.complete

    @cached_property
    def scan_physics(self) -> Physics | None:
        """The physics of the scan in the file; None where this zdscan does not know a setting of it."""
        try:
            return physics_of_scan(scan_of(self.file))
        except UserError:
            return None

    @cached_property
    def physics(self) -> Physics | None:
        """Case, settings and constraints of the scan in the file.

        None where this zdscan does not know a setting of it, or has other code or data than made the file, or where the
        run is not finished.
        """
        found = self.scan_physics
        same = found is not None and self.complete and dict(found.identity) == dict(self.file.identity)
        return found if same else None
