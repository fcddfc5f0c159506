"""The numbers at many points: mass tables, runs of points, and the fields that are stored. docs/performance.md.

- `physics`: the tables of one mass and what is computed from them, for grids, single points and fits alike.
- `expansion`, with `inequalities` and `monomials`: the same tables as polynomials, for the fast kernels.
- `fields`: what can be computed at a point; `engine`: a scan as those who compute its blocks see it.

It may import errors, compiled, kernels, inputs, physics and constraints. Every file here is in the identity of a grid.
"""
