"""What ``zdscan cases`` prints."""

from __future__ import annotations

from zdscan.physics import models
from zdscan.physics.cases import CASES, named_case
from zdscan.terminal import cases
from zdscan.terminal.cases import formula


def test_a_formula_leaves_out_what_vanishes():
    names = ("eps", "eps_z", "g_mu")
    assert formula((-0.3028, 0.0, 1.0), names) == "-0.3028 eps + g_mu"
    assert formula((0.0, 0.0, 0.0), names) == "0"


def test_formula() -> None:
    names = ("eps", "eps_z", "g_mu")
    assert formula([-0.5, 0.25, 1.0], names) == "-0.5 eps + 0.25 eps_z + g_mu"
    assert formula([0.0, -1.0, 0.0], names) == "-eps_z"
    assert formula([0.0, 0.0, 0.0], names) == "0"


def test_cases_say_what_breaks_their_currents(capsys):
    cases.show_cases(CASES, models.available())
    text = " ".join(capsys.readouterr().out.split())
    assert "Currents of Case A" in text
    assert "weak isospin (nu_mu - mu_L = -1, but the W has" in text
    assert "masses (axial couplings of e, mu, tau, u, d)" in text
    assert "nothing couples" not in text  # g_mu of Case A


def test_one_case_in_full(capsys):
    cases.show_case("b_l", named_case("b_l"))
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"Case b_l: {named_case('b_l').title}")
    for parameter in named_case("b_l").parameters.declared:
        assert parameter.title in text
    assert "v_mu -g - 0.3028 eps" in text
