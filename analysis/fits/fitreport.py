"""What `zdscan fit` prints."""

from __future__ import annotations

import math

from rich.table import Table

from zdscan.analysis.fits.bestfit import Profile
from zdscan.analysis.fits.fitting import Fit
from zdscan.analysis.fits.minimise import Minimum
from zdscan.terminal.likelihoods import SHOWN_CHI2
from zdscan.terminal.report import console, number, plain_table
from zdscan.terminal.words import NOT_COMPUTED, allowed_by

SHOWN = 9  # values of a profile in the text; --json has all


def show_fit(fit: Fit) -> None:
    """The fit as tables and sentences."""
    out, r = console(), fit.result
    out.print(f"{fit.source}: case {fit.physics.case.name}, theory {fit.physics.settings.theory}", markup=False)
    for note in (*fit.notes, *fit.too_coarse):
        out.print(note, markup=False)
    if fit.has_p_value:
        out.print(
            f"chi2 {r.best.chi2:.2f} for {r.ndof} degrees of freedom, p = {number(r.p_value, 2)}; "
            f"Standard Model {r.sm_chi2:.2f} for {r.rows}, p = {number(r.sm_p_value, 2)}"
        )
    else:
        what = "the constraints" if fit.statistic == "constraints" else f"{r.rows} rows and the constraints"
        out.print(
            f"chi2 of {what}, these counted from the Standard Model: {r.best.chi2:.2f}, Standard Model "
            f"{r.sm_chi2:.2f}; limits have no degrees of freedom, so there is no p-value",
            soft_wrap=True,
        )
    out.print(
        f"difference {r.improvement:+.2f} for {len(r.free)} parameters ({r.significance:.1f} sigma by Wilks' theorem); "
        f"muon rows {fit.muon[0]:.2f}, Standard Model {fit.muon[1]:.2f}"
    )
    out.print(_parameters(fit))
    for remark in fit.remarks:
        out.print(f"* {remark}", markup=False)
    c = r.curvature
    if c.correlation is not None and len(c.names) > 1:
        pairs = [(i, j) for i in range(len(c.names)) for j in range(i)]
        out.print(
            "correlations of the logarithms: "
            + ", ".join(f"{c.names[j]}, {c.names[i]} {c.correlation[i, j]:+.3f}" for i, j in pairs),
            markup=False,
        )
    names = r.best.names
    table = plain_table("Lowest chi2 by signs", f"signs of {', '.join(names)}", "chi2", "mass", *names)
    for signs, m in sorted(r.by_sign.items(), key=lambda item: item[1].chi2):
        text = " ".join({-1: "-", 0: "0", 1: "+"}[s] for s in signs)
        table.add_row(text, f"{m.chi2:.2f}", *(f"{x:.4g}" for x in (m.mass, *m.couplings)))
    out.print(table)
    for profile in r.profiles.values():
        out.print(_profile(profile, r.best))
    table = plain_table("fcnc_scale, couplings refitted at the best mass", "fcnc_scale", "chi2", *names)
    for scale, m in fit.band:
        table.add_row(f"{scale:.4g}", f"{m.chi2:.2f}", *(f"{x:.4g}" for x in m.couplings))
    out.print(table)
    _show_toys(fit)
    if fit.left_out:
        out.print(_left_out(fit))
    if fit.treated:
        out.print(_treated(fit))
    table = plain_table("Pulls, (prediction - measured)/sigma", "row", "SM", "best fit")
    for name, sm, pull in zip(fit.physics.likelihood.data.ids, fit.sm_pulls, fit.pulls, strict=True):
        table.add_row(name, f"{sm:+.2f}", f"{pull:+.2f}")
    out.print(table)
    out.print(_constraints(fit))
    if fit.excluded:
        told = [f"{name} ({ratio:.3g} times its limit, grade {grade})" for name, (ratio, grade) in fit.excluded.items()]
        out.print(f"The best fit is excluded by {', '.join(told)}.", markup=False)
    else:
        count = len(fit.physics.constraints)
        out.print(f"The best fit is {allowed_by(count)} ({NOT_COMPUTED}).", soft_wrap=True)


def _show_toys(fit: Fit) -> None:
    """What toys say, beside what is said without them."""
    found, r, out = fit.toys, fit.result, console()
    if found is None:
        return
    out.print(
        f"toys from the best fit: p = {found.fit.text} for chi2 {r.best.chi2:.2f}; by the law of chi2 "
        f"{number(r.p_value, 2)}",
        soft_wrap=True,
    )
    sigmas = found.preference.significance
    told = "" if sigmas is None else f", {sigmas:.1f} sigma"
    out.print(
        f"toys from the Standard Model: p = {found.preference.text} for a difference of {r.improvement:+.2f}{told}; "
        f"{r.significance:.1f} sigma by Wilks' theorem (seed {found.seed})",
        soft_wrap=True,
    )


