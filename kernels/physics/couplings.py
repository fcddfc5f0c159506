"""The rows of a coupling matrix: which number is the coupling of what to the light vector. docs/model.md."""

from __future__ import annotations

V_E, A_E, V_MU, A_MU, V_TAU, A_TAU, V_U, A_U, V_D, A_D, V_S, A_S, G_NUE, G_NUMU, G_NUTAU, G_WW, G_PP, G_WP = range(18)
