"""Which folder may import which, and what commands load.

The table `MAY_IMPORT` is the architecture: a folder may import those named beside it, and no other of zdscan. Imports
for type checking count as well.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.paths import ROOT

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

# Folders of zdscan (the modules beside them: by name), lowest first: each may import those above it that are named.
BEHIND_A_COMMAND = {
    *("errors", "inputs", "physics", "constraints", "evaluation", "neglected"),
    *("grid", "scan", "point", "point_result", "edges"),
}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "ranks": {"errors"},
    "compiled": {"errors", "ranks"},
    "kernels": set(),
    "inputs": {"errors"},
    "physics": {"errors", "inputs", "kernels"},
    "constraints": {"errors", "inputs", "kernels", "physics"},
    "evaluation": {"errors", "compiled", "kernels", "inputs", "physics", "constraints"},
    "neglected": {"errors", "inputs", "physics", "evaluation"},
    "grid": {"errors", "ranks", "kernels", "physics", "evaluation"},
    "scan": {"errors", "inputs", "physics", "constraints", "evaluation", "grid"},
    "notebook": {"errors", "physics", "evaluation"},
    "point_result": {"errors", "physics", "evaluation", "neglected", "notebook"},
    "point": {"errors", "kernels", "physics", "constraints", "evaluation", "neglected", "point_result"},
    "edges": {"errors", "physics", "evaluation", "notebook"},
    "running": {"errors", "ranks", "compiled", "evaluation", "physics", "grid", "scan"},
    "api": {"errors", "grid", "scan", "running"},
    "terminal": {*BEHIND_A_COMMAND, "running"},
    "calibration": {"errors", "inputs", "kernels", "physics"},
    "analysis": {*BEHIND_A_COMMAND, "running", "terminal"},
}
# The command line is the roof: it may import everything, and analysis only inside the commands that need it.
ROOF = ("cli", "cli_explore", "cli_plot", "cli_points", "cli_sample", "__init__", "__main__")
NUMBERS_ALONE = {"__future__", "collections", "llvmlite", "math", "numba", "numpy", "operator", "os", "typing"}
# Modules that write through HDF5: new files, and the tables of a calibration. Blocks of a grid that exists are written
# as plain bytes; the sink `parallel` is the one exception, as its name says.
WRITE_HDF5 = {"grid/hdf5", "grid/parallel", "calibration/tables"}


def sources(folder: Path) -> list[Path]:
    """Python sources below a folder; links inside it are not followed, a folder that is a link itself is."""
    return sorted(folder.resolve().rglob("*.py"))


def place(path: Path) -> tuple[str, ...]:
    """Parts of a module's name below zdscan, e.g. ("kernels", "fast", "tile")."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1:] if parts[0] == "zdscan" else parts


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a module's source, the module itself first."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Dotted names that a module imports, and whether at module level. `from a import b` counts as a and as a.b."""
    module = nodes(path)[0]
    assert isinstance(module, ast.Module)
    top = set(map(id, module.body))
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the package's name"
            yield from ((f"{node.module}.{alias.name}", id(node) in top) for alias in node.names)


def rooms(path: Path) -> Iterator[tuple[str, bool]]:
    """Folders, or modules beside them, of zdscan that a module imports."""
    for name, at_top in imported(path):
        parts = name.split(".")
        if parts[0] == "zdscan" and len(parts) > 1 and parts[1] != "__version__":
            yield parts[1], at_top


MODULES = [*sources(ROOT / "zdscan"), *sources(ROOT / "kernels"), *sources(ROOT / "analysis")]
KERNELS = sources(ROOT / "kernels")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(place(path)))
def test_a_folder_imports_what_the_table_allows(path: Path) -> None:
    room = place(path)[0]
    assert not {name.split(".")[0] for name, _ in imported(path)} & {"kernels", "analysis", "tests"}, path
    for name, at_top in rooms(path):
        if room in ROOF:
            assert name != "analysis" or not at_top, f"{path} imports analysis for every command"
        else:
            assert name == room or name in MAY_IMPORT[room], f"{path} imports zdscan.{name}"


def test_every_folder_is_in_the_table() -> None:
    assert {place(path)[0] for path in MODULES} <= {*MAY_IMPORT, *ROOF}


