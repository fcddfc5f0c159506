"""What the decorators of kernels promise: IEEE 754 without reordering, functions inside functions, no lock held."""

from __future__ import annotations

import math
import threading
import time

import numpy as np

from zdscan.kernels.jit import inner, njit

LONG = 1 << 33  # steps, many seconds


@inner
def _square(x):
    return x * x


@njit
def _quotients(x, y, out):
    for k in range(x.shape[0]):
        out[k] = x[k] / y[k]


@njit
def _sum_of_squares(x):
    total, lost = 0.0, 0.0
    for k in range(x.shape[0]):
        term = _square(x[k]) - lost
        after = total + term
        lost = (after - total) - term
        total = after
    return total


@njit
def _wait(flag, counter):
    while flag[0] == 0 and flag[counter] < LONG:  # the place is a variable: what the flag is must be read every time
        flag[counter] += 1


def test_division_by_zero_is_that_of_ieee_754() -> None:
    out = np.zeros(3)
    _quotients(np.array([1.0, -1.0, 0.0]), np.zeros(3), out)
    assert out[:2].tolist() == [math.inf, -math.inf]
    assert math.isnan(out[2])


def test_sums_are_not_reordered() -> None:
    """Kahan's compensation is zero for a compiler that may reorder: small terms beside 1e16 would be lost."""
    x = np.array([1e8, *[0.5] * 4000])
    assert _sum_of_squares(x) == math.fsum(x**2) == 1e16 + 1000.0


def test_a_function_inside_kernels_runs_as_python_too() -> None:
    assert _square(3) == 9
    assert _square(0.5) == 0.25
    assert _sum_of_squares.py_func(np.array([3.0, 4.0])) == _sum_of_squares(np.array([3.0, 4.0])) == 25.0


def test_threads_run_beside_a_kernel() -> None:
    """A kernel that waits for a number to change lets another thread change it."""
    _wait(np.array([1, 0]), 1)  # compiled
    flag = np.zeros(2, dtype=np.int64)
    waiting = threading.Thread(target=_wait, args=(flag, 1))
    waiting.start()
    while flag[1] == 0:
        time.sleep(0.001)
    flag[0] = 1
    waiting.join()
    assert 0 < flag[1] < LONG
