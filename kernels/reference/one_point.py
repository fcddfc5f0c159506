"""chi2 at one point after the other of one mass, for minimisers: what depends on the mass alone is made once.

Minimisers ask for one point at a time, where arrays of one number cost ten times as much. Here the
tables of the rows are multiplied by the whitening beforehand, and a point is some numbers and one product of a matrix
with a vector. The formulas are those of points.py and rows.py.
"""

from __future__ import annotations

from operator import mul

import numpy as np

from zdscan.kernels.physics.bsll import linear_products, quadratic_products
from zdscan.kernels.physics.couplings import V_E
from zdscan.kernels.physics.widths import CLOSED
from zdscan.kernels.reference.points import channel_terms
from zdscan.kernels.reference.rows import Rows
from zdscan.kernels.tables import mass as _mass


class Chi2AtMass:
    """chi2 of single points where the small-width law holds.

    Parameters
    ----------
    mass_tables : of one mass; matrix : float64[18, 3], couplings per unit of (eps, eps_z, g_mu).
    rows : the rows; measured : float64[rows]; whitening : float64[W, rows].
    """

    def __init__(
        self, mass_tables: np.ndarray, matrix: np.ndarray, rows: Rows, measured: np.ndarray, whitening: np.ndarray
    ) -> None:
        tables = _mass.row_tables(mass_tables, len(rows.sm))
        self._header: list[float] = mass_tables[: _mass.HEADER].tolist()
        vertex = mass_tables[_mass.MONOPOLE : _mass.MONOPOLE + 9].reshape(3, 3)
        self._forms: list[list[float]] = np.concatenate([matrix, vertex]).tolist()
        self._couplings = len(matrix)
        self._limit = float(tables[:, -1].min(initial=np.inf))
        self._offset = whitening @ (rows.sm - measured)
        of_lepton = (rows.lepton == 0, rows.lepton == 1)
        self._pulls = np.hstack([whitening[:, mine] @ tables[mine, :-1] for mine in of_lepton])

    def __call__(self, eps: float, eps_z: float, g_mu: float) -> float:
        """Return chi2 at a point, NaN where its width lies beyond the small-width law of any row."""
        pulls = self.pulls(eps, eps_z, g_mu)
        return np.nan if pulls is None else float(pulls @ pulls)

    def pulls(self, eps: float, eps_z: float, g_mu: float) -> np.ndarray | None:
        """Return whitening (row - measured) at a point, float64[W]; None beyond the small-width law of any row."""
        forms = [a * eps + b * eps_z + c * g_mu for a, b, c in self._forms]
        couplings, vertex = forms[: self._couplings], forms[self._couplings :]
        width, others = self._header[_mass.INVISIBLE], 1.0 + self._header[_mass.INVISIBLE_SHARE]
        for terms in channel_terms(self._header, couplings):
            width += others * max(sum(factor * product for factor, product in terms), 0.0)
        if width > self._limit:
            return None
        width, inverse = (width, 1.0 / width) if width >= CLOSED else (0.0, 0.0)
        factors: list[float] = []
        for lepton in range(2):
            own = couplings[V_E + 2 * lepton], couplings[V_E + 2 * lepton + 1], *vertex
            linear = linear_products(*own, times=mul)
            quadratic = quadratic_products(*own, times=mul, times_squares=mul)
            factors += [*linear, *(width * x for x in linear), *(inverse * x for x in quadratic), *quadratic]
        pulls: np.ndarray = self._offset + self._pulls @ np.array(factors)
        return pulls
