"""Fits of a scan file or a grid file: the best fit, its pulls, the constraints there, and other sizes of the vertex."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.fits.asked import Asked
from zdscan.analysis.fits.bestfit import BestFit, Progress, fit_surface
from zdscan.analysis.fits.covariances import Treated, treated_fits
from zdscan.analysis.fits.crew import Crew
from zdscan.analysis.fits.degeneracy import FlatStretch
from zdscan.analysis.fits.leave_out import Without, left_out
from zdscan.analysis.fits.minimise import Minimum, minimise
from zdscan.analysis.fits.refits import Refits
from zdscan.analysis.fits.seeds import Seeds, coarse
from zdscan.analysis.fits.statistic import ROWS, Statistic
from zdscan.analysis.fits.toys import Toys, toys_of
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.points import FIELD_OF
from zdscan.analysis.views.refine import checked
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import OPTIONAL
from zdscan.evaluation.physics import Physics
from zdscan.scan.scanfile import Scan, load_scan, scan_of

Array = NDArray[np.float64]
SCALES = (0.5, 2.0**-0.5, 1.0, 2.0**0.5, 2.0)  # times the scan's own fcnc_scale


@dataclass(frozen=True)
class Fit:
    """A fit with everything that is reported.

    Attributes
    ----------
    source : file that it was made from.
    axes : name -> values; the ends are the range of the fit.
    physics : settings of the scan, constraints included.
    result : the fit.
    pulls : (prediction - measured)/sigma of each row at the best fit; sm_pulls : of the Standard Model.
    muon : chi2 of the muon rows at the best fit and of the Standard Model.
    excluded : constraint id -> (ratio, grade) of those that exclude the best fit.
    band : (fcnc_scale, refit of the couplings at the best mass).
    notes : what the user should know about the input.
    too_coarse : where the profiles of a grid file are too high between its values, in sentences.
    statistic : what was minimised, "rows", "constraints" or "total"; `result` has it under the name chi2.
    rows_chi2 : chi2 of the rows at the best fit and of the Standard Model.
    constraints : constraint id -> chi2 at the best fit and of the Standard Model, of those that count at its mass.
    level : of the wide intervals of profiles, as a text.
    toys, left_out, treated : toys, fits without some of the data, and fits with other errors, where asked for.
    """

    source: str
    axes: Mapping[str, Array]
    physics: Physics
    result: BestFit
    pulls: Array
    sm_pulls: Array
    muon: tuple[float, float]
    excluded: Mapping[str, tuple[float, str]]
    band: tuple[tuple[float, Minimum], ...]
    notes: tuple[str, ...] = ()
    too_coarse: tuple[str, ...] = ()
    statistic: str = ROWS
    rows_chi2: tuple[float, float] = (0.0, 0.0)
    constraints: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    level: str = ""
    toys: Toys | None = None
    left_out: tuple[Without, ...] = ()
    treated: tuple[Treated, ...] = ()

    @property
    def has_p_value(self) -> bool:
        """Whether the statistic is distributed as chi2, which limits are not."""
        return self.statistic == ROWS

    @property
    def constraints_chi2(self) -> tuple[float, float]:
        """chi2 of the constraints at the best fit and of the Standard Model at its mass."""
        here, sm = (math.fsum(pair[k] for pair in self.constraints.values()) for k in (0, 1))
        return here, sm

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the fit does not determine, and where it ran into an end of an axis, in sentences."""
        return tuple(_remarks(self.result, self.axes))

    def to_dict(self) -> dict[str, Any]:
        """The layout of ``zdscan fit --json``."""
        r = self.result
        return {
            "source": self.source,
            "case": self.physics.case.name,
            "theory": self.physics.settings.theory,
            "best": r.best.to_dict() | {"chi2": r.best.chi2},
            "converged": r.best.converged,
            "at_bound": dict(r.best.at_bound) | ({"mass": r.mass_at_end} if r.mass_at_end else {}),
            "sm_chi2": r.sm_chi2,
            "delta_chi2": r.improvement,
            "statistic": self.statistic,
            "chi2_rows": self.rows_chi2[0],
            "sm_chi2_rows": self.rows_chi2[1],
            "chi2_constraints": self.constraints_chi2[0],
            "sm_chi2_constraints": self.constraints_chi2[1],
            "constraints_at_best": [
                {"id": name, "chi2": here, "sm_chi2": sm, "pull": math.sqrt(here), "sm_pull": math.sqrt(sm)}
                for name, (here, sm) in self.constraints.items()
            ],
            "chi2_muon": self.muon[0],
            "sm_chi2_muon": self.muon[1],
            "rows": r.rows,
            "free": list(r.free),
            "ndof": r.ndof,
            "p_value": r.p_value if self.has_p_value else None,
            "sm_p_value": r.sm_p_value if self.has_p_value else None,
            "significance": r.significance,
            "log_errors": dict(r.curvature.errors),
            "correlation": None if r.curvature.correlation is None else r.curvature.correlation.tolist(),
            "correlation_of": list(r.curvature.names),
            "hessian": r.curvature.hessian.tolist(),
            "determined": [{"combination": c.text, "value": c.value(r.best.to_dict())} for c in r.curvature.determined],
            "undetermined": list(r.curvature.undetermined),
            "chi2_with_coupling_zero": dict(r.zero),
            "signs": [{"signs": list(signs), "chi2": m.chi2, **m.to_dict()} for signs, m in r.by_sign.items()],
            "profiles": {
                name: {
                    "values": p.values.tolist(),
                    "chi2": p.chi2.tolist(),
                    "points": p.points.tolist(),
                    "interval": list(p.interval),
                    "interval_at_level": list(p.wide),
                }
                for name, p in r.profiles.items()
            },
            "flat": [
                {
                    "parameter": s.parameter,
                    "from": s.low,
                    "to": s.high,
                    "chi2": s.chi2,
                    "constant": None if s.constant is None else s.constant.text,
                    "value": s.value,
                }
                for s in r.flat
            ],
            "rows_at_best": [
                {"id": name, "pull": float(pull), "sm_pull": float(sm)}
                for name, pull, sm in zip(self.physics.likelihood.data.ids, self.pulls, self.sm_pulls, strict=True)
            ],
            "excluded_by": {name: {"ratio": ratio, "grade": grade} for name, (ratio, grade) in self.excluded.items()},
            "fcnc_scale": [{"fcnc_scale": k, "chi2": m.chi2, **m.to_dict()} for k, m in self.band],
            "level": self.level,
            **({} if self.toys is None else {"toys": self.toys.to_dict()}),
            **({"left_out": [item.to_dict() for item in self.left_out]} if self.left_out else {}),
            **({"covariances": [item.to_dict() for item in self.treated]} if self.treated else {}),
            "remarks": list(self.remarks),
            "notes": list(self.notes),
            "too_coarse": list(self.too_coarse),
        }


