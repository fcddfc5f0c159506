"""Settings of a program as a scan file: what is read back is what was given."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from zdscan.errors import UserError
from zdscan.scan.scanfile import load_scan
from zdscan.scan.written import document_text

DOCUMENT: dict[str, Any] = {
    "format": 2,
    "axes": {
        "mass": {"min": np.float64(0.01), "max": 2, "n": np.int64(5), "spacing": "log"},
        "eps": {"values": np.array([1e-4, 1e-3])},
    },
    "case": "A",
    "constraints": {"use": ("a_mu", "apv_cs")},
    "output": {"profiles": np.bool_(False)},
}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT,
        {"text": 'a "quoted" \\ word\n\twith ε', "empty": {}, "list": [], "odd key": {"a.b": [{"c": -1e-300}, {}]}},
        {"big": 2**60, "small": 5e-324, "infinite": float("inf"), "deep": {"deeper": {"deepest": [range(3)]}}},
    ],
    ids=["scan", "texts", "numbers"],
)
def test_what_is_written_is_read(document: dict[str, Any]) -> None:
    assert tomllib.loads(document_text(document)) == plain(document)


def test_a_mapping_makes_the_scan_of_its_text() -> None:
    scan = load_scan(DOCUMENT, ["axes.mass.n=3"])
    assert scan == load_scan(scan.text, scan.overrides)
    assert scan.axes["mass"].size == 3
    assert scan.axes["eps"].tolist() == [1e-4, 1e-3]
    assert not scan.output.profiles
    assert repr(scan) == "Scan(case A, theory complete, 6 points: mass 3, eps 2, eps_z 1, g_mu 1)"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"case": None}, r"the scan: case is None; a scan has texts, numbers"),
        ({"axes": {"mass": {"values": [0.1, {1, 2}]}}}, r"the scan: axes.mass.values\[1\] is {1, 2}"),
        ({"axes": {3: 1.0}}, "the scan: the key 3 is no text"),
        (DOCUMENT | {"case": "Z"}, "the scan.*case"),
        (DOCUMENT | {"axis": {}}, "did you mean 'axes'"),
    ],
    ids=str,
)
def test_wrong_documents_in_sentences(document: dict[Any, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_scan(document)
