"""What is computed at each point, each quantity declared once: type, unit, labels, words, and who computes it.

From `DECLARED` are made the datasets of a grid file (`stored_fields`), the names that a scan file may ask for
(`FIELDS`), what the fast evaluator fills and what is left to the reference (`Field.fast`), and the tables of
docs/scan-file.md and docs/file-format.md. A new quantity is one more line there and its computation in
`zdscan.evaluation.physics.Physics.evaluate`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

# of the vector's decays, in the order in which widths are kept; "invisible" is the extra width of the settings
CHANNEL_NAMES = ("ee", "mumu", "nunu", "hadrons", "invisible")
UNSEEN = "nunu_plus_invisible"  # the sum of the two that leave no trace, beside the channels where points are told
NOT_COMPUTED = "not_computed"  # the name of the top bit of the field `excluded`


@dataclass(frozen=True)
class Field:
    """One stored quantity: a 4D dataset, or 5D where it has several components per point.

    Attributes
    ----------
    name : dataset name, e.g. ``"chi2"``.
    dtype : little-endian numpy type string, e.g. ``"<f4"``.
    fill : value until computed (NaN, or all ones for a bit mask).
    long_name, units : written as netCDF attributes; units ``"1"`` for pure numbers, ``"GeV"`` for widths.
    extra : name and labels of the fifth dimension, which runs fastest; None for one number per point.
    attributes : further dataset attributes, e.g. CF ``flag_masks`` and ``flag_meanings``.
    stored : False where it is computed for the profiles alone.
    fast : whether the evaluator of grids computes it; all others are left to the reference evaluator.
    """

    name: str
    dtype: str
    fill: float | int
    long_name: str
    units: str
    extra: tuple[str, tuple[str, ...]] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    stored: bool = True
    fast: bool = False

    @property
    def components(self) -> int:
        """Numbers per grid point."""
        return 1 if self.extra is None else len(self.extra[1])


def _real(name: str, long_name: str, units: str = "1", along: str | None = None, *, fast: bool = False) -> Field:
    """A real quantity, in single precision; `along` is its fifth dimension, whose labels a scan fills in."""
    return Field(name, "<f4", np.nan, long_name, units, None if along is None else (along, ()), fast=fast)


# In the order of the documentation. The type, the fill value and the flags of `excluded` depend on how many constraints
# a scan has: what stands here is for 31 or fewer.
DECLARED: Mapping[str, Field] = {
    item.name: item
    for item in (
        _real("chi2", "chi2 of the b -> s l l rows", fast=True),
        Field("excluded", "<u4", 2**32 - 1, "constraints that exclude the point, one bit each", "1", fast=True),
        _real("chi2_muon", "chi2 of the muon rows alone", fast=True),
        _real("chi2_br", "chi2 of the branching fractions alone, where there are ratios or angular rows", fast=True),
        _real("chi2_lfu", "chi2 of the ratios of muons to electrons alone", fast=True),
        _real("chi2_angular", "chi2 of the angular coefficients alone", fast=True),
        _real(
            "ratios",
            "prediction over limit of each constraint; 1 or more is excluded, 0 where it does not apply",
            along="constraint",
            fast=True,
        ),
        _real("predictions", "predicted rows, each in its own unit", along="row", fast=True),
        _real("widths", "partial widths of the vector", "GeV", "channel"),
        _real("a_mu", "shift of the muon's anomalous magnetic moment"),
        _real(
            "chi2_constraints",
            "chi2 of the constraints with a likelihood, the strongest of those on the same data",
            fast=True,
        ),
        _real(
            "chi2_total", "chi2 of the b -> s l l rows and of the constraints, as chi2_constraints has them", fast=True
        ),
    )
}
FIELDS = tuple(DECLARED)
ALWAYS = ("chi2", "excluded")  # what every point has, and what the profiles are made of
WITH_CONSTRAINTS = ("chi2_constraints", "chi2_total")
DIRECT = ("ratios", "predictions")  # many numbers a point: see `zdscan.evaluation.direct`
# chi2 of one kind of rows (`zdscan.physics.rows.Likelihood.kinds`), which data have or have not
OF_KINDS: Mapping[str, str] = {f"chi2_{kind}": kind for kind in ("br", "lfu", "angular")}
# What the reference evaluator computes where it is asked to, for any data. `values`, what each clause compares with its
# limits, has as many numbers as the constraints have clauses, so it is no field.
OPTIONAL = (*(name for name in FIELDS if name not in ALWAYS and name not in OF_KINDS), "values")


def mask_dtype(constraints: int) -> np.dtype[Any]:
    """Type of the field `excluded` for so many constraints: a bit for each, and the top one for points not computed."""
    return np.dtype("<u4" if constraints <= 31 else "<u8")


def stored_fields(
    names: Sequence[str], rows: Sequence[str], constraints: Sequence[str], titles: Sequence[str]
) -> tuple[Field, ...]:
    """The datasets of a grid file, in the order asked for.

    rows : ids of the measured rows; constraints, titles : ids and titles of the scan's constraints, in bit order.
    """
    labels = {"row": tuple(rows), "constraint": tuple(constraints), "channel": CHANNEL_NAMES}
    chosen = [DECLARED[name] for name in names]
    labelled = [
        item if item.extra is None else replace(item, extra=(item.extra[0], labels[item.extra[0]])) for item in chosen
    ]
    return tuple(_with_flags(item, constraints, titles) if item.name == "excluded" else item for item in labelled)


def _with_flags(item: Field, constraints: Sequence[str], titles: Sequence[str]) -> Field:
    """The field `excluded` with a bit for each constraint, named as the CF conventions do it."""
    dtype = mask_dtype(len(constraints))
    bits = 8 * dtype.itemsize
    masks = [1 << k for k in range(len(constraints))] + [1 << (bits - 1)]
    attributes = {
        "flag_masks": np.array(masks, dtype=dtype),
        "flag_meanings": " ".join([*constraints, NOT_COMPUTED]),
        "constraint_titles": json.dumps(dict(zip(constraints, titles, strict=True))),
    }
    return replace(item, dtype=dtype.str, fill=2**bits - 1, attributes=attributes)


def constraint_bits(attributes: Mapping[str, Any]) -> dict[str, int]:
    """Constraint id -> its bit in the dataset `excluded`, from the attributes of that dataset."""
    names = str(attributes["flag_meanings"]).split()
    masks = np.atleast_1d(attributes["flag_masks"])
    return {name: int(bit) for name, bit in zip(names, masks, strict=True) if name != NOT_COMPUTED}
