"""Lists of clauses and rows as kernels read them, and bands that several threads fill."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zdscan.evaluation.direct import clause_list, row_list
from zdscan.evaluation.engine import build_physics
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.cases import CASES


def test_clauses_that_apply_alone() -> None:
    """Sides without a limit have the inverse bound 0; terms are the coefficients that are not zero."""
    packed = np.zeros((3, _clauses.LENGTH))
    packed[[0, 2], _clauses.APPLIES] = 1.0
    packed[:, _clauses.UP], packed[:, _clauses.DOWN] = 4.0, math.inf
    packed[2, _clauses.DOWN] = 0.5
    packed[0, _clauses.POLYNOMIAL + 7] = 3.0
    packed[2, [_clauses.POLYNOMIAL, _clauses.POLYNOMIAL + 7]] = 5.0, 6.0
    found = clause_list(packed)
    np.testing.assert_array_equal(found.numbers[:, [_clauses.UP, _clauses.DOWN]], [[0.25, 0.0], [0.25, -2.0]])
    np.testing.assert_array_equal(found.used, _clauses.EXPONENTS[[0, 7]])
    assert (found.end.tolist(), found.term.tolist(), found.value.tolist()) == ([1, 3], [1, 0, 1], [3.0, 5.0, 6.0])


def test_rows_of_uncoupled_leptons_have_no_terms() -> None:
    physics = build_physics(CASES["C"], theory="paper", measurements="rashed2024-corrected", constraints=())
    tables, rows = physics.mass_tables(0.2), physics.likelihood
    vertex = tables[_mass.MONOPOLE : _mass.MONOPOLE + 9].reshape(3, 3)
    found = row_list(_mass.row_tables(tables, len(rows.rates)), physics.matrix_at(0.2), vertex, rows)
    terms = np.diff(found.end, prepend=0)
    assert found.couples.tolist() == [0, 1]
    assert not terms[rows.lepton == 0].any()
    assert terms[rows.lepton == 1].all()


def test_threads_share_bands() -> None:
    physics = build_physics(CASES["C"], theory="complete", measurements="rashed2024-corrected", constraints=())
    axes = (np.array([1e-3]), np.array([1e-2]), np.geomspace(1e-3, 1.0, 40))
    tables = physics.mass_tables(0.7)

    def run(workspace: object) -> bytes:
        out = np.empty((40, 26), dtype=np.float32)
        workspace.fill_direct(axes, 0, {"predictions": out})  # type: ignore[attr-defined]
        return out.tobytes()

    alone, shared = run(physics.workspace(tables, axes)), physics.workspace(tables, axes)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, [shared] * 8)) == {alone}
