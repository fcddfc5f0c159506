"""The offline step: flavio -> `sm_tables.h5` and `form_factors.h5`, three-body integrals -> `radiation.h5`.

A scan never calls flavio. This module asks it once, at its central parameters, for the coefficients of the exact
quadratic form of every row (see :mod:`zdscan.calibration.flavio_rows`), for the covariance of the Standard Model
predictions under its parameters' distributions, and for the form factors. On one core that takes six minutes for the
forms and eighteen for a thousand samples of the covariance. `write_radiation` takes seconds and does not need flavio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.inputs import constants
from zdscan.inputs.tables import COVARIANCES, FORMAT, SMTables, content_hash
from zdscan.physics import radiation

if TYPE_CHECKING:
    from types import ModuleType

Progress = Callable[[str, float], None]  # what is being done, and the fraction of it that is done

SEED = 20240927
SAME_DRAWS = 1e-9  # relative, of covariances of the same samples: rounding in flavio
FORM_FACTOR_NODES = 41
_FORM_FACTOR_RANGES = {"B->K": 4.1, "B->K*": 4.1, "Bs->phi": 4.1, "K->pi": 0.126}  # largest q2, GeV^2
_REBUILD = (
    "Written by `zdscan calibrate`: to rebuild, run pip install 'zdscan[calibrate]' with the versions named here, then "
    "`zdscan calibrate FOLDER`."
)


def calibrate(
    output_folder: str | Path,
    samples: int = 1000,
    seed: int = SEED,
    progress: Progress | None = None,
    known: SMTables | None = None,
) -> tuple[Path, Path, Path]:
    """Write `sm_tables.h5`, `form_factors.h5` and `radiation.h5` into `output_folder` and return their paths.

    Parameters
    ----------
    output_folder
        Existing or new folder; files of these names are replaced.
    samples
        Draws of flavio's parameters for the theory covariance, at least 2 (one second each; the error of an error is
        1/sqrt(2 samples)).
    seed
        The seed of these draws and of the points at which the quadratic form is checked. The same seed, libraries and
        versions give the same bytes.
    progress
        A function that is called with what is being done and the fraction of it that is done.
    known
        Tables to which the rows that they lack are added. Rows that they have stay as they are, to the last bit, and so
        does the covariance between them; with other than its number of samples, that of all rows stands beside it.

    Raises
    ------
    UserError
        If flavio is not installed, the folder cannot be made, or fewer than two samples are asked for.
    ArithmeticError
        If flavio's rates are not of the form the tables assume, or it gives other errors than those of `known`.
    """
    if samples < 2:
        raise UserError(f"A covariance needs at least 2 samples, {samples} were asked for.")
    rows = _import_rows()
    report: Progress = progress or (lambda what, fraction: None)
    folder = Path(output_folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    stamp: dict[str, str | int | float] = {"format": FORMAT}
    stamp |= {f"{name}_version": version(name) for name in ("flavio", "particle")}
    tables, form_factors = folder / "sm_tables.h5", folder / "form_factors.h5"
    emitted = write_radiation(folder)
    with rows.quiet():
        description = "flavio's default form factors, q2 in GeV^2"
        write_verified(form_factors, _form_factor_data(rows), {**stamp, "description": description})
        report("form factors", 1.0)
        data, residual = _row_data(rows, np.random.default_rng(seed), report, known)
        covariances, drawn = _merged(_covariance(rows, samples, seed, report), samples, known)
    attributes: dict[str, str | int | float] = {
        **stamp,
        "monomials": " ".join(rows.MONOMIALS),
        "parameters": "flavio's default parameters at their central values, no running of the added coefficients",
        "form_residual": residual,
        **drawn,
        "theory_seed": seed,
        "description": "b -> s l l rows as quadratic forms in C9, C10, CP, C7; q2 in GeV^2, rows in their own units",
    }
    write_verified(tables, data | covariances, attributes)
    return tables, form_factors, emitted


def calibrate_components(folder: Path, samples: int = 1000, seed: int = SEED, progress: Progress | None = None) -> Path:
    """Write `component_tables.h5` into a folder that exists and return its path; arguments as of `calibrate`.

    On one core this takes seconds for the components and a third of a second for each sample.
    """
    rows = _import_rows()
    from zdscan.calibration import component_tables

    with rows.quiet():
        data, attributes = component_tables.build(samples, seed, progress or (lambda what, fraction: None))
    stamp = {f"{name}_version": version(name) for name in ("flavio", "particle")}
    path = folder / "component_tables.h5"
    write_verified(path, data, {"format": FORMAT, **stamp, **attributes})
    return path


def write_radiation(folder: Path) -> Path:
    """Write the interpolation of the three-body integrals (zdscan/physics/radiation.py); returns its path."""
    c = constants.load()
    data = {stretch.name: stretch.coefficients(c) for stretch in radiation.stretches(c)}
    data["constants"] = np.array([c[name] for name in radiation.CONSTANTS])
    attributes: dict[str, str | int | float] = {
        "format": FORMAT,
        "constants": " ".join(radiation.CONSTANTS),
        "description": "Chebyshev coefficients in ln M of the rates with a radiated Z_D; zdscan/physics/radiation.py",
    }
    path = folder / "radiation.h5"
    write_verified(path, data, attributes)
    return path


def _import_rows() -> ModuleType:
    try:
        from zdscan.calibration import flavio_rows
    except ImportError as error:
        raise UserError(
            f"Calibration needs flavio, which cannot be imported ({error}): pip install 'zdscan[calibrate]'"
        ) from None
    return flavio_rows


def _row_data(
    rows: ModuleType, rng: np.random.Generator, report: Progress, known: SMTables | None
) -> tuple[dict[str, NDArray[Any]], float]:
    """Everything of `sm_tables.h5` that belongs to flavio's central parameters, and the worst residual of the form."""
    par = rows.flavio.default_parameters.get_central_all()
    lows, highs, nodes, coefficients, residuals = [], [], [], [], [0.0]
    sm, sm_flavio, constants = [], [], []
    _, weights = np.polynomial.legendre.leggauss(rows.NODES_PER_PANEL)
    first = 0 if known is None else len(known.row_id)
    if known is not None and known.row_id != tuple(row.id for row in rows.ROWS[:first]):
        raise UserError("The tables to be added to begin with other rows than the measurements: rebuild all of them.")
    new = rows.ROWS[first:]
    for index, row in enumerate(new):
        edges = rows.panels(row, par)
        row_nodes = rows.panel_nodes(edges)
        functions = []
        for panel in row_nodes:
            values, residual = rows.quadratic_form(row, panel, par, rng)
            functions.append(values)
            residuals.append(residual)
        values = np.array(functions)
        lows.append(edges[:-1])
        highs.append(edges[1:])
        nodes.append(row_nodes)
        coefficients.append(values)
        sm.append(float(np.einsum("p,pj,j->", (edges[1:] - edges[:-1]) / 2, values[:, :, 0], weights)))
        sm_flavio.append(row.flavio_prediction())
        constants.append(rows.row_constants(row, par))
        report("quadratic forms", (index + 1) / len(new))
    data: dict[str, NDArray[Any]] = {
        "row_id": np.array([row.id.encode() for row in new]),
        "per_rate": np.array([row.factor for row in new]),
        "panel_row": np.repeat(np.arange(first, len(rows.ROWS), dtype=np.int32), [len(edges) for edges in lows]),
        "panel_lo": np.concatenate(lows),
        "panel_hi": np.concatenate(highs),
        "nodes": np.concatenate(nodes),
        "coefficients": np.concatenate(coefficients),
        "lepton_mass": np.array([c.lepton_mass for c in constants]),
        "normalisation": np.array([c.normalisation for c in constants]),
        "cp_factor": np.array([c.cp_factor for c in constants]),
        "sm": np.array(sm),
        "sm_flavio": np.array(sm_flavio),
    }
    if known is None:
        return data, max(residuals)
    kept = {name: getattr(known, name) for name in data} | {
        "row_id": np.array([name.encode() for name in known.row_id])
    }
    residuals.append(known.form_residual)
    return {name: np.concatenate([kept[name], data[name]]) for name in data}, max(residuals)


