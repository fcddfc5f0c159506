"""A user's limit curve as a constraint: a file of numbers and a few words about it. docs/extending.md.

The words are a table ``[[constraints.curve]]`` of a scan file, or the arguments of `own_curve`. The numbers are
columns (:mod:`zdscan.inputs.curve_file`) or a data file as zdscan's own are, which has its words in itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs import against_mass, constants, curve_file, references
from zdscan.inputs.against_mass import Numbers
from zdscan.inputs.detectors import Where
from zdscan.inputs.files import Grade, Place, Positive, Record, Text, read_own, validate
from zdscan.physics import limit_curve, search
from zdscan.physics.clause import Channel, Constraint
from zdscan.physics.search import Production

INTERPOLATION = "log10(value) linear in mass"
QUANTITIES = {"branching ratio": "decay", "eps": "production", "coupling": "production"}  # what must be said of each
_STATISTICS = ("likelihood", "because", "same_data")
_OF_COLUMNS = (
    *("kind", "quantity", "title", "decay", "production", "channel", "channels", "reference"),
    *("level", "prompt", "prompt_ps", "displaced", "escape", "windows_ps", "shield_m", "decay_m", "beam_GeV", "peak"),
    *("grade", "interpolation", *_STATISTICS),
)
_NEEDED = ("channel", "level", "citation")
# What makes a curve a search for another vector, whose words are those of `search.Entry`.
_OF_SEARCHES = ("channels", "reference", "prompt_ps", "windows_ps", "shield_m", "decay_m", "beam_GeV", "peak")
DARK_PHOTON = "dark photon"


class Curve(Record):
    """What a user says of a curve.

    Attributes
    ----------
    file : the numbers: columns, or TOML as in zdscan/inputs/data, which says the rest but id and citation.
    id : of the constraint; by default the name of the file without its ending.
    kind : "upper", an upper limit, or "region", whose columns are mass, lower and upper edge.
    quantity : what the limit is on: "branching ratio", BR(H -> H' Z_D) BR(Z_D -> channel), "eps", the kinetic mixing
        of a dark photon, or "coupling", that of the reference; by default what the other words imply.
    decay, channel, prompt, displaced, escape : as in the table [constraint] of a data file (`limit_curve.Entry`).
    production, channels, reference, prompt, prompt_ps, escape, windows_ps, shield_m, decay_m, beam_GeV, peak : as in
        the table [search] (`search.Entry`); the reference is a dark photon where it is not given.
    level : the confidence level, e.g. 0.9.
    likelihood, because : what stands behind the limit, "half-normal" where it is not given, "counting" for few events,
        or "none", and why (docs/statistics.md).
    same_data : the name that constraints on the same data have in common.
    citation : a key of zdscan's bibliography, a whole BibTeX entry, or words.
    title, grade, interpolation : as in a data file; the grade is C where it is not given.
    """

    file: Text
    id: Text | None = None
    kind: Literal["upper", "region"] = "upper"
    quantity: Literal["branching ratio", "eps", "coupling"] | None = None
    title: Text | None = None
    decay: Text | None = None
    production: Production | None = None
    channel: Channel | None = None
    channels: list[Channel] | None = None
    reference: Text | None = None
    prompt: Where | None = None
    displaced: Where | None = None
    escape: Where | None = None
    prompt_ps: dict[str, Positive] | None = None
    windows_ps: list[list[Positive]] | None = None
    shield_m: Positive | None = None
    decay_m: Positive | None = None
    beam_GeV: Positive | None = None
    peak: Positive | None = None
    level: Annotated[float, Field(gt=0, lt=1)] | None = None
    likelihood: Literal["half-normal", "counting", "none"] | None = None
    because: Text | None = None
    same_data: Text | None = None
    citation: Text | None = None
    grade: Grade = "C"
    interpolation: Text = INTERPOLATION

    @property
    def is_search(self) -> bool:
        """Whether it is recast from the vector that was searched for, rather than a limit on a decay."""
        if self.kind == "region" or self.quantity == "coupling":
            return True
        if any(getattr(self, name) is not None for name in _OF_SEARCHES):
            return True
        # a limit on eps whose prompt is the name of a constant is a limit for every lifetime below
        by_constant = self.prompt is None or (isinstance(self.prompt, str) and self.prompt in constants.load().entries)
        return self.decay is None and self.production is not None and (self.escape is not None or not by_constant)

    @property
    def of(self) -> str:
        """What the limit is on: a key of `QUANTITIES`."""
        if self.quantity is not None:
            return self.quantity
        if self.is_search:
            return "coupling"
        return "eps" if self.decay is None and self.production is not None else "branching ratio"


def own_curve(
    file: str | Path,
    *,
    id: str | None = None,
    kind: str = "upper",
    quantity: str | None = None,
    decay: str | None = None,
    production: str | Mapping[str, float] | None = None,
    channel: str | None = None,
    level: float | None = None,
    citation: str | None = None,
    prompt: str | Mapping[str, Any] | None = None,
    title: str | None = None,
    grade: str = "C",
    interpolation: str = INTERPOLATION,
    **more: Any,
) -> Constraint:
    """Read a limit curve of your own, for `zdscan.evaluate(..., constraints=["all", curve])` and `zdscan.limits`.

    Parameters
    ----------
    file : columns, mass in GeV and limit, or a TOML file as those of zdscan, which says the rest by itself.
    id : of the constraint; by default the name of the file without its ending.
    kind : "upper", or "region" for the columns mass, lower and upper edge of what is excluded.
    quantity : what the limit is on: "branching ratio" of a decay times that of the channel, "eps", the kinetic
        mixing of a dark photon from a production, or "coupling", that of a reference.
    decay : the decay that is limited, e.g. "K+->pi+" (docs/extending.md has all).
    production : how the vector is made, e.g. "e_e", or several with the mass up to which each holds.
    channel : what the vector decays to: "invisible", "ee", "mumu" or "hadrons".
    level : confidence level, e.g. 0.9.
    citation : a key of zdscan's bibliography, a whole BibTeX entry, or words.
    prompt : name of the constant (ps) up to which lifetimes the limit is used, or of a search the detector within
        which decays are seen; by default for all.
    title : in a few words; by default made of the decay and the channel.
    grade : A read in the source, B third-party digitisation or recast, C rough.
    interpolation : between the rows, by its name in docs/data.md.
    more : further words of a table [[constraints.curve]]: channels, reference, displaced, escape, windows_ps,
        prompt_ps, shield_m, decay_m, beam_GeV, peak, likelihood, because, same_data.

    Raises
    ------
    UserError
        One sentence for what is wrong, with file and line.
    """
    words: dict[str, Any] = {"id": id, "kind": kind, "quantity": quantity, "decay": decay, "production": production}
    words |= {"channel": channel, "level": level, "citation": citation, "prompt": prompt, "title": title}
    words |= {"grade": grade, "file": str(file), "interpolation": interpolation} | more
    curve = validate(Curve, words, str(file), "the curve")
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
    place = Place(source, text) if is_toml else Place(source)
    numbers = _of_toml(curve, text, place) if is_toml else _of_columns(curve, text, name)
    if numbers.search is None:
        made = limit_curve.made_of(name, numbers, place, source)
    else:
        made = search.made_of(name, numbers.title, [search.recast(name, numbers, place)], source)
    citations, entries = references.all_cited([curve.citation] if curve.citation else numbers.citations, name)
    words = json.dumps(curve.model_dump(exclude={"file"}, exclude_none=True), sort_keys=True)
    return replace(
        made,
        citations=tuple(citations),
        references=entries,
        in_paper=False,
        group="",
        definition=hashlib.sha256(f"{words}\n{text}".encode()).hexdigest(),
    )


def _of_toml(curve: Curve, text: str, place: Place) -> Numbers:
    given = [name for name in _OF_COLUMNS if name in curve.model_fields_set and getattr(curve, name) is not None]
    default = Curve(file=curve.file)
    if said := [name for name in given if getattr(curve, name) != getattr(default, name)]:
        raise UserError(
            f"{curve.file}: a curve in TOML says {', '.join(said)} by itself, in its own words; leave it out here."
        )
    numbers = against_mass.parse(text, place)
    if numbers.constraint is None and numbers.search is None:
        raise UserError(
            f"{curve.file}: the table [constraint], with decay and channel, is missing, or [search], with production, "
            "channels and reference."
        )
    if numbers.constraint is not None and numbers.search is not None:
        raise UserError(f"{curve.file}: the tables [constraint] and [search] exclude each other.")
    return numbers


def _of_columns(curve: Curve, text: str, name: str) -> Numbers:
    """Numbers of columns, with the words around them."""
    needed = (QUANTITIES[curve.of], *_NEEDED)
    given = {word for word in needed if getattr(curve, word) is not None} | ({"channel"} if curve.channels else set())
    if missing := [word for word in needed if word not in given]:
        raise UserError(f"{curve.file}: of a curve in columns {', '.join(missing)} must be given beside the file.")
    rule = against_mass.RULES.get(curve.interpolation)
    if rule is None or rule.keys != ("mass",):
        rules = "; ".join(known for known, each in against_mass.RULES.items() if each.keys == ("mass",))
        raise UserError(f"{curve.file}: there is no interpolation {curve.interpolation!r}; the rules are: {rules}.")
    table, words = ("search", _words_of_search(curve)) if curve.is_search else ("constraint", _words_of_curve(curve))
    title = curve.title or _title(curve)
    columns: tuple[str, ...] = curve_file.COLUMNS
    if curve.kind == "region":
        columns = ("mass", *against_mass.REGION)
    elif curve.windows_ps is not None:
        columns = ("mass", *(f"limit_{k}" for k in range(1, len(curve.windows_ps) + 1)))
    document = {
        "title": title,
        "quantity": f"BR({curve.decay} X) BR(X -> {curve.channel})" if curve.of == "branching ratio" else title,
        "unit": "1",
        "cl": curve.level,
        "interpolation": curve.interpolation,
        "columns": list(columns),
        table: words,
        "segment": [
            {"title": title, "cite": [name], "source": curve.file, "grade": curve.grade, "note": "", "rows": rows}
            for rows in curve_file.segments(text, curve.file, largest=1.0, columns=columns)
        ],
    }
    return against_mass.from_document(document, curve.file)


def _title(curve: Curve) -> str:
    """A curve in a few words, where its user has none."""
    if curve.of == "branching ratio":
        process = f"{(curve.decay or '').replace('->', ' -> ')} Z_D"
    else:
        names = curve.production if isinstance(curve.production, str) else ", ".join(curve.production or ())
        process = f"{'eps' if curve.of == 'eps' else 'coupling'} of {names}"
    return f"{process}, Z_D -> {curve.channel or ' or '.join(curve.channels or ())}"


def _words_of_curve(curve: Curve) -> dict[str, Any]:
    """The table [constraint] of a data file."""
    names = ("decay", "production", "channel", "prompt", "displaced", "escape", *_STATISTICS)
    said = {name: getattr(curve, name) for name in names}
    return {key: value for key, value in said.items() if value is not None}


def _words_of_search(curve: Curve) -> dict[str, Any]:
    """The table [search] of a data file."""
    if curve.decay is not None or curve.displaced is not None:
        word = "decay" if curve.decay is not None else "displaced"
        raise UserError(f"{curve.file}: {word} goes with a limit on a branching ratio alone, not with a search.")
    if curve.channel is not None and curve.channels is not None:
        raise UserError(f"{curve.file}: channel and channels exclude each other.")
    names = ("production", "prompt", "escape", *_OF_SEARCHES, *_STATISTICS)
    said = {name: getattr(curve, name) for name in names}
    said["channels"] = curve.channels or [curve.channel]
    said["reference"] = curve.reference or DARK_PHOTON
    return {key: value for key, value in said.items() if value is not None}
