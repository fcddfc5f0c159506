"""Compiling before the first job: everything is compiled, and a cache that keeps nothing is told."""

from __future__ import annotations

import pytest

from zdscan.compiled import cache
from zdscan.constraints import select
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import ALWAYS, FIELDS, mask_dtype
from zdscan.evaluation.setting import FORMATS
from zdscan.running import warmup


def test_scans_with_few_and_with_all_fields_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed = []

    def note(self: Engine, meanwhile: object) -> None:
        warmed.append([(item.name, item.dtype) for item in self.fields])

    monkeypatch.setattr(Engine, "warm_up", note)
    assert warmup.compile_everything() == cache.cache_folder()
    masks = {mask_dtype(len(select("all", scan_format))).str for scan_format in FORMATS}  # uint64 where they are many
    for names in (ALWAYS, FIELDS):
        found = [dict(fields)["excluded"] for fields in warmed if [name for name, _ in fields] == list(names)]
        assert sorted(found) == sorted(masks)


def test_a_cache_that_keeps_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "warm_up", lambda self, meanwhile: None)
    monkeypatch.setattr(warmup, "is_complete", lambda: False)
    with pytest.raises(UserError, match=r"cannot be written.*ZDSCAN_CACHE_DIR"):
        warmup.compile_everything()
