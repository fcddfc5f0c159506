"""What data say of the parameters of a scan: best fits, and samples of the posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdscan.analysis.views.grid import Grid
from zdscan.errors import UserError

if TYPE_CHECKING:
    from zdscan.analysis.fits.fitting import Fit
    from zdscan.analysis.fits.sampling import Samples
    from zdscan.scan.scanfile import Scan


def fit(
    source: Scan | Grid | str | Path,
    *,
    statistic: str = "rows",
    profiles: bool = True,
    level: str | float = "auto",
    toys: int = 0,
    seed: int = 1,
    processes: int | None = 1,
    leave_out: bool = False,
    covariances: bool = False,
    overrides: Iterable[str] = (),
    progress: Callable[[str, float], None] = lambda what, fraction: None,
) -> Fit:
    """Fit mass and couplings within the axes of a scan, as `zdscan fit` does.

    Parameters
    ----------
    source : Scan, Grid, str or Path
        A scan or the name of a scan file, to start from a coarse grid in memory; or a finished grid, open or by its
        name, to start from its lowest points.
    statistic : str
        What is minimised: "rows", "constraints" or "total", chi2 of both (docs/statistics.md).
    profiles : bool
        Profile every coupling, which takes most of the time and finds intervals and flat stretches.
    level : str or float
        Level of the intervals of profiles beside those of one standard deviation, such as 0.9 or ``"2 sigma"``; by
        default that of the scan's exclusions, 0.95 where these are as published.
    toys, seed : int
        Toy experiments from each of two hypotheses, the best fit and the Standard Model, for p-values, and the seed of
        their random numbers.
    processes : int
        Processes for toys; None: one for each core. A script that asks for more than one keeps what it does below
        ``if __name__ == "__main__":``.
    leave_out : bool
        Repeat the fit without each publication of rows, and without each constraint that is part of the statistic.
    covariances : bool
        Repeat the fit of the rows with every treatment of their errors.
    overrides : iterable of str
        Settings to replace in a scan file, such as ``"axes.mass.n=50"``.
    progress : callable
        Called with what is being done and the fraction done, 0 to 1.

    Returns
    -------
    Fit
        With `result` (`best`, `improvement`, `p_value`, `profiles`, ...), `pulls` (float64[rows]), `excluded`
        (constraint id -> ratio and grade), `toys`, `left_out`, `treated`, `remarks` (sentences) and `to_dict()`, the
        layout of ``zdscan fit --json``.

    Raises
    ------
    UserError
        For a file that cannot be used, an unfinished grid, or `overrides` of anything but a scan file.
    """
    from zdscan.analysis.fits.fitting import fit_file, fit_scan

    settings = tuple(overrides)
    asked: dict[str, Any] = {
        "statistic": statistic,
        "profiles": profiles,
        "level": level,
        "toys": toys,
        "seed": seed,
        "processes": processes,
        "leave_out": leave_out,
        "covariances": covariances,
    }
    if isinstance(source, Grid):
        source = source.path
    if isinstance(source, str | Path):
        return fit_file(source, settings, progress=progress, **asked)
    _refuse(settings)
    return fit_scan(source, progress=progress, **asked)


def sample(
    source: Scan | str | Path,
    output: str | Path | None = None,
    *,
    statistic: str = "rows",
    draws: int = 2000,
    burn_in: int = 500,
    walkers: int = 32,
    thin: int = 1,
    seed: int = 1,
    processes: int | None = 1,
    overwrite: bool = False,
    overrides: Iterable[str] = (),
    progress: Callable[[str, float], None] = lambda what, fraction: None,
) -> Samples:
    """Sample the posterior within the axes of a scan, as `zdscan sample` does; needs the package emcee.

    Priors are flat in the scale of each axis, between its ends: in the value, in the logarithm, or in asinh.

    Parameters
    ----------
    source : Scan, str or Path
        A scan or the name of a scan file.
    output : str or Path
        Write the samples into this file too (HDF5, as ArviZ reads it).
    statistic : str
        Whose likelihood: "rows", "constraints" or "total" (docs/statistics.md).
    draws, burn_in, walkers, thin : int
        Samples kept of each walker, steps before the first of them, walkers (an even number), and steps of which one is
        kept.
    seed : int
        Of the random numbers.
    processes : int
        Processes that evaluate points; None: one for each core. A script that asks for more than one keeps what it does
        below ``if __name__ == "__main__":``.
    overwrite : bool
        Whether an existing file of samples is replaced.
    overrides : iterable of str
        Settings to replace in a scan file, such as ``"axes.mass.max=0.1"``.
    progress : callable
        Called with what is being done and the fraction done, 0 to 1.

    Returns
    -------
    Samples
        With `parameters` (name -> float64[chain, draw]), `chi2`, `r_hat`, `autocorrelation`, `warnings` (sentences),
        `interval(name, share)`, `to_datasets()` (of xarray), `write(path)` and `to_dict()`.

    Raises
    ------
    UserError
        For a scan file or an option that cannot be used, a file that exists or cannot be written, or without emcee.
    """
    from zdscan.analysis.fits.crew import cores
    from zdscan.analysis.fits.sampling import Options, check_output, sample_scan
    from zdscan.scan.scanfile import load_scan

    settings = tuple(overrides)
    if output is not None:
        check_output(Path(output), overwrite=overwrite)
    if isinstance(source, str | Path):
        source = load_scan(source, settings)
    else:
        _refuse(settings)
    options = Options(draws, burn_in, walkers, thin, seed, cores() if processes is None else processes)
    found = sample_scan(source, options, statistic, progress)
    if output is not None:
        found.write(output, overwrite=overwrite)
    return found


def _refuse(overrides: tuple[str, ...]) -> None:
    """Raise `UserError` where settings of a scan that is already read are to be replaced."""
    if overrides:
        raise UserError("overrides change a scan file, and a scan was given that is already read.")
