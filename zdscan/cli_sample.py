"""The command `zdscan sample`, beside `zdscan.cli` and as light to import; the sampler is in analysis/fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from zdscan.terminal.options import Overrides, ScanPath


def sample(
    scan: ScanPath,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="CHAIN.h5", help="The file to write.")],
    overrides: Overrides = None,
    statistic: Annotated[
        str, typer.Option(help="Whose likelihood: chi2 of the rows, of the constraints, or the total of both.")
    ] = "rows",
    draws: Annotated[int, typer.Option(help="Samples kept of each walker.")] = 2000,
    burn_in: Annotated[int, typer.Option(help="Steps before the first of them.")] = 500,
    walkers: Annotated[int, typer.Option(help="Walkers, an even number.")] = 32,
    thin: Annotated[int, typer.Option(help="Steps of which one is kept.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 1,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes (default: all cores).")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file of samples.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sample the posterior within the axes of a scan, with priors flat in their scales (needs the extra `sample`)."""
    from zdscan.analysis.fits.crew import cores
    from zdscan.analysis.fits.sampling import Options, check_output, need_emcee, sample_scan
    from zdscan.scan.scanfile import load_scan
    from zdscan.terminal import report

    need_emcee()
    check_output(output, overwrite=overwrite)
    asked = Options(draws, burn_in, walkers, thin, seed, cores() if processes is None else processes)
    checked = load_scan(scan, overrides or ())
    with report.progress() as advance:
        found = sample_scan(checked, asked, statistic, advance)
    found.write(output, overwrite=overwrite)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        from zdscan.analysis.fits.samplereport import show_samples

        show_samples(found)
        print(f"wrote {output}")
