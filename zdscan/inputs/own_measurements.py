"""Measurements of the user: files in the form of measurements_<set>.toml, and single rows with other numbers.

A file is a data set whose name is its path, ``"./mine.toml"``. docs/extending.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, product
from typing import Any

from pydantic import model_validator

from zdscan.errors import UserError, listed, nearest, no_such
from zdscan.inputs import component_tables, references, tables
from zdscan.inputs.files import Grade, Number, Place, Record, Text, validate
from zdscan.inputs.measurement_files import RowGroup, parse_groups
from zdscan.inputs.measurement_records import Group, Keys, PlusMinus, Row
from zdscan.inputs.quantities import READINGS

Placed = tuple[RowGroup, Row]


class OwnGroup(Group):
    """A group of a user's file, of which less need be said; `independent` is what somebody must have looked at."""

    arxiv: str = ""
    grade: Grade = "C"
    source: Text = "a file of the user"
    note: str = ""
    independent: bool = False


class OtherNumbers(Record):
    """What a user replaces in a row: its value and errors in the row's own unit, or what they are compared with.

    Attributes
    ----------
    quantity : of the two readings of an F_L (zdscan/inputs/quantities.py) the one that is meant.
    """

    quantity: Text | None = None
    value: Number | None = None
    stat: PlusMinus | None = None
    syst: list[PlusMinus] | None = None
    cite: Keys | None = None
    grade: Grade = "C"
    note: str = "Replaced by the user."

    @model_validator(mode="after")
    def _something(self) -> OtherNumbers:
        if self.value is None and self.stat is None and self.syst is None and self.quantity is None:
            raise ValueError("give value, stat, syst or quantity")
        return self


@dataclass(frozen=True)
class OwnRows:
    """Row groups, and the BibTeX entries that their citations need, by key."""

    groups: tuple[RowGroup, ...]
    references: Mapping[str, str]


@cache
def read(name: str, text: str) -> OwnRows:
    """The rows of a user's file.

    Raises
    ------
    UserError
        The file is damaged, or zdscan cannot compute a row of it: the sentence names the file and the line.
    """
    entries: dict[str, str] = {}
    groups = []
    for number, group in enumerate(parse_groups(text, Place(name, text), OwnGroup)):
        rows = []
        for index, row in enumerate(group.rows):
            words = f"group {group.name}, row {index + 1} ({row.id})"
            if fault := _fault(row):
                raise UserError(f"{Place(name, text, ('group', number, 'rows', index), words)}: {fault}.")
            cite, more = references.all_cited(row.cite, group.name)
            rows.append(row.model_copy(update={"cite": cite}))
            entries |= more
        groups.append(replace(group, rows=tuple(rows), file=name))
    for one, other in combinations([(group, row) for group in groups for row in group.rows], 2):
        if shared := same_data(one, other):
            raise UserError(f"{name}: {shared}.")
    return OwnRows(tuple(groups), entries)


def _fault(row: Row) -> str | None:
    """Why a row cannot be used, as a clause."""
    if not any(row.stat) and not any(side for source in row.syst for side in source):
        return "the row has no error; give stat, or syst"
    return _unknown_quotient(row) if row.quantity is not None else _unknown_rate(row)


def _unknown_quotient(row: Row) -> str | None:
    """Why there is no prediction of a quotient, as a clause."""
    if row.bin in component_tables.load().predicted:
        return None
    return f"there are no tables of {row.quantity} in this bin, and `zdscan calibrate` makes those of zdscan's own rows"


def _unknown_rate(row: Row) -> str | None:
    """Why there is no prediction of a rate, as a clause."""
    known = tables.load().row_id
    decays = list(dict.fromkeys(name.rsplit("_", 2)[0] for name in known))
    if row.decay not in decays:
        return f"there is {no_such('decay', row.decay, decays)}"
    if not row.decay.endswith(2 * row.lepton):
        return f"the lepton of {row.decay} is not {row.lepton!r}"
    if row.bin not in known:
        bins = listed(name.removeprefix(f"{row.decay}_").replace("_", "-") for name in known if _of(name, row.decay))
        return (
            f"there are no tables for this bin; those of {row.decay} are {bins} (GeV^2), and `zdscan calibrate --add` "
            "makes others"
        )
    return None


