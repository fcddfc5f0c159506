"""Arguments of points: whatever holds numbers is taken, shapes are broadcast, dimensions have names."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.physics.arguments import dimensions, points
from zdscan.physics.cases import CASES

SETTINGS = {"constraints": ["a_mu", "apv_cs"]}


@pytest.mark.parametrize(
    "one",
    [1, np.int32(1), np.int64(1), np.uint8(1), np.float32(1.0), np.float64(1.0), np.array(1), Decimal(1), True],
    ids=lambda value: f"{type(value).__name__}",
)
def test_every_kind_of_number_is_one_point(one) -> None:
    found, dims = points(CASES["B"], one, (0, one), {"g_mu": one})
    assert dims == ()
    assert {name: float(value) for name, value in found.items()} == {"mass": 1.0, "eps": 0.0, "eps_z": 1.0, "g_mu": 1.0}
    assert all(value.shape == () and value.dtype == np.float64 for value in found.values())


@pytest.mark.parametrize("kind", [list, tuple, np.array, range], ids=lambda kind: kind.__name__)
def test_every_kind_of_sequence_is_that_many_points(kind) -> None:
    values = kind(range(1, 3)) if kind is not range else range(1, 3)
    found, dims = points(CASES["B"], values, (), {"eps": 1e-4})
    assert dims == ("mass",)
    assert found["mass"].tolist() == [1.0, 2.0]
    assert found["eps"].tolist() == [1e-4, 1e-4]


def test_integers_lists_and_numpy_scalars_give_the_same_verdict() -> None:
    expected = zdscan.evaluate("C", 1.0, 0.0, 0.0, 1.0, **SETTINGS)
    for mass, g_mu in [(1, 1), (np.int16(1), np.float32(1)), ([1], [1.0]), (np.array([[1]]), 1)]:
        found = zdscan.evaluate("C", mass, g_mu=g_mu, **SETTINGS)
        assert found.chi2["all"].ravel().tolist() == [float(expected.chi2["all"])]
        np.testing.assert_array_equal(found.ratios.reshape(-1), expected.ratios)
        assert found.shape == np.shape(mass)


def test_every_mass_with_every_coupling_and_pair_by_pair() -> None:
    masses, sizes = [0.02, 0.3], [1e-4, 1e-3]
    every = zdscan.evaluate("B", np.array(masses)[:, None], g_mu=sizes, **SETTINGS)
    pairs = zdscan.evaluate("B", masses, g_mu=sizes, **SETTINGS)
    assert every.shape == (2, 2)
    assert every.dims == ("mass", "g_mu")
    np.testing.assert_array_equal(np.diag(every.chi2["all"]), pairs.chi2["all"])
    for i, mass in enumerate(masses):
        for j, size in enumerate(sizes):
            one = zdscan.evaluate("B", mass, g_mu=size, **SETTINGS)
            np.testing.assert_array_equal(every.ratios[i, j], one.ratios)
            np.testing.assert_array_equal(every.predictions[i, j], one.predictions)


@pytest.mark.parametrize(
    ("shapes", "names"),
    [
        ({"mass": (), "g": ()}, ()),
        ({"mass": (3,), "g": ()}, ("mass",)),
        ({"mass": (3,), "g": (3,)}, ("point",)),
        ({"mass": (3, 1), "g": (2,)}, ("mass", "g")),
        ({"mass": (2,), "g": (3, 1)}, ("g", "mass")),
        ({"mass": (3, 1), "g": (3, 2)}, ("point_0", "point_1")),
        ({"mass": (3, 2), "g": (2,)}, ("point_0", "point_1")),
        ({"mass": (3, 1, 1), "g": (2, 1), "h": (4,)}, ("mass", "g", "h")),
        ({"mass": (1,), "g": ()}, ("mass",)),
        ({"mass": (1,), "g": (1,)}, ("point",)),
        ({"mass": (3, 1), "g": (1,)}, ("mass", "g")),
        ({"mass": (1, 1), "g": ()}, ("mass", "point_1")),
    ],
    ids=str,
)
def test_names_of_dimensions(shapes: dict[str, tuple[int, ...]], names: tuple[str, ...]) -> None:
    assert dimensions({name: np.ones(shape) for name, shape in shapes.items()}) == names


def test_wrong_arguments_in_sentences() -> None:
    for mass, sentence in [("heavy", "mass must be a number"), ([0.1, None], "finite"), ([[0.1], [0.1, 0.2]], "mass")]:
        with pytest.raises(UserError, match=sentence):
            points(CASES["B"], mass, (), {})
