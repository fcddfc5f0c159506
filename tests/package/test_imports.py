"""Packages import in one direction (analysis -> zdscan -> kernels), and commands load only what they need."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FORBIDDEN = {"kernels": ("zdscan", "analysis"), "zdscan": ("analysis",), "analysis": ("kernels",)}
ROOF = ROOT / "zdscan" / "cli.py"  # may import analysis, inside the commands that need it


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Top-level packages that a module imports, and whether at module level."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0], id(node) in top
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative import; write the package's name")


MODULES = [path for package in FORBIDDEN for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_import_direction(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for name, at_top in imported(path):
        if path == ROOF and name == "analysis":
            assert not at_top, f"{path} imports {name} for every command"
        else:
            assert name not in FORBIDDEN[package], f"{path} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "kernels").rglob("*.py")), ids=lambda path: path.stem)
def test_kernels_know_numbers_only(path: Path) -> None:
    assert {name for name, _ in imported(path)} <= {
        "__future__",
        "collections",
        "copy",
        "gc",
        "kernels",
        "llvmlite",
        "math",
        "numba",
        "numpy",
        "operator",
        "os",
        "typing",
    }


@pytest.mark.parametrize("path", sorted((ROOT / "kernels").rglob("*.py")), ids=lambda path: path.stem)
def test_kernels_raise_nothing(path: Path) -> None:
    """An inner function has no environment from which Numba could take the values of an error."""
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise | ast.Assert)]


def loaded_by(*arguments: str, cwd: Path = ROOT) -> set[str]:
    """Top-level modules in memory after `zdscan ARGUMENTS` in a fresh interpreter."""
    code = (
        "import sys, json\n"
        "from zdscan.cli import main\n"
        f"sys.argv = ['zdscan', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('MODULES ' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.split("MODULES ")[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("--version",)], ids=" ".join)
def test_help_is_light(arguments: tuple[str, ...]) -> None:
    heavy = {"numba", "numpy", "scipy", "h5py", "xarray", "matplotlib", "mpi4py", "flavio"}
    assert not loaded_by(*arguments) & heavy


def test_run_does_without_plotting_and_flavio(tmp_path: Path) -> None:
    scan = tmp_path / "tiny.toml"
    scan.write_text(
        'format = 1\ncase = "C"\n[axes]\nmass = { values = [0.02] }\neps = { values = [0.0] }\n'
        "eps_z = { values = [-1e-3, 0.0] }\ng_mu = { values = [1e-3] }\n"
    )
    loaded = loaded_by("run", str(scan), "-o", str(tmp_path / "tiny.h5"), cwd=tmp_path)
    assert not loaded & {"flavio", "matplotlib", "xarray", "h5netcdf", "iminuit", "analysis", "mpi4py"}
    assert "numba" in loaded


def test_the_function_stays_a_function():
    """Importing any module of the package leaves `zdscan.evaluate` callable."""
    import importlib
    import pkgutil

    import zdscan

    for module in pkgutil.walk_packages(zdscan.__path__, "zdscan."):
        if module.name not in ("zdscan.__main__", "zdscan.calibration.flavio_rows"):
            importlib.import_module(module.name)
    assert callable(zdscan.evaluate)


def test_foreign_packages_of_the_same_names_are_passed_over(tmp_path):
    """A folder called kernels or analysis where zdscan is started does not take the place of its own."""
    for name in ("kernels", "analysis"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('foreign package imported')\n")
    code = "import zdscan, zdscan.kernels.reference.rows, zdscan.analysis.views.grid; print(kernels.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
    first = "import sys, types; sys.modules['kernels'] = types.ModuleType('kernels'); import zdscan"
    refused = subprocess.run(
        [sys.executable, "-c", first], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Another package named 'kernels'" in refused.stderr


def test_compiled_kernels_need_no_home(tmp_path):
    """A user whom the system does not know, as in some containers, has no home: kernels then serve one process."""
    code = (
        "import os, pwd, tempfile\n"
        "def unknown(*_): raise KeyError('no such user')\n"
        "pwd.getpwuid = unknown\n"
        "refuse = lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, 'denied'))\n"
        "import pathlib\n"
        "make = pathlib.Path.mkdir\n"
        "pathlib.Path.mkdir = lambda self, *a, **k: make(self, *a, **k) if str(self).startswith("
        f"{str(tmp_path)!r}) else refuse()\n"
        "import zdscan\n"
        "from zdscan.compiled import cache\n"
        "assert not cache.is_kept(), cache.cache_folder()\n"
        "print(os.environ['NUMBA_CACHE_DIR'])\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "ZDSCAN_CACHE_DIR", "NUMBA_CACHE_DIR")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []  # removed at the end


def test_compiled_kernels_are_kept_in_their_folder_where_numba_was_imported_first(tmp_path):
    """Numba's own folder, beside the sources, would go on serving code of older versions of the other modules."""
    code = (
        "import numba, zdscan\n"
        "from zdscan.compiled import cache\n"
        "from zdscan.kernels.tables import mass\n"
        "found = mass._fill_rows.stats.cache_path\n"
        "assert found.startswith(str(cache.cache_folder())), found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"ZDSCAN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
