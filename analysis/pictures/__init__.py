"""Pictures of views: a module with a function ``draw`` for each kind, all named in plotting.py.

plotting.py     from a request to a picture; the list of kinds
curve.py        chi2 along one axis
plane.py        regions and exclusions over two axes
summary.py      the curves of all constraints, two columns wide
first.py        which constraint excludes first
limits.py       limit curves: what each constraint excludes of a parameter against the mass
overlay.py      several grids in one picture
of_case.py      points of a case that has no grid
exclusions.py   curves of the constraints and the area that any excludes
curves.py       which curves matter, their colours, names written on them
areas.py        what intervals at neighbouring masses span together
marginal.py     regions of highest posterior density
typed.py        options as they are typed
frame.py        where values lie between the sides of a picture
sheet.py        heading, legends, size
layers.py       regions, marks, cells over two axes
scales.py       the look, labels, units and scales of axes
typeset.py      plain text as in print
"""
