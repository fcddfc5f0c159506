"""One setting of a scan or a point as it is declared: where it stands, its default, what is allowed, and the checks."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from zdscan.errors import describe, listed, not_one_of

FORMATS = (1, 2)  # of scan files; a point has the defaults of the latest


@dataclass(frozen=True)
class Setting:
    """The declaration of one setting.

    Attributes
    ----------
    name : of the attribute of `Settings`, the argument of `zdscan.evaluate` and, with dashes, the option.
    section, key : where the scan file has it; section "" is the top of the file.
    default : of a point and of a scan file of the latest format.
    earlier : format of a scan file -> its default, where that is another one.
    names : what a text may be, or where to look that up; None for what is not one of a few names.
    check : the fault of a value, where it may be a list of names as well.
    low, high : the range of a number; None for what is no number.
    parts : of a table of numbers, name -> least and largest; None for what is no table.
    unit : of a number.
    help : one sentence, for the command line and the documentation.
    page : where the documentation says more.
    examples : values that are no names, for controls that offer some.
    plain : how a value is kept, where that is not as it is given.
    told : whether a grid file has an attribute for it; where not, its scan file and its identity tell.
    """

    name: str
    section: str
    key: str
    default: Any
    help: str
    page: str
    earlier: Mapping[int, Any] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] | Callable[[], tuple[str, ...]] | None = None
    check: Callable[[object], str | None] | None = None
    low: float | None = None
    high: float | None = None
    parts: Mapping[str, tuple[float, float]] | None = None
    unit: str = "1"
    examples: tuple[str, ...] = ()
    plain: Callable[[Any], Any] | None = None
    told: bool = True

    def default_of(self, scan_format: int) -> Any:
        """What a scan file of that format means that does not give the setting."""
        return self.earlier.get(scan_format, self.default)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The names that are allowed; none for a number."""
        return self.names() if callable(self.names) else self.names or ()

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to the setting in a scan file."""
        return (self.section, self.key) if self.section else (self.key,)

    @property
    def attribute(self) -> str:
        """Name of the file attribute: that of the setting, followed by the unit if it has one."""
        return self.name if self.unit == "1" else f"{self.name}_{self.unit}"

    def fault(self, value: object) -> str | None:
        """What is wrong with a value, as a predicate that follows the name of the setting; None where it is allowed."""
        if self.check is not None:
            return self.check(value)
        if self.low is not None and self.high is not None:
            return _number_fault(value, self.low, self.high)
        if self.parts is not None:
            return _table_fault(value, self.parts)
        if self.names is None:  # the ids of constraints are checked where constraints are chosen
            return None
        if not isinstance(value, str):
            return f"must be one of {listed(self.allowed)}, not {describe(value)}"
        return None if value in self.allowed else not_one_of(value, self.allowed)


def _number_fault(value: Any, low: float, high: float) -> str | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return f"must be a number, not {describe(value)}"
    value = cast("float", value)
    if value != value or abs(value) == math.inf:
        return f"must be a finite number, not {describe(value)}"
    if value < low:
        return f"must be at least {low:g}, not {describe(value)}"
    return f"must be at most {high:g}, not {describe(value)}" if value > high else None


def _table_fault(value: Any, parts: Mapping[str, tuple[float, float]]) -> str | None:
    """What is wrong with a table of numbers, or with the same numbers in its order."""
    if value is None:
        return None
    shape = f"must be {{ {', '.join(f'{name} = ...' for name in parts)} }}"
    if isinstance(value, list | tuple) and len(value) == len(parts):
        value = dict(zip(parts, value, strict=True))
    if not isinstance(value, Mapping):
        return f"{shape}, not {describe(value)}"
    if unknown := [str(key) for key in value if key not in parts]:
        return f"{shape}; its part {not_one_of(unknown[0], tuple(parts))}"
    if missing := [name for name in parts if name not in value]:
        return f"{shape}; {listed(missing)} is missing"
    found = [(name, _number_fault(value[name], low, high)) for name, (low, high) in parts.items()]
    return next((f"has a part {name} that {fault}" for name, fault in found if fault), None)


def declare(default: Any, section: str, help: str, page: str, key: str = "", **rest: Any) -> Any:
    """A field of `Settings` that carries its declaration; `rest` as the attributes of `Setting`."""
    return dataclasses.field(
        default=default,
        metadata={"section": section, "key": key, "default": default, "help": help, "page": page, **rest},
    )


def switch(value: object) -> str:
    """A switch as it is kept: a text, whether it was given as one or as true or false."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def switch_fault(automatic: str = "") -> Callable[[object], str | None]:
    """The check of a switch that is true, false or, by a name, left to something else."""

    def fault(value: object) -> str | None:
        if isinstance(value, bool) or value in ("true", "false") or (automatic and value == automatic):
            return None
        allowed = f'true, false or "{automatic}"' if automatic else "true or false"
        return f"must be {allowed}, not {describe(value)}"

    return fault
