"""The reference: a run of grid points of one mass, point by point, and every quantity behind chi2 and the bits.

Per line the rows' polynomials are whitened and triangularised, so that a point costs a handful of multiply-adds:
chi2 = |R (u^k, u^k/Gamma, 1)|^2. Where Gamma exceeds the width limit of a row that the vector touches, that row is
computed at the point itself from the tables without approximation (kernels/reference/broad.py). Results do not depend
on where a run starts or ends. kernels/fast/evaluate.py does chi2 and the bits alone, from the same mass tables, and
many times faster.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner, njit
from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC
from zdscan.kernels.reference import broad
from zdscan.kernels.reference.line import (
    POWERS,
    V_MU,
    lepton_monomials,
    muon_shift,
    row_forms,
    row_polynomials,
    width_polynomials,
)
from zdscan.kernels.reference.squares import direct_chi2, extent_of_rows, fill_monomials, sum_of_squares, whitened
from zdscan.kernels.tables import mass as _mass
from zdscan.kernels.tables.clauses import (
    APPLIES,
    CHANNELS,
    CONSTRAINT,
    LENGTH,
    MONOMIALS,
    branching_fractions,
    clause_polynomial,
    clause_values,
    line_products,
)

CLOSED = 1e-300  # GeV; a width below has no finite inverse and counts as no open channel


@inner
def _horner(c: np.ndarray, x: float) -> float:
    total = 0.0
    for k in range(c.shape[0] - 1, -1, -1):
        total = total * x + c[k]
    return total


@inner
def _predict(
    tables: np.ndarray,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    lepton: np.ndarray,
    c0: np.ndarray,
    mass: float,
    kappa: float,
    u: float,
    width: float,
    inverse_width: float,
    forms: np.ndarray,
    active: np.ndarray,
    regular: np.ndarray,
    resonant: np.ndarray,
    broad_tables: np.ndarray,
    ready: np.ndarray,
    predictions: np.ndarray,
) -> None:
    """Every row at one point: by the small-width law, or from the tables of kernels/reference/broad.py."""
    weights = np.empty(broad.NODES)
    products = np.empty((2, broad.PADDED))
    at_width = np.zeros(broad.PADDED)
    segment = broad.segment_of(width) if width > 0.0 else -1
    if segment >= 0:
        broad.node_weights(width, segment, weights)
    for k in range(2):
        broad.point_monomials(forms, k, u, products[k])
    for r in range(lepton.shape[0]):
        k = lepton[r]
        total = c0[r]
        if active[k] and width <= tables[r, _mass.PER_ROW - 1]:
            total += _horner(regular[r], u) + _horner(resonant[r], u) * inverse_width
        elif active[k]:
            lo, hi = panel_lo[row_start[r] : row_start[r + 1]], panel_hi[row_start[r] : row_start[r + 1]]
            f = functions[row_start[r] : row_start[r + 1]]
            if segment < 0:
                broad.exact_at(lo, hi, f, mass, kappa, width, at_width)
            else:
                if not ready[r, segment]:
                    broad.fill_segment(lo, hi, f, mass, kappa, segment, broad_tables[r, segment])
                    ready[r, segment] = True
                broad.interpolate(broad_tables[r, segment], weights, width, at_width)
            for t in range(broad.TABLES):
                total += at_width[t] * products[k, t]
        predictions[r] = total


@inner
def _judge(
    clauses: np.ndarray,
    eps: float,
    eps_z: float,
    shift: float,
    channels: np.ndarray,
    u: np.ndarray,
    width: np.ndarray,
    inverse_width: np.ndarray,
    excluded: np.ndarray,
    ratios: np.ndarray,
    values: np.ndarray,
) -> None:
    """Constraint bits along a line; ratios float64[constraints, n] filled, values[n, clauses] where it has a length."""
    n = u.shape[0]
    polynomial = np.empty(POWERS)
    fractions = np.empty((CHANNELS, n))
    line_value = np.empty(n)
    products = np.empty(MONOMIALS)
    line_products(eps, eps_z, products)
    branching_fractions(channels, u, width, inverse_width, fractions)
    ratios[:, :] = 0.0
    for c in range(clauses.shape[0]):
        if clauses[c, APPLIES] == 0.0:
            continue
        clause_polynomial(clauses, c, products, shift, polynomial)
        clause_values(clauses[c], polynomial, fractions, u, width, line_value, ratios[int(clauses[c, CONSTRAINT])])
        if values.shape[0] > 0:
            for i in range(n):
                values[i, c] = line_value[i]
    for i in range(n):
        excluded[i] = 0
    for k in range(ratios.shape[0]):
        bit = np.uint64(1) << np.uint64(k)
        for i in range(n):
            excluded[i] |= bit if ratios[k, i] >= 1.0 else np.uint64(0)


@njit
def evaluate_block(
    mass_tables: np.ndarray,
    matrix: np.ndarray,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    lepton: np.ndarray,
    c0: np.ndarray,
    measured: np.ndarray,
    whitening: np.ndarray,
    whitening_muon: np.ndarray,
    n_regular: int,
    n_resonant: int,
    n_constraints: int,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    chi2: np.ndarray,
    chi2_muon: np.ndarray,
    excluded: np.ndarray,
    ratios: np.ndarray,
    values: np.ndarray,
    predictions: np.ndarray,
    widths: np.ndarray,
    a_mu: np.ndarray,
) -> None:
    """Points first..first+count of one mass, in C order of (eps, eps_z, g_mu). GeV.

    Parameters
    ----------
    mass_tables : the mass tables of this mass (kernels/tables/mass.py), clauses included.
    matrix : float64[16, 3], couplings per unit (eps, eps_z, g_mu).
    row_start, panel_lo, panel_hi, functions, lepton (0 e, 1 mu), c0 : the rows (kernels/physics/bsll.py).
    measured : float64[rows]; whitening : float64[m, rows], chi2 = |whitening (prediction - measured)|^2;
        whitening_muon : the same for the muon rows alone.
    n_regular, n_resonant : how many powers of u (from u^1) and of u/Gamma (from u^0) the couplings can produce.
    chi2, excluded (uint64) : arrays of `count` numbers, always filled.
    chi2_muon[count], ratios[count, constraints], values[count, clauses], predictions[count, rows],
        widths[count, 5] (ee, mumu, nunu, hadrons, extra invisible), a_mu[count] : filled unless of length 0.
    """
    rows = c0.shape[0]
    n_g = g_axis.shape[0]
    n_eps_z = eps_z_axis.shape[0]
    columns = n_regular + n_resonant + 1
    clauses = mass_tables[_mass.mass_tables_length(rows) :].reshape(-1, LENGTH)
    tables = mass_tables[_mass.HEADER : _mass.mass_tables_length(rows)].reshape(rows, _mass.PER_ROW)

    channels = np.empty((CHANNELS + 2, 3))
    forms = np.empty((7, 2))
    linear = np.empty((2, LINEAR, 3))
    quadratic = np.empty((2, QUADRATIC, POWERS))
    active = np.empty(2, dtype=np.bool_)
    regular = np.empty((rows, POWERS))
    resonant = np.empty((rows, POWERS))
    factor = np.empty((max(whitening.shape[0], columns), columns))
    factor_muon = np.empty((max(whitening_muon.shape[0], columns), columns))
    monomials = np.empty((columns - 1, n_g))
    u_line = np.empty(n_g)
    width_line = np.empty(n_g)
    inverse_line = np.empty(n_g)
    ratio_store = np.empty(n_constraints * n_g)
    row_values = np.empty(rows)
    extent, extent_muon = extent_of_rows(whitening), extent_of_rows(whitening_muon)
    broad_tables = np.empty((rows, broad.SEGMENTS, broad.NODES, broad.PADDED))
    ready = np.zeros((rows, broad.SEGMENTS), dtype=np.bool_)

    done = 0
    while done < count:
        line, start = divmod(first + done, n_g)
        n = min(n_g - start, count - done)
        stop = done + n
        eps = eps_axis[line // n_eps_z]
        eps_z = eps_z_axis[line % n_eps_z]
        u, width, inverse_width = u_line[:n], width_line[:n], inverse_line[:n]

        # the line: polynomials in u
        shift = muon_shift(matrix, eps, eps_z)
        width_polynomials(mass_tables, matrix, matrix[V_MU, 2], eps, eps_z, shift, channels)
        row_forms(mass_tables, matrix, matrix[V_MU, 2], eps, eps_z, shift, forms)
        total_width = channels[CHANNELS]
        for k in range(2):
            active[k] = lepton_monomials(forms, k, linear[k], quadratic[k])
        law_limit = row_polynomials(
            tables, lepton, active, total_width, linear, quadratic, n_resonant, regular, resonant
        )

        # the points: monomials, then sums of squares
        for i in range(n):
            u[i] = g_axis[start + i] + shift
            width[i] = _horner(total_width, u[i])
            if width[i] < CLOSED:
                width[i] = 0.0
            inverse_width[i] = 1.0 / width[i] if width[i] > 0.0 else 0.0
        fill_monomials(u, inverse_width, n_regular, n_resonant, monomials)
        whitened(whitening, extent, c0, measured, regular, resonant, n_regular, n_resonant, factor)
        sum_of_squares(factor, monomials, n, chi2[done:stop])
        if chi2_muon.shape[0] > 0:
            whitened(whitening_muon, extent_muon, c0, measured, regular, resonant, n_regular, n_resonant, factor_muon)
            sum_of_squares(factor_muon, monomials, n, chi2_muon[done:stop])

        # points that are too broad for the law, and predictions
        for i in range(n):
            beyond = width[i] > law_limit
            if not beyond and predictions.shape[0] == 0:
                continue
            _predict(
                tables,
                row_start,
                panel_lo,
                panel_hi,
                functions,
                lepton,
                c0,
                mass_tables[_mass.MASS],
                mass_tables[_mass.KAPPA],
                u[i],
                width[i],
                inverse_width[i],
                forms,
                active,
                regular,
                resonant,
                broad_tables,
                ready,
                row_values,
            )
            if beyond:
                chi2[done + i] = direct_chi2(whitening, extent, row_values, measured)
                if chi2_muon.shape[0] > 0:
                    chi2_muon[done + i] = direct_chi2(whitening_muon, extent_muon, row_values, measured)
            if predictions.shape[0] > 0:
                for r in range(rows):
                    predictions[done + i, r] = row_values[r]

        # constraints
        line_ratios = ratio_store[: n_constraints * n].reshape(n_constraints, n)
        _judge(
            clauses,
            eps,
            eps_z,
            shift,
            channels,
            u,
            width,
            inverse_width,
            excluded[done:stop],
            line_ratios,
            values[done:stop],
        )
        if ratios.shape[0] > 0:
            for i in range(n):
                for k in range(n_constraints):
                    ratios[done + i, k] = line_ratios[k, i]

        if widths.shape[0] > 0:
            for i in range(n):
                # rounding may leave a little below zero where the couplings of a user's own case cancel
                widths[done + i, 0] = max(_horner(channels[1], u[i]), 0.0)
                widths[done + i, 1] = max(_horner(channels[2], u[i]), 0.0)
                widths[done + i, 2] = max(_horner(channels[CHANNELS + 1], u[i]), 0.0)
                widths[done + i, 3] = max(_horner(channels[3], u[i]), 0.0)
                widths[done + i, 4] = mass_tables[_mass.INVISIBLE]
        if a_mu.shape[0] > 0:
            for i in range(n):
                v = forms[2, 0] + forms[2, 1] * u[i]
                a = forms[3, 0] + forms[3, 1] * u[i]
                a_mu[done + i] = mass_tables[_mass.MOMENT] * v * v + mass_tables[_mass.MOMENT + 1] * a * a
        done = stop
