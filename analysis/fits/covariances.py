"""How much a fit is preferred depends on the errors: it is repeated with each treatment of them. docs/statistics.md.

Experimental errors without and with their correlations, theory errors as printed, flavio's, and flavio's with their
correlations; each with theory errors of the Standard Model's predictions and with relative ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.fits.bestfit import BestFit, fit_surface
from zdscan.analysis.fits.seeds import Seeds, coarse
from zdscan.analysis.fits.statistic import Statistic
from zdscan.evaluation.physics import Physics
from zdscan.inputs.measurements import theory_errors_fault
from zdscan.physics import rows
from zdscan.physics.rows import AT_POINT, AT_SM, THEORY_ERRORS

Progress = Callable[[str, float], None]
EXPERIMENTAL = {"false": "uncorrelated", "true": "correlated"}
THEORY = {"table": "as printed", "flavio": "flavio, uncorrelated", "flavio-covariance": "flavio, correlated"}


@dataclass(frozen=True)
class Treated:
    """A fit of the rows with one treatment of their errors.

    Attributes
    ----------
    correlated, theory_errors : the settings `errors_correlated` ("true" or "false") and `theory_errors`.
    fixed, relative : the fits with theory errors of the Standard Model's predictions, and with relative ones.
    """

    correlated: str
    theory_errors: str
    fixed: BestFit
    relative: BestFit

    @property
    def words(self) -> tuple[str, str]:
        """The treatment of experimental and of theory errors, for tables."""
        return EXPERIMENTAL[self.correlated], THEORY[self.theory_errors]

    def to_dict(self) -> dict[str, Any]:
        """The layout of a line of ``zdscan fit --covariances --json``."""
        return {
            "errors_correlated": self.correlated == "true",
            "theory_errors": self.theory_errors,
            "sm_chi2": self.fixed.sm_chi2,
            **{
                at: {
                    "chi2": found.best.chi2,
                    "delta_chi2": found.improvement,
                    "significance": found.significance,
                    **found.best.to_dict(),
                }
                for at, found in ((AT_SM, self.fixed), (AT_POINT, self.relative))
            },
        }


def treated_physics(physics: Physics, correlated: str, theory_errors: str, errors_at: str) -> Physics:
    """A physics with other errors of the rows, and without constraints."""
    settings = replace(
        physics.settings, errors_correlated=correlated, theory_errors=theory_errors, theory_errors_at=errors_at
    )
    likelihood = rows.build(
        settings.measurements,
        settings.errors,
        theory_errors,
        physics.likelihood.data.files,
        settings.replace,
        correlated=correlated,
        errors_at=errors_at,
    )
    return replace(physics, likelihood=likelihood, settings=settings, constraints=())


def treatments(physics: Physics) -> list[tuple[str, str]]:
    """The treatments of experimental and theory errors that the data of a physics can have."""
    data = physics.settings.measurements
    return [
        (correlated, name)
        for correlated in EXPERIMENTAL
        for name in THEORY_ERRORS
        if theory_errors_fault(data, name) is None
    ]


def treated_fits(
    physics: Physics, axes: Mapping[str, NDArray[np.float64]], progress: Progress = lambda what, fraction: None
) -> tuple[Treated, ...]:
    """The rows fitted within axes with every treatment of their errors."""
    wanted, found = treatments(physics), []
    for number, (correlated, theory_errors) in enumerate(wanted):
        progress("fits with other errors", number / len(wanted))
        others = [treated_physics(physics, correlated, theory_errors, errors_at) for errors_at in (AT_SM, AT_POINT)]
        fits = [_fit(other, axes) for other in others]
        found.append(Treated(correlated, theory_errors, *fits))
    return tuple(found)


def _fit(physics: Physics, axes: Mapping[str, NDArray[np.float64]]) -> BestFit:
    surface, few = Statistic(physics), coarse(axes)
    seeds = Seeds(few)
    for index, mass in enumerate(few["mass"].tolist()):
        seeds.add(index, surface.block(mass, *(few[name] for name in seeds.names)))
    return fit_surface(surface, seeds, len(physics.likelihood.sm), surface.sm, profiles=False)
