"""B_s -> mu+ mu- with tree-level exchange of the vector, in both theory settings, against flavio."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import formulas
from tests.support.late import central_values, late
from tests.twins import dirac
from tests.twins import loop_integrals as couplings_of
from tests.twins.inputs import GF, GZ, LAMBDA, MW, SW2, X
from zdscan.constraints import bs_mumu
from zdscan.kernels.physics import leptonic, loops
from zdscan.kernels.tables import clauses as layout
from zdscan.physics.cases import CASES
from zdscan.physics.clause import Model

flavio = late("flavio")
ckm = late("flavio.physics.ckm")
bll = late("flavio.physics.bdecays.bll")
wctot_dict = late("flavio.physics.bdecays.wilsoncoefficients", "wctot_dict")
running = late("flavio.physics.running.running")

PAR = central_values()
SCALE = 4.8  # GeV; `test_standard_model` holds it to flavio's
MESONS = {"Bs": ("bs", "s"), "B0": ("bd", "d")}
LEPTON = "mu"


def normalisation(meson: str) -> complex:
    """N of H = -N sum C_i O_i, with flavio's running alpha and CKM elements."""
    alpha = running.get_alpha(PAR, 4.8)["alpha_e"]
    return 4 * PAR["GF"] / math.sqrt(2) * alpha / (4 * math.pi) * ckm.xi("t", MESONS[meson][0])(PAR)


def exchange(meson: str, e0: complex, axial: float, mass: float, theory: str) -> dict[str, complex]:
    """Wilson coefficients at q^2 = m_meson^2 of J_quark . propagator . J_lepton with its q q/M^2 term if "complete".

    L = e0 [qbar gamma_mu PL b] [lbar gamma_nu (v - a gamma5) l] (g - q q/M^2)^(mu nu)/(q^2 - M^2), with
    q.J_quark = m_b qbar PR b - m_q qbar PL b and q.J_lepton = -2 a m_l lbar gamma5 l. O_P, O_P' of flavio carry m_b.
    """
    pair, light = MESONS[meson]
    propagator = 1 / (PAR[f"m_{meson}"] ** 2 - mass**2)
    n = normalisation(meson)
    c10 = -e0 * axial * propagator / n
    label = pair + 2 * LEPTON
    result = {f"C10_{label}": c10}
    if theory == "complete":
        density = 2 * axial * PAR["m_mu"] * e0 / mass**2 * propagator / n
        m_b, m_light = running.get_mb(PAR, SCALE, nf_out=5), getattr(running, f"get_m{light}")(PAR, SCALE, nf_out=5)
        result |= {f"CP_{label}": density, f"CPp_{label}": -density * m_light / m_b}
    return result


def test_divergences_of_the_currents() -> None:
    """The two Dirac-equation identities of `exchange`, with explicit spinors."""
    rng = np.random.default_rng(2)
    m_b, m_light, m_mu, v, a = 4.1, 0.08, 0.105, 0.3, -0.7
    quark, light, one, two = (dirac.momentum(m, rng.normal(size=3)) for m in (m_b, m_light, m_mu, m_mu))
    for ket, bra in itertools.product(dirac.u_spinors(quark, m_b), dirac.u_spinors(light, m_light)):
        divergence = dirac.bar(bra) @ dirac.slash(quark - light) @ dirac.LEFT @ ket
        density = dirac.bar(bra) @ (m_b * dirac.RIGHT - m_light * dirac.LEFT) @ ket
        assert divergence == pytest.approx(density, abs=1e-13)
    for ket, bra in itertools.product(dirac.v_spinors(two, m_mu), dirac.u_spinors(one, m_mu)):
        divergence = dirac.bar(bra) @ dirac.slash(one + two) @ (v * np.eye(4) - a * dirac.GAMMA5) @ ket
        assert divergence == pytest.approx(-2 * a * m_mu * dirac.bar(bra) @ dirac.GAMMA5 @ ket, abs=1e-13)


def flavio_branching_ratio(meson: str, extra: dict[str, complex]) -> float:
    wc = wctot_dict(flavio.WilsonCoefficients(), MESONS[meson][0] + 2 * LEPTON, SCALE, PAR)
    total = wc | {name: wc[name] + value for name, value in extra.items()}
    rate = bll.br_timeint if meson == "Bs" else bll.br_inst
    return rate(PAR, total, meson, LEPTON, LEPTON)


def standard_c10(meson: str) -> complex:
    label = MESONS[meson][0] + 2 * LEPTON
    return wctot_dict(flavio.WilsonCoefficients(), label, SCALE, PAR)[f"C10_{label}"]


def kernel_branching_ratio(meson: str, e0: complex, axial: float, mass: float, theory: str) -> float:
    n = normalisation(meson)
    c10 = leptonic.exchange_c10(complex(e0), complex(axial), n, mass, PAR[f"m_{meson}"], theory == "complete")
    y = PAR["DeltaGamma/Gamma_Bs"] / 2 if meson == "Bs" else 0.0
    names = (PAR[f"m_{meson}"], PAR[f"tau_{meson}"], PAR[f"f_{meson}"], PAR["m_mu"])
    return formulas.leptonic_branching_ratio(complex(standard_c10(meson) + c10), n, *names, y)


