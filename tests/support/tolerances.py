"""Tolerance classes of the tests, in one place, each with its reason (relative unless said)."""

EXACT_ALGEBRA = 1e-13  # the same closed form evaluated another way: rounding only
CLOSED_FORM = 1e-9  # closed form against mpmath quadrature: cancellation near poles and thresholds
BIN_INTEGRAL = (
    1e-6  # a row against brute-force integration of flavio amplitudes: eight-node interpolation of the tables
)
# rows with the small-width law instead of the integrals: asked for 1e-7 of a row without interference
SMALL_WIDTH_LAW = 3e-7
FLOAT32_OUTPUT = 5e-7  # stored float32 against float64
# the grid's chi2 against the reference where the small-width law holds: storage in float32, and rounding; beyond it an
# interpolation of chi2 in the width stands against one of the tables (2e-7 at worst), within FLOAT32_OUTPUT
GRID_CHI2 = 2e-7
LOOP_FUNCTION = 1e-13  # loop functions against 50 digits, relative to |F| + |x dF|: rounding of x, cancellation at 1
LOOP_SUM = 1e-10  # sums over u, c, t: the CKM factors are given to 13 digits and cancel partly
FLAVIO_ROUNDING = 1e-10  # flavio's rate evaluated twice, or through the quadratic form: rounding of its amplitudes
FLAVIO_BINS = 1e-4  # flavio's own binned predictions: its adaptive quadrature asks for 5e-3 and reaches a few 1e-6
PRINTED_SM_COLUMN = 1.7e-2  # Table 1 of arXiv:2412.11438 was made with an older flavio
FORM_FACTOR_SPLINE = 1e-9  # cubic spline on 41 nodes
BREIT_WIGNER = 1e-9  # panel integrals over a resonance against 120 digits: Gauss-Legendre rule on distant panels
BREIT_WIGNER_NEAR = 1e-11  # the same on smooth functions resolved by their panels, pole near: rounding of a few moments
MAGNETIC_MOMENT = 1e-12  # one-loop moment against 25-digit quadrature: logarithms at both ends
PRINTED_SIX_DIGITS = 3e-6  # anchors printed with six digits
TRIDENT_RESPONSE = 2e-4  # response table against the integrals: brute-force quadrature in the twin 1e-4, spline 2e-5
CEVNS_RESPONSE = 1e-3  # response table against the integrals: cubic spline of fifteen masses, 6e-4 in between
NUCLEAR_OVERLAP = 3e-3  # absolute: radius of the caesium nucleus and table printed to three digits
THREE_BODY = 1e-9  # three-body rates: the quadrature's own aim, after the cancellation of 1/M^2 in conserved currents
THREE_DIGITS = 6e-3  # anchors printed with two or three digits
