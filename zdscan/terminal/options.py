"""Arguments and options that commands share, and those made from declarations: one for each setting of a point."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from zdscan.constraints import SETS
from zdscan.errors import UserError, listed
from zdscan.evaluation.setting import Setting
from zdscan.evaluation.settings import SETTINGS
from zdscan.grid.sinks import SINKS

ScanPath = Annotated[Path, typer.Argument(metavar="SCAN.toml", help="The scan file.")]
GridPath = Annotated[Path, typer.Argument(metavar="GRID.h5", help="A grid file written by `zdscan run`.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting of the scan file, e.g. axes.mass.n=50."),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads per process (default: all cores alone, 1 under MPI).")
]
Sink = Annotated[str, typer.Option(help=f"How blocks reach the file: {listed(SINKS)}.")]
BlockPoints = Annotated[int | None, typer.Option(min=1, help="Points per block (default: chosen from the grid).")]
Target = Annotated[Path, typer.Option("-o", "--output", metavar="GRID.h5", help="The file to write.")]


def refuse_environment() -> None:
    """Raise `UserError` for a variable of the environment with which Numba cannot even be imported."""
    with contextlib.suppress(ValueError):  # what is no number Numba passes over
        if int(os.environ.get("NUMBA_NUM_THREADS", "1")) < 1:
            raise UserError("NUMBA_NUM_THREADS is below 1, which Numba refuses: unset it, or set a number of threads.")


def names_of_measurements(text: str) -> str | tuple[str, ...]:
    """Measurements as typed: one name, or names separated by commas."""
    return tuple(name.strip() for name in text.split(",")) if "," in text else text


def constraint_names(text: str) -> str | tuple[str, ...]:
    """Constraints as typed: the name of a set, or ids separated by commas."""
    return text if text in SETS else tuple(name.strip() for name in text.split(","))


def replaced_rows(text: str) -> dict[str, dict[str, object]]:
    """Other numbers of rows as typed: ``ROW=VALUE`` or ``ROW=VALUE+-ERROR``, separated by commas.

    Raises
    ------
    UserError
        Anything else is typed, or a row is given twice.
    """
    found: dict[str, dict[str, object]] = {}
    for part in text.split(","):
        name, _, written = (piece.strip() for piece in part.rpartition("="))
        value, _, error = written.partition("+-")
        try:
            numbers: dict[str, object] = {"value": float(value)}
            if error:
                numbers |= {"stat": [float(error)] * 2, "syst": []}
        except ValueError:
            numbers = {}
        if not name or not numbers:
            raise UserError(f"--replace {part.strip()}: write ROW=VALUE or ROW=VALUE+-ERROR.")
        if name in found:
            raise UserError(f"--replace {part.strip()}: the row {name} is given twice.")
        found[name] = numbers
    return found


def numbers(setting: Setting, text: str) -> tuple[float, ...]:
    """The numbers of a setting that is a table, as typed with commas. Raises `UserError` for anything else."""
    parts = tuple(setting.parts or ())
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != len(parts):
        raise UserError(f"--{setting.name.replace('_', '-')} {text}: write {','.join(parts).upper()} as two numbers.")
    return values


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for every setting, before its last one; it is given them as keyword arguments.

    Typer reads the options of a command from the signature of its function.
    """
    signature = inspect.signature(command, eval_str=True)
    *own, last, gathered = signature.parameters.values()
    assert gathered.kind is inspect.Parameter.VAR_KEYWORD, "the command takes **settings"
    options = [_option(setting) for setting in SETTINGS.values()]

    @functools.wraps(command)
    def with_values(**given: Any) -> None:
        for name, setting in SETTINGS.items():
            if setting.parts is not None and isinstance(given[name], str):
                given[name] = numbers(setting, given[name])
        if isinstance(given["constraints"], str):
            given["constraints"] = constraint_names(given["constraints"])
        if isinstance(given["measurements"], str):
            given["measurements"] = names_of_measurements(given["measurements"])
        if isinstance(given["replace"], str):
            given["replace"] = replaced_rows(given["replace"])
        command(**given)

    with_values.__signature__ = signature.replace(parameters=[*own, *options, last])  # type: ignore[attr-defined]
    return with_values


def _option(setting: Setting) -> inspect.Parameter:
    separated = {
        "constraints": " Sets and ids are separated by commas.",
        "measurements": " Names are separated by commas.",
        "replace": " As rows are typed here, the error is one for all.",
    }
    many = separated.get(setting.name, "")
    kind: Any = str if setting.low is None else float
    metavar = None if setting.parts is None else ",".join(setting.parts).upper()
    if setting.name == "replace":
        metavar = "ROW=VALUE[+-ERROR],..."
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=setting.default,
        annotation=Annotated[
            kind if setting.default is not None else kind | None,
            typer.Option(metavar=metavar, help=f"{setting.help}{many}"),
        ],
    )
