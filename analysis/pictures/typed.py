"""Options of pictures as they are typed: sizes, ranges, and files."""

from __future__ import annotations

import math

from zdscan.analysis.pictures.sheet import SIZES
from zdscan.errors import UserError, listed

LEAST, MOST = 1.5, 30.0  # inches of a picture


def parse_size(text: str) -> tuple[float, float | None]:
    """``"one-column"``, ``"two-column"``, or ``"W,H"`` in inches. Raises `UserError` for anything else."""
    if text in SIZES:
        return SIZES[text]
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) == 1 or len(numbers) == 2:
        return checked_size((numbers[0], numbers[1] if len(numbers) == 2 else None), text)
    raise UserError(f"--size {text}: write {listed(SIZES)}, or width and height in inches such as 3.4,3.")


def checked_size(size: tuple[float, float | None], text: str | None = None) -> tuple[float, float | None]:
    """A size that a picture can have. Raises `UserError` otherwise, naming `text`."""
    if all(number is None or LEAST <= number <= MOST for number in size):
        return size
    given = f"size {size}" if text is None else f"--size {text}"
    raise UserError(f"{given}: width and height are {LEAST:g} to {MOST:g} inches.")


def parse_range(text: str, option: str) -> tuple[float, float]:
    """``"LOW,HIGH"`` as two ascending numbers. Raises `UserError` for anything else, naming the option."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    return checked_range(numbers, f"{option} {text}")


def checked_range(numbers: tuple[float, ...], given: str) -> tuple[float, float]:
    """Two ascending finite numbers. Raises `UserError` otherwise."""
    if len(numbers) != 2 or not all(math.isfinite(number) for number in numbers) or not numbers[0] < numbers[1]:
        raise UserError(f"{given}: write two ascending numbers, LOW,HIGH; masses are in GeV.")
    return numbers[0], numbers[1]
