"""The offline step that writes table_hadronic_R_fine.toml: R of a light vector by current, with nodes where it turns.

Two-body and three-body channels come from the form factors of hazma (fits of arXiv:2201.01788 and its references),
taken current by current as amplitudes, so that interferences have the signs of the couplings. What is in
table_hadronic_R.toml (DeLiVeR and the PDG compilation) beyond them is smooth and is added from its nodes. The final
state pi0 gamma is left out: the width has it in closed form at every mass (kernels/physics/mesons.py).

It needs ``pip install "hazma==2.2.0"``, which no run of zdscan does; then
``python -m zdscan.calibration.hadronic zdscan/inputs/data/table_hadronic_R_fine.toml`` replaces the rows of that file.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import constants, hadronic

Array = NDArray[np.float64]
Response = Callable[[float], Array]  # mass in GeV -> rr, oo, pp, ro, rp, op

UNITS = (
    (0.5, -0.5, 0.0),
    (1 / 6, 1 / 6, 0.0),
    (0.0, 0.0, -1 / 3),
)  # v_u, v_d, v_s of c_rho = 1, c_omega = 1, c_phi = 1
NODES = 60  # of Gauss and Legendre in each of the two variables of a Dalitz plot
BEGIN, END = 0.25, 2.0  # GeV
MESONS_TO, QUARKS_FROM, QUARKS_AT = 1.58, 1.66, 1.74  # GeV: the isoscalar currents pass to quarks in the last interval
QCD = 1.09  # 1 + alpha_s/pi + ... at 1.7 to 2 GeV
# Where the remainder of a column is read off table_hadronic_R.toml, away from narrow peaks; it begins 0.05 GeV below.
REMAINDER = {
    "rr": (0.86, 0.89, 0.92, 0.95, 0.9825, 1.0, 1.02, 1.04, 1.06, 1.08, 1.12, 1.19, 1.29, 1.48, 1.58),
    "oo": (1.12, 1.19, 1.29, 1.48, 1.58, 1.66),
    "pp": (1.29, 1.48, 1.58, 1.66),
    "rp": (1.48, 1.58, 1.66),
}
# Of "PDG minus exclusive channels" at 1.66 GeV, what table_hadronic_R.toml counts as omega and phi: isovector here.
UNASSIGNED = {"oo": 0.0155, "pp": 0.031}
TOLERANCE = 6e-3  # of an interpolated number; the fits themselves are good to 2 to 5%
SMALL = 1e-4  # of R, where the tolerance is absolute
# nodes from which intervals are halved: thresholds, peaks, seams
_EDGES = [
    0.36,
    0.55,
    0.7,
    0.75,
    0.78,
    0.785,
    0.8,
    0.9,
    1.015,
    1.0192,
    1.0195,
    1.025,
    1.05,
    1.12,
    1.29,
    1.42,
    1.48,
    1.87,
]


def _squares(amplitudes: NDArray[np.complex128], weights: Array) -> Array:
    """Re sum w A_i A_j*: float64[3, 3]."""
    out: Array = np.einsum("in,jn,n->ij", amplitudes, amplitudes.conj(), weights).real
    return out


class Channels:
    """R of the channels with a form factor, as matrices by current float64[3, 3] (rho, omega, phi)."""

    def __init__(self) -> None:
        c = constants.load()
        self.pion, self.kaons = c["m_piplus"], {"KK": c["m_Kplus"], "K0K0": c["m_K0"]}
        self._points, self._weights = np.polynomial.legendre.leggauss(NODES)

    @cached_property
    def _factors(self) -> dict[str, Any]:
        from hazma.form_factors import vector

        names = ("PiPi", *self.kaons, "EtaGamma", "PiPiPi0", "Pi0K0K0", "Pi0KpKm", "PiKK0")
        return {name: getattr(vector, f"VectorFormFactor{name}")() for name in names}

    def two_pions(self, mass: float) -> Array:
        """pi+ pi-: the tower of rho mesons, and an omega that mixes with the lowest of them.

        The photon's form factor is F = A (1 + w B)/(1 + w) + F', with A of the lowest rho and B of the omega. The part
        with w B is made by the omega-like current, so that it goes with c_omega.
        """
        from hazma.form_factors.vector._utils import MPI_GEV, breit_wigner_fw, breit_wigner_gs

        velocity2 = 1.0 - 4.0 * self.pion**2 / mass**2
        if velocity2 <= 0.0:
            return np.zeros((3, 3))
        fit = self._factors["PiPi"].fit_data
        shapes = (np.array([mass**2]), fit.masses, fit.widths, MPI_GEV, MPI_GEV, fit.h0, fit.dh, fit.hres)
        rho, *others = fit.coup * breit_wigner_gs(*shapes, reshape=True)[0]
        rho /= 1.0 + fit.omega_weight
        mixing = fit.omega_weight * breit_wigner_fw(mass**2, fit.omega_mass, fit.omega_width)
        amplitudes = np.array([[rho + sum(others)], [rho * mixing], [0.0]])
        return _squares(amplitudes, np.array([velocity2**1.5 / 4.0]))

    def two_kaons(self, mass: float) -> Array:
        """K+ K- and K0 K0bar."""
        out = np.zeros((3, 3))
        for name, kaon in self.kaons.items():
            if mass > 2.0 * kaon:
                amplitudes = [self._factors[name].form_factor(q=np.array([1e3 * mass]), couplings=u) for u in UNITS]
                out += _squares(np.array(amplitudes), np.array([(1.0 - 4.0 * kaon**2 / mass**2) ** 1.5 / 4.0]))
        return out

    def eta_photon(self, mass: float) -> Array:
        """Eta and a photon."""
        factor = self._factors["EtaGamma"]
        eta = 1e-3 * factor.fsp_masses[0]
        if mass <= eta:
            return np.zeros((3, 3))
        amplitudes = [1e3 * factor.form_factor(q=np.array([1e3 * mass]), couplings=u) for u in UNITS]  # it is per MeV
        momentum = (mass**2 - eta**2) / (2.0 * mass)
        return _squares(np.array(amplitudes), np.array([momentum**3 / mass]))

    def three_mesons(self, name: str, mass: float) -> Array:
        """Three pseudoscalars: 3/(64 pi^2 M^2) times the integral of |F|^2 and hazma's Lorentz factor over s and t."""
        factor = self._factors[name]
        m1, m2, m3 = (1e-3 * m for m in factor.fsp_masses)
        if mass <= m1 + m2 + m3:
            return np.zeros((3, 3))
        low, high = (m2 + m3) ** 2, (mass - m1) ** 2
        angle = (self._points + 1.0) * math.pi / 2.0  # the momenta vanish as square roots at both ends of s
        s = low + (high - low) * (1.0 - np.cos(angle)) / 2.0
        outer = self._weights * math.pi / 4.0 * (high - low) * np.sin(angle)
        energy3, energy1 = (s - m2**2 + m3**2) / (2.0 * np.sqrt(s)), (mass**2 - s - m1**2) / (2.0 * np.sqrt(s))
        product = 2.0 * np.sqrt(np.maximum((energy3**2 - m3**2) * (energy1**2 - m1**2), 0.0))
        t = m1**2 + m3**2 + 2.0 * (energy1 * energy3)[:, None] - product[:, None] * self._points
        s = np.broadcast_to(s[:, None], t.shape)
        lorentz = 1e-12 * factor.squared_lorentz_structure(1e3 * mass, 1e6 * s.ravel(), 1e6 * t.ravel())
        weights = (outer[:, None] * product[:, None] * self._weights).ravel() * lorentz
        if name == "PiPiPi0":
            u = mass**2 + m1**2 + m2**2 + m3**2 - s - t
            three_pions = factor._VectorFormFactorPiPiPi0__form_factor
            parts = [np.broadcast_to(three_pions(mass**2, s, t, u, unit), t.shape) for unit in UNITS]
        else:
            parts = [factor._form_factor(mass, s, t, unit) for unit in UNITS]
        amplitudes = np.array([part.ravel() for part in parts])
        return 3.0 / (64.0 * math.pi**2 * mass**2) * _squares(amplitudes, weights)

    def columns(self, mass: float) -> Array:
        """rr, oo, pp, ro, rp, op of all of them."""
        r = self.two_pions(mass) + self.two_kaons(mass) + self.eta_photon(mass)
        for name in ("PiPiPi0", "Pi0K0K0", "Pi0KpKm", "PiKK0"):
            r = r + self.three_mesons(name, mass)
        return np.array([r[0, 0], r[1, 1], r[2, 2], 2.0 * r[0, 1], 2.0 * r[0, 2], 2.0 * r[1, 2]])


