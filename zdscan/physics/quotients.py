"""The rows that are quotients, as arrays; and their errors together with those of the rates. docs/angular.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import component_tables
from zdscan.inputs.component_tables import ComponentTables
from zdscan.inputs.measurement_records import Row, Term, bin_name
from zdscan.inputs.quantities import RATE, RATIO
from zdscan.kernels.physics.components import node_functions
from zdscan.kernels.physics.resonance import GAUSS_W
from zdscan.kernels.reference.quotients import Quotients
from zdscan.kernels.tables.forms import Forms
from zdscan.physics.dipole import dipole_factor, photon_decay

Floats = NDArray[np.float64]

DIRECTIONS = 10  # of the theory errors that rows of different families have in common


@dataclass(frozen=True)
class Families:
    """The covariance of rates and quotients: blockdiag(within) + common common^T.

    A family is the rows with one denominator: the rates, whose denominator is 1, come first.

    Attributes
    ----------
    rows : the places of each family's rows; within : float64[r, r] of each, positive definite.
    common : float64[rows, K], theory errors along K directions.
    """

    rows: tuple[NDArray[np.int64], ...]
    within: tuple[Floats, ...]
    common: Floats

    def within_families(self, matrix: Floats) -> Floats:
        """A matrix of all rows without what it has between families."""
        found = np.zeros_like(matrix)
        for rows in self.rows:
            found[np.ix_(rows, rows)] = matrix[np.ix_(rows, rows)]
        return found

    @property
    def covariance(self) -> Floats:
        """float64[rows, rows]."""
        total = self.common @ self.common.T
        for rows, matrix in zip(self.rows, self.within, strict=True):
            total[np.ix_(rows, rows)] += matrix
        return total


def assemble(rows: Sequence[Row]) -> tuple[Quotients, Floats]:
    """The quotients of rows that are some, and their Standard Model predictions.

    Raises
    ------
    UserError
        The component tables lack a bin.
    """
    known = component_tables.load()
    wanted: dict[str, dict[str, None]] = {}  # component by bin, each once, the rate first
    for row in rows:
        for term in row.terms:
            wanted.setdefault(_bin(row, term), {RATE: None})[term.component] = None
    names = [(name, component) for name, components in wanted.items() for component in components]
    places = np.array([known.form(name, component) for name, component in names])
    forms = _forms(known, places, np.array([len(components) for components in wanted.values()]))
    at = {name: k for k, name in enumerate(names)}
    above, below = (np.array([at[_bin(row, row.terms[k]), row.terms[k].component] for row in rows]) for k in range(2))
    factor = np.array([row.terms[0].factor / row.terms[1].factor for row in rows])
    return Quotients(forms, above, below, factor), factor * forms.sm[above] / forms.sm[below]


def _bin(row: Row, term: Term) -> str:
    return bin_name(term.decay, row.q2_min, row.q2_max)


def _forms(known: ComponentTables, places: NDArray[np.int64], in_bins: NDArray[np.int64]) -> Forms:
    """Some forms of the tables, those of a bin together."""
    bins = known.form_bin[places]
    entries = [np.arange(known.form_start[f], known.form_start[f + 1]) for f in places]
    panels = [np.arange(known.panel_start[b], known.panel_start[b + 1]) for b in bins]
    counts = np.array([len(entry) for entry in entries])
    entry, panel, bin_of = np.concatenate(entries), np.concatenate(panels), np.repeat(bins, counts)
    decays = [name.rsplit("_", 2)[0] for name in known.bin_id]
    dipole = np.array([dipole_factor(photon_decay(decay)) for decay in decays])
    functions = node_functions(
        known.coefficients[entry],
        known.nodes[panel],
        known.normalisation[bin_of],
        2.0 * known.lepton_mass[bin_of],
        dipole[bin_of],
    )
    half = 0.5 * (known.panel_hi - known.panel_lo)[panel]
    start = np.concatenate([[0], np.cumsum(counts)])
    bin_start = np.concatenate([[0], np.cumsum(in_bins)])
    rates = [np.arange(start[f], start[f + 1]) for f in bin_start[:-1]]
    return Forms(
        form_start=start,
        panel_lo=known.panel_lo[panel],
        panel_hi=known.panel_hi[panel],
        functions=functions,
        lepton=np.array([int(decays[b].endswith("mumu")) for b in bins], dtype=np.int64),
        sm=np.add.reduceat(half * (known.coefficients[entry][:, :, 0] @ GAUSS_W), start[:-1]),
        bin_start=bin_start,
        rate_start=np.concatenate([[0], np.cumsum([len(rate) for rate in rates])]),
        rate_functions=np.ascontiguousarray(functions[np.concatenate(rates)][:, :21]),
    )


def families(rows: Sequence[Row], experimental: Floats, theory: Floats) -> Families:
    """The covariance of rates and quotients from the experimental one and flavio's.

    Theory errors of rates and of the angular distributions with muons are common along the directions in which they are
    largest compared with all errors; ratios and electrons, whose theory errors are small, are not part of them. What
    correlations between families remain is left out: of theory, less than 0.3 of chi2 for ten directions.
    """
    first: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        key = ("", "") if row.quantity is None else (_bin(row, row.terms[1]), row.terms[1].component)
        first.setdefault(key, []).append(place)
    ordered = sorted(first.items(), key=lambda item: item[0] != ("", ""))
    places = tuple(np.array(found) for _, found in ordered)
    metric = np.zeros_like(theory)
    for mine in places:
        metric[np.ix_(mine, mine)] = (experimental + theory)[np.ix_(mine, mine)]
    takes_part = [row.quantity is None or (row.quantity != RATIO and row.lepton == "mu") for row in rows]
    common = _directions(theory, metric, np.flatnonzero(takes_part))
    rest = metric - common @ common.T
    return Families(places, tuple(rest[np.ix_(mine, mine)] for mine in places), common)


def _directions(theory: Floats, metric: Floats, rows: NDArray[np.int64]) -> Floats:
    """The leading eigenvectors of the theory covariance of some rows in a metric: float64[all rows, K]."""
    lower = np.linalg.cholesky(metric[np.ix_(rows, rows)])
    inverse = np.linalg.inv(lower)
    values, vectors = np.linalg.eigh(inverse @ theory[np.ix_(rows, rows)] @ inverse.T)
    largest = np.argsort(values)[::-1][:DIRECTIONS]
    out = np.zeros((len(metric), len(largest)))
    out[rows] = lower @ vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0))
    return out
