"""The settings of a scan or a point, each declared once: name, place in the scan file, default, what is allowed, help.

From this table are made: the tables of the scan file and their checks (zdscan/scan/scanfile.py), the checks of
`zdscan.evaluate`, the options of ``zdscan point`` (zdscan/terminal/options.py), the file attributes and the identity of
a grid, and the tables of docs/scan-file.md. A new setting is one more line of `Settings`, an argument of
`zdscan.evaluate`, and the formula that reads it.

Nothing heavy is imported here: the command line reads the table before it knows whether there is anything to compute.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from zdscan.constraints import GROUPS
from zdscan.errors import UserError, listed
from zdscan.evaluation.setting import Setting, declare, switch, switch_fault
from zdscan.physics import level
from zdscan.physics.level import PUBLISHED
from zdscan.physics.parameters import LARGEST_BRANCHING, LARGEST_COUPLING, LARGEST_WIDTH


def _measurement_sets() -> tuple[str, ...]:
    from zdscan.inputs.measurements import available

    return available()


def _limit_sets() -> tuple[str, ...]:
    from zdscan.inputs.limit_sets import available

    return available()


def _measurements_fault(value: object) -> str | None:
    from zdscan.inputs.measurements import fault

    return fault(value)


def _replace_fault(value: object) -> str | None:
    if value is None:
        return None
    from zdscan.inputs.own_measurements import replacements

    try:
        replacements(value)
    except UserError as error:
        return str(error.messages[0])
    return None


def _kept_rows(table: Mapping[str, Any]) -> str:
    from zdscan.inputs.own_measurements import kept

    return kept(table)


def _level_fault(value: object) -> str | None:
    return level.fault(value, ("auto", PUBLISHED))


def _theory_errors_fault(settings: Settings) -> str | None:
    from zdscan.inputs.measurements import theory_errors_fault

    return theory_errors_fault(settings.measurements, settings.theory_errors)


@dataclass(frozen=True)
class Settings:
    """The values of all settings; `of` checks them."""

    theory: str = declare(
        "complete",
        "",
        "What enters the rows: C9 and C10 alone (paper), or the dipole and the q_mu q_nu/M^2 term of the "
        "propagator as well (complete).",
        "model.md#theory-settings",
        earlier={1: "paper"},
        names=("paper", "complete"),
    )
    emission: str = declare(
        "auto",
        "model",
        "How K, pi and W radiate the vector: from the lepton alone (lepton), by the gauge-complete sum (complete), or "
        "lepton for the built-in cases under theory paper and complete for all else (auto).",
        "constraints-charged.md",
        names=("auto", "lepton", "complete"),
    )
    invisible_width: float = declare(
        0.0,
        "model",
        "Extra invisible width in GeV, added to the total width.",
        "model.md#widths",
        low=0.0,
        high=LARGEST_WIDTH,
        unit="GeV",
    )
    invisible_branching: float = declare(
        0.0,
        "model",
        "Branching ratio into an extra invisible channel, whose width follows at each point; instead of "
        "invisible_width.",
        "model.md#widths",
        low=0.0,
        high=LARGEST_BRANCHING,
        told=False,
    )
    dark_fermion: tuple[float, float] | None = declare(
        None,
        "model",
        "Mass (GeV) and vector coupling of an invisible Dirac fermion into which the vector decays; instead of "
        "invisible_width.",
        "model.md#widths",
        parts={"mass": (0.0, LARGEST_WIDTH), "coupling": (-LARGEST_COUPLING, LARGEST_COUPLING)},
        told=False,
    )
    right_handed_neutrinos: str = declare(
        "auto",
        "model",
        "Whether each neutrino has a right-handed partner of the same charge that is lighter than half the vector, "
        "which doubles that width: light or heavy (there is none), or as the case says (auto).",
        "models.md#neutrinos",
        names=("auto", "heavy", "light"),
        told=False,
    )
    mixing: str = declare(
        "auto",
        "model",
        "Kinetic mixing that loops of leptons add where their charges sum to zero: none, loop, or as the case says "
        "(auto).",
        "models.md#mixing-from-loops",
        names=("auto", "none", "loop"),
        told=False,
    )
    axial_mu: float = declare(
        0.0,
        "model",
        "Direct axial muon coupling over the direct vector one: axial_mu x g_mu is added to the muon's axial coupling.",
        "model.md#cases",
        low=-LARGEST_COUPLING,
        high=LARGEST_COUPLING,
    )
    fcnc_scale: float = declare(
        1.0,
        "model",
        "Factor on the monopole E0 of the flavour-changing vertex.",
        "penguin.md",
        low=-LARGEST_COUPLING,
        high=LARGEST_COUPLING,
    )
    anomaly: str = declare(
        "auto",
        "model",
        "The Wess-Zumino term of a vector whose current has an anomaly: kept (wess-zumino), or absent because the "
        "fermions that cancel the anomaly get their masses from the Higgs boson (cancelled); auto is wess-zumino where "
        "there is an anomaly.",
        "penguin.md#anomalous-currents",
        names=("auto", "wess-zumino", "cancelled"),
        told=False,
    )
    measurements: str | tuple[str, ...] = declare(
        "latest",
        "data",
        "Data of the b -> s l l rows, a name or a list of names of data sets or row groups: as printed (rashed2024), "
        "with the misprint of row 1 mended (rashed2024-corrected), those of 2026 (latest), the electron modes whose "
        "ratios to muons are published (electrons), LHCb 2025 in narrow bins (narrow), ratios of muons "
        "to electrons (lfu) and angular distributions (angular, angular2025); files of your own, ./mine.toml, may "
        "stand among them.",
        "data.md#measurements",
        earlier={1: "rashed2024-corrected"},
        names=_measurement_sets,
        check=_measurements_fault,
    )
    replace: str | None = declare(
        None,
        "data",
        "Other numbers of single rows, by their ids: the value, its errors stat = [plus, minus] and "
        "syst = [[plus, minus], ...], and what is to be cited.",
        "extending.md#another-value-for-a-row",
        check=_replace_fault,
        told=False,
    )
    errors: str = declare(
        "symmetrised",
        "data",
        "Experimental errors: averaged over both sides (symmetrised), the side that faces the Standard Model (facing), "
        "or of that side the statistical one alone (stat-facing).",
        "data.md#experimental-errors",
        names=("symmetrised", "facing", "stat-facing"),
        told=False,
    )
    theory_errors: str = declare(
        "auto",
        "data",
        "Theory errors of the rows: as printed (table), flavio's (flavio), flavio's with their correlations "
        "(flavio-covariance), or as the data set has it (auto: table for rashed2024 and rashed2024-corrected, "
        "flavio-covariance for others).",
        "data.md#theory-errors",
        names=("auto", "table", "flavio", "flavio-covariance"),
        told=False,
    )
    errors_correlated: str = declare(
        "auto",
        "data",
        "Correlations of experimental errors: as the data set has it (auto: none for rashed2024 and "
        "rashed2024-corrected, the published ones and common normalisations for others), those of Table 1 as well "
        "(true), or none (false).",
        "data.md#experimental-errors",
        names=("auto", "true", "false"),
        check=switch_fault("auto"),
        plain=switch,
        told=False,
    )
    theory_errors_at: str = declare(
        "sm",
        "data",
        "Of what theory errors of rates are a part: of the Standard Model's predictions (sm), or the same part of the "
        "predictions at each point (point), which grids cannot have.",
        "statistics.md#relative-theory-errors",
        names=("sm", "point"),
        told=False,
    )
    constraints: str | tuple[str, ...] = declare(
        "all",
        "constraints",
        f"Which constraints: a set (all, paper, {listed(GROUPS)}), or a list of sets and ids, as `zdscan constraints` "
        "prints them, in which - takes away: all, -a_mu.",
        "constraints.md",
        key="use",
        earlier={1: "paper"},
    )
    limits: str = declare(
        "latest",
        "constraints",
        "The set of limits that the constraints use: those of November 2026 (latest) or of the analysis of 2024 "
        "(rashed2024).",
        "constraints.md#sets-of-limits",
        earlier={1: "rashed2024"},
        names=_limit_sets,
    )
    limit_theory_errors: str = declare(
        "false",
        "constraints",
        "Whether theory errors of what constraints predict (form factors, quark mixing, bag parameters) make their "
        "bounds wider (true) or not (false).",
        "statistics.md#theory-errors-of-predictions",
        key="theory_errors",
        names=("true", "false"),
        check=switch_fault(),
        plain=switch,
        told=False,
    )
    level: str = declare(
        "auto",
        "constraints",
        'The confidence level of exclusions: a number such as 0.95, or "2 sigma"; every bound at the level of its '
        "publication (published); 0.95 under theory complete and published under theory paper (auto).",
        "statistics.md#level",
        earlier={1: PUBLISHED},
        names=("auto", PUBLISHED),
        examples=("0.9", level.DEFAULT, "2 sigma", "3 sigma"),
        check=_level_fault,
        plain=level.plain,
        told=False,
    )

    @classmethod
    def of(cls, **given: Any) -> Self:
        """The settings with these values and defaults for the others.

        Raises
        ------
        UserError
            One sentence for each value that is not allowed.
        """
        asked = cls(**given)
        values = {name: getattr(asked, name) for name in SETTINGS}
        if faults := [f"{name} {fault}." for name in values if (fault := SETTINGS[name].fault(values[name]))]:
            raise UserError(*faults)
        found = cls(**{name: _plain(SETTINGS[name], value) for name, value in values.items()})
        if mismatch := found.mismatch:
            raise UserError("{} {}.".format(*mismatch))
        return found

    @property
    def used_level(self) -> str:
        """The level of exclusions as a text; "published" where every bound has its own."""
        if self.level != "auto":
            return self.level
        return PUBLISHED if self.theory == "paper" else level.DEFAULT

    @property
    def mismatch(self) -> tuple[str, str] | None:
        """A setting that does not go with the others, each being allowed, and what is wrong with it, as a predicate."""
        if refused := _together_fault({name: getattr(self, name) for name in INVISIBLE}):
            return refused
        fault = _theory_errors_fault(self)
        return None if fault is None else ("theory_errors", fault)

    def attributes(self) -> dict[str, Any]:
        """What a grid file says of the settings: attribute -> value."""
        values = {setting.attribute: getattr(self, name) for name, setting in SETTINGS.items() if setting.told}
        return {name: " ".join(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def identity(self) -> dict[str, str]:
        """The settings as texts, floats with every digit: part of what tells two physics apart."""
        values = {name: getattr(self, name) for name in SETTINGS}
        return {name: value if isinstance(value, str) else repr(value) for name, value in values.items()}


Function = TypeVar("Function", bound=Callable[..., Any])


def documented(function: Function) -> Function:
    """A function whose docstring lists the settings in the place of a line ``{settings}``."""
    if function.__doc__:  # absent under python -OO
        told = [f"{setting.name} : {setting.help[0].lower()}{setting.help[1:]}" for setting in SETTINGS.values()]
        lines = [textwrap.fill(text, 116, subsequent_indent="    ", break_on_hyphens=False) for text in told]
        function.__doc__ = function.__doc__.replace("    {settings}", textwrap.indent("\n".join(lines), "    "))
    return function


INVISIBLE = ("invisible_width", "invisible_branching", "dark_fermion")  # three ways to say the same


def _together_fault(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """A setting that cannot stand beside another one, and why, as a predicate; None where all fit."""
    given = [name for name in INVISIBLE if values[name]]
    if len(given) < 2:
        return None
    return given[1], f"cannot stand beside {given[0]}: both say what the invisible width is, so give one of them"


def _plain(setting: Setting, value: Any) -> Any:
    """A value as it is kept: a number as float, a list or a table of numbers as tuple, one data set by its name.

    Rows that are replaced are kept as a text.
    """
    if setting.plain is not None:
        return setting.plain(value)
    if setting.parts is not None:
        if isinstance(value, Mapping):
            value = [value[name] for name in setting.parts]
        return None if value is None else tuple(float(number) for number in value)
    if setting.low is not None:
        return float(value)
    if isinstance(value, Mapping):
        return _kept_rows(value)
    if value is None:
        return None
    if setting.check is not None and not isinstance(value, str) and len(value) == 1:
        return str(value[0])
    return value if isinstance(value, str) else tuple(value)


def _declared() -> dict[str, Setting]:
    found = {}
    for item in dataclasses.fields(Settings):
        declared = dict(item.metadata)
        found[item.name] = Setting(item.name, **declared | {"key": declared["key"] or item.name})
    return found


SETTINGS: Mapping[str, Setting] = _declared()
