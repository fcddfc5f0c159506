"""Options that are made from declarations: they reach the command as keyword arguments, in its place in the help."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from zdscan.errors import UserError
from zdscan.evaluation.settings import SETTINGS
from zdscan.terminal.options import constraint_names, refuse_environment, with_settings


@pytest.mark.parametrize(
    ("typed", "names"), [("all", "all"), ("paper", "paper"), ("a_mu", ("a_mu",)), ("a_mu, apv_cs", ("a_mu", "apv_cs"))]
)
def test_constraints_as_typed(typed: str, names: str | tuple[str, ...]) -> None:
    assert constraint_names(typed) == names


def test_a_command_is_given_every_setting() -> None:
    found: dict[str, Any] = {}

    @with_settings
    def command(
        mass: Annotated[float, typer.Option(help="Mass.")],
        quiet: Annotated[bool, typer.Option("--quiet")] = False,
        **settings: Any,
    ) -> None:
        """What it does."""
        found.update(settings, mass=mass, quiet=quiet)

    assert list(inspect.signature(command).parameters) == ["mass", *SETTINGS, "quiet"]
    assert command.__doc__ == "What it does."
    app = typer.Typer()
    app.command()(command)
    options = ["--mass", "0.1", "--fcnc-scale", "2", "--emission", "lepton", "--constraints", "a_mu,apv_cs", "--quiet"]
    assert CliRunner().invoke(app, options).exit_code == 0
    chosen = {"fcnc_scale": 2.0, "emission": "lepton", "constraints": ("a_mu", "apv_cs"), "mass": 0.1, "quiet": True}
    assert found == {name: setting.default for name, setting in SETTINGS.items()} | chosen


@pytest.mark.parametrize("threads", ["0", "-2"])
def test_an_impossible_number_of_threads_is_told(monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
    with pytest.raises(UserError, match=r"NUMBA_NUM_THREADS is below 1.*unset it"):
        refuse_environment()


@pytest.mark.parametrize("threads", ["1", "many"])
def test_other_numbers_of_threads_are_left_to_numba(monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
    refuse_environment()
