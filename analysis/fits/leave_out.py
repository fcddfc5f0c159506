"""Which data pull where: the fit without each publication of rows, and without each constraint. docs/fitting.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.fits.minimise import Minimum
from zdscan.analysis.fits.refits import Refits
from zdscan.analysis.fits.statistic import ROWS, Statistic

Progress = Callable[[str, float], None]
LEAST_PULL = 0.005  # of chi2 at the best fit: a constraint with less moves nothing


@dataclass(frozen=True)
class Without:
    """A fit without some of the data.

    Attributes
    ----------
    what : citation of a publication or id of a constraint; kind : "rows" or "constraint"; rows : how many.
    best : the fit without them.
    sm_chi2 : of the Standard Model without them.
    pull : how much better the other data are fitted without them, in chi2.
    """

    what: str
    kind: str
    rows: int
    best: Minimum
    sm_chi2: float
    pull: float

    @property
    def improvement(self) -> float:
        """chi2 of the fit less that of the Standard Model, without them."""
        return self.best.chi2 - self.sm_chi2

    def to_dict(self) -> dict[str, Any]:
        """The layout of ``left_out`` in ``zdscan fit --json``."""
        return {
            "without": self.what,
            "kind": self.kind,
            "rows": self.rows,
            "chi2": self.best.chi2,
            "sm_chi2": self.sm_chi2,
            "delta_chi2": self.improvement,
            "pull": self.pull,
            "best": self.best.to_dict(),
        }


def left_out(refits: Refits, progress: Progress = lambda what, fraction: None) -> tuple[Without, ...]:
    """The fit without each publication and, where constraints are part of the statistic, without each of them."""
    todo, found = list(_variants(refits)), []
    for number, (what, kind, count, variant, sm) in enumerate(todo):
        progress("fits without some data", number / len(todo))
        best = refits.lowest(variant)
        before = _value(variant, refits.best)
        if before < best.chi2:  # the fit with all data is as good a fit without these
            best = replace(refits.best, chi2=before)
        found.append(Without(what, kind, count, best, sm, before - best.chi2))
    return tuple(found)


def _variants(refits: Refits) -> Iterator[tuple[str, str, int, Statistic, float]]:
    """What is left out, its kind, its number of rows, the statistic without it and the Standard Model's."""
    surface = refits.surface
    physics, rows = surface.physics, surface.physics.likelihood
    if surface.name != "constraints":
        groups: dict[str, list[int]] = {}
        for place, keys in enumerate(rows.data.citations):
            groups.setdefault(keys[0], []).append(place)
        for name, places in groups.items():
            if len(groups) == 1:
                break
            kept: NDArray[np.bool_] = np.ones(len(rows.sm), dtype=np.bool_)
            kept[places] = False
            fewer = rows.only(kept)
            yield name, "rows", len(places), surface.variant(fewer), fewer.chi2(rows.sm)["all"]
    if surface.name != ROWS:
        _, each = surface.parts(refits.best.mass, np.array([refits.best.couplings]).T)
        likelihoods = physics.constraint_chi2(refits.best.mass)
        for place, item in enumerate(physics.constraints):
            if abs(each[0, place]) + likelihoods.standard[place] >= LEAST_PULL:
                counted = np.arange(len(physics.constraints)) != place
                yield item.id, "constraint", 0, surface.variant(counted=counted), surface.sm


def _value(variant: Statistic, at: Minimum) -> float:
    a, b, c = (np.array([x]) for x in at.couplings)
    return float(variant.at_mass(at.mass)(a, b, c).reshape(-1)[0])
