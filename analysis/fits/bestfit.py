"""The best fit: MIGRAD from the lowest points of a grid, with errors, profiles, and what is not determined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_law
from scipy.stats import norm

from zdscan.analysis.fits.degeneracy import FLAT, Curvature, FlatStretch, curvature, distinct, flat_stretches
from zdscan.analysis.fits.minimise import (
    Minimum,
    Surface,
    at_all_masses,
    coupling_names,
    lowest_of,
    minimise,
    side_of,
    value_at,
)
from zdscan.analysis.fits.seeds import Seeds, Signs, thinned
from zdscan.errors import UserError

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]
PROFILE_VALUES = 41  # points of the profile of a coupling
PROFILE_MASSES = 2  # grid masses tried at each of them, those with the lowest seeds, besides the best fit's
SLOPE_STEP = 0.01  # in ln|coupling|
ONE_SIGMA = 1.0  # rise of chi2
SAME = 0.01  # a smaller difference of chi2 is left alone
BEYOND = 1e30  # of chi2: points of couplings so large that products of them have no finite number
IMPROVED = 1.0  # flat stretches count only where chi2 is lower than the Standard Model's by this


@dataclass(frozen=True)
class Profile:
    """Lowest chi2 at each value of one parameter, over all the others.

    Attributes
    ----------
    parameter : "mass" (GeV) or one of the case.
    values, chi2 : float64[n].
    points : float64[n, 4], mass and couplings of the minimum at each value.
    interval : ends of the region around the best fit with chi2 within 1 of it; None for an end that the axis cuts off.
    wide : the same with chi2 within `BestFit.rise` of it.
    """

    parameter: str
    values: Array
    chi2: Array
    points: Array
    interval: tuple[float | None, float | None]
    wide: tuple[float | None, float | None]


@dataclass(frozen=True)
class BestFit:
    """A fit of mass and couplings.

    Attributes
    ----------
    best : the minimum.
    sm_chi2, rows : chi2 of the Standard Model, number of measured rows.
    free : names of the fitted parameters; the others are axes of one value.
    by_mass : for each choice of signs the minimum at every mass.
    by_sign : for each choice of signs its lowest minimum.
    curvature : errors in ln|coupling| and flat directions at the best mass; a coupling at an end takes part only where
        chi2 is flat towards it.
    zero : coupling -> chi2 of the refit with this coupling 0, where its axis reaches 0.
    mass_at_end : "lower" or "upper" where the best mass is an end of its axis, otherwise "".
    profiles : by parameter; the mass on its grid.
    flat : stretches along which a coupling is not determined.
    rise : of chi2 above the best fit, at the ends of the wide intervals of profiles.
    """

    best: Minimum
    sm_chi2: float
    rows: int
    free: tuple[str, ...]
    by_mass: Mapping[Signs, list[Minimum]]
    by_sign: Mapping[Signs, Minimum]
    curvature: Curvature
    zero: Mapping[str, float]
    mass_at_end: str
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    flat: tuple[FlatStretch, ...] = ()
    rise: float = ONE_SIGMA

    @property
    def improvement(self) -> float:
        """chi2 of the best fit minus the Standard Model's."""
        return self.best.chi2 - self.sm_chi2

    @property
    def ndof(self) -> int:
        """Rows minus fitted parameters."""
        return self.rows - len(self.free)

    @property
    def p_value(self) -> float:
        """Probability of a larger chi2 if the model is true, for `ndof` degrees of freedom."""
        return float(chi2_law.sf(self.best.chi2, self.ndof))

    @property
    def sm_p_value(self) -> float:
        """The same for the Standard Model, which fits no parameter."""
        return float(chi2_law.sf(self.sm_chi2, self.rows))

    @property
    def significance(self) -> float:
        """Standard deviations of the improvement by Wilks' theorem for the fitted parameters; 37 stands for more."""
        p = float(chi2_law.sf(max(-self.improvement, 0.0), max(len(self.free), 1)))
        return float(norm.isf(max(p, 1e-300) / 2.0))


