"""Sets of constraints by name, sums and removals, constraints of the user and of packages."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import zdscan
from zdscan import constraints
from zdscan.constraints import GROUPS, SETS, available, select
from zdscan.errors import UserError
from zdscan.physics.clause import Clause, Constraint, Model


def ids(*use: str, own: tuple[Constraint, ...] = (), scan_format: int | None = None) -> list[str]:
    return [item.id for item in select(use, scan_format, own)]


# lhcb_prompt has the data of lhcb_dark_photon at all masses, and stands in its place in every set but "paper".
LATEST = [name for name in available() if name != "lhcb_dark_photon"]


def clauses(model: Model, mass: float) -> list[Clause]:
    """v_mu^2 below 1e-6."""
    return [Clause(polynomial=model.product("v_mu", "v_mu"), up=1e-6)]


MINE = Constraint(
    id="mine",
    title="Mine",
    citations=("PDG:2022",),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=False,
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
)


def test_every_constraint_of_zdscan_is_in_one_group() -> None:
    assert {item.group for item in select("all")} == set(GROUPS)
    assert sorted(name for group in GROUPS for name in ids(group)) == LATEST
    assert {item.group for item in select(available())} == set(GROUPS)


def test_sums_and_removals() -> None:
    everything = LATEST
    assert ids("all") == everything
    assert ids("all", "-a_mu") == [name for name in everything if name != "a_mu"]
    assert ids("a_mu", "apv_cs") == ["a_mu", "apv_cs"]
    assert ids("a_mu", "low-energy")[0] == "a_mu"
    assert sorted(ids("a_mu", "low-energy")) == ids("low-energy")
    assert set(ids("all", "-flavour", "-direct")) == set(ids("low-energy"))
    assert ids("flavour", "-flavour", "bs_mixing") == ["bs_mixing"]
    new = [name for name in ids("flavour") if name not in ids("paper")]
    assert ids("flavour", "-paper", "bs_mixing") == [*new, "bs_mixing"]
    assert set(ids("flavour", "direct")) == set(ids("flavour")) | set(ids("direct"))


def test_all_of_an_early_format_is_what_there_was() -> None:
    early = {item.id for item in select(available()) if item.first_format == 1}
    assert set(ids("all", "-a_mu", scan_format=1)) == early - {"a_mu"}


def test_of_the_same_data_one_is_in_a_set() -> None:
    """By name, and in the paper's set, lhcb_dark_photon is there; a set and a name that have both have both."""
    for use, scan_format in (("all", 1), ("direct", 1), ("low-energy", 1), ("paper", None), ("paper", 2)):
        assert "lhcb_prompt" not in ids(use, scan_format=scan_format)
    for use, scan_format in (("all", 2), ("all", None), ("direct", 2)):
        assert ("lhcb_prompt" in ids(use, scan_format=scan_format)) is True
        assert "lhcb_dark_photon" not in ids(use, scan_format=scan_format)
    assert "lhcb_dark_photon" in ids("paper")
    assert "lhcb_dark_photon" in ids("all", scan_format=1)
    assert {"lhcb_prompt", "lhcb_dark_photon"} <= set(ids("all", "lhcb_dark_photon"))


def test_own_constraints_come_last_unless_the_list_names_them() -> None:
    assert ids("a_mu", "apv_cs", own=(MINE,)) == ["a_mu", "apv_cs", "mine"]
    assert ids("mine", "a_mu", own=(MINE,)) == ["mine", "a_mu"]
    assert ids("all", "-mine", own=(MINE,)) == LATEST


def test_a_constraint_given_to_evaluate() -> None:
    point = zdscan.evaluate("B", 0.05, g_mu=2e-3, constraints=["all", "-a_mu", MINE], level="published")
    names = [item.id for item in point.physics.constraints]
    assert names == [name for name in LATEST if name != "a_mu"] + ["mine"]
    assert point.ratios[-1] == pytest.approx(4.0, rel=1e-12)
    assert point.to_dict()["constraints"][-1]["excluded"] is True
    curves = zdscan.limits("B", "g_mu", 0.05, constraints=[MINE], level="published")
    assert curves.intervals("mine", 0)[0][0] == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("use", "own", "words"),
    [
        (["a_nu"], (), "There is no constraint 'a_nu' (did you mean 'a_mu'?)"),
        ("flavor", (), "did you mean 'flavour'?"),
        (["-a_mu"], (), "'-a_mu' comes first, so there is nothing to take away"),
        (["all", "-a_nu"], (), "There is no constraint 'a_nu'"),
        (["all"], (replace(MINE, id="a_mu"),), "The id 'a_mu' of an own constraint is taken"),
        (["all"], (replace(MINE, id="paper"),), "The id 'paper' of an own constraint is taken"),
        (["all"], (replace(MINE, id="my curve"),), "must be letters, digits"),
        (["all"], (MINE, replace(MINE, title="Another")), "Two own constraints have the id 'mine'"),
    ],
)
def test_a_mistake_is_a_sentence(use: Any, own: tuple[Constraint, ...], words: str) -> None:
    with pytest.raises(UserError) as caught:
        select(use, own=own)
    (message,) = caught.value.messages
    assert words in message


# --- packages --------------------------------------------------------------------------------------------------------


class Point:
    """An entry point of an installed package."""

    class Dist:
        name, version = "zdscan-example", "1.2"

    dist = Dist()

    def __init__(self, name: str, thing: object) -> None:
        self.name, self.thing = name, thing

    def load(self) -> object:
        if isinstance(self.thing, Exception):
            raise self.thing
        return self.thing


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Point]]:
    points = [Point("mine", MINE), Point("broken", ImportError("no such library")), Point("other", MINE)]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: tuple(points) if group == constraints.ENTRY_POINTS else ()
    )
    kept = (constraints.installed, constraints._of_package)
    for cached in kept:
        cached.cache_clear()
    yield points
    for cached in kept:
        cached.cache_clear()


def test_packages_add_constraints_but_not_to_all(packages: list[Point]) -> None:
    """What "all" means does not depend on what is installed; the definition has the version and the source."""
    assert "packages" in SETS
    assert ids("all") == LATEST
    (found,) = select(["mine"])
    assert found.definition.startswith("zdscan-example 1.2, ")
    assert ids("all", "mine")[-1] == "mine"
    del packages[1:]
    constraints.installed.cache_clear()
    assert ids("packages") == ["mine"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "The constraint broken of zdscan-example 1.2 cannot be loaded: no such library."),
        ("other", "must be the Constraint with this id, not a constraint called 'mine'"),
    ],
)
def test_a_package_at_fault_is_told(packages: list[Point], name: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        select([name])
    assert words in str(caught.value)
