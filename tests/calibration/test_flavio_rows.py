"""The rows for flavio come from the measurements, and are those that the shipped tables were made with."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.late import late
from zdscan.errors import UserError
from zdscan.inputs import measurements, tables

oracle = late("tests.support.flavio_oracle")
rows = late("zdscan.calibration.flavio_rows")


def test_rows_are_those_of_the_shipped_tables() -> None:
    """Names, bins and leptons as they stand in sm_tables.h5, in the same order."""
    shipped = tables.load()
    assert tuple(row.id for row in rows.ROWS) == shipped.row_id
    central = rows.flavio.default_parameters.get_central_all()
    for k, row in enumerate(rows.ROWS):
        mine = np.flatnonzero(shipped.panel_row == k)
        assert (row.q2_min, row.q2_max) == (shipped.panel_lo[mine[0]], shipped.panel_hi[mine[-1]])
        edges = rows.panels(row, central)
        assert edges.tolist() == [*shipped.panel_lo[mine], shipped.panel_hi[mine[-1]]]
        assert rows.row_constants(row, central).lepton_mass == shipped.lepton_mass[k]


def test_rows_are_those_of_a_list_typed_in_by_hand() -> None:
    """Decay, lepton, bin, unit to the last bit, and kind, as the tables were made before the rows were read."""
    for row, typed in zip(rows.ROWS, oracle.ROWS, strict=True):
        decay = typed.observable.removeprefix("dBR/dq2(").removesuffix(2 * typed.lepton + ")")
        plain = {"B0->K*0": "B0->K*", "B+->K*+": "B+->K*", "B+->K+": "B+->K", "B0->K0": "B0->K"}
        assert plain.get(row.hadrons, row.hadrons) == decay
        assert (row.lepton, row.q2_min, row.q2_max, row.scale) == (*typed[1:4], typed.unit)
        assert row.integrated is not typed.averaged


def test_the_unit_is_that_of_the_measurement() -> None:
    for row, measured in zip(rows.ROWS[:26], measurements.load().rows, strict=True):
        assert row.scale * measured.factor == pytest.approx(1.0, rel=1e-15)


def test_every_measured_bin_has_its_row_once() -> None:
    known = [row.id for row in rows.ROWS]
    assert len(known) == len(set(known))
    assert set(known) == {row.bin for row in measurements.every_row()}


def test_a_bin_of_an_unknown_decay_gets_a_sentence() -> None:
    measured = measurements.load().rows[0].model_copy(update={"decay": "B0->rhomumu", "id": "B0->rhomumu_0.1_0.98"})
    with pytest.raises(UserError, match=r"row B0->rhomumu_0\.1_0\.98: flavio's rates are known here for B0->K\*0, "):
        rows._known(measured)
