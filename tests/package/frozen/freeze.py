"""The outputs of zdscan: every dataset of small scans as a hash and a summary, and what other commands print.

``python freeze.py OUT.json`` makes them with the zdscan that ``python -m zdscan`` finds, by the command line alone, so
that nothing inside the program matters. Every number of threads and ranks and every sink must give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

# The launcher of the MPI library that mpi4py loads: beside this Python, or named.
MPIEXEC = Path(os.environ.get("ZDSCAN_TEST_MPIEXEC", Path(sys.executable).parent / "mpiexec"))
TIMEOUT = 600  # seconds of one command: the first may compile the kernels
WIDTH = 120  # of the lines of the stored file

# Not of the data: who filled the file and when.
UNSTORED = {"run/history"}
# Hashes of sources, the version, a checksum over both, and what HDF5 notes for itself about dimension scales.
UNSTORED_ATTRIBUTES = {"identity", "version", "header_checksum", "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}

EVERY_FIELD = ("chi2", "excluded", "chi2_muon", "ratios", "predictions", "widths", "a_mu")
TWO_FIELDS = ("chi2", "excluded")

# Below and above twice the muon mass, on a threshold and on edges of bins, inside bins, above 1 GeV, both ends.
MASSES = (
    "{ values = [0.01, 0.0302, 0.2, 0.21131676, 0.25, 0.316227766016838, 0.45, 0.7, 0.99, 1.02, 1.0488088481701516,"
    " 1.3, 1.58113883008419, 1.99, 2.0] }"
)
SOME_MASSES = "{ values = [0.02, 0.19, 0.32, 0.77, 1.4] }"
LOG_G_MU = '{ min = 1e-5, max = 1.0, n = 24, spacing = "log" }'
BOTH_SIGNS = '{ min = -1e-1, max = 1e-1, n = 21, spacing = "symlog", linear_below = 1e-6 }'

OWN_MATRIX = """
[case]
name = "own"
[case.couplings]
v_e = { eps = -0.3, eps_z = 0.01 }
a_e = { eps_z = -0.1, g_mu = 0.02 }
v_mu = { eps = -0.3, eps_z = 0.02, g_mu = 1.0 }
a_mu = { eps_z = -0.15, g_mu = 0.3 }
v_u = { eps = 0.2, eps_z = 0.1 }
a_u = { eps_z = 0.15 }
v_d = { eps = -0.1, eps_z = -0.2 }
a_d = { eps_z = -0.1 }
v_s = { eps = -0.1, eps_z = -0.2 }
a_s = { eps_z = -0.1 }
g_nue = { eps_z = 0.3 }
g_numu = { eps_z = 0.3, g_mu = 0.5 }
g_nutau = { eps = 0.001, eps_z = 0.3 }
gWW = { eps = 0.3, eps_z = 0.5 }
gpp = { eps = 0.3, eps_z = 0.25 }
gWp = { eps = 0.3, eps_z = -0.2 }
"""
NEUTRINO_MATRIX = """
[case]
name = "neutrinos, no muons by g_mu"
[case.couplings]
v_mu = { eps = -0.3, eps_z = 0.1 }
a_mu = { eps_z = 0.05 }
v_u = { eps = 0.2 }
v_d = { eps = -0.1 }
v_s = { eps = -0.1 }
g_nu = { g_mu = 1.0 }
gWW = { eps = 0.3 }
gpp = { eps = 0.3 }
gWp = { eps = 0.3 }
"""


@dataclass(frozen=True)
class Way:
    """A way of computing a scan: `ranks` 0 is a process without launcher, `blocks` 0 takes the scan's block length."""

    threads: int = 1
    ranks: int = 0
    sink: str = "direct"
    blocks: int = 0


@dataclass(frozen=True)
class Scan:
    """A scan file in pieces, and the other ways of computing it that must give the same bytes."""

    axes: tuple[str, str, str, str]
    case: str = '"C"'
    theory: str = "paper"
    model: str = ""
    data: str = ""
    use: str = '"all"'
    fields: Sequence[str] = TWO_FIELDS
    profiles: bool = False
    blocks: int = 0
    ways: Sequence[Way] = ()
    quick: bool = False

    def text(self) -> str:
        """The scan file."""
        own = self.case.startswith("\n")
        head = ["format = 1", f'theory = "{self.theory}"', *([] if own else [f"case = {self.case}"])]
        names = ("mass", "eps", "eps_z", "g_mu")
        axes = ["[axes]", *(f"{name} = {axis}" for name, axis in zip(names, self.axes, strict=True))]
        output = ["[output]", f"fields = {json.dumps(list(self.fields))}", f"profiles = {str(self.profiles).lower()}"]
        rest = ["[model]", self.model, "[data]", self.data, "[constraints]", f"use = {self.use}"]
        return "\n".join([*head, self.case if own else "", *axes, *rest, *output, ""])


