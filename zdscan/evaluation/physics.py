"""The physics of a scan: the tables of one mass, and runs of points, for grids, single points and fits alike."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from zdscan import inputs
from zdscan.compiled import cache
from zdscan.errors import UserError
from zdscan.evaluation.broad import BandTables, BroadTables
from zdscan.evaluation.broad_families import BroadFamilyLayout, BroadFamilyTables, ExactForms
from zdscan.evaluation.cancelling import CancellingWidth
from zdscan.evaluation.constraint_chi2 import ConstraintChi2
from zdscan.evaluation.direct import DirectFields
from zdscan.evaluation.expansion import Expander, broad_roles_of, roles_of
from zdscan.evaluation.families import FamilyExpander
from zdscan.evaluation.fields import OPTIONAL, WITH_CONSTRAINTS
from zdscan.evaluation.likelihoods import expand_likelihoods
from zdscan.evaluation.points import AT_ONCE, Array, Axes, chi2_at_mass, evaluate_points, run_of
from zdscan.evaluation.settings import Settings
from zdscan.evaluation.workspace import Workspace
from zdscan.kernels.fast.families import FamilyTerms
from zdscan.kernels.physics.widths import lepton_factors
from zdscan.kernels.reference.rows import TablesAt
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.kernels.tables.forms import fill_forms
from zdscan.physics import hadrons, silence
from zdscan.physics.cases import COUPLINGS, Case
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.currents import Term, resolved
from zdscan.physics.rows import Likelihood
from zdscan.physics.statistics import Level, at_level, level_of, theory_error, with_theory_error

# Every folder whose sources make numbers, whole: no list of modules could be forgotten in
# (tests/package/test_identity.py checks that they import nothing else of zdscan that could).
NUMERIC_FOLDERS = ("kernels", "inputs", "physics", "constraints", "evaluation")
MODELS_KEPT = 64  # of masses whose couplings differ


@dataclass(frozen=True)
class Physics:
    """Everything that fixes the numbers at a point: case, theory settings, data, constraints.

    Parameters
    ----------
    case : the coupling matrix.
    likelihood : rows, measurements and errors.
    constraints : in the order of their bits.
    settings : theory setting, extra width and the like; what they chose of data and constraints stands above.
    """

    case: Case
    likelihood: Likelihood
    constraints: tuple[Constraint, ...]
    settings: Settings

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """Couplings per unit of each parameter, axial_mu included, loops not: float64[18, 3]."""
        return np.ascontiguousarray(self.case.with_axial(self.settings.axial_mu))

    def matrix_at(self, mass: float) -> NDArray[np.float64]:
        """`matrix` with what loops add at a mass (GeV)."""
        return self.model_at(mass).matrix

    @cached_property
    def model(self) -> Model:
        """The couplings and theory settings on which the constraints depend."""
        chosen = self.settings
        # Without the neutrino, the meson and the W, the rates of a conserved current would grow as 1/M^2: what the
        # paper did for its own cases must not be done to others.
        automatic = "lepton" if chosen.theory == "paper" and self.case.built_in else "complete"
        radiation = automatic if chosen.emission == "auto" else chosen.emission
        term: Term = "cancelled" if chosen.anomaly == "cancelled" else "wess-zumino"
        names = self.case.parameters.names
        return Model(self.matrix, chosen.theory, radiation, chosen.fcnc_scale, chosen.limits, term, names)

    def model_at(self, mass: float) -> Model:
        """`model` with the couplings of a mass (GeV); the same object for all masses of a case without loops."""
        if not self.case.loop:
            return self.model
        kept: dict[float, Model] = self.__dict__.setdefault("_models", {})
        found = kept.get(mass)
        if found is None:
            if len(kept) >= MODELS_KEPT:
                kept.clear()
            matrix = np.ascontiguousarray(self.case.with_loops(self.matrix, mass))
            found = kept[mass] = replace(self.model, matrix=matrix)
        return found

    @cached_property
    def anomaly(self) -> str:
        """What the setting `anomaly` amounts to here: "wess-zumino", "cancelled", or "none" without an anomaly."""
        return resolved(self.settings.anomaly, self.matrix)

    @cached_property
    def penguin(self) -> NDArray[np.float64]:
        """Re(E0, E2, M1 / lambda_t) of b -> s; the imaginary parts are CP odd and 1e-5 (E0) to 2.5% (E2)."""
        return self._penguin_of(self.model)

    def _penguin_of(self, model: Model) -> NDArray[np.float64]:
        vertex = model.vertex("bs")
        dipole = vertex.m1 if self.settings.theory == "complete" else 0.0 * vertex.m1
        return np.ascontiguousarray(np.array([vertex.e0, vertex.e2, dipole]) / vertex.lambda_t).real.copy()

    def penguin_at(self, mass: float) -> NDArray[np.float64]:
        """`penguin` with the couplings of a mass (GeV)."""
        return self._penguin_of(self.model_at(mass)) if self.case.loop else self.penguin

    def _invisible(self, mass: float) -> tuple[float, float]:
        """The extra invisible width at a mass: in GeV, and as a multiple of the sum of all other widths."""
        chosen = self.settings
        if chosen.dark_fermion is not None:
            m, coupling = chosen.dark_fermion
            return coupling * coupling * lepton_factors(mass, m)[0], 0.0
        share = chosen.invisible_branching
        return chosen.invisible_width, share / (1.0 - share)

    @cached_property
    def _slots(self) -> tuple[int, ...]:
        """First clause slot of each constraint, and the total."""
        return tuple(int(n) for n in np.concatenate([[0], np.cumsum([c.slots for c in self.constraints])]))

    @property
    def mass_tables_size(self) -> int:
        """Length of mass tables."""
        rows = self.likelihood
        return _mass.mass_tables_length(len(rows.rates), rows.form_count) + self._slots[-1] * _clauses.LENGTH

    @cached_property
    def level(self) -> Level | None:
        """The confidence level of all bounds; None where each is as published."""
        return level_of(self.settings.used_level)

    def clauses(self, mass: float) -> list[Sequence[Clause]]:
        """The clauses of every constraint at a mass in GeV, at the level of the settings; none where it is silent.

        All that computes with bounds takes them from here.
        """
        found = zip(self.constraints, self.counted_clauses(mass), strict=True)
        return [at_level(constraint, clauses, self.level) for constraint, clauses in found]

    def counted_clauses(self, mass: float) -> list[Sequence[Clause]]:
        """As `published_clauses`, with the theory errors of predictions where the settings ask for them."""
        found = self.published_clauses(mass)
        if self.settings.limit_theory_errors != "true":
            return found
        each = zip(self.constraints, found, strict=True)
        return [with_theory_error(item, clauses, theory_error(item)) for item, clauses in each]

    def published_clauses(self, mass: float) -> list[Sequence[Clause]]:
        """As `clauses`, every bound at the level of its publication."""
        model = self.model_at(mass)
        return [constraint.clauses(model, mass) for constraint in self.constraints]

    def constraint_chi2(self, mass: float) -> ConstraintChi2:
        """chi2 of the constraints at a mass in GeV; it does not depend on the level of exclusions."""
        return ConstraintChi2(self.constraints, self.counted_clauses(mass))

    def silent(self, masses: Sequence[float], couplings: Sequence[float]) -> dict[str, str]:
        """Why each constraint applies at none of some masses (GeV), by id; "" for one that may at some.

        couplings : three parameters, any number that is not 0 standing for those that are not always 0.
        """
        return {item.id: silence.of_masses(item, self.model_at, masses, couplings) for item in self.constraints}

    def mass_tables(self, mass: float) -> NDArray[np.float64]:
        """Everything at one mass (GeV, 0.01 to 2) that does not depend on the couplings: float64[mass_tables_size]."""
        rows, c = self.likelihood, self.model.constants
        out = np.zeros(self.mass_tables_size)
        width, share = self._invisible(float(mass))
        _mass.fill_mass_tables(
            out,
            float(mass),
            self.settings.theory == "complete",
            width,
            c["m_e"],
            c["m_mu"],
            hadrons.factors(self.settings.theory, float(mass)),
            self.penguin_at(float(mass)),
            rows.row_start,
            rows.sm_tables.panel_lo,
            rows.sm_tables.panel_hi,
            rows.functions,
            rows.sm[rows.rates],
            invisible_share=share,
            neutrinos=2.0 if self.case.light_neutrinos else 1.0,
        )
        if rows.quotients is not None:
            forms = _mass.form_tables(out, len(rows.rates), rows.form_count)
            complete = self.settings.theory == "complete"
            fill_forms(forms, float(mass), float(out[_mass.KAPPA]), complete, rows.quotients.forms)
        packed = _mass.clause_tables(out, len(rows.rates), rows.form_count)
        for index, found in enumerate(self.clauses(float(mass))):
            if len(found) > self.constraints[index].slots:
                raise ValueError(f"{self.constraints[index].id} returned more clauses than its slots")
            for place, clause in enumerate(found):
                packed[self._slots[index] + place] = clause.packed(index)
        return out

    def _expander(self, roles: tuple[int, int, int], mass: float) -> Expander:
        """What the expansions of all masses have in common, or of one mass where the couplings depend on it."""
        complete = self.settings.theory == "complete"
        if self.case.loop:
            return Expander(self.matrix_at(mass), self.penguin_at(mass), self.likelihood, roles, complete)
        kept: dict[tuple[int, int, int], Expander] = self.__dict__.setdefault("_expanders", {})
        if roles not in kept:
            kept[roles] = Expander(self.matrix, self.penguin, self.likelihood, roles, complete)
        return kept[roles]

    def _of_families(
        self, expander: Expander, broad_expander: Expander, field: str
    ) -> tuple[FamilyExpander, BroadFamilyLayout]:
        """What the families of a field have in common at all masses, or at one where the couplings depend on it."""
        counted = self.likelihood.counted(field)
        if self.case.loop:
            return FamilyExpander(expander, counted), BroadFamilyLayout(broad_expander, counted)
        kept: dict[tuple[int, str], tuple[FamilyExpander, BroadFamilyLayout]] = self.__dict__.setdefault(
            "_families_kept", {}
        )
        key = (id(expander), field)  # expanders are kept as long as this
        if key not in kept:
            kept[key] = FamilyExpander(expander, counted), BroadFamilyLayout(broad_expander, counted)
        return kept[key]

    def refuse_grids(self) -> None:
        """Raise `UserError` where chi2 is no polynomial of the couplings, which is what grids are filled with."""
        if self.likelihood.scaled is not None:
            raise UserError(
                'theory_errors_at = "point" needs another covariance at every point, which grids do not have: '
                '`zdscan point`, `zdscan.evaluate`, `zdscan fit` and `zdscan sample` do; use "sm" here.'
            )

    def workspace(
        self,
        mass_tables: NDArray[np.float64],
        axes: Axes,
        *,
        muon: bool = False,
        kinds: Collection[str] = (),
        constraints: bool = False,
    ) -> Workspace:
        """What fills runs of points with numbers, on mass tables and axes.

        muon : whether chi2 of the muon rows will be asked for; kinds : which of `OF_KINDS` will;
        constraints : whether chi2 of the constraints will.

        Raises
        ------
        UserError
            Theory errors are relative.
        """
        self.refuse_grids()
        rows, roles = self.likelihood, roles_of([len(axis) for axis in axes])
        mass = float(mass_tables[_mass.MASS])
        expander, broad_expander = self._expander(roles, mass), self._expander(broad_roles_of(roles), mass)
        header, limits = mass_tables[: _mass.HEADER], _mass.row_tables(mass_tables, len(rows.rates))[:, -1]
        exact = BandTables(broad_expander, header)
        families: dict[str, tuple[FamilyTerms, BroadFamilyTables]] = {}
        if rows.quotients is None:
            errors = [rows.whitening, rows.whitening_muon] if muon else [rows.whitening]
        else:
            exact_forms = ExactForms(broad_expander, mass_tables, exact)
            errors = [rows.whitening_of("chi2_br")[:, rows.rates] if rows.rates.size else np.empty((0, 0))]
            for name in ("chi2", *(("chi2_muon",) if muon else ()), *(name for name in kinds if name != "chi2_br")):
                of_families, layout = self._of_families(expander, broad_expander, name)
                terms = of_families.expand(mass_tables)
                width = broad_expander.total_width(header)
                families[name] = terms, BroadFamilyTables(layout, exact_forms, width, terms.limit)
        broad = [BroadTables(broad_expander, header, limits, exact, whitening) for whitening in errors]
        expansions = expander.expand(mass_tables, errors)
        parts = tuple(zip(expansions, broad, strict=True))
        sums = expand_likelihoods(expander, mass_tables, self.constraint_chi2(mass)) if constraints else None
        cancelling = CancellingWidth.of(expansions[0])
        direct = DirectFields(mass_tables, self.matrix_at(mass), rows, exact)
        reference = partial(self.quantities, mass_tables)
        return Workspace(mass_tables, reference, exact, parts, families, cancelling, direct, sums)

    def evaluate(
        self,
        mass_tables: NDArray[np.float64],
        axes: Axes,
        first: int = 0,
        count: int | None = None,
        want: Collection[str] = (),
    ) -> dict[str, Array]:
        """Points first..first+count, in C order of the axes (eps, eps_z, g_mu), at the mass of mass tables.

        Parameters
        ----------
        mass_tables : of `mass_tables`.
        axes : values of eps, eps_z, g_mu; float64 each.
        want : which of `OPTIONAL` to compute besides chi2 and excluded.

        Returns
        -------
        Arrays of `quantities`.
        """
        n = math.prod(len(axis) for axis in axes) - first if count is None else count
        wanted = ("chi2", "excluded", *(name for name in OPTIONAL if name in want))
        return self.quantities(mass_tables, run_of(axes, first, n), wanted)

    def quantities(
        self,
        mass_tables: NDArray[np.float64],
        parameters: NDArray[np.float64],
        want: Sequence[str],
        tables_at: TablesAt | None = None,
    ) -> dict[str, Array]:
        """What is wanted and no more, by the reference evaluator, at any points of the mass of mass tables.

        Parameters
        ----------
        parameters : float64[3, n], eps, eps_z, g_mu of the points.
        want : names of the results.
        tables_at : what gives the tables of the rows beyond the small-width law: by default the closed form, 0.3 ms a
            point; for grids `Workspace.bands.at`, an interpolation in the width, good to 1e-7 of a row (3e-8 at
            worst where it was tried).

        Returns
        -------
        float64 arrays over the n points by name: chi2[n]; excluded uint64[n], bit k for constraint k; chi2_muon[n];
        ratios[n, constraints]; values[n, clauses], what each clause compares with its limits (0 where it does not
        apply); predictions[n, rows]; widths[n, 5] in GeV in the order of `CHANNEL_NAMES`; a_mu[n];
        chi2_constraints[n] and chi2_total[n].
        """
        mass = float(mass_tables[_mass.MASS])
        fixed = (mass_tables, self.matrix_at(mass), self.likelihood, len(self.constraints))
        needed, likelihoods = want, None
        if not set(WITH_CONSTRAINTS).isdisjoint(want):
            rows = ("chi2",) if "chi2_total" in want else ()
            needed = tuple({*want, *rows, "values", "widths"} - {*WITH_CONSTRAINTS})
            likelihoods = self.constraint_chi2(mass)
        parts = [
            evaluate_points(*fixed, parameters[:, start : start + AT_ONCE], needed, tables_at)
            for start in range(0, max(parameters.shape[1], 1), AT_ONCE)
        ]
        for part in parts:
            if likelihoods is None:
                break
            part["chi2_constraints"] = likelihoods.at(part["values"], part["widths"].sum(axis=1)).sum(axis=1)
            if "chi2_total" in want:
                part["chi2_total"] = part["chi2"] + part["chi2_constraints"]
        return {name: np.concatenate([part[name] for part in parts]) for name in want}

    def chi2_at_points(self, mass_tables: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], Array]:
        """chi2 of all rows at any points float64[3, n] of one mass, for minimisers of many points at once.

        By the polynomials of the grid, and by the reference where they do not do: to 1e-7 of chi2.
        """
        one = np.zeros(1)
        return self.workspace(mass_tables, (one, one, one)).chi2_at_points

    def chi2_at_mass(self, mass_tables: NDArray[np.float64]) -> Callable[[float, float, float], float]:
        """chi2 at single points (eps, eps_z, g_mu) of one mass, for minimisers, which ask for one after the other."""
        return chi2_at_mass(mass_tables, self.matrix_at(float(mass_tables[_mass.MASS])), self.likelihood)

    def chi2(self, mass: float, eps: float, eps_z: float, g_mu: float) -> float:
        """chi2 at one point of any mass."""
        return self.chi2_at_mass(self.mass_tables(mass))(eps, eps_z, g_mu)

    @cached_property
    def sm_chi2(self) -> dict[str, float]:
        """chi2 of the Standard Model: keys "all" and "muon"."""
        return self.likelihood.chi2(self.likelihood.sm)

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """What makes the numbers, as name -> text or hash: two runs agree on it or have different physics."""
        made_of = {
            "case": self.case.name,
            "couplings": json.dumps(
                {
                    name: dict(zip(self.case.parameters.names, row.tolist(), strict=True))
                    for name, row in zip(COUPLINGS, self.matrix, strict=True)
                    if np.any(row)
                }
            ),
            "mixing": "loop" if self.case.loop else "none",
            "right_handed_neutrinos": "light" if self.case.light_neutrinos else "heavy",
            "emission": self.model.emission,
            "theory_errors": self.likelihood.theory_errors,
            "covariance": self.likelihood.inputs,
            "constraints": " ".join(constraint.id for constraint in self.constraints),
        } | {f"constraint {item.id}": item.definition for item in self.constraints if item.definition}
        made_of |= {
            f"measurements {name}": hashlib.sha256(text.encode()).hexdigest()
            for name, text in self.likelihood.data.files.items()
        }
        sources = {f"sources {folder}": cache.source_hash(folder) for folder in NUMERIC_FOLDERS}
        return (
            self.settings.identity()
            | made_of
            | sources
            | {f"input {name}": found for name, found in sorted(inputs.hashes().items())}
        )
