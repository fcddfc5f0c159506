"""Tolerance classes of the tests, in one place, each with its reason (relative unless said)."""

EXACT_ALGEBRA = 1e-13  # the same closed form evaluated another way: rounding only
CLOSED_FORM = 1e-9  # closed form against mpmath quadrature: cancellation near poles and thresholds
BIN_INTEGRAL = 1e-6  # a row against brute-force integration of flavio's amplitudes: eight-node interpolation of the tables
FLOAT32_OUTPUT = 5e-7  # stored float32 against float64
