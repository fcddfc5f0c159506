"""The `zdscan` command. Everything heavy is imported inside the command that needs it, so `--help` is quick.

Exit codes: 0 done, 1 internal error, 2 a mistake the user can mend, 75 stopped but resumable.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zdscan import __version__
from zdscan.cli_explore import explore
from zdscan.cli_plot import plot
from zdscan.cli_points import cases, constraints, limits, point
from zdscan.cli_sample import sample
from zdscan.errors import Stopped, UserError
from zdscan.terminal.options import (
    BlockPoints,
    GridPath,
    Overrides,
    ScanPath,
    Sink,
    Target,
    Threads,
    refuse_environment,
    with_settings,
)
from zdscan.terminal.output import OutputLost, complain, guard

if TYPE_CHECKING:
    from zdscan.ranks.mpi import Alone
    from zdscan.running.driver import RunSummary

app = typer.Typer(
    help="Scans of light vector bosons (dark photon, dark Z) against flavour and low-energy data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of the installed command: turns exceptions into sentences and exit codes."""
    output = guard()
    warnings.formatwarning = _sentence
    try:
        try:
            app(prog_name="zdscan")
        finally:
            output.flush()  # while what fails can still be told
    except BrokenPipeError:
        sys.exit(1)
    except UserError as error:
        _complain(error.messages)
        sys.exit(2)
    except Stopped as stop:
        _complain([str(stop)] if str(stop) else [])
        sys.exit(75)
    except Exception:
        # Not caught for good: the traceback, and under MPI the end of the whole job, are the excepthook's work.
        complain("zdscan: internal error; please report it with the traceback below.")
        raise


def _sentence(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> str:
    """A warning as it is printed: those of zdscan are sentences, for whom the place in its source means nothing."""
    if category.__module__.startswith("zdscan."):
        return f"zdscan: {message}\n"
    return _python(message, category, *where, **more)


_python = warnings.formatwarning


def _complain(messages: Iterable[str]) -> None:
    for message in messages:  # none on ranks other than the first, which speaks for all
        # An indented line goes on with the sentence before it.
        complain(message if message.startswith(" ") else f"zdscan: {message}")


def _processes() -> Alone:
    from zdscan.ranks import launcher, mpi

    launcher.limit_threads()
    return mpi.world()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"zdscan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    refuse_environment()


@app.command()
def check(
    scan: ScanPath,
    overrides: Overrides = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="Cores to estimate the time for (default: this machine's).")
    ] = None,
) -> None:
    """Validate a scan file and print its size, memory and expected time; all faults at once."""
    from zdscan.scan.scanfile import load_scan
    from zdscan.terminal import report

    checked = load_scan(scan, overrides or ())  # before the kernels are imported: faults are told at once
    from zdscan.running.estimate import estimate

    report.show_check(checked, estimate(checked, cores))


@app.command()
def run(
    scan: ScanPath,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="GRID.h5", help="(default: SCAN.h5)")] = None,
    overrides: Overrides = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing grid file.")] = False,
    threads: Threads = None,
    sink: Sink = "direct",
    block_points: BlockPoints = None,
) -> None:
    """Compute the grid of a scan file: on threads alone, on ranks under mpirun."""
    world = _processes()
    from zdscan.running import driver
    from zdscan.scan.scanfile import load_scan

    checked = world.from_root(lambda: load_scan(scan, overrides or ()))
    target = output or Path(f"{scan.stem}.h5")
    _summarise(driver.run(checked, target, overwrite=overwrite, threads=threads, sink=sink, block_points=block_points))


@app.command()
def resume(
    grid: GridPath,
    scan: Annotated[
        Path | None, typer.Option("--scan", metavar="SCAN.toml", help="Refuse a grid of another scan file.")
    ] = None,
    threads: Threads = None,
    sink: Sink = "direct",
) -> None:
    """Continue an interrupted run; the grid file holds everything needed, and the number of ranks may differ."""
    world = _processes()
    from zdscan.running import driver
    from zdscan.scan.scanfile import load_scan

    wanted = world.from_root(lambda: None if scan is None else load_scan(scan, ()))
    _summarise(driver.resume(grid, threads=threads, sink=sink, scan=wanted))


