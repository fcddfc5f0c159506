"""The R ratio of a light vector by current, from which its hadronic width is made.

Two files: table_hadronic_R.toml is that of the setting `paper`, table_hadronic_R_fine.toml that of `complete`.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from zdscan.errors import UserError
from zdscan.inputs.against_mass import Array, Numbers, load

NAME, FINE, AXIAL = "hadronic_R", "hadronic_R_fine", "axial_spectral"
CURRENTS = ("rr", "oo", "pp", "ro", "rp", "op")  # rho, omega, phi and their interference


def by_current(numbers: Numbers, source: str = f"table_{NAME}.toml") -> Array:
    """The R ratio of a light vector by current (Gamma_had = M/(12 pi) sum c_i c_j R_ij).

    Returns
    -------
    float64[n, 7]: sqrt_s in GeV, R_rr, R_oo, R_pp, R_ro, R_rp, R_op, to be interpolated linearly in sqrt_s, zero below
    two pions. Source: arXiv:2201.01788 and the PDG compilation of R, see docs/model.md.

    Raises
    ------
    UserError
        The columns are others, or the currents do not add up to the total; the sentence names `source` and the row.
    """
    wanted = {"total", *CURRENTS}
    if set(numbers.columns) != wanted or len(numbers.segments) != 1:
        raise UserError(f"{source}: the columns must be {', '.join(sorted(wanted))}, in one segment.")
    columns = numbers.segments[0].columns
    # The columns and their total are rounded to four digits separately; pi0 gamma (below 1e-3) is in the total alone.
    parts = sum(columns[name] for name in CURRENTS)
    fault = np.flatnonzero(np.abs(parts - columns["total"]) > 2e-3 * columns["total"] + 1e-4)
    if fault.size:
        raise UserError(f"{source}, segment 1, row {fault[0] + 1}: the six parts do not add up to the total.")
    return np.ascontiguousarray(np.column_stack([columns[name] for name in ("mass", *CURRENTS)]))


@cache
def table(name: str = NAME) -> Array:
    """The R ratio of this version of zdscan, as `by_current` gives it; the array is shared, so do not write to it."""
    return by_current(load(name), f"table_{name}.toml")


def citations(theory: str) -> tuple[str, ...]:
    """Keys of references.bib of what the hadronic width of a theory setting is made of."""
    names = (NAME,) if theory == "paper" else (FINE, AXIAL)
    return tuple(dict.fromkeys(key for name in names for key in load(name).citations))
