"""chi2 row by row against matrices of NumPy, for made up tables and errors."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.fast.direct import LANES, NODES, Counted, evaluate_direct


def test_chi2_of_made_up_rows() -> None:
    rng = np.random.default_rng(3)
    bundles, electrons, muons = 2, 3, 4
    weights = rng.normal(size=(bundles, NODES, LANES))
    factors = [rng.normal(size=(bundles, k, LANES)) for k in (2, 5)]
    tables = [rng.normal(size=(k, n, NODES)) for k, n in ((2, electrons), (5, muons))]
    sm = rng.uniform(30, 40, electrons + muons)
    triangles = [np.tril(rng.normal(size=(n, n))) for n in (2, 0, 3)]
    directions = rng.normal(size=(5, 4)) * 0.01
    counted = Counted(
        numerator=np.array([0, 3, 4, 5, 1]),
        denominator=np.array([-1, -1, 6, 6, 6]),
        factor=rng.uniform(1, 2, 5),
        measured=rng.normal(size=5),
        start=np.array([0, 2, 2, 5]),
        whitening=np.concatenate([triangle.T.ravel() for triangle in triangles]),
        directions=directions,
    )
    found = np.empty((bundles, LANES))
    work = np.empty((3, LANES * 7))
    evaluate_direct(weights, factors[0], tables[0], factors[1], tables[1], sm, counted, work, found)
    forms = sm[:, None, None] + np.concatenate(
        [np.einsum("kfn,bni,bki->fbi", t, weights, f) for t, f in zip(tables, factors, strict=True)]
    )
    below = np.where(counted.denominator[:, None, None] < 0, 1.0, forms[6])
    residuals = counted.factor[:, None, None] * forms[counted.numerator] / below - counted.measured[:, None, None]
    pulls = np.concatenate([np.tensordot(triangles[0], residuals[:2], 1), np.tensordot(triangles[2], residuals[2:], 1)])
    expected = (pulls**2).sum(axis=0) - (np.tensordot(directions.T, residuals, 1) ** 2).sum(axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-11)  # rounding alone
