"""Places of the couplings in a matrix: those of the names by which users give them."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.kernels.physics import couplings
from zdscan.physics.cases import COUPLINGS, Case

PLACES = {name: place for name, place in vars(couplings).items() if name.isupper()}


def test_places_count_all_couplings_once() -> None:
    assert sorted(PLACES.values()) == list(range(len(COUPLINGS)))


@pytest.mark.parametrize("name", COUPLINGS)
def test_a_coupling_has_its_place(name: str) -> None:
    gauge = {"gWW": "G_WW", "gpp": "G_PP", "gWp": "G_WP"}  # a prime of the Goldstone boson is a letter here
    place = PLACES[gauge.get(name, name.upper())]
    free = name in ("v_e", "a_e", "v_mu", "a_mu", "v_tau", "a_tau", "g_nue", "g_numu")
    if free:  # others bring those of W, Goldstone boson or tau with them, or contradict the quarks
        case = Case.from_couplings("one", {name: {"g_mu": 2.0}})
        assert np.argwhere(case.matrix).tolist() == [[place, 2]]
    assert COUPLINGS[place] == name
