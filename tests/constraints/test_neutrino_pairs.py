"""Decays into a neutrino pair against flavio: on-shell rates, their interference, the Standard Model's numbers."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from tests.support.late import central_values, late
from tests.support.verdicts import model
from zdscan.inputs import constants
from zdscan.physics.cases import CASES
from zdscan.physics.two_body import branching_ratio
from zdscan.physics.vertex import vertex

flavio = late("flavio")
bpnunu, bvnunu = late("flavio.physics.bdecays.bpnunu"), late("flavio.physics.bdecays.bvnunu")
wilsoncoefficients = late("flavio.physics.bdecays.wilsoncoefficients")
kpinunu = late("flavio.physics.kdecays.kpinunu")
running = late("flavio.physics.running.running")

PAR = central_values()
FLAVOURS = ("nue", "numu", "nutau")


class Contact:
    """Wilson coefficients for flavio: the same new C_L for three neutrinos, the Standard Model's taken off again."""

    def __init__(self, c_l: complex, remove: complex = 0.0) -> None:
        self.c_l = c_l - remove

    def get_wc(self, sector: str, *_: Any, **__: Any) -> dict[str, complex]:
        diagonal = any(sector[2:] == 2 * nu for nu in FLAVOURS)
        return {f"CL_{sector}": self.c_l if diagonal else 0.0, f"CR_{sector}": 0.0}


def normalisation(transition: str, scale: float) -> complex:
    """N of H = -N C_L (qbar gamma PL Q)(nubar gamma (1 - gamma5) nu), with flavio's alpha."""
    alpha = running.get_alpha(PAR, scale)["alpha_e"]
    ckm = flavio.physics.ckm.xi("t", transition)(PAR)
    return complex(4 * PAR["GF"] / math.sqrt(2) * alpha / (4 * math.pi) * ckm)


def per_monopole(mode: str, mass: float) -> float:
    """BR(H -> H' Z_D) for a vertex (E0 = 1) gamma_nu P_L alone (K_L: for Im E0 = 1): E2 and M1 made negligible."""
    scale = 1e7
    chosen = model(fcnc_scale=scale)
    e0 = chosen.vertex("sd" if mode.startswith("K") else "bs").e0[1]
    size = e0.imag if mode.startswith("KL") else abs(e0)
    return branching_ratio(mode, chosen, mass).terms[(0, 2, 0)].real / size**2


def spectrum(mode: str, q2: float, c_l: complex = 1.0) -> float:
    """flavio's dBR/dq^2 of the sum over three neutrinos for C_L alone."""
    scale = flavio.config["renormalization scale"]["bpll"]
    wc = Contact(c_l, wilsoncoefficients.CL_SM(PAR, scale))
    if mode == "B+->K+":
        return float(bpnunu.bpnunu_dbrdq2_summed(q2, wc, PAR, "B+", "K+"))
    return float(bvnunu.bvnunu_dbrdq2_summed(q2, wc, PAR, "B0", "K*0"))


@cache
def smooth_spectrum() -> tuple[Any, float]:
    """The spectrum of B+ -> K+ for C_L = 1 as a polynomial in q^2, and its end."""
    end = (PAR["m_B+"] - PAR["m_K+"]) ** 2
    nodes = np.linspace(1e-4, end - 1e-4, 60)
    return np.polynomial.Chebyshev.fit(nodes, [spectrum("B+->K+", q2) for q2 in nodes], 14), end


