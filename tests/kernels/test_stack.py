"""Work space on the stack of a kernel."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import ALIGNMENT, local

SIZE, ROWS = 5, 3


@inner
def _fill(table, offset):
    for i in range(table.shape[0]):
        for k in range(table.shape[1]):
            table[i, k] = offset + 10 * i + k


@njit
def _sums(repeats, out, addresses):
    numbers = local(SIZE, np.uint64)
    total = 0.0
    for n in range(repeats):
        table = local(ROWS, SIZE)
        _fill(table, n)
        row = table[1]
        for k in range(SIZE):
            numbers[k] = np.uint64(k) + np.uint64(row[k])
            total += numbers[k] + table[2, k]
    for k in range(SIZE):
        out[k] = numbers[k]
    addresses[0], addresses[1] = table.ctypes.data, numbers.ctypes.data
    return total


def _expected(repeats):
    return sum(2 * k + n + 10 + n + 20 + k for n in range(repeats) for k in range(SIZE))


def test_arrays_on_the_stack_hold_what_is_put_into_them():
    out, addresses = np.zeros(SIZE, dtype=np.uint64), np.zeros(2, dtype=np.int64)
    assert _sums(100_000, out, addresses) == _expected(100_000)  # without end of the stack
    np.testing.assert_array_equal(out, 99_999 + 10 + 2 * np.arange(SIZE))
    assert not np.any(addresses % ALIGNMENT)


def test_they_are_arrays_in_python_too():
    assert _sums.py_func(3, np.zeros(SIZE, dtype=np.uint64), np.zeros(2, dtype=np.int64)) == _expected(3)
    assert local(2, 3).shape == (2, 3)
    assert local(4, np.int64).dtype == np.int64
    assert local(4).dtype == np.float64


@pytest.mark.parametrize("length", [7, 1 << 20])
def test_lengths_are_constant_and_moderate(length):
    @njit
    def kernel(n):
        return local(n)[0] if length == 7 else local(1 << 20)[0]

    with pytest.raises(TypingError):
        kernel(length)
