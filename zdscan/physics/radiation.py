"""Rates of decays that radiate a Z_D: K, pi, W -> l nu Z_D and Z -> mu mu Z_D. docs/constraints-charged.md.

Gamma(with Z_D)/Gamma(without) = g^T I(M) g in the couplings g of `Decay.couplings`. The three-body integrals I of
kernels/physics are interpolated: divided by their powers of M and by their behaviour at threshold they are smooth in
ln M, and 40 Chebyshev nodes give 1e-11. The table (`zdscan/inputs/data/radiation.h5`) is made by `zdscan calibrate`.
Outside its ranges, and for other constants than those it was made with, the integrals are done on the spot.

What radiates follows the setting `emission`: the muon alone ("lepton"), or also the neutrino, the meson with its
contact term, and the W ("complete"). The latter come from the rows g_numu, v_q, a_q and gWW of the coupling matrix: a
direct muon coupling, which has none of them, stays on the muon. `ratio` puts both together, as a polynomial.
Electrons have the complete sum in either case: that of the electron alone would not be helicity suppressed, which no
analysis ever took for a rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import constants, tables
from zdscan.inputs.constants import Constants
from zdscan.kernels.physics.electroweak import w_factors, z_factors
from zdscan.kernels.physics.meson_leptonic import meson_factors
from zdscan.physics.cases import COUPLINGS
from zdscan.physics.clause import Model
from zdscan.physics.parameters import PARAMETERS
from zdscan.physics.polynomial import Polynomial

Array = NDArray[np.float64]

NODES = 40
_DEGREES = np.arange(NODES)
LOWEST, HIGHEST = 0.01, 2.0  # GeV
# What the table was made with: another value of one of these, and it is not used.
CONSTANTS = ("m_e", "m_mu", "m_Kplus", "m_piplus", "MW", "MZ", "sin2_theta_w", "T_mu_split_pi_mu_nu_X")


@dataclass(frozen=True)
class Decay:
    """A decay that radiates, and its integrals I.

    Attributes
    ----------
    couplings : names of g. Where the current is not conserved is in the first ones alone, differences that vanish for
        conserved currents: their amplitudes grow as 1/M, and no 1/M^2 cancels between entries of I.
    of_kernel : float64[g, c], g in terms of the couplings c of the kernel; integers.
    growing : how many amplitudes grow as 1/M.
    factors : (constants, mass, fine, basis) -> I, by quadrature: for the couplings of the kernel where basis is None,
        else for g with c = basis @ g.
    lepton : the suffix of its couplings in the matrix, "mu" or "e".
    down : the suffix of the meson's down-type quark; "" for W and Z.
    """

    couplings: tuple[str, ...]
    of_kernel: Array
    growing: int
    factors: Callable[[Constants, float, bool, Array | None], NDArray[Any]]
    lepton: Literal["mu", "e"] = "mu"
    down: str = ""

    def integrals(self, c: Constants, mass: float, fine: bool = False) -> NDArray[Any]:
        """I at a mass in GeV, by quadrature; `fine` as in kernels/physics/threebody.py."""
        back = np.rint(np.linalg.inv(self.of_kernel))
        if self.lepton == "e" and self.down:
            # Amplitudes cancel by (m_P/M)(m_P/m_e), so they are turned before the square; and the light electron needs
            # the finer panels.
            precise = self.factors(c, mass, True, back)
            return precise if fine else precise.astype(np.float64)
        found: NDArray[Any] = back.T @ self.factors(c, mass, fine, None) @ back
        return found

    @cached_property
    def growth(self) -> NDArray[np.int64]:
        """Powers of 1/M as which entries of I grow: int64[g, g], 0, 1 or 2."""
        of_amplitude = (np.arange(len(self.couplings)) < self.growing).astype(np.int64)
        return of_amplitude[:, None] + of_amplitude


def _w(lepton: Literal["mu", "e"]) -> Decay:
    def factors(c: Constants, mass: float, fine: bool, basis: Array | None) -> NDArray[Any]:
        return w_factors(c["MW"], c[f"m_{lepton}"], mass, fine)

    of_kernel = np.array([[-1, 0, 1, -1], [-1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=np.float64)
    return Decay(("gn-gL-gW", "gR-gL", "gL", "gW"), of_kernel, 2, factors, lepton)  # of gL, gR, gn, gW


def _z(c: Constants, mass: float, fine: bool, basis: Array | None) -> NDArray[Any]:
    s2 = c["sin2_theta_w"]
    vv, aa, va = z_factors(c["MZ"], c["m_mu"], mass, s2 - 0.5, s2, fine)
    return np.array([[aa, 0.5 * va], [0.5 * va, vv]])


def kinetic_range(c: Constants, decay: str) -> tuple[float, float]:
    """The muon's kinetic energies (GeV) in the parent's rest frame that count in a decay of a meson."""
    split = c["T_mu_split_pi_mu_nu_X"]
    return {"pi_fast": (split, math.inf), "pi_slow": (0.0, split)}.get(decay, (0.0, math.inf))


def _meson(decay: str, parent: str, down: str, lepton: Literal["mu", "e"] = "mu") -> Decay:
    def factors(c: Constants, mass: float, fine: bool, basis: Array | None) -> NDArray[Any]:
        m_lepton, energies = c[f"m_{lepton}"], kinetic_range(c, decay)
        return meson_factors(c[parent], m_lepton, c["m_mu"], mass, *energies, fine, basis)

    # of gL, gR, gn, gf, gC
    of_kernel = np.array(
        [[-1, 0, 1, 0, -1], [-1, 1, 0, 0, 0], [0, 0, 0, 1, -1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=np.float64
    )
    return Decay(("gn-gL-gC", "gR-gL", "gf-gC", "gL", "gC"), of_kernel, 3, factors, lepton, down)


DECAYS: Mapping[str, Decay] = {
    "W": _w("mu"),
    "W_e": _w("e"),
    "Z": Decay(("a", "v"), np.eye(2), 1, _z),
    "K": _meson("K", "m_Kplus", "s"),
    "K_e": _meson("K_e", "m_Kplus", "s", "e"),
    "pi_fast": _meson("pi_fast", "m_piplus", "d"),
    "pi_slow": _meson("pi_slow", "m_piplus", "d"),
    "pi_e": _meson("pi_e", "m_piplus", "d", "e"),
}


@dataclass(frozen=True)
class Stretch:
    """A range of masses, in GeV, in which I is interpolated.

    end, power : the rate goes as (end - M)^power near its end; power 0 where that is far.
    """

    decay: str
    low: float
    high: float
    end: float = math.inf
    power: float = 0.0

    @property
    def name(self) -> str:
        """The name of this stretch's coefficients in the table."""
        return f"{self.decay}/{self.low:.4f}"

    def nodes(self) -> Array:
        """The masses at which I is tabulated: float64[NODES]."""
        x = np.cos(np.pi * (_DEGREES + 0.5) / NODES)
        found: Array = np.sqrt(self.low * self.high) * (self.high / self.low) ** (0.5 * x)
        return found

    def coefficients(self, c: Constants) -> Array:
        """Chebyshev coefficients in ln M of I without its growth and threshold: float64[NODES, g, g]."""
        decay = DECAYS[self.decay]
        values = [
            decay.integrals(c, m, fine=True) * m**decay.growth / self._threshold(m) for m in self.nodes().tolist()
        ]
        rule = np.cos(np.pi / NODES * np.outer(_DEGREES, _DEGREES + 0.5)) * (2.0 / NODES)
        rule[0] *= 0.5
        found: Array = np.tensordot(rule, np.array(values, dtype=np.float64), 1)
        return found

    def spread(self, coefficients: Array) -> Array:
        """`coefficients` sorted by how their entry of I grows, as 1, 1/M and 1/M^2: float64[3 NODES, g, g]."""
        growth = DECAYS[self.decay].growth
        return np.concatenate([np.where(growth == power, coefficients, 0.0) for power in range(3)])

    def weights(self, mass: float) -> Array:
        """The factors of the coefficients of `spread` whose sum is I at a mass: float64[3 NODES]."""
        x = math.log(mass * mass / (self.low * self.high)) / math.log(self.high / self.low)
        scale = self._threshold(mass)
        growth = np.array([[scale], [scale / mass], [scale / (mass * mass)]])
        found: Array = (growth * np.cos(_DEGREES * math.acos(min(max(x, -1.0), 1.0)))).ravel()
        return found

    def _threshold(self, mass: float) -> float:
        return (self.end - mass) ** self.power if self.power else 1.0