def response() -> Response:
    """R of everything but pi0 gamma."""
    from scipy.interpolate import PchipInterpolator

    channels, coarse = Channels(), hadronic.table()
    place = {name: k for k, name in enumerate(hadronic.CURRENTS)}
    total = coarse[:, 1:].sum(axis=1)

    def over(name: str, node: float) -> float:
        """What the coarse table has beyond the channels; it has the mixing of rho and omega in rr."""
        beyond = coarse[np.flatnonzero(coarse[:, 0] == node)[0], 1:] - channels.columns(node)
        value = float(beyond[place[name]] + (beyond[place["ro"]] if name == "rr" else 0.0))
        value -= UNASSIGNED.get(name, 0.0) if node == QUARKS_FROM else 0.0
        return value if name == "rp" else max(value, 0.0)

    def smooth(name: str) -> Callable[[float], float]:
        nodes = REMAINDER[name]
        begin, end = nodes[0] - 0.05, nodes[-1]
        spline = PchipInterpolator([begin, *nodes], [0.0, *(over(name, node) for node in nodes)])
        return lambda mass: float(spline(min(mass, end))) if mass > begin else 0.0

    remainders = {name: smooth(name) for name in REMAINDER}

    def mesons(mass: float) -> Array:
        out = channels.columns(mass)
        for name, remainder in remainders.items():
            out[place[name]] += remainder(mass)
        return out

    last, quarks = mesons(QUARKS_FROM), QCD * np.array([0.0, 1 / 6, 1 / 3, 0.0, 0.0, 0.0])

    def at(mass: float) -> Array:
        if mass <= MESONS_TO:
            return mesons(mass)
        share = min(max((mass - QUARKS_FROM) / (QUARKS_AT - QUARKS_FROM), 0.0), 1.0)
        out = mesons(mass) if share == 0.0 else (1.0 - share) * last + share * quarks
        out[0] = np.interp(mass, coarse[:, 0], total) - out[1:].sum()
        return out

    return at