SCANS: dict[str, Scan] = {
    "case_c_paper": Scan(
        axes=(SOME_MASSES, "{ values = [0.0, 1e-5, 1e-3] }", BOTH_SIGNS.replace("21", "61"), LOG_G_MU),
        profiles=True,
        blocks=997,  # cuts lines
        ways=(Way(threads=3), Way(ranks=3, sink="gather", blocks=1500)),
        quick=True,
    ),
    "case_a_complete_every_field": Scan(
        case='"A"',
        theory="complete",
        axes=(
            SOME_MASSES,
            '{ min = 0.0, max = 1e-2, n = 15, spacing = "symlog", linear_below = 1e-6 }',
            '{ min = 1e-6, max = 1e-1, n = 16, spacing = "log" }',
            "{ values = [0.0] }",
        ),
        fields=EVERY_FIELD,
        ways=(Way(threads=2), Way(ranks=2)),
    ),
    "case_b_profiles_alone": Scan(
        case='"B"',
        axes=(SOME_MASSES, "{ values = [-1e-4, 0.0, 1e-3] }", BOTH_SIGNS, LOG_G_MU),
        use='"paper"',
        fields=(),
        profiles=True,
        blocks=300,
        ways=(Way(ranks=2),),
    ),
    "own_matrix_every_field": Scan(
        case=OWN_MATRIX,
        axes=(SOME_MASSES, "{ values = [0.0, 1e-4] }", BOTH_SIGNS, LOG_G_MU),
        fields=EVERY_FIELD,
        blocks=130,
        ways=(Way(threads=2),),
    ),
    "case_a_paper": Scan(
        case='"A"',
        axes=(
            MASSES,
            '{ min = 1e-7, max = 1e-2, n = 20, spacing = "log" }',
            BOTH_SIGNS.replace("21", "101"),
            "{ values = [0.0] }",
        ),
        profiles=True,
        blocks=333,
        ways=(Way(threads=2), Way(ranks=3, threads=2), Way(ranks=2, sink="gather")),
    ),
    "case_b_paper_every_field_complete_emission": Scan(
        case='"B"',
        model='emission = "complete"',
        axes=(MASSES, "{ min = -1e-3, max = 2e-3, n = 4 }", BOTH_SIGNS, LOG_G_MU),
        use='"paper"',
        fields=EVERY_FIELD,
        profiles=True,
        blocks=400,
        ways=(Way(threads=3), Way(ranks=3), Way(ranks=2, sink="gather")),
    ),
    "case_b_complete": Scan(
        case='"B"',
        theory="complete",
        axes=(
            MASSES,
            '{ min = -1e-2, max = 1e-2, n = 5, spacing = "symlog", linear_below = 1e-6 }',
            BOTH_SIGNS,
            '{ min = 1e-5, max = 3.0, n = 40, spacing = "log" }',
        ),
        ways=(Way(threads=2), Way(ranks=2)),
    ),
    "case_c_complete_lepton_emission_invisible": Scan(
        theory="complete",
        model='emission = "lepton"\ninvisible_width = 1e-3',
        axes=('{ min = 0.01, max = 2.0, n = 17, spacing = "log" }', "{ values = [0.0, 1e-2] }", BOTH_SIGNS, LOG_G_MU),
        use='["a_mu", "bs_mixing", "k_pi_x", "b_k_x", "b_kst_nunu", "w_width", "z_4l"]',
        profiles=True,
        blocks=100,
        ways=(Way(threads=3), Way(ranks=3, sink="gather")),
    ),
    "case_c_paper_every_option_and_field": Scan(
        model="invisible_width = 1e-6\nfcnc_scale = 2.0\naxial_mu = 0.5",
        data='measurements = "rashed2024"\nerrors = "facing"\ntheory_errors = "flavio"',
        axes=(MASSES, "{ values = [0.0, 1e-4] }", BOTH_SIGNS, "{ min = -0.02, max = 0.02, n = 15 }"),
        fields=EVERY_FIELD,
        ways=(Way(threads=2),),
    ),
    "case_b_complete_covariance": Scan(
        case='"B"',
        theory="complete",
        model="fcnc_scale = 0.5\naxial_mu = -1.0",
        data='errors = "stat-facing"\ntheory_errors = "flavio-covariance"',
        axes=(MASSES, "{ values = [0.0, 3e-4] }", BOTH_SIGNS, LOG_G_MU),
        ways=(Way(threads=2),),
    ),
    "case_b_complete_covariance_every_field": Scan(
        case='"B"',
        theory="complete",
        model="fcnc_scale = 0.5\naxial_mu = -1.0",
        data='errors = "stat-facing"\ntheory_errors = "flavio-covariance"',
        axes=(MASSES, "{ values = [0.0, 3e-4] }", BOTH_SIGNS.replace("21", "11"), LOG_G_MU),
        fields=EVERY_FIELD,
    ),
    "case_c_broad_widths": Scan(
        axes=(
            '{ min = 0.25, max = 2.0, n = 40, spacing = "log" }',
            "{ values = [0.0, 0.1] }",
            '{ min = -1.0, max = 1.0, n = 15, spacing = "symlog", linear_below = 1e-3 }',
            '{ min = 1e-2, max = 10.0, n = 40, spacing = "log" }',
        ),
        profiles=True,
        blocks=251,
        ways=(Way(threads=2), Way(ranks=2, sink="gather"), Way(blocks=4096)),
    ),
    "case_c_one_g_mu_and_chi2_of_muons": Scan(
        theory="complete",
        axes=(
            MASSES,
            '{ min = -1e-2, max = -1e-6, n = 12, spacing = "log" }',
            BOTH_SIGNS.replace("21", "41"),
            "{ values = [0.01] }",
        ),
        fields=("chi2", "excluded", "chi2_muon"),
        ways=(Way(threads=2),),
    ),
    "own_matrix_two_fields": Scan(
        case=OWN_MATRIX,
        theory="complete",
        axes=(MASSES, "{ values = [-1e-3, 0.0, 1e-4] }", BOTH_SIGNS, LOG_G_MU),
        profiles=True,
        blocks=777,
        ways=(Way(threads=3), Way(ranks=2)),
    ),
    "own_matrix_of_neutrinos": Scan(
        case=NEUTRINO_MATRIX,
        axes=(MASSES, "{ values = [0.0, 1e-4] }", BOTH_SIGNS, LOG_G_MU),
        fields=("chi2", "excluded", "ratios", "widths"),
        ways=(Way(threads=2),),
    ),
    "case_c_complete_profiles_alone": Scan(
        theory="complete",
        model="invisible_width = 1e-9",
        axes=(
            '{ min = 0.01, max = 2.0, n = 25, spacing = "log" }',
            "{ values = [0.0, 1e-5, 1e-3] }",
            BOTH_SIGNS.replace("21", "41"),
            LOG_G_MU,
        ),
        fields=(),
        profiles=True,
        blocks=500,
        ways=(Way(threads=3), Way(ranks=3, threads=2), Way(ranks=2, blocks=2000)),
    ),
}

