"""One mass: everything that needs an integral, packed into one flat vector that ranks can share.

What is evaluated once a mass is plain Python and NumPy; the rows alone are work enough to be compiled.

Layout of mass tables (float64): the header below, then per row lin0[5], lin1[5], residue[9], finite[9] and the width
limit (kernels/physics/bsll.py), then the forms of quotients (kernels/tables/forms.py), then the clauses of the
constraints (kernels/tables/clauses.py).
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import njit
from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC, row_law, width_limit
from zdscan.kernels.physics.moments import moment_factors
from zdscan.kernels.physics.widths import lepton_factors, neutrino_factor
from zdscan.kernels.tables.clauses import LENGTH
from zdscan.kernels.tables.forms import PER_FORM

MASS, KAPPA, INVISIBLE = 0, 1, 2
ELECTRON, MUON, NEUTRINO = 3, 5, 7  # width factors: k_v, k_a; k_v, k_a; per g_nu^2 of one flavour
HADRONS = 8  # six entries of M/(12 pi) R_ij: rr, oo, pp, ro, rp, op
AXIAL = 14  # three entries of the axial currents, per product of kernels/physics/widths.py
MONOPOLE, CHARGE_RADIUS, DIPOLE = 17, 20, 23  # Re(E0, E2, M1/lambda_t) of b -> s per unit eps, eps_z, g_mu
MOMENT = 26  # k_v, k_a of Delta a_mu
INVISIBLE_SHARE = 28
HEADER = 29
PER_ROW = 2 * LINEAR + 2 * QUADRATIC + 1


def mass_tables_length(rows: int, forms: int = 0) -> int:
    """Length of mass tables before the clauses."""
    return HEADER + PER_ROW * rows + PER_FORM * forms


def row_tables(mass_tables: np.ndarray, rows: int) -> np.ndarray:
    """The tables of the rows in mass tables: float64[rows, PER_ROW]."""
    return mass_tables[HEADER : mass_tables_length(rows)].reshape(rows, PER_ROW)


def form_tables(mass_tables: np.ndarray, rows: int, forms: int) -> np.ndarray:
    """The tables of the forms in mass tables: float64[forms, PER_FORM]."""
    return mass_tables[mass_tables_length(rows) : mass_tables_length(rows, forms)].reshape(forms, PER_FORM)


def clause_tables(mass_tables: np.ndarray, rows: int, forms: int = 0) -> np.ndarray:
    """The clauses in mass tables: float64[slots, LENGTH]; APPLIES is 0 in a slot without clause."""
    return mass_tables[mass_tables_length(rows, forms) :].reshape(-1, LENGTH)


def fill_mass_tables(
    out: np.ndarray,
    mass: float,
    longitudinal: bool,
    invisible_width: float,
    m_electron: float,
    m_muon: float,
    hadrons: np.ndarray,
    penguin: np.ndarray,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    c0: np.ndarray,
    *,
    invisible_share: float = 0.0,
    neutrinos: float = 1.0,
) -> None:
    """Fill header and row tables of the mass tables of one mass.

    Parameters
    ----------
    out : float64[>= mass_tables_length(rows)].
    mass : GeV, 0.01 to 2.
    longitudinal : whether the propagator keeps its q_mu q_nu/M^2 term and the dipole acts (theory setting `complete`).
    invisible_width : extra invisible width, GeV.
    hadrons : float64[9], the hadronic width per product of couplings, six vector and three axial, GeV.
    penguin : float64[3, 3], Re(E0/lambda_t), Re(E2/lambda_t), Re(M1/lambda_t) per unit eps, eps_z, g_mu.
    row_start : int64[rows + 1], panels of row r are row_start[r]..row_start[r+1].
    panel_lo, panel_hi : float64[P]; functions : float64[P, 21, 8] of `bsll.node_functions`.
    c0 : float64[rows], SM predictions.
    invisible_share : further invisible width, as a multiple of the widths to leptons, neutrinos and hadrons.
    neutrinos : states of each flavour, 2 where light right-handed ones couple as the left-handed.
    """
    kappa = 1.0 / (mass * mass) if longitudinal else 0.0
    out[MASS], out[KAPPA], out[INVISIBLE] = mass, kappa, invisible_width
    out[ELECTRON : ELECTRON + 2] = lepton_factors(mass, m_electron)
    out[MUON : MUON + 2] = lepton_factors(mass, m_muon)
    out[NEUTRINO] = neutrinos * neutrino_factor(mass)
    out[INVISIBLE_SHARE] = invisible_share
    out[HADRONS : AXIAL + 3] = hadrons
    out[MONOPOLE : MONOPOLE + 9] = penguin.ravel()
    out[MOMENT : MOMENT + 2] = moment_factors(mass, m_muon)
    _fill_rows(row_tables(out, len(c0)), mass, kappa, longitudinal, row_start, panel_lo, panel_hi, functions, c0)


@njit
def _fill_rows(
    tables: np.ndarray,
    mass: float,
    kappa: float,
    longitudinal: bool,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    c0: np.ndarray,
) -> None:
    for r in range(c0.shape[0]):
        row = tables[r]
        first, last = row_start[r], row_start[r + 1]
        lo, hi, f = panel_lo[first:last], panel_hi[first:last], functions[first:last]
        lin0, lin1, squares = row[:LINEAR], row[LINEAR : 2 * LINEAR], row[2 * LINEAR : PER_ROW - 1]
        residue, finite = squares[:QUADRATIC], squares[QUADRATIC:]
        row_law(lo, hi, f, mass, kappa, lin0, lin1, residue, finite)
        limit = width_limit(lo, hi, f, c0[r], mass, kappa, longitudinal, lin0, lin1, residue, finite)
        if limit == 0.0:  # the pole is an edge: only the closed form is finite there
            for k in range(PER_ROW - 1):
                row[k] = 0.0
        row[PER_ROW - 1] = limit
