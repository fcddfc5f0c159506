"""A scan as the driver sees it: axes, stored fields, mass tables by mass index, and runs of points."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zdscan.compiled import warming
from zdscan.constraints import select, separated
from zdscan.errors import UserError
from zdscan.evaluation.fields import ALWAYS, DIRECT, OF_KINDS, WITH_CONSTRAINTS, mask_dtype, stored_fields
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import Axes, run_of
from zdscan.evaluation.settings import Settings
from zdscan.evaluation.workspace import Workspace
from zdscan.kernels.fast.evaluate import evaluate_grid, work_space
from zdscan.physics import rows
from zdscan.physics.cases import AXIAL_WITH, CASES, COUPLINGS, TAU, Case, axial_fault
from zdscan.physics.clause import Constraint
from zdscan.physics.currents import setting_fault
from zdscan.physics.parameters import PARAMETERS

_FLOAT32_MAX = float(np.finfo(np.float32).max)


class Scan(Protocol):
    """What an engine asks of a checked scan file."""

    @property
    def format(self) -> int:
        """Of the file: fixes what "all" constraints are."""

    @property
    def coupling_case(self) -> Case:
        """The case, built in or the user's."""

    @property
    def settings(self) -> Settings:
        """The values of all settings."""

    @property
    def own(self) -> Sequence[Constraint]:
        """The constraints of the user."""

    @property
    def files(self) -> Mapping[str, str]:
        """Texts of the user's files by name."""

    @property
    def axes(self) -> Mapping[str, NDArray[np.float64]]:
        """Name -> values, for all four axes."""

    @property
    def fields(self) -> Sequence[str]:
        """Names of the fields to store."""


def build_physics(case: Case, **settings: Any) -> Physics:
    """The physics of a case and of named settings: those of `zdscan.evaluation.settings.Settings`.

    Raises
    ------
    UserError
        For every setting that is not allowed, one sentence each.
    """
    names, own = separated(settings.get("constraints", "all"))
    return physics_of(case, Settings.of(**settings | {"constraints": names}), own=own)


def physics_of(
    case: Case,
    settings: Settings,
    scan_format: int | None = None,
    own: Sequence[Constraint] = (),
    files: Mapping[str, str] | None = None,
) -> Physics:
    """The physics of a case and of checked settings, those of a scan file of that format or of a point.

    own : constraints of the user.
    files : texts of the user's files with measurements; None: they are read.

    Raises
    ------
    UserError
        If a setting does not fit the case, or something of the user's is wrong.
    """
    names = case.parameters.names
    if fault := setting_fault(settings.anomaly, case.name, case.with_axial(settings.axial_mu), names):
        raise UserError(f"anomaly {fault}.")
    if fault := axial_fault(settings.axial_mu, case):
        raise UserError(f"axial_mu {fault}.")
    case = case.switched(settings.mixing, settings.right_handed_neutrinos)
    return Physics(
        case=case,
        likelihood=rows.build(
            settings.measurements,
            settings.errors,
            settings.theory_errors,
            files,
            settings.replace,
            correlated=settings.errors_correlated,
            errors_at=settings.theory_errors_at,
        ),
        constraints=select(settings.constraints, scan_format, own, settings.limits),
        settings=settings,
    )


def physics_of_scan(scan: Scan) -> Physics:
    """The physics that a checked scan file asks for."""
    return physics_of(scan.coupling_case, scan.settings, scan.format, scan.own, scan.files)


