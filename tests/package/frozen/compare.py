"""What differs between two files of frozen outputs: ``python compare.py A.json B.json``, one line for each dataset.

``python compare.py A B`` with two grid files, or two folders of them, compares number by number: how many differ, and
by how many units in the last place.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

RELATIVE = 1e-6  # of sums and extremes, and of single numbers in JSON, where floating point differs
MASK_POINTS = 2  # points at which each bit of a mask may differ there: those that lie on a limit within rounding
COUNTS = ("nan", "infinite")


def close(one: float | None, other: float | None, scale: float) -> bool:
    """Whether two numbers, or two that are missing, agree relative to a scale."""
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= RELATIVE * scale


def summaries_agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two floating datasets are the same up to rounding, as far as their summaries tell."""
    if any(one[key] != other[key] for key in COUNTS):
        return False
    largest = max(abs(one["min"] or 0.0), abs(one["max"] or 0.0))
    scales = {"sum": one["sum_abs"], "min": largest, "max": largest}
    scales |= {key: one[key] for key in ("sum_abs", "sum_log1p")}
    return all(close(one[key], other[key], scale) for key, scale in scales.items())


def entry_difference(one: dict[str, Any] | None, other: dict[str, Any] | None, *, exact: bool = True) -> str | None:
    """How two recorded datasets differ; None where they do not.

    Not `exact`: floating numbers up to rounding, masks up to few points, and not what depends on every bit, which are
    checksums and the places of minima.
    """
    if one is None or other is None:
        return "is missing in the second" if other is None else "is missing in the first"
    if one["hash"] == other["hash"]:
        return None
    if (one["dtype"], one["shape"]) != (other["dtype"], other["shape"]):
        return f"{one['dtype']} {one['shape']} against {other['dtype']} {other['shape']}"
    if "summary" in one:
        first, second = one["summary"], other["summary"]
        changed = [f"{key} {first[key]} -> {second[key]}" for key in first if first[key] != second[key]]
        agree = summaries_agree(first, second)
        if agree and not exact:
            return None
        verdict = f"within {RELATIVE:g}" if agree else f"beyond {RELATIVE:g}"
        return f"floating, {verdict}: {', '.join(changed) or 'same summary'}"
    if "bits" in one:
        changes = [abs(a - b) for a, b in zip(one["bits"], other["bits"], strict=True)]
        if not exact and max(changes) <= MASK_POINTS:
            return None
        return f"mask, points by bit: {({bit: n for bit, n in enumerate(changes) if n}) or 'same numbers'}"
    if not exact and one["dtype"] in ("<i8", "<u4"):
        return None
    return f"other bytes ({one['dtype']})"


def value_differences(one: Any, other: Any, path: str = "", *, exact: bool = True) -> Iterator[str]:
    """Where two JSON values differ, numbers by up to rounding if not `exact`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            if key not in one or key not in other:
                yield f"{path}.{key} is missing in the {'first' if key not in one else 'second'}"
            else:
                yield from value_differences(one[key], other[key], f"{path}.{key}", exact=exact)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from value_differences(first, second, f"{path}[{number}]", exact=exact)
    elif isinstance(one, float) and isinstance(other, float) and not exact:
        if not math.isclose(one, other, rel_tol=RELATIVE, abs_tol=0.0):
            yield f"{path}: {one!r} -> {other!r}"
    elif repr(one) != repr(other):
        yield f"{path}: {one!r} -> {other!r}"


def differences(stored: dict[str, Any], made: dict[str, Any], kind: str, *, exact: bool = True) -> list[str]:
    """The differences of one scan, point, fit, table or sentence from the stored one, a line each."""
    if kind not in ("scans", "plots"):
        return sorted(value_differences(stored, made, exact=exact))
    one, other = stored["datasets"], made["datasets"]
    lines = [
        f"{name}: {text}"
        for name in sorted(one.keys() | other.keys())
        if (text := entry_difference(one.get(name), other.get(name), exact=exact))
    ]
    rest = [{key: value for key, value in entry.items() if key != "datasets"} for entry in (stored, made)]
    return lines + sorted(value_differences(*rest, exact=exact))


def ordered(values: NDArray[Any]) -> NDArray[np.int64]:
    """Floating numbers as integers whose differences count the units in the last place."""
    signed = values.view(f"i{values.itemsize}").astype(np.int64)
    return np.where(signed < 0, -(signed & ((1 << (8 * values.itemsize - 1)) - 1)), signed)


def grid_differences(one: Path, other: Path) -> Iterator[str]:
    """The differences of two grid files, number by number, without the group `run`."""
    with h5py.File(one) as first, h5py.File(other) as second:
        names = [{name for name, item in file.items() if isinstance(item, h5py.Dataset)} for file in (first, second)]
        yield from (f"{name}: in one file only" for name in sorted(names[0] ^ names[1]))
        for name in sorted(names[0] & names[1]):
            a, b = np.asarray(first[name][()]), np.asarray(second[name][()])
            if a.shape != b.shape or a.dtype != b.dtype:
                yield f"{name}: {a.dtype} {a.shape} against {b.dtype} {b.shape}"
            elif a.dtype.kind != "f":
                if count := int((a != b).sum()):
                    yield f"{name}: {count} of {a.size} differ"
            elif (a.view(f"i{a.itemsize}") != b.view(f"i{b.itemsize}")).any():
                differ = a.view(f"i{a.itemsize}") != b.view(f"i{b.itemsize}")
                x, y = a[differ], b[differ]
                both = np.isfinite(x) & np.isfinite(y)
                steps = np.abs(ordered(x[both]) - ordered(y[both]))
                p, q = x[both].astype(np.float64), y[both].astype(np.float64)
                scale = np.maximum(np.abs(p), np.abs(q))
                relative = np.abs(p - q) / np.where(scale > 0, scale, 1.0)
                yield (
                    f"{name}: {x.size} of {a.size} differ, {int((steps == 1).sum())} of them by one unit in the last"
                    f" place, at most {steps.max(initial=0)} units, relative {relative.max(initial=0.0):.3g},"
                    f" {int((~both).sum())} not finite"
                )


def main(one: Path, other: Path) -> int:
    """Print what differs; 1 where something does, 0 where nothing does."""
    lines: list[str] = []
    if one.suffix == ".json":
        stored, made = json.loads(one.read_text()), json.loads(other.read_text())
        lines += [f"made_with{text}" for text in value_differences(stored.pop("made_with"), made.pop("made_with"))]
        for kind in dict.fromkeys([*stored, *made]):
            first, second = stored.get(kind, {}), made.get(kind, {})
            for name in sorted(first.keys() | second.keys()):
                if name not in first or name not in second:
                    lines.append(f"{kind} {name} is in one file only")
                else:
                    lines += [f"{kind} {name} {text}" for text in differences(first[name], second[name], kind)]
    else:
        pairs = [(one, other)]
        if one.is_dir():
            names = sorted({path.name for folder in (one, other) for path in folder.glob("*.h5")})
            common = [name for name in names if (one / name).exists() and (other / name).exists()]
            lines += [f"{name} is in one folder only" for name in names if name not in common]
            pairs = [(one / name, other / name) for name in common]
        for first_file, second_file in pairs:
            lines += [f"{first_file.name} {text}" for text in grid_differences(first_file, second_file)]
    print("\n".join(lines) or "no difference")
    return int(bool(lines))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
