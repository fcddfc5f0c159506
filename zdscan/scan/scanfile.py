"""The scan file: what to compute, in TOML, checked completely before anything runs.

The layout is described in docs/scan-file.md. Every fault of a file is reported at once, each as one sentence that
says where (file, line, dotted key), what is wrong and what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, create_model
from pydantic_core import PydanticCustomError

from zdscan import __version__
from zdscan.constraints import available
from zdscan.errors import UserError, listed, nearest, not_one_of
from zdscan.evaluation.fields import ALWAYS, FIELDS
from zdscan.evaluation.settings import CONSTRAINT_SETS, SETTINGS, Setting, Settings
from zdscan.grid.blocks import MOST_TABLE_BYTES, table_bytes
from zdscan.physics.cases import CASES, Case, named_case
from zdscan.physics.parameters import AXES
from zdscan.scan.axes import AxisSpec, build_axis, physics_faults, range_faults
from zdscan.scan.messages import OWN_WORDS, Fault, pydantic_faults, sentence
from zdscan.scan.overrides import apply_overrides

FORMAT = 1


@dataclass(frozen=True)
class OutputOptions:
    """Section [output]: names of the stored fields (none: profiles alone), and whether 2D profiles are written."""

    fields: tuple[str, ...] = ALWAYS
    profiles: bool = True


@dataclass(frozen=True)
class CustomCase:
    """A user's own case: rows of the coupling matrix, each a mapping from parameter to coefficient; absent = 0."""

    name: str
    couplings: Mapping[str, Mapping[str, float]]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _AxesTable(_Table):
    mass: AxisSpec
    eps: AxisSpec
    eps_z: AxisSpec
    g_mu: AxisSpec


class _OutputTable(_Table):
    fields: list[str] = list(ALWAYS)
    profiles: bool = True


class _CaseTable(_Table):
    name: str
    couplings: dict[str, dict[str, float]]


def _checked(setting: Setting) -> Any:
    """The type of a setting in a model of pydantic: its own check, in its own words."""

    def check(value: Any) -> Any:
        if fault := setting.fault(value):
            raise PydanticCustomError(OWN_WORDS, "{fault}", {"fault": fault})
        return value

    return Annotated[Any, PlainValidator(check)]


def _settings_of(section: str) -> dict[str, Any]:
    """The declared settings of a section, as pydantic makes a model of them: key -> (type, default)."""
    return {item.key: (_checked(item), item.file_default) for item in SETTINGS.values() if item.section == section}


SECTIONS = tuple(dict.fromkeys(item.section for item in SETTINGS.values() if item.section))
_TABLES: dict[str, type[_Table]] = {
    section: create_model(section, __base__=_Table, **_settings_of(section)) for section in SECTIONS
}

# The whole document; sections other than [axes] may be left out. What `case` and the constraints may be is checked by
# `_case` and `_constraint_faults`.
_DOCUMENT: dict[str, Any] = {
    "format": (int, ...),
    "case": (Any, ...),
    **_settings_of(""),
    "axes": (_AxesTable, ...),
    **{section: (table, table()) for section, table in _TABLES.items()},
    "output": (_OutputTable, _OutputTable()),
}
ScanFile: type[_Table] = create_model("ScanFile", __base__=_Table, **_DOCUMENT)


