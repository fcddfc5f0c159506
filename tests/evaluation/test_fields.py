"""Fields are declared once: scan file, datasets and both evaluators follow the declaration."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.fields import (
    ALWAYS,
    CHANNEL_NAMES,
    DECLARED,
    FIELDS,
    OF_KINDS,
    OPTIONAL,
    constraint_bits,
    mask_dtype,
    stored_fields,
)
from zdscan.physics.cases import CASES

ROWS, IDS, TITLES = ["r1", "r2"], ["k_pi_x", "a_mu"], ["first", "second"]


def test_declared_names() -> None:
    kinds = ("chi2_br", "chi2_lfu", "chi2_angular")
    assert ("chi2", "excluded", "chi2_muon", *kinds, "ratios", "predictions", "widths", "a_mu") == FIELDS
    assert all(name == item.name for name, item in DECLARED.items())
    assert set(ALWAYS) < set(FIELDS)
    assert set(OF_KINDS) == set(kinds)
    assert set(OPTIONAL) == {*FIELDS, "values"} - set(ALWAYS) - set(kinds)


def test_fields_come_in_the_order_asked_for_with_their_labels() -> None:
    found = stored_fields(["widths", "chi2", "ratios", "predictions"], ROWS, IDS, TITLES)
    assert [item.name for item in found] == ["widths", "chi2", "ratios", "predictions"]
    assert [item.extra for item in found] == [
        ("channel", CHANNEL_NAMES),
        None,
        ("constraint", tuple(IDS)),
        ("row", tuple(ROWS)),
    ]
    assert [item.components for item in found] == [len(CHANNEL_NAMES), 1, 2, 2]


@pytest.mark.parametrize(("number", "bits"), [(0, 32), (31, 32), (32, 64), (63, 64)])
def test_the_mask_has_a_bit_for_each_constraint_and_one_more(number: int, bits: int) -> None:
    ids = [f"c{k}" for k in range(number)]
    (mask,) = stored_fields(["excluded"], [], ids, ids)
    assert 8 * mask_dtype(number).itemsize == bits
    assert mask.dtype == f"<u{bits // 8}"
    assert mask.fill == 2**bits - 1
    assert constraint_bits(mask.attributes) == {name: 1 << k for k, name in enumerate(ids)}
    assert int(np.sum(mask.attributes["flag_masks"], dtype=np.uint64)) == 2**number - 1 + 2 ** (bits - 1)


def test_bits_of_one_constraint_stored_as_a_scalar() -> None:
    assert constraint_bits({"flag_meanings": "a_mu", "flag_masks": np.uint32(1)}) == {"a_mu": 1}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_computed_alone_as_with_all_others(name: str) -> None:
    axes = {"mass": np.array([0.3]), "eps": np.array([1e-3]), "eps_z": np.array([1e-3]), "g_mu": np.array([1e-2, 0.1])}
    physics = build_physics(CASES["B"], invisible_width=1e-3, measurements=("latest", "lfu", "angular"))

    def computed(fields: tuple[str, ...]) -> dict[str, np.ndarray]:
        engine = Engine(physics, axes, fields)
        outputs = {
            item.name: np.full((2, item.components) if item.extra else 2, item.fill, dtype=item.dtype)
            for item in engine.fields
        }
        engine.evaluate(engine.mass_tables(0), 0, 2, list(outputs.values()))
        return outputs

    alone, together = computed((name,)), computed(FIELDS)
    assert alone[name].tobytes() == together[name].tobytes()
    assert np.all(alone[name] != DECLARED[name].fill) or name == "ratios"
    assert np.all(np.isfinite(alone[name]))
