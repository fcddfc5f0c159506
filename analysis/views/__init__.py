"""Points on four axes seen over some of them: minimised, held, or integrated over the others.

points.py       what a view can be made of
grid.py         points of a grid file
in_memory.py    points computed when they are asked for
of_file.py      what a grid file says of itself
stored.py       profiles of a grid file without its points
folding.py      points of a mass as cells x points of each cell
view.py         chi2 and exclusions over the axes seen
refine.py       chi2 between the values of hidden axes: what a grid's profiles miss
regions.py      confidence regions, the first constraint, marginals, intervals
strongest.py    which of several constraints bounds most strongly within a step of the grid
spacing.py      the scale in which an axis is evenly spaced
"""
