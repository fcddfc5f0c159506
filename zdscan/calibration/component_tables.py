"""The offline step of quotients: flavio -> `component_tables.h5`, components of bins and the covariance of all rows.

Everything that is measured is there: what quotients are made of as quadratic forms, and the theory covariance of the
rates and quotients together, under flavio's parameters. On one core ten seconds and a quarter of a second a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import flavio
import numpy as np
from numpy.typing import NDArray

from zdscan.calibration import components, flavio_rows
from zdscan.calibration.flavio_rows import FlavioRow, Parameters
from zdscan.inputs import measurements
from zdscan.inputs.measurement_records import Row
from zdscan.inputs.quantities import RATE

_NODES_BETWEEN = 2  # Gauss nodes between neighbouring edges of bins, for theory errors
_NODES_NEAR_THRESHOLD, _WIDE = 5, 3.0  # where the edges are further apart than this factor
_INCLUSIVE = "B->Xs"
Report = Callable[[str, float], None]


class Bin(NamedTuple):
    """A bin of q2 with the components that are wanted of it, the rate first."""

    row: FlavioRow
    components: tuple[str, ...]


def bins(quotients: Iterable[Row]) -> tuple[Bin, ...]:
    """What the quotients are made of: every bin once, in the order in which it is met."""
    wanted: dict[str, tuple[FlavioRow, set[str]]] = {}
    for row in quotients:
        for term in row.terms:
            hadrons, lepton = decay_parts(term.decay)
            made = FlavioRow(hadrons, lepton, row.q2_min, row.q2_max, 1.0, integrated=True)
            wanted.setdefault(made.id, (made, {RATE}))[1].add(term.component)
    return tuple(
        Bin(row, tuple(name for name in components.COMPONENTS if name in names)) for row, names in wanted.values()
    )


def decay_parts(decay: str) -> tuple[str, str]:
    """Hadrons and lepton of a decay "B0->K*0mumu"."""
    lepton = "mu" if decay.endswith("mumu") else "e"
    return decay.removesuffix(2 * lepton), lepton


def forms(par: Parameters, found: Sequence[Bin]) -> tuple[dict[str, NDArray[Any]], float]:
    """The data of `component_tables.h5` that belong to flavio's central parameters, and the largest term left out."""
    names: list[str] = []
    lows, highs, nodes, coefficients = [], [], [], []
    panel_bin, form_bin = [], []
    worst = 0.0
    constants = []
    for index, (row, wanted) in enumerate(found):
        edges = flavio_rows.panels(row, par)
        at = flavio_rows.panel_nodes(edges)
        values, rest = components.component_forms(row.hadrons, row.lepton, at.ravel(), par, wanted)
        worst = max(worst, rest)
        lows.append(edges[:-1])
        highs.append(edges[1:])
        nodes.append(at)
        panel_bin += [index] * len(at)
        for name in wanted:
            names.append(name)
            form_bin.append(index)
            coefficients.append(values[name].reshape(*at.shape, -1))
        constants.append(flavio_rows.row_constants(row, par))
    return {
        "bin_id": np.array([row.id.encode() for row, _ in found]),
        "panel_bin": np.array(panel_bin, dtype=np.int32),
        "panel_lo": np.concatenate(lows),
        "panel_hi": np.concatenate(highs),
        "nodes": np.concatenate(nodes),
        "form_bin": np.array(form_bin, dtype=np.int32),
        "form_component": np.array([name.encode() for name in names]),
        "coefficients": np.concatenate(coefficients),
        "lepton_mass": np.array([c.lepton_mass for c in constants]),
        "normalisation": np.array([c.normalisation for c in constants]),
    }, worst


def predicted(rates: Sequence[FlavioRow], quotients: Sequence[Row]) -> tuple[list[str], list[Row]]:
    """Names of what is predicted, rates first, and each of the quotients once."""
    first: dict[str, Row] = {}
    for row in quotients:
        first.setdefault(row.bin, row)
    return [*(row.id for row in rates), *first], list(first.values())


