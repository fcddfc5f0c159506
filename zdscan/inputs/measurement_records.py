"""What stands in the files of measurements: their records, checked as they are read. docs/data.md."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.inputs.files import Grade, NonNegative, Number, Positive, Record, Text
from zdscan.inputs.quantities import QUANTITIES, RATIO

Array = NDArray[np.float64]
PlusMinus = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]
Keys = Annotated[list[Text], Field(min_length=1)]
TheoryErrors = Literal["table", "flavio", "flavio-covariance"]
Lepton = Literal["e", "mu", "e/mu", "mu/e"]
SYMMETRY = 1e-12  # of a correlation matrix: its numbers are typed, not computed


class Term(NamedTuple):
    """A factor times a component of a decay."""

    decay: str
    factor: float
    component: str


class Row(Record):
    """One measured bin, as published; numbers in units of `factor` (see measurements.toml).

    A row without `quantity` is a rate; with one it is a quotient (zdscan/inputs/quantities.py), a ratio `over` a decay.
    """

    id: Text
    decay: Text
    observable: Text
    lepton: Lepton
    quantity: Text | None = None
    over: Text | None = None
    q2_min: NonNegative
    q2_max: Positive
    integrated: bool
    unit: Text
    factor: Positive
    value: Number
    stat: PlusMinus
    syst: list[PlusMinus]
    sm: Number | None = None
    sm_error: Positive | None = None
    cite: Keys
    arxiv: str
    grade: Grade
    note: str

    @property
    def bin(self) -> str:
        """What it is measured of, whoever measured it: decay and bin, the name in the Standard Model tables.

        With the quantity behind it, or with both decays, for a quotient.
        """
        if self.over is not None:
            return bin_name(f"{self.decay}/{self.over}", self.q2_min, self.q2_max)
        name = bin_name(self.decay, self.q2_min, self.q2_max)
        return name if self.quantity is None else f"{name}_{self.quantity}"

    @property
    def terms(self) -> tuple[Term, Term]:
        """What a quotient divides by what."""
        above, below = QUANTITIES[self.quantity or RATIO]
        return Term(self.decay, *above), Term(self.over or self.decay, *below)

    @property
    def scale(self) -> float:
        """The row over the quantity; the reciprocal of the factor 1e-9 is 1e9 but for rounding."""
        return float(f"{1.0 / self.factor:.12g}")

    @property
    def per_rate(self) -> float:
        """The row over the integral of dB/dq2 over the bin."""
        return self.scale if self.integrated else self.scale / (self.q2_max - self.q2_min)


def bin_name(decay: str, q2_min: float, q2_max: float) -> str:
    """Decay and bin in one word."""
    return f"{decay}_{q2_min:g}_{q2_max:g}"


class Replacement(Record):
    """What a data set changes in a row."""

    value: Number
    grade: Grade
    note: Text


class DataSet(Record):
    """A named data set of measurements.toml: all rows, with some values replaced."""

    title: Text
    cite: Keys
    theory_errors: TheoryErrors = "table"
    replace: dict[str, Replacement] = Field(default_factory=dict)


class Common(Record):
    """An error that rows of measurements.toml have in common, which its analysis took for independent."""

    of: Annotated[str, Field(pattern=r"^systematic [1-9]$")]
    rows: Annotated[list[Text], Field(min_length=2)]
    grade: Grade
    note: Text


class File(Record):
    """The tables of measurements.toml; their entries are checked one by one, so that a fault names its row."""

    sets: Annotated[dict[str, dict[str, object]], Field(min_length=1)]
    common: list[dict[str, object]] = Field(default_factory=list)
    row: Annotated[list[dict[str, object]], Field(min_length=1)]


class Overlap(Record):
    """A publication whose rows of the same decay hold some of the same data."""

    arxiv: Text
    why: Text


class Correlation(Record):
    """Correlations of the total errors of a group or of its k-th systematic ones; common to all rows without matrix.

    triangles : instead of a matrix of all rows, those of consecutive rows, each its upper triangle line by line.
    """

    of: Annotated[str, Field(pattern=r"^(total|systematic [1-9])$")]
    matrix: list[list[Number]] | None = None
    triangles: list[list[list[Number]]] | None = None

    @property
    def source(self) -> int:
        """0 for the total errors, k for the k-th systematic ones."""
        return 0 if self.of == "total" else int(self.of.split()[1])


class Normalisation(Record):
    """The branching fraction with which a publication made its rows, and the one of today."""

    quantity: Text
    used: Positive
    used_error: Positive
    value: Positive
    error: Positive
    cite: Keys
    source: Text


class Group(Record):
    """The rows of one analysis. What stands for all rows may stand in a row instead.

    independent : whether other rows may have overlapping bins of the same decay, as `overlaps` says which may not.
    """

    name: Text
    title: Text
    decay: Text | None = None
    observable: Text | None = None
    lepton: Lepton
    quantity: Text | None = None
    over: Text | None = None
    integrated: bool
    unit: Text
    factor: Positive
    suffix: str = ""
    cite: Keys
    arxiv: Text
    grade: Grade
    source: Text
    note: str
    overlaps: list[Overlap] = Field(default_factory=list)
    independent: bool = True
    correlation: Correlation | None = None
    normalisation: Normalisation | None = None
    rows: Annotated[list[dict[str, object]], Field(min_length=1)]


class GroupFile(Record):
    """A file measurements_<set>.toml."""

    title: Text
    theory_errors: TheoryErrors
    group: Annotated[list[dict[str, object]], Field(min_length=1)]