def fit_surface(
    surface: Surface,
    seeds: Seeds,
    rows: int,
    sm_chi2: float,
    *,
    profiles: bool = True,
    rise: float = ONE_SIGMA,
    progress: Progress = lambda what, fraction: None,
) -> BestFit:
    """Fit mass and couplings within the axes of `seeds`.

    The mass is profiled on the values of its axis, couplings are continuous between the ends of theirs.

    Parameters
    ----------
    surface : chi2.
    seeds : lowest points of a grid; every mass needs one.
    rows, sm_chi2 : for the p-values.
    profiles : compute the profiles of the couplings and what follows from them (most of the time of a fit).
    rise : of chi2 at the ends of the wide intervals: the square of their standard deviations.
    progress : called with (what, fraction done).

    Raises
    ------
    UserError
        If the seeds hold no point.
    """
    if not any(np.isfinite(table[:, 0]).any() for table in seeds.by_sign.values()):
        raise UserError("The grid holds no point with a finite chi2, so there is nothing to start a fit from.")
    axes, masses = seeds.axes, seeds.axes["mass"]
    total, done = len(masses) * len(seeds.signs), 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress("minimum at every mass", (0.5 if profiles else 1.0) * done / total)

    by_mass = {signs: at_all_masses(surface, axes, table, signs, advance) for signs, table in seeds.by_sign.items()}
    by_sign = {signs: lowest_of(found) for signs, found in by_mass.items()}
    best = lowest_of(by_sign.values())
    best, zero = _zeros(surface, seeds, best)
    free = tuple(name for name in ("mass", *seeds.names) if len(axes[name]) > 1)
    curves: dict[str, Profile] = {}
    if profiles:
        curves = _profiles(surface, seeds, by_mass, best, rise, progress)
        lower = _below(surface, axes, curves, best)
        if lower is not None:  # a profile came down into a valley that the first search had missed
            best, zero = _zeros(surface, seeds, lower)
            by_sign = by_sign | {best.signs: best} if best.signs in by_sign else by_sign
            curves = _profiles(surface, seeds, by_mass, best, rise, progress)
    progress("done", 1.0)
    stretches: list[FlatStretch] = []
    for name in seeds.names:
        if name in curves:
            curve = curves[name]
            others = {n: curve.points[:, 1 + k] for k, n in enumerate(seeds.names) if n != name and n in free}
            stretches += flat_stretches(name, curve.values, curve.chi2, others, sm_chi2 - IMPROVED, seeds.names)
    stretches = distinct(stretches)
    at_end = ""
    if "mass" in free and best.mass in (masses[0], masses[-1]):
        at_end = "lower" if best.mass == masses[0] else "upper"
    return BestFit(
        best, sm_chi2, rows, free, by_mass, by_sign, _curvature(surface, axes, best), zero, at_end, curves,
        tuple(stretches), rise,
    )  # fmt: skip


def _profiles(
    surface: Surface,
    seeds: Seeds,
    by_mass: Mapping[Signs, list[Minimum]],
    best: Minimum,
    rise: float,
    progress: Progress,
) -> dict[str, Profile]:
    names = [name for name in seeds.names if len(seeds.axes[name]) > 1]
    curves = {"mass": mass_profile(by_mass, best, rise)} if len(seeds.axes["mass"]) > 1 else {}
    for k, name in enumerate(names):
        progress(f"profile of {name}", 0.5 + 0.5 * k / len(names))
        curves[name] = coupling_profile(surface, seeds, best, name, rise)
    return curves


def _below(surface: Surface, axes: Mapping[str, Array], curves: Mapping[str, Profile], best: Minimum) -> Minimum | None:
    """A minimum lower than the best fit by more than `SAME`, found from the lowest point of the profiles."""
    if not curves:
        return None
    points = [(float(np.nanmin(c.chi2)), c.points[int(np.nanargmin(c.chi2))]) for c in curves.values()]
    chi2, point = min(points, key=lambda item: item[0])
    if chi2 >= best.chi2 - SAME:
        return None
    mass, couplings = float(point[0]), point[1:]
    return minimise(surface.at_mass(mass), mass, axes, couplings, _signs(couplings, couplings, axes))


