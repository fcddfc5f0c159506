"""The same 26 rows from EOS and from zdscan in one run: how much faster, and how far apart.

EOS (the wheel `eoshep`) lives in an environment of its own, made below the user's cache folder the first time; where
that fails, a sentence says why. EOS gets constant shifts of its Wilson coefficients, zdscan a heavy vector
(benchmarks/matched.py). The two programs have different form factors and charm loops, so rows differ by theory errors;
a row over its Standard Model value differs less. Two treatments of charm: `BFS2004`, QCD factorisation as in flavio and
zdscan, and the faster `GvDV2020`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import matched
import numpy as np
from common import Report, clean_environment, parser
from numpy.typing import NDArray

VERSION = "1.0.21"
TAGS = ("BFS2004", "GvDV2020")


def environment_folder() -> Path:
    """Where EOS's environment is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zdscan-benchmarks" / f"eos-{VERSION}"


def python_of_eos(folder: Path, install: bool) -> tuple[Path | None, str]:
    """The interpreter of EOS's environment, made if asked for; None and the reason where there is none."""
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.exists():
        return python, ""
    if not install:
        return None, f"there is no environment in {folder} (a run without --quick makes it)"
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", f"eoshep=={VERSION}"],
        [str(python), "-c", "import eos"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            return None, f"`{' '.join(command)}` failed: {last}"
    ready.touch()
    return python, ""


def rows_of_eos(python: Path, tag: str, points: list[matched.Matched], choice: list[int], repeats: int) -> dict:
    """What eos_rows.py prints, the rows in zdscan's units: float64[points + 1, chosen rows]."""
    setup = matched.physics()
    data = setup.likelihood.data
    shifts = []
    for point in points:
        shift = {}
        for lepton in ("mu", "e"):
            row = data.leptons.index(lepton)
            shift[lepton] = [float(point.c9[row]), float(point.c10[row])]
        shifts.append(shift)
    bins = [(data.decays[r], float(data.q2_min[r]), float(data.q2_max[r])) for r in choice]
    task = {"rows": bins, "points": shifts, "tag": tag, "repeats": repeats}
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("eos_rows.py"))],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"EOS failed:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    width = np.where(data.integrated, 1.0, data.q2_max - data.q2_min)
    found["rows"] = np.array(found["rows"]) / (data.factors * width)[choice]
    return found


def spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Least and largest."""
    return float(values.min()), float(values.max())


def main() -> None:
    """Compare and report."""
    options = parser(__doc__)
    options.add_argument("--python", type=Path, help="an interpreter that has EOS already")
    arguments = options.parse_args()
    report = Report("against_eos")
    python, reason = (
        (arguments.python, "") if arguments.python else python_of_eos(environment_folder(), not arguments.quick)
    )
    if python is None:
        report.add("EOS could not be run", ("reason",), [(reason,)])
        report.finish(arguments)
        return
    setup = matched.physics()
    data = setup.likelihood.data
    choice = [7, 22] if arguments.quick else list(range(len(data.ids)))
    points = matched.match(setup)
    seconds = matched.own_seconds(arguments.quick)
    speed, agreement = [], []
    for tag in TAGS:
        found = rows_of_eos(python, tag, points, choice, 1 if arguments.quick else 3)
        speed += [(tag, *row) for row in matched.speed_rows(seconds, found["seconds"], 1)]
        own_sm = setup.likelihood.sm[choice]
        for family in dict.fromkeys(data.decays[r] for r in choice):
            of_family = np.array([data.decays[r] == family for r in choice])
            ratios = [
                point.rows[choice] / own_sm / (theirs / found["rows"][0])
                for point, theirs in zip(points, found["rows"][1:], strict=True)
            ]
            shifts = np.abs(np.array([point.rows[choice] / own_sm - 1 for point in points]))[:, of_family]
            agreement.append(
                (
                    *(tag, family, int(of_family.sum()), *spread((own_sm / found["rows"][0])[of_family])),
                    *(float(shifts.max()), float(np.abs(np.array(ratios) - 1)[:, of_family].max())),
                )
            )
        report.details[tag] = {"ids": [data.ids[r] for r in choice], "eos": found["rows"].tolist()}
        report.details["version"] = found["version"]
    report.add(
        f"Speed of {len(choice)} rows: EOS {report.details['version']} with constant coefficients, zdscan on a grid",
        ("charm loops", *matched.SPEED_COLUMNS),
        speed,
        "CPU time of one core, both in this run; zdscan: 26 rows, mean over the masses of jobs/case_c.toml.",
    )
    report.add(
        "Rows of zdscan over rows of EOS",
        ("charm loops", "decay", "rows", "SM, least", "SM, largest", "largest shift", "(row/SM) ratio - 1, largest"),
        agreement,
        f"The shift is that of the rows from the Standard Model at {len(points)} points with heavy vectors; the last "
        "column compares row/SM between the programs. Theory differs (form factors, charm loops, constants).",
    )
    report.finish(arguments)


if __name__ == "__main__":
    main()
