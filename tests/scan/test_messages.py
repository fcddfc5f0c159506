"""Faults of a scan file in words: where they stand, and a sentence for every kind that pydantic may report."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from zdscan.inputs.files import OWN_WORDS
from zdscan.scan.messages import dotted, line_of, pydantic_faults, unknown_key
from zdscan.scan.scanfile import LATEST, document_of


def test_line_of_sections_and_inline_tables() -> None:
    text = "format = 1\n[axes]\nmass = { n = 0 }\n[axes.eps]\nvalues = [1.0]\n[output]\n'profiles' = true\n"
    assert line_of(text, ("format",)) == 1
    assert line_of(text, ("axes", "mass", "n")) == 3
    assert line_of(text, ("axes", "eps", "values", 0)) == 5
    assert line_of(text, ("axes", "g_mu")) == 2
    assert line_of(text, ("output", "profiles")) == 7
    assert line_of(text, ("model", "emission")) is None


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise PydanticCustomError("even_number", "An odd number is wanted")
    return value


class Document(BaseModel):
    odd: Annotated[int, AfterValidator(_odd)] = 1
    short: Annotated[str, Field(max_length=2)] = ""


def predicates(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refusal:
        Document.model_validate(document)
    return [(dotted(fault.path), fault.text) for fault in pydantic_faults(refusal.value, Document, ("a", 2))]


def test_a_kind_of_fault_that_is_not_known_is_told_in_its_own_words() -> None:
    assert predicates({"odd": 2}) == [("a[2].odd", "cannot be 2: an odd number is wanted")]
    ((where, text),) = predicates({"short": "long"})
    assert (where, text) == ("a[2].short", "cannot be the text 'long': string should have at most 2 characters")


def test_a_predicate_is_taken_as_it_is() -> None:
    error = ValidationError.from_exception_data(
        "ScanFile",
        [{"type": PydanticCustomError(OWN_WORDS, "{fault}", {"fault": "is {odd}"}), "loc": ("theory",), "input": "x"}],
    )
    assert [fault.text for fault in pydantic_faults(error, document_of(LATEST))] == ["is {odd}"]


def test_a_key_in_the_wrong_table_is_sent_home() -> None:
    assert "it belongs in [output]" in unknown_key("profiles", ("model",), document_of(LATEST))
    assert "it belongs at the top of the file" in unknown_key("theory", ("axes",), document_of(LATEST))
    assert "did you mean 'errors'?" in unknown_key("erors", ("data",), document_of(LATEST))
    assert unknown_key("x", ("axes", "mass"), document_of(LATEST)).startswith(
        "is not a known key; allowed here: values, min, max"
    )
