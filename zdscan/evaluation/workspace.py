"""Points of one mass by its expansions: runs of the points of a grid, and points anywhere for minimisers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.broad import BandTables, BroadTables
from zdscan.evaluation.broad_families import BroadFamilyTables
from zdscan.evaluation.cancelling import CancellingWidth
from zdscan.evaluation.direct import DirectFields
from zdscan.evaluation.points import Array, Axes, run_of
from zdscan.kernels.fast import families as _families
from zdscan.kernels.fast.evaluate import Expansion, evaluate_grid, work_space
from zdscan.kernels.fast.families import FamilyTerms
from zdscan.kernels.fast.likelihoods import Likelihoods, evaluate_likelihoods, likelihood_work_space
from zdscan.kernels.fast.scattered import evaluate_scattered

Reference = Callable[..., dict[str, Array]]
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Workspace:
    """What is kept between runs of points of one mass: its expansions, and tables for large widths.

    Threads may share it.

    Attributes
    ----------
    mass_tables : of the mass.
    reference : `Physics.quantities` on them, for points where digits would be lost.
    bands : tables of all rows beyond the small-width law.
    parts : of all rows, and of the muon rows where they are wanted; with quotients, of the rates alone.
    families : with quotients, for each field that counts some: rates and quotients together, and the same beyond the
        small-width law.
    cancelling : the width, where its terms can cancel.
    direct : the fields with many numbers a point.
    likelihoods : the constraints, where their chi2 is wanted.
    """

    mass_tables: NDArray[np.float64]
    reference: Reference
    bands: BandTables
    parts: tuple[tuple[Expansion, BroadTables], ...]
    families: Mapping[str, tuple[FamilyTerms, BroadFamilyTables]]
    cancelling: CancellingWidth | None
    direct: DirectFields
    likelihoods: Likelihoods | None = None

    def fill(
        self,
        axes: Axes,
        first: int,
        chi2: Array,
        excluded: Array,
        chi2_muon: Array,
        kinds: Mapping[str, Array] = MappingProxyType({}),
        sums: Mapping[str, Array] = MappingProxyType({}),
    ) -> None:
        """chi2, constraint bits and chi2 of the muon rows of the points first..first+len(chi2): the grid's fast path.

        The numbers are those of `Physics.evaluate` to 1e-8, the bits the same; docs/performance.md.

        Parameters
        ----------
        axes : those that the workspace was made for.
        chi2, excluded, chi2_muon : float32[n], uint32[n] or uint64[n], float32[n or 0]; filled. Numbers beyond float32
            become its largest.
        kinds : float32[n] of some of `OF_KINDS`, for which the workspace was made; filled.
        sums : float32[n] of some of `WITH_CONSTRAINTS`, if the workspace was made for them; filled.
        """
        outputs = {"chi2": chi2, **({"chi2_muon": chi2_muon} if len(chi2_muon) else {}), **kinds}
        lost, none = np.empty(len(chi2), dtype=np.uint8), excluded[:0]
        if self.families:
            wanted = [("chi2_br", kinds["chi2_br"] if "chi2_br" in kinds else np.empty_like(chi2), excluded)]
        else:
            wanted = [(name, out, excluded if name == "chi2" else none) for name, out in outputs.items()]
        for (expansion, broad), (name, out, bits) in zip(self.parts, wanted, strict=True):
            space = work_space(expansion)
            count = evaluate_grid(expansion, *axes, first, len(out), _FLOAT32_MAX, out, bits, lost, *space)
            count += broad.evaluate(axes, first, _FLOAT32_MAX, out, lost)
            for place in np.flatnonzero(lost) if count else ():
                one = run_of(axes, first + int(place), 1)
                point = self.reference(one, (name,))
                out[place] = min(point[name][0], _FLOAT32_MAX)
        if self.families:
            self._fill_families(axes, first, {name: outputs[name] for name in self.families})
        if sums:
            found = self._constraints_chi2(axes, first, len(chi2))
            for name, out in sums.items():
                np.minimum(found + chi2 if name == "chi2_total" else found, _FLOAT32_MAX, out=out, casting="same_kind")
        if self.cancelling is not None:
            points = run_of(axes, first, len(chi2))
            places = self.cancelling.places(points)
            if places.size:
                outputs |= sums
                exact = self.reference(points[:, places], ("excluded", *outputs))
                excluded[places] = exact["excluded"]
                for name, out in outputs.items():
                    out[places] = np.minimum(exact[name], _FLOAT32_MAX)

    def fill_direct(self, axes: Axes, first: int, outputs: Mapping[str, Array]) -> None:
        """Fields of `DIRECT` of the points from `first` on, float32[n, columns] by name: the reference's numbers."""
        for name, out in outputs.items():
            if name == "ratios":
                self.direct.ratios(axes, first, _FLOAT32_MAX, out)
                continue
            places = np.arange(len(out)) if self.families else self.direct.predictions(axes, first, _FLOAT32_MAX, out)
            if places.size:
                points = run_of(axes, first, len(out))[:, places]
                exact = self.reference(points, (name,), self.bands.at)[name]
                out[places] = np.clip(exact, -_FLOAT32_MAX, _FLOAT32_MAX)

    def _constraints_chi2(self, axes: Axes, first: int, count: int) -> Array:
        """chi2 of the constraints of points first..first+count: float64[count]."""
        assert self.likelihoods is not None
        out, lost = np.empty(count), np.empty(count, dtype=np.uint8)
        space = likelihood_work_space(self.likelihoods)
        if evaluate_likelihoods(self.likelihoods, *axes, first, count, out, lost, *space):
            places = np.flatnonzero(lost)
            points = run_of(axes, first, count)[:, places]
            out[places] = self.reference(points, ("chi2_constraints",))["chi2_constraints"]
        return out

    def _fill_families(self, axes: Axes, first: int, outputs: Mapping[str, Array]) -> None:
        """The fields that count quotients."""
        lost = np.zeros((len(outputs), len(outputs["chi2"])), dtype=np.uint8)
        for (name, out), lost_here in zip(outputs.items(), lost, strict=True):
            terms, broad = self.families[name]
            space = _families.work_space(terms)
            _families.evaluate_families(terms, *axes, first, len(out), _FLOAT32_MAX, out, lost_here, *space)
            broad.evaluate(axes, first, _FLOAT32_MAX, out, lost_here)
        places = np.flatnonzero(lost.any(axis=0))
        if places.size:
            points = run_of(axes, first, lost.shape[1])[:, places]
            exact = self.reference(points, tuple(outputs))
            for (name, out), lost_here in zip(outputs.items(), lost[:, places] != 0, strict=True):
                out[places[lost_here]] = np.minimum(exact[name][lost_here], _FLOAT32_MAX)

    def chi2_at_points(self, parameters: NDArray[np.float64]) -> Array:
        """chi2 of all rows at any points float64[3, n], by the polynomials where they do: to 1e-7 of chi2."""
        parameters = np.ascontiguousarray(parameters)
        found, lost = np.empty(parameters.shape[1]), np.ones(parameters.shape[1], dtype=np.uint8)
        if not self.families and self.cancelling is None:
            expansion, broad = self.parts[0]
            evaluate_scattered(expansion, broad.tables.limit, parameters, found, lost)
        places = np.flatnonzero(lost)
        if places.size:
            found[places] = self.reference(parameters[:, places], ("chi2",), self.bands.at)["chi2"]
        return found
