"""Axes have the same bits on every processor: against mpmath, and under other instruction sets."""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from tests.support.paths import ROOT
from zdscan.scan import spacing
from zdscan.scan.axes import spaced

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

# Ranges of each kind: the paper's, and wide ones.
RANGES = [(0.01, 2.0, 600), (1e-5, 1.0, 24), (1e-12, 90.0, 57), (3e-300, 2e-290, 7)]


@pytest.mark.parametrize(("low", "high", "n"), RANGES)
def test_logarithmic_is_rounded_correctly(low: float, high: float, n: int) -> None:
    """Each value is the double nearest to 10^y, y being equidistant doubles between the logarithms of the ends."""
    with mpmath.workprec(300):
        ends = [float(mpmath.log10(mpmath.mpf(end))) for end in (low, high)]
        exact = [float(mpmath.mpf(10) ** mpmath.mpf(y)) for y in spacing.linear(*ends, n).tolist()]
    found = spacing.logarithmic(low, high, n)
    assert found[1:-1].tolist() == exact[1:-1]
    assert (found[0], found[-1]) == (low, high)


def test_asinh_is_rounded_correctly() -> None:
    for x in [0.0, 1e-300, 3e-13, -2e-9, 1e-3, 0.7, -1.0, 12.5, 1e5, 1e32, -1e300]:
        with mpmath.workprec(2300):
            assert spacing.asinh(x) == float(mpmath.asinh(mpmath.mpf(x)))


def test_sinh_is_good_to_two_units_in_the_last_place() -> None:
    """fdlibm states less than 2 ulp for sinh; beyond 22 it is rounded twice."""
    x = np.concatenate([np.geomspace(1e-12, 1.0, 300), np.linspace(0.3, 25.0, 700), [0.0, 22.0, 75.0, 700.0]])
    with mpmath.workprec(200):
        exact = np.array([float(mpmath.sinh(mpmath.mpf(value))) for value in x.tolist()])
    assert np.all(np.abs(spacing.sinh(x) - exact) <= 2.0 * np.spacing(exact))


def test_steps_may_be_tiny() -> None:
    assert np.all(np.diff(spacing.linear(1e-3, 1.0000001e-3, 1001)) > 0)
    assert np.all(np.diff(spacing.logarithmic(1.0, 1.0000001, 1001)) > 0)


KNOWN = ["0x1.9f4bb53ba67dbp-20", "0x1.7e84a3de88aefp-18", "0x1.465f1d0ed19b9p-16"]
AXES = [(0.01, 2.0, 600, "log"), (-0.1, 0.1, 1001, "symlog", 1e-6), (-3e-3, 90.0, 201, "symlog", 1e-30)]
CODE = f"""
import hashlib
from zdscan.scan.axes import spaced
print(hashlib.sha256(b"".join(spaced(*axis).tobytes() for axis in {AXES!r})).hexdigest())
"""


def test_other_instruction_sets_make_the_same_bits() -> None:
    """What NumPy can leave out here; where it can leave out nothing both ways are the same."""
    here = hashlib.sha256(b"".join(spaced(*axis).tobytes() for axis in AXES)).hexdigest()
    core = importlib.import_module(f"numpy.{'_core' if hasattr(np, '_core') else 'core'}._multiarray_umath")
    without = " ".join(name for name in core.__cpu_dispatch__ if core.__cpu_features__[name])
    changed = {**os.environ, "NPY_DISABLE_CPU_FEATURES": without}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=changed, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == here


def test_known_bits() -> None:
    """Values that grids have held since 0.1.0, close to the exact ones: whoever differs makes other grids than all."""
    axis = spaced(-0.1, 0.1, 21, "symlog", 1e-6)
    with mpmath.workprec(200):
        step = mpmath.asinh(mpmath.mpf("1e5")) / 10
        exact = [float(mpmath.mpf("1e-6") * mpmath.sinh(k * step)) for k in (1, 2, 3)]
    np.testing.assert_allclose(axis[11:14], exact, rtol=1e-14)
    assert [float(value).hex() for value in axis[11:14]] == KNOWN
