"""The public names: what `zdscan` and `zdscan.analysis` export, that they are documented, and that they work."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import zdscan
import zdscan.analysis
from tests.support.paths import ROOT

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

PAGE = (ROOT / "docs" / "api.md").read_text()
PACKAGES: dict[str, ModuleType] = {"zdscan": zdscan, "zdscan.analysis": zdscan.analysis}
NAMES = [
    (package, name)
    for package, module in PACKAGES.items()
    for name in getattr(module, "__all__", ())  # `test_the_public_names` says which they are
    if name[0] != "_"
]
SCAN = """\
format = 1
case = "C"
[axes]
mass = { values = [0.02, 0.05] }
eps = { values = [0.0] }
eps_z = { values = [-1e-3, 0.0] }
g_mu = { values = [1e-3, 1e-2] }
"""
DOCUMENT = {
    "format": 1,
    "case": "C",
    "axes": {
        "mass": {"values": np.array([0.02, 0.05])},
        "eps": {"values": (0,)},
        "eps_z": {"values": [-1e-3, np.float64(0.0)]},
        "g_mu": {"values": [1e-3, 1e-2]},
    },
}


def test_the_public_names() -> None:
    """A name that is added or goes is a change for users: CHANGELOG.md."""
    assert sorted(zdscan.__all__) == [
        *("Case", "LimitCurves", "PointResult", "Scan", "Stopped", "UserError", "__version__"),
        *("evaluate", "explore", "limits", "load_scan", "open_grid", "resume", "run"),
    ]
    assert sorted(zdscan.analysis.__all__) == ["fit", "open_grid", "plot", "plot_limits", "sample", "view"]
    assert set(zdscan.__all__) <= set(dir(zdscan))
    with pytest.raises(AttributeError, match="no attribute 'evaluated'"):
        zdscan.evaluated  # noqa: B018


# --- documented ------------------------------------------------------------------------------------------------------


def described(documentation: str) -> set[str]:
    """The names that entries of a docstring's sections describe ("name : what it is", or several names)."""
    found: set[str] = set()
    for entry in re.findall(r"^([\w*][\w*, ]*) :(?:\s|$)", documentation, flags=re.MULTILINE):
        found |= {name.strip(" *") for name in entry.split(",")}
    return found


