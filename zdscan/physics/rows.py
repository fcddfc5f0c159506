"""The rows as arrays: SM tables, measurements and errors, as the kernels need them. docs/rows.md, docs/data.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError, no_such
from zdscan.inputs import measurements, tables
from zdscan.inputs.measurements import MeasurementSet
from zdscan.inputs.tables import SMTables
from zdscan.kernels.physics.bsll import node_functions
from zdscan.physics.dipole import dipole_factor, photon_decay

AUTOMATIC = "auto"  # theory errors as the data sets have it
# name -> theory covariance of the n rows, float64[n, n]
THEORY_ERRORS: Mapping[str, Callable[[MeasurementSet, SMTables], NDArray[np.float64]]] = {
    "table": lambda data, sm_tables: np.diag(data.sm_table_error**2),
    "flavio": lambda data, sm_tables: np.diag(np.diag(sm_tables.theory_covariance)),
    "flavio-covariance": lambda data, sm_tables: sm_tables.theory_covariance,
}


@dataclass(frozen=True)
class Likelihood:
    """chi2 = |whitening (prediction - measured)|^2 over the rows, and over the muon rows alone.

    Attributes
    ----------
    data, sm_tables : the inputs, of the same n rows in the same order and units.
    inputs : SHA-256 of what the covariance is made of. The covariance and its factors themselves depend, in the last
        bits, on the processor.
    theory_errors : the treatment of theory errors that is used.
    sm : float64[n], SM predictions (flavio) in the rows' units.
    sigma : float64[n], total error of each row (square root of the covariance's diagonal).
    whitening : float64[n, n] lower triangular; whitening_muon : float64[m, n] for m muon rows.
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

    def chi2(self, predictions: NDArray[np.float64]) -> dict[str, float]:
        """chi2 of given predictions: keys "all" and "muon"."""
        residual = predictions - self.data.values
        return {
            "all": float(np.sum((self.whitening @ residual) ** 2)),
            "muon": float(np.sum((self.whitening_muon @ residual) ** 2)),
        }


def build(names: str | tuple[str, ...], errors: str, theory_errors: str) -> Likelihood:
    """The likelihood of data sets and row groups by name, with named treatments of experimental and theory errors.

    theory_errors: "table", the errors printed beside the SM column of the measurements' paper, uncorrelated;
    "flavio", flavio's own, uncorrelated; "flavio-covariance", flavio's with their correlations; "auto", that of these
    which the data sets name.

    Raises
    ------
    UserError
        If a name is unknown, the same data stand behind two of them, they have no printed errors where these are asked
        for, or the SM tables lack a row.
    """
    data = measurements.load(names)
    sm_tables = tables.load().of([row.bin for row in data.rows], np.array([row.per_rate for row in data.rows]))
    treatment = data.theory_errors if theory_errors == AUTOMATIC else theory_errors
    if treatment not in THEORY_ERRORS:
        known = (AUTOMATIC, *THEORY_ERRORS)
        raise UserError(f"There is {no_such('treatment of theory errors', theory_errors, known)}.")
    if fault := measurements.theory_errors_fault(names, treatment):
        raise UserError(f"theory_errors {fault}.")
    covariance = data.covariance(errors, sm_tables.sm) + THEORY_ERRORS[treatment](data, sm_tables)
    muon = np.array([lepton == "mu" for lepton in data.leptons])
    whitening_muon = np.zeros((int(muon.sum()), len(muon)))
    whitening_muon[:, muon] = _inverse_cholesky(covariance[np.ix_(muon, muon)])
    panel_row = sm_tables.panel_row.astype(np.int64)
    dipole = np.array([dipole_factor(photon_decay(decay)) for decay in data.decays])
    return Likelihood(
        data=data,
        sm_tables=sm_tables,
        inputs=_hash_of_inputs(data, sm_tables, errors, treatment),
        theory_errors=treatment,
        sm=np.ascontiguousarray(sm_tables.sm),
        sigma=np.sqrt(np.diag(covariance)),
        whitening=_inverse_cholesky(covariance),
        whitening_muon=whitening_muon,
        lepton=muon.astype(np.int64),
        row_start=np.searchsorted(panel_row, np.arange(len(muon) + 1)),
        functions=node_functions(
            np.ascontiguousarray(sm_tables.coefficients),
            np.ascontiguousarray(sm_tables.nodes),
            sm_tables.normalisation[panel_row],
            2.0 * (sm_tables.lepton_mass * sm_tables.cp_factor)[panel_row],
            dipole[panel_row],
        ),
    )


def _hash_of_inputs(data: MeasurementSet, sm_tables: SMTables, errors: str, treatment: str) -> str:
    """SHA-256 of the numbers that make the covariance, as read from files, and of how they are combined."""
    found = hashlib.sha256(json.dumps([errors, treatment, sm_tables.content_hash, data.ids, data.units]).encode())
    published = [data.factors, data.values, data.stat_plus, data.stat_minus, data.sm_table, data.sm_table_error]
    for sides in data.syst:
        published += sides
    for source, rows, matrix in data.correlated:
        published += [np.array([source, *rows.tolist()], dtype=np.float64), matrix]
    for array in published:
        found.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return found.hexdigest()


def _inverse_cholesky(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """L^-1 with covariance = L L^T, so that |L^-1 x|^2 = x^T covariance^-1 x; exactly diagonal for a diagonal one."""
    try:
        return np.ascontiguousarray(np.tril(np.linalg.inv(np.linalg.cholesky(covariance))))
    except np.linalg.LinAlgError:
        raise UserError(
            "The covariance of the measurements is not positive definite: their correlations are stronger than their "
            "errors allow."
        ) from None