@pytest.mark.parametrize("mode", ["B+->K+", "B0->K*0"])
@pytest.mark.parametrize("mass", [0.01, 0.1, 1.0, 2.0])
def test_on_shell_rate_is_the_narrow_resonance_in_flavios_spectrum(mode: str, mass: float) -> None:
    """C_L(q^2) = E g/[2N (q^2 - M^2 + i M Gamma)], |..|^2 -> pi/(M Gamma), Gamma = 3 g^2 M/(24 pi) into neutrinos.

    The neutrinos know nothing of q_mu q_nu/M^2: the longitudinal growth on one side is flavio's H_0 on the other.
    """
    scale = flavio.config["renormalization scale"]["bpll"]
    expected = spectrum(mode, mass**2) * 8 * math.pi**2 / (mass**2 * abs(2 * normalisation("bs", scale)) ** 2)
    # the form factors come from the spline of the tables
    assert per_monopole(mode, mass) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("mass", "expected"), [(0.01, -9e-10), (0.1, -6e-8), (1.0, -2e-6), (2.0, -3e-6)], ids=lambda x: f"{x:g}"
)
def test_interference_with_the_standard_model_is_negligible(mass: float, expected: float) -> None:
    """Principal value over the whole spectrum of B+ -> K+ nu nu, over the on-shell part; one digit, BR_inv = 1."""
    scale = flavio.config["renormalization scale"]["bpll"]
    n = normalisation("bs", scale)
    e0 = vertex(CASES["A"].matrix, "bs").e0[1]
    g_nu = 0.7407012373 / 2  # of one neutrino, per eps_z
    product = (complex(wilsoncoefficients.CL_SM(PAR, scale)).conjugate() * e0 * g_nu / (2 * n)).real
    shape, end = smooth_spectrum()
    principal = quad(shape, 0.0, end, weight="cauchy", wvar=mass**2, limit=400)[0]
    on_shell = shape(mass**2) * abs(e0 / (2 * n)) ** 2 * 8 * math.pi**2 / mass**2
    assert 2 * product * principal / on_shell == pytest.approx(expected, rel=0.5)


@pytest.mark.parametrize("mode", ["K+->pi+", "KL->pi0"])
def test_kaon_rate_integrates_to_flavios_factor(mode: str) -> None:
    """A contact coupling is the sum over vectors of every mass: dBR = BR_on(q^2) q^2/(8 pi^2) |2 N C_L|^2 dq^2.

    flavio takes the hadronic matrix element from K_l3 data (kappa_+, kappa_L): per cent accuracy.
    """
    scale = flavio.config["renormalization scale"]["kdecays"]
    parent, daughter = ("m_K+", "m_pi+") if mode == "K+->pi+" else ("m_K0", "m_pi0")
    end = PAR[parent] - PAR[daughter]
    per_unit = quad(lambda m: 2 * m * per_monopole(mode, m) * m**2 / (8 * math.pi**2), 1e-4, end, epsrel=1e-6)[0]
    huge = 1e6 + 0.0j
    n = normalisation("ds", scale)
    if mode == "K+->pi+":
        rate, size = kpinunu.br_kplus_pinunu, abs(2 * n * huge) ** 2
    else:
        rate, size = kpinunu.br_klong_pinunu, (2 * n * huge).imag ** 2
    expected = sum(rate(Contact(huge), PAR, nu, nu) for nu in FLAVOURS)
    assert per_unit * size == pytest.approx(expected, rel=0.01)


# the constant that is used here: observable of flavio, its theory error by flavio 2.7.1 (ps^-1 for the mixing)
STANDARD_MODEL = {
    "BR_Bs_mumu_SM": ("BR(Bs->mumu)", 0.10e-9),
    "BR_Bp_Kp_nunu_SM": ("BR(B+->Knunu)", 0.22e-6),
    "BR_B0_Kst0_nunu_SM": ("BR(B0->K*nunu)", 0.83e-6),
    "BR_Kp_pip_nunu_SM": ("BR(K+->pinunu)", 0.47e-11),
    "BR_KL_pi0_nunu_SM": ("BR(KL->pinunu)", 0.33e-11),
    "DeltaM_Bs_SM": ("DeltaM_s", 0.80),
}


@pytest.mark.parametrize("name", STANDARD_MODEL)
def test_predictions_of_the_standard_model_are_flavios(name: str) -> None:
    """Taken from the literature; flavio's own numbers lie within two standard deviations of the two errors."""
    observable, flavio_error = STANDARD_MODEL[name]
    c = constants.load()
    hbar = c["hbar"] if name == "DeltaM_Bs_SM" else 1.0
    value = flavio.sm_prediction(observable) / hbar
    error = math.hypot(max(c.error(name)), flavio_error)
    assert abs(value - c[name]) < 2 * error


def test_room_for_epsilon_k() -> None:
    c = constants.load()
    central, error = 1.95e-3, 0.13e-3
    assert flavio.sm_prediction("eps_K") == pytest.approx(central, abs=0.1 * error)
    assert c["eps_K_room"] == pytest.approx(2.228e-3 - central + 2 * math.hypot(0.011e-3, error), abs=5e-6)
