"""What a case is: a matrix of couplings, linear in its parameters; Cases A, B and C. Conventions: docs/model.md.

L = V_mu sum_f fbar gamma^mu (v_f - a_f gamma5) f + g_nu nubar gamma^mu P_L nu + gauge and Goldstone vertices
mixing:  v_f = e eps Q_f + gz eps_z (T3_f/2 - Q_f sW2),   a_f = gz eps_z T3_f/2   (arXiv:1203.2947)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError, no_such
from zdscan.inputs import constants
from zdscan.kernels.physics.couplings import A_E, A_MU, A_TAU
from zdscan.physics import completion, loop_mixing
from zdscan.physics.currents import currents
from zdscan.physics.parameters import COLUMNS, LARGEST_COUPLING, MIXING, Parameters

COUPLINGS = (
    *("v_e", "a_e", "v_mu", "a_mu", "v_tau", "a_tau", "v_u", "a_u", "v_d", "a_d", "v_s", "a_s"),
    *("g_nue", "g_numu", "g_nutau", "gWW", "gpp", "gWp"),
)
_NEUTRINOS = ("g_nue", "g_numu", "g_nutau")
TAU = ("v_tau", "a_tau")  # rows since scan files of format 2
_DERIVED = [COUPLINGS.index(name) for name in (*TAU, "gWW", "gpp", "gWp")]  # rows that follow where not given
AXIAL_WITH = "g_mu"  # the parameter that the setting axial_mu goes with


@dataclass(frozen=True)
class Case:
    """A model: couplings that are linear in its parameters (docs/model.md).

    Attributes
    ----------
    name : "A", "B", "C", that of a named model, or the user's.
    title : a few words for people.
    matrix : float64[18, 3]; `matrix[i, j]` is coupling ``COUPLINGS[i]`` per unit of parameter ``parameters.names[j]``.
    parameters : names, titles and ranges of the columns; by default eps, eps_z and g_mu.
    loop : whether loops of leptons add kinetic mixing, which depends on the mass (`zdscan.physics.loop_mixing`).
    light_neutrinos : whether right-handed neutrinos of the same charges, lighter than half the vector, double its width
        into neutrinos.
    note : what else there is to know.
    """

    name: str
    title: str
    matrix: NDArray[np.float64]
    parameters: Parameters = MIXING
    loop: bool = False
    light_neutrinos: bool = False
    note: str = ""

    def couplings(self, *values: float, axial_mu: float = 0.0, **named: float) -> dict[str, float]:
        """Named couplings at a point, without loops; axial_mu x g_mu is added to the muon's axial coupling.

        Parameters
        ----------
        values, named : of the parameters, in their order or by name; 0 where not given.
        """
        point = [*values, *(named.pop(name, 0.0) for name in self.parameters.names[len(values) :])]
        if named:
            raise TypeError(f"Case {self.name} has no parameter {', '.join(named)}")
        return dict(zip(COUPLINGS, (self.with_axial(axial_mu) @ np.array(point)).tolist(), strict=True))

    def with_axial(self, axial_mu: float) -> NDArray[np.float64]:
        """The matrix with the axial muon coupling axial_mu x g_mu added, where there is a g_mu."""
        matrix = self.matrix.copy()
        if AXIAL_WITH in self.parameters:
            matrix[COUPLINGS.index("a_mu"), self.parameters.index(AXIAL_WITH)] += axial_mu
        return matrix

    def with_loops(self, matrix: NDArray[np.float64], mass: float) -> NDArray[np.float64]:
        """A matrix of this case with the mixing of its loops at a mass (GeV), where `loop` says so."""
        if not self.loop:
            return matrix
        return loop_mixing.with_loops(matrix, CASES["A"].matrix[:, 0], mass, constants.load())

    def switched(self, mixing: str, right_handed_neutrinos: str) -> Case:
        """The case with loops and light right-handed neutrinos switched on or off; "auto" leaves it as it is.

        Raises
        ------
        UserError
            The loops are not finite, or the right-handed neutrinos would not have the charges of the left-handed ones.
        """
        if faults := self.switch_faults(mixing, right_handed_neutrinos):
            raise UserError(*(f"{name} {fault}." for name, fault in faults.items()))
        loop = self.loop if mixing == "auto" else mixing == "loop"
        light = self.light_neutrinos if right_handed_neutrinos == "auto" else right_handed_neutrinos == "light"
        if (loop, light) == (self.loop, self.light_neutrinos):
            return self
        return replace(self, loop=loop, light_neutrinos=light)

    def switch_faults(self, mixing: str, right_handed_neutrinos: str) -> dict[str, str]:
        """What is wrong with these switches, as a predicate by the name of the setting."""
        faults = {}
        if mixing == "loop" and not any(loop_mixing.loops(column) for column in self.matrix.T):
            faults["mixing"] = (
                f"= 'loop' does not fit Case {self.name}: the loops of a parameter are finite where only leptons "
                "couple to it, without axial couplings, and their charges sum to zero"
            )
        if right_handed_neutrinos == "light" and not self._vectorlike_neutrinos():
            faults["right_handed_neutrinos"] = (
                f"= 'light' does not fit Case {self.name}: neutrinos must couple, and the charged leptons beside them "
                "without axial couplings, for right-handed ones to have the same charges"
            )
        return faults

    def verdict(self) -> tuple[str, str]:
        """Whether there is an anomaly, and whether the current is conserved, in few words for all parameters."""
        found = [item for item in currents(self.matrix, self.parameters.names) if item.couples]
        unknown = [item.parameter for item in found if item.anomaly is None]
        anomalous = [f"{item.anomaly:.4g} {item.parameter}" for item in found if item.anomaly]
        told = [*anomalous, *(f"not predicted for {name}" for name in unknown)]
        broken = [f"{item.parameter}: {'; '.join(item.broken_by)}" for item in found if item.broken_by]
        return ", ".join(told) or "none", " | ".join(broken) or "conserved"

    def _vectorlike_neutrinos(self) -> bool:
        """Whether neutrinos couple, and only to parameters under which the Higgs boson is neutral."""
        neutrinos = [COUPLINGS.index(name) for name in _NEUTRINOS]
        coupled = [column for column in self.matrix.T if np.any(column[neutrinos])]
        return bool(coupled) and not any(np.any(column[[A_E, A_MU, A_TAU]]) for column in coupled)

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
        parameters: Parameters = MIXING,
        base: NDArray[np.float64] | None = None,
        scan_format: int | None = None,
    ) -> Case:
        """A case from named couplings, e.g. ``{"v_mu": {"g_mu": 1.0}}``.

        ``g_nu`` stands for the three neutrinos at once. Absent entries are 0, but for gWW, gpp, gWp and the tau's,
        which follow from the others (zdscan/physics/completion.py).

        Parameters
        ----------
        parameters : the columns.
        base : float64[18, 3], to begin with; what is given replaces entries of it.
        scan_format : of the scan file the couplings stand in. Format 1 has no tau, and takes gWW and gWp as given
            where they contradict the quarks. None: the latest.

        Raises
        ------
        UserError
            Unknown names, numbers that are not finite or far beyond perturbation theory, gauge couplings that
            contradict the quarks, or different couplings of d and s.
        """
        found: list[str] = []
        names = parameters.used
        matrix = np.zeros((len(COUPLINGS), COLUMNS))
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
                    f"Case {name}, coupling {row}: {entries!r} must be numbers by parameter, such as "
                    f"{{'{names[-1]}': 1.0}}."
                )
                continue
            for column, value in entries.items():
                if column not in names:
                    found.append(f"Case {name}, coupling {row}: there is {no_such('parameter', column, names)}.")
                elif not _is_coupling(value):
                    found.append(
                        f"Case {name}: {row} per {column} is {value!r}; it must be a finite number of at most "
                        f"{LARGEST_COUPLING:g} in size."
                    )
                else:
                    for target in _NEUTRINOS if row == "g_nu" else (row,):
                        place = COUPLINGS.index(target), parameters.index(column)
                        matrix[place] += value
                        given[place] = True
        if not found:
            if base is not None:
                # what follows from the others is kept of the base in the columns that stay as they are
                untouched = ~given.any(axis=0)
                known = ~np.isin(np.arange(len(COUPLINGS)), _DERIVED)[:, None] | untouched
                matrix, given = np.where(known & ~given, base, matrix), given | known
            matrix = completion.completed(matrix, given)
            faults = completion.faults(matrix, names=parameters.names, lenient=scan_format == 1)
            found = [f"Case {name}: {fault}" for fault in faults]
        if found:
            raise UserError(*found)
        return cls(name, title or f"User's case {name}", matrix, parameters)


def _is_coupling(value: object) -> bool:
    """Whether a value is a finite number that is not far beyond perturbation theory."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(value) and abs(float(value)) <= LARGEST_COUPLING


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


def axial_fault(axial_mu: float, case: Case) -> str | None:
    """What is wrong with a setting axial_mu for a case, as a predicate; None where it fits."""
    if axial_mu == 0.0 or AXIAL_WITH in case.parameters:
        return None
    return f"= {axial_mu:g} does not fit Case {case.name}, which has no parameter {AXIAL_WITH} that it goes with"
