"""Commands and code printed in the documentation work, and the generated pages say what the constraints are."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import zdscan
from tests.support.paths import ROOT
from tests.support.thinning import every
from zdscan import cli, evaluate
from zdscan.analysis.pictures import overlay, plane, plotting, summary
from zdscan.analysis.pictures.scales import STYLES
from zdscan.constraints import available, select
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import measurements
from zdscan.inputs.files import read_data
from zdscan.physics.cases import named_case
from zdscan.physics.clause import Constraint
from zdscan.scan.scanfile import parse_scan, scan_of
from zdscan.terminal.citations import bibtex

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
EXTENDING = (DOCS / "extending.md").read_text()


def commands() -> list[tuple[str, str]]:
    """Every `zdscan` command line in a console block, with its page."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```console\n(.*?)```", page.read_text(), flags=re.DOTALL):
            for line in re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE):
                if match := re.search(r"(?:^|\s)zdscan\s+(.*)", line.split("#")[0]):
                    found.append((page.name, match[1].split(">")[0].strip()))
    return found


@cache
def the_program():
    """The command with all its commands; building it takes longer than reading a line by it."""
    return typer.main.get_command(cli.app)


@pytest.mark.parametrize(("page", "line"), commands())
def test_printed_commands_are_accepted(page, line):
    """Command, options and the types of their values; nothing is run."""
    program = the_program()
    name, *arguments = shlex.split(line)
    assert name in program.commands, f"{page}: there is no command {name}"
    program.commands[name].make_context(name, arguments)


def test_commands_are_found():
    names = {line.split()[0] for _, line in commands()}
    assert {"run", "resume", "plot", "point", "constraints", "calibrate"} <= names
    with pytest.raises(Exception, match="No such option: --z"):
        the_program().commands["plot"].make_context("plot", ["grid.h5", "--z", "mass"])


EXCLUSIONS = re.findall(
    r"!\[.*?\]\((\S+)\)\n\n```console\n\$ zdscan (.*?)\n```", (DOCS / "exclusions.md").read_text(), flags=re.DOTALL
)


def test_every_picture_of_exclusions_has_its_command():
    pictures = re.findall(r"!\[.*?\]\((\S+)\)", (DOCS / "exclusions.md").read_text())
    assert len(pictures) == 6
    assert [picture for picture, _ in EXCLUSIONS] == pictures
    for picture, line in EXCLUSIONS:
        assert line.endswith(f"-o {picture}")
        assert 1e4 < (DOCS / picture).stat().st_size < 2e5


@pytest.mark.parametrize(("picture", "line"), every(3, EXCLUSIONS))
def test_commands_of_exclusions_run(picture, line, tmp_path, monkeypatch):
    """With three masses of the printed ones, which are many, and a picture of a few constraints."""
    monkeypatch.chdir(tmp_path)
    short = re.sub(r"--mass (\S+):\d+ ", r"--mass \1:3 ", line)
    assert short != line
    chosen = "a_mu,b_k_x,babar_visible,proton_dumps,electron_dumps,nu_e"
    found = CliRunner().invoke(cli.app, [*shlex.split(short), "--constraints", chosen])
    assert found.exit_code == 0, found.output
    assert f"wrote {picture}" in found.output
    assert (tmp_path / picture).stat().st_size > 1e4


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", EXTENDING, flags=re.DOTALL)


def toml_blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", EXTENDING, flags=re.DOTALL)


HEAD = "format = 2\ncase = 'A'\n[axes]\nmass = { values = [0.05, 0.1] }\neps = { values = [1e-6] }\n"


def test_printed_region_runs(tmp_path):
    """The scan file excludes by the printed numbers, from the grid file alone."""
    (table,) = (block for block in toml_blocks() if 'kind = "region"' in block)
    (columns,) = re.findall(r"```text\n(mass, lower, upper.*?)```", EXTENDING, flags=re.DOTALL)
    (tmp_path / "dump.csv").write_text(columns)
    (tmp_path / "scan.toml").write_text(f"{HEAD}[constraints]\nuse = ['a_mu']\n{table}")
    zdscan.run(tmp_path / "scan.toml", tmp_path / "grid.h5", threads=1)
    for name in ("dump.csv", "scan.toml"):
        (tmp_path / name).unlink()
    assert zdscan.resume(tmp_path / "grid.h5", threads=1).computed == 0
    assert "N. Body" in bibtex(zdscan.open_grid(tmp_path / "grid.h5"))
    (own,) = scan_of(zdscan.open_grid(tmp_path / "grid.h5")).own
    assert evaluate("A", 0.05, 1e-6, constraints=[own]).excluded.all()


