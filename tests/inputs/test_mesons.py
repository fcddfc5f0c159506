"""The vector mesons' file: what it holds, and what is said of damage."""

from __future__ import annotations

import pytest

from zdscan.errors import UserError
from zdscan.inputs import mesons, read_data


def test_masses_and_widths_are_those_of_the_pdg() -> None:
    """To the last digits that the fits differ in."""
    known = mesons.load()
    assert tuple(known) == mesons.NAMES
    for name, mass, width in (("rho", 0.7753, 0.149), ("omega", 0.7827, 0.0087), ("phi", 1.0195, 0.00425)):
        assert known[name][0] == pytest.approx(mass, rel=5e-4)
        assert known[name][1] == pytest.approx(width, rel=0.03)
        assert 0.8 < sum(channel[0] for channel in known[name][2]) <= 1.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[phi]", "[phy]", "the mesons must be rho, omega, phi"),
        ("width = 0.1491", "width = 0.0", "width"),
        ("share = 0.0834941", "share = 1.2", "share"),
        ("masses = [0.49368, 0.49368]", "masses = [0.59368, 0.49368]", "phi: a channel is heavier than the meson"),
        ("mass = 0.77549", "mass = ", "not valid TOML"),
    ],
)
def test_a_damaged_file_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(mesons.FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        mesons.parse(text.replace(old, new), mesons.FILE)
    assert mesons.FILE in str(caught.value)
    assert told in str(caught.value)
