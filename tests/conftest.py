"""Shared set-up of the tests."""

from __future__ import annotations

import zdscan  # noqa: F401  (chooses the folder of compiled kernels before the first kernel is imported)
