"""Shared set-up of the tests."""

from __future__ import annotations

import hypothesis
import pytest

import zdscan  # noqa: F401  (chooses the folder of compiled kernels before the first kernel is imported)

# The same examples in every run, so that a change is not blamed for an old fault; `--hypothesis-profile=default` draws
# others. No deadline: the first example may compile a kernel.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")

# What a module has in hand that starts processes of its own, or kills them.
PROCESSES = ("launch", "start", "in_child", "subprocess")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers: jobs one after the other in one of them; elsewhere a module, with its fixtures, in one."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        module = item.getparent(pytest.Module)
        jobs = any(hasattr(module.obj, name) for name in PROCESSES)
        item.add_marker(pytest.mark.xdist_group("jobs" if jobs else module.path.stem))
