"""Settings are declared once: scan file, `evaluate`, command line, attributes and identity follow the declaration."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
import typer

import zdscan
from tests.support.paths import ROOT
from zdscan import cli
from zdscan.constraints import SETS, select
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.setting import FORMATS, Setting
from zdscan.evaluation.settings import SETTINGS, Settings
from zdscan.inputs.measurements import ERROR_TREATMENTS, available
from zdscan.physics.cases import CASES, Case
from zdscan.physics.rows import AUTOMATIC, THEORY_ERRORS
from zdscan.scan.curves import CURVE_TABLES
from zdscan.scan.scanfile import document_of, parse_scan

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

SCAN = """\
format = 1
case = "B"
[axes]
mass = { values = [0.1] }
eps = { values = [0.0] }
eps_z = { values = [0.0] }
g_mu = { values = [0.1] }
"""
BARYONIC = Case.from_couplings("baryonic", {name: {"g_mu": 0.1} for name in ("v_u", "v_d", "v_s")})
NUMBER = Case.from_couplings(
    "L_mu - L_tau", {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}, "g_nutau": {"g_mu": -1.0}}
)
NUMBER_SCAN = (
    SCAN.replace('case = "B"\n', "")
    + """[case]
name = "L_mu - L_tau"
[case.couplings]
v_mu = { g_mu = 1.0 }
g_numu = { g_mu = 1.0 }
g_nutau = { g_mu = -1.0 }
"""
)
BARYONIC_SCAN = (
    SCAN.replace('case = "B"\n', "")
    + """[case]
