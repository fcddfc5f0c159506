"""A user's limit curve as a constraint: a file of numbers and a few words about it. docs/extending.md.

The words are a table ``[[constraints.curve]]`` of a scan file, or the arguments of `own_curve`. The numbers are two
columns (:mod:`zdscan.inputs.curve_file`) or a data file as zdscan's own are, which has its words in itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs import against_mass, curve_file, references
from zdscan.inputs.against_mass import Numbers
from zdscan.inputs.files import Grade, Record, Text, read_own, validate
from zdscan.physics import limit_curve
from zdscan.physics.clause import Channel, Constraint

INTERPOLATION = "log10(value) linear in mass"
QUANTITIES = {"branching ratio": "decay", "eps": "production"}  # each with what must be said of it
_OF_COLUMNS = (
    *("kind", "quantity", "title", "decay", "production", "channel"),
    *("level", "prompt", "grade", "interpolation"),
)
_NEEDED = ("channel", "level", "citation")


class Curve(Record):
    """What a user says of a curve.

    Attributes
    ----------
    file : the numbers: two columns, or TOML as in zdscan/inputs/data, which says the rest but id and citation.
    id : of the constraint; by default the name of the file without its ending.
    kind : "upper", an upper limit.
    quantity : what the limit is on: "branching ratio", BR(H -> H' Z_D) BR(Z_D -> channel), or "eps", the kinetic mixing
        of a dark photon.
    decay, production, channel, prompt : as in the table [constraint] of a data file (`limit_curve.Entry`).
    level : the confidence level, e.g. 0.9.
    citation : a key of zdscan's bibliography, a whole BibTeX entry, or words.
    title, grade, interpolation : as in a data file; the grade is C where it is not given.
    """

    file: Text
    id: Text | None = None
    kind: Literal["upper"] = "upper"
    quantity: Literal["branching ratio", "eps"] = "branching ratio"
    title: Text | None = None
    decay: Text | None = None
    production: Text | None = None
    channel: Channel | None = None
    prompt: Text | None = None
    level: Annotated[float, Field(gt=0, lt=1)] | None = None
    citation: Text | None = None
    grade: Grade = "C"
    interpolation: Text = INTERPOLATION


def own_curve(
    file: str | Path,
    *,
    id: str | None = None,
    quantity: str = "branching ratio",
    decay: str | None = None,
    production: str | None = None,
    channel: str | None = None,
    level: float | None = None,
    citation: str | None = None,
    prompt: str | None = None,
    title: str | None = None,
    grade: str = "C",
    interpolation: str = INTERPOLATION,
) -> Constraint:
    """Read a limit curve of your own, for `zdscan.evaluate(..., constraints=["all", curve])` and `zdscan.limits`.

    Parameters
    ----------
    file : two columns, mass in GeV and limit, or a TOML file as those of zdscan, which says the rest by itself.
    id : of the constraint; by default the name of the file without its ending.
    quantity : what the limit is on: "branching ratio" of a decay times that of the channel, or "eps", the kinetic
        mixing of a dark photon from a production.
    decay : the decay that is limited, e.g. "K+->pi+" (docs/extending.md has all).
    production : how the vector is made, e.g. "e_e".
    channel : what the vector decays to: "invisible", "ee", "mumu" or "hadrons".
    level : confidence level, e.g. 0.9.
    citation : a key of zdscan's bibliography, a whole BibTeX entry, or words.
    prompt : name of the constant (ps) up to which lifetimes the limit is used; by default for all.
    title : in a few words; by default made of the decay and the channel.
    grade : A read in the source, B third-party digitisation or recast, C rough.
    interpolation : between the rows, by its name in docs/data.md.

    Raises
    ------
    UserError
        One sentence for what is wrong, with file and line.
    """
    words = {"id": id, "quantity": quantity, "decay": decay, "production": production, "channel": channel}
    more = {"level": level, "citation": citation, "prompt": prompt, "title": title, "grade": grade}
    more |= {"file": str(file), "interpolation": interpolation}
    curve = validate(Curve, words | more, str(file), "the curve")
    return made_of(curve, read_own(Path(file)))


def id_of(file: str) -> str:
    """The id of a curve that is given none: the name of its file without ending and without blanks."""
    return re.sub(r"\W", "_", Path(file).stem)


def made_of(curve: Curve, text: str) -> Constraint:
    """The constraint of a curve and the text of its file.

    Raises
    ------
    UserError
        Something is missing or wrong; the sentence names the file, and the line of numbers that are wrong.
    """
    source = curve.file
    name = curve.id or id_of(source)
    is_toml = source.lower().endswith(".toml")
    numbers = _of_toml(curve, text) if is_toml else _of_columns(curve, text, name)
    made = limit_curve.made_of(name, numbers, source, source)
    citations, entries = references.cited(curve.citation, name) if curve.citation else (numbers.citations, {})
    words = json.dumps(curve.model_dump(exclude={"file"}), sort_keys=True)
    return replace(
        made,
        citations=citations,
        references=entries,
        in_paper=False,
        group="",
        definition=hashlib.sha256(f"{words}\n{text}".encode()).hexdigest(),
    )


def _of_toml(curve: Curve, text: str) -> Numbers:
    given = [name for name in _OF_COLUMNS if name in curve.model_fields_set and getattr(curve, name) is not None]
    default = Curve(file=curve.file)
    if said := [name for name in given if getattr(curve, name) != getattr(default, name)]:
        raise UserError(
            f"{curve.file}: a curve in TOML says {', '.join(said)} by itself, in its own words; leave it out here."
        )
    numbers = against_mass.parse(text, curve.file)
    if numbers.constraint is None:
        raise UserError(f"{curve.file}: the table [constraint], with decay and channel, is missing.")
    return numbers


def _of_columns(curve: Curve, text: str, name: str) -> Numbers:
    """Numbers of two columns, with the words around them."""
    if missing := [needed for needed in (QUANTITIES[curve.quantity], *_NEEDED) if getattr(curve, needed) is None]:
        raise UserError(f"{curve.file}: of a curve in columns {', '.join(missing)} must be given beside the file.")
    rule = against_mass.RULES.get(curve.interpolation)
    if rule is None or rule.keys != ("mass",):
        rules = "; ".join(known for known, each in against_mass.RULES.items() if each.keys == ("mass",))
        raise UserError(f"{curve.file}: there is no interpolation {curve.interpolation!r}; the rules are: {rules}.")
    of_decay = curve.quantity == "branching ratio"
    process = f"{(curve.decay or '').replace('->', ' -> ')} Z_D" if of_decay else f"eps of {curve.production}"
    title = curve.title or f"{process}, Z_D -> {curve.channel}"
    said = {name: getattr(curve, name) for name in ("decay", "production", "channel", "prompt")}
    document = {
        "title": title,
        "quantity": f"BR({curve.decay} X) BR(X -> {curve.channel})" if of_decay else title,
        "unit": "1",
        "cl": curve.level,
        "interpolation": curve.interpolation,
        "columns": list(curve_file.COLUMNS),
        "constraint": {key: value for key, value in said.items() if value is not None},
        "segment": [
            {"title": title, "cite": [name], "source": curve.file, "grade": curve.grade, "note": "", "rows": rows}
            for rows in curve_file.segments(text, curve.file, largest=1.0)
        ],
    }
    return against_mass.from_document(document, curve.file)