def test_printed_measurements_run(tmp_path):
    """The file among the data sets, and the replaced row, in one scan."""
    (mine,) = (block for block in toml_blocks() if "my-kpmumu" in block)
    (replaced,) = (block for block in toml_blocks() if "[data.replace." in block)
    (chosen,) = (block for block in toml_blocks() if '"./mine.toml"]' in block)
    (tmp_path / "mine.toml").write_text(mine)
    text = HEAD + replaced.replace('[data]\nmeasurements = "latest"\n', chosen)
    (tmp_path / "scan.toml").write_text(f"{text}[constraints]\nuse = ['a_mu']\n")
    zdscan.run(tmp_path / "scan.toml", tmp_path / "grid.h5", threads=1)
    (tmp_path / "mine.toml").unlink()
    grid = zdscan.open_grid(tmp_path / "grid.h5")
    assert (grid.ndof, grid.attributes["replaced_rows"]) == (53, "B0->K*0mumu_4_6")
    assert grid.files == {"./mine.toml": mine}
    assert bibtex(grid).count("N. Body, private communication") == 2


def test_printed_case_runs(capsys):
    (block,) = (block for block in python_blocks() if "from_couplings" in block)
    scope: dict[str, object] = {}
    exec(block, scope)
    chi2, excluded = capsys.readouterr().out.split()
    assert np.isfinite(float(chi2))
    assert excluded in ("True", "False")
    # electrons do not couple: no shift of the electron's moment
    assert scope["point"].delta_a_e == 0.0


def test_printed_curve_is_a_constraint(capsys, tmp_path, monkeypatch):
    """The scan file's table and the program make the same of the printed columns."""
    (columns,) = re.findall(r"```text\n(# mass in GeV.*?)```", EXTENDING, flags=re.DOTALL)
    table = next(b for b in toml_blocks() if "[[constraints.curve]]" in b)
    (block,) = (block for block in python_blocks() if "own_curve" in block)
    (tmp_path / "mine.csv").write_text(columns)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec(block, scope)
    assert capsys.readouterr().out.startswith("[(")
    axes = "".join(f"{name} = {{ values = [0.0] }}\n" for name in ("eps", "eps_z", "g_mu"))
    text = f'format = 2\ncase = "A"\n[axes]\nmass = {{ values = [0.05] }}\n{axes}{table}'
    (made,) = parse_scan(text).own
    assert made.definition == scope["mine"].definition
    assert made.applies == "20 to 100 and 150 to 300 MeV, all cases"


def printed_constraint() -> Constraint:
    (block,) = (block for block in python_blocks() if "CONSTRAINT" in block)
    module = ModuleType("zdscan.constraints.example_muon")
    exec(block, vars(module))
    return module.CONSTRAINT


def test_printed_constraint_works():
    """Ratio 1 at the printed limit, a quarter at half of it, nothing outside the printed range."""
    example = printed_constraint()
    physics = replace(
        build_physics(named_case("B"), constraints=("bs_mixing",), level="published"), constraints=(example,)
    )
    zero = np.zeros(1)
    inside, outside = (physics.mass_tables(mass) for mass in (0.05, 0.3))
    axes = (zero, zero, np.array([2.5e-4, 5.0e-4, 6.0e-4]))
    found = physics.evaluate(inside, axes, want=("ratios",))
    assert found["ratios"][:, 0] == pytest.approx([0.25, 1.0, 1.44])
    assert found["excluded"].tolist()[::2] == [0, 1]
    assert np.all(physics.evaluate(outside, axes, want=("ratios",))["ratios"] == 0.0)
    assert all(key in read_data("references.bib").decode() for key in example.citations)


def test_printed_data_set_is_valid():
    (block,) = (b for b in toml_blocks() if "[sets." in b)
    text = read_data("measurements.toml").decode()
    updated = measurements.parse(block + text, "my-update")
    published = measurements.load()
    assert updated.ids == published.ids
    assert updated.values[0] == 10.3
    assert np.array_equal(updated.values[1:], published.values[1:])


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_pages_of_constraints(generate, tmp_path):
    (tmp_path / "gone.md").write_text("a constraint that is no more")
    written = {path.stem: path.read_text() for path in generate.write_pages(tmp_path)}
    chosen = select(available())
    assert set(written) == {"index", *(item.id for item in chosen)} == {path.stem for path in tmp_path.glob("*.md")}
    for item in chosen:
        page = written[item.id]
        assert item.title in page
        assert ",".join(item.citations) in page
        assert f"[{item.id}]({item.id}.md)" in written["index"]
        file, anchor = generate.section(item).split("#")
        assert f"](../{file}#{anchor})" in page
        if f"{file}#{anchor}" == generate.TWO_BODY and item.file.endswith(".toml"):
            continue  # a data file that no page has a heading of its own for
        headings = re.findall(r"^##+ (.*)$", (DOCS / file).read_text(), flags=re.MULTILINE)
        derived = any(item.id in heading for heading in headings) and item.id in anchor
        assert derived, f"{file} does not derive {item.id}"


def test_printed_tables_are_those_of_the_code(generate):
    """`python docs/generate.py` writes them anew."""
    printed = []
    for name in generate.PAGES_WITH_TABLES:
        page = (DOCS / name).read_text()
        assert generate.with_tables(page) == page, name
        printed += re.findall(r"<!-- (.*): from the code -->", page)
    assert sorted(printed) == sorted(generate.tables())


