"""The command line as a user meets it: exit codes, sentences without tracebacks, and what the commands print."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.support.paths import ROOT
from tests.support.thinning import only
from zdscan import __version__, cli
from zdscan.errors import Stopped
from zdscan.terminal.report import size_text, time_text

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

SCAN = """\
format = 1
case = "C"
[axes]
mass = { values = [0.02, 0.5] }
eps = { values = [0.0, 1e-4] }
eps_z = { min = -1e-2, max = 1e-2, n = 41, spacing = "symlog", linear_below = 1e-5 }
g_mu = { min = 1e-4, max = 1e-2, n = 30, spacing = "log" }
[constraints]
use = "all"
"""


@dataclass
class Result:
    code: int
    out: str
    err: str


def zdscan(*arguments: object) -> Result:
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["zdscan", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.argv = before
    return Result(code, out.getvalue(), err.getvalue())


def installed(*arguments: object, cwd: Path) -> Result:
    """Run the installed command, or the module where the package is not installed, in a process of its own."""
    script = Path(sys.executable).with_name("zdscan")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "zdscan"]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def refused(result: Result, *fragments: str) -> None:
    """A user's mistake: exit code 2, each fragment in a sentence on standard error, no traceback."""
    assert result.code == 2, result
    assert "Traceback" not in result.err
    for fragment in fragments:
        assert fragment in result.err, (fragment, result.err)
    assert result.err.rstrip().endswith((".", "?", "╯")), result.err


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "small.toml"
    path.write_text(SCAN)
    return path


@pytest.fixture(scope="module")
def grid(scan: Path) -> Path:
    path = scan.with_suffix(".h5")
    result = zdscan("run", scan, "-o", path)
    assert result.code == 0, result.err
    return path


# --- the installed command -------------------------------------------------------------------------------------------


def test_installed_command(tmp_path: Path) -> None:
    assert installed("--version", cwd=tmp_path).out.strip() == f"zdscan {__version__}"
    assert installed("--help", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("command", "name"),
    only(
        [("check", "not_toml"), ("run", "many_faults")],
        [(command, name) for command in ("check", "run") for name in ("misspelt_axis_key", "not_toml", "many_faults")],
    ),
)
def test_installed_command_refuses_malformed_scans(tmp_path: Path, command: str, name: str) -> None:
    source = ROOT / "tests" / "data" / "malformed" / f"{name}.toml"
    expected = [line for line in source.read_text().splitlines() if line.startswith("# expects: ")]
    result = installed(command, source, cwd=tmp_path)
    refused(result, *(line.removeprefix("# expects: ") for line in expected))
    assert result.out == ""
    assert list(tmp_path.iterdir()) == []


def test_installed_command_refuses_missing_and_existing_files(tmp_path: Path, scan: Path) -> None:
    refused(installed("run", "absent.toml", cwd=tmp_path), "absent.toml: there is no such scan file")
    refused(installed("info", "absent.h5", cwd=tmp_path), "absent.h5")
    (tmp_path / "out.h5").write_text("mine")
    refused(installed("run", scan, "-o", "out.h5", cwd=tmp_path), "out.h5 exists and is not a grid file")
    assert (tmp_path / "out.h5").read_text() == "mine"


MPIEXEC = Path(sys.executable).with_name("mpiexec")
needs_mpi = pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")


