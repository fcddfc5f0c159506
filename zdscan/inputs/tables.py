"""Standard Model tables of the b -> s l l rows, form factors and three-body rates: read, verified and handed on.

`zdscan calibrate` (:mod:`zdscan.calibration.tables`) writes the files. Each carries the SHA-256 of its contents, so a
damaged or edited file is refused instead of giving other physics.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.inputs.files import FOLDER

FORMAT = 1
# covariance of the first rows -> attribute with its number of samples; rows added later may have one with fewer
COVARIANCES = {"theory_covariance": "theory_samples", "theory_covariance_extended": "theory_samples_extended"}
SM_TABLES = FOLDER / "sm_tables.h5"
FORM_FACTORS = FOLDER / "form_factors.h5"
RADIATION = FOLDER / "radiation.h5"


@dataclass(frozen=True)
class SMTables:
    """Rates of rows as functions of q2 and of constant C9, C10, C_P, C_7 (flavio's basis, C_P in 1/GeV).

    A row here is a bin, named by its decay and its ends, in one unit; measurements of it may have others (`of`).

    On panel p (row `panel_row[p]`, `panel_lo[p]` to `panel_hi[p]`, GeV^2) function k has the values
    ``coefficients[p, :, k]`` at the eight Gauss-Legendre nodes ``nodes[p]``. The integral over a row's panels of
    sum_k c_k(q2) m_k(q2), with the monomials m_k in the order of `monomials`, is the row in its own unit.
    """

    row_id: tuple[str, ...]
    per_rate: NDArray[np.float64]  # [R], row over the integral of dB/dq2
    monomials: tuple[str, ...]
    panel_row: NDArray[np.int32]  # [P], ascending
    panel_lo: NDArray[np.float64]  # [P]
    panel_hi: NDArray[np.float64]  # [P]
    nodes: NDArray[np.float64]  # [P, 8]
    coefficients: NDArray[np.float64]  # [P, 8, 13]
    lepton_mass: NDArray[np.float64]  # [R], GeV
    normalisation: NDArray[np.float64]  # [R], GeV^-2: 4GF/sqrt2 alpha_e/(4 pi), without the CKM factor lambda_t
    cp_factor: NDArray[np.float64]  # [R], multiplies C_P: mb_pole/mb_MSbar(5 GeV) for B -> Xs, else 1
    sm: NDArray[np.float64]  # [R], integral of c0
    sm_flavio: NDArray[np.float64]  # [R], flavio's own binned prediction
    # samples of flavio's parameters, and the covariance of the first rows, [r, r] in their units; most samples first
    covariances: tuple[tuple[int, NDArray[np.float64]], ...]
    form_residual: float  # largest relative deviation of flavio's rates from the form, at random coefficients
    flavio_version: str
    content_hash: str

    @property
    def theory_samples(self) -> int:
        """Samples of flavio's parameters behind `theory_covariance`."""
        return self._covariance[0]

    @property
    def theory_covariance(self) -> NDArray[np.float64]:
        """Covariance of the rows, [R, R] in their units: of those that have all rows that with most samples."""
        return self._covariance[1]

    @property
    def _covariance(self) -> tuple[int, NDArray[np.float64]]:
        return next(found for found in self.covariances if len(found[1]) >= len(self.row_id))

    def of(self, bins: Sequence[str], per_rate: NDArray[np.float64]) -> SMTables:
        """The tables of some bins, in this order and in the units of `per_rate`; a bin may come twice.

        Raises
        ------
        UserError
            A bin is not in the tables.
        """
        if missing := [name for name in bins if name not in self.row_id]:
            raise UserError(
                f"The SM tables do not have the row {missing[0]}: run `zdscan calibrate`, which adds what is measured."
            )
        rows = np.array([self.row_id.index(name) for name in bins], dtype=np.int64)
        units = per_rate / self.per_rate[rows]  # exactly 1 where the unit is the same
        start = np.searchsorted(self.panel_row, np.arange(len(self.row_id) + 1))
        panels = np.concatenate([np.arange(0), *(np.arange(start[row], start[row + 1]) for row in rows)])
        panel_row = np.repeat(np.arange(len(rows), dtype=np.int32), (start[1:] - start[:-1])[rows])
        return replace(
            self,
            row_id=tuple(bins),
            per_rate=per_rate,
            panel_row=panel_row,
            panel_lo=self.panel_lo[panels],
            panel_hi=self.panel_hi[panels],
            nodes=self.nodes[panels],
            coefficients=self.coefficients[panels] * units[panel_row][:, None, None],
            lepton_mass=self.lepton_mass[rows],
            normalisation=self.normalisation[rows],
            cp_factor=self.cp_factor[rows],
            sm=self.sm[rows] * units,
            sm_flavio=self.sm_flavio[rows] * units,
            covariances=tuple(
                (samples, matrix[np.ix_(rows, rows)] * np.outer(units, units))
                for samples, matrix in self.covariances
                if len(matrix) > rows.max(initial=-1)
            ),
        )


@lru_cache(maxsize=8)
def load(path: Path = SM_TABLES) -> SMTables:
    """The Standard Model tables, verified against their content hash; all arrays are read-only.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another format; the sentence names it.
    """
    attributes, data = read_verified(path)
    identifiers = tuple(str(name) for name in data["row_id"].astype(str))
    return SMTables(
        row_id=identifiers,
        per_rate=data["per_rate"],
        monomials=tuple(str(attributes["monomials"]).split()),
        panel_row=data["panel_row"],
        panel_lo=data["panel_lo"],
        panel_hi=data["panel_hi"],
        nodes=data["nodes"],
        coefficients=data["coefficients"],
        lepton_mass=data["lepton_mass"],
        normalisation=data["normalisation"],
        cp_factor=data["cp_factor"],
        sm=data["sm"],
        sm_flavio=data["sm_flavio"],
        covariances=tuple(
            (int(attributes[samples]), data[name]) for name, samples in COVARIANCES.items() if name in data
        ),
        form_residual=float(attributes["form_residual"]),
        flavio_version=str(attributes["flavio_version"]),
        content_hash=str(attributes["content_hash"]),
    )


def form_factor(mode: str, name: str, path: Path = FORM_FACTORS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equidistant q2 nodes (GeV^2) and values of one form factor, meant for a cubic spline (error below 3e-10).

    Parameters
    ----------
    mode
        "B->K", "B->K*", "Bs->phi" (0 to 4.1 GeV^2) or "K->pi" (0 to 0.126 GeV^2).
    name
        flavio's name: "f+", "f0", "fT" or "A0", "A1", "A12", "V", "T1", "T2", "T23".

    Raises
    ------
    UserError
        If the file is damaged or has no such form factor.
    """
    data = arrays(path)
    try:
        return data[f"{mode}/q2"], data[f"{mode}/{name}"]
    except KeyError:
        known = ", ".join(key for key in sorted(data) if not key.endswith("/q2"))
        raise UserError(f"There is no form factor {mode}/{name}; {path} has {known}.") from None


@lru_cache(maxsize=8)
def arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    """Everything in a file, by name; raises `UserError` as `load` does."""
    return read_verified(path)[1]


def content_hash(data: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over the names, types, shapes and little-endian bytes of `data`, in sorted order of the names."""
    found = hashlib.sha256()
    for name in sorted(data):
        array = np.ascontiguousarray(data[name])
        array = array.astype(array.dtype.newbyteorder("<"))
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def read_verified(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Attributes and datasets of a calibration file whose content hash has been checked."""
    remedy = "install zdscan again or rebuild it with `zdscan calibrate`"
    data: dict[str, NDArray[Any]] = {}
    try:
        with h5py.File(path, "r") as file:
            attributes = dict(file.attrs)

            def collect(name: str, item: h5py.Dataset | h5py.Group) -> None:
                if isinstance(item, h5py.Dataset):
                    data[name] = item[()]

            file.visititems(collect)
    except FileNotFoundError:
        raise UserError(f"The table {path} is missing: {remedy}.") from None
    except (OSError, RuntimeError, KeyError) as error:
        raise UserError(f"The table {path} is damaged and cannot be read ({error}): {remedy}.") from None
    if int(attributes.get("format", -1)) != FORMAT:
        raise UserError(
            f"The table {path} has format {attributes.get('format')}, this zdscan reads {FORMAT}: {remedy}."
        )
    if content_hash(data) != attributes.get("content_hash"):
        raise UserError(f"The table {path} is damaged (its contents do not match their checksum): {remedy}.")
    for array in data.values():
        array.setflags(write=False)
    return attributes, data
