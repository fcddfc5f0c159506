"""Sizes as ratios and as words."""

from __future__ import annotations

import math

import numpy as np

import zdscan
from zdscan.neglected.effect import Neglected, Points, Sizes
from zdscan.neglected.effects import available


def test_a_ratio_is_infinite_beside_nothing_and_nan_where_the_effect_is_absent():
    sizes = Sizes(np.array([2.0, 3.0, 0.0]), np.array([4.0, 0.0, 1.0]), np.array([True, True, False]), ["a", "b", ""])
    np.testing.assert_array_equal(sizes.ratio, [0.5, math.inf, math.nan])
    assert (sizes.detail_of(1), Sizes(sizes.amount, sizes.reference, sizes.present).detail_of(1)) == ("b", "")


def test_a_sentence_has_the_size_or_says_that_there_is_nothing_beside_it():
    effect = available()["induced_mixing"]
    assert ", about 0.031 times eps; an estimate for a cut-off of 1 TeV, " in effect.sentence(0.0314)
    assert " (eps = 0.02), where eps is 0; an estimate" in effect.sentence(math.inf, "eps = 0.02")


def test_json_has_no_infinite_size():
    effect = available()["induced_current"]
    assert Neglected(effect, math.inf, "words").to_dict()["size"] is None
    assert Neglected(effect, 2.0, "words").to_dict() == {
        "id": "induced_current",
        "size": 2.0,
        "of": effect.of,
        "text": "words",
        "grade": "C",
    }


def test_points_are_evaluated_once_under_each_setting():
    physics = zdscan.evaluate("B", 0.02, theory="paper", emission="auto", constraints=["w_width"]).physics
    points = Points(physics, 0.02, np.array([[1e-3, 0.0], [0.0, 1e-4], [0.0, 1e-3]]))
    complete = zdscan.evaluate("B", 0.02, [1e-3, 0.0], [0.0, 1e-4], [0.0, 1e-3], theory="complete", emission="lepton")
    np.testing.assert_array_equal(points.under(theory="complete")["predictions"], complete.predictions)
    assert points.under(theory="complete") is points.under(theory="complete")
    np.testing.assert_array_equal(points.couplings["v_mu"], complete.couplings["v_mu"])
