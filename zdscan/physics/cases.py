"""Cases: a model is a matrix of couplings, linear in (eps, eps_z, g_mu). Conventions: docs/model.md.

L = V_mu sum_f fbar gamma^mu (v_f - a_f gamma5) f + g_nu nubar gamma^mu P_L nu + gauge and Goldstone vertices
mixing:  v_f = e eps Q_f + gz eps_z (T3_f/2 - Q_f sW2),   a_f = gz eps_z T3_f/2   (arXiv:1203.2947)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError, listed, no_such
from zdscan.inputs import constants
from zdscan.physics import completion
from zdscan.physics.parameters import LARGEST_COUPLING, PARAMETERS

COUPLINGS = (
    *("v_e", "a_e", "v_mu", "a_mu", "v_tau", "a_tau", "v_u", "a_u", "v_d", "a_d", "v_s", "a_s"),
    *("g_nue", "g_numu", "g_nutau", "gWW", "gpp", "gWp"),
)
_NEUTRINOS = ("g_nue", "g_numu", "g_nutau")
TAU = ("v_tau", "a_tau")  # rows since scan files of format 2


@dataclass(frozen=True)
class Case:
    """A model: couplings that are linear in the parameters eps, eps_z and g_mu (docs/model.md).

    Attributes
    ----------
    name : "A", "B", "C", or the user's.
    title : a few words for people.
    matrix : float64[18, 3]; `matrix[i, j]` is coupling ``COUPLINGS[i]`` per unit of parameter ``PARAMETERS[j]``.
    """

    name: str
    title: str
    matrix: NDArray[np.float64]

    def couplings(self, eps: float, eps_z: float, g_mu: float, axial_mu: float = 0.0) -> dict[str, float]:
        """Named couplings at a point; axial_mu x g_mu is added to the muon's axial coupling."""
        values = self.with_axial(axial_mu) @ np.array([eps, eps_z, g_mu])
        return dict(zip(COUPLINGS, values.tolist(), strict=True))

    def with_axial(self, axial_mu: float) -> NDArray[np.float64]:
        """The matrix with the axial muon coupling axial_mu x g_mu added."""
        matrix = self.matrix.copy()
        matrix[COUPLINGS.index("a_mu"), PARAMETERS.index("g_mu")] += axial_mu
        return matrix

    @property
    def built_in(self) -> bool:
        """Whether this is Case A, B or C, by its name and by every coupling."""
        return self.name in CASES and np.array_equal(self.matrix, CASES[self.name].matrix)

    @classmethod
    def from_couplings(
        cls,
        name: str,
        couplings: Mapping[str, Mapping[str, float]],
        title: str = "",
        *,
        scan_format: int | None = None,
    ) -> Case:
        """A case from named couplings, e.g. ``{"v_mu": {"g_mu": 1.0}}``.

        ``g_nu`` stands for the three neutrinos at once. Columns are eps, eps_z, g_mu. Absent entries are 0, but for
        gWW, gpp, gWp and the tau's, which follow from the others (zdscan/physics/completion.py).

        Parameters
        ----------
        scan_format : of the scan file the couplings stand in. Format 1 has no tau, and takes gWW and gWp as given
            where they contradict the quarks. None: the latest.

        Raises
        ------
        UserError
            Unknown names, numbers that are not finite or far beyond perturbation theory, gauge couplings that
            contradict the quarks, or different couplings of d and s.
        """
        found: list[str] = []
        matrix = np.zeros((len(COUPLINGS), len(PARAMETERS)))
        given = np.zeros(matrix.shape, dtype=bool)
        allowed = [row for row in (*COUPLINGS, "g_nu") if scan_format != 1 or row not in TAU]
        for row, entries in couplings.items():
            if row in TAU and scan_format == 1:
                found.append(
                    f"Case {name}: {row} needs format = 2; in format 1 the tau follows from its neutrino and the W."
                )
                continue
            if row not in allowed:
                found.append(f"Case {name}: there is {no_such('coupling', row, allowed)}.")
                continue
            if not isinstance(entries, Mapping):
                found.append(
                    f"Case {name}, coupling {row}: {entries!r} must be numbers by parameter, such as {{'g_mu': 1.0}}."
                )
                continue
            for column, value in entries.items():
                if column not in PARAMETERS:
                    found.append(f"Case {name}, coupling {row}: there is {no_such('parameter', column, PARAMETERS)}.")
                elif not isinstance(value, Real) or not math.isfinite(value) or abs(value) > LARGEST_COUPLING:
                    found.append(
                        f"Case {name}: {row} per {column} is {value!r}; it must be a finite number of at most "
                        f"{LARGEST_COUPLING:g} in size."
                    )
                else:
                    for target in _NEUTRINOS if row == "g_nu" else (row,):
                        place = COUPLINGS.index(target), PARAMETERS.index(column)
                        matrix[place] += value
                        given[place] = True
        if not found:
            matrix = completion.completed(matrix, given)
            found = [f"Case {name}: {fault}" for fault in completion.faults(matrix, lenient=scan_format == 1)]
        if found:
            raise UserError(*found)
        return cls(name, title or f"User's case {name}", matrix)


