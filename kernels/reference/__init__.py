"""The reference evaluator: every quantity at points of one mass, in plain NumPy, as the formulas of the docs stand.

It is the specification of the fast evaluator (kernels/fast), which does chi2 and the bits alone. Nothing is expanded,
reordered or tabulated: couplings (points.py), rows and chi2 (rows.py, propagator.py), constraints (clauses.py).

Arrays run over points last, and every operation is elementwise over them: no matrix product, and no sum over an axis
that NumPy may order as it likes, so that a point gets the same bits in whatever company it is computed.
"""
