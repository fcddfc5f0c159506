"""What `zdscan sample` prints."""

from __future__ import annotations

import math

from zdscan.analysis.fits.sampling import Samples
from zdscan.terminal.report import console, plain_table


def show_samples(found: Samples) -> None:
    """The parameters with their intervals, and whether the chains have converged."""
    out, about = console(), found.about
    chains, draws = found.log_posterior.shape
    out.print(f"{about['source']}: case {about['case']}, theory {about['theory']}, {about['statistic']}", markup=False)
    table = plain_table(
        f"{chains} walkers of {draws:,} draws",
        *("parameter", "unit", "median", "68% from", "to", "95% from", "to", "autocorrelation", "R-hat", "prior"),
        left=(0, 1, 9),
    )
    for name in found.free:
        low, high = found.interval(name, 0.6827)
        middle, time, r_hat = found.interval(name, 0.0)[0], found.autocorrelation[name], found.r_hat[name]
        table.add_row(
            name,
            "GeV" if name == "mass" else "1",
            *(f"{x:.4g}" for x in (middle, low, high, *found.interval(name, 0.95))),
            f"{time:.3g}" if math.isfinite(time) else "unknown",
            f"{r_hat:.3f}" if math.isfinite(r_hat) else "unknown",
            found.priors[name],
        )
    out.print(table)
    independent = f", some {found.independent:,.0f} independent samples" if math.isfinite(found.independent) else ""
    out.print(f"lowest {float(found.chi2.min()):.2f}, {found.accepted.mean():.0%} of moves accepted{independent}")
    for sentence in found.warnings:
        out.print(f"* {sentence}", markup=False, soft_wrap=True)