@pytest.mark.slow
def test_printed_bounds_are_the_first_excluded(generate):
    """The tables of the pages against single points just below and at the bound."""
    chosen = select(("apv_cs", "bs_mixing", "k_mu_inv"))
    least = generate.bounds(chosen)
    expected = {"apv_cs": (1, "eps_z"), "bs_mixing": (1, "eps_z"), "k_mu_inv": (2, "g_mu")}
    for k, item in enumerate(chosen):
        column, name = expected[item.id]
        bound = least[k, 1, column]
        for factor, excluded in ((0.99, False), (1.0, True)):
            point = evaluate(
                "B", generate.MASSES[1], **{name: factor * bound}, constraints=(item.id,), level="published"
            )
            assert bool(point.excluded[0]) is excluded
    assert np.all(np.isinf(least[0, :, 2]))  # caesium does not see the muon


@pytest.fixture(scope="module")
def grids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scan file and the grids that the printed programs open."""
    from zdscan.running import driver

    scan = """
format = 1
case = "C"
[axes]
mass = { min = 0.010, max = 2.0, n = 5, spacing = "log" }
eps = { values = [0.0, 1e-4, 1e-3] }
eps_z = { min = -1e-2, max = 1e-2, n = 9, spacing = "symlog", linear_below = 1e-6 }
g_mu = { min = 1e-4, max = 1.0, n = 7, spacing = "log" }
"""
    folder = tmp_path_factory.mktemp("printed")
    (folder / "first.toml").write_text(scan)
    for name in ("grid.h5", "first.h5"):
        driver.run(parse_scan(scan), folder / name, threads=1)
    return folder


# Not run: what serves a page, compiles or takes many minutes, and what needs more than a grid and its scan file.
LEFT_OUT = r"explore|calibrate|reproduce|warmup|watch|merge|sample|fit jobs/|.*example_muon|cases|constraints"
SMALL = ("axes.mass.n=8", "axes.eps_z.n=9", "axes.g_mu.n=8")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small grid of the tutorial under the names that the pages use, and its scan file."""
    folder = tmp_path_factory.mktemp("tutorial")
    zdscan.run(DOCS / "tutorial.toml", folder / "grid.h5", overrides=SMALL, threads=1)
    for name in ("first.h5", "GRID.h5", "case_b.h5", "paper.h5"):
        shutil.copy(folder / "grid.h5", folder / name)
    for name in ("scan.toml", "first.toml", "SCAN.toml", "tutorial.toml"):
        shutil.copy(DOCS / "tutorial.toml", folder / name)
    return folder


@pytest.mark.slow
def test_printed_commands_run(tutorial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the pages, on one small grid; pictures are coarse and limit curves short."""
    monkeypatch.chdir(tutorial)
    for module, name, value in (
        (plotting, "FINE", {1: 41, 2: 25}),
        (plane, "SOLVED", 6),
        (overlay, "SOLVED", 6),
        (summary, "SOLVED", 6),
    ):
        monkeypatch.setattr(module, name, value)
    lines = dict.fromkeys(line for page, line in commands() if page != "exclusions.md")
    chosen = [line for line in lines if not re.match(LEFT_OUT, line)]
    assert sum(line.startswith("plot") for line in chosen) >= 20
    for line in chosen:
        words = shlex.split(line)
        if words[0] == "limits":
            words = shlex.split(re.sub(r"--mass (\S+):\d+( |$)", r"--mass \1:3 ", line))
            words += [] if "--mass" in words else ["--mass", "0.02:0.5:3"]
        elif words[0] == "run":
            words += ["--overwrite", "--threads", "1", *(word for text in SMALL for word in ("--set", text))]
        elif words[0] == "fit":
            words += ["--no-profiles"]
        done = CliRunner().invoke(cli.app, words)
        assert done.exit_code == 0, (line, done.output, done.exception)
        if "-o" in words:
            assert (tutorial / words[words.index("-o") + 1]).stat().st_size > 1000


def test_every_picture_of_the_gallery_has_its_command() -> None:
    text = (DOCS / "gallery.md").read_text()
    shown = re.findall(r"!\[[^]]*\]\(gallery/(\S+?)\)", text)
    made = [line.split()[-1] for page, line in commands() if page == "gallery.md"]
    styles = [name for name in shown if name.startswith("style-")]
    assert [name for name in shown if name not in styles] == [
        name for name in made if name.endswith(".png") and name != "style.png"
    ]
    assert {name[6:-4] for name in styles} == {"none", *STYLES}


NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    """They are executed when the documentation is built; here their code is compiled alone."""
    cells = json.loads(path.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 3
    for cell in code:
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        compile("".join(cell["source"]), path.name, "exec")
    assert f"examples/{path.stem}" in (DOCS / "index.md").read_text()


@pytest.mark.parametrize(
    "page", ["../README.md", "api.md", "getting-started.md", "file-format.md", "plotting.md", "data.md"]
)
def test_printed_programs_run(page: str, grids: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(grids)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), flags=re.DOTALL)
    assert blocks, page
    for block in blocks:
        exec(compile(block, page, "exec"), {})