def _covariance(rows: ModuleType, samples: int, seed: int, report: Progress) -> NDArray[np.float64]:
    """Covariance of the rows' Standard Model predictions under the distributions of flavio's parameters."""
    constraints = rows.flavio.default_parameters
    central = constraints.get_central_all()
    rules = [rows.sample_rule(row, central) for row in rows.ROWS]
    np.random.seed(seed)  # noqa: NPY002 - flavio draws from numpy's global generator
    draws = constraints.get_random_all(size=samples)
    predictions = np.empty((samples, len(rows.ROWS)))
    for k in range(samples):
        par = {name: values[k] for name, values in draws.items()}
        for i, (row, (nodes, weights)) in enumerate(zip(rows.ROWS, rules, strict=True)):
            predictions[k, i] = sum(
                w * rows.differential_rate(row, float(q2), par) for q2, w in zip(nodes, weights, strict=True)
            )
        report("theory covariance", (k + 1) / samples)
    return np.asarray(np.cov(predictions, rowvar=False))


def _merged(
    covariance: NDArray[np.float64], samples: int, known: SMTables | None
) -> tuple[dict[str, NDArray[np.float64]], dict[str, int]]:
    """The covariances to write and their numbers of samples: one, or that of the known rows and that of all.

    With the same samples the known part stays to the last bit; it must be the same but for rounding, because parts of
    different samples in one matrix would not be a covariance.
    """
    (first, first_samples), (extended, extended_samples) = COVARIANCES.items()
    if known is None:
        return {first: covariance}, {first_samples: samples}
    kept_samples, kept = known.covariances[0]
    if samples != kept_samples:
        return {first: kept, extended: covariance}, {first_samples: kept_samples, extended_samples: samples}
    count = len(kept)
    if not np.allclose(covariance[:count, :count], kept, rtol=SAME_DRAWS, atol=0.0):
        raise ArithmeticError("The covariance of the rows that were there comes out differently: other samples.")
    covariance[:count, :count] = kept
    return {first: covariance}, {first_samples: samples}


def _form_factor_data(rows: ModuleType) -> dict[str, NDArray[Any]]:
    par = rows.flavio.default_parameters.get_central_all()
    data: dict[str, NDArray[Any]] = {}
    for mode, q2_max in _FORM_FACTOR_RANGES.items():
        quantity = rows.flavio.classes.AuxiliaryQuantity[f"{mode} form factor"]
        q2 = np.linspace(0.0, q2_max, FORM_FACTOR_NODES)
        values = [quantity.prediction(par_dict=par, wc_obj=None, q2=float(x)) for x in q2]
        data[f"{mode}/q2"] = q2
        data.update({f"{mode}/{name}": np.array([float(value[name]) for value in values]) for name in values[0]})
    return data


def write_verified(path: Path, data: Mapping[str, NDArray[Any]], attributes: Mapping[str, str | int | float]) -> None:
    """Write datasets and attributes with their content hash; no time stamps, so equal contents give equal bytes."""
    with h5py.File(path, "w", libver="v110") as file:
        for name in sorted(data):
            file.create_dataset(name, data=data[name], track_times=False)
        stamped = {**attributes, "content_hash": content_hash(data), "rebuild": _REBUILD}
        for key in sorted(stamped):
            file.attrs[key] = stamped[key]