@pytest.mark.parametrize(("package", "name"), NAMES, ids=lambda item: item)
def test_a_public_name_is_on_the_page_of_the_docs(package: str, name: str) -> None:
    assert re.search(rf"^\.\. auto(function|class|exception):: {package}\.{name}(\(\))?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("package", "name"), NAMES, ids=lambda item: item)
def test_a_public_name_has_a_docstring_with_its_parameters(package: str, name: str) -> None:
    """Functions describe every parameter and the errors raised; classes every field, or what they are raised for."""
    item = getattr(PACKAGES[package], name)
    documentation = inspect.getdoc(item) or ""
    assert re.match(r"[A-Z](.|\n)+?[.:]", documentation), "a sentence, to begin with"
    if inspect.isclass(item):
        expected = set(getattr(item, "__dataclass_fields__", {}))
    else:
        expected = set(inspect.signature(item).parameters)
        assert re.search(r"^Raises\n-+$", documentation, re.MULTILINE), "which errors are raised"
    assert expected <= described(documentation), expected - described(documentation)


def documented() -> Iterator[str]:
    """Dotted names that the page describes, with the members that it asks for."""
    for name, options in re.findall(r"^\.\. auto\w+:: ([\w.]+).*\n((?:   :.*\n)*)", PAGE, flags=re.MULTILINE):
        yield name
        for members in re.findall(r":members: (.+)", options):
            yield from (f"{name}.{member.strip()}" for member in members.split(","))


@pytest.mark.parametrize("name", list(documented()))
def test_what_the_page_describes_exists_and_has_a_docstring(name: str) -> None:
    parts = name.split(".")
    item: Any = importlib.import_module(parts[0])
    for part in parts[1:]:
        if isinstance(item, ModuleType) and not hasattr(item, part):
            importlib.import_module(f"{item.__name__}.{part}")
        item = getattr(item, part)
    assert inspect.getdoc(item)


# --- lazy, and never replaced by a module ----------------------------------------------------------------------------


def test_public_names_are_imported_when_used() -> None:
    """`import zdscan` loads neither numpy nor numba; a public name loads what it needs."""
    code = (
        "import sys, zdscan\n"
        "assert not {'numpy', 'numba', 'h5py', 'pydantic'} & set(sys.modules)\n"
        "zdscan.UserError\n"
        "assert 'numpy' not in sys.modules\n"
        "zdscan.run, zdscan.open_grid\n"
        "assert 'numpy' in sys.modules and 'mpi4py' not in sys.modules\n"
        "assert 'zdscan.kernels.fast.evaluate' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# Modules, by what their names begin with, that import what only an extra installs.
NEEDED = {"zdscan.analysis.explorer.live.": "bokeh"} | {
    f"zdscan.calibration.{name}": "flavio" for name in ("flavio_rows", "components", "component_tables")
}


def test_functions_stay_functions() -> None:
    """Importing all modules of the package, in whatever order, leaves each public name what it is."""
    before = {(package, name): getattr(PACKAGES[package], name) for package, name in NAMES}
    for module in pkgutil.walk_packages(zdscan.__path__, "zdscan."):
        needed = [of for start, of in NEEDED.items() if module.name.startswith(start)]
        if module.name != "zdscan.__main__" and all(importlib.util.find_spec(of) for of in needed):
            importlib.import_module(module.name)
    for (package, name), item in before.items():
        assert not isinstance(item, ModuleType), name
        assert getattr(PACKAGES[package], name) is item
        assert importlib.util.find_spec(f"{package}.{name}") is None, f"a module would take the place of {name}"


# --- they work -------------------------------------------------------------------------------------------------------


def scans(folder: Path) -> dict[str, Callable[[], Any]]:
    """The ways in which a scan may be given."""
    path = folder / "scan.toml"
    path.write_text(SCAN)
    return {
        "Scan": lambda: zdscan.load_scan(path),
        "path": lambda: path,
        "str": lambda: str(path),
        "TOML": lambda: SCAN,
        "dict": lambda: DOCUMENT,
    }


def test_a_grid_from_python(tmp_path: Path) -> None:
    """However the scan is given, the numbers are the same, and those of single points."""
    chi2 = []
    for name, scan in scans(tmp_path).items():
        summary = zdscan.run(scan(), tmp_path / f"{name}.h5", threads=1)
        assert (summary.points, summary.computed) == (8, 8)
        with zdscan.analysis.open_grid(tmp_path / f"{name}.h5") as grid:
            chi2.append(grid.dataset["chi2"].values)
    assert all(np.array_equal(chi2[0], other) for other in chi2[1:])
    of_format_1 = {"theory": "paper", "measurements": "rashed2024-corrected"}
    point = zdscan.evaluate("C", 0.05, eps_z=-1e-3, g_mu=[1e-3, 1e-2], **of_format_1)
    assert chi2[0][1, 0, 0] == pytest.approx(point.chi2["all"], rel=1e-6)

    held = zdscan.open_grid(tmp_path / "TOML.h5")
    assert held.complete
    assert held.scan_text == SCAN
    assert held.axes["mass"].tolist() == [0.02, 0.05]
    again = zdscan.resume(tmp_path / "TOML.h5", threads=1)
    assert (again.points, again.computed, again.repaired) == (8, 0, ())
    assert again.best == summary.best


def test_overrides_from_python(tmp_path: Path) -> None:
    shorter = ["axes.mass.values=[0.02]"]
    assert zdscan.run(SCAN, tmp_path / "grid.h5", overrides=shorter, threads=1).points == 4
    with pytest.raises(zdscan.UserError, match="give overrides to load_scan"):
        zdscan.run(zdscan.load_scan(_written(tmp_path)), tmp_path / "other.h5", overrides=shorter)
    with pytest.raises(zdscan.UserError, match=r"there is no such scan file"):
        zdscan.run("absent.toml", tmp_path / "other.h5")
    with pytest.raises(zdscan.UserError, match=r"case"):
        zdscan.run(SCAN.replace('"C"', '"Z"'), tmp_path / "other.h5")
    assert not (tmp_path / "other.h5").exists()


def _written(folder: Path) -> Path:
    path = folder / "scan.toml"
    path.write_text(SCAN)
    return path
