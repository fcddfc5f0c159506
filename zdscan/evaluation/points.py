"""Every quantity at points of one mass, by the reference evaluator (kernels/reference)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.fields import OF_KINDS
from zdscan.kernels.reference import clauses as _clauses
from zdscan.kernels.reference import quotients as _quotients
from zdscan.kernels.reference import rows as _rows
from zdscan.kernels.reference.one_point import Chi2AtMass
from zdscan.kernels.reference.points import Points, muon_moment, points_at
from zdscan.kernels.reference.rows import Rows, TablesAt
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.rows import Likelihood

Array = NDArray[Any]
Axes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
OF_ROWS = {"chi2", "chi2_muon", "predictions", *OF_KINDS}
OF_CONSTRAINTS = {"excluded", "ratios", "values"}
AT_ONCE = 2048  # points: their rows stay in a cache of half a megabyte


def rows_of(likelihood: Likelihood) -> Rows:
    """The rows as the kernels need them."""
    tables = likelihood.sm_tables
    return Rows(
        row_start=likelihood.row_start,
        panel_lo=tables.panel_lo,
        panel_hi=tables.panel_hi,
        functions=likelihood.functions,
        lepton=likelihood.lepton,
        sm=likelihood.sm[likelihood.rates],
    )


def run_of(axes: Axes, first: int, count: int) -> NDArray[np.float64]:
    """The parameters of points first..first+count in C order of the axes (eps, eps_z, g_mu): float64[3, count]."""
    places = np.unravel_index(np.arange(first, first + count), tuple(len(axis) for axis in axes))
    return np.array([axis[place] for axis, place in zip(axes, places, strict=True)])


def evaluate_points(
    mass_tables: NDArray[np.float64],
    matrix: NDArray[np.float64],
    likelihood: Likelihood,
    constraints: int,
    parameters: NDArray[np.float64],
    want: Collection[str],
    tables_at: TablesAt | None = None,
) -> dict[str, Array]:
    """The quantities named in `want` at points of one mass, by name; the first axis of each runs over the points.

    Parameters
    ----------
    mass_tables, matrix, likelihood, constraints : mass tables, couplings, rows, and the number of constraints.
    parameters : float64[3, n], eps, eps_z, g_mu.
    tables_at : tables of the rows beyond the small-width law, by default in closed form.
    """
    rows = rows_of(likelihood)
    at_width = _rows.closed_form(mass_tables, rows) if tables_at is None else tables_at
    clauses = _mass.clause_tables(mass_tables, len(rows.sm), likelihood.form_count)
    points = points_at(mass_tables, matrix, parameters)
    found: dict[str, Array] = {"widths": points.channels.T}
    if "a_mu" in want:
        found["a_mu"] = muon_moment(mass_tables, points)
    if not OF_ROWS.isdisjoint(want):
        predictions = _rows.predictions(mass_tables, rows, points, at_width)
        if likelihood.quotients is not None:
            predictions = _with_quotients(mass_tables, likelihood, points, predictions)
        found["predictions"] = predictions.T
        for name in want:
            if name in OF_ROWS and name != "predictions":
                found[name] = likelihood.chi2_at(name, predictions)
    if not OF_CONSTRAINTS.isdisjoint(want):
        values = _clauses.clause_values(clauses, points)
        ratios = _clauses.constraint_ratios(clauses, points, values, constraints)
        found |= {"values": values.T, "ratios": ratios.T, "excluded": _clauses.exclusion_bits(ratios)}
    return {name: found[name] for name in want}


def _with_quotients(
    mass_tables: NDArray[np.float64], likelihood: Likelihood, points: Points, rates: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The rates and the quotients at points of one mass in the order of the data: float64[rows, n]."""
    assert likelihood.quotients is not None
    tables = _mass.form_tables(mass_tables, len(likelihood.rates), likelihood.form_count)
    out = np.empty((len(likelihood.sm), rates.shape[1]))
    out[likelihood.rates] = rates
    out[likelihood.quotient_rows] = _quotients.predictions(
        float(mass_tables[_mass.MASS]), float(mass_tables[_mass.KAPPA]), tables, likelihood.quotients, points
    )
    return out


def chi2_at_mass(
    mass_tables: NDArray[np.float64], matrix: NDArray[np.float64], likelihood: Likelihood
) -> Callable[[float, float, float], float]:
    """chi2 of all rows at single points (eps, eps_z, g_mu) of one mass, some ten times quicker than arrays of one.

    It agrees with `evaluate_points` to rounding; beyond the small-width law, and for quotients, it calls it.
    """
    quick: Callable[[float, float, float], float] | None = None
    if likelihood.scaled is not None and likelihood.quotients is None:
        quick = _scaled_at_mass(mass_tables, matrix, likelihood)
    elif likelihood.quotients is None:
        quick = Chi2AtMass(mass_tables, matrix, rows_of(likelihood), likelihood.data.values, likelihood.whitening)

    def chi2(eps: float, eps_z: float, g_mu: float) -> float:
        found = math.nan if quick is None else quick(eps, eps_z, g_mu)
        if math.isnan(found):
            parameters = np.array([[eps], [eps_z], [g_mu]])
            found = float(evaluate_points(mass_tables, matrix, likelihood, 0, parameters, ("chi2",))["chi2"][0])
        return found

    return chi2


def _scaled_at_mass(
    mass_tables: NDArray[np.float64], matrix: NDArray[np.float64], likelihood: Likelihood
) -> Callable[[float, float, float], float]:
    """chi2 with relative theory errors at single points where the small-width law holds, NaN elsewhere."""
    count = len(likelihood.sm)
    rows = Chi2AtMass(mass_tables, matrix, rows_of(likelihood), np.zeros(count), np.eye(count))

    def chi2(eps: float, eps_z: float, g_mu: float) -> float:
        predictions = rows.pulls(eps, eps_z, g_mu)  # of rows whose errors are 1 and that are measured to be 0
        if predictions is None:
            return math.nan
        return float(likelihood.chi2_at("chi2", predictions[:, None])[0])

    return chi2
