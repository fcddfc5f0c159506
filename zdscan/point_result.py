"""What is known of one point, or of a few: its numbers, as attributes, tables and texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zdscan import __version__
from zdscan.errors import UserError
from zdscan.evaluation.fields import CHANNEL_NAMES
from zdscan.evaluation.physics import Physics
from zdscan.neglected.effect import Neglected
from zdscan.neglected.survey import at_point
from zdscan.notebook import points as shown
from zdscan.physics import effective, silence
from zdscan.physics.arguments import columns_of
from zdscan.physics.statistics import level_text, level_used, theory_error

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]


@dataclass(frozen=True)
class PointResult:
    """Results at one point or, for array arguments, at an array of points of that `shape`.

    Attributes
    ----------
    shape : of the arguments of `evaluate`, broadcast; () for one point.
    dims : names of these dimensions, each of the one argument that runs along it alone, else "point" or "point_0", ...
    parameters : mass (GeV), and the parameters of the case by name.
    couplings : named couplings (docs/model.md).
    widths : GeV; ee, mumu, nunu (three neutrinos), hadrons, invisible (the extra width `invisible_width` alone), total,
        and nunu_plus_invisible, the sum of the two that leave no trace.
    chi2 : "all", "muon" and the Standard Model's "sm_all", "sm_muon"; with ratios or angular coefficients also "br",
        "lfu" and "angular", the rows of one kind alone; "constraints", and "total" of all rows and constraints, with
        "sm_constraints" and "sm_total", which depend on the mass (docs/statistics.md).
    predictions : float64[..., rows], in the rows' units.
    ratios, applies, excluded, values, limits, limits_published : float64 or bool [..., constraints]; values and limits
        are NaN where a constraint does not apply. Limits are at the level of the settings, and as published.
    chi2_by_constraint, sm_chi2_by_constraint : float64[..., constraints], 0 for one that does not count at the mass.
    delta_a_mu, delta_a_e : shifts of the anomalous magnetic moments.
    physics : the settings behind the numbers.
    """

    physics: Physics
    shape: tuple[int, ...]
    dims: tuple[str, ...]
    parameters: dict[str, Array]
    couplings: dict[str, Array]
    widths: dict[str, Array]
    chi2: dict[str, Array]
    predictions: Array
    ratios: Array
    applies: Array
    excluded: Array
    values: Array
    limits: Array
    limits_published: Array
    chi2_by_constraint: Array
    sm_chi2_by_constraint: Array
    delta_a_mu: Array
    delta_a_e: Array

    def __repr__(self) -> str:
        return shown.text(self)

    def _repr_html_(self) -> str:
        return shown.html(self)

    def to_xarray(self) -> xr.Dataset:
        """All arrays as an xarray dataset with dimensions `dims`, constraint, row, channel and coupling.

        What grid files have as well has their names: chi2, chi2_muon, ratios, predictions, widths, a_mu.
        """
        return shown.to_xarray(self)

    @property
    def chi2_constraints(self) -> Array:
        """chi2 of the constraints, ``chi2["constraints"]``."""
        return self.chi2["constraints"]

    @property
    def chi2_total(self) -> Array:
        """chi2 of all rows and constraints, ``chi2["total"]``."""
        return self.chi2["total"]

    @cached_property
    def uncounted(self) -> NDArray[np.object_]:
        """Why a constraint is not in `chi2_constraints`, in words; "" for one that is: [..., constraints]."""
        physics, masses = self.physics, self.parameters["mass"].ravel().tolist()
        left_out = {mass: physics.constraint_chi2(mass).left_out for mass in dict.fromkeys(masses)}
        found = np.full((len(masses), len(physics.constraints)), "", dtype=object)
        for i, mass in enumerate(masses):
            found[i] = [left_out[mass].get(item.id, "") for item in physics.constraints]
        return found.reshape(self.applies.shape)

    @property
    def branching_ratios(self) -> dict[str, Array]:
        """Partial over total width by final state, 1 together; a vector without open channel counts as invisible.

        Searches for missing energy see the sum of ``nunu`` and ``invisible``.
        """
        total = self.widths["total"]
        closed = total == 0.0
        safe = np.where(closed, 1.0, total)
        ratios = {name: np.where(closed, 0.0, self.widths[name] / safe) for name in CHANNEL_NAMES}
        ratios["invisible"] = np.where(closed, 1.0, ratios["invisible"])
        return ratios

    @cached_property
    def neglected(self) -> tuple[Neglected, ...] | None:
        """What the verdict on one point leaves out, each effect with its size; None for an array of points."""
        if self.shape != ():
            return None
        return at_point(self.physics, *(float(value) for value in columns_of(self.physics.case, self.parameters)))

    def wilson(self, q2: float, lepton: str = "mu", hadron: str = "K") -> dict[str, Any]:
        """What the vector adds to the Wilson coefficients of b -> s l l at one q2, as a document of the format WCxf.

        With flavio and wilson: ``Wilson.from_wc(WC(**result.wilson(1.0)))``. docs/rows.md#coefficients has the
        conventions; the coefficients hold at this q2 alone.

        Parameters
        ----------
        q2 : GeV^2, within the decay of a B meson into the hadron and two leptons.
        lepton : "mu" or "e".
        hadron : "K", "K*" or "phi", made with the leptons; sets the range of q2 and, in theory "complete", C7.

        Raises
        ------
        UserError
            The result is of an array of points, a name is unknown, q2 is outside the decay, or it is the pole of a
            vector without width.
        """
        if self.shape != ():
            raise UserError(f"Wilson coefficients are given at one point, not at points of shape {self.shape}.")
        physics, mass = self.physics, float(self.parameters["mass"])
        value = effective.check(q2, lepton, hadron, physics.model.constants)
        columns = np.array([float(x) for x in columns_of(physics.case, self.parameters)[1:]])
        e0, e2, m1 = (physics.penguin_at(mass) @ columns).tolist()
        vector = effective.VectorAtPoint(
            mass=mass,
            width=float(self.widths["total"]),
            v=float(self.couplings[f"v_{lepton}"]),
            a=float(self.couplings[f"a_{lepton}"]),
            e0=e0,
            e2=e2,
            m1=m1,
            longitudinal=physics.settings.theory == "complete",
        )
        if value == mass * mass and vector.width == 0.0:
            raise UserError(f"q2 = {value:g} GeV^2 is the pole of a vector without width: there are no coefficients.")
        found = effective.coefficients(vector, value, lepton, hadron, physics.model.constants)
        about = {
            "generator": f"zdscan {__version__}",
            "q2_GeV2": value,
            "lepton": lepton,
            "hadron": hadron,
            "theory": physics.settings.theory,
            "case": physics.case.name,
            "parameters": {name: float(number) for name, number in self.parameters.items()},
        }
        return effective.wcxf(found, about)

    @cached_property
    def reasons(self) -> NDArray[np.object_]:
        """Why each constraint says nothing, in words, where it does not apply; "" where it does: [..., constraints]."""
        physics, total = self.physics, self.widths["total"].ravel()
        masses = self.parameters["mass"].ravel().tolist()
        columns = [values.ravel().tolist() for values in columns_of(physics.case, self.parameters)[1:]]
        found = np.full((len(masses), len(physics.constraints)), "", dtype=object)
        clauses = {mass: physics.clauses(mass) for mass in dict.fromkeys(masses)}
        for i, k in np.argwhere(~self.applies.reshape(found.shape)).tolist():
            mass, here = masses[i], [column[i] for column in columns]
            about = physics.constraints[k], physics.model_at(mass), mass, clauses[mass][k]
            found[i, k] = silence.of_point(*about, here, float(total[i]))
        return found.reshape(self.applies.shape)

    def to_dict(self) -> dict[str, Any]:
        """The layout of ``zdscan point --json``: plain numbers for one point, nested lists for arrays."""
        rows, physics = self.physics.likelihood, self.physics
        data = rows.data
        widened = physics.settings.limit_theory_errors == "true"
        neutrinos = [self.couplings[name] for name in ("g_nue", "g_numu", "g_nutau")]
        couplings = dict(self.couplings)
        if all(np.array_equal(neutrinos[0], other) for other in neutrinos[1:]):
            couplings = {k: v for k, v in couplings.items() if not k.startswith("g_nu")} | {"g_nu": neutrinos[0]}
        return {
            "parameters": {name: _plain(value) for name, value in self.parameters.items()},
            "couplings": {name: _plain(value) for name, value in couplings.items()},
            "widths": {name: _plain(value) for name, value in self.widths.items()},
            "branching_ratios": {name: _plain(value) for name, value in self.branching_ratios.items()},
            "rows": [
                {
                    "id": data.ids[r],
                    "observable": data.observables[r],
                    "q2_min": float(data.q2_min[r]),
                    "q2_max": float(data.q2_max[r]),
                    "unit": data.units[r],
                    "sm": float(rows.sm[r]),
                    "prediction": _plain(self.predictions[..., r]),
                    "measured": float(data.values[r]),
                    "sigma": float(rows.sigma[r]),
                    "pull": _plain((self.predictions[..., r] - data.values[r]) / rows.sigma[r]),
                }
                for r in range(len(data.ids))
            ],
            "chi2": {name: _plain(value) for name, value in self.chi2.items()},
            "constraints": [
                {
                    "id": constraint.id,
                    "title": constraint.title,
                    "prediction": _plain(self.values[..., k]),
                    "limit": _plain(self.limits[..., k]),
                    "unit": constraint.unit,
                    "limit_published": _plain(self.limits_published[..., k]),
                    "cl": constraint.cl,
                    "level": level_used(constraint, physics.level),
                    "likelihood": constraint.likelihood,
                    "grade": constraint.grade,
                    "ratio": _plain(self.ratios[..., k]),
                    "applies": _plain(self.applies[..., k]),
                    "reason": _plain(self.reasons[..., k]),
                    "excluded": _plain(self.excluded[..., k]),
                    "chi2": _plain(self.chi2_by_constraint[..., k]),
                    "sm_chi2": _plain(self.sm_chi2_by_constraint[..., k]),
                    "uncounted": _plain(self.uncounted[..., k]),
                    "reference": ", ".join(constraint.citations),
                    **({"theory_error": theory_error(constraint)} if widened else {}),
                }
                for k, constraint in enumerate(physics.constraints)
            ],
            "neglected": None if self.neglected is None else [item.to_dict() for item in self.neglected],
            "anomalous_moments": {"mu": _plain(self.delta_a_mu), "e": _plain(self.delta_a_e)},
            "currents": [current.to_dict(physics.anomaly) for current in physics.model.currents],
            "theory": physics.settings.theory,
            "level": level_text(physics.level),
            "anomaly": physics.anomaly,
            "version": __version__,
        }


def _plain(value: Any) -> Any:
    """Numbers and lists for JSON; NaN (nothing to state) becomes None."""
    array = np.asarray(value)
    if array.ndim == 0:
        number = array.item()
        return None if isinstance(number, float) and np.isnan(number) else number
    return [_plain(item) for item in array]