# Commands that print JSON or write a table: their arguments, and whether they belong to the quick ones. Grids are those
# of the scans above.
_LIMITS = " --limits rashed2024"  # not the newest, which may change with every release
_DATA = f" --measurements rashed2024-corrected{_LIMITS}"
POINTS: dict[str, tuple[str, bool]] = {
    "case_b_light": (f"--case B --theory paper --mass 0.0103 --eps 1e-4 --eps-z -3.7e-5 --g-mu 0.28{_DATA}", True),
    "case_c_every_option": (
        "--case C --mass 0.7 --eps 1e-3 --eps-z -2e-2 --g-mu 0.5 --theory complete --emission lepton --invisible-width"
        " 1e-6 --axial-mu 0.5 --fcnc-scale 2 --measurements rashed2024 --errors facing --theory-errors flavio"
        f"{_LIMITS}",
        True,
    ),
    "case_a_light": (f"--case A --theory paper --mass 0.01007 --eps 1.6e-5 --eps-z 2e-3{_DATA}", False),
    "case_a_above_1_gev": (f"--case A --mass 1.4 --eps 1e-3 --eps-z 0.1 --theory complete{_DATA}", False),
    "case_c_broad": (f"--case C --theory paper --mass 1.3 --eps 0.1 --eps-z 1 --g-mu 3{_DATA}", False),
    "case_b_complete_emission": (
        f"--case B --theory paper --mass 0.25 --eps-z 1e-4 --g-mu 1e-3 --emission complete{_DATA}",
        False,
    ),
    "case_b_covariance": (
        "--case B --theory paper --mass 0.05 --g-mu 1e-3 --errors stat-facing --theory-errors flavio-covariance"
        f" --constraints paper{_DATA}",
        False,
    ),
    "case_c_without_couplings": (f"--case C --theory paper --mass 0.5{_DATA}", False),
}
FITS: dict[str, tuple[str, bool]] = {
    "case_c_paper": ("case_c_paper.toml --no-profiles", True),
    "case_c_paper_grid": ("case_c_paper.h5", False),
    "case_a_paper_grid": ("case_a_paper.h5 --no-profiles", False),
    "own_matrix": ("own_matrix_every_field.toml --no-profiles", False),
}
PLOTS: dict[str, tuple[str, bool]] = {
    "profile": ("case_c_paper.h5 --x mass --y g_mu", False),
    "marginalised": ("case_c_paper.h5 --x eps_z --y g_mu --marginalise axis", False),
    "constraints": ("case_c_paper.h5 --x eps_z --y g_mu --slice mass=0.3,eps=0 --constraints a_mu,bs_mixing", False),
    "summary": ("case_a_paper.h5 --x mass --y eps --slice eps_z=0 --summary", False),
    "first": ("own_matrix_every_field.h5 --x mass --y g_mu --slice eps=0,eps_z=1e-3 --first", False),
    "profile_of_profiles": ("case_b_profiles_alone.h5 --x eps_z --y g_mu --global-best", False),
    "one_axis": ("case_c_paper.h5 --x mass", False),
}
VERIFIED: dict[str, bool] = {"case_c_paper": True, "case_b_profiles_alone": False}


