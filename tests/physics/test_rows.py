"""The likelihood of the rows against its definition: chi2 = r^T covariance^-1 r with errors added up here again."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from zdscan.errors import UserError
from zdscan.inputs import component_tables, measurements, tables
from zdscan.inputs.measurement_records import Row
from zdscan.physics import rows
from zdscan.physics.rows import build

SET = "rashed2024-corrected"
TREATMENTS = ("table", "flavio", "flavio-covariance")


def covariance_of(errors: str, theory_errors: str) -> np.ndarray:
    """Experimental variances and the theory covariance, by name."""
    data, sm_tables = measurements.load(SET), tables.load()
    correlated = sm_tables.covariances[0][1][:26, :26]
    theory = {
        "table": np.diag(data.sm_table_error**2),
        "flavio": np.diag(np.diag(correlated)),
        "flavio-covariance": correlated,
    }
    return np.diag(data.sigma(errors, sm_tables.sm[:26]) ** 2) + theory[theory_errors]


@pytest.mark.parametrize("errors", ["symmetrised", "facing", "stat-facing"])
@pytest.mark.parametrize("theory_errors", TREATMENTS)
def test_chi2_against_the_inverse_covariance(errors: str, theory_errors: str) -> None:
    likelihood, covariance = build(SET, errors, theory_errors), covariance_of(errors, theory_errors)
    np.testing.assert_allclose(likelihood.sigma**2, np.diag(covariance), rtol=1e-13)
    muon = likelihood.data.muon
    rng = np.random.default_rng(6)
    for _ in range(5):
        predictions = likelihood.sm + likelihood.sigma * rng.normal(size=26)
        residual = predictions - likelihood.data.values
        found = likelihood.chi2(predictions)
        assert found["all"] == pytest.approx(residual @ np.linalg.solve(covariance, residual), rel=1e-10)
        of_muons = residual[muon] @ np.linalg.solve(covariance[np.ix_(muon, muon)], residual[muon])
        assert found["muon"] == pytest.approx(of_muons, rel=1e-10)
    assert likelihood.chi2(likelihood.data.values) == {"all": 0.0, "muon": 0.0}


@pytest.mark.parametrize("theory_errors", TREATMENTS)
def test_whitening_is_triangular_and_makes_the_covariance_one(theory_errors: str) -> None:
    likelihood, covariance = build(SET, "facing", theory_errors), covariance_of("facing", theory_errors)
    for whitening in (likelihood.whitening, likelihood.whitening_muon):
        np.testing.assert_allclose(whitening @ covariance @ whitening.T, np.eye(len(whitening)), atol=1e-11)
    assert not np.triu(likelihood.whitening, 1).any()
    correlated = bool(np.tril(likelihood.whitening, -1).any())
    assert correlated == (theory_errors == "flavio-covariance")
    assert likelihood.whitening_muon.shape == (int(likelihood.lepton.sum()), 26)
    assert not likelihood.whitening_muon[:, ~likelihood.data.muon].any()


def test_panels_of_a_row_lie_together() -> None:
    likelihood = build(SET, "facing", "table")
    panel_row = likelihood.sm_tables.panel_row
    assert likelihood.row_start[[0, -1]].tolist() == [0, len(panel_row)]
    for row in range(26):
        mine = slice(likelihood.row_start[row], likelihood.row_start[row + 1])
        assert np.all(panel_row[mine] == row)
        assert likelihood.sm_tables.panel_lo[mine][0] == pytest.approx(likelihood.data.q2_min[row])
        assert likelihood.sm_tables.panel_hi[mine][-1] == pytest.approx(likelihood.data.q2_max[row])


def test_unknown_names_and_other_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no treatment of theory errors 'flavo'"):
        build(SET, "facing", "flavo")
    with pytest.raises(UserError, match=r"theory_errors cannot be 'table' with the measurements 'latest'"):
        build("latest", "facing", "table")
    with pytest.raises(UserError, match="no data set"):
        build("nothing", "facing", "table")
    with pytest.raises(UserError, match="no error treatment"):
        build(SET, "forward", "table")

    fewer = dataclasses.replace(tables.load(), row_id=tables.load().row_id[:-1])
    lacking = next(
        name for name, group in measurements.row_groups().items() if group.rows[-1].bin == tables.load().row_id[-1]
    )
    monkeypatch.setattr(rows.tables, "load", lambda: fewer)
    with pytest.raises(UserError, match=r"do not have the row \S+: run `zdscan calibrate`"):
        build(lacking, "facing", "auto")


def test_the_old_rows_are_the_tables_as_they_stand() -> None:
    """Same bits: no unit is changed, nothing is computed."""
    likelihood, whole = build(SET, "facing", "table"), tables.load()
    mine = whole.panel_row < 26
    chosen = likelihood.sm_tables
    for name in ("panel_row", "panel_lo", "panel_hi", "nodes", "coefficients"):
        assert getattr(chosen, name).tobytes() == getattr(whole, name)[mine].tobytes(), name
    for name in ("lepton_mass", "normalisation", "cp_factor", "sm", "sm_flavio"):
        assert getattr(chosen, name).tobytes() == getattr(whole, name)[:26].tobytes(), name
    assert np.array_equal(chosen.theory_covariance, whole.covariances[0][1][:26, :26])
    assert chosen.theory_samples == 1000


def test_rows_of_one_bin_in_two_units() -> None:
    """LHCb and CMS measured the same bins; Table 1 gives the first of them in a unit ten times larger."""
    new, old = build("latest", "symmetrised", "auto"), build(SET, "symmetrised", "flavio")
    lhcb, cms = (new.data.ids.index(name) for name in ("B+->K+mumu_1.1_2", "B+->K+mumu_1.1_2_cms"))
    r = old.data.ids.index("B+->K+mumu_1.1_2")
    theory, whole = new.sm_tables.theory_covariance, tables.load()
    its = slice(*old.row_start[[r, r + 1]])
    for k in (lhcb, cms):
        assert new.sm[k] == pytest.approx(10.0 * old.sm[r], rel=1e-14)
        mine = slice(*new.row_start[[k, k + 1]])
        np.testing.assert_allclose(new.functions[mine], 10.0 * old.functions[its], rtol=1e-13)
        row = whole.row_id.index("B+->K+mumu_1.1_2")
        assert theory[k, lhcb] == pytest.approx(100.0 * whole.theory_covariance[row, row], rel=1e-13)


@pytest.mark.parametrize("errors", ["symmetrised", "facing", "stat-facing"])
@pytest.mark.parametrize("names", ["latest", ("latest", "electrons"), "narrow"])
def test_chi2_of_correlated_measurements(names: str | tuple[str, ...], errors: str) -> None:
    """Against the inverse of a covariance that is put together group by group from the data files."""
    likelihood = build(names, errors, "auto")
    units = [row.per_rate for row in likelihood.data.rows]
    theory = component_tables.load().covariance([row.bin for row in likelihood.data.rows], units)  # 1000 samples
    covariance = theory + np.diag(likelihood.data.sigma(errors, likelihood.sm) ** 2)
    first = 0
    for group in (g for g in measurements.row_groups().values() if g.rows[0].id in likelihood.data.ids):
        first = likelihood.data.ids.index(group.rows[0].id)
        for source, matrix in group.correlations.items():
            for i, j in itertools.permutations(range(len(group.rows)), 2):
                sizes = [size(group.rows[k], source, errors, likelihood.sm[first + k]) for k in (i, j)]
                covariance[first + i, first + j] += matrix[i, j] * sizes[0] * sizes[1]
    residual = likelihood.sm * 0.9 - likelihood.data.values
    expected = residual @ np.linalg.solve(covariance, residual)
    # nearly the same bins of several experiments: a condition number of 1e4 to 1e5
    assert likelihood.chi2(likelihood.sm * 0.9)["all"] == pytest.approx(expected, rel=1e-9)


def size(row: Row, source: int, errors: str, sm: float) -> float:
    """The error of a row of which a source says a correlation, by the definitions of docs/data.md."""
    sources = [row.stat, *row.syst]
    sides = [sum(pair) / 2 if errors == "symmetrised" else pair[0 if sm >= row.value else 1] for pair in sources]
    if errors == "stat-facing":
        return sides[0] if source == 0 and not row.syst else 0.0
    return math.hypot(*sides) if source == 0 else sides[source]


def test_relative_theory_errors_of_rates_and_quotients() -> None:
    """Those of quotients stay; at the Standard Model nothing is changed."""
    names = ("latest", "lfu", "angular")
    fixed, scaled = (build(names, "symmetrised", "auto", errors_at=at) for at in ("sm", "point"))
    for name, value in fixed.chi2(fixed.sm).items():
        assert scaled.chi2(fixed.sm)[name] == pytest.approx(value, rel=1e-8), name
    is_rate = np.array([row.quantity is None for row in fixed.data.rows])
    predictions = np.where(is_rate, 0.7, 1.1) * fixed.sm
    assert fixed.families is not None
    experimental = np.zeros_like(fixed.covariance)
    for mine in fixed.families.rows:
        square = np.ix_(mine, mine)
        experimental[square] = fixed.data.covariance("symmetrised", fixed.sm)[square]
    scale = np.where(is_rate, 0.7, 1.0)
    covariance = experimental + (fixed.covariance - experimental) * np.outer(scale, scale)
    np.testing.assert_allclose(scaled.covariance_at(predictions), covariance, rtol=1e-12)
    residual = predictions - fixed.data.values
    expected = residual @ np.linalg.solve(covariance, residual)
    assert scaled.chi2(predictions)["all"] == pytest.approx(expected, rel=1e-8)
