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
from pydantic import Field, PlainValidator, ValidationError, create_model
from pydantic_core import PydanticCustomError

from zdscan import __version__
from zdscan.errors import UserError, listed, nearest, not_one_of
from zdscan.evaluation.fields import ALWAYS, FIELDS
from zdscan.evaluation.setting import FORMATS, Setting
from zdscan.evaluation.settings import SETTINGS, Settings
from zdscan.grid.blocks import MOST_TABLE_BYTES, table_bytes
from zdscan.inputs.files import OWN_WORDS
from zdscan.physics.cases import Case, axial_fault
from zdscan.physics.clause import Constraint
from zdscan.physics.currents import setting_fault
from zdscan.physics.parameters import AXES, COLUMNS, MIXING, PARAMETERS, Parameter, Parameters
from zdscan.scan.axes import AxisSpec, build_axis, physics_faults, range_faults
from zdscan.scan.case import CustomCase, Table, case_a_faults, case_given, read_given
from zdscan.scan.choice import choice_faults
from zdscan.scan.curves import CURVE_TABLES, curves_of
from zdscan.scan.messages import Fault, pydantic_faults, sentence
from zdscan.scan.overrides import apply_overrides
from zdscan.scan.own_data import data_of
from zdscan.scan.written import document_text

if TYPE_CHECKING:
    from zdscan.grid.open import GridFile

LATEST = FORMATS[-1]


@dataclass(frozen=True)
class OutputOptions:
    """Section [output]: names of the stored fields (none: profiles alone), and whether 2D profiles are written."""

    fields: tuple[str, ...] = ALWAYS
    profiles: bool = True


class _OutputTable(Table):
    fields: list[str] = Field(default=list(ALWAYS))
    profiles: bool = True


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
def document_of(scan_format: int, names: tuple[str, ...] = PARAMETERS) -> type[Table]:
    """The whole document of a format, for a case with these parameters; sections other than [axes] may be left out.

    What `case` and the constraints may be is checked where they are read (zdscan/scan/case.py, choice.py, curves.py).
    """
    tables: dict[str, type[Table]] = {
        section: create_model(section, __base__=Table, **_settings_of(section, scan_format), **_OTHERS.get(section, {}))
        for section in SECTIONS
    }
    of_parameter: Any = (AxisSpec, ...) if scan_format == 1 else (AxisSpec | None, None)
    axes: dict[str, Any] = {"mass": (AxisSpec, ...)} | dict.fromkeys(names, of_parameter)
    fields: dict[str, Any] = {
        "format": (int, ...),
        "case": (Any, ...),
        **_settings_of("", scan_format),
        "axes": (create_model("Axes", __base__=Table, **axes), ...),
        **{section: (table, table()) for section, table in tables.items()},
        "output": (_OutputTable, _OutputTable()),
    }
    document: type[Table] = create_model("ScanFile", __base__=Table, **fields)
    return document


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """A complete, checked scan, as `load_scan` gives it, whose grid `zdscan.run` computes.

    Immutable; two scans are equal when every setting and axis value is.
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

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {axis.size}" for name, axis in self.axes.items())
        return f"Scan(case {self.case_name}, theory {self.settings.theory}, {self.points:,} points: {sizes})"

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
        return case_given(self.case, self.format, self.files)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields to store."""
        return self.output.fields

    def differences(self, other: Scan) -> list[str]:
        """What makes another scan a different one: names of axes, settings and the other attributes."""
        axes = [
            f"axis {name}"
            for name in dict.fromkeys((*self.axes, *other.axes))
            if not np.array_equal(self.axes.get(name, ()), other.axes.get(name, ()))
        ]
        names = [f.name for f in fields(self) if f.name not in ("text", "overrides", "axes", "source", "own")]
        found = [name for name in names if getattr(self, name) != getattr(other, name)]
        if "settings" in found:
            one, two = self.settings.identity(), other.settings.identity()
            place = found.index("settings")
            found[place : place + 1] = [name for name in one if one[name] != two[name]]
        return axes + found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scan):
            return NotImplemented
        return not self.differences(other)

    def __hash__(self) -> int:
        return hash((self.text, self.overrides))

    def __reduce__(self) -> tuple[Callable[..., Scan], tuple[str, str, tuple[str, ...], Mapping[str, str]]]:
        return parse_scan, (self.text, self.source, self.overrides, dict(self.files))


def load_scan(path: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> Scan:
    """Read and check a scan: a file, its text, or its settings as a mapping.

    Parameters
    ----------
    path : the TOML file; its text, which is told by its line breaks; or a mapping of the same layout, such as
        ``{"format": 2, "case": "A", "axes": {"mass": {"values": [0.1]}, ...}}``, whose values may be NumPy's.
    overrides : ``"dotted.key=value"`` texts that replace or add settings; a value is TOML, a bare word is a text.

    Raises
    ------
    UserError
        With one sentence for every fault, or for a file that cannot be read.
    """
    if isinstance(path, Mapping):
        return parse_scan(document_text(path), "the scan", overrides)
    if isinstance(path, str) and "\n" in path:
        return parse_scan(path, overrides=overrides)
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

    case, model, texts, case_faults = read_given(raw.get("case"), scan_format, files, folder)
    parameters = model.parameters if model else _guessed(raw)
    layout = document_of(scan_format, parameters.used)
    document: dict[str, Any] | None = None
    try:
        document = layout.model_validate(raw).model_dump()
    except ValidationError as error:
        faults += [fault for fault in pydantic_faults(error, layout) if fault.path != ("format",)]
    axes, more = _axes(raw, parameters, scan_format)
    own = curves_of(raw, files, folder)
    measured, data_faults = data_of(raw, scan_format, files, folder)
    faults += [*more, *case_faults, *data_faults, *own.faults, *choice_faults(raw, scan_format, own)]
    faults += _output_faults(raw, axes)
    if document is not None:
        faults += _mismatches(document)
    if case == "A":
        faults += case_a_faults(axes)
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
        files=MappingProxyType({**texts, **measured, **own.files}),
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
