"""The quantitative claims of arXiv:2412.11438 beside the program's own numbers; verdicts follow from the numbers.

record.py       the record of a claim, and the evaluators that claims share
flavour.py      mixing and rare decays with a flavour-changing vertex
charged.py      a Z_D radiated in charged-current decays, and Z decays
low_energy.py   parity violation, neutrinos, dark photon searches, anomalous moments
fits.py         the data, the Standard Model's chi2 and best fits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zdscan.analysis.paper.claims import charged, fits, flavour, low_energy
from zdscan.analysis.paper.claims.record import Claim
from zdscan.errors import UserError, no_such

__all__ = ["CLAIMS", "Claim", "all_claims", "claim"]

CLAIMS: Mapping[str, Callable[[], Claim]] = {
    "T1": fits.t1,
    "T2": fits.t2,
    "T3": fits.t3,
    "F1": flavour.f1,
    "F1b": flavour.f1b,
    "F2": flavour.f2,
    "F3": flavour.f3,
    "F3b": flavour.f3b,
    "F4a": charged.f4a,
    "F4b": charged.f4b,
    "F5": charged.f5,
    "F6a": charged.f6a,
    "F6b": charged.f6b,
    "F7": low_energy.f7,
    "F7b": low_energy.f7b,
    "F7c": low_energy.f7c,
    "F7d": low_energy.f7d,
    "C1": low_energy.c1,
    "C2": charged.c2,
    "C3": low_energy.c3,
    "C4": low_energy.c4,
    "C5": low_energy.c5,
    "C6": charged.c6,
    "B1": fits.b1,
    "B2": fits.b2,
    "B3": fits.b3,
    "B4": charged.b4,
    "B5": charged.b5,
    "B6": fits.b6,
    "B7": fits.b7,
    "B8": fits.b8,
    "B9": charged.b9,
    "B10": fits.b10,
    "B11": fits.b11,
    "S1": fits.s1,
    "G1": low_energy.g1,
    "G2": low_energy.g2,
}


def claim(name: str) -> Claim:
    """One claim, computed now.

    Raises
    ------
    UserError
        If there is no claim of that name.
    """
    if name not in CLAIMS:
        raise UserError(f"There is {no_such('claim', name, CLAIMS)}.")
    return CLAIMS[name]()


def all_claims() -> list[Claim]:
    """Every claim in the order of the paper's sections, computed now (a minute at most on one core)."""
    return [compute() for compute in CLAIMS.values()]
