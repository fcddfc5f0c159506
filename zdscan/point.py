"""One point, or a few, with everything behind the verdict: couplings, widths, rows and pulls, constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan import __version__
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.fields import CHANNEL_NAMES, OPTIONAL, UNSEEN, WITH_CONSTRAINTS
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import documented
from zdscan.kernels.physics.moments import anomalous_moment
from zdscan.neglected.effect import Neglected
from zdscan.neglected.survey import at_point
from zdscan.notebook import points as shown
from zdscan.physics import arguments, effective, silence
from zdscan.physics.arguments import columns_of
from zdscan.physics.cases import COUPLINGS, Case, case_of
from zdscan.physics.clause import Constraint
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


@documented
def evaluate(
    case: str | Case | Mapping[str, Mapping[str, float]],
    mass: ArrayLike,
    *couplings: ArrayLike,
    theory: str = "complete",
    emission: str = "auto",
    invisible_width: float = 0.0,
    invisible_branching: float = 0.0,
    dark_fermion: Mapping[str, float] | tuple[float, float] | None = None,
    right_handed_neutrinos: str = "auto",
    mixing: str = "auto",
    axial_mu: float = 0.0,
    fcnc_scale: float = 1.0,
    anomaly: str = "auto",
    measurements: str | Sequence[str] = "latest",
    replace: Mapping[str, Any] | str | None = None,
    errors: str = "symmetrised",
    theory_errors: str = "auto",
    errors_correlated: str | bool = "auto",
    theory_errors_at: str = "sm",
    constraints: str | Sequence[str | Constraint] = "all",
    limits: str = "latest",
    limit_theory_errors: str | bool = "false",
    level: str | float = "auto",
    **parameters: ArrayLike,
) -> PointResult:
    """Evaluate points with everything behind their verdicts: couplings, widths, rows with pulls, constraints.

    Points are computed by the reference evaluator, which is the specification of the one that fills grids.

    Mass and parameters are broadcast together by NumPy's rules. Numbers (of Python or NumPy, integers too) are one
    point; lists of one length are that many points, pair by pair; ``mass[:, None]`` with another array ``g`` is every
    mass with every g. What the result holds has that shape first, then a dimension for rows or constraints.

    Parameters
    ----------
    case : the name of a case ("A", "B", "C", "b_l", ...; `zdscan cases` lists them), a file "./mine.toml", a `Case`, or
        the couplings of a case of your own per unit of each parameter, e.g.
        ``{"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}}`` (docs/models.md).
    mass : mass of the vector in GeV, 0.01 to 2; a number, a list or an array.
    couplings : the parameters of the case in its order (eps, eps_z, g_mu in Cases A, B and C), each a number, a list or
        an array; 0 where not given.
    parameters : the same by name, such as ``g=1e-4``.
    {settings}

    Returns
    -------
    PointResult : arrays of the broadcast shape of the arguments; ``to_dict()`` is what ``zdscan point --json`` prints.

    Raises
    ------
    UserError
        A name is unknown, a mass is outside 0.01-2 GeV, a number is not finite or outside the range of its parameter,
        or g_mu is given in Case A.
    """
    physics = build_physics(
        case_of(case),
        theory=theory,
        emission=emission,
        invisible_width=invisible_width,
        invisible_branching=invisible_branching,
        dark_fermion=dark_fermion,
        right_handed_neutrinos=right_handed_neutrinos,
        mixing=mixing,
        axial_mu=axial_mu,
        fcnc_scale=fcnc_scale,
        anomaly=anomaly,
        measurements=measurements,
        replace=replace,
        errors=errors,
        theory_errors=theory_errors,
        errors_correlated=errors_correlated,
        theory_errors_at=theory_errors_at,
        constraints=constraints,
        limits=limits,
        limit_theory_errors=limit_theory_errors,
        level=level,
    )
    return at_points(physics, mass, *couplings, **parameters)


def at_points(physics: Physics, mass: ArrayLike, *couplings: ArrayLike, **parameters: ArrayLike) -> PointResult:
    """As `evaluate`, of a physics that is there already."""
    return _points(physics, *arguments.points(physics.case, mass, couplings, parameters))


def _points(physics: Physics, parameters: dict[str, Array], dims: tuple[str, ...]) -> PointResult:
    shape = parameters["mass"].shape
    flat = {name: values.flatten() for name, values in parameters.items()}  # a copy: broadcast views are read-only soon
    n, n_constraints = len(flat["mass"]), len(physics.constraints)
    wanted = ("chi2", *(name for name in OPTIONAL if name not in WITH_CONSTRAINTS))  # those are made below, one by one
    columns = [values.ravel() for values in columns_of(physics.case, flat)[1:]]
    couplings = {name: np.zeros(n) for name in COUPLINGS}
    found: dict[str, Array] = {}
    values, limits, published = (np.full((n, n_constraints), np.nan) for _ in range(3))
    applies = np.zeros((n, n_constraints), dtype=bool)
    by_constraint, sm_by_constraint = np.zeros((n, n_constraints)), np.zeros((n, n_constraints))
    for mass in dict.fromkeys(flat["mass"].tolist()):
        here = np.flatnonzero(flat["mass"] == mass)
        couplings_here = np.array([column[here] for column in columns])
        for name, row in zip(COUPLINGS, physics.matrix_at(mass), strict=True):
            couplings[name][here] = sum((c * values for c, values in zip(row, couplings_here, strict=True)), 0.0)
        at_mass = physics.quantities(physics.mass_tables(mass), couplings_here, wanted)
        for name, result in at_mass.items():
            found.setdefault(name, np.empty((n, *result.shape[1:]), dtype=result.dtype))[here] = result
        widths_here, first = at_mass["widths"].sum(axis=1), 0
        likelihoods = physics.constraint_chi2(mass)
        by_constraint[here] = likelihoods.at(at_mass["values"], widths_here)
        sm_by_constraint[here] = likelihoods.standard
        of_mass = zip(physics.constraints, physics.clauses(mass), physics.published_clauses(mass), strict=True)
        for k, (constraint, clauses, as_published) in enumerate(of_mass):
            made = silence.made(constraint, clauses, couplings_here)
            for place, i in enumerate(here.tolist()):
                active = [
                    (clause, float(value), before)
                    for clause, value, before in zip(
                        clauses, at_mass["values"][place, first:], as_published, strict=False
                    )
                    if made[place] and clause.applies_to(float(widths_here[place]))
                ]
                if active:
                    clause, value, before = max(active, key=lambda found: found[0].ratio(found[1]))
                    applies[i, k], values[i, k] = True, value
                    limits[i, k], published[i, k] = clause.limit(value), before.limit(value)
            first += constraint.slots

    def gather(name: str) -> Array:
        return found[name].reshape(shape + found[name].shape[1:])

    def over_constraints(table: Array) -> Array:
        return table.reshape((*shape, n_constraints))

    shaped: dict[str, Array] = {name: values.reshape(shape) for name, values in couplings.items()}
    widths = gather("widths")
    by_channel = {name: widths[..., k] for k, name in enumerate(CHANNEL_NAMES)}
    ratios = gather("ratios")
    sm, rows = physics.sm_chi2, physics.likelihood
    of_points = [rows.chi2(point) for point in found["predictions"]] if rows.kinds else []
    kinds = {name: np.array([chi2[name] for chi2 in of_points]).reshape(shape) for name in rows.kinds}
    return PointResult(
        physics=physics,
        shape=shape,
        dims=dims,
        parameters=parameters,
        couplings=shaped,
        widths=by_channel | {"total": widths.sum(axis=-1), UNSEEN: by_channel["nunu"] + by_channel["invisible"]},
        chi2={
            "all": gather("chi2"),
            "muon": gather("chi2_muon"),
            "sm_all": np.asarray(sm["all"]),
            "sm_muon": np.asarray(sm["muon"]),
        }
        | kinds
        | _with_constraints(gather("chi2"), sm["all"], by_constraint, sm_by_constraint)
        | {f"sm_{name}": np.asarray(sm[name]) for name in kinds},
        predictions=gather("predictions"),
        ratios=ratios,
        applies=over_constraints(applies),
        excluded=ratios >= 1.0,
        values=over_constraints(values),
        limits=over_constraints(limits),
        limits_published=over_constraints(published),
        chi2_by_constraint=over_constraints(by_constraint),
        sm_chi2_by_constraint=over_constraints(sm_by_constraint),
        delta_a_mu=gather("a_mu"),
        delta_a_e=_electron_moment(physics, parameters["mass"], shaped),
    )


def _with_constraints(rows: Array, sm_rows: float, constraints: Array, sm_constraints: Array) -> dict[str, Array]:
    """chi2 of the constraints, and of rows and constraints together, with those of the Standard Model."""
    here, sm = (table.sum(axis=1).reshape(rows.shape) for table in (constraints, sm_constraints))
    return {"constraints": here, "total": rows + here, "sm_constraints": sm, "sm_total": sm_rows + sm}


def _electron_moment(physics: Physics, mass: Array, couplings: dict[str, Array]) -> Array:
    m_e = physics.model.constants["m_e"]
    moments = [
        anomalous_moment(float(m), m_e, float(v), float(a))
        for m, v, a in zip(mass.flat, couplings["v_e"].flat, couplings["a_e"].flat, strict=True)
    ]
    return np.array(moments).reshape(mass.shape)