def nodes(at: Response) -> list[float]:
    """Masses between which R, its isoscalar part and that of baryon number are linear to `TOLERANCE`."""
    c = constants.load()
    pions = 2.0 * c["m_piplus"]
    edges = [pions, pions + c["m_pi0"], 2.0 * c["m_Kplus"], 2.0 * c["m_K0"], MESONS_TO, QUARKS_FROM, QUARKS_AT, END]
    found = sorted(round(edge, 6) for edge in (*_EDGES, *edges))

    def tested(mass: float) -> Array:
        rr, oo, pp, _, _, op = parts = at(mass)
        return np.array([rr, parts.sum(), oo, pp, 4.0 * oo + pp - 2.0 * op, oo + pp - op])

    def halved(low: float, high: float) -> list[float]:
        begin, end = tested(low), tested(high)
        for part in (0.25, 0.5, 0.75):
            exact = tested(low + part * (high - low))
            if np.any(np.abs((1.0 - part) * begin + part * end - exact) > TOLERANCE * np.abs(exact) + 0.1 * SMALL):
                middle = round((low + high) / 2.0, 6)
                return [*halved(low, middle), *halved(middle, high)]
        return [low]

    return [node for low, high in pairwise(found) for node in halved(low, high)] + [END]


def write(path: Path) -> None:
    """Replace the rows of the table in this file."""
    at: Response = cache(response())
    lines = [f"    [{', '.join([repr(BEGIN), *['0.0'] * 7])}],"]
    for mass in nodes(at):
        parts = [float(f"{value:.4e}") if abs(value) > 1e-8 else 0.0 for value in at(mass)]
        lines.append(f"    [{', '.join(repr(x) for x in (mass, float(f'{sum(parts):.4e}'), *parts))}],")
    head, begin, _ = path.read_text().partition("\nrows = [\n")
    path.write_text("\n".join([head + begin + lines[0], *lines[1:], "]", ""]))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