# --- summaries -------------------------------------------------------------------------------------------------------


def summary(values: NDArray[Any]) -> dict[str, Any]:
    """What tells floating numbers apart where the last bit may differ: counts, sums and extremes of the finite ones."""
    finite = values[np.isfinite(values)].astype(np.float64)
    sizes = np.abs(finite)
    return {
        "nan": int(np.isnan(values).sum()),
        "infinite": int(np.isinf(values).sum()),
        "zero": int((values == 0).sum()),
        "sum": math.fsum(finite),
        "sum_abs": math.fsum(sizes),
        "sum_log1p": math.fsum(np.log1p(sizes)),  # where few numbers are most of the sum
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
    }


def record(values: NDArray[Any]) -> dict[str, Any]:
    """Hash over type, shape and bytes; a summary of floating numbers, and how often each bit of a mask is set."""
    if values.dtype.kind in "OSU":
        texts = [text if isinstance(text, bytes) else str(text).encode() for text in values.reshape(-1).tolist()]
        kind, data = "text", b"\0".join(texts)
    else:
        kind, data = values.dtype.str, values.tobytes()
    digest = hashlib.sha256(f"{kind} {list(values.shape)} ".encode() + data).hexdigest()
    entry: dict[str, Any] = {"hash": digest, "dtype": kind, "shape": list(values.shape)}
    if values.dtype.kind == "f":
        entry["summary"] = summary(values)
    elif values.dtype.kind == "u" and values.ndim == 4:
        entry["bits"] = [int((values >> np.uint64(bit) & np.uint64(1)).sum()) for bit in range(8 * values.itemsize)]
    return entry


def plain(value: Any) -> Any:
    """An attribute as JSON has it."""
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    return value.decode() if isinstance(value, bytes) else value


def grid_record(path: Path) -> dict[str, Any]:
    """Every dataset of a grid file, the checksums of each field apart, and the attributes that must not change."""
    datasets: dict[str, Any] = {}
    attributes: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if name in UNSTORED:
            return
        kept = sorted(set(item.attrs) - UNSTORED_ATTRIBUTES)
        attributes[name] = {key: plain(item.attrs[key]) for key in kept}
        if not isinstance(item, h5py.Dataset):
            return
        values = np.asarray(item[()])
        if name != "run/checksum":
            datasets[name] = record(values)
            return
        for column, field in enumerate(item.parent["field"].asstr()[()]):
            datasets[f"{name}:{field}"] = record(values[:, column])

    with h5py.File(path) as file:
        visit("/", file)
        file.visititems(visit)
    return {"datasets": datasets, "attributes": attributes}


