"""The scan file: what to compute, in TOML, checked completely before anything runs.

The layout is described in docs/scan-file.md. Every fault of a file is reported at once, each as one sentence that
says where (file, line, dotted key), what is wrong and what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
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
from zdscan.physics.cases import (
    CASES,
    Case,
    axial_fault,
    case_names,
    is_file,
    named_case,
    own_case,
    read_case,
    read_text,
)
from zdscan.physics.clause import Constraint
from zdscan.physics.currents import setting_fault
from zdscan.physics.parameters import AXES, COLUMNS, MIXING, PARAMETERS, Parameter, Parameters
from zdscan.scan.axes import AxisSpec, build_axis, physics_faults, range_faults
from zdscan.scan.choice import choice_faults
from zdscan.scan.curves import CURVE_TABLES, curves_of
from zdscan.scan.messages import OWN_WORDS, Fault, pydantic_faults, sentence
from zdscan.scan.messages import Path as Place
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
    """A user's own case: rows of the coupling matrix, each a mapping from parameter to coefficient; absent = 0.

    table : all that the scan file says of it (`zdscan.physics.case_table`).
    """

    name: str
    couplings: Mapping[str, Mapping[str, float]]
    table: Mapping[str, Any] = field(default_factory=dict)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _OutputTable(_Table):
    fields: list[str] = list(ALWAYS)
    profiles: bool = True


class _FirstCaseTable(_Table):
    name: str
    couplings: dict[str, dict[str, float]]


class _CaseTable(_Table):
    """Of format 2; what the keys of type Any may be is checked where cases are made."""

    name: str | None = None
    title: Any = None
    base: Any = None
    parameters: Any = None
    couplings: dict[str, dict[str, float]] | None = None
    mixing: Any = None
    right_handed_neutrinos: Any = None
    note: Any = None


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


@cache
def _document(scan_format: int, names: tuple[str, ...] = PARAMETERS) -> type[_Table]:
    """The whole document of a format, for a case with these parameters; sections other than [axes] may be left out.

    What `case` and the constraints may be is checked by `_case` and `_constraint_faults`.
    """
    tables: dict[str, type[_Table]] = {
        section: create_model(
            section, __base__=_Table, **_settings_of(section, scan_format), **_OTHERS.get(section, {})
        )
        for section in SECTIONS
    }
    of_parameter: Any = (AxisSpec, ...) if scan_format == 1 else (AxisSpec | None, None)
    axes: dict[str, Any] = {"mass": (AxisSpec, ...)} | dict.fromkeys(names, of_parameter)
    fields: dict[str, Any] = {
        "format": (int, ...),
        "case": (Any, ...),
        **_settings_of("", scan_format),
        "axes": (create_model("Axes", __base__=_Table, **axes), ...),
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
    case : the name of a case or of a file with one, or the user's own.
    settings : theory setting, and what the sections [model], [data] and [constraints] say (docs/scan-file.md).
    axes : name -> ascending float64 values: mass (GeV) and the three parameters of the case.
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
        """Points along each axis."""
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
        return self.coupling_case.name

    @property
    def coupling_case(self) -> Case:
        """The case with its matrix, built in or the user's."""
        given = self.case
        if not isinstance(given, str):
            return _own_case(given, self.format)
        return read_case(given, self.files[given]) if is_file(given) else named_case(given)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields to store."""
        return self.output.fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scan):
            return NotImplemented
        told = [f.name for f in fields(self) if f.name not in ("text", "overrides", "axes", "source", "own")]
        same_axes = self.axes.keys() == other.axes.keys() and all(
            np.array_equal(axis, other.axes[name]) for name, axis in self.axes.items()
        )
        return same_axes and all(getattr(self, name) == getattr(other, name) for name in told)

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

    case, model, texts, case_faults = _case(raw.get("case"), scan_format, files, folder)
    parameters = model.parameters if model else _guessed(raw)
    layout = _document(scan_format, parameters.used)
    document: dict[str, Any] | None = None
    try:
        document = layout.model_validate(raw).model_dump()
    except ValidationError as error:
        faults += [fault for fault in pydantic_faults(error, layout) if fault.path != ("format",)]
    axes, more = _axes(raw, parameters, scan_format)
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
    assert model is not None
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
        files=MappingProxyType({**texts, **own.files}),
    )
    if unfit := _unfit(model, scan.settings):
        raise UserError(*(sentence(fault, source, text, given) for fault in unfit))
    return scan


def _unfit(case: Case, chosen: Settings) -> list[Fault]:
    """The settings that do not fit a case."""
    names = case.parameters.names
    found = {
        "anomaly": setting_fault(chosen.anomaly, case.name, case.with_axial(chosen.axial_mu), names),
        "axial_mu": axial_fault(chosen.axial_mu, case),
        **case.switch_faults(chosen.mixing, chosen.right_handed_neutrinos),
    }
    return [Fault(SETTINGS[name].path, fault) for name, fault in found.items() if fault]


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


def _guessed(raw: Mapping[str, Any]) -> Parameters:
    """The parameters of a case that cannot be used, from the axes, so that their names are no further faults."""
    given = [name for name in _section(raw, "axes") if name != "mass"]
    if not given or any(name in PARAMETERS for name in given):
        return MIXING
    return Parameters(tuple(Parameter(name, name) for name in given[:COLUMNS]))


def _axes(
    raw: Mapping[str, Any], parameters: Parameters, scan_format: int
) -> tuple[dict[str, NDArray[np.float64]], list[Fault]]:
    axes: dict[str, NDArray[np.float64]] = {}
    faults = []
    given = _section(raw, "axes")
    for name in parameters.axes:
        if name != "mass" and name not in given and scan_format > 1:
            axes[name] = np.zeros(1)  # a parameter without an axis is 0
            axes[name].setflags(write=False)
            continue
        try:
            spec = AxisSpec.model_validate(given.get(name))
        except ValidationError:
            continue  # already reported with the whole document
        outside = physics_faults(name, spec, (parameters[name].low, parameters[name].high))
        # the points between ends far outside may overflow
        axis, wrong = (None, range_faults(spec)) if outside and spec.values is None else build_axis(spec)
        wrong = wrong + outside
        if axis is not None:
            axis.setflags(write=False)
            axes[name] = axis
        faults += [Fault(("axes", name, *([key] if key else [])), text) for key, text in wrong]
    return axes, faults


def _case(
    value: Any, scan_format: int, files: Mapping[str, str] | None, folder: Path
) -> tuple[str | CustomCase | None, Case | None, dict[str, str], list[Fault]]:
    """The case as a scan has it, with its matrix, the text of its file if it is one, and what is wrong with it."""
    place: Place = ("case",)
    if value is None:  # reported as missing with the whole document
        return None, None, {}, []
    texts: dict[str, str] = {}
    try:
        if isinstance(value, str):
            if scan_format == 1 and value not in CASES:
                newer = value in case_names() or is_file(value)
                fault = f"= {value!r} needs format = 2" if newer else not_one_of(value, tuple(CASES))
                return None, None, {}, [Fault(place, fault)]
            if is_file(value):
                texts[value] = _case_text(value, files, folder)
                return value, read_case(value, texts[value]), texts, []
            if value not in (known := case_names()):
                return None, None, {}, [Fault(place, not_one_of(value, known))]
            return value, named_case(value), {}, []
        if not isinstance(value, dict):
            return None, None, {}, [Fault(place, f"must be one of {listed(CASES)}, or a table with name and couplings")]
        place = ("case", "couplings") if "couplings" in value else ("case",)
        return _table_case(value, scan_format)
    except UserError as error:
        found = [Fault(place, f"cannot be used: {message}") for message in error.messages]
        return None, None, {}, found


def _table_case(
    value: Mapping[str, Any], scan_format: int
) -> tuple[CustomCase | None, Case | None, dict[str, str], list[Fault]]:
    model = _FirstCaseTable if scan_format == 1 else _CaseTable
    try:
        given = model.model_validate(value).model_dump(exclude_unset=True)
    except ValidationError as error:
        return None, None, {}, pydantic_faults(error, model, ("case",))
    if "name" not in given and "base" not in given:
        return None, None, {}, [Fault(("case", "name"), "is missing")]
    if "couplings" not in given and "base" not in given:
        return None, None, {}, [Fault(("case", "couplings"), "is missing")]
    rows = {row: MappingProxyType(columns) for row, columns in given.get("couplings", {}).items()}
    own = CustomCase(given.get("name") or str(given.get("base")), MappingProxyType(rows), MappingProxyType(given))
    return own, _own_case(own, scan_format), {}, []


def _own_case(given: CustomCase, scan_format: int) -> Case:
    if scan_format == 1:
        return Case.from_couplings(given.name, given.couplings, scan_format=1)
    return own_case(given.table)


def _case_text(name: str, files: Mapping[str, str] | None, folder: Path) -> str:
    if files is None:
        return read_text(folder / name)
    if name not in files:
        raise UserError(f"the grid file does not hold {name}")
    return files[name]


def _case_a_faults(raw: Mapping[str, Any], axes: Mapping[str, NDArray[np.float64]]) -> list[Fault]:
    g_mu = axes.get("g_mu")
    if g_mu is not None and not (g_mu.size == 1 and g_mu[0] == 0.0):
        return [Fault(("axes", "g_mu"), "must be { values = [0.0] } in Case A, which has no direct muon coupling")]
    return []


def _settings(document: Mapping[str, Any]) -> Settings:
    """The values of the settings in a document that pydantic has checked."""
    return Settings.of(**_values(document))


def _values(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all settings by name."""
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
        needed = table_bytes([axis.size for axis in axes.values()])
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
