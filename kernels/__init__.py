"""Kernels: numbers and arrays in GeV in, numbers out; no names, files, strings or Python objects.

    physics     formulas of processes
       |              masses, couplings -> factors, integrals
    tables      one mass: tables of the rows, widths, clauses; the same tables at the nodes of bands of the width
       |    \
    fast   reference    points of one mass: fast, chi2 and bits of whole grids (3 to 20 ns a point, compiled);
       |                reference, every quantity, as the formulas of the docs stand (NumPy)
    profile     lowest chi2 over pairs of axes

`fast` and `reference` know nothing of each other: the second is the specification that the first is tested against.
"""
