"""Fits of mass and couplings: what the data determine, and what they do not.

fitting.py      fits of scan files and grid files, with everything that is reported
seeds.py        where a fit starts: lowest points of a grid
minimise.py     the minimum at one mass, and at all masses
bestfit.py      best fit, errors and profiles
asked.py        the options of a fit
covariances.py  the fit with other errors of the rows
refits.py       fits of other data that begin at a fit that is there
toys.py         toy experiments; crew.py: processes that share them
leave_out.py    the fit without some of the data
posterior.py    the posterior density and its priors; sampling.py: samples of it; samplereport.py: these as text
statistic.py    what is minimised: chi2 of rows, of constraints, or of both
degeneracy.py   flat directions and flat stretches
fitreport.py    a fit as text
"""
