"""Components of angular distributions and rates of which quotients are made, and the theory covariance of all rows.

`zdscan calibrate` (:mod:`zdscan.calibration.component_tables`) writes the file; docs/angular.md says what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.inputs import tables
from zdscan.inputs.files import FOLDER

FORMAT = tables.FORMAT
COMPONENT_TABLES = FOLDER / "component_tables.h5"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ComponentTables:
    """Components of bins as functions of q2 and of constant C9, C10, C_P, C_7, as rates in `tables.SMTables`.

    A *form* is a component of a bin: `components[f]` of the bin `form_bin[f]`. On the panels of its bin, in their
    order, its functions have the values ``coefficients[form_start[f]:form_start[f + 1], :, k]`` at the nodes.
    """

    bin_id: tuple[str, ...]
    panel_start: NDArray[np.int64]  # [B + 1], the panels of each bin
    panel_lo: Floats  # [P]
    panel_hi: Floats  # [P]
    nodes: Floats  # [P, 8]
    form_bin: NDArray[np.int64]  # [F], ascending
    components: tuple[str, ...]  # [F]
    form_start: NDArray[np.int64]  # [F + 1]
    coefficients: Floats  # [sum of panels over the forms, 8, 18]
    lepton_mass: Floats  # [B], GeV
    normalisation: Floats  # [B], GeV^-2
    monomials: tuple[str, ...]
    predicted: tuple[str, ...]  # names of rates, then of quotients
    per_rate: Floats  # of the rates among them, row over the integral of dB/dq2
    theory_covariance: Floats  # [predicted, predicted]
    theory_samples: int
    flavio_version: str
    content_hash: str

    def form(self, bin_id: str, component: str) -> int:
        """The number of a form.

        Raises
        ------
        UserError
            It is not in the tables.
        """
        for number, (place, name) in enumerate(zip(self.form_bin.tolist(), self.components, strict=True)):
            if name == component and self.bin_id[place] == bin_id:
                return number
        raise UserError(
            f"The table {COMPONENT_TABLES.name} lacks the component {component} of {bin_id}: run `zdscan calibrate`, "
            "which adds what is measured."
        )

    def covariance(self, names: Sequence[str], per_rate: Sequence[float | None]) -> Floats:
        """Theory covariance of some predictions, those of rates in the units of `per_rate`.

        Raises
        ------
        UserError
            One of them is not in the tables.
        """
        places = {name: k for k, name in enumerate(self.predicted)}
        if missing := [name for name in names if name not in places]:
            raise UserError(f"The table {COMPONENT_TABLES.name} lacks {missing[0]}: run `zdscan calibrate`.")
        rows = np.array([places[name] for name in names])
        units = np.array(
            [1.0 if unit is None else unit / self.per_rate[row] for unit, row in zip(per_rate, rows, strict=True)]
        )
        return np.asarray(self.theory_covariance[np.ix_(rows, rows)] * np.outer(units, units))


@lru_cache(maxsize=8)
def load(path: Path = COMPONENT_TABLES) -> ComponentTables:
    """The tables, verified against their content hash; all arrays are read-only.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another format; the sentence names it.
    """
    attributes, data = tables.read_verified(path)
    form_bin = data["form_bin"].astype(np.int64)
    panel_start = np.searchsorted(data["panel_bin"], np.arange(len(data["bin_id"]) + 1))
    counts = (panel_start[1:] - panel_start[:-1])[form_bin]
    return ComponentTables(
        bin_id=tuple(str(name) for name in data["bin_id"].astype(str)),
        panel_start=panel_start,
        panel_lo=data["panel_lo"],
        panel_hi=data["panel_hi"],
        nodes=data["nodes"],
        form_bin=form_bin,
        components=tuple(str(name) for name in data["form_component"].astype(str)),
        form_start=np.concatenate([[0], np.cumsum(counts)]),
        coefficients=data["coefficients"],
        lepton_mass=data["lepton_mass"],
        normalisation=data["normalisation"],
        monomials=tuple(str(attributes["monomials"]).split()),
        predicted=tuple(str(name) for name in data["predicted"].astype(str)),
        per_rate=data["per_rate"],
        theory_covariance=data["theory_covariance"],
        theory_samples=int(attributes["theory_samples"]),
        flavio_version=str(attributes["flavio_version"]),
        content_hash=str(attributes["content_hash"]),
    )