def fit_file(path: str | Path, overrides: tuple[str, ...] = (), **options: Any) -> Fit:
    """Fit a scan file (TOML) or a grid file (HDF5); options as for `fit_scan`.

    Raises
    ------
    UserError
        For a file that cannot be used, or `overrides` given with a grid file.
    """
    path = Path(path)
    if path.suffix == ".h5" or (path.is_file() and h5py.is_hdf5(path)):
        if overrides:
            raise UserError(f"--set changes a scan file, and {path} is a grid file: fit the scan file instead.")
        return fit_grid(path, **options)
    return fit_scan(load_scan(path, overrides), **options)


def fit_scan(scan: Scan, *, progress: Progress = lambda what, fraction: None, **options: Any) -> Fit:
    """Fit within the axes of a scan, starting from a coarse grid in memory; options are those of `Asked`."""
    asked = Asked.of(**options)
    engine = Engine.from_scan(scan)
    surface = Statistic(engine.physics, asked.statistic)
    return _fit(engine, surface, coarse_seeds(surface, engine.axes, progress), scan.source, (), asked, progress)


def fit_grid(path: str | Path, *, progress: Progress = lambda what, fraction: None, **options: Any) -> Fit:
    """Fit within the axes of a finished grid file, starting from its lowest points; options are those of `Asked`.

    Where the file lacks the field of another statistic than the rows, its fit starts from a coarse grid in memory.

    Raises
    ------
    UserError
        For a file that is no finished grid file, or whose settings this zdscan does not know.
    """
    asked = Asked.of(**options)
    with open_grid(path) as grid:
        engine = Engine.from_scan(scan_of(grid.file), grid.file.axes)
        grid.need_fields("a fit from the grid")
        surface = Statistic(engine.physics, asked.statistic)
        field = FIELD_OF[asked.statistic]
        if field in grid.dataset:
            seeds, standard = Seeds(grid.axes), grid.standard(asked.statistic)
            masses = len(grid.axes["mass"])
            for index in range(masses):
                seeds.add(index, grid.dataset[field].isel(mass=index).values - standard[index])
                progress("reading the grid", (index + 1) / masses)
        else:
            seeds = coarse_seeds(surface, engine.axes, progress)
        other = engine.identity != grid.file.identity
        too_coarse = tuple(checked(grid))
    notes = (f"{path} was made with other inputs or kernels; the fit uses its points as starts only.",) if other else ()
    found = _fit(engine, surface, seeds, str(path), notes, asked, progress)
    return replace(found, too_coarse=too_coarse)


