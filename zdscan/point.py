"""One point, or a few, with everything behind the verdict: couplings, widths, rows and pulls, constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.fields import CHANNEL_NAMES, OPTIONAL, UNSEEN, WITH_CONSTRAINTS
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import documented
from zdscan.kernels.physics.moments import anomalous_moment
from zdscan.physics import arguments, silence
from zdscan.physics.arguments import columns_of
from zdscan.physics.cases import COUPLINGS, Case, case_of
from zdscan.physics.clause import Constraint
from zdscan.point_result import PointResult

if TYPE_CHECKING:
    pass

Array = NDArray[Any]


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
