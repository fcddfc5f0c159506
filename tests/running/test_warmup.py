"""Compiling before the first job: everything is compiled, and a cache that keeps nothing is told."""

from __future__ import annotations

import pytest

from zdscan.compiled import cache
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import ALWAYS, FIELDS
from zdscan.running import warmup


def test_scans_with_few_and_with_all_fields_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed = []
    monkeypatch.setattr(Engine, "warm_up", lambda self, meanwhile: warmed.append([item.name for item in self.fields]))
    assert warmup.compile_everything() == cache.cache_folder()
    assert warmed == [list(ALWAYS), list(FIELDS)]


def test_a_cache_that_keeps_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "warm_up", lambda self, meanwhile: None)
    monkeypatch.setattr(warmup, "is_kept", lambda: False)
    with pytest.raises(UserError, match=r"cannot be written.*ZDSCAN_CACHE_DIR"):
        warmup.compile_everything()
