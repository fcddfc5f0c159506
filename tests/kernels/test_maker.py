"""What makes kernels: the program's own maker where there is one, Numba alone where there is none."""

from __future__ import annotations

import pytest

from zdscan.compiled.kernel import Kernel
from zdscan.kernels import maker
from zdscan.kernels.jit import njit
from zdscan.kernels.profile import add_block


def doubled(x: float) -> float:
    return 2.0 * x


def test_the_maker_in_use_makes_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "_make", lambda function, options, settings: (function, options, settings))
    function, options, settings = njit(doubled)
    assert function is doubled
    assert options["fastmath"] == {"contract"}
    assert settings == {"SLP_VECTORIZE": 1}


def test_the_package_has_its_own() -> None:
    assert isinstance(add_block, Kernel)


def test_without_one_a_kernel_is_compiled_all_the_same() -> None:
    assert maker._compiled_each_time(doubled, {"nogil": True}, {})(1.5) == 3.0
