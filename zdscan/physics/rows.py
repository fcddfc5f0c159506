"""The rows as arrays: SM tables, measurements and errors, as the kernels need them. docs/rows.md, docs/data.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError, no_such
from zdscan.inputs import component_tables, measurements, tables
from zdscan.inputs.measurements import MeasurementSet
from zdscan.inputs.quantities import RATIO
from zdscan.inputs.tables import SMTables
from zdscan.kernels.physics.bsll import node_functions
from zdscan.kernels.reference import rows as _rows
from zdscan.kernels.reference import scaled as _scaled
from zdscan.kernels.reference.quotients import Quotients
from zdscan.physics import quotients as _quotients
from zdscan.physics.dipole import dipole_factor, photon_decay
from zdscan.physics.quotients import Families

AUTOMATIC = "auto"  # theory errors and correlations as the data sets have it
AT_SM, AT_POINT = "sm", "point"  # of what theory errors are a part
# name -> theory covariance of the n rows, float64[n, n]
THEORY_ERRORS: Mapping[str, Callable[[MeasurementSet, NDArray[np.float64]], NDArray[np.float64]]] = {
    "table": lambda data, flavio: np.diag(data.sm_table_error**2),
    "flavio": lambda data, flavio: np.diag(np.diag(flavio)),
    "flavio-covariance": lambda data, flavio: flavio,
}


@dataclass(frozen=True)
class ScaledErrors:
    """Errors of which those of theory are in proportion to the predictions. docs/statistics.md.

    Attributes
    ----------
    experimental, theory : float64[n, n], the covariances, of theory at the Standard Model.
    per_prediction : float64[n], 1 over the Standard Model's prediction for a rate, 0 for a quotient, whose theory error
        stays what it is.
    """

    experimental: NDArray[np.float64]
    theory: NDArray[np.float64]
    per_prediction: NDArray[np.float64]

    def factors(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the theory error of each row is multiplied with: predictions float64[..., n]; the same shape."""
        return np.where(self.per_prediction == 0.0, 1.0, predictions * self.per_prediction)

    def chi2(
        self, predictions: NDArray[np.float64], residuals: NDArray[np.float64], counted: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """chi2 of some rows at points: predictions and residuals float64[n, points], counted bool[n]."""
        factors = self.factors(predictions.T).T
        square = np.ix_(counted, counted)
        parts = self.experimental[square], self.theory[square]
        return _scaled.chi2(*parts, factors[counted], residuals[counted])


@dataclass(frozen=True)
class Likelihood:
    """chi2 = |whitening (prediction - measured)|^2 over the rows, and over the muon rows alone.

    With `scaled` the covariance depends on the predictions, and chi2 is that of `ScaledErrors`.

    Attributes
    ----------
    data, sm_tables : the inputs, of the same n rows in the same order and units.
    inputs : SHA-256 of what the covariance is made of. The covariance and its factors themselves depend, in the last
        bits, on the processor.
    theory_errors : the treatment of theory errors that is used.
    sm : float64[n], SM predictions (flavio) in the rows' units.
    sigma : float64[n], total error of each row (square root of the covariance's diagonal).
    whitening : float64[n, n] lower triangular; whitening_muon : float64[m, n] for m muon rows.
    rates : int64[r], the places of the rows that are rates; sm_tables, lepton, row_start, functions are of these alone.
    quotient_rows : int64[q], the places of the others; quotients : what they are made of, None where there are none.
    families : the covariance behind the whitening where there are quotients.
    covariance : float64[n, n], that at the Standard Model's predictions.
    scaled : the two parts of the covariance where theory errors are relative ones; None where they are those of `sm`.
    kept : bool[n], the rows that count at all; None: every row.
    """

    data: MeasurementSet
    sm_tables: SMTables
    inputs: str
    theory_errors: str
    sm: NDArray[np.float64]
    sigma: NDArray[np.float64]
    whitening: NDArray[np.float64]
    whitening_muon: NDArray[np.float64]
    lepton: NDArray[np.int64]
    row_start: NDArray[np.int64]
    functions: NDArray[np.float64]
    rates: NDArray[np.int64]
    quotient_rows: NDArray[np.int64]
    quotients: Quotients | None
    families: Families | None
    covariance: NDArray[np.float64]
    scaled: ScaledErrors | None = None
    kept: NDArray[np.bool_] | None = None

    @property
    def form_count(self) -> int:
        """Number of components of which quotients are made."""
        return 0 if self.quotients is None else len(self.quotients.forms.sm)

    @property
    def kinds(self) -> Mapping[str, NDArray[np.bool_]]:
        """Which rows are branching fractions (br), ratios (lfu), angular coefficients; empty without the last two."""
        if self.quotients is None:
            return {}
        quantities = [row.quantity for row in self.data.rows]
        of_kind = {
            "br": np.array([quantity is None for quantity in quantities]),
            "lfu": np.array([quantity == RATIO for quantity in quantities]),
            "angular": np.array([quantity not in (None, RATIO) for quantity in quantities]),
        }
        return {name: mine for name, mine in of_kind.items() if mine.any()}

    @cached_property
    def _whitenings(self) -> Mapping[str, NDArray[np.float64]]:
        """Of all rows, of the muons' and of each kind: float64[m, n]."""
        found = {"all": self.whitening, "muon": self.whitening_muon}
        return found | {name: _of_rows(self.covariance, mine) for name, mine in self.kinds.items()}

    @cached_property
    def quotient_number(self) -> NDArray[np.int64]:
        """int64[n]: which of the quotients a row is, -1 for a rate."""
        return _places(self.quotient_rows, len(self.sm))

    @cached_property
    def rate_number(self) -> NDArray[np.int64]:
        """int64[n]: which of the rates a row is, -1 for a quotient."""
        return _places(self.rates, len(self.sm))

    def whitening_of(self, field: str) -> NDArray[np.float64]:
        """Of a field: chi2, chi2_muon, or chi2_ and one of `kinds`."""
        return self._whitenings[field.removeprefix("chi2").removeprefix("_") or "all"]

    def counted(self, field: str) -> NDArray[np.bool_]:
        """The rows that such a field counts: bool[n]."""
        kind = field.removeprefix("chi2").removeprefix("_")
        everything = np.ones(len(self.sm), dtype=np.bool_) if self.kept is None else self.kept
        every = {"": everything, "all": everything, "muon": everything & self.data.muon}
        return every[kind] if kind in every else self.kinds[kind]

    def chi2(self, predictions: NDArray[np.float64]) -> dict[str, float]:
        """chi2 of given predictions: keys "all" and "muon", and those of `kinds`, each of its rows alone."""
        residual = predictions - self.data.values
        if self.scaled is not None:
            return {name: float(self.chi2_at(name, predictions[:, None])[0]) for name in self._whitenings}
        return {name: float(np.sum((matrix @ residual) ** 2)) for name, matrix in self._whitenings.items()}

    def chi2_at(self, field: str, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """chi2 of the rows that a field counts, at points: predictions float64[n, points]."""
        residuals = predictions - self.data.values[:, None]
        if self.scaled is not None:
            return self.scaled.chi2(predictions, residuals, self.counted(field))
        return _rows.chi2(self.whitening_of(field), residuals)

    def measured_otherwise(self, values: NDArray[np.float64]) -> Likelihood:
        """The same rows with the same errors and other measured values, float64[n]."""
        return replace(self, data=replace(self.data, values=values))

    def only(self, kept: NDArray[np.bool_]) -> Likelihood:
        """The likelihood of some of the rows, bool[n], whatever the others are; for the reference evaluator alone."""
        return replace(
            self,
            whitening=_of_rows(self.covariance, kept),
            whitening_muon=_of_rows(self.covariance, kept & self.data.muon),
            kept=kept,
        )

    def covariance_at(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """The covariance of the rows, float64[n, n], where they are predicted to be float64[n]."""
        if self.scaled is None:
            return self.covariance
        scale = self.scaled.factors(predictions)
        return self.scaled.experimental + self.scaled.theory * np.outer(scale, scale)


def build(
    names: str | tuple[str, ...],
    errors: str,
    theory_errors: str,
    files: Mapping[str, str] | None = None,
    other_numbers: str | None = None,
    *,
    correlated: str = AUTOMATIC,
    errors_at: str = AT_SM,
) -> Likelihood:
    """The likelihood of data sets and row groups by name, with named treatments of experimental and theory errors.

    theory_errors: "table", the errors printed beside the SM column of the measurements' paper, uncorrelated;
    "flavio", flavio's own, uncorrelated; "flavio-covariance", flavio's with their correlations; "auto", that of these
    which the data sets name. files, other_numbers : `files` and `replace` of `zdscan.inputs.measurements.load`.
    correlated : which experimental errors are, "auto", "true" or "false" (`MeasurementSet.covariance`).
    errors_at : "sm", theory errors of the Standard Model's predictions; "point", as large a part of those at a point.

    Raises
    ------
    UserError
        If a name is unknown, the same data stand behind two of them, they have no printed errors where these are asked
        for, or the SM tables lack a row.
    """
    data = measurements.load(names, files, other_numbers)
    is_rate = np.array([row.quantity is None for row in data.rows])
    rates, quotient_rows = np.flatnonzero(is_rate), np.flatnonzero(~is_rate)
    of_rates = [data.rows[place] for place in rates]
    sm_tables = tables.load().of([row.bin for row in of_rates], np.array([row.per_rate for row in of_rates]))
    treatment = data.theory_errors if theory_errors == AUTOMATIC else theory_errors
    if treatment not in THEORY_ERRORS:
        known = (AUTOMATIC, *THEORY_ERRORS)
        raise UserError(f"There is {no_such('treatment of theory errors', theory_errors, known)}.")
    if fault := measurements.theory_errors_fault(names, treatment):
        raise UserError(f"theory_errors {fault}.")
    sm, quotients, families = np.ascontiguousarray(sm_tables.sm), None, None
    units = [row.per_rate if row.quantity is None else None for row in data.rows]
    flavio = _theory_covariance(sm_tables, [row.bin for row in data.rows], units)
    theory = THEORY_ERRORS[treatment](data, flavio)
    if quotient_rows.size:
        sm, of_rate = np.empty(len(data.rows)), sm
        sm[rates] = of_rate
        quotients, sm[quotient_rows] = _quotients.assemble([data.rows[place] for place in quotient_rows])
        families = _quotients.families(data.rows, data.covariance(errors, sm, correlated), theory)
        covariance = families.covariance
        experimental = families.within_families(data.covariance(errors, sm, correlated))
    else:
        experimental = data.covariance(errors, sm, correlated)
        covariance = experimental + theory
    scaled = None
    if errors_at != AT_SM:
        scaled = ScaledErrors(experimental, covariance - experimental, np.where(is_rate, 1.0 / sm, 0.0))
    muon = data.muon
    panel_row = sm_tables.panel_row.astype(np.int64)
    dipole = np.array([dipole_factor(photon_decay(row.decay)) for row in of_rates])
    return Likelihood(
        data=data,
        sm_tables=sm_tables,
        inputs=_hash_of_inputs(data, sm_tables, errors, treatment, correlated),
        theory_errors=treatment,
        sm=sm,
        sigma=np.sqrt(np.diag(covariance)),
        whitening=_inverse_cholesky(covariance),
        whitening_muon=_of_rows(covariance, muon),
        lepton=muon[rates].astype(np.int64),
        row_start=np.searchsorted(panel_row, np.arange(len(rates) + 1)),
        functions=node_functions(
            np.ascontiguousarray(sm_tables.coefficients),
            np.ascontiguousarray(sm_tables.nodes),
            sm_tables.normalisation[panel_row],
            2.0 * (sm_tables.lepton_mass * sm_tables.cp_factor)[panel_row],
            dipole[panel_row],
        ),
        rates=rates,
        quotient_rows=quotient_rows,
        quotients=quotients,
        families=families,
        covariance=covariance,
        scaled=scaled,
    )


def _theory_covariance(
    sm_tables: SMTables, bins: Sequence[str], per_rate: Sequence[float | None]
) -> NDArray[np.float64]:
    """flavio's covariance of rows: of the tables of rates, or of those of all rows where that has more samples.

    The one of the rows of Table 1 is as it always was; both are of the same draws.
    """
    if len(sm_tables.row_id) == len(bins) and sm_tables.theory_samples >= component_tables.load().theory_samples:
        return sm_tables.theory_covariance
    return component_tables.load().covariance(bins, per_rate)


def _hash_of_inputs(data: MeasurementSet, sm_tables: SMTables, errors: str, treatment: str, correlated: str) -> str:
    """SHA-256 of the numbers that make the covariance, as read from files, and of how they are combined."""
    found = hashlib.sha256(json.dumps([errors, treatment, sm_tables.content_hash, data.ids, data.units]).encode())
    published = [data.factors, data.values, data.stat_plus, data.stat_minus, data.sm_table, data.sm_table_error]
    for sides in data.syst:
        published += sides
    for source, rows, matrix in data.correlations(correlated):
        published += [np.array([source, *rows.tolist()], dtype=np.float64), matrix]
    for array in published:
        found.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return found.hexdigest()


def _places(chosen: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Where each of `count` numbers stands among some that are chosen, -1 for the others."""
    found = np.full(count, -1)
    found[chosen] = np.arange(len(chosen))
    return found


def _inverse_cholesky(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """L^-1 with covariance = L L^T, so that |L^-1 x|^2 = x^T covariance^-1 x; exactly diagonal for a diagonal one."""
    try:
        return np.ascontiguousarray(np.tril(np.linalg.inv(np.linalg.cholesky(covariance))))
    except np.linalg.LinAlgError:
        raise UserError(
            "The covariance of the measurements is not positive definite: their correlations are stronger than their "
            "errors allow."
        ) from None


def _of_rows(covariance: NDArray[np.float64], mine: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The whitening of some rows alone: float64[m, n] for m of n rows."""
    whitening = np.zeros((int(mine.sum()), len(mine)))
    whitening[:, mine] = _inverse_cholesky(covariance[np.ix_(mine, mine)])
    return whitening
