"""Confidence levels as they are written."""

from __future__ import annotations

import pytest

from zdscan.physics import level


@pytest.mark.parametrize(("text", "share"), [("0.95", 0.95), ("95%", 0.95), (" 0.5 ", 0.5), ("99.7%", 0.997)])
def test_shares(text: str, share: float) -> None:
    assert level.share_of(text) == pytest.approx(share, rel=1e-15)
    assert level.deviations_of(text) is None


@pytest.mark.parametrize("text", ["0", "1", "100%", "-0.5", "nan", "inf", "", "%", "2 sigma", "published"])
def test_what_is_no_share(text: str) -> None:
    assert level.share_of(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("2 sigma", 2.0), ("2sigma", 2.0), (" 2.5 sigma ", 2.5), ("0 sigma", 0.0)]
)
def test_deviations(text: str, number: float) -> None:
    assert level.deviations_of(text) == number


@pytest.mark.parametrize("text", ["two sigma", "-2 sigma", "sigma", "2 sigmas", "1e1 sigma"])
def test_what_is_no_number_of_deviations(text: str) -> None:
    assert level.deviations_of(text) is None


@pytest.mark.parametrize("value", [0.95, 0.5, "0.95", "95%", "2 sigma", "8 sigma", "published"])
def test_allowed(value: object) -> None:
    assert level.fault(value, ("published",)) is None


@pytest.mark.parametrize(
    "value", [1.5, 0, 1, 2, True, None, [0.95], {"x": 1}, "two sigma", "0 sigma", "9 sigma", "auto"]
)
def test_refused(value: object) -> None:
    told = level.fault(value, ("published",))
    assert told is not None
    assert told.startswith(
        'must be a number between 0 and 1 such as 0.95, a text such as "2 sigma", or published, not '
    )


def test_one_text_for_one_level() -> None:
    assert [level.plain(value) for value in (0.95, "0.950", "95%")] == ["0.95"] * 3
    assert [level.plain(value) for value in ("2 sigma", "2.0sigma")] == ["2 sigma"] * 2
    assert level.plain("published") == "published"
