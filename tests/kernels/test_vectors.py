"""Sums over vectors as they are compiled against NumPy, and what they are compiled to."""

from __future__ import annotations

import re

import numpy as np
import pytest

from zdscan.kernels import vectors
from zdscan.kernels.jit import njit
from zdscan.kernels.vectors import POINTS, ROWS, add_products, lengths, multiply, products, squares

ROUNDING = 1e-14  # of sums of ten terms of size one


@njit
def compiled(c: np.ndarray, x: np.ndarray, count: int, out: np.ndarray) -> None:
    add_products(c, 3, 7, x, 8, count, out, 1)
    products(c, 2, 7, x, 0, count, out, 50)
    lengths(c, x, 16, count, out, 100)
    squares(x, c, 8, count, out, 110)
    multiply(c, 5, x, 8, count, out, 120)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_compiled_as_in_python(count: int) -> None:
    rng = np.random.default_rng(count)
    c, x, out = rng.normal(size=200), rng.normal(size=200), rng.normal(size=250)
    expected = out.copy()
    octets = x.reshape(-1, POINTS)
    rows = np.array([c[3 + 7 * n : 3 + 7 * n + ROWS] for n in range(count)]).reshape(count, ROWS)
    expected[1:41] += (rows.T @ octets[1 : 1 + count]).ravel()
    rows = np.array([c[2 + 7 * n : 2 + 7 * n + ROWS] for n in range(count)]).reshape(count, ROWS)
    expected[50:90] = (rows.T @ octets[:count]).ravel()
    expected[100:108] = c[:count] @ np.abs(octets[2 : 2 + count])
    expected[110:118] = (x * c).reshape(-1, POINTS)[1 : 1 + count].sum(axis=0)
    expected[120 : 120 + POINTS * count] = (c[5 : 5 + POINTS] * octets[1 : 1 + count]).ravel()
    in_python = out.copy()
    add_products(c, 3, 7, x, 8, count, in_python, 1)
    products(c, 2, 7, x, 0, count, in_python, 50)
    lengths(c, x, 16, count, in_python, 100)
    squares(x, c, 8, count, in_python, 110)
    multiply(c, 5, x, 8, count, in_python, 120)
    compiled(c, x, count, out)
    np.testing.assert_allclose(out, expected, ROUNDING, ROUNDING)
    np.testing.assert_allclose(in_python, expected, ROUNDING, ROUNDING)


def test_sums_are_kept_in_registers() -> None:
    """The loop of ten sums has ten packed multiply-adds and stores nothing."""
    x = np.ones(300)
    compiled(x, x, 1, x.copy())
    assembly = compiled.inspect_asm(compiled.signatures[0])
    if "vfmadd" not in assembly or "ymm" not in assembly:
        pytest.skip("another processor than those with registers of four numbers")
    blocks = re.split(r"\n\.L[^\n]*:|\n\s*j[a-z]+ [^\n]*", assembly)
    packed = [block for block in blocks if len(re.findall(r"vfmadd\w*pd", block)) >= vectors.ROWS * 2]
    assert packed
    assert any(not re.search(r"vmov\w*pd\s+%ymm\d+, [^%]", block) for block in packed)