def coarse_seeds(
    surface: Statistic, axes: Mapping[str, Array], progress: Progress = lambda what, fraction: None
) -> Seeds:
    """Seeds from a grid with every mass and fewer couplings, filled here; they keep the ends of the axes."""
    few = coarse(axes)
    seeds = Seeds(few)
    for index, mass in enumerate(few["mass"]):
        seeds.add(index, surface.block(float(mass), *(few[name] for name in seeds.names)))
        progress("coarse scan", (index + 1) / len(few["mass"]))
    return seeds


def _fit(
    engine: Engine,
    surface: Statistic,
    seeds: Seeds,
    source: str,
    notes: tuple[str, ...],
    asked: Asked,
    progress: Progress,
) -> Fit:
    physics = engine.physics
    level = asked.level_of(physics)
    result = fit_surface(
        surface,
        seeds,
        engine.ndof,
        surface.sm,
        profiles=asked.profiles,
        rise=level.deviations**2,
        progress=progress,
    )
    refits = Refits(surface, result, seeds) if asked.toys or asked.leave_out else None
    toys: Toys | None = None
    without: tuple[Without, ...] = ()
    if refits is not None and asked.toys:
        toys = toys_of(refits, asked.toys, asked.seed, Crew(asked.processes), progress)
    if refits is not None and asked.leave_out:
        without = left_out(refits, progress)
    best, rows = result.best, physics.likelihood
    likelihoods = physics.constraint_chi2(best.mass)
    a, b, c = (np.array([x]) for x in best.couplings)
    there = physics.evaluate(physics.mass_tables(best.mass), (a, b, c), want=OPTIONAL)
    ratios = there["ratios"][0]
    by_constraint = likelihoods.at(there["values"], there["widths"].sum(axis=1))[0]
    each = zip(physics.constraints, by_constraint.tolist(), likelihoods.standard.tolist(), strict=True)
    return Fit(
        source=source,
        axes=engine.axes,
        physics=physics,
        result=result,
        pulls=(there["predictions"][0] - rows.data.values) / rows.sigma,
        sm_pulls=(rows.sm - rows.data.values) / rows.sigma,
        muon=(float(there["chi2_muon"][0]), engine.sm_chi2["muon"]),
        excluded={
            c.id: (float(ratio), c.grade) for c, ratio in zip(physics.constraints, ratios, strict=True) if ratio >= 1.0
        },
        band=fcnc_band(surface, coarse(engine.axes), best),
        notes=notes,
        statistic=surface.name,
        rows_chi2=(float(there["chi2"][0]), engine.sm_chi2["all"]),
        constraints={c.id: (here, sm) for c, here, sm in each if c.id in likelihoods.counted},
        level=level.text,
        toys=toys,
        left_out=without,
        treated=treated_fits(physics, engine.axes, progress) if asked.covariances else (),
    )


