"""Wilson coefficients of a point for other codes: against the rows of zdscan, against flavio, signs, bad input."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.physics import rows
from zdscan.physics.dipole import dipole_factor
from zdscan.terminal.coefficients import coefficients_at

ROW = "B+->K+mumu_1.1_2"
POINTS = [(0.5, 1e-3, 1e-3, 1e-3), (1.3, -1e-3, 2e-3, -3e-2), (0.02, 1e-4, -1e-7, 1e-3)]
INVISIBLE = 1e-3  # GeV: a width that makes imaginary parts of up to a thousandth
DATA = "rashed2024-corrected"


def difference_at_node(result: zdscan.PointResult, node: int) -> tuple[float, float]:
    """q2, and dB/dq2 of a row minus that of the Standard Model there, from the products of couplings of the tables.

    The sum over the node functions is that of docs/rows.md, not one over coefficients.
    """
    built = rows.build(DATA, "symmetrised", "table")
    panel = int(built.row_start[built.data.ids.index(ROW)])
    q2, f = float(built.sm_tables.nodes[panel, node]), built.functions[panel, :, node]
    mass, width = float(result.parameters["mass"]), float(result.widths["total"])
    e0, e2, m1 = result.physics.penguin_at(mass) @ [float(result.parameters[name]) for name in ("eps", "eps_z", "g_mu")]
    v, a = float(result.couplings["v_mu"]), float(result.couplings["a_mu"])
    d = complex(q2 - mass**2, mass * width)
    kappa = 1.0 / mass**2 if result.physics.settings.theory == "complete" else 0.0
    real, imaginary, square = (1.0 / d).real, (1.0 / d).imag, 1.0 / abs(d) ** 2
    total = real * (v * (e0 * f[0] + e2 * f[1] + m1 * f[2]) + a * (e0 * (f[3] + kappa * f[4]) + e2 * f[5]))
    total += imaginary * v * (e0 * f[6] + e2 * f[7] + m1 * f[8])
    forms = (e0 * e0, e0 * e2, e2 * e2, m1 * m1, m1 * e0, m1 * e2)
    total += square * v * v * sum(x * y for x, y in zip(forms, f[9:15], strict=True))
    total += square * a * a * e0 * e0 * (f[15] + kappa * (kappa * f[16] + f[17]))
    total += square * a * a * (e0 * e2 * (f[18] + kappa * f[19]) + e2 * e2 * f[20])
    return q2, float(total)


def values(document: dict) -> dict[str, complex]:
    return {name: complex(part["Re"], part["Im"]) for name, part in document["values"].items()}


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("point", POINTS)
def test_the_rate_of_the_coefficients_is_that_of_the_rows(point, theory) -> None:
    """dB/dq2 as a form in the coefficients, with the thirteen functions of the tables."""
    result = zdscan.evaluate("B", *point, theory=theory, invisible_width=INVISIBLE, constraints=[], measurements=DATA)
    built = rows.build(DATA, "symmetrised", "table")
    panel = int(built.row_start[built.data.ids.index(ROW)])
    for node in (0, 4, 7):
        q2, expected = difference_at_node(result, node)
        c7, c9, c10, cp = values(result.wilson(q2)).values()
        _, c9_re, c9_im, c9_sq, c10_re, c10_sq, cp_re, cp_sq, c10_cp, c7_re, c7_im, c7_sq, c7_c9 = (
            built.sm_tables.coefficients[panel, node]
        )
        cp *= built.sm_tables.cp_factor[built.data.ids.index(ROW)]
        found = c9.real * c9_re + c9.imag * c9_im + abs(c9) ** 2 * c9_sq + c10.real * c10_re + abs(c10) ** 2 * c10_sq
        found += cp.real * cp_re + abs(cp) ** 2 * cp_sq + (c10 * cp.conjugate()).real * c10_cp
        found += c7.real * c7_re + c7.imag * c7_im + abs(c7) ** 2 * c7_sq + (c7 * c9.conjugate()).real * c7_c9
        assert found == pytest.approx(expected, rel=3e-7)  # twice 8.6e-8, by which flavio's Fermi constant differs


def test_signs_of_a_heavy_photon_and_of_a_z() -> None:
    """Far above q2 the vector is a contact interaction: C9 = -E v/(N M^2), C10 = +E a/(N M^2); the width is minus i."""
    result = zdscan.evaluate("B", 1.9, 0.0, 1e-3, 1e-2, theory="paper", invisible_width=1e-6, constraints=[])
    e0 = float((result.physics.penguin_at(1.9) @ [0.0, 1e-3, 1e-2])[0])
    found = values(result.wilson(0.05))
    assert found["C7_bs"] == found["CP_bsmumu"] == 0.0
    assert math.copysign(1.0, found["C9_bsmumu"].real) == -math.copysign(1.0, e0 * float(result.couplings["v_mu"]))
    assert math.copysign(1.0, found["C10_bsmumu"].real) == math.copysign(1.0, e0 * float(result.couplings["a_mu"]))
    shift = found["C9_bsmumu"]
    assert shift.imag / shift.real == pytest.approx(-1.9 * float(result.widths["total"]) / (0.05 - 1.9**2), rel=1e-9)
    electron = values(result.wilson(0.05, "e"))
    assert set(electron) == {"C7_bs", "C9_bsee", "C10_bsee", "CP_bsee"}
    ratio = electron["C9_bsee"] / shift
    assert ratio == pytest.approx(float(result.couplings["v_e"] / result.couplings["v_mu"]), rel=1e-12)


def test_the_hadron_sets_the_dipole_alone() -> None:
    result = zdscan.evaluate("B", 0.5, 1e-3, 0.0, 1e-3, constraints=[])
    of_k, of_vector, of_phi = (values(result.wilson(2.0, "mu", hadron)) for hadron in ("K", "K*", "phi"))
    assert of_k == of_vector
    ratio = (of_phi.pop("C7_bs") / of_k.pop("C7_bs")).real
    assert ratio == pytest.approx(dipole_factor("phi") / dipole_factor("K*"), rel=1e-12)
    assert of_k == of_phi


def test_bad_input_is_a_sentence() -> None:
    result = zdscan.evaluate("B", 0.5, 1e-3, 0.0, 1e-3, constraints=[])
    for arguments, told in (
        ((30.0,), "q2 must be 0.0447 to 22.9 GeV^2, which the decay into K and two muons reaches, not 30"),
        ((0.01,), "q2 must be 0.0447 to 22.9 GeV^2"),
        ((math.nan,), "not nan"),
        (("x",), "q2 must be a number in GeV^2, not the text 'x'"),
        ((20.0, "mu", "K*"), "q2 must be 0.0447 to 19.22 GeV^2, which the decay into K[*] and two muons"),
        ((1.0, "tau"), "lepton does not know 'tau'; allowed: mu, e"),
        ((1.0, "mu", "Kst"), "hadron does not know 'Kst' .*allowed: K, K[*], phi"),
    ):
        with pytest.raises(UserError, match=told.replace("^", r"\^")):
            result.wilson(*arguments)
    with pytest.raises(UserError, match=r"at one point, not at points of shape \(2,\)"):
        zdscan.evaluate("B", [0.5, 0.6], 1e-3, constraints=[]).wilson(1.0)
    nothing = zdscan.evaluate({"v_mu": {"g_mu": 1.0}}, 0.1, 1e-3, constraints=[])
    pole = float(nothing.parameters["mass"]) ** 2
    assert pole < 4 * 0.1056**2  # no channel is open below the muons' threshold, where q2 cannot be either
    with pytest.raises(UserError, match="q2 must be"):
        nothing.wilson(pole)


def test_the_command_has_a_document_for_each_q2_and_lepton() -> None:
    result = zdscan.evaluate("B", 0.3, 0.0, 1e-5, 1e-3, constraints=[])
    documents = json.loads(json.dumps(coefficients_at(result, "1.0,6.0", "K")))
    asked = [(d["metadata"]["q2_GeV2"], d["metadata"]["lepton"]) for d in documents]
    assert asked == [(1.0, "mu"), (1.0, "e"), (6.0, "mu"), (6.0, "e")]
    for document in documents:
        assert (document["eft"], document["basis"], document["scale"]) == ("WET", "flavio", 4.8)
    assert documents[2] == result.wilson(6.0)
    for text in ("1.0;6.0", "1.0,", "one"):
        with pytest.raises(UserError, match=f"--wilson {text}: write values of q2 in GeV.2 with commas"):
            coefficients_at(result, text, "K")


@pytest.mark.slow
@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_flavio_has_the_rate_of_zdscan_with_the_document(theory: str) -> None:
    """dB/dq2 of B+ -> K+ mu mu by wilson and flavio, at nodes of the row, the vector being narrow.

    flavio takes a complex coefficient as CP violation; the imaginary parts are below 1e-6 here. Parts of a shift
    cancel, and 1e-5 is what is left of the eight digits of the normalisation and of the rate's rounding.
    """
    import flavio
    from wilson import Wilson
    from wilson.wcxf import WC

    standard = flavio.sm_prediction
    for point in POINTS[:2]:
        result = zdscan.evaluate("B", *point, theory=theory, constraints=[], measurements=DATA)
        for node in (1, 6):
            q2, expected = difference_at_node(result, node)
            document = json.loads(json.dumps(result.wilson(q2)))
            coefficients = WC(**document)
            coefficients.validate()
            name = "dBR/dq2(B+->Kmumu)"
            shift = flavio.np_prediction(name, Wilson.from_wc(coefficients), q2=q2) - standard(name, q2=q2)
            unit = 1e-8 * (2.0 - 1.1)  # of the row, an average over its bin
            assert abs(shift) > 1e-11
            assert shift == pytest.approx(expected * unit, rel=1e-5)
            assert np.isfinite(shift)
