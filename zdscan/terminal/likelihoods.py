"""What is printed of likelihoods of constraints: what stands behind their bounds, and what each adds to chi2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zdscan.errors import UserError
from zdscan.evaluation.fields import WITH_CONSTRAINTS

if TYPE_CHECKING:
    from zdscan.grid.open import GridFile
    from zdscan.physics.clause import Constraint

SHOWN_CHI2 = 0.005  # a constraint whose chi2 and that of the Standard Model are below has no line


def likelihood_lines(constraints: Sequence[Constraint]) -> list[str]:
    """What the column likelihood means, which constraints have their data in common, and which are in tension."""
    same: dict[str, list[str]] = {}
    for item in constraints:
        same.setdefault(item.same_data, []).append(item.id)
    shared = "; ".join(", ".join(ids) for name, ids in same.items() if name and len(ids) > 1)
    tension = ", ".join(item.id for item in constraints if item.tension)
    return [
        "likelihood: what stands behind a bound; docs/statistics.md says why. none: the bound has no level.",
        f"on the same data, of which chi2 counts the strongest: {shared}.",
        f"in tension with the Standard Model (-tension leaves them out): {tension}.",
    ]


def chi2_rows(constraints: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, float, float]]:
    """Id, likelihood, chi2 here and in the Standard Model, of constraints that have some, the largest first."""
    found = [(item["id"], item["likelihood"], item["chi2"], item["sm_chi2"]) for item in constraints]
    return sorted((row for row in found if max(row[2:]) >= SHOWN_CHI2), key=lambda row: -row[2])


def uncounted_lines(constraints: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many constraints chi2 has, and why it does not have the others that apply."""
    reasons: dict[str, list[str]] = {}
    for item in constraints:
        if item["uncounted"] and item["applies"]:  # why others say nothing is told elsewhere
            reasons.setdefault(item["uncounted"], []).append(item["id"])
    counted = sum(not item["uncounted"] for item in constraints)
    lines = [f"chi2 of the constraints has {counted} of {len(constraints)}; those above {SHOWN_CHI2:g} have a line."]
    return lines + [f"  not {', '.join(ids)}: {reason}" for reason, ids in reasons.items()]


def contained_lines(grid: GridFile) -> list[str]:
    """Which constraints chi2 of a grid file has and at how many of its masses, and why it has not the others.

    Nothing of a file without such a field; less where this zdscan does not know a setting of the scan.
    """
    fields = [name for name in WITH_CONSTRAINTS if name in grid.layout.fields]
    if not fields:
        return []
    from zdscan.evaluation.engine import physics_of_scan
    from zdscan.scan.scanfile import scan_of

    what = " and ".join(fields)
    try:
        physics = physics_of_scan(scan_of(grid))
    except UserError:
        return [f"{what}: constraints with a likelihood, which the attribute likelihoods lists."]
    masses = [float(mass) for mass in grid.axes["mass"]]
    left_out = [physics.constraint_chi2(mass).left_out for mass in masses]
    everywhere: list[str] = []
    somewhere: list[str] = []
    never: dict[str, list[str]] = {}
    for item in physics.constraints:
        counted = sum(item.id not in here for here in left_out)
        if counted == len(masses):
            everywhere.append(item.id)
        elif counted:
            somewhere.append(f"{item.id} ({counted})")
        else:
            never.setdefault(left_out[0][item.id], []).append(item.id)
    lines = [f"{what} at each of the {len(masses)} masses: {', '.join(everywhere) or 'no constraint'}."]
    if somewhere:
        lines.append(f"  at some of them, whose number follows: {', '.join(somewhere)}.")
    return lines + [f"  not {', '.join(ids)}: {reason}." for reason, ids in never.items()]