def on_ranks(ranks: int, *arguments: object, cwd: Path) -> Result:
    """Run the command on several ranks."""
    done = subprocess.run(
        [MPIEXEC, "-n", str(ranks), sys.executable, "-m", "zdscan", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@needs_mpi
@pytest.mark.parametrize("name", ["unknown_case", pytest.param("not_toml", marks=pytest.mark.slow)])
def test_ranks_refuse_with_one_voice(tmp_path: Path, name: str) -> None:
    source = ROOT / "tests" / "data" / "malformed" / f"{name}.toml"
    result = on_ranks(2, "run", source, "-o", "out.h5", cwd=tmp_path)
    expected = source.read_text().splitlines()[0].removeprefix("# expects: ")
    refused(result, expected)
    assert result.err.count(expected) == 1
    assert list(tmp_path.iterdir()) == []


@needs_mpi
@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_write_the_bytes_of_a_lone_process(tmp_path: Path, scan: Path, grid: Path, ranks: int) -> None:
    result = on_ranks(ranks, "run", scan, "-o", "out.h5", cwd=tmp_path)
    assert result.code == 0, result.err
    with h5py.File(grid) as alone, h5py.File(tmp_path / "out.h5") as shared:
        names = [name for name in alone if isinstance(alone[name], h5py.Dataset)]
        assert {"chi2", "excluded", "profile_mass_g_mu"} <= set(names)
        for name in names:
            assert shared[name][()].tobytes() == alone[name][()].tobytes(), name
        assert json.loads(shared.attrs["identity"]) == json.loads(alone.attrs["identity"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_installed_command_refuses_unwritable_folder(tmp_path: Path, scan: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    refused(installed("run", scan, "-o", folder / "out.h5", cwd=tmp_path), "not writable")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder where not even root may write")
def test_run_refuses_a_folder_without_room(scan: Path) -> None:
    refused(zdscan("run", scan, "-o", "/proc/out.h5"), "/proc")


# --- scan files ------------------------------------------------------------------------------------------------------


def test_check(scan: Path) -> None:
    result = zdscan("check", scan, "--cores", 8)
    assert result.code == 0, result.err
    assert f"{2 * 2 * 41 * 30:,}" in result.out
    assert "8 bytes a point" in result.out
    assert "on 8 cores" in result.out


def test_settings_from_the_command_line(scan: Path) -> None:
    result = zdscan(
        "check", scan, "--set", "axes.g_mu.n=7", "--set", "theory=complete", "--set", "output.profiles=false"
    )
    assert result.code == 0, result.err
    assert f"{2 * 2 * 41 * 7:,}" in result.out
    assert "theory complete" in result.out
    refused(
        zdscan("run", scan, "--set", "axes.g_mu.m=7", "--set", "theory=x"),
        "--set axes.g_mu.m=7: axes.g_mu.m is not a known key",
        "--set theory=x: theory does not know 'x'",
    )


@pytest.mark.parametrize("command", ["check", "run"])
def test_paths_that_are_no_scan_files(tmp_path: Path, command: str) -> None:
    refused(zdscan(command, tmp_path), "directory")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    refused(zdscan(command, tmp_path / "bytes.toml"), "UTF-8")


# --- runs ------------------------------------------------------------------------------------------------------------


def test_run_reports_the_best_point(scan: Path, tmp_path: Path) -> None:
    result = zdscan("run", scan, "-o", tmp_path / "out.h5", "--threads", 1)
    assert result.code == 0, result.err
    with h5py.File(tmp_path / "out.h5") as file:
        chi2, excluded = file["chi2"][...], file["excluded"][...]
        sm = float(file.attrs["sm_chi2_all"])
    assert f"{chi2.min():.2f}" in result.out
    assert f"{chi2.min() - sm:+.2f}" in result.out
    assert f"{np.count_nonzero(excluded == 0):,} of {chi2.size:,} points are allowed by the" in result.out
    mask = excluded.reshape(-1)[chi2.argmin()]
    with h5py.File(tmp_path / "out.h5") as file:
        flags = file["excluded"].attrs
        names = [n for n, bit in zip(flags["flag_meanings"].split(), flags["flag_masks"], strict=True) if mask & bit]
    said = " ".join(result.out.split("the best point is ")[1].split())
    assert said.startswith(f"excluded by {', '.join(names)}" if names else "allowed by the")
    assert "muon rows at the best point" in zdscan("info", tmp_path / "out.h5").out


def test_run_refuses_an_existing_file_and_overwrites_on_request(scan: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.h5"
    assert zdscan("run", scan, "-o", target).code == 0
    before = target.read_bytes()
    refused(zdscan("run", scan, "-o", target), "exists", "--overwrite", "zdscan resume")
    assert target.read_bytes() == before
    assert zdscan("run", scan, "-o", target, "--overwrite").code == 0
    refused(zdscan("run", scan, "-o", scan, "--overwrite"), "is not a grid file of zdscan")
    assert h5py.is_hdf5(target)


def test_run_writes_beside_no_one_by_default(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert zdscan("run", scan).code == 0
    assert (tmp_path / "small.h5").exists()


def test_run_refuses_impossible_targets_and_settings(scan: Path, tmp_path: Path) -> None:
    refused(zdscan("run", scan, "-o", tmp_path / "absent" / "out.h5"), "does not exist")
    refused(zdscan("run", scan, "-o", tmp_path), "folder")
    refused(zdscan("run", scan, "-o", tmp_path / "out.h5", "--sink", "drain"), "drain", "direct")
    assert zdscan("run", scan, "--threads", 0).code == 2
    refused(zdscan("run", scan, "-o", tmp_path / "out.h5", "--threads", 10**5), "threads must be at most", "100000")
    assert not list(tmp_path.iterdir())


def test_resume_of_a_complete_file_does_nothing(grid: Path) -> None:
    before = grid.read_bytes()
    result = zdscan("resume", grid)
    assert result.code == 0, result.err
    assert "0 computed now" in result.out
    with h5py.File(grid) as file:
        assert np.isfinite(file["chi2"][...]).all()
    assert len(grid.read_bytes()) == len(before)


# --- files -----------------------------------------------------------------------------------------------------------


def commands_on_files(path: Path) -> list[Result]:
    return [zdscan(name, path) for name in ("info", "verify", "resume")] + [
        zdscan("plot", path, "--x", "mass", "--y", "g_mu", "-o", path.with_suffix(".png"))
    ]


def test_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("not HDF5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["chi2"] = np.zeros(3)
    for name in ("absent.h5", "text.h5", "other.h5"):
        for result in commands_on_files(tmp_path / name):
            refused(result, name)
    assert not list(tmp_path.glob("*.png"))


def test_info_and_verify(grid: Path) -> None:
    result = zdscan("info", grid, "--count")
    assert result.code == 0, result.err
    for text in ("complete", "case C", "mass", "Rows at the best point", "Runs", "Made from", "Excluded points"):
        assert text in result.out
    result = zdscan("verify", grid)
    assert result.code == 0
    assert "intact" in result.out


def test_verify_tells_of_damage(grid: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.h5"
    shutil.copy(grid, damaged)
    with h5py.File(damaged) as file:
        offset = file["chi2"].id.get_offset()
    with damaged.open("r+b") as handle:
        handle.seek(offset + 5)
        byte = handle.read(1)
        handle.seek(offset + 5)
        handle.write(bytes([byte[0] ^ 0x10]))
    result = zdscan("verify", damaged)
    assert result.code == 2
    assert "block 0 is damaged in chi2" in result.out
    assert zdscan("resume", damaged).code == 0
    assert zdscan("verify", damaged).code == 0


def test_incomplete_file(grid: Path, tmp_path: Path) -> None:
    partial = tmp_path / "partial.h5"
    shutil.copy(grid, partial)
    with h5py.File(partial) as file:
        offset = file["run/done"].id.get_offset()
    with partial.open("r+b") as handle:
        handle.seek(offset)
        handle.write(b"\0")
    result = zdscan("plot", partial, "--x", "mass", "--y", "g_mu", "-o", tmp_path / "partial.png")
    assert result.code == 0
    assert "of the points are computed; `zdscan resume" in result.out
    refused(zdscan("fit", partial), "not computed yet", "zdscan resume")
    result = zdscan("info", partial)
    assert result.code == 0
    assert "blocks computed" in result.out


def test_plot(grid: Path, tmp_path: Path) -> None:
    for name, options in {
        "profile.png": ["--profile", "--constraints", "a_mu,w_width"],
        "slice.pdf": ["--slice", "mass=0.02,eps=0", "--no-exclusions"],
        "allowed.png": ["--constraints", "all", "--unit", "MeV", "--csv", tmp_path / "cells.csv"],
    }.items():
        result = zdscan("plot", grid, "--x", "eps_z", "--y", "g_mu", *options, "-o", tmp_path / name)
        assert result.code == 0, result.err
        assert (tmp_path / name).stat().st_size > 10_000
        assert f"wrote {tmp_path / name}" in result.out
    assert (tmp_path / "cells.csv").read_text().startswith("eps_z,g_mu,mass_GeV,")


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["--x", "mas", "--y", "g_mu"], "did you mean 'mass'?"),
        (["--x", "mass", "--y", "mass"], "x and y are both mass"),
        (["--x", "mass", "--y", "g_mu", "--slice", "eps=1"], "outside the axis"),
        (["--x", "mass", "--y", "g_mu", "--slice", "eps=0"], "add eps_z=VALUE"),
        (["--x", "mass", "--y", "g_mu", "--slice", "eps"], "AXIS=VALUE"),
        (["--x", "mass", "--y", "g_mu", "--summary", "--first"], "two pictures"),
        (["--x", "mass", "--y", "g_mu", "--constraints", "a_muu"], "did you mean 'a_mu'?"),
        (["--x", "mass", "--y", "g_mu", "--constraints", ""], "allowed: "),
        (["--x", "mass", "--y", "g_mu", "--slice", ""], "--slice holds no axis"),
        (["--x", "mass", "--y", "g_mu", "--colours", "--summary"], "--colours"),
        (["--x", "mass", "--y", "g_mu", "--csv", "cells.h5"], "the table must end in .csv"),
        (["--x", "mass", "--y", "g_mu", "--style", "cms"], "did you mean 'CMS'?"),
        (["--x", "mass", "--y", "g_mu", "-o", "out.gif"], ".png"),
        (["--x", "mass", "--y", "g_mu", "--strongest", "99"], "cannot be told apart"),
        (["--x", "mass", "--y", "g_mu", "--size", "big"], "one-column, two-column"),
        (["--x", "mass", "--y", "g_mu", "--size", "3.4,99"], "1.5 to 30 inches"),
        (["--x", "mass", "--y", "g_mu", "--x-range", "1,0"], "two ascending numbers"),
        (["--x", "mass", "--y", "g_mu", "--y-range", "1e-9,1"], "is not within the axis g_mu"),
        (["--x", "mass", "--y", "g_mu", "--no-fit", "--no-exclusions"], "would be empty"),
        (["--x", "mass", "--no-fit"], "exclusions of a plane"),
        (["--x", "mass", "--y", "g_mu", "--case", "A"], "one of the two"),
        (["--x", "mass", "--y", "g_mu", "--set", "model.theory=paper"], "--set goes with --case"),
        (["--x", "mass", "--y", "g_mu", "--label", "a", "--label", "b"], "different labels"),
        (["--x", "mass", "--y", "g_mu", "-o", "absent/out.png"], "cannot be written"),
    ],
)
def test_plot_refuses(grid: Path, options: list[str], fragment: str) -> None:
    refused(zdscan("plot", grid, *options), fragment)


@pytest.mark.slow
def test_plot_of_a_case_and_of_several_grids(grid: Path, tmp_path: Path) -> None:
    ranges = ("--x-range", "0.02,0.1", "--y-range", "1e-4,1e-2")
    plane = ("plot", "--case", "dark_photon", "--x", "mass", "--y", "eps", *ranges, "--no-fit")
    drawn = zdscan(*plane, "--constraints", "na48,a_mu", "--size", "3,3.2", "--no-heading", "-o", tmp_path / "a.png")
    assert drawn.code == 0, drawn.err
    assert Image.open(tmp_path / "a.png").size == (900, 960)
    refused(zdscan(*plane, "--constraints", "na84"), "did you mean 'na48'?")
    empty = ("plot", "--case", "dark_photon", "--x", "mass", "--y", "eps", "--x-range", "0.5,0.6", "--no-fit")
    refused(zdscan(*empty, "--constraints", "na48"), "would be empty", "excludes anything")
    second = tmp_path / "second.h5"
    shutil.copy(grid, second)
    both = ("plot", grid, second, "--x", "mass", "--y", "g_mu", "--constraints", "a_mu")
    drawn = zdscan(*both, "--label", "one", "--label", "two", "-o", tmp_path / "both.svg")
    assert drawn.code == 0, drawn.err
    words = (tmp_path / "both.svg").read_text()
    assert all(f">{word}<" in words for word in ("one", "two"))  # letters stay letters


def test_plots_of_cases_and_of_several_grids_that_are_refused(grid: Path, tmp_path: Path) -> None:
    refused(zdscan("plot", "--case", "dark_photon", "--x", "mass", "--y", "epz"), "did you mean 'eps'?")
    refused(zdscan("plot", "--case", "A", "--x", "eps", "--y", "eps_z"), "add --slice mass=VALUE")
    refused(zdscan("plot", "--case", "A", "--x", "mass", "--y", "eps", "--slice", "g=1"), "does not know 'g'")
    second = tmp_path / "second.h5"
    shutil.copy(grid, second)
    both = ("plot", grid, second, "--x", "mass", "--y", "g_mu")
    refused(zdscan(*both, "--csv", tmp_path / "cells.csv"), "leave out --csv")
    refused(zdscan(*both, "--first"), "as planes with --x and --y")
    refused(zdscan("plot", grid, grid, "--x", "mass", "--y", "g_mu"), "give a --label for each")


# --- points ----------------------------------------------------------------------------------------------------------

POINT = ("point", "--case", "B", "--mass", "0.0103", "--eps", "1e-4", "--eps-z", "-3.7e-5", "--g-mu", "0.28")


def test_point_as_json_has_the_documented_layout() -> None:
    result = zdscan(*POINT, "--measurements", "rashed2024-corrected", "--json")
    assert result.code == 0, result.err
    point = json.loads(result.out)
    assert set(point) == {
        *("parameters", "couplings", "widths", "branching_ratios", "rows", "chi2", "constraints"),
        *("neglected", "anomalous_moments", "currents", "theory", "level", "anomaly", "version"),
    }
    assert {"induced_current", "induced_mixing"} <= {item["id"] for item in point["neglected"]}
    assert all(set(item) == {"id", "size", "of", "text", "grade"} for item in point["neglected"])
    assert point["parameters"] == {"mass": 0.0103, "eps": 1e-4, "eps_z": -3.7e-5, "g_mu": 0.28}
    assert {"v_e", "a_e", "v_mu", "a_mu", "g_nu", "v_u", "a_u"} <= set(point["couplings"])
    assert set(point["widths"]) == {"ee", "mumu", "nunu", "hadrons", "invisible", "total", "nunu_plus_invisible"}
    kinds = ("all", "muon", "constraints", "total")
    assert set(point["chi2"]) == {*kinds, *(f"sm_{kind}" for kind in kinds)}
    assert len(point["rows"]) == 26
    keys = ("id", "observable", "q2_min", "q2_max", "unit", "sm", "prediction", "measured", "sigma", "pull")
    assert all(set(row) == set(keys) for row in point["rows"])
    keys = ("id", "title", "prediction", "limit", "unit", "cl", "grade", "ratio", "applies", "excluded", "reference")
    statistics = ("limit_published", "level", "likelihood", "chi2", "sm_chi2", "uncounted")
    assert all(set(item) == {*keys, *statistics, "reason"} for item in point["constraints"])
    assert point["level"] == "95%"
    other = {item["id"] for item in point["constraints"] if item["level"] != "95%"}
    assert other == {"a_e", "k_mixing", "sn1987a"}
    assert set(point["anomalous_moments"]) == {"mu", "e"}
    assert (point["theory"], point["version"]) == ("complete", __version__)
    # With uncorrelated errors chi2 is the sum of the squared pulls that are printed.
    assert sum(row["pull"] ** 2 for row in point["rows"]) == pytest.approx(point["chi2"]["all"], rel=1e-9)
    assert sum(point["branching_ratios"].values()) == pytest.approx(1.0, rel=1e-12)
    for item in point["constraints"]:
        assert item["excluded"] == (item["applies"] and item["ratio"] >= 1.0)


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("mass", ["0.01", "0.5", "2"])
def test_largest_couplings_give_numbers(mass: str, theory: str) -> None:
    result = zdscan(
        *("point", "--case", "C", "--mass", mass, "--eps", "100", "--eps-z", "100", "--g-mu", "100", "--json"),
        *("--theory", theory),
    )
    assert result.code == 0, result.err
    assert "Infinity" not in result.out
    assert "NaN" not in result.out


def test_point_as_tables_agrees_with_json() -> None:
    result, point = zdscan(*POINT), json.loads(zdscan(*POINT, "--json").out)
    assert result.code == 0, result.err
    assert f"{point['chi2']['all']:.2f}" in result.out
    for row in point["rows"]:
        assert row["id"] in result.out
    for item in point["constraints"]:
        assert item["id"] in result.out
    assert result.out.startswith("Case B: mass = 0.0103, ")
    assert "Theory complete, emission complete" in result.out
    assert "Theory paper, emission lepton" in zdscan(*POINT, "--theory", "paper").out


@pytest.mark.parametrize(
    ("options", "paper", "others"),
    # the paper's best fits of Cases A and C (there at the eps_z that fits best), and nothing at zero coupling
    [
        (
            ("A", "0.01007", "--eps", "1.6e-5", "--eps-z", "2e-3"),
            {"apv_cs", "k_mu_inv", "bs_mixing"},
            {"k_pi_x", "a_e"},
        ),
        (("C", "0.0302", "--eps-z", "-3e-4", "--g-mu", "0.033"), {"k_mu_inv", "w_width"}, {"k_pi_x", "b_k_x"}),
        (("C", "0.0302"), set(), set()),
    ],
)
def test_point_ends_with_its_verdict(options: tuple[str, ...], paper: set[str], others: set[str]) -> None:
    arguments = ("point", "--case", options[0], "--mass", *options[1:])
    result, point = zdscan(*arguments), json.loads(zdscan(*arguments, "--json").out)
    excluding = {item["id"]: item["ratio"] for item in point["constraints"] if item["excluded"]}
    end = " ".join(result.out[result.out.index("Verdict: ") :].split())
    applying = sum(item["applies"] for item in point["constraints"])
    if not excluding:
        assert end.startswith(f"Verdict: allowed by the {applying} constraints computed")
        assert end.endswith("(what is not computed: docs/not-included.md).")
        return
    assert f"excluded by {len(excluding)} of {applying} constraints" in end
    parts = end.split("the paper's: ")[1].split("beyond the paper: ")
    for part, wanted in zip(parts, (paper, others), strict=True):
        found = re.findall(r"(\w+) ([\d.e+]+)", part)
        assert wanted <= {name for name, _ in found}
        ratios = [excluding[name] for name, _ in found]
        assert ratios == sorted(ratios, reverse=True)
        assert [float(ratio) for _, ratio in found] == pytest.approx(ratios, rel=0.051)


def test_point_options() -> None:
    options = ("--theory", "complete", "--emission", "lepton", "--invisible-width", "1e-6", "--axial-mu", "0.5")
    more = ("--fcnc-scale", "2", "--measurements", "rashed2024", "--errors", "facing", "--theory-errors", "flavio")
    result = zdscan(*POINT, *options, *more, "--constraints", "a_mu,bs_mixing", "--json")
    assert result.code == 0, result.err
    point = json.loads(result.out)
    assert point["theory"] == "complete"
    assert point["widths"]["invisible"] == 1e-6
    assert [item["id"] for item in point["constraints"]] == ["a_mu", "bs_mixing"]


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["--case", "D"], "'D'"),
        (["--mass", "5"], "0.01 to 2 GeV"),
        (["--mass", "nan"], "finite"),
        (["--mass", "heavy"], "Invalid value for '--mass'"),
        (["--case", "A"], "g_mu must be 0 in Case A"),
        (["--eps", "inf"], "finite"),
        (["--eps-z=-1e10"], "eps_z is -1e+10; at most 100"),
        (["--theory", "papper"], "theory does not know 'papper' (did you mean 'paper'?)"),
        (["--emission", "leptons"], "did you mean 'lepton'?"),
        (["--invisible-width", "-1"], "invisible_width"),
        (["--axial-mu", "nan"], "axial_mu"),
        (["--fcnc-scale", "inf"], "fcnc_scale"),
        (["--measurements", "rashed2023"], "did you mean 'rashed2024'?"),
        (["--errors", "symmetrized", "--theory", "full"], "did you mean 'symmetrised'?"),
        (["--errors", "symmetrized", "--theory", "full"], "theory does not know 'full'"),
        (["--theory-errors", "tables"], "did you mean 'table'?"),
        (["--constraints", "a_muu"], "'a_muu'"),
    ],
)
def test_point_refuses(options: list[str], fragment: str) -> None:
    result = zdscan(*POINT, *options)
    refused(result, fragment)
    assert result.out == ""


# --- lists and helpers -----------------------------------------------------------------------------------------------


def test_cases_and_constraints() -> None:
    from zdscan.constraints import available

    result = zdscan("cases")
    assert result.code == 0, result.err
    for text in ("Case A", "Case B", "Case C", "v_mu", "eps_z + g_mu"):
        assert text in result.out
    result = zdscan("constraints")
    assert result.code == 0, result.err
    for name in available():
        assert name in result.out


def test_warmup() -> None:
    result = zdscan("warmup")
    assert result.code == 0, result.err
    assert "compiled kernels are in" in result.out


def test_sizes_and_times() -> None:
    assert [size_text(n) for n in (999, 1500, 27e6, 3.5e9)] == ["999 B", "1.5 kB", "27 MB", "3.5 GB"]
    assert [time_text(s) for s in (0.25, 90, 600, 36000)] == ["0.25 s", "90 s", "10 min", "10 h"]


def test_internal_error_keeps_its_traceback(scan: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("broken inside")

    monkeypatch.setattr("zdscan.scan.scanfile.load_scan", broken)
    monkeypatch.setattr(sys, "argv", ["zdscan", "check", str(scan)])
    with pytest.raises(RuntimeError, match="broken inside"):  # the interpreter then prints it and exits with 1
        cli.main()
    assert "internal error" in capsys.readouterr().err


def test_stopped_run_exits_with_75(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object, **options: object) -> None:
        raise Stopped("stopped; continue with `zdscan resume out.h5`.")

    monkeypatch.setattr("zdscan.running.driver.run", stopped)
    result = zdscan("run", scan, "-o", tmp_path / "out.h5")
    assert result.code == 75
    assert result.err == "zdscan: stopped; continue with `zdscan resume out.h5`.\n"
