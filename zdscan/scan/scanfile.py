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
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, create_model
from pydantic_core import PydanticCustomError

from zdscan import __version__
from zdscan.errors import UserError, listed, nearest, not_one_of
from zdscan.evaluation.fields import ALWAYS, FIELDS
from zdscan.evaluation.settings import FORMATS, SETTINGS, Setting, Settings
from zdscan.grid.blocks import MOST_TABLE_BYTES, table_bytes
from zdscan.physics.cases import CASES, Case, named_case
from zdscan.physics.clause import Constraint
from zdscan.physics.currents import setting_fault
from zdscan.physics.parameters import AXES
from zdscan.scan.axes import AxisSpec, build_axis, physics_faults, range_faults
from zdscan.scan.choice import choice_faults
from zdscan.scan.curves import CURVE_TABLES, curves_of
from zdscan.scan.messages import OWN_WORDS, Fault, pydantic_faults, sentence
from zdscan.scan.overrides import apply_overrides

if TYPE_CHECKING:
    from zdscan.grid.open import GridFile

LATEST = FORMATS[-1]


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


SECTIONS = tuple(dict.fromkeys(item.section for item in SETTINGS.values() if item.section))


def _settings_of(section: str, scan_format: int) -> dict[str, Any]:
    """The declared settings of a section, as pydantic makes a model of them: key -> (type, default)."""
    return {
        item.key: (_checked(item), item.default_of(scan_format))
        for item in SETTINGS.values()
        if item.section == section
    }


# Keys that are no settings, by section: they are checked where they are read.
_OTHERS: Mapping[str, dict[str, Any]] = {"constraints": {CURVE_TABLES[-1]: (Any, None)}}


def _document(scan_format: int) -> type[_Table]:
    """The whole document of a format; sections other than [axes] may be left out.

    What `case` and the constraints may be is checked by `_case` and `_constraint_faults`.
    """
    tables: dict[str, type[_Table]] = {
        section: create_model(
            section, __base__=_Table, **_settings_of(section, scan_format), **_OTHERS.get(section, {})
        )
        for section in SECTIONS
    }
    fields: dict[str, Any] = {
        "format": (int, ...),
        "case": (Any, ...),
        **_settings_of("", scan_format),
        "axes": (_AxesTable, ...),
        **{section: (table, table()) for section, table in tables.items()},
        "output": (_OutputTable, _OutputTable()),
    }
    document: type[_Table] = create_model("ScanFile", __base__=_Table, **fields)
    return document


SCAN_FILES: Mapping[int, type[_Table]] = {scan_format: _document(scan_format) for scan_format in FORMATS}


