"""Limits on a coupling: what of a line in one parameter each constraint excludes, at given masses.

crossings.py    where functions of one variable cross 0: intervals with both edges, thin ones included
lines.py        what each constraint excludes along a line at one mass
limits.py       `zdscan.limits`: a case, a parameter and masses -> intervals
curves.py       its result: the strongest constraint, tables, xarray, CSV
"""
