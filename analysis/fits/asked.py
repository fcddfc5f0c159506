"""What is asked of a fit beside its scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zdscan.analysis.fits import toys
from zdscan.analysis.fits.crew import cores
from zdscan.analysis.fits.statistic import ROWS, check
from zdscan.errors import UserError, describe
from zdscan.evaluation.physics import Physics
from zdscan.physics import level as _level
from zdscan.physics.statistics import Level, level_of

OF_SCAN = "auto"


@dataclass(frozen=True)
class Asked:
    """The options of a fit.

    Attributes
    ----------
    statistic : what is minimised.
    profiles : whether every coupling is profiled.
    level : of the intervals of profiles beside those of one standard deviation; "auto": that of the scan's exclusions,
        0.95 where these are as published.
    toys, seed : how many toys of each hypothesis, 0 for none, and the seed of their random numbers.
    processes : for toys.
    leave_out, covariances : whether the fit is repeated without some of the data, and with other errors.
    """

    statistic: str = ROWS
    profiles: bool = True
    level: str = OF_SCAN
    toys: int = 0
    seed: int = 1
    processes: int = 1
    leave_out: bool = False
    covariances: bool = False

    @classmethod
    def of(cls, *, level: str | float = OF_SCAN, processes: int | None = 1, **options: Any) -> Asked:
        """Checked options; processes None: as many as there are cores.

        Raises
        ------
        UserError
            One sentence for each that cannot be.
        """
        count = cores() if processes is None else processes
        found = cls(level=_level.plain(level), processes=count, **options)
        check(found.statistic)
        faults = []
        if fault := _level.fault(level, (OF_SCAN,)):
            faults.append(f"level {fault}.")
        for name, least, most in (("toys", 0, toys.MOST), ("seed", 0, 2**32 - 1), ("processes", 1, 4096)):
            value = getattr(found, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                faults.append(f"{name} must be a whole number from {least} to {most:,}, not {describe(value)}.")
        if not faults and found.toys and found.statistic != ROWS:
            faults.append(
                f"toys are drawn from the errors of measured rows, so they go with statistic rows, not "
                f"{found.statistic}: what a limit would have been in another experiment is not known."
            )
        if faults:
            raise UserError(*faults)
        return found

    def level_of(self, physics: Physics) -> Level:
        """The level of the wide intervals."""
        found = (physics.level if self.level == OF_SCAN else level_of(self.level)) or level_of(_level.DEFAULT)
        assert found is not None
        return found
