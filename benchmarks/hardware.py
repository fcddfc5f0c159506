"""What this machine can do at most, as compiled by Numba: multiply-adds per second and memory traffic, one core.

Kernels: eight independent chains of fused multiply-adds a vector (two pipelines with a latency of four need eight in
flight), and copy, fill and triad over arrays far larger than the caches. A multiply-add counts as two operations;
traffic counts the bytes a program reads and writes, not what a cache fetches to be overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from common import Report, cpu_timing, parser

CHAINS, STEPS = 8, 8  # of `multiply_add`
RESIDENT = 2048  # numbers: 16 kB at most, within a first-level cache


@dataclass(frozen=True)
class Limits:
    """Limits of one core: operations per second in both precisions, bytes per second of three access patterns."""

    flops32: float
    flops64: float
    copy: float
    fill: float
    triad: float


def _kernel(function):
    return numba.njit(error_model="numpy", fastmath={"contract"}, nogil=True)(function)


@_kernel
def multiply_add(x, out, scale, shift, repeats):
    """CHAINS x STEPS multiply-adds for every element, repeated; shrinking maps, so that nothing overflows."""
    for _ in range(repeats):
        for i in range(x.size):
            a = x[i]
            b, c, d, e = a + shift, a - shift, a * scale, a * scale + shift
            f, g, h = b * scale, c * scale, d * scale
            for _step in range(STEPS):
                a = a * scale + shift
                b = b * scale + shift
                c = c * scale + shift
                d = d * scale + shift
                e = e * scale + shift
                f = f * scale + shift
                g = g * scale + shift
                h = h * scale + shift
            out[i] = ((a + b) + (c + d)) + ((e + f) + (g + h))


@_kernel
def copy(a, b, c, scale):
    """a = b."""
    for i in range(a.size):
        a[i] = b[i]


@_kernel
def fill(a, b, c, scale):
    """a = constant."""
    for i in range(a.size):
        a[i] = scale


@_kernel
def triad(a, b, c, scale):
    """a = b + scale c."""
    for i in range(a.size):
        a[i] = b[i] + scale * c[i]


def _flops(dtype: type, repeats: int) -> float:
    x, out = np.linspace(0, 1, RESIDENT, dtype=dtype), np.empty(RESIDENT, dtype=dtype)
    scale, shift = dtype(0.999), dtype(1e-3)
    multiply_add(x, out, scale, shift, 1)
    sweeps = 20 * repeats
    timing = cpu_timing(lambda: multiply_add(x, out, scale, shift, sweeps), repeats)
    return 2.0 * CHAINS * STEPS * RESIDENT * sweeps / timing.best


def measure(quick: bool = False) -> Limits:
    """The limits, each the best of several tries: what disturbs a try can only make it slower."""
    repeats = 3 if quick else 25
    numbers = 2**16 if quick else 2**24  # float64
    a, b, c = np.zeros(numbers), np.ones(numbers), np.ones(numbers)
    traffic = {}
    for kernel, arrays in ((copy, 2), (fill, 1), (triad, 3)):
        kernel(a, b, c, 0.5)
        timing = cpu_timing(lambda k=kernel: k(a, b, c, 0.5), repeats)
        traffic[kernel.__name__] = 8.0 * arrays * numbers / timing.best
    return Limits(flops32=_flops(np.float32, repeats), flops64=_flops(np.float64, repeats), **traffic)


def report(limits: Limits) -> tuple[str, tuple[str, ...], list[tuple[str, float, str]]]:
    """Title, columns and rows of the table of limits."""
    return (
        "Limits of one core, measured in this run",
        ("what", "limit", "unit"),
        [
            ("multiply-adds, float32", limits.flops32 / 1e9, "Gflop/s"),
            ("multiply-adds, float64", limits.flops64 / 1e9, "Gflop/s"),
            ("copy", limits.copy / 1e9, "GB/s"),
            ("fill", limits.fill / 1e9, "GB/s"),
            ("triad", limits.triad / 1e9, "GB/s"),
        ],
    )


def main() -> None:
    """Print the limits."""
    arguments = parser(__doc__).parse_args()
    made = Report("hardware")
    made.add(*report(measure(arguments.quick)))
    made.finish(arguments)


if __name__ == "__main__":
    main()
