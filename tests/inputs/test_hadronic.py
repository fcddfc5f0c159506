"""The R ratio of a light vector: spot values, and what is wrong with a damaged file."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.errors import UserError
from zdscan.inputs import against_mass, hadronic, read_data

FILE = "table_hadronic_R.toml"


def test_hadronic_table_and_spot_values() -> None:
    table = hadronic.table()
    assert table.shape == (69, 7)
    assert table.dtype == np.float64
    assert table.flags.c_contiguous
    total = table[:, 1:].sum(axis=1)

    def photon(root_s: float) -> float:
        return float(np.interp(root_s, table[:, 0], total))

    # Medians of measured R over the table lie between 0.97 and 1.04; R at a rho, omega and phi peak and the continuum.
    assert photon(0.46) == pytest.approx(0.344, rel=3e-3)
    assert photon(0.7815) == pytest.approx(19.44, rel=3e-3)
    assert photon(1.0192) == pytest.approx(49.1, rel=3e-3)
    assert photon(1.59) == pytest.approx(2.269 + (2.502 - 2.269) / 8, rel=3e-3)
    assert table[0, 0] == 0.15
    assert not table[0, 1:].any()
    assert table[-1, 0] == 1.99
    # The free-quark limit is (3/2) rho + (1/6) omega + (1/3) phi = 2 with QCD corrections of about ten per cent.
    assert 2.0 < total[-1] < 2.3


def test_the_hadronic_table_is_cited() -> None:
    assert hadronic.citations("paper") == ("Foguel:2022ppx", "PDG:2022")
    assert hadronic.citations("complete") == ("Foguel:2022ppx", "Coogan:2019qpu", "PDG:2022", "Baruch:2022esd")


def test_the_fine_table_begins_below_two_pions_and_ends_at_2_gev() -> None:
    table = hadronic.table(hadronic.FINE)
    assert table.shape[1] == 7
    assert not table[0, 1:].any()
    assert table[1, 0] == pytest.approx(2 * 0.13957, abs=1e-5)
    assert not table[1, 1:].any()
    assert table[-1, 0] == 2.0
    # peaks: R of the photon, 9/alpha^2 B(ee) is 12.5 on the omega (with the rho under it about 20) and 47 on the phi
    total = table[:, 1:].sum(axis=1)
    assert np.max(total[(table[:, 0] > 0.77) & (table[:, 0] < 0.8)]) == pytest.approx(20, rel=0.05)
    assert np.max(total[(table[:, 0] > 1.0) & (table[:, 0] < 1.04)]) == pytest.approx(49, rel=0.03)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0.46, 0.3439,", "[0.46, 0.3539,", "row 8: the six parts do not add up"),
        ("[0.46, 0.3439,", "[0.40, 0.3439,", "row 8: the mass does not ascend"),
        ("[0.46, 0.3439,", "[0.46,", "row 8: 7 numbers where 8 are due"),
        ('"rr", ', '"qq", ', "the columns must be"),
        ('"rr", ', "", "8 numbers where 7 are due"),
    ],
)
def test_a_damaged_hadronic_table_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        hadronic.by_current(against_mass.parse(text.replace(old, new), FILE))
    assert FILE in str(caught.value)
    assert told in str(caught.value)