class Sampler:
    """Predictions of all rows with any of flavio's parameters, cheap: each decay on one set of nodes for all its bins.

    Parameters
    ----------
    rates : bins of the rates, in their units; quotients : rows, each predicted once.
    central : flavio's central parameters, which fix the nodes.
    """

    def __init__(self, rates: Sequence[FlavioRow], quotients: Sequence[Row], central: Parameters) -> None:
        self.rates, self.quotients = rates, quotients
        self._bins = bins(quotients)
        spans: dict[str, set[tuple[float, float]]] = {}
        self._leptons: dict[str, set[str]] = {}
        for row in (*rates, *(found.row for found in self._bins)):
            if row.hadrons != _INCLUSIVE:
                spans.setdefault(row.hadrons, set()).add((row.q2_min, row.q2_max))
                self._leptons.setdefault(row.hadrons, set()).add(row.lepton)
        self._rules = {hadrons: _rule(pairs, central) for hadrons, pairs in spans.items()}
        self._inclusive = {row.id: flavio_rows.sample_rule(row, central) for row in rates if row.hadrons == _INCLUSIVE}

    def __call__(self, par: Parameters) -> NDArray[np.float64]:
        """The rates in their units, then the quotients."""
        values: dict[tuple[str, str], dict[str, NDArray[np.float64]]] = {}
        for hadrons, (nodes, _) in self._rules.items():
            found = components.amplitudes(hadrons, "mu", nodes, par, shifts=False)
            for lepton in self._leptons[hadrons]:
                above = nodes > 4.0 * par["m_" + lepton] ** 2
                mine = components.Amplitudes(*(side[:, :, above] for side in found)).with_lepton(lepton, par)
                made = components.products(hadrons, lepton, nodes[above], par, mine)
                values[hadrons, lepton] = {}
                for name, form in made.items():
                    values[hadrons, lepton][name] = np.zeros(len(nodes))
                    values[hadrons, lepton][name][above] = form[0, 0].real

        def integral(hadrons: str, lepton: str, low: float, high: float, component: str) -> float:
            nodes, weights = self._rules[hadrons]
            inside = (nodes > low) & (nodes < high)
            return float(weights[inside] @ values[hadrons, lepton][component][inside])

        out = []
        for row in self.rates:
            if row.hadrons == _INCLUSIVE:
                nodes, weights = self._inclusive[row.id]
                out.append(
                    sum(
                        w * flavio_rows.differential_rate(row, float(s), par)
                        for s, w in zip(nodes, weights, strict=True)
                    )
                )
            else:
                out.append(integral(row.hadrons, row.lepton, row.q2_min, row.q2_max, RATE) * row.factor)
        for quotient in self.quotients:
            numerator, denominator = (
                term.factor * integral(*decay_parts(term.decay), quotient.q2_min, quotient.q2_max, term.component)
                for term in quotient.terms
            )
            out.append(numerator / denominator)
        return np.array(out)


def _rule(spans: set[tuple[float, float]], par: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights between all edges of some bins: Gauss-Legendre in the logarithm of the distance to a threshold.

    The threshold is that of muons, and below it that of electrons.
    """
    edges = sorted({edge for span in spans for edge in span})
    nodes, weights = [], []
    for low, high in pairwise(edges):
        if not any(first <= low and high <= last for first, last in spans):
            continue
        threshold = max(value for value in (4.0 * par[name] ** 2 for name in ("m_e", "m_mu")) if value < low)
        a, b = np.log(low - threshold), np.log(high - threshold)
        x, w = np.polynomial.legendre.leggauss(_NODES_NEAR_THRESHOLD if b - a > np.log(_WIDE) else _NODES_BETWEEN)
        distance = np.exp((a + b) / 2 + (b - a) / 2 * x)
        nodes.append(threshold + distance)
        weights.append(w * (b - a) / 2 * distance)
    return np.concatenate(nodes), np.concatenate(weights)


def build(samples: int, seed: int, report: Report) -> tuple[dict[str, NDArray[Any]], dict[str, str | int | float]]:
    """The data and the attributes of `component_tables.h5`.

    Parameters
    ----------
    samples, seed : draws of flavio's parameters, the same as those behind `sm_tables.h5` for the same numbers.
    report : called with what is being done and the fraction of it that is done.
    """
    parameters = flavio.default_parameters
    central = parameters.get_central_all()
    quotients = measurements.every_quotient()
    data, rest = forms(central, bins(quotients))
    report("components", 1.0)
    names, unique = predicted(flavio_rows.ROWS, quotients)
    sampler = Sampler(flavio_rows.ROWS, unique, central)
    np.random.seed(seed)  # noqa: NPY002 - flavio draws from numpy's global generator
    draws = parameters.get_random_all(size=samples)
    drawn = np.empty((samples, len(names)))
    for k in range(samples):
        drawn[k] = sampler({name: values[k] for name, values in draws.items()})
        report("covariance of rates and quotients", (k + 1) / samples)
    data |= {
        "predicted": np.array([name.encode() for name in names]),
        "per_rate": np.array([row.factor for row in flavio_rows.ROWS]),
        "theory_covariance": np.asarray(np.cov(drawn, rowvar=False)),
    }
    return data, {
        "monomials": " ".join(components.ALL_MONOMIALS),
        "parameters": "flavio's default parameters at their central values, no running of the added coefficients",
        "largest_term_left_out": rest,
        "theory_samples": samples,
        "theory_seed": seed,
        "description": "components of b -> s l l bins as quadratic forms in C9, C10, CP, C7; q2 in GeV^2",
    }