def _zeros(surface: Surface, seeds: Seeds, best: Minimum) -> tuple[Minimum, dict[str, float]]:
    """Refits with one coupling 0 at the best mass; the best fit itself becomes one of them where that is as good."""
    zero: dict[str, float] = {}
    block, lowest, axes = surface.at_mass(best.mass), best, seeds.axes
    mass = int(np.flatnonzero(axes["mass"] == best.mass)[0])
    for name in seeds.names:
        axis = axes[name]
        if len(axis) > 1 and axis[0] <= 0.0 <= axis[-1]:
            seed = seeds.by_value[name][mass, int(np.argmin(np.abs(axis)))]
            starts = [lowest.couplings, *([tuple(seed[1:])] if np.isfinite(seed[0]) else [])]
            refits = [
                minimise(block, best.mass, axes, start, _signs(start, lowest.couplings, axes), {name: 0.0})
                for start in starts
            ]
            refit = lowest_of(refits)
            zero[name] = refit.chi2
            held = [other for other, value in lowest.to_dict().items() if value == 0.0 and len(axes[other]) > 1]
            if held:  # couplings already found to be 0 stay there
                zeros = dict.fromkeys([*held, name], 0.0)
                refit = minimise(block, best.mass, axes, lowest.couplings, lowest.signs, zeros)
            if refit.chi2 < lowest.chi2 + SAME:
                bounds = {**refit.at_bound, **dict.fromkeys([*held, name], "lower")}
                lowest = replace(refit, at_bound=bounds, converged=True)
    return lowest, zero


def _signs(start: Sequence[float], otherwise: Sequence[float], axes: Mapping[str, Array]) -> Signs:
    """Signs of a start; where it is 0 those of the second point, and then whichever the axis has."""
    a, b, c = (
        int(np.sign(x)) or int(np.sign(y)) or (1 if axes[name][-1] > 0.0 else -1 if axes[name][0] < 0.0 else 0)
        for x, y, name in zip(start, otherwise, coupling_names(axes), strict=True)
    )
    return a, b, c


def _curvature(surface: Surface, axes: Mapping[str, Array], best: Minimum) -> Curvature:
    """Second derivatives at the best mass; a coupling at an end takes part only if chi2 is flat towards it."""
    values, block = best.to_dict(), surface.at_mass(best.mass)
    signs = {name: int(np.sign(values[name])) for name in best.names}

    def chi2_of(names: list[str]) -> Callable[[Array], float]:
        def chi2(t: Array) -> float:
            moved = values | {name: float(signs[name] * np.exp(x)) for name, x in zip(names, t, strict=True)}
            return value_at(block, np.array([moved[name] for name in best.names]))

        return chi2

    def takes_part(name: str) -> bool:
        if not side_of(axes[name], signs[name]).free:
            return False
        if name not in best.at_bound:
            return True
        if best.at_bound[name] == "lower" and axes[name][0] <= 0.0 <= axes[name][-1]:
            return False
        alone, t = chi2_of([name]), np.log(np.abs([values[name]]))
        # The other couplings are at their minimum, so this is the slope of the profile.
        return bool(abs(alone(t + SLOPE_STEP) - alone(t - SLOPE_STEP)) / (2.0 * SLOPE_STEP) < FLAT / np.log(10.0))

    names = [name for name in best.names if takes_part(name)]
    at = np.log(np.abs([values[name] for name in names]))
    return curvature(chi2_of(names), at, names, [signs[name] for name in names])


def mass_profile(by_mass: Mapping[Signs, list[Minimum]], best: Minimum, rise: float = ONE_SIGMA) -> Profile:
    """Lowest chi2 of every choice of signs at each mass of the axis."""
    lowest = [lowest_of(found) for found in zip(*by_mass.values(), strict=True)]
    lowest = [best if m.mass == best.mass else m for m in lowest]
    points = np.array([[m.mass, *m.couplings] for m in lowest])
    chi2 = np.array([m.chi2 for m in lowest])
    return Profile(
        "mass",
        points[:, 0],
        chi2,
        points,
        *(_mass_interval(points[:, 0], chi2, best.chi2, r) for r in (ONE_SIGMA, rise)),
    )