def _summarise(summary: RunSummary) -> None:
    from zdscan.grid.open import open_grid
    from zdscan.terminal import neglected, report, tally

    if summary.path:  # empty on ranks other than the first
        grid = open_grid(summary.path)
        counted = excluding = None
        if grid.layout.fields:
            counted = tally.count(grid)
            excluding = tally.excluded_at(grid, summary.best.index) if summary.best else None
        try:
            lines = [*neglected.best_lines(grid, summary.best), *_too_coarse(summary.path)]
            report.show_summary(summary, excluding, counted, lines)
        except OutputLost as lost:
            raise UserError(*lost.messages, f"  The run itself is finished: {summary.path} is complete.") from lost


def _too_coarse(path: str | Path) -> list[str]:
    """What a grid file's profiles miss between the values of its hidden axes, in sentences."""
    from zdscan.analysis.views.refine import checked
    from zdscan.analysis.views.stored import StoredProfiles
    from zdscan.grid.open import open_grid

    return checked(StoredProfiles(open_grid(path)))


@app.command()
def info(
    grid: GridPath,
    count: Annotated[bool, typer.Option("--count", help="Count the points each constraint excludes.")] = False,
) -> None:
    """Print axes, completeness, best point and provenance of a grid file."""
    from zdscan.grid.verify import info as look_into
    from zdscan.terminal import report, tally

    found = look_into(grid)
    report.show_info(
        found, tally.evaluate_best(found.grid, found.best), tally.count(found.grid, each=True) if count else None
    )
    report.show_lines(report.console(), _too_coarse(grid))


@app.command()
def cite(grid: GridPath) -> None:
    """Print the BibTeX entries of everything a run used: model, tables, measurements and constraints."""
    from zdscan.grid.open import open_grid
    from zdscan.terminal.citations import bibtex

    print(bibtex(open_grid(grid)), end="")


@app.command()
def verify(grid: GridPath) -> None:
    """Compare every block of a grid file with its checksum."""
    _processes()
    from zdscan.grid.verify import verify as compare
    from zdscan.terminal import report

    if not report.show_verify(compare(grid)):
        raise typer.Exit(2)


@app.command()
def pack(
    grid: GridPath,
    output: Target,
    compression: Annotated[
        str, typer.Option(help="gzip (any HDF5 reads it) or blosc (faster, readers need hdf5plugin).")
    ] = "gzip",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing grid file.")] = False,
) -> None:
    """Write a compressed copy of a finished grid file, for sharing; every command but resume reads it."""
    from zdscan.grid.pack import pack as pack_file
    from zdscan.terminal import report

    with report.progress() as advance:
        packed = pack_file(grid, output, compression=compression, overwrite=overwrite, progress=advance)
    print(f"wrote {packed.path}: {report.size_text(packed.after)} from {report.size_text(packed.before)}")


@app.command()
def merge(
    first: Annotated[Path, typer.Argument(metavar="A.h5", help="A finished grid file.")],
    second: Annotated[Path, typer.Argument(metavar="B.h5", help="Another one, of the same physics.")],
    output: Target,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing grid file.")] = False,
) -> None:
    """Join two finished grid files that differ in the range of one axis into the file of one scan over both."""
    from zdscan.grid.merge import merge as merge_files
    from zdscan.terminal import report

    with report.progress() as advance:
        axis, points = merge_files(first, second, output, overwrite=overwrite, progress=advance)
    print(f"wrote {output}: {points:,} points, joined along {axis}")


