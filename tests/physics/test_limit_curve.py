"""Constraints that are a data file: the example of the documentation, the shipped files, and refused ones."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import zdscan
from tests.support.data_folder import forget
from tests.support.paths import ROOT
from tests.support.verdicts import model, of
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.inputs import against_mass, files
from zdscan.physics import limit_curve
from zdscan.physics.two_body import branching_ratio
from zdscan.terminal import citations

SHIPPED = ("b_k_x", "b_k_x_ee", "b_k_x_mumu", "b_kst_x_ee", "b_kst_x_mumu", "k_pi_x", "k_pi_x_mumu")
NAME = "example_pi_x_ee"
(EXAMPLE,) = (
    block
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), flags=re.DOTALL)
    if "[constraint]" in block
)


def add(folder: Path, text: str = EXAMPLE, name: str = NAME) -> None:
    (folder / f"constraint_{name}.toml").write_text(text)


# ---- one new file is a constraint ---------------------------------------------------------------------------------


def test_the_printed_file_is_a_constraint(folder: Path) -> None:
    before = constraints.available()
    forget()
    add(folder)
    assert constraints.available() == tuple(sorted((*before, NAME)))
    assert [item.id for item in constraints.select(constraints.available())] == list(constraints.available())
    assert NAME in [item.id for item in constraints.select("all")]
    (item,) = constraints.select([NAME])
    assert (item.cl, item.unit, item.grade, item.in_paper, item.slots) == ("90%", "1", "C", False, 1)
    assert item.citations == ("PDG:2022",)
    assert item.applies == "20 to 100 and 150 to 300 MeV, lifetime below 100 ps, all cases"
    assert item.rule == (
        "BR(K+ -> pi+ Z_D) BR(Z_D -> e+ e-) below the limit at this mass, for prompt decays; "
        "nothing where the curve has none."
    )
    assert f"constraint_{NAME}.toml" in files.hashes()


def test_a_file_says_which_scan_formats_mean_it_by_all(folder: Path) -> None:
    add(folder, EXAMPLE.replace("[constraint]\n", "[constraint]\nfirst_format = 2\n"))
    assert NAME in {item.id for item in constraints.select("all")}
    assert NAME in {item.id for item in constraints.select("all", 2)}
    assert NAME not in {item.id for item in constraints.select("all", 1)}
    forget()
    add(folder, EXAMPLE.replace("[constraint]\n", "[constraint]\nfirst_format = 0\n"))
    with pytest.raises(UserError, match=r"table \[constraint\].*first_format"):
        constraints.select([NAME])


def test_the_printed_file_has_the_clauses_it_says(folder: Path) -> None:
    add(folder)
    (item,) = constraints.select([NAME])
    chosen = model("A")
    (clause,) = item.clauses(chosen, 0.05)
    assert clause.polynomial == branching_ratio("K+->pi+", chosen, 0.05)
    assert clause.channel == "ee"
    assert clause.up == pytest.approx(4.0e-9 * 0.25 ** ((0.05 - 0.02) / 0.08), rel=1e-12)
    assert (clause.centre, clause.constant, math.isinf(clause.down)) == (0.0, 0.0, True)
    assert clause.min_width == chosen.constants["hbar"] / chosen.constants["prompt_lifetime_K"]
    for mass in (0.019, 0.101, 0.149, 0.301, 1.0):
        assert not item.clauses(chosen, mass)
    result = zdscan.evaluate("A", 0.05, 1e-3, 1e-5, constraints=[NAME])
    rate = branching_ratio("K+->pi+", chosen, 0.05).terms
    expected = sum((c * 1e-3**i * 1e-5**j).real for (i, j, _), c in rate.items())
    expected *= float(result.widths["ee"] / result.widths["total"])
    assert of(result, NAME)["prediction"] == pytest.approx(expected, rel=1e-12)
    assert of(result, NAME)["excluded"]
    assert not of(zdscan.evaluate("A", 0.12, 1e-3, 1e-5, constraints=[NAME]), NAME)["applies"]


@pytest.mark.slow
def test_the_printed_file_has_a_page_and_citations(folder: Path, tmp_path: Path) -> None:
    add(folder)
    (item,) = constraints.select([NAME])
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    page = generate.page(item, generate.bounds((item,))[0])
    assert item.title in page
    assert f"`zdscan/inputs/data/constraint_{NAME}.toml`" in page
    where, anchor = generate.section(item).split("#")
    heading = anchor.replace("-", " ").removesuffix(" vector")
    assert f"## {heading}".lower() in (ROOT / "docs" / where).read_text().lower().replace("-", " ")
    stored = {
        "case_title": "t",
        "flavio_version": "2.7.1",
        "measurements": "rashed2024",
        "theory": "complete",
        "constraints": NAME,
        "limits": "latest",
    }
    assert f"constraint {NAME}" in citations.uses(SimpleNamespace(attributes=stored, files={}))["PDG:2022"]


def test_a_file_and_a_module_of_one_name_are_refused(folder: Path) -> None:
    add(folder, name="a_mu")
    with pytest.raises(UserError, match="a data file define the same constraint: a_mu"):
        constraints.select("all")


# ---- the shipped ones ---------------------------------------------------------------------------------------------


def test_shipped_files() -> None:
    assert set(SHIPPED) <= set(against_mass.available("constraint"))
    for item in constraints.select(SHIPPED, limits="rashed2024"):
        assert item.file == f"zdscan/inputs/data/constraint_{item.id}.toml"
        assert (ROOT / item.file).exists()
        assert not item.in_paper


@pytest.mark.parametrize(
    ("name", "applies"),
    [
        ("b_k_x", "all masses and cases"),
        ("b_k_x_ee", "27.63 MeV to 1.855 GeV, lifetime below 10 ps, all cases"),
        ("k_pi_x", "10 to 103.5, 111.8 to 151.3 and 155 to 258.3 MeV, all cases"),
        ("k_pi_x_mumu", "219.6 to 320.3 MeV, lifetime below 100 ps, all cases"),
    ],
)
def test_masses_and_lifetimes_in_words(name: str, applies: str) -> None:
    (item,) = constraints.select([name])
    assert item.applies == applies


def test_a_limit_from_an_interval() -> None:
    (item,) = constraints.select(["b_k_x"])
    (clause,) = item.clauses(model(), 1.95)
    assert clause.up == pytest.approx(5.9e-6 + 1.28 * 2.89e-6, rel=1e-12)
    assert (clause.channel, clause.min_width) == ("invisible", 0.0)


# ---- what is wrong with a file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('decay = "K+->pi+"', 'decay = "K+->pi0"', "there is no decay 'K+->pi0'; known are B+->K+, B0->K*0, "),
        ('decay = "K+->pi+"\n', "", "table [constraint]: field decay"),
        ('channel = "ee"', 'channel = "tautau"', "table [constraint]: field channel"),
        ('"prompt_lifetime_K"', '"prompt"', "prompt = 'prompt' is not the name of a constant in ps in constants.toml"),
        ('"prompt_lifetime_K"', '"m_mu"', "prompt = 'm_mu' is not the name of a constant in ps"),
        ("cl = 0.90\n", "", "the confidence level cl is missing"),
        ('columns = ["mass", "limit"]', 'columns = ["mass", "bound"]', "the column limit is missing"),
        ('channel = "ee"', 'channel = "ee"\ndeviations = 1.28', "the column central, low, high is missing"),
        ('channel = "ee"', 'channel = "ee"\nlifetime = 3.0', "table [constraint]: field lifetime"),
        ("[constraint]", "[constraints]", "field constraints"),
        ('prompt = "prompt_lifetime_K"', 'displaced = "belle2_vertex"', "displaced goes with a decay and prompt alone"),
        (
            'channel = "ee"',
            'channel = "ee"\ndisplaced = "belle2"',
            "there is no detector 'belle2' (",
        ),
    ],
)
def test_a_wrong_file_is_refused(folder: Path, old: str, new: str, told: str) -> None:
    assert old in EXAMPLE
    add(folder, EXAMPLE.replace(old, new))
    with pytest.raises(UserError) as caught:
        limit_curve.constraint(NAME)
    assert f"constraint_{NAME}.toml" in str(caught.value)
    assert told in str(caught.value)


def test_a_curve_outside_of_all_masses_is_refused(folder: Path) -> None:
    text = EXAMPLE
    for mass in ("0.020", "0.100", "0.150", "0.300"):
        text = text.replace(f"[{mass},", f"[{10 + 10 * float(mass):g},")
    add(folder, text)
    with pytest.raises(UserError, match="lie outside the range"):
        limit_curve.constraint(NAME)
