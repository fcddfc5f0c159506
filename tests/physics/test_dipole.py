"""The size of the b -> s dipole: real photons as measured, rates in that limit, and rows against on-shell decays."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA, THREE_DIGITS
from tests.support.verdicts import model
from tests.twins import photon
from zdscan.inputs import constants, tables
from zdscan.kernels.physics import twobody
from zdscan.physics import dipole
from zdscan.physics.cases import CASES
from zdscan.physics.two_body import MODES, branching_ratio
from zdscan.physics.vertex import vertex

# Branching ratios of decays into a real photon: HFLAV December 2024, PDG, HFLAV (photon energies above 1.6 GeV).
MEASURED = {"B0->K*0": 4.163e-5, "Bs->phi": 3.4e-5, "B->Xs": 3.49e-4}
LOOP_M1 = 9.783533851856e-10, -1.771935066796e-11  # of the photon in GeV^-2, from the one-loop integrals
SQUARES = {"eps^2": (2, 0, 0), "eps eps_z": (1, 1, 0), "eps_z^2": (0, 2, 0)}


def photon_part(mode: str, mass: float, setting: str = "complete") -> float:
    """BR(H -> H' Z_D)/eps^2 of a dark photon."""
    return branching_ratio(mode, model(setting=setting), mass).terms[SQUARES["eps^2"]].real


@pytest.mark.parametrize("mode", MEASURED)
def test_light_dark_photon_is_produced_like_a_photon(mode: str) -> None:
    """BR/eps^2 for M -> 0 is the measured one. What is left at 0.1 MeV is of the order of E2 M^2 and M^2/m_B^2."""
    assert photon_part(mode, 1e-4) == pytest.approx(MEASURED[mode], rel=1e-6)


def test_kaon_resonance_with_a_light_dark_photon() -> None:
    """4.2e-5 with QCD, 9.7e-6 without."""
    assert photon_part("B0->K*0", 0.01) == pytest.approx(4.2e-5, rel=0.012)
    assert photon_part("B0->K*0", 0.01, "paper") == pytest.approx(9.7e-6, rel=THREE_DIGITS)


@pytest.mark.parametrize("name", dipole.PHOTON_DECAYS)
def test_factor_is_the_root_of_measured_over_explicit_amplitudes(name: str) -> None:
    c = constants.load()
    m1 = math.hypot(*LOOP_M1)
    if name == "Xs":
        lifetime = (c["tau_Bplus"] + c["tau_B0"]) / 2
        rate = lifetime * photon.inclusive_width(4.75, m1 * 4.75)
        measured = MEASURED["B->Xs"]
    else:
        parent, daughter = {"K*": ("B0", "Kst0"), "phi": ("Bs", "phi")}[name]
        table, measured = {"K*": ("B->K*", MEASURED["B0->K*0"]), "phi": ("Bs->phi", MEASURED["Bs->phi"])}[name]
        t1 = tables.form_factor(table, "T1")[1][0]
        width = photon.vector_width(c[f"m_{parent}"], c[f"m_{daughter}"], m1 * c["m_b_48"], t1)
        rate = c[f"tau_{parent}"] * float(width)
    assert dipole.dipole_factor(name) == pytest.approx(math.sqrt(measured / rate), rel=CLOSED_FORM)


def test_photon_widths_against_explicit_amplitudes() -> None:
    for parent, daughter, t1 in ((5.28, 0.9, 0.29), (5.37, 1.02, 0.31), (1.9, 1.8, 1.0)):
        found = twobody.photon_vector_width(parent, daughter, 0.7, t1)
        assert found == pytest.approx(float(photon.vector_width(parent, daughter, 0.7, t1)), rel=EXACT_ALGEBRA)
    assert twobody.photon_inclusive_width(4.75, 0.7) == pytest.approx(photon.inclusive_width(4.75, 0.7), rel=1e-12)


def test_tensor_form_factors_meet_at_a_real_photon() -> None:
    """T1(0) = T2(0): without it a real photon would have a longitudinal part."""
    for table in ("B->K*", "Bs->phi"):
        nodes, t1 = tables.form_factor(table, "T1")
        assert nodes[0] == 0.0
        assert t1[0] == pytest.approx(tables.form_factor(table, "T2")[1][0], rel=CLOSED_FORM)


@pytest.mark.parametrize("mode", [mode for mode, decay in MODES.items() if decay.transition == "bs"])
@pytest.mark.parametrize("mass", [0.01, 0.3, 1.0, 2.0])
def test_factor_multiplies_the_dipole_alone(mode: str, mass: float) -> None:
    """BR is quadratic in a factor on M1: three values of it, made by hand, fix the parabola that holds the fourth."""
    factor = dipole.dipole_factor(MODES[mode].photon)
    found = {}
    for k in (0.0, 1.0, 2.0, factor):
        loop = vertex(CASES["A"].matrix, "bs")
        scaled = model(setting="paper")
        scaled._vertices["bs"] = type(loop)(loop.e0, loop.e2, k * loop.m1, loop.lambda_t)
        found[k] = branching_ratio(mode, scaled, mass).terms
    complete = branching_ratio(mode, model(setting="complete"), mass).terms
    paper = branching_ratio(mode, model(setting="paper"), mass).terms
    for key in SQUARES.values():
        zero, one, two = (found[k][key].real for k in (0.0, 1.0, 2.0))
        parabola = zero + factor * (2 * one - 1.5 * zero - 0.5 * two) + factor**2 * (0.5 * zero - one + 0.5 * two)
        assert complete[key].real == pytest.approx(found[factor][key].real, rel=EXACT_ALGEBRA)
        assert complete[key].real == pytest.approx(parabola, rel=1e-9)  # E0 cancels, 1e4 times as large as the rest
        assert paper[key].real == pytest.approx(one, rel=EXACT_ALGEBRA)


def test_monopole_and_strange_quarks_keep_their_size() -> None:
    """eps_z^2 is E0 alone: E2 and M1 enter with M^2/GeV^2 times 1e-4; decays of kaons know no factor."""
    for mode in MODES:
        for mass in (0.01, 0.1, 0.25):
            paper, complete = (branching_ratio(mode, model(setting=s), mass).terms for s in ("paper", "complete"))
            if mode.startswith("K"):
                assert complete == paper
            assert complete[0, 2, 0].real == pytest.approx(paper[0, 2, 0].real, rel=4e-4 * mass**2)


def test_continuous_and_finite_up_to_the_end() -> None:
    for mode, mass_end in (("B0->K*0", 2.0), ("Bs->phi", 2.0), ("B->Xs", 2.0), ("B+->K+", 2.0)):
        masses = np.geomspace(1e-4, mass_end, 100)
        values = np.array([photon_part(mode, float(mass)) for mass in masses])
        assert np.all(np.isfinite(values))
        assert np.all(values > 0.0)
        # a power of the mass between 0 and 2 goes by at most 5% a step
        assert np.max(np.abs(np.diff(np.log(values)))) < 2.5 * np.log(masses[1] / masses[0])


@pytest.mark.parametrize(
    ("decay", "name"),
    [
        ("B0->K*0mumu", "K*"),
        ("B+->K*+ee", "K*"),
        ("B+->K+", "K*"),
        ("B0->K0mumu", "K*"),
        ("Bs->phimumu", "phi"),
        ("B->Xsee", "Xs"),
        ("Lambdab->Lambdamumu", "Xs"),
    ],
)
def test_photon_decay_of_a_decay(decay: str, name: str) -> None:
    assert dipole.photon_decay(decay) == name


def test_exclusive_and_inclusive_factors_agree_on_the_amplitude() -> None:
    """What the rates fix is the factor times the b mass it was found with: 4.09 GeV (K*) and 4.75 GeV (X_s)."""
    c = constants.load()
    exclusive = dipole.dipole_factor("K*") * c["m_b_48"]
    assert dipole.dipole_factor("Xs") * c["m_b_Xs"] == pytest.approx(exclusive, rel=0.05)


@pytest.mark.parametrize(
    ("row", "mode", "mass", "tolerance"),
    [
        ("B0->K*0mumu_0.1_0.98", "B0->K*0", 0.6, 3e-4),
        ("B0->K*0mumu_1.1_2.5", "B0->K*0", 1.3, 3e-4),
        ("B+->K+mumu_1.1_2", "B+->K+", 1.2, 3e-4),
        ("B0->K*0ee_0.0009_1", "B0->K*0", 0.5, 3e-4),
        ("Bs->phimumu_1.1_2.5", "Bs->phi", 1.3, 0.065),  # the row is time-integrated, which is y_Bs = 0.0645 at most
    ],
)
@pytest.mark.parametrize("eps_z", [0.0, 1e-6])
def test_pole_in_a_row_is_production_times_decay(
    row: str, mode: str, mass: float, tolerance: float, eps_z: float
) -> None:
    """The part of a row that goes as 1/Gamma, found by doubling the width, against BR(H -> H' Z_D) BR(Z_D -> l l).

    What the doubling changes besides is of the order of the width itself, below 1e-4 at these couplings.
    """
    eps = 3e-3 if eps_z == 0.0 else 1e-4
    chosen = {"theory": "complete", "constraints": ["a_mu"], "measurements": "rashed2024-corrected"}
    plain = zdscan.evaluate("A", mass, eps, eps_z, **chosen)
    total = float(plain.widths["total"])
    wide = zdscan.evaluate("A", mass, eps, eps_z, **chosen, invisible_width=total)
    index = plain.physics.likelihood.data.ids.index(row)
    resonant = 2.0 * (float(plain.predictions[index]) - float(wide.predictions[index]))
    lepton = "ee" if "ee_" in row else "mumu"
    data = plain.physics.likelihood.data
    unit, per = float(data.units[index].split()[0]), "GeV" in data.units[index]
    low, high = map(float, row.split("_")[1:])
    rate = resonant * unit * (high - low if per else 1.0)
    on_shell = branching_ratio(mode, plain.physics.model, mass).terms
    produced = sum(c.real * eps**i * eps_z**j for (i, j, _), c in on_shell.items())
    decayed = float(plain.widths[lepton]) / total
    assert rate == pytest.approx(produced * decayed, rel=tolerance)