@app.command()
def watch(
    status: Annotated[
        Path, typer.Argument(metavar="STATUS.json", help="GRID.h5.status.json of a run, or its GRID.h5.")
    ],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once instead of until the run ends.")] = False,
) -> None:
    """Follow a run through its status file; exits with 75 where it ended early and can be resumed."""
    from zdscan.terminal.watch import watch as follow

    if not follow(status, every=every, once=once):
        raise typer.Exit(75)


app.command()(with_settings(point))
app.command()(with_settings(limits))
app.command()(cases)
app.command()(constraints)


app.command()(plot)
app.command()(explore)


@app.command()
def fit(
    source: Annotated[Path, typer.Argument(metavar="SCAN.toml|GRID.h5", help="A scan file or a finished grid file.")],
    overrides: Overrides = None,
    profiles: Annotated[
        bool, typer.Option("--profiles/--no-profiles", help="Profile every coupling (most of the time).")
    ] = True,
    statistic: Annotated[
        str, typer.Option(help="What is minimised: chi2 of the rows, of the constraints, or the total of both.")
    ] = "rows",
    level: Annotated[
        str, typer.Option(help='Level of the intervals from profiles: 0.9, "2 sigma", or that of the scan (auto).')
    ] = "auto",
    toys: Annotated[int, typer.Option(min=0, help="Toy experiments for p-values, so many from each hypothesis.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers of toys.")] = 1,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes for toys (default: all cores).")] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Repeat the fit without each publication, and each constraint.")
    ] = False,
    covariances: Annotated[
        bool, typer.Option("--covariances", help="Repeat the fit of the rows with every treatment of their errors.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit mass and couplings within the axes: best fit, errors, profiles, pulls, and what is not determined."""
    from zdscan.analysis.fits.fitreport import show_fit
    from zdscan.analysis.fits.fitting import fit_file
    from zdscan.terminal import report

    with report.progress() as advance:
        result = fit_file(
            source,
            tuple(overrides or ()),
            statistic=statistic,
            profiles=profiles,
            level=level,
            toys=toys,
            seed=seed,
            processes=processes,
            leave_out=leave_out,
            covariances=covariances,
            progress=advance,
        )
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        show_fit(result)


app.command()(sample)


@app.command()
def reproduce(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the page and the figures go.")
    ] = Path("reproduction"),
    figures: Annotated[
        str | None, typer.Option(metavar="1,4,10", help="Which figures of the paper (default: all ten).")
    ] = None,
) -> None:
    """Recompute the figures, tables and claims of arXiv:2412.11438 into one HTML page, with PNG and PDF files."""
    from zdscan.analysis.paper.reproduce import parse_figures
    from zdscan.analysis.paper.reproduce import reproduce as write_all

    numbers = tuple(range(1, 11)) if figures is None else parse_figures(figures)
    page = write_all(output, numbers, progress=lambda text: print(text, flush=True))
    print(f"wrote {page}")


@app.command()
def calibrate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the tables go (*.h5).")],
    samples: Annotated[int, typer.Option(help="Draws of flavio's parameters for the theory covariance.")] = 1000,
    add: Annotated[
        bool, typer.Option("--add", help="Compute the rows that have no tables yet, and keep the others as they are.")
    ] = False,
) -> None:
    """Rebuild the standard-model tables with flavio (offline; needs the extra `calibrate`)."""
    from zdscan.calibration.tables import calibrate as rebuild
    from zdscan.calibration.tables import calibrate_components
    from zdscan.inputs import tables
    from zdscan.terminal import report

    with report.progress() as advance:
        written = rebuild(folder, samples, progress=advance, known=tables.load() if add else None)
        components = calibrate_components(folder, samples, progress=advance)
    for path in (*written, components):
        print(f"wrote {path}")


@app.command()
def warmup() -> None:
    """Compile every kernel into the cache, so that a later job starts at once."""
    from zdscan.running.warmup import compile_everything

    print(f"compiled kernels are in {compile_everything()}")
