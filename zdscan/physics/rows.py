"""The rows as arrays: SM tables, measurements and errors, as the kernels need them. docs/rows.md, docs/data.md."""

from __future__ import annotations

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

# name -> theory covariance of the rows, float64[26, 26]
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
    data, sm_tables : the inputs.
    sm : float64[26], SM predictions (flavio) in the rows' units.
    sigma : float64[26], total error of each row (square root of the covariance's diagonal).
    whitening : float64[26, 26] lower triangular; whitening_muon : float64[20, 26].
    """

    data: MeasurementSet
    sm_tables: SMTables
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


def build(measurement_set: str, errors: str, theory_errors: str) -> Likelihood:
    """The likelihood of a named data set with named treatments of experimental and theory errors.

    theory_errors: "table", the errors printed beside the SM column of the measurements' paper, uncorrelated;
    "flavio", flavio's own, uncorrelated; "flavio-covariance", flavio's with their correlations.

    Raises
    ------
    UserError
        If a name is unknown, or the SM tables and the measurements disagree about the rows.
    """
    data = measurements.load(measurement_set)
    sm_tables = tables.load()
    if sm_tables.row_id != data.ids:
        raise UserError("The SM tables and the measurements list different rows: run `zdscan calibrate`.")
    if theory_errors not in THEORY_ERRORS:
        raise UserError(f"There is {no_such('treatment of theory errors', theory_errors, THEORY_ERRORS)}.")
    covariance = np.diag(data.sigma(errors, sm_tables.sm) ** 2) + THEORY_ERRORS[theory_errors](data, sm_tables)
    muon = np.array([lepton == "mu" for lepton in data.leptons])
    whitening_muon = np.zeros((int(muon.sum()), len(muon)))
    whitening_muon[:, muon] = _inverse_cholesky(covariance[np.ix_(muon, muon)])
    panel_row = sm_tables.panel_row.astype(np.int64)
    dipole = np.array([dipole_factor(photon_decay(decay)) for decay in data.decays])
    return Likelihood(
        data=data,
        sm_tables=sm_tables,
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


def _inverse_cholesky(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """L^-1 with covariance = L L^T, so that |L^-1 x|^2 = x^T covariance^-1 x; exactly diagonal for a diagonal one."""
    return np.ascontiguousarray(np.tril(np.linalg.inv(np.linalg.cholesky(covariance))))
