"""Rates of K, pi, W -> mu nu Z_D and Z -> mu mu Z_D as polynomials. docs/constraints-charged.md.

What radiates follows the setting `emission`: the muon alone ("lepton"), or also the neutrino, the meson with its
contact term, and the W ("complete"). The latter come from the rows g_numu, v_q, a_q and gWW of the coupling matrix: a
direct muon coupling, which has none of them, stays on the muon.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zdscan.physics import radiation
from zdscan.physics.cases import COUPLINGS
from zdscan.physics.clause import Theory
from zdscan.physics.parameters import PARAMETERS
from zdscan.physics.polynomial import Polynomial

_DOWN_QUARK = {"K": "s", "pi_fast": "d", "pi_slow": "d"}
Array = NDArray[np.float64]


@lru_cache(maxsize=64)
def _couplings(theory: Theory, decay: str) -> Array:
    """Couplings of a key of `radiation.DECAYS` per unit of eps, eps_z, g_mu: float64[g, 3]."""
    rows: dict[str, Array] = dict(zip(COUPLINGS, theory.matrix, strict=True))
    complete = theory.emission == "complete"
    nothing = np.zeros(len(PARAMETERS))
    of_kernel = [rows["v_mu"] + rows["a_mu"], rows["v_mu"] - rows["a_mu"], rows["g_numu"] if complete else nothing]
    if decay == "Z":
        of_kernel = [rows["a_mu"], rows["v_mu"]]
    elif decay == "W":
        of_kernel.append(rows["gWW"] if complete else nothing)
    elif complete:
        down = _DOWN_QUARK[decay]
        charge = rows["v_u"] - rows[f"v_{down}"]
        of_kernel += [charge, charge - (rows["a_u"] - rows[f"a_{down}"])]
    else:
        of_kernel += [nothing, nothing]
    found: Array = radiation.DECAYS[decay].of_kernel @ np.array(of_kernel)
    return found


@lru_cache(maxsize=64)
def _interpolated(theory: Theory, decay: str) -> list[tuple[radiation.Stretch, Array]]:
    """The stretches of a decay, and coefficients of the form in eps, eps_z, g_mu: float64[3 NODES, 9]."""
    couplings = _couplings(theory, decay)
    return [
        (stretch, (couplings.T @ coefficients @ couplings).reshape(-1, len(PARAMETERS) ** 2))
        for stretch, coefficients in radiation.table().get(decay, ())
    ]


def ratio(theory: Theory, mass: float, decay: str) -> Polynomial:
    """Gamma(with a Z_D)/Gamma(without) of a decay.

    Parameters
    ----------
    mass : of the Z_D, GeV.
    decay : "K" -> mu nu; "pi_fast" and "pi_slow", the part of pi -> mu nu with a muon of more and of less kinetic
        energy than T_mu_split_pi_mu_nu_X, over the whole rate without; "W" -> mu nu; "Z" -> mu mu, real emission alone.
    """
    for stretch, coefficients in _interpolated(theory, decay):
        if stretch.low <= mass <= stretch.high:
            return Polynomial.quadratic((stretch.weights(mass) @ coefficients).tolist())
    couplings = _couplings(theory, decay)
    form = couplings.T @ radiation.DECAYS[decay].integrals(theory.constants, mass) @ couplings
    return Polynomial.quadratic(form.ravel().tolist())


def threshold(theory: Theory, parent: str) -> float:
    """The mass (GeV) above which P -> mu nu Z_D is closed, for a parent of this name in the constants."""
    return theory.constants[parent] - theory.constants["m_mu"]
