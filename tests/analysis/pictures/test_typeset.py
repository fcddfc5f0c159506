"""Titles and statements in print."""

from __future__ import annotations

import pytest

from zdscan.analysis.pictures.typeset import in_print
from zdscan.constraints import available, select


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("K+ -> mu+ nu Z_D, Z_D -> e+ e-", "K^+ → μ^+ν Z[D], Z[D] → e^+e^−"),
        ("B0 -> K*0 nu nu (2 sigma)", "B^0 → K*^0 νν (2σ)"),
        ("B_s mixing, Delta M_s/SM - 1", "B[s] mixing, ΔM[s]/SM - 1"),
        ("eps_Z < 1.50e-08 GeV^2, -1e-05, 251(59)e-11", "ε[Z] < 1.50×10^−8 GeV^2, −10^−5, 251(59)×10^−11"),
        ("Gamma(W -> mu nu Z_D), q_mu q_nu/M^2", "Γ(W → μν Z[D]), q[μ] q[ν]/M^2"),
        ("1e-8 GeV^-2, eps_Z << eps, Delta a_mu", "10^−8 GeV^−2, ε[Z] ≪ ε, Δa[μ]"),
        ("k_mu_inv at g_mu = 0.1, K -> pi, numbers", "k_mu_inv at g[μ] = 0.1, K → π, numbers"),
    ],
)
def test_print(plain: str, printed: str) -> None:
    assert in_print(plain, ("[{}]", "^{}")) == printed


def test_every_title_is_printable() -> None:
    for constraint in select(available()):
        printed = in_print(constraint.title)
        assert "->" not in printed
        assert printed.count("$") % 2 == 0
        assert "_" not in printed.replace(r"$_\mathdefault", "")
        assert "^" not in printed.replace(r"$^\mathdefault", "")
