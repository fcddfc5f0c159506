"""`zdscan.evaluate`: symmetries of single points, arguments that broadcast, refusals in sentences."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError


def test_overall_sign_does_not_matter():
    for case, g_mu in (("A", 0.0), ("B", 0.01), ("C", 0.01)):
        plus = zdscan.evaluate(case, 0.3, 1e-4, 1e-3, g_mu, theory="complete")
        minus = zdscan.evaluate(case, 0.3, -1e-4, -1e-3, -g_mu, theory="complete")
        np.testing.assert_allclose(plus.predictions, minus.predictions, rtol=1e-12)
        np.testing.assert_allclose(plus.ratios, minus.ratios, rtol=1e-12)


def test_relative_sign_does():
    plus = zdscan.evaluate("C", 0.02, 0.0, 1e-3, 0.01, theory="paper", measurements="rashed2024-corrected")
    minus = zdscan.evaluate("C", 0.02, 0.0, -1e-3, 0.01, theory="paper", measurements="rashed2024-corrected")
    assert minus.chi2["all"] < plus.chi2["sm_all"] < plus.chi2["all"]


def test_electron_rows_of_case_c_are_standard_model():
    result = zdscan.evaluate("C", 0.5, 1e-3, 1e-2, 0.5, theory="complete")
    electron = [k for k, lepton in enumerate(result.physics.likelihood.data.leptons) if lepton == "e"]
    np.testing.assert_array_equal(result.predictions[electron], result.physics.likelihood.sm[electron])
    assert result.widths["ee"] == 0.0


@pytest.mark.filterwarnings("error")
def test_arguments_broadcast_without_warnings():
    result = zdscan.evaluate("B", [0.02, 0.3], 1e-4, [[1e-4], [0.0], [-1e-4]], 0.01, constraints=["a_mu"])
    assert result.chi2["all"].shape == (3, 2)
    assert result.chi2["all"][2, 1] == zdscan.evaluate("B", 0.3, 1e-4, -1e-4, 0.01, constraints=["a_mu"]).chi2["all"]


@pytest.mark.parametrize(
    ("wrong", "sentences"),
    [
        ({"mass": "heavy", "eps": 1j}, ["mass must be a number or an array of numbers, not 'heavy'", "eps must be"]),
        ({"mass": [0.1, 0.2], "eps": [1e-4] * 3}, ["matching shapes"]),
        ({"mass": []}, ["an argument is empty"]),
        (
            {"theory": 3, "errors": None},
            [
                "theory must be one of paper, complete, not 3.",
                "errors must be one of symmetrised, facing, stat-facing, not None.",
            ],
        ),
        ({"invisible_width": "broad"}, ["invisible_width must be a number, not the text 'broad'"]),
        ({"case": {"v_mu": 1.0}}, ["coupling v_mu"]),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_in_sentences(wrong, sentences):
    with pytest.raises(UserError) as caught:
        zdscan.evaluate(**({"case": "B", "mass": 0.1} | wrong))
    for sentence in sentences:
        assert any(sentence in message for message in caught.value.messages), caught.value.messages


@pytest.mark.parametrize("extra", [0.0, 1e-9])
def test_invisible_is_the_extra_width_and_its_sibling_has_the_neutrinos(extra: float) -> None:
    point = zdscan.evaluate("A", 0.3, 1e-3, 1e-3, invisible_width=extra)
    told = point.to_dict()
    # three neutrinos of coupling gz eps_z/2 to left-handed fields: 3 g^2 M/(24 pi)
    neutrinos = 3 * (0.7407012373374 * 1e-3 / 2) ** 2 * 0.3 / (24 * math.pi)
    assert told["widths"]["invisible"] == extra
    assert told["widths"]["nunu"] == pytest.approx(neutrinos, rel=1e-9)
    assert told["widths"]["nunu_plus_invisible"] == pytest.approx(neutrinos + extra, rel=1e-9)
    assert sum(told["branching_ratios"].values()) == pytest.approx(1.0, rel=1e-12)
    several = zdscan.evaluate("A", [0.1, 0.3], 1e-3, 1e-3, invisible_width=extra)
    assert several.widths["nunu_plus_invisible"].shape == (2,)
