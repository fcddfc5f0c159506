"""On-shell two-body decays H -> P V with the full polarisation sum. docs/constraints.md."""

from __future__ import annotations

import numpy as np

from kernels.jit import njit


@njit
def pseudoscalar_factor(m_parent: float, m_daughter: float, mass: float) -> float:
    """Gamma/|F|^2 in GeV; 0 above threshold. F = (E0 + E2 M^2) f+(M^2) - M1 m_q M^2 fT(M^2)/(m_parent + m_daughter).

    Gamma(H -> P V) = lambda^(3/2)(m_H^2, m_P^2, M^2) |F|^2/(64 pi m_H^3 M^2); the 1/M^2 is the longitudinal mode.
    """
    if mass + m_daughter >= m_parent:
        return 0.0
    kallen = (m_parent**2 - (m_daughter + mass) ** 2) * (m_parent**2 - (m_daughter - mass) ** 2)
    return kallen * np.sqrt(kallen) / (64.0 * np.pi * m_parent**3 * mass**2)


@njit
def pseudoscalar_width(m_parent: float, m_daughter: float, mass: float, amplitude: complex) -> float:
    """Gamma(H -> P V) in GeV for the amplitude F of `pseudoscalar_factor`."""
    return pseudoscalar_factor(m_parent, m_daughter, mass) * abs(amplitude) ** 2
