"""Pictures of views: a module with a function ``draw`` for each kind, all named in plotting.py.

plotting.py     from a request to a picture; the list of kinds
curve.py        chi2 along one axis
plane.py        regions and exclusions over two axes
summary.py      the boundary of every constraint
first.py        which constraint excludes first
limits.py       limit curves: what each constraint excludes of a parameter against the mass
areas.py        what intervals at neighbouring masses span together
marginal.py     regions of highest posterior density
sheet.py        heading, legends, size
layers.py       regions, boundaries, hatching, marks over two axes
scales.py       the look, labels, units and scales of axes
typeset.py      plain text as in print
"""