@dataclass(frozen=True, eq=False)
class Scan:
    """A complete, checked scan. Immutable; two scans are equal when every setting and axis value is.

    ``parse_scan(scan.text, overrides=scan.overrides)`` gives an equal scan, which is how grid files keep theirs.

    Attributes
    ----------
    text, overrides : the TOML text, and the settings that replace some of it.
    format : of the scan file.
    case : "A", "B", "C", or the user's own.
    settings : theory setting, and what the sections [model], [data] and [constraints] say (docs/scan-file.md).
    axes : name -> ascending float64 values: mass (GeV), eps, eps_z, g_mu.
    output : what is stored, as section [output] says.
    source : what messages call the file.
    """

    text: str
    overrides: tuple[str, ...]
    format: int
    case: str | CustomCase
    settings: Settings
    axes: Mapping[str, NDArray[np.float64]]
    output: OutputOptions
    source: str = field(default="scan file")

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along mass, eps, eps_z, g_mu."""
        return tuple(axis.size for axis in self.axes.values())

    @property
    def points(self) -> int:
        """Number of grid points."""
        count = 1
        for n in self.shape:
            count *= n
        return count

    @property
    def case_name(self) -> str:
        """Name of the case, built in or the user's."""
        return self.case if isinstance(self.case, str) else self.case.name

    @property
    def coupling_case(self) -> Case:
        """The case with its matrix, built in or the user's."""
        given = self.case
        return named_case(given) if isinstance(given, str) else Case.from_couplings(given.name, given.couplings)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields to store."""
        return self.output.fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scan):
            return NotImplemented
        told = [f.name for f in fields(self) if f.name not in ("text", "overrides", "axes", "source")]
        return all(getattr(self, name) == getattr(other, name) for name in told) and all(
            np.array_equal(self.axes[name], other.axes[name]) for name in AXES
        )

    def __hash__(self) -> int:
        return hash((self.text, self.overrides))

    def __reduce__(self) -> tuple[Callable[..., Scan], tuple[str, str, tuple[str, ...]]]:
        return parse_scan, (self.text, self.source, self.overrides)


def load_scan(path: str | Path, overrides: Sequence[str] = ()) -> Scan:
    """Read and check a scan file.

    Parameters
    ----------
    path : the TOML file.
    overrides : ``"dotted.key=value"`` texts that replace or add settings; a value is TOML, a bare word is a text.

    Raises
    ------
    UserError
        With one sentence for every fault, or for a file that cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        hint = nearest(path.name, [other.name for other in path.parent.glob("*.toml")])
        raise UserError(f"{path}: there is no such scan file{hint}.") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a directory; a scan file in TOML is wanted.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text in UTF-8 (byte {error.start}); a scan file is TOML.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    return parse_scan(text, str(path), overrides)


def parse_scan(text: str, source: str = "scan file", overrides: Sequence[str] = ()) -> Scan:
    """As `load_scan`, from the text of the file; `source` is what messages call it. Line ends are kept as given."""
    try:
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except ValueError as error:  # TOMLDecodeError, or Python's own limit on the digits of a number
        raise UserError(f"{source}: not valid TOML: {error}.") from None
    given = apply_overrides(raw, overrides)
    faults, newer = _format_faults(raw)
    if newer:  # the rest of a file in a later format cannot be judged
        raise UserError(*(sentence(fault, source, text, given) for fault in faults))

    document: dict[str, Any] | None = None
    try:
        document = ScanFile.model_validate(raw).model_dump()
    except ValidationError as error:
        faults += [fault for fault in pydantic_faults(error, ScanFile) if fault.path != ("format",)]
    axes, more = _axes(raw)
    case, case_faults = _case(raw.get("case"))
    faults += more + case_faults + _constraint_faults(raw) + _output_faults(raw, axes)
    if document is not None:
        faults += _mismatches(document)
    if case == "A":
        faults += _case_a_faults(raw, axes)
    if faults or document is None:
        unique = dict.fromkeys(sentence(fault, source, text, given) for fault in faults)
        raise UserError(*unique)
    assert case is not None
    return Scan(
        text=text,
        overrides=tuple(overrides),
        format=document["format"],
        case=case,
        settings=_settings(document),
        axes=MappingProxyType(axes),
        output=OutputOptions(tuple(document["output"]["fields"]), document["output"]["profiles"]),
        source=source,
    )


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = raw.get(name)
    return section if isinstance(section, dict) else {}


def _format_faults(raw: Mapping[str, Any]) -> tuple[list[Fault], bool]:
    """Faults of the format number, and whether the file was written for a later zdscan."""
    value, path = raw.get("format"), ("format",)
    if value is None:
        return [Fault(path, f"is missing; begin the file with format = {FORMAT}")], False
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return [Fault(path, f"must be the whole number {FORMAT}, not {value!r}")], False
    if value > FORMAT:
        text = f"= {value} is newer than this zdscan ({__version__}) reads, which is {FORMAT}; please update zdscan"
        return [Fault(path, text)], True
    return [], False


def _axes(raw: Mapping[str, Any]) -> tuple[dict[str, NDArray[np.float64]], list[Fault]]:
    axes: dict[str, NDArray[np.float64]] = {}
    faults = []
    for name in AXES:
        try:
            spec = AxisSpec.model_validate(_section(raw, "axes").get(name))
        except ValidationError:
            continue  # already reported with the whole document
        outside = physics_faults(name, spec)
        # the points between ends far outside may overflow
        axis, wrong = (None, range_faults(spec)) if outside and spec.values is None else build_axis(spec)
        wrong = wrong + outside
        if axis is not None:
            axis.setflags(write=False)
            axes[name] = axis
        faults += [Fault(("axes", name, *([key] if key else [])), text) for key, text in wrong]
    return axes, faults


