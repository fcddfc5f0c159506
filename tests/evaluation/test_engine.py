"""A scan's engine against single points, and its independence of how a grid is cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import zdscan
from tests.support.tolerances import FLOAT32_OUTPUT
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.kernels.tables.mass import HEADER
from zdscan.physics.cases import CASES

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

AXES = {
    "mass": np.array([0.0103, 0.0300001, 0.0302, 0.2, 0.5, 1.0, 1.7]),
    "eps": np.array([-1e-3, 0.0, 1e-4]),
    "eps_z": np.array([-9e-3, -1e-6, 0.0, 1e-4]),
    "g_mu": np.array([0.0, 1e-12, 1e-3, 0.033, 0.3, 1.0]),
}
FIELDS = ("chi2", "excluded", "chi2_muon", "ratios", "predictions", "widths", "a_mu")


def make(case, theory, theory_errors="table"):
    axes = AXES if case != "A" else AXES | {"g_mu": np.array([0.0])}
    return Engine(
        build_physics(CASES[case], theory=theory, theory_errors=theory_errors, measurements="rashed2024-corrected"),
        axes,
        FIELDS,
    )


def empty_outputs(engine, count):
    return [
        np.full((count, field.components) if field.extra else (count,), field.fill, dtype=field.dtype)
        for field in engine.fields
    ]


@pytest.mark.parametrize(
    ("case", "theory", "theory_errors"),
    [
        ("A", "paper", "table"),
        ("B", "complete", "table"),
        ("C", "paper", "table"),
        ("C", "complete", "flavio-covariance"),
    ],
)
def test_grid_agrees_with_points(case, theory, theory_errors):
    engine = make(case, theory, theory_errors)
    _, n_eps, n_eps_z, n_g = engine.shape
    count = n_eps * n_eps_z * n_g
    for m, mass in enumerate(engine.axes["mass"]):
        outputs = dict(zip(FIELDS, empty_outputs(engine, count), strict=True))
        engine.evaluate(engine.mass_tables(m), 0, count, list(outputs.values()))
        grid = np.meshgrid(*(engine.axes[name] for name in ("eps", "eps_z", "g_mu")), indexing="ij")
        point = zdscan.evaluate(
            case,
            mass,
            *(x.ravel() for x in grid),
            theory=theory,
            theory_errors=theory_errors,
            measurements="rashed2024-corrected",
        )
        np.testing.assert_allclose(outputs["chi2"], point.chi2["all"], rtol=FLOAT32_OUTPUT)
        np.testing.assert_allclose(outputs["chi2_muon"], point.chi2["muon"], rtol=FLOAT32_OUTPUT)
        np.testing.assert_allclose(outputs["predictions"], point.predictions, rtol=FLOAT32_OUTPUT)
        np.testing.assert_allclose(outputs["ratios"], point.ratios, rtol=FLOAT32_OUTPUT, atol=1e-44)
        np.testing.assert_allclose(outputs["a_mu"], point.delta_a_mu, rtol=FLOAT32_OUTPUT, atol=1e-44)
        bits = (outputs["excluded"][:, None] >> np.arange(point.ratios.shape[-1], dtype=np.uint64)) & np.uint64(1)
        np.testing.assert_array_equal(bits.astype(bool), point.excluded)
        # chi2 from the triangular factor is the sum of squared pulls of the predictions
        direct = [point.physics.likelihood.chi2(p)["all"] for p in point.predictions]
        np.testing.assert_allclose(point.chi2["all"], direct, rtol=1e-9)


@pytest.mark.parametrize("case", ["A", "C"])
def test_results_do_not_depend_on_the_cut(case):
    engine = make(case, "complete")
    count = int(np.prod(engine.shape[1:]))
    rng = np.random.default_rng(7)
    for m in range(engine.shape[0]):
        mass_tables = engine.mass_tables(m)
        whole = empty_outputs(engine, count)
        engine.evaluate(mass_tables, 0, count, whole)
        cuts = np.unique(np.concatenate([[0, count], rng.integers(0, count, 9)]))
        pieces = empty_outputs(engine, count)
        for start, stop in itertools.pairwise(cuts):
            engine.evaluate(mass_tables, int(start), int(stop - start), [output[start:stop] for output in pieces])
        for one, other in zip(whole, pieces, strict=True):
            assert one.tobytes() == other.tobytes()


def test_mass_tables_are_reproducible():
    engine = make("B", "paper")
    for m in range(engine.shape[0]):
        assert engine.mass_tables(m).tobytes() == engine.mass_tables(m).tobytes()
        assert np.all(
            np.isfinite(engine.mass_tables(m)[: HEADER + 29 * 26 - 1])
            | np.isinf(engine.mass_tables(m)[: HEADER + 29 * 26 - 1])
        )


def test_identity_tells_physics_apart():
    reference = make("B", "paper").identity
    assert make("B", "paper").identity == reference
    assert make("B", "complete").identity != reference
    assert make("C", "paper").identity != reference
    assert make("B", "paper", "flavio").identity != reference


def test_no_infinity_is_stored():
    axes = {"mass": [0.01], "eps": [100.0], "eps_z": [100.0], "g_mu": [100.0]}
    engine = Engine(
        build_physics(CASES["B"], theory="complete", measurements="rashed2024-corrected"),
        {k: np.array(v) for k, v in axes.items()},
        FIELDS,
    )
    outputs = dict(zip(FIELDS, empty_outputs(engine, 1), strict=True))
    engine.evaluate(engine.mass_tables(0), 0, 1, list(outputs.values()))
    assert (
        zdscan.evaluate("B", 0.01, 100.0, 100.0, 100.0, theory="complete", measurements="rashed2024-corrected").chi2[
            "all"
        ]
        > 1e39
    )
    assert outputs["chi2"][0] == np.finfo(np.float32).max
    assert all(np.all(np.isfinite(output)) for output in outputs.values())
