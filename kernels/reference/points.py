"""Points of one mass: couplings, vertices and widths. docs/model.md, docs/penguin.md."""

from __future__ import annotations

from operator import mul
from typing import Any, NamedTuple

import numpy as np

from zdscan.kernels.physics.couplings import A_MU, V_D, V_MU, V_U
from zdscan.kernels.physics.widths import CLOSED, width_products
from zdscan.kernels.tables import mass as _mass


class Points(NamedTuple):
    """n points of one mass.

    parameters : float64[3, n], eps, eps_z, g_mu.
    couplings : float64[18, n], by the numbers of kernels/physics/couplings.py.
    vertex : float64[3, n], Re(E0, E2, M1/lambda_t) of b -> s.
    channels : float64[5, n], partial widths to ee, mumu, neutrinos, hadrons, and the extra invisible one, GeV.
    pions : float64[n], the part of the hadrons that is pi+ pi- below 1 GeV, GeV.
    width, inverse_width : float64[n], total width in GeV and its inverse; both 0 where no channel is open.
    """

    parameters: np.ndarray
    couplings: np.ndarray
    vertex: np.ndarray
    channels: np.ndarray
    pions: np.ndarray
    width: np.ndarray
    inverse_width: np.ndarray


def points_at(mass_tables: np.ndarray, matrix: np.ndarray, parameters: np.ndarray) -> Points:
    """The points with these parameters float64[3, n] at the mass of mass tables; matrix float64[18, 3]."""
    couplings = linear_forms(matrix, parameters)
    vertex = linear_forms(mass_tables[_mass.MONOPOLE : _mass.MONOPOLE + 9].reshape(3, 3), parameters)
    channels = _partial_widths(mass_tables, couplings)
    width = channels[0] + channels[1] + channels[2] + channels[3] + channels[4]
    width[width < CLOSED] = 0.0
    inverse = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0.0)
    rho = couplings[V_U] - couplings[V_D]
    pions = mass_tables[_mass.HADRONS] * (rho * rho)
    return Points(parameters, couplings, vertex, channels, pions, width, inverse)


def linear_forms(matrix: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """matrix float64[k, 3] times parameters float64[3, n]: float64[k, n].

    A coupling is one number from here on. Where mixing and a direct coupling cancel in v_mu, rates and widths hence
    vanish together, as they would not if they were polynomials in the parameters.
    """
    eps, eps_z, g_mu = parameters
    return matrix[:, :1] * eps + matrix[:, 1:2] * eps_z + matrix[:, 2:] * g_mu


def _partial_widths(mass_tables: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """`Points.channels`: factors of the mass times products of couplings."""
    channels = np.zeros((5, couplings.shape[1]))
    for channel, terms in enumerate(channel_terms(mass_tables, couplings)):
        for factor, product in terms:
            channels[channel] += factor * product
    # rounding may leave a little below zero where the currents of a user's own case cancel
    channels = np.maximum(channels, 0.0)
    channels[4] = mass_tables[_mass.INVISIBLE]
    if mass_tables[_mass.INVISIBLE_SHARE] != 0.0:
        channels[4] += mass_tables[_mass.INVISIBLE_SHARE] * channels[:4].sum(axis=0)
    return channels


def channel_terms(mass_tables: Any, couplings: Any) -> list[list[tuple[float, Any]]]:
    """Factors of the mass, and the products of couplings they multiply, of ee, mumu, neutrinos and hadrons.

    Parameters
    ----------
    mass_tables : the header of mass tables, or all of them.
    couplings : a sequence by the numbers of kernels/physics/couplings.py, of numbers or arrays.
    """
    neutrinos, *products = width_products(couplings, mul)
    electron, muon, hadrons = products[:2], products[2:4], products[4:]  # behind HADRONS follows AXIAL
    parts = ((_mass.ELECTRON, electron), (_mass.MUON, muon), (_mass.NEUTRINO, [neutrinos]), (_mass.HADRONS, hadrons))
    return [[(mass_tables[first + k], term) for k, term in enumerate(terms)] for first, terms in parts]


def muon_moment(mass_tables: np.ndarray, points: Points) -> np.ndarray:
    """Shift of the muon's anomalous magnetic moment: float64[n]."""
    v, a = points.couplings[V_MU], points.couplings[A_MU]
    k_v, k_a = mass_tables[_mass.MOMENT : _mass.MOMENT + 2]
    return k_v * v * v + k_a * a * a