def stretches(c: Constants) -> tuple[Stretch, ...]:
    """All stretches of all decays. Three-body rates with a massless neutrino go as (end - M)^(7/2) near threshold."""
    m_mu, m_pi, split = c["m_mu"], c["m_piplus"], c["T_mu_split_pi_mu_nu_X"]
    kaon, pion = c["m_Kplus"] - m_mu, m_pi - m_mu
    both = math.sqrt(pion * pion - 2.0 * m_pi * split)  # above, no muon is fast
    return (
        Stretch("W", LOWEST, HIGHEST),
        Stretch("Z", LOWEST, HIGHEST),
        # Nearer to the end, small differences of large coefficients would lose digits.
        Stretch("K", LOWEST, kaon - 1e-3, kaon, 3.5),
        Stretch("pi_fast", LOWEST, both - 1e-4, both, 2.0),
        Stretch("pi_slow", LOWEST, both),
        Stretch("pi_slow", both, pion - 1e-4, pion, 3.5),
        Stretch("W_e", LOWEST, HIGHEST),
        # The two thresholds m_P -+ m_e lie so close that beyond this the rule would need more nodes.
        Stretch("K_e", LOWEST, 0.5 * c["m_Kplus"]),
        Stretch("pi_e", LOWEST, 0.5 * c["m_piplus"]),
    )


