"""Every shipped scan file is valid and as large as its comment says; the job scripts stop, queue and continue."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.launching import MPIEXEC, TIMEOUT, done_blocks, environment, until
from tests.support.paths import ROOT
from tests.support.thinning import only
from zdscan.evaluation.fields import Field
from zdscan.grid.open import open_grid
from zdscan.running.estimate import size_of
from zdscan.scan.scanfile import load_scan, parse_scan

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

JOBS = sorted((ROOT / "jobs").glob("*.toml"))


def test_there_are_jobs() -> None:
    cases = {f"case_{case}{kind}" for case in "abc" for kind in ("", "_profile")}
    assert {path.stem for path in JOBS} == {"quickstart", *cases}


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_job_is_valid(path: Path) -> None:
    scan = load_scan(path)
    stated = re.search(r"([\d.]+) (million|billion) points", path.read_text())
    assert stated is not None
    assert scan.points / {"million": 1e6, "billion": 1e9}[stated[2]] == pytest.approx(float(stated[1]), rel=0.03)
    if path.stem.endswith("_profile"):
        assert scan.points >= 1e11
        assert (scan.output.fields, scan.output.profiles) == ((), True)
    elif path.stem.startswith("case"):
        assert 25e6 <= scan.points <= 30e6


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_job_covers_the_mass_range_and_both_relative_signs(path: Path) -> None:
    axes = load_scan(path).axes
    assert (axes["mass"][0], axes["mass"][-1]) == (0.010, 2.0)
    np.testing.assert_array_equal(axes["eps_z"], -axes["eps_z"][::-1])
    assert 0.0 in axes["eps_z"]
    assert np.all(axes["g_mu"] >= 0.0)


def test_quickstart_reaches_the_improving_region() -> None:
    """eps_z about -9e-3 with g_mu about 1e-3 at 10 to 30 MeV is where Case C improves most: grid points lie near."""
    axes = load_scan(JOBS[[path.stem for path in JOBS].index("quickstart")]).axes
    for name, wanted in (("eps_z", -9e-3), ("g_mu", 1e-3), ("mass", 0.02)):
        nearest = axes[name][np.argmin(np.abs(axes[name] - wanted))]
        assert nearest == pytest.approx(wanted, rel=0.15)


DOCUMENTED = (ROOT / "docs" / "scan-file.md").read_text()


def test_documented_scan_file_is_valid_and_shows_the_defaults() -> None:
    example = re.search(r"```toml\n(format.*?)```", DOCUMENTED, re.DOTALL)
    assert example is not None
    whole = parse_scan(example[1])
    required = parse_scan(example[1].split("[model]")[0])
    assert whole == required


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(text, id=f"{page.name}-{k}")
    for page in PAGES
    for k, text in enumerate(re.findall(r"```toml\n(format = .*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_scan_files_in_the_documentation_are_valid(text: str) -> None:
    assert parse_scan(text).points > 1


def test_documented_case_is_valid() -> None:
    axes = re.search(r"(\[axes\].*?)\[model\]", DOCUMENTED, re.DOTALL)
    case = re.search(r"```toml\n(\[case\].*?)```", DOCUMENTED, re.DOTALL)
    assert axes is not None
    assert case is not None
    assert parse_scan("format = 1\n" + case[1] + axes[1]).case_name == "muonphilic photon"


README = (ROOT / "jobs" / "README.md").read_text()


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_the_readme_states_points_and_disk(path: Path) -> None:
    """The columns that follow from the scan file alone; times are measured and change with machine and version."""
    row = re.search(rf"^\| `{path.name}` \|([^|]*)\|([^|]*)\|", README, re.MULTILINE)
    assert row is not None
    scan = load_scan(path)
    assert float(row[1]) == pytest.approx(scan.points, rel=0.006)
    stored = 8 + 4 * ("chi2_muon" in scan.output.fields) if scan.output.fields else 0
    fields = [Field(str(k), "<f4", 0, "", "") for k in range(stored // 4)]
    unit = {"MB": 1e6, "GB": 1e9}[row[2].split()[1]]
    assert float(row[2].split()[0]) * unit == pytest.approx(size_of(scan, fields).file_bytes, rel=0.01)


SCRIPTS = sorted((ROOT / "jobs").glob("*.sh"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_pass_shellcheck(path: Path) -> None:
    checker = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if checker is None:
        pytest.skip("shellcheck is not installed (it comes with the extra `test`)")
    done = subprocess.run([checker, "--severity=style", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert os.access(path, os.X_OK)


def test_batch_directives_agree_with_the_scripts() -> None:
    """Two minutes before the limit, one rank per core, no more than the site gives."""
    slurm = (ROOT / "jobs" / "slurm.sh").read_text()
    for wanted in ("--signal=B:USR1@120", "--requeue", "--cpus-per-task=1", "--open-mode=append"):
        assert re.search(rf"^#SBATCH {wanted}\b", slurm, re.MULTILINE)
    for name in ("pbs.sh", "htcondor.sub"):
        text = (ROOT / "jobs" / name).read_text()
        (seconds,) = set(re.findall(r"STOP_AFTER[:=-]+(\d+)", text))
        assert int(seconds) == 12 * 3600 - 120
    assert re.search(r"^#PBS -l walltime=12:00:00$", (ROOT / "jobs" / "pbs.sh").read_text(), re.MULTILINE)


def submit_file() -> dict[str, str]:
    lines = (ROOT / "jobs" / "htcondor.sub").read_text().splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    assert lines[-1] == "queue"
    return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines[:-1])


def test_the_condor_job_leaves_the_queue_only_when_it_ended() -> None:
    commands = submit_file()
    known = {
        "universe", "executable", "arguments", "cores", "request_cpus", "request_memory", "request_disk", "getenv",
        "should_transfer_files", "environment", "kill_sig", "job_max_vacate_time", "on_exit_remove", "log", "output",
        "error",
    }  # fmt: skip
    assert set(commands) == known
    assert (ROOT / commands["executable"]).exists()
    rule = commands["on_exit_remove"].replace("&&", "and")
    for signalled, code, leaves in ((False, 0, True), (False, 2, True), (False, 75, False), (True, 0, False)):
        assert eval(rule, {"ExitBySignal": signalled, "ExitCode": code}) is leaves


@pytest.fixture
def site(tmp_path: Path) -> SimpleNamespace:
    """A folder with the job scripts and, on PATH, a cluster's commands: they run on two ranks here and keep notes."""
    jobs, tools = tmp_path / "jobs", tmp_path / "bin"
    jobs.mkdir()
    tools.mkdir()
    for script in SCRIPTS:
        shutil.copy(script, jobs / script.name)
    (jobs / "scan.toml").write_text(SMALL)
    notes = tmp_path / "notes"

    def tool(name: str, text: str) -> None:
        (tools / name).write_text(f"#!/bin/bash\n{text}\n")
        (tools / name).chmod(0o755)

    # This MPICH would ask the batch system for its nodes.
    start = f'unset PBS_NODEFILE PBS_O_WORKDIR SLURM_JOB_ID\nexec {MPIEXEC} -n 2 "$@"'
    tool("srun", f'echo "srun $*" >>{notes}\n{start}')
    tool("mpiexec", f'echo "mpiexec $*" >>{notes}\n[ "$1" = -n ] || exit 9\nshift 2\n{start}')
    for name in ("scontrol", "qsub"):
        tool(name, f'echo "{name} $*" >>{notes}')
    tool("zdscan", f'cd {ROOT} && exec {sys.executable} -m zdscan "$@"')
    (tmp_path / "nodes").write_text("node1\nnode1\nnode2\nnode2\n")
    variables = environment(
        PATH=f"{tools}:{os.environ['PATH']}",
        SLURM_JOB_ID="4711",
        PBS_O_WORKDIR=str(tmp_path),
        PBS_NODEFILE=str(tmp_path / "nodes"),
        SCAN=str(jobs / "scan.toml"),
        GRID=str(tmp_path / "grid.h5"),
    )
    commands = {
        "slurm.sh": ["bash", jobs / "slurm.sh", jobs / "scan.toml", tmp_path / "grid.h5"],
        "pbs.sh": ["bash", jobs / "pbs.sh"],
        "scan.sh": [jobs / "scan.sh", jobs / "scan.toml", tmp_path / "grid.h5", "mpiexec", "-n", "32"],
    }
    return SimpleNamespace(
        folder=tmp_path,
        grid=tmp_path / "grid.h5",
        tool=tool,
        command=lambda name: [str(part) for part in commands[name]],
        variables=variables,
        notes=lambda: notes.read_text().splitlines() if notes.exists() else [],
    )