def _case(value: Any) -> tuple[str | CustomCase | None, list[Fault]]:
    if value is None:  # reported as missing with the whole document
        return None, []
    if isinstance(value, str):
        return (value, []) if value in CASES else (None, [Fault(("case",), not_one_of(value, tuple(CASES)))])
    if not isinstance(value, dict):
        return None, [Fault(("case",), f"must be one of {listed(CASES)}, or a table with name and couplings")]
    try:
        table = _CaseTable.model_validate(value)
    except ValidationError as error:
        return None, pydantic_faults(error, _CaseTable, ("case",))
    try:
        Case.from_couplings(table.name, table.couplings)
    except UserError as error:
        return None, [Fault(("case", "couplings"), f"cannot be used: {message}") for message in error.messages]
    couplings = {row: MappingProxyType(columns) for row, columns in table.couplings.items()}
    return CustomCase(table.name, MappingProxyType(couplings)), []


def _case_a_faults(raw: Mapping[str, Any], axes: Mapping[str, NDArray[np.float64]]) -> list[Fault]:
    g_mu = axes.get("g_mu")
    if g_mu is not None and not (g_mu.size == 1 and g_mu[0] == 0.0):
        return [Fault(("axes", "g_mu"), "must be { values = [0.0] } in Case A, which has no direct muon coupling")]
    return []


def _settings(document: Mapping[str, Any]) -> Settings:
    """The values of the settings in a document that pydantic has checked."""
    return Settings.of(**_values(document))


def _values(document: Mapping[str, Any]) -> dict[str, Any]:
    tables = {item.name: document[item.section] if item.section else document for item in SETTINGS.values()}
    return {name: table[SETTINGS[name].key] for name, table in tables.items()}


def _mismatches(document: Mapping[str, Any]) -> list[Fault]:
    """Settings that do not go with the others."""
    found = Settings(**_values(document)).mismatch
    return [] if found is None else [Fault(SETTINGS[found[0]].path, found[1])]


def _constraint_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the choice of constraints: a set by name, or a list of ids."""
    setting = SETTINGS["constraints"]
    section, key = setting.path
    value, known = _section(raw, section).get(key, setting.file_default), available()
    if isinstance(value, str):
        if value in CONSTRAINT_SETS:
            return []
        if value in known:
            return [Fault(setting.path, f"must be a list of ids; write [{value!r}]")]
        return [Fault(setting.path, f"{not_one_of(value, CONSTRAINT_SETS)}, or a list of ids")]
    if not isinstance(value, list):
        return [Fault(setting.path, f'must be "paper", "all" or a list of ids, not {value!r}')]
    if not value:
        return [Fault(setting.path, 'is an empty list; name at least one constraint, or write "paper" or "all"')]
    faults = []
    for index, name in enumerate(value):
        if not isinstance(name, str):
            faults.append(Fault((*setting.path, index), f"must be a constraint id in quotes, not {name!r}"))
        elif name not in known:
            faults.append(Fault((*setting.path, index), not_one_of(name, known)))
        elif name in value[:index]:
            faults.append(Fault((*setting.path, index), f"repeats {name!r}; name every constraint once"))
    return faults


def _output_faults(raw: Mapping[str, Any], axes: Mapping[str, NDArray[np.float64]]) -> list[Fault]:
    section = _section(raw, "output")
    faults = []
    if section.get("profiles", True) is True and len(axes) == len(AXES):
        needed = table_bytes([axes[name].size for name in AXES])
        if needed > MOST_TABLE_BYTES:
            text = (
                f"= true needs tables of {needed / 1e9:.3g} GB in every process for the pairs of axes, at most "
                f"{MOST_TABLE_BYTES / 1e9:.3g} GB are allowed; take fewer values on the longest axes or "
                "profiles = false"
            )
            faults.append(Fault(("output", "profiles"), text))
    names = section.get("fields", list(ALWAYS))
    if not isinstance(names, list):
        return faults  # reported with the whole document
    if not names:
        if section.get("profiles", True) is False:
            text = "is empty while profiles = false, so nothing would be kept; store chi2 and excluded or profiles"
            faults.append(Fault(("output", "fields"), text))
        return faults
    path: tuple[str | int, ...] = ("output", "fields")
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name not in FIELDS:
            faults.append(Fault((*path, index), not_one_of(name, FIELDS)))
        elif name in names[:index]:
            faults.append(Fault((*path, index), f"repeats {name!r}; name every field once"))
    missing = [name for name in ALWAYS if name not in names]
    if missing:
        faults.append(
            Fault(
                path,
                f"lacks {listed(missing)}; chi2 and excluded are always stored, or no field at all",
            )
        )
    return faults