def fcnc_band(surface: Statistic, axes: Mapping[str, Array], best: Minimum) -> tuple[tuple[float, Minimum], ...]:
    """Refits of the couplings at the best mass with the flavour-changing vertex E0 multiplied by `SCALES`."""
    here = dict(axes) | {"mass": np.array([best.mass])}
    result = []
    for factor in SCALES:
        scale = surface.physics.settings.fcnc_scale * factor
        settings = replace(surface.physics.settings, fcnc_scale=scale)
        scaled = Statistic(replace(surface.physics, settings=settings), surface.name)
        chi2 = scaled.at_mass(best.mass)
        seeds = coarse_seeds(scaled, here)
        minima = [minimise(chi2, best.mass, here, table[0, 1:], signs) for signs, table in seeds.by_sign.items()] + [
            minimise(chi2, best.mass, here, best.couplings, best.signs)
        ]
        result.append((scale, min(minima, key=lambda m: m.chi2)))
    return tuple(result)


def _remarks(result: BestFit, axes: Mapping[str, Array]) -> list[str]:
    best, values = result.best, result.best.to_dict()
    text = []
    if result.improvement > -1.0:
        text.append("The fit is no better than the Standard Model; its couplings mean nothing.")
    if not best.converged:
        text.append("MIGRAD did not converge at the best fit: treat the errors as rough.")
    if result.mass_at_end:
        end = "smallest" if result.mass_at_end == "lower" else "largest"
        text.append(f"The best mass, {best.mass:.4g} GeV, is the {end} of its axis: chi2 may be lower beyond it.")
    for name, end in best.at_bound.items():
        if end == "upper":
            text.append(f"{name} = {values[name]:.4g} is at the end of its axis: chi2 may be lower beyond it.")
        elif axes[name][0] <= 0.0 <= axes[name][-1]:
            text.append(f"{name} is compatible with 0.")
        else:
            text.append(f"{name} = {values[name]:.4g} is at the end of its axis nearest to 0.")
    c = result.curvature
    if c.undetermined:
        known = [p for p in c.determined if len(p.numbers) > 1 or next(iter(p.numbers)) not in c.undetermined]
        told = " and ".join(f"{p.text} = {p.value(values):.4g}" for p in known)
        text.append(
            f"The best fit does not determine {' and '.join(c.undetermined)}: "
            + (f"only {told} {'is' if len(known) == 1 else 'are'} determined." if known else "chi2 is flat there.")
        )
    for stretch in result.flat:
        told_above = stretch.parameter in c.undetermined and stretch.low <= values[stretch.parameter] <= stretch.high
        if not told_above:
            text.append(_told(stretch, best.chi2))
    return text


def _told(stretch: FlatStretch, lowest: float) -> str:
    where = f"{stretch.parameter} from {stretch.low:.3g} to {stretch.high:.3g}"
    above = stretch.chi2 - lowest
    level = f"chi2 is flat, {above:.1f} above the best fit" if above >= 0.05 else "chi2 is flat"
    if stretch.constant is None or stretch.value is None:
        return f"For {where} {level}: {stretch.parameter} itself is not determined there."
    return f"For {where} {level}: only {stretch.constant.text} = {stretch.value:.3g} is determined there."
