"""Shared set-up of the tests."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import hypothesis
import pytest

import zdscan  # noqa: F401  (chooses the folder of compiled kernels before the first kernel is imported)

# The same examples in every run, so that a change is not blamed for an old fault; `--hypothesis-profile=default` draws
# others. No deadline: the first example may compile a kernel.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")


@cache
def starts_processes(path: Path) -> bool:
    """Whether a module of tests starts programs. One that kills its own forks waits for nothing: it is no such job."""
    return (
        re.search(r"^import subprocess|^from tests\.launching import .*\b(launch|start)\b", path.read_text(), re.M)
        is not None
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With several workers: modules of jobs one after the other in one of them, every other module as a whole.

    Not by the mark `xdist_group`: pytest-xdist 3.8 does not see it under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            return "jobs" if starts_processes(config.rootpath / module) else module

    config.option.loadscopereorder = False  # the jobs, which are soon met in the order of names, begin at once
    return Scheduling(config, log)