def test_standard_model() -> None:
    assert flavio.config["renormalization scale"]["bll"] == SCALE
    for meson, value in (("Bs", 3.62893e-9), ("B0", 1.01350e-10)):
        assert kernel_branching_ratio(meson, 0j, 0.0, 0.1, "paper") == pytest.approx(value, rel=3e-6)
        assert flavio_branching_ratio(meson, {}) == pytest.approx(value, rel=3e-6)
        assert flavio.sm_prediction(f"BR({meson}->mumu)") == pytest.approx(value, rel=3e-6)


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("meson", list(MESONS))
@pytest.mark.parametrize("mass", [0.01, 0.1, 1.0, 2.0, 5.0, 6.0, 50.0])
def test_kernel_against_flavio(meson: str, mass: float, theory: str) -> None:
    scale = abs(normalisation(meson)) * (mass**2 if theory == "complete" else abs(PAR[f"m_{meson}"] ** 2 - mass**2))
    # from a small shift to one that is everything; any phase, either sign of the axial coupling
    for size in (0.1, 1.0, -4.0, 30.0):
        for phase in (0.0, 0.7, 2.5):
            e0, axial = scale * np.exp(1j * phase), size
            exact = flavio_branching_ratio(meson, exchange(meson, e0, axial, mass, theory))
            assert kernel_branching_ratio(meson, e0, axial, mass, theory) == pytest.approx(exact, rel=1e-10)


def test_the_two_settings() -> None:
    """Light vector: complete/paper = 1 - m_B^2/M^2 in C10; heavy: no difference."""
    n = normalisation("Bs")
    for mass in (0.01, 0.5, 1e4):
        both = [leptonic.exchange_c10(1e-5 + 1e-6j, -0.1 + 0j, n, mass, 5.36692, flag) for flag in (False, True)]
        assert both[1] / both[0] == pytest.approx(1 - (5.36692 / mass) ** 2, rel=1e-12)


# --- the constraint


def vertex_e0() -> complex:
    """E0(b -> s) per unit eps_Z."""
    numbers = np.array([float(couplings_of.z_boson(SW2)[c]) for c in couplings_of.COUPLINGS])
    prefactor = GF * MW**2 / (4 * np.sqrt(2) * np.pi**2)
    return GZ * loops.penguin(numbers, np.array(LAMBDA["bs"]), X, 0, prefactor)


def clause_value(theory: Model, mass: float, parameters: tuple[float, float, float]) -> tuple[float, float]:
    """(value, ratio) of the only clause, from its packed numbers."""
    (clause,) = bs_mumu.clauses(theory, mass)
    packed = clause.packed(0)
    monomials = np.prod(np.array(parameters) ** layout.EXPONENTS, axis=1)
    value = float(packed[layout.CONSTANT] + packed[layout.POLYNOMIAL :] @ monomials)
    assert not packed[layout.ROOT]
    assert packed[layout.CHANNEL] < 0
    return value, clause.ratio(value)


def setting(theory: str, case: str = "A", fcnc_scale: float = 1.0) -> Model:
    return Model(CASES[case].matrix, theory, "lepton", fcnc_scale, "rashed2024")


@settings(max_examples=40, deadline=None)
@given(
    theory=st.sampled_from(["paper", "complete"]),
    case=st.sampled_from(["A", "B", "C"]),
    log_mass=st.floats(-2, 0.3),
    eps=st.floats(-1e-2, 1e-2),
    size=st.floats(-3, 3),
    fcnc_scale=st.floats(0.1, 4.0),
)
def test_constraint_against_flavio(
    theory: str, case: str, log_mass: float, eps: float, size: float, fcnc_scale: float
) -> None:
    mass = 10**log_mass
    # eps_Z about where C10 is of the size of the Standard Model's
    eps_z = size * (0.05 if theory == "paper" else 0.006 * mass) / math.sqrt(fcnc_scale)
    e0, axial = fcnc_scale * eps_z * vertex_e0(), -GZ * eps_z / 4
    new = flavio_branching_ratio("Bs", exchange("Bs", e0, axial, mass, theory))
    exact = 3.67e-9 * new / flavio_branching_ratio("Bs", {})
    value, ratio = clause_value(setting(theory, case, fcnc_scale), mass, (eps, eps_z, 0.7))
    assert value == pytest.approx(exact, rel=2e-6)
    side = (value - 3.09e-9) / (3 * 0.4838e-9) if value > 3.09e-9 else (3.09e-9 - value) / (3 * 0.4438e-9)
    assert ratio == pytest.approx(side, rel=1e-4)


def test_anchors() -> None:
    """Zero coupling 0.400; 3 sigma at eps_Z = 3.5e-2 ("paper", light) and at eps_Z/M = 4.0e-3 GeV^-1 ("complete")."""
    for theory in ("paper", "complete"):
        assert clause_value(setting(theory), 0.1, (0.0, 0.0, 0.0))[1] == pytest.approx(0.400, abs=5e-4)
    for theory, mass, eps_z in (("paper", 0.05, 3.5e-2), ("complete", 0.05, 2.0e-4), ("complete", 1.0, 4.0e-3)):
        ratios = [clause_value(setting(theory), mass, (0.0, factor * eps_z, 0.0))[1] for factor in (0.97, 1.03)]
        assert ratios[0] < 1 < ratios[1]
