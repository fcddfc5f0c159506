"""Cases as tables and files: parameters of one's own, what a case may start from, and what is refused, in words."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.errors import UserError
from zdscan.evaluation.fields import DECLARED, FIELDS
from zdscan.evaluation.settings import SETTINGS
from zdscan.physics.case_table import case_from
from zdscan.physics.cases import CASES, named_case, own_case, read_case
from zdscan.physics.parameters import MIXING, RESERVED, Parameters

MINE = """
name = "B minus L, mine"
[parameters]
g = { title = "coupling", range = [0, 1] }
eps = { like = "photon" }
[couplings]
v_e = { g = -1 }
v_mu = { g = -1 }
g_nu = { g = -1 }
v_u = { g = 0.3333333333333333 }
v_d = { g = 0.3333333333333333 }
v_s = { g = 0.3333333333333333 }
"""


def test_a_file_is_the_model_that_it_says(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    found, model = read_case(path), named_case("b_l")
    np.testing.assert_array_equal(found.matrix, model.matrix)
    assert found.parameters.names == ("g", "eps", "unused_3")
    assert found.parameters["g"].title == "coupling"
    mine, theirs = (
        evaluate(str(path), 0.05, g=1e-4, constraints="paper"),
        evaluate("b_l", 0.05, 1e-4, constraints="paper"),
    )
    np.testing.assert_array_equal(mine.ratios, theirs.ratios)
    assert list(mine.to_dict()["parameters"]) == ["mass", "g", "eps"]
    with pytest.raises(UserError, match=r"g is 2; its range is 0 to 1\."):
        evaluate(str(path), 0.05, g=2.0)
    with pytest.raises(UserError, match=r"no parameter 'g_mu' \(did you mean 'g'\?\); known are g, eps"):
        evaluate(str(path), 0.05, g_mu=1e-3)


def test_names_are_columns_and_nothing_else() -> None:
    """The physics of a matrix does not depend on what its columns are called."""
    names = {"eps": "x", "eps_z": "y", "g_mu": "z"}
    rows = {"v_e": {"eps": -0.3}, "v_mu": {"g_mu": 1.0, "eps": -0.3}, "g_nue": {"eps_z": 0.2}, "v_u": {"eps": 0.2}}
    rows |= {"v_d": {"eps": -0.1}, "v_s": {"eps": -0.1}}
    renamed = {row: {names[column]: value for column, value in entries.items()} for row, entries in rows.items()}
    old = own_case({"name": "old", "couplings": rows})
    new = own_case({"name": "new", "parameters": ["x", "y", "z"], "couplings": renamed})
    assert old.parameters is MIXING
    first = evaluate(old, [0.02, 0.4], 1e-4, 1e-3, 2e-3)
    second = evaluate(new, [0.02, 0.4], x=1e-4, y=1e-3, z=2e-3)
    for name in ("ratios", "predictions", "values"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_unused_columns() -> None:
    assert named_case("dark_photon").parameters.axes == ("mass", "eps", "unused_2", "unused_3")
    point = evaluate("dark_photon", 0.1, eps=1e-3, unused_2=0.0, unused_3=0.0)  # as coordinates of a grid give it
    assert list(point.parameters) == ["mass", "eps"]
    with pytest.raises(UserError, match="no parameter 'unused_2'"):
        evaluate("dark_photon", 0.1, eps=1e-3, unused_2=1.0)
    with pytest.raises(UserError, match=r"has 1 parameters \(eps\), not 2"):
        evaluate("dark_photon", 0.1, 1e-3, 1e-3)
    with pytest.raises(UserError, match="eps is given twice"):
        evaluate("dark_photon", 0.1, 1e-3, eps=1e-3)


def test_a_case_can_start_from_another() -> None:
    same = own_case({"base": "B"})
    np.testing.assert_array_equal(same.matrix, CASES["B"].matrix)
    changed = own_case({"name": "no electrons", "base": "B", "couplings": {"v_e": {"eps": 0.0}, "a_mu": {"g_mu": 0.5}}})
    difference = changed.matrix - CASES["B"].matrix
    assert np.argwhere(np.abs(difference) > 1e-12).tolist() == [[0, 0], [3, 2]]  # v_e per eps, a_mu per g_mu
    heavier = own_case({"name": "plus", "base": "b_l", "parameters": ["h"], "couplings": {"v_mu": {"h": 1.0}}})
    assert heavier.parameters.names == ("g", "eps", "h")
    np.testing.assert_array_equal(heavier.matrix[:, :2], named_case("b_l").matrix[:, :2])
    loop = own_case({"base": "l_mu_l_tau", "mixing": "loop"})
    assert (loop.loop, loop.name) == (True, "l_mu_l_tau")
    assert own_case({"base": "b_l", "right_handed_neutrinos": "light"}).light_neutrinos


def test_what_follows_is_worked_out_again_for_columns_that_change() -> None:
    """gWW = gL_u - gL_d of the new quarks; the contradiction with the old one would be refused."""
    changed = own_case({"base": "dark_photon", "name": "x", "couplings": {"v_u": {"eps": 1.0}}})
    couplings = changed.couplings(eps=1.0)
    assert couplings["gWW"] == pytest.approx(1.0 - couplings["v_d"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"parameters": ["mass"]}, "'mass' cannot be the name of a parameter: zdscan calls something else so"),
        ({"parameters": ["chi2"]}, "'chi2' cannot be the name"),
        ({"parameters": ["unused_2"]}, "'unused_2' cannot be the name"),
        ({"parameters": ["g", "g"]}, "'g' is declared twice"),
        ({"parameters": ["a", "b", "c", "d"]}, "4 parameters (a, b, c, d) are too many; at most three"),
        ({"parameters": []}, "a case needs at least one parameter"),
        ({"parameters": ["2g"]}, "'2g' cannot be the name of a parameter; use letters"),
        ({"parameters": [1]}, "the names of parameters must be texts in quotes, not 1"),
        ({"parameters": "g"}, "parameters must be a list of names or a table of them, not the text 'g'"),
        ({"parameters": {"g": {"range": [1, 0]}}}, "the range of 'g' is 1 to 0; it must ascend"),
        ({"parameters": {"g": {"range": [0, 1e6]}}}, "at most 100 in size"),
        ({"parameters": {"g": {"range": [0]}}}, "range must be two numbers [low, high]"),
        ({"parameters": {"g": {"titel": "x"}}}, "no key 'titel' (did you mean 'title'?)"),
        ({"parameters": {"g": {"like": "photn"}}}, "like must be one of photon, Z"),
        ({"parameters": ["g"], "couplings": {"v_e": {"h": 1.0}}}, "no parameter 'h'; known are g"),
        ({"parameters": ["g"], "couplings": {"v_x": {"g": 1.0}}}, "no coupling 'v_x'"),
        ({"parameters": ["g"], "couplings": {"v_e": {"g": "1"}}}, "must be a finite number"),
        ({"base": "b_ll"}, "no case 'b_ll' (did you mean 'b_l'?)"),
        ({"base": "B", "parameters": ["h"]}, "4 parameters (eps, eps_z, g_mu, h) are too many"),
        ({"base": "b_l", "mixing": "loop"}, "their charges sum to zero"),
        ({"base": "l_mu_l_tau", "mixing": "lop"}, "mixing does not know 'lop' (did you mean 'loop'?)"),
        ({"couplnigs": {}}, "no key 'couplnigs' (did you mean 'couplings'?)"),
        ({}, "couplings are missing, and no base"),
    ],
)
def test_refusals_are_sentences(table, words) -> None:
    if "base" not in table and "parameters" in table:
        table = {"couplings": {}} | table
    with pytest.raises(UserError) as refusal:
        own_case({"name": "x"} | table)
    assert any(words in message for message in refusal.value.messages), refusal.value.messages


def test_files_that_cannot_be_read(tmp_path) -> None:
    (tmp_path / "mine.toml").write_text("name = ")
    with pytest.raises(UserError, match=r"mine\.toml: not valid TOML"):
        named_case(str(tmp_path / "mine.toml"))
    with pytest.raises(UserError, match=r"there is no such case file \(did you mean 'mine\.toml'\?\)"):
        named_case(str(tmp_path / "mime.toml"))
    (tmp_path / "mine.toml").write_text('couplings = { v_e = { eps = 1.0 } }\nparameters = ["chi2"]')
    with pytest.raises(UserError, match=r"mine\.toml: Case mine: 'chi2' cannot be"):
        named_case(str(tmp_path / "mine.toml"))


def test_no_parameter_is_called_like_something_else() -> None:
    """Fields of a grid, their dimensions, settings: datasets, coordinates and arguments have these names already."""
    dimensions = {item.extra[0] for item in DECLARED.values() if item.extra}
    assert {*FIELDS, *SETTINGS, *dimensions, "mass", "case", "constraint", "row", "channel"} <= RESERVED
    with pytest.raises(UserError, match="a case needs at least one"):
        case_from({"name": "x", "couplings": {}, "parameters": []})
    assert Parameters(MIXING.declared).axes == ("mass", "eps", "eps_z", "g_mu")


def test_axial_mu_needs_its_parameter() -> None:
    with pytest.raises(UserError, match=r"axial_mu = 0\.5 does not fit Case b_l, which has no parameter g_mu"):
        evaluate("b_l", 0.1, g=1e-3, axial_mu=0.5)
    point = evaluate("muonphilic", 0.1, g_mu=1e-3, axial_mu=0.5)
    assert float(point.couplings["a_mu"]) == pytest.approx(5e-4)
