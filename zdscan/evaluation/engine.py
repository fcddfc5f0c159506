"""A scan as the driver sees it: axes, stored fields, mass tables by mass index, and runs of points."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zdscan.compiled import warming
from zdscan.constraints import select
from zdscan.errors import UserError, not_one_of
from zdscan.evaluation.fields import Field
from zdscan.evaluation.physics import CHANNELS, Physics, Workspace
from zdscan.evaluation.points import Axes, run_of
from zdscan.inputs.measurements import ERROR_TREATMENTS, available
from zdscan.kernels.fast.evaluate import evaluate_grid, work_space
from zdscan.physics import rows as likelihood
from zdscan.physics.cases import CASES, COUPLINGS, Case, named_case
from zdscan.physics.parameters import LARGEST_COUPLING, LARGEST_WIDTH, PARAMETERS

if TYPE_CHECKING:
    from zdscan.scan.scanfile import Scan

LIMIT_SETS = ("rashed2024",)
NEEDED_BY_PROFILES = ("chi2", "excluded")
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def stored_fields(
    names: Sequence[str], rows: Sequence[str], constraints: Sequence[str], titles: Sequence[str]
) -> tuple[Field, ...]:
    """The datasets of a grid file, in the order asked for.

    rows : ids of the measured rows; constraints, titles : ids and titles of the scan's constraints, in bit order.
    """
    bits = 32 if len(constraints) <= 31 else 64
    not_computed = 1 << (bits - 1)
    masks = [1 << k for k in range(len(constraints))] + [not_computed]
    known = {
        "chi2": Field("chi2", "<f4", np.nan, "chi2 of the b -> s l l rows", "1"),
        "excluded": Field(
            "excluded",
            f"<u{bits // 8}",
            2**bits - 1,
            "constraints that exclude the point, one bit each",
            "1",
            attributes={
                "flag_masks": np.array(masks, dtype=f"<u{bits // 8}"),
                "flag_meanings": " ".join([*constraints, "not_computed"]),
                "constraint_titles": json.dumps(dict(zip(constraints, titles, strict=True))),
            },
        ),
        "chi2_muon": Field("chi2_muon", "<f4", np.nan, "chi2 of the muon rows alone", "1"),
        "ratios": Field(
            "ratios",
            "<f4",
            np.nan,
            "prediction over limit of each constraint; 1 or more is excluded, 0 where it does not apply",
            "1",
            ("constraint", tuple(constraints)),
        ),
        "predictions": Field(
            "predictions", "<f4", np.nan, "predicted rows, each in its own unit", "1", ("row", tuple(rows))
        ),
        "widths": Field("widths", "<f4", np.nan, "partial widths of the vector", "GeV", ("channel", CHANNELS)),
        "a_mu": Field("a_mu", "<f4", np.nan, "shift of the muon's anomalous magnetic moment", "1"),
    }
    return tuple(known[name] for name in names)


def build_physics(
    case: Case,
    *,
    theory: str = "paper",
    emission: str = "auto",
    invisible_width: float = 0.0,
    axial_mu: float = 0.0,
    fcnc_scale: float = 1.0,
    measurements: str = "rashed2024-corrected",
    errors: str = "symmetrised",
    theory_errors: str = "table",
    constraints: str | Sequence[str] = "all",
    limits: str = "rashed2024",
) -> Physics:
    """The physics of a scan or a point from named settings (their meaning: docs/scan-file.md).

    Raises
    ------
    UserError
        For every setting that is not allowed, one sentence each.
    """
    faults = []
    largest = {"invisible_width": LARGEST_WIDTH, "axial_mu": LARGEST_COUPLING, "fcnc_scale": LARGEST_COUPLING}
    named = {
        "theory": (theory, ("paper", "complete")),
        "emission": (emission, ("auto", "lepton", "complete")),
        "measurements": (measurements, available()),
        "errors": (errors, tuple(ERROR_TREATMENTS)),
        "theory_errors": (theory_errors, likelihood.THEORY_ERRORS),
        "limits": (limits, LIMIT_SETS),
    }
    for name, (value, allowed) in named.items():
        if not isinstance(value, str) or value not in allowed:
            faults.append(f"{name} {not_one_of(str(value), allowed)}.")
    for name, number in (("invisible_width", invisible_width), ("axial_mu", axial_mu), ("fcnc_scale", fcnc_scale)):
        low = 0.0 if name == "invisible_width" else -largest[name]
        if not isinstance(number, Real) or not low <= number <= largest[name]:  # NaN included
            faults.append(f"{name} is {number!r}; it must be a number from {low:g} to {largest[name]:g}.")
    if faults:
        raise UserError(*faults)
    return Physics(
        case=case,
        likelihood=likelihood.build(measurements, errors, theory_errors),
        constraints=select(constraints),
        theory=theory,
        emission=emission,
        invisible_width=float(invisible_width),
        axial_mu=float(axial_mu),
        fcnc_scale=float(fcnc_scale),
        limits=limits,
    )


class Engine:
    """What a scan file asks for, ready to compute.

    Attributes
    ----------
    physics : `Physics` of the scan.
    axes : name -> float64 array, in the order mass, eps, eps_z, g_mu; GeV.
    shape : lengths of the axes.
    fields : what is computed at each point; where the scan stores no field, what the profiles need.
    """

    def __init__(self, physics: Physics, axes: Mapping[str, NDArray[np.float64]], fields: Sequence[str]) -> None:
        self.physics = physics
        self._local = threading.local()
        # copies: the kernels would be compiled once more for arrays that cannot be written
        self.axes = {name: np.array(axes[name], dtype=np.float64) for name in ("mass", *PARAMETERS)}
        lengths = [len(axis) for axis in self.axes.values()]
        self.shape = (lengths[0], lengths[1], lengths[2], lengths[3])
        computed = stored_fields(
            fields or NEEDED_BY_PROFILES,
            physics.likelihood.data.ids,
            [constraint.id for constraint in physics.constraints],
            [constraint.title for constraint in physics.constraints],
        )
        self.fields = computed if fields else tuple(dataclasses.replace(item, stored=False) for item in computed)

    @classmethod
    def from_scan(cls, scan: Scan) -> Engine:
        """The engine of a checked scan file."""
        case = (
            named_case(scan.case)
            if isinstance(scan.case, str)
            else Case.from_couplings(scan.case.name, scan.case.couplings)
        )
        physics = build_physics(
            case,
            theory=scan.theory,
            emission=scan.model.emission,
            invisible_width=scan.model.invisible_width,
            axial_mu=scan.model.axial_mu,
            fcnc_scale=scan.model.fcnc_scale,
            measurements=scan.data.measurements,
            errors=scan.data.errors,
            theory_errors=scan.data.theory_errors,
            constraints=scan.constraints.use,
            limits=scan.constraints.limits,
        )
        return cls(physics, scan.axes, scan.output.fields)

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
        p, rows = self.physics, self.physics.likelihood
        return {
            "case": p.case.name,
            "case_title": p.case.title,
            "couplings": json.dumps(
                {
                    coupling: dict(zip(PARAMETERS, numbers, strict=True))
                    for coupling, numbers in zip(COUPLINGS, p.matrix.tolist(), strict=True)
                }
            ),
            "theory": p.theory,
            "emission": p.setting.emission,
            "invisible_width_GeV": p.invisible_width,
            "axial_mu": p.axial_mu,
            "fcnc_scale": p.fcnc_scale,
            "measurements": rows.data.name,
            "rows": " ".join(rows.data.ids),
            "constraints": " ".join(constraint.id for constraint in p.constraints),
            "limits": p.limits,
            "flavio_version": rows.sm_tables.flavio_version,
            "charged_current_completion": "none for g_mu: a direct muon coupling has no charged-current partner",
        }

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
            meanwhile()
            helper.wait()
            self._evaluate(workspace, 0, 1, outputs)

    @property
    def _mask(self) -> np.dtype[Any]:
        """Type of the field `excluded`, whether it is stored or not."""
        return np.dtype(np.uint32 if len(self.physics.constraints) <= 31 else np.uint64)

    @property
    def _point_axes(self) -> Axes:
        return self.axes["eps"], self.axes["eps_z"], self.axes["g_mu"]

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
            kept = self._local.workspace = self.physics.workspace(mass_tables, self._point_axes, muon=muon)
        return kept

    def _evaluate(
        self,
        workspace: Workspace,
        first: int,
        count: int,
        outputs: Sequence[NDArray[Any]],
    ) -> None:
        given = dict(zip((field.name for field in self.fields), outputs, strict=True))
        chi2 = given.pop("chi2", None)
        excluded = given.pop("excluded", None)
        muon = given.pop("chi2_muon", None)
        if chi2 is not None or excluded is not None or muon is not None:
            self.physics.fill(
                workspace,
                self._point_axes,
                first,
                np.empty(count, dtype=np.float32) if chi2 is None else chi2,
                np.empty(count, dtype=self._mask) if excluded is None else excluded,
                np.empty(0, dtype=np.float32) if muon is None else muon,
            )
        if given:
            parameters = run_of(self._point_axes, first, count)
            results = self.physics.quantities(workspace.mass_tables, parameters, list(given), workspace.bands.at)
            for name, output in given.items():
                result = results[name]
                np.clip(result, -_FLOAT32_MAX, _FLOAT32_MAX, out=result)
                np.copyto(output, result, casting="unsafe")


def compile_grid(mask: str) -> None:
    """Compile `zdscan.kernels.fast.evaluate.evaluate_grid` into the cache, for `excluded` of this type.

    `Engine.warm_up` has it run in a second process.
    """
    physics, one = build_physics(CASES["C"], constraints=()), np.ones(1)
    axes, (chi2, excluded, lost) = (one, one, one), (np.empty(1, kind) for kind in (np.float32, mask, np.uint8))
    # Mass tables of zeros have no constraint that applies and no row that the vector touches: only types matter here.
    expansion = physics.workspace(np.zeros(physics.mass_tables_size), axes).parts[0][0]
    evaluate_grid(expansion, *axes, 0, 1, 0.0, chi2, excluded, lost, *work_space(expansion))