@cache
def table() -> Mapping[str, list[tuple[Stretch, Array]]]:
    """Stretches and `spread` coefficients by decay; empty where the file was made with other constants."""
    c, data = constants.load(), tables.arrays(tables.RADIATION)
    if data["constants"].tolist() != [c[name] for name in CONSTANTS]:
        return {}
    found: dict[str, list[tuple[Stretch, Array]]] = {}
    for stretch in stretches(c):
        found.setdefault(stretch.decay, []).append((stretch, stretch.spread(data[stretch.name])))
    return found


@lru_cache(maxsize=64)
def _couplings(model: Model, decay: str) -> Array:
    """The couplings g of a decay, a key of `DECAYS`, per unit of eps, eps_z, g_mu: float64[g, 3]."""
    rows: dict[str, Array] = dict(zip(COUPLINGS, model.matrix, strict=True))
    lepton, down = DECAYS[decay].lepton, DECAYS[decay].down
    complete = model.emission == "complete" or lepton == "e"
    nothing = np.zeros(len(PARAMETERS))
    v, a = rows[f"v_{lepton}"], rows[f"a_{lepton}"]
    of_kernel = [v + a, v - a, rows[f"g_nu{lepton}"] if complete else nothing]
    if decay == "Z":
        of_kernel = [a, v]
    elif not down:
        of_kernel.append(rows["gWW"] if complete else nothing)
    elif complete:
        charge = rows["v_u"] - rows[f"v_{down}"]
        of_kernel += [charge, charge - (rows["a_u"] - rows[f"a_{down}"])]
    else:
        of_kernel += [nothing, nothing]
    found: Array = DECAYS[decay].of_kernel @ np.array(of_kernel)
    return found


@lru_cache(maxsize=64)
def _interpolated(model: Model, decay: str) -> list[tuple[Stretch, Array]]:
    """The stretches of a decay, each with the coefficients of the form in eps, eps_z, g_mu: float64[3 NODES, 9]."""
    couplings = _couplings(model, decay)
    return [
        (stretch, (couplings.T @ coefficients @ couplings).reshape(-1, len(PARAMETERS) ** 2))
        for stretch, coefficients in table().get(decay, ())
    ]


def ratio(model: Model, mass: float, decay: str) -> Polynomial:
    """Gamma(with a Z_D)/Gamma(without) of a decay; of a meson to an electron over that to mu nu, without.

    Parameters
    ----------
    mass : of the Z_D, GeV.
    decay : "K" -> mu nu; "pi_fast" and "pi_slow", the part of pi -> mu nu with a muon of more and of less kinetic
        energy than T_mu_split_pi_mu_nu_X, over the whole rate without; "W" -> mu nu; "Z" -> mu mu, real emission alone;
        "K_e", "pi_e", "W_e" -> e nu.
    """
    for stretch, coefficients in _interpolated(model, decay):
        if stretch.low <= mass <= stretch.high:
            return Polynomial.quadratic((stretch.weights(mass) @ coefficients).tolist())
    couplings = _couplings(model, decay)
    form = couplings.T @ DECAYS[decay].integrals(model.constants, mass) @ couplings
    return Polynomial.quadratic(form.ravel().tolist())


def threshold(model: Model, parent: str) -> float:
    """The mass (GeV) above which P -> mu nu Z_D is closed, for a parent of this name in the constants."""
    return model.constants[parent] - model.constants["m_mu"]