SMALL = """format = 1
case = "C"
[axes]
mass = { values = [0.02, 0.2] }
eps = { values = [0.0, 1e-4] }
eps_z = { values = [0.0, 1e-3] }
g_mu = { values = [1e-4, 1e-3] }
[output]
fields = []
"""


def fake_zdscan(site: SimpleNamespace, options: str = "") -> None:
    """`zdscan run SCAN -o GRID --threads 1` and `zdscan resume GRID --scan SCAN ...` with the fake engine."""
    options = f"--block-points 5 --profiles-only --checkpoint-seconds 0.1 {options}"
    text = f"""cd {ROOT}
if [ "$1" = run ]; then set -- run "$4" "${{@:5}}"; else set -- resume "$2" "${{@:5}}"; fi
exec {sys.executable} -m tests.support.fake_engine "$@" {options}"""
    site.tool("zdscan", text)


def test_a_job_runs_the_real_command_on_every_rank(site: SimpleNamespace) -> None:
    done = subprocess.run(
        site.command("slurm.sh"), env=site.variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert site.notes() == [f"srun zdscan run {site.variables['SCAN']} -o {site.grid} --threads 1"]
    grid = open_grid(site.grid)
    assert grid.complete
    assert (grid.history[0]["ranks"], grid.history[0]["threads"]) == (2, 1)


@pytest.mark.parametrize(
    "name", ["slurm.sh", *(pytest.param(name, marks=pytest.mark.slow) for name in ("pbs.sh", "scan.sh"))]
)
def test_a_job_stopped_by_the_wall_clock_is_queued_and_continued(site: SimpleNamespace, name: str) -> None:
    """The batch system's signal (or the script's own clock), exit code 75, the requeue, and the job that ends it."""
    variables = dict(site.variables)
    fake_zdscan(site, "--delay 0.1 --hold 20")
    job = subprocess.Popen(
        site.command(name), env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    until(lambda: site.grid.exists() and done_blocks(site.grid) >= 2)
    job.send_signal(signal.SIGUSR1)  # from the batch system, or from the script's own clock
    said, _ = job.communicate(timeout=TIMEOUT)
    assert job.returncode == 75, said
    queued = [line for line in site.notes() if line.startswith(("scontrol", "qsub"))]
    expected = {
        "slurm.sh": ["scontrol requeue 4711"],
        "pbs.sh": [
            f"qsub -v SCAN={variables['SCAN']},GRID={site.grid},STOP_AFTER=43080 "
            f"{Path(variables['SCAN']).parent}/pbs.sh"
        ],
        "scan.sh": [],
    }
    assert queued == expected[name]
    assert not open_grid(site.grid).complete
    fake_zdscan(site)
    done = subprocess.run(
        site.command(name), env=variables, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "zdscan resume" in site.notes()[-1]
    assert open_grid(site.grid).complete


@pytest.mark.slow
@pytest.mark.parametrize("name", ["slurm.sh", "pbs.sh", "scan.sh"])
def test_a_cancelled_job_does_not_come_back(site: SimpleNamespace, name: str) -> None:
    """SIGTERM, as scancel and qdel send it: the blocks are finished, nothing is queued, the file can be continued."""
    fake_zdscan(site, "--delay 0.1 --hold 20")
    variables = {**site.variables, "AFTER_STOP": "scontrol requeue 1"}
    job = subprocess.Popen(
        site.command(name), env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    until(lambda: site.grid.exists() and done_blocks(site.grid) >= 2)
    job.send_signal(signal.SIGTERM)
    said, _ = job.communicate(timeout=TIMEOUT)
    assert job.returncode == 75, said
    assert not [line for line in site.notes() if line.startswith(("scontrol", "qsub"))]
    assert not open_grid(site.grid).complete


def scripted(site: SimpleNamespace, zdscan: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """scan.sh without launcher around a stand-in for zdscan."""
    site.tool("zdscan", zdscan)
    command = site.command("scan.sh")[:3]
    variables = {**site.variables, "AFTER_STOP": "scontrol requeue 1", **variables}
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=TIMEOUT, check=False)


STOPPED = """stop() {{
    echo "{{\\"state\\": \\"stopped\\", \\"time\\": $RANDOM$RANDOM}}" >{grid}.status.json
    exit 1
}}
trap stop USR1
for k in $(seq 200); do sleep 0.05; done"""


def test_a_launcher_s_own_code_after_a_clean_stop(site: SimpleNamespace) -> None:
    """Open MPI's mpirun ends with 1; the status file says that zdscan stopped, and only that of this run counts."""
    done = scripted(site, STOPPED.format(grid=site.grid), STOP_AFTER="1")
    assert done.returncode == 75, done.stderr
    assert site.notes() == ["scontrol requeue 1"]
    done = scripted(site, "exit 1")
    assert done.returncode == 1
    assert site.notes() == ["scontrol requeue 1"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("kill -USR1 $$", 75),
        ("exit 2", 2),
        pytest.param("exit 1", 75, marks=pytest.mark.slow),
        pytest.param("exit 0", 0, marks=pytest.mark.slow),
    ],
)
def test_a_signal_before_zdscan_listens_or_as_it_ends(site: SimpleNamespace, end: str, expected: int) -> None:
    """No status file says that it stopped; the job is queued again, but for a mistake, or where all is done."""
    done = scripted(
        site,
        f'trap "{end.replace("$$", "$BASHPID")}" USR1; ' + "sleep 30 >/dev/null 2>&1 & wait; " + end,
        STOP_AFTER="1",
    )
    assert done.returncode == expected, done.stderr
    assert site.notes() == (["scontrol requeue 1"] if expected == 75 else [])


LOST = """echo '{{"state": "failed", "fault": {{"cause": "no sign of life for 9 s of rank 1"}}}}' >{grid}.status.json
{then}
exit 137"""


def test_a_job_that_lost_a_machine_is_queued_again(site: SimpleNamespace) -> None:
    done = scripted(site, LOST.format(grid=site.grid, then=""))
    assert done.returncode == 75, done.stderr
    assert site.notes() == ["scontrol requeue 1"]
    # Cancelled meanwhile, it stays away.
    then = f"trap : USR1; echo again >>{site.grid}.status.json; kill $PPID; sleep 1"
    done = scripted(site, LOST.format(grid=site.grid, then=then))
    assert done.returncode == 75, done.stderr
    assert site.notes() == ["scontrol requeue 1"]


def test_a_launcher_that_waits_for_a_lost_machine_is_ended(site: SimpleNamespace) -> None:
    done = scripted(site, LOST.format(grid=site.grid, then="exec sleep 600"), LAUNCHER_SECONDS="1")
    assert done.returncode == 75, done.stderr
    assert site.notes() == ["scontrol requeue 1"]


@pytest.mark.slow
def test_a_grid_of_another_scan_file_is_not_continued(site: SimpleNamespace) -> None:
    scan = Path(site.variables["SCAN"])
    assert subprocess.run(site.command("scan.sh")[:3], env=site.variables, check=False).returncode == 0
    before = site.grid.read_bytes()
    scan.write_text("# another comment\n" + SMALL)
    assert subprocess.run(site.command("scan.sh")[:3], env=site.variables, check=False).returncode == 0
    scan.write_text(SMALL.replace("1e-4, 1e-3]", "1e-4, 2e-3]"))
    done = subprocess.run(
        site.command("scan.sh")[:3], env=site.variables, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 2
    assert "was made for another scan file, which differs in axis g_mu" in done.stderr
    assert site.grid.read_bytes() == before


@pytest.mark.parametrize("name", only(["slurm.sh"], ["pbs.sh"]))
def test_a_mistake_ends_the_job_for_good(site: SimpleNamespace, name: str) -> None:
    Path(site.variables["SCAN"]).write_text(SMALL.replace('"C"', '"D"'))
    done = subprocess.run(
        site.command(name), env=site.variables, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 2
    assert "case does not know 'D'" in done.stderr
    assert not [line for line in site.notes() if line.startswith(("scontrol", "qsub"))]