class Engine:
    """What a scan file asks for, ready to compute.

    Attributes
    ----------
    physics : `Physics` of the scan.
    axes : name -> float64 array, mass (GeV) and the parameters of the case in its order.
    shape : lengths of the axes.
    fields : what is computed at each point; where the scan stores no field, what the profiles need.
    """

    def __init__(self, physics: Physics, axes: Mapping[str, NDArray[np.float64]], fields: Sequence[str]) -> None:
        _check_kinds(physics, fields)
        self.physics = physics
        self._local = threading.local()
        # copies: the kernels would be compiled once more for arrays that cannot be written
        self.axes = {name: np.array(axes[name], dtype=np.float64) for name in physics.case.parameters.axes}
        lengths = [len(axis) for axis in self.axes.values()]
        self.shape = (lengths[0], lengths[1], lengths[2], lengths[3])
        computed = stored_fields(
            fields or ALWAYS,
            physics.likelihood.data.ids,
            [constraint.id for constraint in physics.constraints],
            [constraint.title for constraint in physics.constraints],
        )
        self.fields = computed if fields else tuple(dataclasses.replace(item, stored=False) for item in computed)

    @classmethod
    def from_scan(cls, scan: Scan, axes: Mapping[str, NDArray[np.float64]] | None = None) -> Engine:
        """The engine of a checked scan file; axes : in the place of the scan's, those of the grid file it is for."""
        return cls(physics_of_scan(scan), scan.axes if axes is None else axes, scan.fields)

    @property
    def mass_tables_size(self) -> int:
        """float64 numbers of the tables of one mass."""
        return self.physics.mass_tables_size

    @property
    def ndof(self) -> int:
        """Number of measured rows in chi2."""
        return len(self.physics.likelihood.sm)

    @property
    def sm_chi2(self) -> dict[str, float]:
        """chi2 of the Standard Model: keys "all" and "muon"."""
        return self.physics.sm_chi2

    @property
    def identity(self) -> dict[str, str]:
        """What makes the numbers; a resume with a different one is refused."""
        return dict(self.physics.identity)

    @property
    def attributes(self) -> dict[str, Any]:
        """File attributes that describe the physics."""
        physics, data = self.physics, self.physics.likelihood
        found = [current.to_dict(physics.anomaly) for current in physics.model.currents]
        anomalies = {} if physics.anomaly == "none" else {"anomaly": physics.anomaly, "currents": json.dumps(found)}
        names = physics.case.parameters.names
        completion = f"none for {AXIAL_WITH}: a direct muon coupling has no charged-current partner"
        return (
            physics.settings.attributes()
            | anomalies
            | self._own_attributes
            | {
                "case": physics.case.name,
                "case_title": physics.case.title,
                "couplings": json.dumps(
                    {
                        coupling: dict(zip(names, numbers, strict=True))
                        for coupling, numbers in zip(COUPLINGS, physics.matrix.tolist(), strict=True)
                        if coupling not in TAU  # enters the anomaly alone
                    }
                ),
                "emission": physics.model.emission,
                "rows": " ".join(data.data.ids),
                "constraints": " ".join(constraint.id for constraint in physics.constraints),
                "flavio_version": data.sm_tables.flavio_version,
            }
            | ({"charged_current_completion": completion} if AXIAL_WITH in physics.case.parameters else {})
        )

    @property
    def _own_attributes(self) -> dict[str, Any]:
        """What files say of parameters, switches and data where they are not those of Cases A, B and C."""
        case, settings = self.physics.case, self.physics.settings
        found: dict[str, Any] = {}
        if case.parameters.names != PARAMETERS:
            found["axes"] = " ".join(case.parameters.axes)
        if case.loop:
            found["mixing"] = "loop"
        if case.light_neutrinos:
            found["right_handed_neutrinos"] = "light"
        if settings.invisible_branching:
            found["invisible_branching"] = settings.invisible_branching
        if not {item.name for item in self.fields}.isdisjoint(WITH_CONSTRAINTS):
            constraints = self.physics.constraints
            found["likelihoods"] = json.dumps({item.id: item.likelihood for item in constraints})
            found["same_data"] = json.dumps({item.id: item.same_data for item in constraints if item.same_data})
        if replaced := self.physics.likelihood.data.replaced:
            found["replaced_rows"] = " ".join(replaced)
        if self.physics.level is not None:
            found["level"] = self.physics.level.text
        if settings.limit_theory_errors == "true":
            found["limit_theory_errors"] = "true"
        if settings.errors_correlated != "auto":
            found["errors_correlated"] = settings.errors_correlated
        if settings.dark_fermion is not None:
            found["dark_fermion_mass_GeV"], found["dark_fermion_coupling"] = settings.dark_fermion
        return found

    @property
    def descriptions(self) -> Mapping[str, tuple[str, str]]:
        """Axis -> (unit, what it is)."""
        return self.physics.case.parameters.descriptions

    def warm_up(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Compile the kernels, or load them from the cache.

        Parameters
        ----------
        meanwhile : further kernels to compile while a second process is at work, those of the profiles for instance.
        """
        outputs = [np.empty((1, field.components) if field.extra else 1, dtype=field.dtype) for field in self.fields]
        code = f"from zdscan.evaluation.engine import compile_grid; compile_grid({self._mask.str!r})"
        with warming.helper(code, "evaluate.evaluate_grid") as helper:
            workspace = self._workspace(self.mass_tables(0))
            workspace.parts[0][1].warm_up(self._point_axes)
            for _, broad in workspace.families.values():
                broad.warm_up()
            meanwhile()
            helper.wait()
            self._evaluate(workspace, 0, 1, outputs)

    @property
    def _mask(self) -> np.dtype[Any]:
        """Type of the field `excluded`, whether it is stored or not."""
        return mask_dtype(len(self.physics.constraints))

    @property
    def _point_axes(self) -> Axes:
        _, first, second, third = self.axes.values()
        return first, second, third

    def mass_tables(self, mass_index: int) -> NDArray[np.float64]:
        """The mass tables of one mass of the axis: float64[mass_tables_size]."""
        return self.physics.mass_tables(float(self.axes["mass"][mass_index]))

    def evaluate(
        self, mass_tables: NDArray[np.float64], first: int, count: int, outputs: Sequence[NDArray[Any]]
    ) -> None:
        """Fill outputs[k] (field k, `count` points from `first` within one mass) in the fields' own types.

        Numbers beyond the range of float32 are stored as its largest number, so that a grid holds no infinity.
        """
        self._evaluate(self._workspace(mass_tables), first, count, outputs)

    def _workspace(self, mass_tables: NDArray[np.float64]) -> Workspace:
        """The workspace of this thread; blocks of one mass mostly follow each other."""
        kept: Workspace | None = getattr(self._local, "workspace", None)
        if kept is None or kept.mass_tables is not mass_tables:
            muon = any(field.name == "chi2_muon" for field in self.fields)
            kinds = [field.name for field in self.fields if field.name in OF_KINDS]
            constraints = any(field.name in WITH_CONSTRAINTS for field in self.fields)
            kept = self._local.workspace = self.physics.workspace(
                mass_tables, self._point_axes, muon=muon, kinds=kinds, constraints=constraints
            )
        return kept

    def _evaluate(
        self,
        workspace: Workspace,
        first: int,
        count: int,
        outputs: Sequence[NDArray[Any]],
    ) -> None:
        pairs = list(zip(self.fields, outputs, strict=True))
        further = {*OF_KINDS, *WITH_CONSTRAINTS, *DIRECT}
        fast = {field.name: output for field, output in pairs if field.fast and field.name not in further}
        kinds = {field.name: output for field, output in pairs if field.name in OF_KINDS}
        sums = {field.name: output for field, output in pairs if field.name in WITH_CONSTRAINTS}
        others = {field.name: output for field, output in pairs if not field.fast}
        direct = {field.name: output for field, output in pairs if field.name in DIRECT}
        workspace.fill_direct(self._point_axes, first, direct)
        if fast or kinds or sums:
            unasked = {
                "chi2": np.empty(count, dtype=np.float32),
                "excluded": np.empty(count, dtype=self._mask),
                "chi2_muon": np.empty(0, dtype=np.float32),
            }
            workspace.fill(self._point_axes, first, **unasked | fast, kinds=kinds, sums=sums)
        if others:
            parameters = run_of(self._point_axes, first, count)
            results = self.physics.quantities(workspace.mass_tables, parameters, list(others), workspace.bands.at)
            for name, output in others.items():
                result = results[name]
                np.clip(result, -_FLOAT32_MAX, _FLOAT32_MAX, out=result)
                np.copyto(output, result, casting="unsafe")


def _check_kinds(physics: Physics, fields: Sequence[str]) -> None:
    """Refuse chi2 of rows that are not there."""
    there = [name for name, kind in OF_KINDS.items() if kind in physics.likelihood.kinds]
    for name in fields:
        if name in OF_KINDS and name not in there:
            what = "branching fractions alone, whose chi2 is chi2" if not there else f"no rows for {name}"
            known = f"; there are {', '.join(there)}" if there else ""
            raise UserError(f"output.fields has {name}, but measurements has {what}{known}.")


def compile_grid(mask: str) -> None:
    """Compile `zdscan.kernels.fast.evaluate.evaluate_grid` into the cache, for `excluded` of this type.

    `Engine.warm_up` has it run in a second process.
    """
    physics, one = build_physics(CASES["C"], constraints=()), np.ones(1)
    axes, (chi2, excluded, lost) = (one, one, one), (np.empty(1, kind) for kind in (np.float32, mask, np.uint8))
    # Mass tables of zeros have no constraint that applies and no row that the vector touches: only types matter here.
    expansion = physics.workspace(np.zeros(physics.mass_tables_size), axes).parts[0][0]
    evaluate_grid(expansion, *axes, 0, 1, 0.0, chi2, excluded, lost, *work_space(expansion))
