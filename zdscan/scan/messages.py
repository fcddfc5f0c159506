"""Turns what is wrong in a scan file into located sentences: file, line, dotted key, what is allowed, nearest name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

from zdscan.errors import listed, nearest
from zdscan.inputs.files import in_words
from zdscan.inputs.toml_lines import line_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault: where (path of keys) and what (a predicate that follows the dotted key in the sentence)."""

    path: Path
    text: str


def dotted(path: Path) -> str:
    """``("axes", "eps", "values", 2)`` as ``axes.eps.values[2]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def pydantic_faults(error: ValidationError, model: type[BaseModel], prefix: Path = ()) -> list[Fault]:
    """Every fault pydantic found in a document of type `model` that sits at `prefix` of the scan file."""
    return [Fault((*prefix, *item["loc"]), _predicate(item, model)) for item in error.errors(include_url=False)]


_AXES_HINT = "; every scan has the four axes mass, eps, eps_z and g_mu (one value: { values = [0.0] })"
_MASS_HINT = "; every scan has an axis of masses (one value: { values = [0.1] })"


def _predicate(item: ErrorDetails, model: type[BaseModel]) -> str:
    kind, loc = item["type"], tuple(item["loc"])
    if kind == "extra_forbidden":
        return unknown_key(str(loc[-1]), loc[:-1], model)
    if kind == "missing":
        return "is missing" + ("" if loc[0] != "axes" else _MASS_HINT if loc[-1] in ("mass", "axes") else _AXES_HINT)
    return in_words(item)


def unknown_key(name: str, parent: Path, model: type[BaseModel]) -> str:
    """The predicate for a key that the table at `parent` does not have, naming the table it belongs to if any."""
    allowed = list(model_at(model, parent).model_fields)
    hint = nearest(name, allowed)
    if not hint:
        sections = [section for section in model.model_fields if (section,) != parent]
        homes = [section for section in sections if name in _fields_of(model, section)]
        hint = f" (it belongs in [{homes[0]}])" if homes else ""
        if name in model.model_fields and parent:
            hint = " (it belongs at the top of the file, before the first [section])"
    return f"is not a known key{hint}; allowed here: {listed(allowed)}"


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The pydantic model of the table at `path` inside a document of type `model`."""
    for part in path:
        annotation = model.model_fields[str(part)].annotation
        options = [annotation, *get_args(annotation)]
        model = next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
    return model


def _fields_of(model: type[BaseModel], section: str) -> list[str]:
    annotation = model.model_fields[section].annotation
    return list(annotation.model_fields) if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def sentence(fault: Fault, source: str, text: str, overrides: dict[tuple[str, ...], str]) -> str:
    """The whole sentence of a fault; what an override (key -> as typed) has set is located there, not in the file."""
    keys = tuple(str(part) for part in fault.path if isinstance(part, str))
    line = line_of(text, fault.path)
    where = source if line is None else f"{source}, line {line}"
    for key, given in overrides.items():
        if key == keys[: len(key)] or (line is None and keys == key[: len(keys)]):
            where = f"--set {given}"
    return f"{where}: {dotted(fault.path)} {fault.text}".rstrip(".") + "."