def table_record(path: Path) -> dict[str, Any]:
    """The columns of a table, as numbers where all cells are numbers."""
    with path.open(newline="") as lines:
        head, *rows = csv.reader(lines)
    columns: dict[str, Any] = {}
    for name, cells in zip(head, zip(*rows, strict=True), strict=True):
        try:
            columns[name] = record(np.array([float(cell) for cell in cells]))
        except ValueError:
            columns[name] = record(np.array(cells, dtype=object))
    return {"lines": len(rows), "datasets": columns}


# --- where the numbers were made -------------------------------------------------------------------------------------


def installed(name: str) -> str | None:
    """Version of an installed package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """Model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def target() -> str | None:
    """Processor that Numba compiles for, and a hash of its features."""
    try:
        from llvmlite import binding
    except ImportError:
        return None
    features = binding.get_host_cpu_features().flatten()
    return f"{binding.get_host_cpu_name()} {hashlib.sha256(features.encode()).hexdigest()[:16]}"


def fingerprint() -> dict[str, Any]:
    """What decides the last bit: libraries, the compiler's target, and a hash of some results of NumPy and libm."""
    grid = np.geomspace(1e-6, 30.0, 4001)
    parts = [grid**2.7, np.sinh(grid), np.arcsinh(grid), np.exp(-grid), np.log(grid), np.sqrt(grid), np.cos(grid)]
    square = np.sin(np.arange(900.0)).reshape(30, 30) + 9.0 * np.eye(30)
    parts += [np.linalg.inv(square), square @ square.T, np.linalg.cholesky(square @ square.T)]
    sums = [math.exp(x) * math.sin(x) + math.pow(x, 1.3) - math.atanh(x / 40.0) for x in grid.tolist()]
    parts.append(np.array([*sums, math.fsum(sums), sum(sums)]))
    data = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    packages = ("numpy", "scipy", "numba", "llvmlite", "iminuit")
    return {
        "packages": {name: installed(name) for name in packages},
        "target": target(),
        "numbers": hashlib.sha256(data).hexdigest(),
    }


# --- running the commands --------------------------------------------------------------------------------------------