def _of(name: str, decay: str) -> bool:
    return name.rsplit("_", 2)[0] == decay


def same_data(one: Placed, other: Placed) -> str | None:
    """Why two rows, one of them of the user, cannot both be used, as a clause."""
    (first, mine), (second, its) = one, other
    pair = f"{_called(one)} and {_called(other)}"
    if mine.decay == its.decay and max(mine.q2_min, its.q2_min) < min(mine.q2_max, its.q2_max):
        if first is second or not (first.independent and second.independent):
            end = "" if first is second else ", or say independent = true in the group if the data are others"
            return f"the bins of {pair} overlap; leave one out{end}"
        if mine.arxiv and mine.arxiv == its.arxiv:
            return f"{pair} hold the same data: they are of one publication"
    if mine.id == its.id:
        return f"{pair} have the same name; give the group a suffix"
    return None


def _called(placed: Placed) -> str:
    group, row = placed
    where = group.file or (f"arXiv:{row.arxiv}" if row.arxiv else group.name)
    return f"{row.id} ({where})"


def shared(first: Sequence[RowGroup], second: Sequence[RowGroup]) -> str | None:
    """Why two choices, one of them of the user, cannot both be used, as a clause."""
    rows = [[(group, row) for group in groups for row in group.rows] for groups in (first, second)]
    return next((found for pair in product(*rows) if (found := same_data(*pair))), None)


def kept(table: Mapping[str, Any]) -> str:
    """Replaced rows as settings keep them: JSON, in which equal tables are equal."""
    return json.dumps(table, sort_keys=True)


def replacements(given: object) -> dict[str, OtherNumbers]:
    """The numbers that replace others, by the id of the row, from a table or from what `kept` made of it.

    Raises
    ------
    UserError
        Something is wrong; the messages are predicates behind the name of the setting.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if not isinstance(given, Mapping) or not all(isinstance(entry, Mapping) for entry in given.values()):
        raise UserError('must be tables of rows, such as "B0->K*0mumu_4_6" = { value = 3.4, stat = [0.1, 0.1] }')
    found, faults = {}, []
    for name, entry in given.items():
        try:
            found[str(name)] = validate(
                OtherNumbers, dict(entry), f"has for the row {name!r}", "numbers that are wrong"
            )
        except UserError as error:
            faults += [message.removesuffix(".") for message in error.messages]
    if faults:
        raise UserError(*faults)
    return found


def replaced(groups: Sequence[RowGroup], others: Mapping[str, OtherNumbers]) -> tuple[list[RowGroup], dict[str, str]]:
    """Groups with other numbers in some rows, and the BibTeX entries that are needed for them.

    Raises
    ------
    UserError
        A row is not among those of the groups; the message is a predicate behind the name of the setting.
    """
    known = [row.id for group in groups for row in group.rows]
    if unknown := [name for name in others if name not in known]:
        raise UserError(
            f"names the row {unknown[0]!r}, which is not among those of the measurements{nearest(unknown[0], known)}"
        )
    entries: dict[str, str] = {}
    made = []
    for group in groups:
        rows = []
        for row in group.rows:
            if (numbers := others.get(row.id)) is not None:
                if numbers.quantity is not None and not {row.quantity, numbers.quantity} <= set(READINGS):
                    raise UserError(
                        f"has for the row {row.id!r} the quantity {numbers.quantity!r}: only a row of "
                        f"{' or '.join(READINGS)} may be compared with the other of the two"
                    )
                update = numbers.model_dump(exclude_none=True)
                if numbers.cite is not None:
                    update["cite"], more = references.all_cited(numbers.cite, f"replaced_{row.id}")
                    entries |= more
                row = row.model_copy(update=update)
                if fault := _fault(row):
                    raise UserError(f"has for the row {row.id!r} no numbers to use: {fault}")
            rows.append(row)
        made.append(replace(group, rows=tuple(rows)))
    return made, entries
