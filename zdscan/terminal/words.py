"""The words of a verdict, the same wherever one is given: in commands, pictures and reports."""

from __future__ import annotations

NOT_COMPUTED = "what is not computed: docs/not-included.md"


def allowed_by(count: int) -> str:
    """``allowed by the N constraints computed``: never plainly allowed, for what is not computed may exclude."""
    if count == 0:
        return "tested by no constraint"
    return f"allowed by the {count} constraint{'' if count == 1 else 's'} computed"


def allowed_by_short(count: int) -> str:
    """The same for legends: ``allowed by N computed``."""
    return f"allowed by {count} computed" if count else "tested by none"
