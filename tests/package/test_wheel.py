"""The built distributions: everything is installed below the one name zdscan and works beside foreign namesakes.

The parts of the repository called `kernels` and `analysis` are imported as `zdscan.kernels` and `zdscan.analysis`
(docs/decisions/names.md). Other projects and users have packages of those names; neither side may notice the other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from zdscan import __version__

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

pytest.importorskip("setuptools", minversion="77", reason="building needs the setuptools of the extra [test]")

NAMESAKES = ("kernels", "analysis")
SCAN = """\
format = 1
case = "C"
[axes]
mass = { values = [0.02] }
eps = { values = [0.0] }
eps_z = { values = [-1e-3, 0.0] }
g_mu = { values = [1e-3, 1e-2] }
"""
POINT = ("point", "--case", "B", "--mass", "0.0103", "--eps", "1e-4", "--eps-z", "1e-4", "--g-mu", "0.28", "--json")
KEPT_OUT = ("*.egg-info", "*.h5", "*.pyc", "__pycache__", "_build", "build", "constraint", "dist", ".?*")


def build(kind: str, tree: Path, into: Path) -> Path:
    """Build a "wheel" or "sdist" of a source tree by the backend that pyproject.toml names."""
    code = f"import sys; from setuptools import build_meta; print(build_meta.build_{kind}(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(into)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return into / done.stdout.split()[-1]


def copy_of_the_tree(target: Path) -> None:
    """Copy what belongs to the repository; links stay links. Data files of HDF5 are copied, grids of users are not."""
    shutil.copytree(ROOT, target, symlinks=True, ignore=shutil.ignore_patterns(*KEPT_OUT))
    for path in [*(ROOT / "zdscan" / "inputs").rglob("*.h5"), ROOT / ".ci" / "run", ROOT / ".gitignore"]:
        copied = target / path.relative_to(ROOT)
        copied.parent.mkdir(exist_ok=True)
        shutil.copy(path, copied)


@dataclass(frozen=True)
class Built:
    """The distributions, and the unpacked source distribution."""

    wheel: Path
    sdist: Path
    unpacked: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    copy_of_the_tree(folder / "tree")
    sdist = build("sdist", folder / "tree", folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return Built(build("wheel", folder / "tree", folder), sdist, folder / f"zdscan-{__version__}")


def names(wheel: Path) -> set[str]:
    """The names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_wheel_holds_one_top_level_name(built: Built) -> None:
    inside = names(built.wheel)
    metadata = f"zdscan-{__version__}.dist-info"
    assert {name.split("/")[0] for name in inside} == {"zdscan", metadata}
    with zipfile.ZipFile(built.wheel) as archive:
        assert archive.read(f"{metadata}/top_level.txt").split() == [b"zdscan"]


def test_a_wheel_holds_every_module_and_data_file(built: Built) -> None:
    """Nothing that git keeps below zdscan, links followed, stays behind; with py.typed, types are for everybody."""
    expected = set()
    for folder, _, files in os.walk(ROOT / "zdscan", followlinks=True):
        if Path(folder).name != "__pycache__":
            expected |= {(Path(folder) / name).relative_to(ROOT).as_posix() for name in files}
    found = {name for name in names(built.wheel) if name.startswith("zdscan/")}
    assert found == expected
    assert "zdscan/py.typed" in found
    assert any(name.startswith("zdscan/inputs/") and name.endswith(".h5") for name in found)
    assert {f"zdscan/{name}/__init__.py" for name in NAMESAKES} <= found


# What building the documentation leaves in its folder.
BUILT_DOCS = {("docs", name) for name in ("_build", "constraint", "gallery", "examples", "jupyter_execute")}