name = "baryonic"
[case.couplings]
v_u = { g_mu = 0.1 }
v_d = { g_mu = 0.1 }
v_s = { g_mu = 0.1 }
"""
)
NUMBERS = [setting for setting in SETTINGS.values() if setting.low is not None]
SWITCHES = ("errors_correlated", "limit_theory_errors")  # which may be true or false
WORDS = [setting for setting in SETTINGS.values() if setting.names is not None]


def other_value(setting: Setting) -> Any:
    """A value that is allowed and not the default, if there is one."""
    if setting.name == "constraints":
        return ("a_mu",)
    if setting.name == "replace":
        return '{"B0->K*0mumu_4_6": {"value": 3.4}}'  # as it is kept
    if setting.name == "emission":
        return "lepton"  # "auto" comes to "complete" under the default theory
    if setting.name == "theory_errors":
        return "flavio"  # "auto" comes to "flavio-covariance" with the default data
    if setting in NUMBERS:
        return 0.5
    if setting.parts is not None:
        return (0.5, 0.25)
    return next((name for name in reversed(setting.allowed) if name != setting.default), setting.default)


def fitting_case(setting: Setting) -> Case:
    """A case for which the setting may have any value: an anomaly, or charges of leptons that sum to zero."""
    if setting.name in ("mixing", "right_handed_neutrinos"):
        return NUMBER
    return BARYONIC if setting.name == "anomaly" else CASES["B"]


def written(setting: Setting, value: Any) -> str:
    """The text of ``--set`` that gives a setting a value."""
    if setting.parts is not None:
        value = f"{{ {', '.join(f'{name} = {x}' for name, x in zip(setting.parts, value, strict=True))} }}"
        return f"{'.'.join(setting.path)}={value}"
    return f"{'.'.join(setting.path)}={list(value) if isinstance(value, tuple) else value!r}"


def test_every_setting_is_a_number_or_one_of_a_few_names() -> None:
    assert {setting.name for setting in (*NUMBERS, *WORDS)} == SETTINGS.keys() - {
        *("constraints", "dark_fermion", "replace")
    }
    for setting in SETTINGS.values():
        assert setting.help.endswith("."), setting.name
        assert setting.fault(setting.default) is None, setting.name
        assert setting.fault(other_value(setting)) is None, setting.name
        assert getattr(Settings(), setting.name) == setting.default
    for setting in WORDS:
        assert setting.default in setting.allowed


def test_every_allowed_name_is_explained() -> None:
    for setting in WORDS:
        for name in setting.allowed if len(setting.allowed) > 1 else ():
            assert name in setting.help, (setting.name, name)


def test_names_are_those_that_are_computed() -> None:
    assert set(SETTINGS["errors"].allowed) == set(ERROR_TREATMENTS)
    assert set(SETTINGS["theory_errors"].allowed) == {AUTOMATIC, *THEORY_ERRORS}
    assert SETTINGS["measurements"].allowed == available()


def test_evaluate_has_every_setting_as_an_argument() -> None:
    arguments = inspect.signature(zdscan.evaluate).parameters
    found = {name: item.default for name, item in arguments.items() if item.kind is inspect.Parameter.KEYWORD_ONLY}
    assert found == {name: setting.default for name, setting in SETTINGS.items()}
    annotations = inspect.get_annotations(zdscan.evaluate, eval_str=True)
    for setting in NUMBERS:
        assert annotations[setting.name] is float
    for setting in WORDS:
        others: dict[str, Any] = {"level": str | float, **dict.fromkeys(SWITCHES, str | bool)}
        several = others.get(setting.name, str | Sequence[str])
        assert annotations[setting.name] == (str if setting.check is None else several)


def test_evaluate_explains_every_setting() -> None:
    text = inspect.getdoc(zdscan.evaluate) or ""
    for setting in SETTINGS.values():
        assert f"\n{setting.name} : " in text
        assert setting.help[1:] in " ".join(text.split())


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_evaluate_hands_every_setting_on(setting: Setting) -> None:
    value = other_value(setting)
    point = zdscan.evaluate(fitting_case(setting), 0.1, **{"constraints": "paper"} | {setting.name: value})
    assert getattr(point.physics.settings, setting.name) == value


@pytest.mark.parametrize("scan_format", FORMATS)
def test_the_scan_file_has_every_setting(scan_format: int) -> None:
    document = document_of(scan_format)
    for setting in SETTINGS.values():
        model = document
        for section in setting.path[:-1]:
            model = model.model_fields[section].annotation  # type: ignore[assignment]
        assert model.model_fields[setting.key].default == setting.default_of(scan_format)
        assert setting.fault(setting.default_of(scan_format)) is None
    declared = {setting.path for setting in SETTINGS.values()} | {CURVE_TABLES}
    for section in {setting.section for setting in SETTINGS.values()} - {""}:
        keys = document.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
        assert {(section, key) for key in keys} <= declared


def test_formats_differ_in_their_defaults() -> None:
    first, second = parse_scan(SCAN), parse_scan(SCAN.replace("format = 1", "format = 2"))
    assert (first.format, second.format) == (1, 2)
    data = {"measurements": "rashed2024-corrected", "limits": "rashed2024", "level": "published"}
    assert first.settings == Settings(theory="paper", constraints="paper", **data)
    newest = {"measurements": "latest", "limits": "latest"}
    assert second.settings == Settings() == Settings(theory="complete", constraints="all", **newest)
    assert first != second
    said = ["theory=paper", "constraints.use=paper", "constraints.limits=rashed2024"]
    said += ["data.measurements=rashed2024-corrected", "constraints.level=published"]
    assert parse_scan(second.text, overrides=said).settings == first.settings


def test_all_constraints_are_those_of_the_format() -> None:
    texts = [f"{text}[constraints]\nuse = 'all'\n" for text in (SCAN, SCAN.replace("format = 1", "format = 2"))]
    first, second = (Engine.from_scan(parse_scan(text)).physics.constraints for text in texts)
    assert first == select("all", 1, limits="rashed2024")
    assert second == select("all") == build_physics(CASES["B"]).constraints


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_the_scan_file_hands_every_setting_on(setting: Setting) -> None:
    value = other_value(setting)
    case = fitting_case(setting)
    text = BARYONIC_SCAN if case is BARYONIC else NUMBER_SCAN if case is NUMBER else SCAN
    scan = parse_scan(text, overrides=[written(setting, value)])
    assert getattr(scan.settings, setting.name) == value
    engine = Engine.from_scan(scan)
    assert getattr(engine.physics.settings, setting.name) == value


@pytest.mark.parametrize("setting", [*NUMBERS, *WORDS], ids=lambda setting: setting.name)
def test_scan_file_and_evaluate_refuse_in_the_same_words(setting: Setting) -> None:
    wrong: list[tuple[Any, str]] = [("nonsense", "'nonsense'"), ({"x": 1}, "a table")]
    if setting.name not in SWITCHES:
        wrong.append((True, "true"))
    if setting.low is not None and setting.high is not None:
        wrong += [(float("nan"), "nan"), (2.0 * setting.high, "at most"), (setting.low - 1.0, "at least")]
    for value, fragment in wrong:
        fault = setting.fault(value)
        assert fault is not None
        assert fragment in fault
        with pytest.raises(UserError) as refusal:
            zdscan.evaluate("B", 0.1, **{setting.name: value})
        assert refusal.value.messages == (f"{setting.name} {fault}.",)
        toml = {"True": "true", "{'x': 1}": "{ x = 1 }"}.get(repr(value), repr(value))
        with pytest.raises(UserError) as refusal:
            parse_scan(SCAN, "x.toml", [f"{'.'.join(setting.path)}={toml}"])
        assert any(message.endswith(f": {'.'.join(setting.path)} {fault}.") for message in refusal.value.messages)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UserError) as refusal:
        Settings.of(theory="papper", axial_mu=1e3)
    assert refusal.value.messages == (
        "theory does not know 'papper' (did you mean 'paper'?); allowed: paper, complete.",
        "axial_mu must be at most 100, not 1000.0.",
    )
    with pytest.raises(TypeError, match="unknown"):
        Settings.of(unknown=1)


def test_the_command_has_an_option_for_every_setting() -> None:
    command = typer.main.get_command(cli.app).commands["point"]  # type: ignore[attr-defined]
    options = {item.name: item for item in command.params}
    own = ["case", "mass", "parameters", "eps", "eps_z", "g_mu", "wilson", "hadron"]
    assert list(options) == [*own, *SETTINGS, "as_json"]
    for name, setting in SETTINGS.items():
        assert options[name].opts == [f"--{name.replace('_', '-')}"]
        assert options[name].default == setting.default
        assert options[name].help.startswith(setting.help)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_identity_tells_settings_apart(setting: Setting) -> None:
    value = other_value(setting)
    case = fitting_case(setting)
    plain, other = build_physics(case).identity, build_physics(case, **{setting.name: value}).identity
    assert (plain == other) == (value == setting.default)


def test_theory_errors_are_those_of_the_data_set() -> None:
    """`auto` is what the data set says, and no other physics than that by its name."""
    for measurements, treatment in (("rashed2024", "table"), ("latest", "flavio-covariance")):
        plain, named = (
            build_physics(CASES["B"], measurements=measurements, theory_errors=name, constraints=("a_mu",))
            for name in ("auto", treatment)
        )
        assert plain.likelihood.theory_errors == treatment
        assert plain.identity == named.identity
        engine = Engine.from_scan(parse_scan(SCAN, overrides=[f"data.measurements={measurements}"]))
        assert engine.identity["theory_errors"] == treatment


def test_a_list_of_measurements() -> None:
    """One name in a list is the name; several are told with a space between them in a grid."""
    assert Settings.of(measurements=["latest"]) == Settings.of(measurements="latest")
    scan = parse_scan(SCAN, overrides=["data.measurements=['latest', 'electrons']"])
    assert scan.settings.measurements == ("latest", "electrons")
    assert scan.settings.attributes()["measurements"] == "latest electrons"
    assert parse_scan(SCAN, overrides=["data.measurements=['latest', 'lhcb2022-kee']"]).settings.measurements[1:] == (
        "lhcb2022-kee",
    )


@pytest.mark.parametrize(
    ("overrides", "key", "told"),
    [
        (
            ["['rashed2024-corrected', 'latest']"],
            "measurements",
            "cannot have both 'rashed2024-corrected' and 'latest': ",
        ),
        (["['latest', 'narrow']"], "measurements", "hold the same data: they are of one publication"),
        (["['rashed2024', 'electrons']"], "measurements", "B+->K+ee_1.1_6 (arXiv:2212.09153)"),
        (["['latest', 'cms2024-kpmumu']"], "measurements", "the rows of B+ -> K+ mu+ mu-, CMS 2024 are in both"),
        (["['latest', 'electron']"], "measurements", "does not know 'electron' (did you mean 'electrons'?)"),
        (["['latest', 'latest']"], "measurements", "repeats 'latest'"),
        (["[]"], "measurements", "is an empty list"),
        (["[1]"], "measurements", "or a list of data sets and row groups, not a list"),
        (["latest", "data.theory_errors=table"], "theory_errors", "cannot be 'table' with the measurements 'latest'"),
    ],
)
def test_choices_of_measurements_that_cannot_be(overrides: list[str], key: str, told: str) -> None:
    """One sentence, the same in the scan file and from Python but for the place."""
    first, *more = overrides
    with pytest.raises(UserError) as refusal:
        parse_scan(SCAN, "x.toml", [f"data.measurements={first}", *more])
    (message,) = refusal.value.messages
    assert f"data.{key} " in message
    assert told in message
    value = first if first == "latest" else eval(first)
    with pytest.raises(UserError) as refusal:
        Settings.of(measurements=value, **{"theory_errors": "table"} if more else {})
    (again,) = refusal.value.messages
    assert again.startswith(f"{key} ")
    assert told in again


def test_attributes_say_the_settings() -> None:
    engine = Engine.from_scan(parse_scan(SCAN, overrides=["model.invisible_width=1e-3", "model.fcnc_scale=2"]))
    found = engine.attributes
    assert {setting.attribute for setting in SETTINGS.values() if setting.told} <= found.keys()
    assert {name for name, setting in SETTINGS.items() if not setting.told} == {
        *("anomaly", "errors", "theory_errors", "invisible_branching", "dark_fermion", "mixing"),
        *("right_handed_neutrinos", "replace", "level", "errors_correlated", "theory_errors_at", "limit_theory_errors"),
    }
    assert (found["invisible_width_GeV"], found["fcnc_scale"], found["theory"]) == (1e-3, 2.0, "paper")
    assert found["emission"] == "lepton"  # what auto comes to
    assert found["constraints"] == " ".join(item.id for item in engine.physics.constraints)
    assert "anomaly" not in found


def test_attributes_tell_of_an_anomaly() -> None:
    for setting, told in (("auto", "wess-zumino"), ("cancelled", "cancelled")):
        found = Engine.from_scan(parse_scan(BARYONIC_SCAN, overrides=[f"model.anomaly={setting}"])).attributes
        assert found["anomaly"] == told
        assert [item["anomaly"] for item in json.loads(found["currents"])] == [0.0, 0.0, pytest.approx(0.45)]


def test_an_anomaly_setting_for_a_case_that_has_none_is_refused() -> None:
    with pytest.raises(UserError) as refusal:
        parse_scan(SCAN, "x.toml", ["model.anomaly=cancelled"])
    (message,) = refusal.value.messages
    assert "model.anomaly = 'cancelled' does not fit Case B, whose currents have no anomaly" in message


def test_the_declaration_is_light() -> None:
    code = (
        "import sys, zdscan.evaluation.settings, zdscan.terminal.options\n"
        "print(*sorted({'numpy', 'numba', 'pydantic', 'scipy', 'h5py'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_sets_of_constraints() -> None:
    for name in {*SETS} - {"packages"}:  # there is none where nothing is installed
        assert build_physics(CASES["B"], constraints=name).constraints
    for scan_format in FORMATS:
        assert SETTINGS["constraints"].default_of(scan_format) in SETS
