"""Titles and statements in print."""

from __future__ import annotations

import pytest

from analysis.picture import fold
from analysis.typeset import unicode_text
from zdscan.constraints import select


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("K+ -> mu+ nu Z_D, Z_D -> e+ e-", "K⁺ → μ⁺ν Z[D], Z[D] → e⁺e⁻"),
        ("B0 -> K*0 nu nu (2 sigma)", "B⁰ → K*⁰ νν (2σ)"),
        ("B_s mixing, Delta M_s/SM - 1", "B[s] mixing, ΔM[s]/SM - 1"),
        ("eps_Z < 1.50e-08 GeV^2, 1e-05, 251(59)e-11", "ε[Z] < 1.50×10⁻⁸ GeV², 10⁻⁵, 251(59)×10⁻¹¹"),
        ("Gamma(W -> mu nu Z_D), q_mu q_nu/M^2", "Γ(W → μν Z[D]), q[μ] q[ν]/M²"),
        (
            "k_mu_inv and b_k_nunu at g_mu = 0.1, K -> pi, numbers",
            "k_mu_inv and b_k_nunu at g[μ] = 0.1, K → π, numbers",
        ),
    ],
)
def test_print(plain: str, printed: str) -> None:
    assert unicode_text(plain, "[{}]") == printed


def test_every_title_is_printable() -> None:
    for constraint in select("all"):
        printed = unicode_text(constraint.title)
        assert "->" not in printed
        assert printed.count("$") % 2 == 0
        assert "_" not in printed.replace(r"$_\mathdefault", "")


def test_lines_count_letters_as_printed() -> None:
    text = unicode_text("K+ -> mu+ nu Z_D, Z_D invisible (90%, grade B)")
    assert fold(text, 40) == text
    assert fold(text, 30).split("\n") == [text[: text.index(" (90")], "(90%, grade B)"]