def test_a_source_distribution_holds_what_builds_tests_and_documents(built: Built, tmp_path: Path) -> None:
    """No link leads nowhere, the tests and pages of the repository are there, and its wheel is that of the tree."""
    with tarfile.open(built.sdist) as archive:
        assert not [item.name for item in archive if item.issym() or item.islnk()]
    for folder, pattern in (
        ("tests", "*.py"),
        ("tests", "*.toml"),
        ("docs", "*.*"),
        ("examples", "*.ipynb"),
        ("jobs", "*"),
        ("kernels", "*.py"),
    ):
        kept = {path.relative_to(ROOT) for path in (ROOT / folder).rglob(pattern) if path.is_file()}
        kept = {path for path in kept if "__pycache__" not in path.parts and path.parts[:2] not in BUILT_DOCS}
        assert kept, folder
        assert not [str(path) for path in kept if not (built.unpacked / path).is_file()]
    for name in ("Makefile", "setup.cfg", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE", ".ci/run"):
        assert (built.unpacked / name).is_file(), name
    assert names(build("wheel", built.unpacked, tmp_path)) == names(built.wheel)


# --- installed beside namesakes --------------------------------------------------------------------------------------


def foreign_wheel(name: str, folder: Path) -> Path:
    """A wheel of another project with the top-level package `name`."""
    metadata = f"{name}-9.0.dist-info"
    path = folder / f"{name}-9.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "OWNER = 'another project'\n")
        archive.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0\n")
        archive.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        files = (f"{name}/__init__.py", *(f"{metadata}/{file}" for file in ("METADATA", "WHEEL", "RECORD")))
        archive.writestr(f"{metadata}/RECORD", "".join(f"{file},,\n" for file in files))
    return path


def surroundings() -> dict[str, str]:
    """The variables of this process but those that would show other packages, such as the sources, to Python."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


@dataclass(frozen=True)
class Environment:
    """A virtual environment that sees the dependencies of this one, but no zdscan save its own."""

    python: Path
    packages: Path
    start: Path  # a working directory with the user's own folders kernels and analysis

    def pip(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.packages, env=surroundings(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr

    def __call__(self, *arguments: object) -> str:
        """Run Python where the user's folders are; its standard output."""
        done = subprocess.run(
            [self.python, *map(str, arguments)],
            cwd=self.start,
            env=surroundings(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel, installed with two foreign packages where the user's own folders raise when imported."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=120)
    python = folder / "venv" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    found = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True, timeout=60)
    packages = Path(found.stdout.strip())
    # A path in a .pth file is searched last; .pth files found there, such as that of an editable zdscan, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    start = folder / "start"
    for name in NAMESAKES:
        (start / name).mkdir(parents=True)
        (start / name / "__init__.py").write_text("raise RuntimeError('the folder of the user was imported')\n")
    (start / "scan.toml").write_text(SCAN)
    environment = Environment(python, packages, start)
    foreign = [foreign_wheel(name, folder) for name in NAMESAKES]
    # the first before zdscan, the second after it
    for wheel in (foreign[0], built.wheel, foreign[1]):
        environment.pip("install", "--no-deps", "--no-index", wheel)
    return environment


@pytest.mark.slow  # compiles the kernels of the installed copy
def test_commands_work_beside_namesakes(installed: Environment) -> None:
    """`zdscan point` and a small `zdscan run`, with foreign packages installed and raising folders where it starts."""
    where = installed("-c", "import zdscan.kernels, zdscan.analysis; print(zdscan.kernels.__file__)")
    assert Path(where.strip()) == installed.packages / "zdscan" / "kernels" / "__init__.py"
    point = json.loads(installed("-m", "zdscan", *POINT))
    assert point["version"] == __version__
    assert len(point["rows"]) == 51
    assert point["chi2"]["all"] > 0.0
    assert "chi2" in installed("-m", "zdscan", "run", "scan.toml", "-o", "grid.h5", "--threads", 1)
    assert (installed.start / "grid.h5").stat().st_size > 0
    script = installed(installed.python.with_name("zdscan"), "--version")
    assert script.strip() == f"zdscan {__version__}"


@pytest.mark.slow
def test_neither_side_notices_the_other(installed: Environment, built: Built) -> None:
    """Overwriting and removing the namesakes changes no file of zdscan; removing zdscan leaves theirs."""
    owned = {path: path.read_bytes() for path in (installed.packages / "zdscan").rglob("*") if path.is_file()}
    owned = {path: content for path, content in owned.items() if path.suffix != ".pyc"}
    for name in NAMESAKES:
        (installed.packages / name / "__init__.py").write_text("OWNER = 'overwritten'\n")
    installed.pip("uninstall", "--yes", "kernels")
    assert not (installed.packages / "kernels").exists()
    assert all(path.read_bytes() == content for path, content in owned.items())
    assert re.match(r"0\.\d", installed("-c", "import zdscan.kernels.jit, zdscan; print(zdscan.__version__)"))
    installed.pip("uninstall", "--yes", "zdscan")
    assert not (installed.packages / "zdscan").exists()
    assert (installed.packages / "analysis" / "__init__.py").exists()
    installed.pip("install", "--no-deps", "--no-index", built.wheel)