def test_the_table_has_no_circle() -> None:
    for room, below in MAY_IMPORT.items():
        above = list(MAY_IMPORT)[list(MAY_IMPORT).index(room) :]
        assert not below & set(above), f"{room} may import what stands below it in the table"


def module_graph() -> dict[str, set[str]]:
    """Modules of zdscan by dotted name, and which of them each imports at module level."""
    names = {".".join(("zdscan", *place(path))).removesuffix(".__init__"): path for path in MODULES}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        found = set()
        for target, _ in imported(path):
            while target and target not in names:
                target = target.rpartition(".")[0]
            if target and target not in (name, "zdscan") and not name.startswith(f"{target}."):
                found.add(target)
        graph[name] = found
    return graph


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = module_graph()
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*way, name))
            done.add(name)

    for name in graph:
        if name.split(".")[-1] not in ROOF:
            visit(name, ())


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: ".".join(place(path)))
def test_kernels_know_numbers_only(path: Path) -> None:
    assert {name.split(".")[0] for name, _ in imported(path)} - {"zdscan"} <= NUMBERS_ALONE


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: ".".join(place(path)))
def test_kernels_raise_nothing(path: Path) -> None:
    """What is compiled has no sentence to give: wrong arguments are refused before."""
    assert not [node for node in nodes(path) if isinstance(node, ast.Raise | ast.Assert)]


def test_fast_and_reference_know_nothing_of_each_other() -> None:
    for own, other in (("fast", "reference"), ("reference", "fast")):
        for path in sources(ROOT / "kernels" / own):
            assert not [name for name, _ in imported(path) if name.startswith(f"zdscan.kernels.{other}")], path


def test_nothing_but_ranks_imports_mpi4py() -> None:
    users = {place(path)[0] for path in MODULES for name, _ in imported(path) if name.split(".")[0] == "mpi4py"}
    assert users == {"ranks"}


def opens_to_write(path: Path) -> bool:
    """Whether a module opens an HDF5 file in any other mode than "r"."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("h5py.File"):
            modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
            if not modes or not isinstance(modes[0], ast.Constant) or modes[0].value != "r":
                return True
    return False


def test_after_a_file_is_created_nothing_writes_through_hdf5() -> None:
    assert {"/".join(place(path)) for path in MODULES if opens_to_write(path)} == WRITE_HDF5


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


def without_bokeh() -> list[str]:
    """The modules that cannot be imported, because bokeh is not installed."""
    live = "zdscan.analysis.explorer.live"
    modules = sources(ROOT / "analysis" / "explorer" / "live")
    return [] if find_spec("bokeh") else [f"{live}.{path.stem}" for path in modules if path.stem != "__init__"]


def test_bokeh_is_imported_by_the_live_page_alone() -> None:
    """And by the server inside functions, so that the command and `zdscan.explore` can say what is missing."""
    for path in MODULES:
        for name, at_top in imported(path):
            if name.split(".")[0] == "bokeh":
                inside = place(path)[:3] == ("analysis", "explorer", "live")
                assert inside or (place(path) == ("analysis", "explorer", "server") and not at_top), path


# `tests/calibration/test_components.py` imports these
WITH_FLAVIO = [f"zdscan.calibration.{name}" for name in ("flavio_rows", "components", "component_tables")]


def test_the_function_stays_a_function():
    """Importing any module of the package leaves `zdscan.evaluate` callable."""
    import importlib
    import pkgutil

    import zdscan

    for module in pkgutil.walk_packages(zdscan.__path__, "zdscan."):
        if module.name not in ("zdscan.__main__", *WITH_FLAVIO, *without_bokeh()):
            importlib.import_module(module.name)
    assert callable(zdscan.evaluate)


def test_foreign_packages_of_the_same_names_are_passed_over(tmp_path):
    """A folder called kernels or analysis where zdscan is started does not take the place of its own."""
    for name in ("kernels", "analysis"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('foreign package imported')\n")
    code = (
        "import zdscan, zdscan.kernels.reference.rows as own, zdscan.analysis.views.grid as view\n"
        "print(own.__file__, view.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
