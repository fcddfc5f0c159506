"""chi2 of given residuals (rows: test_rows_assembly.py; tables beyond the law: tests/evaluation/test_broad.py)."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.kernels.reference.rows import chi2


@pytest.mark.parametrize("zeros", ["none", "above the diagonal", "off the diagonal"])
def test_chi2_is_the_square_of_the_whitened_residuals(zeros: str) -> None:
    rng = np.random.default_rng(4)
    whitening, residuals = rng.normal(size=(5, 7)), rng.normal(size=(7, 40))
    if zeros != "none":
        whitening = np.tril(whitening) if zeros.startswith("above") else np.eye(5, 7, 2) * whitening
    expected = ((whitening @ residuals) ** 2).sum(axis=0)
    np.testing.assert_allclose(chi2(whitening, residuals), expected, rtol=EXACT_ALGEBRA)