def _left_out(fit: Fit) -> Table:
    """The fits without some of the data, those that pull most first."""
    best = fit.result.best
    table = plain_table(
        "Without some of the data; pull: how much better the rest is fitted then",
        *("without", "rows", "pull", "chi2", "SM", "difference", "mass", *best.names),
    )
    for item in sorted(fit.left_out, key=lambda item: -item.pull):
        values = (item.best.mass, *item.best.couplings)
        rows = str(item.rows) if item.kind == "rows" else ""
        numbers = (item.pull, item.best.chi2, item.sm_chi2)
        table.add_row(
            item.what,
            rows,
            *(f"{x:.2f}" for x in numbers),
            f"{item.improvement:+.2f}",
            *(f"{x:.4g}" for x in values),
        )
    return table


def _treated(fit: Fit) -> Table:
    """chi2 of the rows below the Standard Model's for every treatment of their errors."""
    table = plain_table(
        "chi2 of the rows, best fit less Standard Model, by their errors",
        *("experimental errors", "theory errors", "SM", "errors of the SM", "sigma", "relative errors", "sigma"),
        left=(0, 1),
    )
    for item in fit.treated:
        table.add_row(
            *item.words,
            f"{item.fixed.sm_chi2:.2f}",
            f"{item.fixed.improvement:+.2f}",
            f"{item.fixed.significance:.1f}",
            f"{item.relative.improvement:+.2f}",
            f"{item.relative.significance:.1f}",
        )
    return table


def _constraints(fit: Fit) -> Table:
    """chi2 and pulls of the constraints, of those that have some, the largest first, and the sum."""
    table = plain_table(
        f"chi2 of {len(fit.constraints)} constraints, and its root, the pull",
        *("id", "SM", "best fit", "pull, SM", "pull, best fit"),
    )
    for name, (here, sm) in sorted(fit.constraints.items(), key=lambda item: -item[1][0]):
        if max(here, sm) >= SHOWN_CHI2:
            table.add_row(name, f"{sm:.2f}", f"{here:.2f}", f"{math.sqrt(sm):.2f}", f"{math.sqrt(here):.2f}")
    here, sm = fit.constraints_chi2
    table.add_row("all", f"{sm:.2f}", f"{here:.2f}", "", "")
    return table


def _parameters(fit: Fit) -> Table:
    r = fit.result
    ends = dict(r.best.at_bound) | ({"mass": r.mass_at_end} if r.mass_at_end else {})
    table = plain_table(
        "Best fit",
        "parameter",
        "unit",
        "value",
        "error",
        "chi2 < best + 1 from",
        "to",
        f"{fit.level} from",
        "to",
        "chi2 at 0",
        "end of axis",
        left=(0, 1, 9),
    )
    for name, value in r.best.to_dict().items():
        unit = "GeV" if name == "mass" else "1"
        if name not in r.free:
            table.add_row(name, unit, f"{value:.4g}", "fixed", *[""] * 6)
            continue
        error = r.curvature.errors.get(name, math.nan)
        profile = r.profiles.get(name)
        both = (*profile.interval, *profile.wide) if profile else ()
        ends_text = ["axis" if end is None else f"{end:.4g}" for end in both] if profile else [""] * 4
        zero = f"{r.zero[name]:.2f}" if name in r.zero else ""
        table.add_row(name, unit, f"{value:.4g}", _error(value, error), *ends_text, zero, ends.get(name, ""))
    return table


def _error(value: float, log_error: float | None) -> str:
    """From the error of the logarithm: absolute where it is small, otherwise a factor."""
    if log_error is None:
        return "not determined"
    if math.isnan(log_error):
        return ""
    return f"{abs(value) * log_error:.2g}" if log_error < 0.3 else f"factor {math.exp(log_error):.3g}"


def _profile(profile: Profile, lowest: Minimum) -> Table:
    name = profile.parameter
    table = plain_table(f"Profile of {name}", "difference", "mass", *lowest.names, left=())
    count = len(profile.values)
    best = int(profile.chi2.argmin())
    rows = sorted({round(k * (count - 1) / (SHOWN - 1)) for k in range(SHOWN)} | {best})
    for k in rows:
        table.add_row(_difference(profile.chi2[k] - lowest.chi2), *(f"{x:.4g}" for x in profile.points[k]))
    return table


def _difference(value: float) -> str:
    return f"{value:+.2f}" if abs(value) < 1e4 else f"{value:+.2g}"
