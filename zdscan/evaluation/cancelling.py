"""Points at which the terms of the total width cancel, so that the grid's polynomial of it is rounding alone.

The grid adds the width up from the monomials of the shifted couplings (a, b, u). The reference squares couplings, and a
coupling that vanishes there is 0; here what is left of its terms is as often below zero as above, and decides limits on
branching ratios. It takes a width that some direction of the couplings does not feel, such as that of one channel
alone: a quadratic form without full rank, which few cases have at few masses. Only there are points looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.kernels.fast.evaluate import Expansion

CANCELLED = 1e-12  # of the sum of its terms, below which a width is rounding
RANK = 1e-9  # of the largest possible, 1: a least eigenvalue above leaves at least a third of this of the terms


@dataclass(frozen=True)
class CancellingWidth:
    """The total width of one mass as the grid has it, over 1, a^2, ab, b^2, au, bu, u^2 with u = t + shift (a, b).

    Attributes
    ----------
    width : float64[7], GeV; roles : int64[3], which of the parameters is a, b, t; shift : float64[2].
    """

    width: NDArray[np.float64]
    roles: NDArray[np.int64]
    shift: NDArray[np.float64]

    @classmethod
    def of(cls, expansion: Expansion) -> CancellingWidth | None:
        """The width of an expansion; None where its terms cannot cancel."""
        _, aa, ab, bb, au, bu, uu = expansion.width.tolist()
        form = np.array([[aa, 0.5 * ab, 0.5 * au], [0.5 * ab, bb, 0.5 * bu], [0.5 * au, 0.5 * bu, uu]])
        felt = np.flatnonzero(np.diag(form) > 0.0)
        scale = np.sqrt(np.diag(form)[felt])
        if not felt.size or np.linalg.eigvalsh(form[np.ix_(felt, felt)] / np.outer(scale, scale))[0] > RANK:
            return None
        return cls(expansion.width, expansion.roles, expansion.shift)

    def places(self, parameters: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which of the points with these parameters float64[3, n] have terms that cancel."""
        a, b, t = parameters[self.roles]
        u = t + self.shift[0] * a + self.shift[1] * b
        terms = self.width[:, None] * [np.ones_like(a), a * a, a * b, b * b, a * u, b * u, u * u]
        return np.flatnonzero(terms.sum(axis=0) < CANCELLED * np.abs(terms).sum(axis=0))
