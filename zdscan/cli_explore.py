"""The command `zdscan explore`, beside `zdscan.cli` and as light to import; the page itself is in analysis/explorer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explore(
    source: Annotated[
        Path | None, typer.Argument(metavar="[SCAN.toml|GRID.h5]", help="Where to start: a scan file or a grid file.")
    ] = None,
    case: Annotated[
        str | None, typer.Option(help="Start from a case instead: A, B, C, a name of `zdscan cases`, or ./mine.toml.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine (default: any free one).")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or print the address alone.")
    ] = True,
) -> None:
    """Look at regions, limits and best fits in a browser while dragging couplings (needs the extra `explore`)."""
    from zdscan.analysis.explorer.server import need_bokeh, serve
    from zdscan.analysis.explorer.start import start_of

    need_bokeh()
    serve(start_of(source, case), port, browser)