def gauge_couplings() -> tuple[float, float, float]:
    """(e, gz, sin^2 theta_W): e^2 = 4 pi alpha(0), gz = g/cW = sqrt(4 sqrt2 GF) MZ."""
    c = constants.load()
    return c["e"], c["gz"], c["sin2_theta_w"]


def _mixing() -> dict[str, dict[str, float]]:
    """Kinetic and mass mixing: the photon's couplings times eps, the Z's times eps_z."""
    e, gz, s2 = gauge_couplings()
    lepton = (-1.0, -0.5)
    charges = {"e": lepton, "mu": lepton, "tau": lepton, "u": (2 / 3, 0.5), "d": (-1 / 3, -0.5), "s": (-1 / 3, -0.5)}
    couplings: dict[str, dict[str, float]] = {}
    for fermion, (charge, isospin) in charges.items():
        couplings[f"v_{fermion}"] = {"eps": e * charge, "eps_z": gz * (isospin / 2.0 - charge * s2)}
        couplings[f"a_{fermion}"] = {"eps_z": gz * isospin / 2.0}
    couplings["g_nu"] = {"eps_z": gz / 2.0}
    couplings["gWW"] = {"eps": e, "eps_z": gz * (1.0 - s2)}
    couplings["gpp"] = {"eps": e, "eps_z": gz * (0.5 - s2)}
    couplings["gWp"] = {"eps": e, "eps_z": -gz * s2}
    return couplings


@cache
def _cases() -> dict[str, Case]:
    mixing = _mixing()
    muon = {**mixing, "v_mu": {**mixing["v_mu"], "g_mu": 1.0}}
    # Direct electron couplings, vector and axial, that cancel what mixing induces. A vector coupling alone would
    # leave a_e = -gz eps_z/4, which atomic parity violation sees.
    electrophobic = {name: entries for name, entries in muon.items() if name not in ("v_e", "a_e")}
    return {
        "A": Case.from_couplings("A", mixing, "Dark photon and dark Z: kinetic and mass mixing"),
        "B": Case.from_couplings("B", muon, "Case A and a direct vector coupling to the muon"),
        "C": Case.from_couplings("C", electrophobic, "Case B with the electron couplings cancelled"),
    }


CASES: Mapping[str, Case] = _cases()


def named_case(name: str) -> Case:
    """Case A, B or C.

    Raises
    ------
    UserError
        If there is no such case.
    """
    if name not in CASES:
        raise UserError(f"There is no case {name!r}; allowed are {listed(CASES)}, or a matrix of your own.")
    return CASES[name]


def case_of(case: str | Case | Mapping[str, Mapping[str, float]]) -> Case:
    """The case that a user means: a name, a case, or the couplings of one of their own.

    Raises
    ------
    UserError
        As `named_case` and `Case.from_couplings`.
    """
    if isinstance(case, Mapping):
        return Case.from_couplings("own", case)
    return case if isinstance(case, Case) else named_case(case)
