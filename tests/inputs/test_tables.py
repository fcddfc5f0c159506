"""The Standard Model tables: they fit the constants, are stamped and read-only, and a damaged file is refused."""

from __future__ import annotations

import hashlib
import math
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from zdscan.calibration.tables import write_verified
from zdscan.errors import UserError
from zdscan.inputs import constants, measurements, tables

SM = tables.load()


def test_constants_agree_with_the_standard_model_tables() -> None:
    """The tables carry flavio's own normalisation; flavio's GF differs from ours by 9e-8."""
    c, sm_tables = constants.load(), tables.load()
    assert sm_tables.row_id[:26] == measurements.load().ids
    for row, identifier in enumerate(sm_tables.row_id):
        inclusive = identifier.startswith("B->Xs")
        alpha = c["alpha_e_5" if inclusive else "alpha_e_48"]
        expected = 4 * c["GF"] / math.sqrt(2) * alpha / (4 * math.pi)
        assert sm_tables.normalisation[row] == pytest.approx(expected, rel=1e-7)
        assert sm_tables.cp_factor[row] == pytest.approx(c["m_b_pole"] / c["m_b_5"] if inclusive else 1.0, rel=1e-12)
        assert sm_tables.lepton_mass[row] == c["m_e" if identifier.split("_")[0].endswith("ee") else "m_mu"]


def test_unknown_form_factor_is_named() -> None:
    with pytest.raises(UserError, match=r"no form factor B->K/T7.*B->K/fT"):
        tables.form_factor("B->K", "T7")


@pytest.mark.parametrize("path", [tables.SM_TABLES, tables.FORM_FACTORS], ids=lambda path: path.name)
def test_stamp(path: Path) -> None:
    digest = hashlib.sha256()
    with h5py.File(path) as file:
        names: list[str] = []
        file.visit(lambda name: names.append(name) if isinstance(file[name], h5py.Dataset) else None)
        for name in sorted(names):
            data = file[name][()]
            digest.update(f"{name} {data.dtype.str} {data.shape}\n".encode() + data.tobytes())
        assert file.attrs["content_hash"] == digest.hexdigest()
        assert file.attrs["flavio_version"] == "2.7.1"
        assert "zdscan calibrate" in file.attrs["rebuild"]
    assert path.stat().st_size < 1_000_000


def test_loaded_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        SM.coefficients[0, 0, 0] = 1.0


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    edited = tmp_path / "edited.h5"
    shutil.copy(tables.SM_TABLES, edited)
    with h5py.File(edited, "r+") as file:
        file["coefficients"][100, 3, 4] *= 1 + 1e-15
    other_format = tmp_path / "other_format.h5"
    write_verified(other_format, {"row_id": np.array([1])}, {"format": 99})
    truncated = tmp_path / "truncated.h5"
    truncated.write_bytes(tables.SM_TABLES.read_bytes()[:200_000])
    for path, fault in (
        (edited, "damaged"),
        (truncated, "damaged"),
        (other_format, "format 99"),
        (tmp_path / "absent.h5", "missing"),
    ):
        with pytest.raises(UserError) as error:
            tables.load(path)
        (message,) = error.value.messages
        assert str(path) in message
        assert fault in message
        assert "zdscan calibrate" in message
