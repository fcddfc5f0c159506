"""The rate K -> mu nu V that claims are compared with."""

from __future__ import annotations

from tests.twins import three_body
from zdscan.inputs import constants

C = constants.load()


def kaon_twin(mass: float, vector: float, axial: float = 0.0) -> float:
    """BR(K -> mu nu V) for v, a of the muon, radiation from the muon alone."""
    couplings = dict.fromkeys(three_body.MESON_COUPLINGS, 0.0) | {"gL": vector + axial, "gR": vector - axial}
    ratio = three_body.meson_ratio(C["m_Kplus"], C["m_mu"], C["m_mu"], mass, couplings)
    return C["BR_K_mu_nu"] * float(ratio)