@dataclass(frozen=True, eq=False)
class Scan:
    """A complete, checked scan. Immutable; two scans are equal when every setting and axis value is.

    ``parse_scan(scan.text, overrides=scan.overrides)`` gives an equal scan, which is how grid files keep theirs.

    Attributes
    ----------
    text, overrides : the TOML text, and the settings that replace some of it.
    format : of the scan file; fixes what it means where it says nothing.
    case : "A", "B", "C", or the user's own.
    settings : theory setting, and what the sections [model], [data] and [constraints] say (docs/scan-file.md).
    axes : name -> ascending float64 values: mass (GeV), eps, eps_z, g_mu.
    output : what is stored, as section [output] says.
    source : what messages call the file.
    own : the user's constraints, as [[constraints.curve]] says.
    files : texts of the files that the scan file names, by their names there.
    """

    text: str
    overrides: tuple[str, ...]
    format: int
    case: str | CustomCase
    settings: Settings
    axes: Mapping[str, NDArray[np.float64]]
    output: OutputOptions
    source: str = field(default="scan file")
    own: tuple[Constraint, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

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
        if isinstance(given, str):
            return named_case(given)
        return Case.from_couplings(given.name, given.couplings, scan_format=self.format)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields to store."""
        return self.output.fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scan):
            return NotImplemented
        told = [f.name for f in fields(self) if f.name not in ("text", "overrides", "axes", "source", "own")]
        return all(getattr(self, name) == getattr(other, name) for name in told) and all(
            np.array_equal(self.axes[name], other.axes[name]) for name in AXES
        )

    def __hash__(self) -> int:
        return hash((self.text, self.overrides))

    def __reduce__(self) -> tuple[Callable[..., Scan], tuple[str, str, tuple[str, ...], Mapping[str, str]]]:
        return parse_scan, (self.text, self.source, self.overrides, dict(self.files))


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
    return parse_scan(text, str(path), overrides, folder=path.parent)


def scan_of(grid: GridFile) -> Scan:
    """The scan that a grid file was made for, from the file alone.

    Raises
    ------
    UserError
        This zdscan does not read it any more.
    """
    return parse_scan(grid.scan_text, f"the scan file in {grid.path}", grid.overrides, grid.files)


def parse_scan(
    text: str,
    source: str = "scan file",
    overrides: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    folder: Path = Path(),
) -> Scan:
    """As `load_scan`, from the text of the file. Line ends are kept as given.

    Parameters
    ----------
    source : what messages call the file.
    files : texts of the files that it names; by default they are read, beginning at `folder`.
    """
    try:
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except ValueError as error:  # TOMLDecodeError, or Python's own limit on the digits of a number
        raise UserError(f"{source}: not valid TOML: {error}.") from None
    given = apply_overrides(raw, overrides)
    scan_format, faults, newer = _format(raw)
    if newer:  # the rest of a file in a later format cannot be judged
        raise UserError(*(sentence(fault, source, text, given) for fault in faults))

    document: dict[str, Any] | None = None
    try:
        document = SCAN_FILES[scan_format].model_validate(raw).model_dump()
    except ValidationError as error:
        faults += [fault for fault in pydantic_faults(error, SCAN_FILES[scan_format]) if fault.path != ("format",)]
    axes, more = _axes(raw)
    case, case_faults = _case(raw.get("case"), scan_format)
    own = curves_of(raw, files, folder)
    faults += [*more, *case_faults, *own.faults, *choice_faults(raw, scan_format, own)]
    faults += _output_faults(raw, axes)
    if document is not None:
        faults += _mismatches(document)
    if case == "A":
        faults += _case_a_faults(raw, axes)
    if faults or document is None:
        unique = dict.fromkeys(sentence(fault, source, text, given) for fault in faults)
        raise UserError(*unique)
    assert case is not None
    scan = Scan(
        text=text,
        overrides=tuple(overrides),
        format=scan_format,
        case=case,
        settings=_settings(document),
        axes=MappingProxyType(axes),
        output=OutputOptions(tuple(document["output"]["fields"]), document["output"]["profiles"]),
        source=source,
        own=own.constraints,
        files=MappingProxyType(dict(own.files)),
    )
    if fault := setting_fault(
        scan.settings.anomaly, scan.case_name, scan.coupling_case.with_axial(scan.settings.axial_mu)
    ):
        raise UserError(sentence(Fault(SETTINGS["anomaly"].path, fault), source, text, given))
    return scan


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = raw.get(name)
    return section if isinstance(section, dict) else {}


def _format(raw: Mapping[str, Any]) -> tuple[int, list[Fault], bool]:
    """The format (the latest where it is wrong), its faults, and whether the file was written for a later zdscan."""
    value, path = raw.get("format"), ("format",)
    if value is None:
        return LATEST, [Fault(path, f"is missing; begin the file with format = {LATEST}")], False
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return LATEST, [Fault(path, f"must be {' or '.join(map(str, FORMATS))}, not {value!r}")], False
    if value > LATEST:
        text = f"= {value} is newer than this zdscan ({__version__}) reads, which is {LATEST}; please update zdscan"
        return LATEST, [Fault(path, text)], True
    return value, [], False


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


def _case(value: Any, scan_format: int) -> tuple[str | CustomCase | None, list[Fault]]:
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
        Case.from_couplings(table.name, table.couplings, scan_format=scan_format)
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
