"""What `zdscan limits` takes: masses, parameters and settings as typed, and what is wrong with them in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.terminal import limits


def test_masses() -> None:
    np.testing.assert_allclose(limits.masses("0.01:1:3"), [0.01, 0.1, 1.0])
    assert limits.masses("0.01:2:200")[[0, -1]].tolist() == [0.01, 2.0]
    assert limits.masses("0.05, 0.1").tolist() == [0.05, 0.1]


def test_parameters_and_settings() -> None:
    assert limits.parameters(["eps=1e-4", " g_mu = 2"]) == {"eps": 1e-4, "g_mu": 2.0}
    given = limits.settings(["theory=paper", "model.fcnc_scale=2.7", 'constraints.use=["a_mu"]'])
    assert given == {"theory": "paper", "fcnc_scale": 2.7, "constraints": ["a_mu"]}


@pytest.mark.parametrize(
    ("read", "typed", "sentence"),
    [
        (limits.masses, "light", "--mass light: write LOW:HIGH:N in GeV"),
        (limits.masses, "1:2", "--mass 1:2: write LOW:HIGH:N in GeV"),
        (limits.masses, "2:1:9", "with LOW below HIGH"),
        (limits.masses, "0.1:1:100000", "the number of masses is 100,000; 2 to 20,000 are allowed"),
        (limits.masses, "0.1:1:1", "the number of masses is 1;"),
        (limits.parameters, ["eps"], "-p eps: write name=value, such as eps_z=1e-4."),
        (limits.parameters, ["eps=1", "eps=2"], "-p eps=2: eps is given twice."),
        (limits.settings, ["model.axial=1"], "did you mean 'model.axial_mu'?"),
    ],
)
def test_a_mistake_is_a_sentence(read: Callable[[Any], object], typed: str | Sequence[str], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        read(typed)
    assert len(caught.value.messages) == 1
    assert sentence in str(caught.value)


def test_of_one_mass_every_interval_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    limits.show_limits(zdscan.limits("A", "eps", 0.05, constraints=["a_mu", "bs_mixing", "k_pi_x"]))
    printed = capsys.readouterr().out
    assert "Excluded at 0.05 GeV" in printed
    assert "no limit from bs_mixing, k_pi_x" in printed
    assert "is excluded by a_mu" in printed


def test_of_several_masses_the_strongest_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    limits.show_limits(zdscan.limits("A", "eps", [0.05, 0.1], constraints=["a_mu", "bs_mixing"]))
    printed = capsys.readouterr().out
    assert "The strongest limit" in printed
    assert "2 masses" in printed
    assert "no limit from bs_mixing" in printed
