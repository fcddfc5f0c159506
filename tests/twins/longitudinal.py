"""What theory "paper" leaves out of rows: the q_mu q_nu/M^2 term of the propagator, at the pole. docs/rows.md.

On shell a row of theory "complete" is the product of two branching ratios. Without the longitudinal term the vector's
own part of the row is larger by a factor that depends on its couplings to the lepton and on m_l/M alone, up to form
factors: both the product and the term that is missing come from the one longitudinal state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def on_shell_factor(mass: float, v: ArrayLike, a: ArrayLike, m_lepton: float) -> NDArray[np.float64]:
    """A row's on-shell rate without q_mu q_nu/M^2 over the product of branching ratios; 1 where there is no decay.

    1 + 6 r a^2/[v^2 (1 + 2r) + a^2 (1 - 4r)], r = m_l^2/M^2, for B -> K at leading order in M^2/m_B^2; the form factors
    change what exceeds 1 by at most a few per cent below 1 GeV. For transverse vectors, B -> K* and heavy ones, less.

    Parameters
    ----------
    mass, m_lepton : of the vector and of the lepton, GeV.
    v, a : vector and axial coupling of the lepton; numbers or arrays.
    """
    v2, a2 = np.square(np.asarray(v, dtype=np.float64)), np.square(np.asarray(a, dtype=np.float64))
    r = (m_lepton / mass) ** 2
    if 4.0 * r >= 1.0:
        return np.ones(np.broadcast_shapes(v2.shape, a2.shape))
    decay = v2 * (1.0 + 2.0 * r) + a2 * (1.0 - 4.0 * r)
    coupled = decay > 0.0
    return np.where(coupled, 1.0 + 6.0 * r * a2 / np.where(coupled, decay, 1.0), 1.0)
