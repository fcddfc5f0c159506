"""Set-up and fixtures that every test shares, and the sharing out of test modules over workers."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

# The same examples in every run, so that a change is not blamed for an old fault; `--hypothesis-profile=default` draws
# others. No deadline: the first example may compile a kernel.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")

JOBS = "STARTS_PROCESSES"  # a module that starts programs says so: STARTS_PROCESSES = True


@cache
def imports_flavio(path: Path) -> bool:
    """Whether a module of tests names flavio as what it imports; that takes ten seconds, once in each process."""
    return re.search(r'(late|importorskip)\("[\w.]*flavio', path.read_text()) is not None


@cache
def starts_processes(path: Path) -> bool:
    """Whether a module of tests says that it starts programs; it is read and not imported, which would take long."""
    return any(
        isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == [JOBS]
        for statement in ast.parse(path.read_text()).body
    )


def can_start_processes(module: ModuleType) -> bool:
    """Whether a module of tests has what starts programs. One that kills its own forks waits for nothing."""
    from tests.support import launching

    means = {id(subprocess), id(launching.launch), id(launching.start)}
    return any(id(value) in means for value in vars(module).values())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a module that starts programs without saying so: beside others it would make every time limit unsafe."""
    modules = {item.module for item in items if isinstance(item, pytest.Function)}
    silent = [module.__name__ for module in modules if can_start_processes(module) and not hasattr(module, JOBS)]
    if silent:
        raise pytest.UsageError(f"write `{JOBS} = True` into {', '.join(sorted(silent))}: they start processes")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With several workers: modules of jobs one after the other in one of them, every other module as a whole.

    The few tests of the default suite with flavio are in one of them too, which alone imports it.
    Not by the mark `xdist_group`: pytest-xdist 3.8 does not see it under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    few_with_flavio = config.option.markexpr == "not slow"

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            path = config.rootpath / module
            if starts_processes(path):
                return "jobs"
            return "flavio" if few_with_flavio and imports_flavio(path) else module

    config.option.loadscopereorder = False  # the jobs, which are soon met in the order of names, begin at once
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished file of the fake grid (`tests.support.runs.run`), by one thread; no test changes it."""
    from tests.support.runs import run

    path = tmp_path_factory.mktemp("reference") / "grid.h5"
    run(path)
    return path


@pytest.fixture(scope="session")
def reference_contents(reference: Path) -> dict[str, bytes]:
    """The bytes of every dataset of the finished file, but the history of its runs."""
    from tests.support.launching import contents

    return contents(reference)