class Workshop:
    """A folder where commands of zdscan run; `root` is searched for the package before everything else."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        self.folder = folder
        paths = [str(root.resolve())] if root else []
        paths += [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        launcher = ("PMI", "OMPI_", "MPI_", "SLURM_", "HYDI_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(launcher)}
        self.environment = {**kept, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "Agg"}

    def python(self, *arguments: object, ranks: int = 0) -> str:
        """Standard output of Python with these arguments.

        Raises
        ------
        RuntimeError
            If it fails, with what it said.
        """
        launcher = [str(MPIEXEC), "-n", str(ranks)] if ranks else []
        done = subprocess.run(
            [*launcher, sys.executable, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def zdscan(self, *arguments: object, ranks: int = 0) -> str:
        """Standard output of a command of zdscan."""
        return self.python("-m", "zdscan", *arguments, ranks=ranks)

    def compute(self, name: str, scan: Scan, way: Way, target: str) -> dict[str, Any]:
        """Compute a scan and record its grid file."""
        (self.folder / f"{name}.toml").write_text(scan.text())
        blocks = way.blocks or scan.blocks
        options = ["--block-points", blocks] if blocks else []
        options += ["--threads", way.threads, "--sink", way.sink, "--overwrite", "-o", target]
        self.zdscan("run", f"{name}.toml", *options, ranks=way.ranks)
        return grid_record(self.folder / target)


def same_data(one: dict[str, Any], other: dict[str, Any], *, blocks: bool) -> list[str]:
    """Names of datasets, and of attributes, that differ; with other `blocks` those of the group `run` may."""

    def left_out(name: str) -> bool:
        return blocks and (name.startswith("run/") or name == "/")

    return [
        f"{kind} of {name}"
        for kind in ("datasets", "attributes")
        for name in sorted(set(one[kind]) | set(other[kind]))
        if not left_out(name) and one[kind].get(name) != other[kind].get(name)
    ]


def frozen_scan(workshop: Workshop, name: str, *, with_ranks: bool = True) -> dict[str, Any]:
    """The record of a scan, made in every way, or in those without a launcher.

    Raises
    ------
    AssertionError
        If two ways differ.
    """
    scan = SCANS[name]
    first = workshop.compute(name, scan, Way(), f"{name}.h5")
    for way in scan.ways:
        if way.ranks and not (with_ranks and MPIEXEC.exists()):
            continue
        other = workshop.compute(name, scan, way, "other.h5")
        differences = same_data(first, other, blocks=way.blocks > 0)
        if differences:
            raise AssertionError(f"{name} with {way} differs from one thread in {', '.join(differences)}")
    return first


def frozen_json(text: str) -> dict[str, Any]:
    """What a command printed, without the version."""
    printed: dict[str, Any] = json.loads(text)
    printed.pop("version", None)
    return printed


def frozen_plot(workshop: Workshop, arguments: str) -> dict[str, Any]:
    """The table behind a picture."""
    workshop.zdscan("plot", *arguments.split(), "--csv", "cells.csv", "-o", "picture.svg")
    return table_record(workshop.folder / "cells.csv")


def tasks(quick: bool) -> Iterator[tuple[str, str, Callable[[Workshop], Any]]]:
    """Kind, name and maker of everything that is stored, scans first because others need their grids.

    The quick ones leave out the ways of computing with several ranks.
    """

    def wanted(table: dict[str, tuple[str, bool]]) -> Iterator[tuple[str, list[str]]]:
        return ((name, text.split()) for name, (text, is_quick) in table.items() if is_quick or not quick)

    for name, scan in SCANS.items():
        if scan.quick or not quick:
            yield "scans", name, lambda shop, name=name: frozen_scan(shop, name, with_ranks=not quick)
    for name, words in wanted(POINTS):
        yield "points", name, lambda shop, words=words: frozen_json(shop.zdscan("point", *words, "--json"))
    for name, words in wanted(FITS):
        yield "fits", name, lambda shop, words=words: frozen_json(shop.zdscan("fit", *words, "--json"))
    for name, words in wanted(PLOTS):
        yield "plots", name, lambda shop, words=words: frozen_plot(shop, " ".join(words))
    for name, is_quick in VERIFIED.items():
        if is_quick or not quick:
            yield "verified", name, lambda shop, name=name: shop.zdscan("verify", f"{name}.h5").strip()


def freeze(folder: Path, *, quick: bool = False, root: Path | None = None, loud: bool = False) -> dict[str, Any]:
    """Everything that is stored, made in `folder` with the package in `root`, by default the one that Python finds."""
    workshop = Workshop(folder, root)
    found = workshop.python("-c", "import zdscan; print(zdscan.__file__)").strip()
    if loud:
        print(f"{found}, Python {sys.executable}", file=sys.stderr, flush=True)
    result: dict[str, Any] = {
        "made_with": {"processor": processor(), "python": platform.python_version(), "fingerprint": fingerprint()}
    }
    for kind, name, make in tasks(quick):
        start = time.perf_counter()
        result.setdefault(kind, {})[name] = make(workshop)
        if loud:
            print(f"{kind} {name}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)
    return result


def readable(value: Any, indent: int = 0) -> str:
    """JSON with a line for everything that fits in one."""
    line = json.dumps(value, ensure_ascii=False)
    is_entry = isinstance(value, dict) and "hash" in value
    if is_entry or len(line) + indent <= WIDTH or not isinstance(value, dict | list):
        return line
    space = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {readable(item, indent + 1)}" for key, item in value.items()]
    else:
        parts = [readable(item, indent + 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}{space}{f',{space}'.join(parts)}\n{' ' * indent}{closing}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="file for the results, JSON")
    parser.add_argument("--quick", action="store_true", help="the quick ones alone")
    parser.add_argument("--root", type=Path, help="folder that holds the package zdscan (default: what Python finds)")
    parser.add_argument("--grids", type=Path, help="keep the grid files in this folder")
    options = parser.parse_args()
    output = options.output.resolve()
    with tempfile.TemporaryDirectory(prefix="zdscan-freeze-") as folder:
        result = freeze(Path(folder), quick=options.quick, root=options.root, loud=True)
        if options.grids:
            options.grids.mkdir(parents=True, exist_ok=True)
            for name in result["scans"]:
                (options.grids / f"{name}.h5").write_bytes((Path(folder) / f"{name}.h5").read_bytes())
    output.write_text(readable(result) + "\n")


if __name__ == "__main__":
    main()
