"""Tables of one mass: the header against formulas, the views of rows and clauses, rows whose pole is an edge."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.tolerances import EXACT_ALGEBRA, MAGNETIC_MOMENT
from tests.twins.moments import leveille
from zdscan.kernels.tables import clauses
from zdscan.kernels.tables import mass as layout

ELECTRON, MUON = 0.000511, 0.1056584  # GeV
HADRONS = np.arange(1.0, 10.0)  # per product of couplings, six vector and three axial
PENGUIN = np.arange(1.0, 10.0).reshape(3, 3)
EDGES = np.array([0.0625, 0.25, 1.0])  # squares of 0.25, 0.5 and 1 GeV: no rounding
ROWS = 2


def tables_of(mass: float, *, longitudinal: bool = True, slots: int = 0) -> np.ndarray:
    """Mass tables of two rows, one panel each between the edges, all node functions 1."""
    out = np.full(layout.mass_tables_length(ROWS) + slots * clauses.LENGTH, np.nan)
    functions, start = np.ones((ROWS, 21, 8)), np.arange(ROWS + 1)
    layout.fill_mass_tables(
        *(out, mass, longitudinal, 0.125, ELECTRON, MUON, HADRONS, PENGUIN),
        *(start, EDGES[:-1].copy(), EDGES[1:].copy(), functions, np.ones(ROWS)),
    )
    return out


@pytest.mark.parametrize("mass", [0.02, 0.2, 0.22, 0.7, 1.9])
def test_header_against_formulas(mass: float) -> None:
    header = tables_of(mass)[: layout.HEADER]
    assert header[[layout.MASS, layout.INVISIBLE]].tolist() == [mass, 0.125]
    assert header[layout.KAPPA] == pytest.approx(mass**-2, rel=EXACT_ALGEBRA)
    assert tables_of(mass, longitudinal=False)[layout.KAPPA] == 0.0
    flux = mass / (12 * math.pi)
    for place, m in ((layout.ELECTRON, ELECTRON), (layout.MUON, MUON)):
        r = (m / mass) ** 2
        beta = math.sqrt(max(1 - 4 * r, 0.0))
        expected = [flux * beta * (1 + 2 * r), flux * beta**3]
        np.testing.assert_allclose(header[place : place + 2], expected, rtol=1e-12)
    assert header[layout.NEUTRINO] == pytest.approx(flux / 2, rel=EXACT_ALGEBRA)
    assert header[layout.HADRONS : layout.HADRONS + 6].tolist() == HADRONS[:6].tolist()
    assert header[layout.AXIAL : layout.AXIAL + 3].tolist() == HADRONS[6:].tolist()
    for place, factors in zip((layout.MONOPOLE, layout.CHARGE_RADIUS, layout.DIPOLE), PENGUIN, strict=True):
        assert header[place : place + 3].tolist() == factors.tolist()
    for place, couplings in ((layout.MOMENT, (1.0, 0.0)), (layout.MOMENT + 1, (0.0, 1.0))):
        assert header[place] == pytest.approx(float(leveille(mass, MUON, *couplings)), rel=MAGNETIC_MOMENT)


def test_rows_and_clauses_lie_behind_the_header_without_gap() -> None:
    tables = tables_of(0.7, slots=3)
    rows, slots = layout.row_tables(tables, ROWS), layout.clause_tables(tables, ROWS)
    assert rows.shape == (ROWS, layout.PER_ROW)
    assert slots.shape == (3, clauses.LENGTH)
    assert layout.HEADER + rows.size + slots.size == tables.size
    assert np.isnan(slots).all()  # filled by whoever knows the constraints
    assert np.isfinite(tables[: -slots.size]).all()
    rows[-1, -1], slots[0, 0] = 11.0, 12.0
    assert tables[layout.mass_tables_length(ROWS) + np.array([-1, 0])].tolist() == [11.0, 12.0]


def test_row_tables_of_a_constant() -> None:
    """lin0, lin1, residue, finite and limit of a row with the pole outside and of one with the pole inside."""
    mass = 0.7
    tables = layout.row_tables(tables_of(mass, longitudinal=False), ROWS)
    for row, low, high in zip(tables, EDGES[:-1] - mass**2, EDGES[1:] - mass**2, strict=True):
        inside, principal, part = float(low < 0.0 < high), math.log(abs(high / low)), 1 / low - 1 / high
        lin0, lin1, residue, finite = row[:5], row[5:10], row[10:19], row[19:28]
        np.testing.assert_allclose(lin0, [principal - inside * math.pi] * 3 + [principal] * 2, rtol=1e-11)
        np.testing.assert_allclose(lin1, [-mass * part] * 3 + [0.0] * 2, rtol=1e-11, atol=EXACT_ALGEBRA)
        np.testing.assert_allclose(residue, inside * math.pi / mass, rtol=1e-11)
        np.testing.assert_allclose(finite, part, rtol=1e-11)
        assert 0.0 < row[28] < min(abs(low), abs(high)) / mass


@pytest.mark.parametrize(("mass", "at_edge"), [(0.25, [True, False]), (0.5, [True, True]), (1.0, [False, True])])
def test_a_row_whose_edge_is_the_pole_has_no_law(mass: float, at_edge: list[bool]) -> None:
    tables = layout.row_tables(tables_of(mass), ROWS)
    assert np.all(tables == 0.0, axis=1).tolist() == at_edge
    assert (tables[:, -1] > 0.0).tolist() == [not edge for edge in at_edge]
    assert np.isfinite(tables).all()