def _mass_interval(masses: Array, chi2: Array, lowest: float, rise: float) -> tuple[float | None, float | None]:
    """Where the profile of the mass leaves the region within `rise` of the best fit, between the masses of its axis."""
    inside = np.array([_above(value, lowest, rise) for value in chi2])
    at = int(np.argmin(inside))
    ends: list[float | None] = []
    for step in (-1, 1):
        k = at
        while 0 <= k + step < len(chi2) and inside[k] <= 0.0:
            k += step
        if inside[k] <= 0.0:
            ends.append(None)
        else:
            share = inside[k] / (inside[k] - inside[k - step])
            ends.append(float(np.exp((1.0 - share) * np.log(masses[k]) + share * np.log(masses[k - step]))))
    return ends[0], ends[1]


def coupling_profile(surface: Surface, seeds: Seeds, best: Minimum, name: str, rise: float = ONE_SIGMA) -> Profile:
    """Profile of one coupling, and where it crosses 1 and `rise` above the best fit."""
    number, axis = seeds.names.index(name), seeds.axes[name]
    best_value = best.couplings[number]
    table = seeds.by_value[name]  # [mass, value, 4]

    def refit(value: float, near: int) -> Minimum:
        """Lowest chi2 at this value; starts and masses of the grid value `near`."""
        order = [k for k in np.argsort(table[:, near, 0])[:PROFILE_MASSES] if np.isfinite(table[k, near, 0])]
        starts = [(float(seeds.axes["mass"][k]), tuple(table[k, near, 1:])) for k in order]
        found = []
        for mass, start in [*starts, (best.mass, best.couplings)]:
            signs = _signs(start, best.couplings, seeds.axes)
            found.append(minimise(surface.at_mass(mass), mass, seeds.axes, start, signs, {name: value}))
        return lowest_of(found)

    values = thinned(axis, PROFILE_VALUES)
    minima = [refit(float(v), int(np.argmin(np.abs(axis - v)))) for v in values]
    if best_value not in values:
        place = int(np.searchsorted(values, best_value))
        values = np.insert(values, place, best_value)
        minima.insert(place, best)
    chi2 = np.array([m.chi2 for m in minima])
    here = int(np.flatnonzero(values == best_value)[0])

    def ends(rise: float) -> tuple[float | None, float | None]:
        def above(value: float) -> float:
            return _above(refit(value, int(np.argmin(np.abs(axis - value)))).chi2, best.chi2, rise)

        lower, upper = (_interval_end(values, chi2, here, step, best.chi2, rise, above) for step in (-1, 1))
        return lower, upper

    near = ends(ONE_SIGMA)
    wide = near if rise == ONE_SIGMA else ends(rise)
    return Profile(name, values, chi2, np.array([[m.mass, *m.couplings] for m in minima]), near, wide)


def _above(chi2: float, lowest: float, rise: float) -> float:
    """chi2 less `rise` above the lowest, `BEYOND` at most and where it is beyond all numbers."""
    return min(chi2 - lowest - rise, BEYOND) if np.isfinite(chi2) else BEYOND


def _interval_end(
    values: Array, chi2: Array, here: int, step: int, lowest: float, rise: float, above: Callable[[float], float]
) -> float | None:
    """Where the profile leaves the region within `rise` of the best fit, going up or down the axis; None at its end."""
    k = here
    while 0 <= k + step < len(values) and chi2[k] <= lowest + rise:
        k += step
    if chi2[k] <= lowest + rise:
        return None
    inner, outer = float(values[k - step]), float(values[k])
    if inner * outer > 0.0:
        sign = np.sign(inner)
        a, b = np.log(abs(inner)), np.log(abs(outer))
        if above(inner) * above(outer) >= 0.0:
            return outer
        return float(sign * np.exp(brentq(lambda t: above(float(sign * np.exp(t))), a, b, xtol=1e-3)))
    if above(inner) * above(outer) >= 0.0:
        return outer
    return float(brentq(above, inner, outer, xtol=1e-3 * abs(outer - inner)))
