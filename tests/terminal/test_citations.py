"""`zdscan cite`: exactly the references of what a run used, as complete BibTeX entries."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pytest

from tests.package.test_cli import zdscan
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.inputs import measurements
from zdscan.inputs.files import read_data
from zdscan.terminal.citations import bibtex, entries, uses

SCAN = """\
format = 1
case = "A"
[axes]
mass = { values = [0.02] }
eps = { values = [0.0] }
eps_z = { values = [1e-5, 1e-4] }
g_mu = { values = [0.0] }
[constraints]
use = USED
"""


@pytest.fixture(scope="module")
def grids(tmp_path_factory) -> dict[str, Path]:
    """Two grids that differ in their constraints."""
    folder = tmp_path_factory.mktemp("cite")
    made = {}
    for name, used in (("few", '["apv_cs", "k_pi_x"]'), ("all", '"all"')):
        scan, made[name] = folder / f"{name}.toml", folder / f"{name}.h5"
        scan.write_text(SCAN.replace("USED", used))
        assert zdscan("run", scan, "-o", made[name], "--threads", 1).code == 0
    return made


def printed_keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{([^,]+),", text, flags=re.MULTILINE)


def test_keys_are_those_of_what_was_used(grids):
    keys = printed_keys(zdscan("cite", grids["few"]).out)
    rows = {key for row in measurements.load().citations for key in row}
    chosen = {key for item in constraints.select(("apv_cs", "k_pi_x")) for key in item.citations}
    always = {"Rashed:2024", "Straub:2018kue", "PDG:2022", "Foguel:2022ppx"}
    assert len(keys) == len(set(keys))
    assert set(keys) == rows | chosen | always
    unused = {
        key for item in constraints.select(("coherent", "bs_mumu"), limits="rashed2024") for key in item.citations
    }
    assert unused - rows - chosen - always
    assert not (unused - rows - chosen - always) & set(keys)
    everything = {key for item in constraints.select("all", 1, limits="rashed2024") for key in item.citations}
    assert set(printed_keys(zdscan("cite", grids["all"]).out)) == rows | everything | always


def test_entries_are_whole(grids):
    """Each has balanced braces, stands in the file word for word, and none of the file's entries is lost."""
    bibliography = read_data("references.bib").decode()
    assert len(entries()) == len(printed_keys(bibliography))
    for key, entry in entries().items():
        assert entry in bibliography
        assert entry.count("{") == entry.count("}"), key
        assert entry.startswith("@")
        assert entry.endswith("}")


def test_purposes_are_named(grids):
    found = uses(open_grid(grids["few"]))
    assert found["Wood:1997zq"] == ["constraint apv_cs"]
    assert "measurement B0->K*0ee_0.0009_1" in found["LHCb:2013pra"]
    text = bibtex(open_grid(grids["few"]))
    comment = text[: text.index("@article{Wood:1997zq")].splitlines()[-1]
    assert comment == "% constraint apv_cs"
    assert text.startswith("% few.h5: case A, theory paper,")


def test_foreign_constraint_is_said(grids, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(grids["few"].read_bytes())
    with h5py.File(other, "r+") as file:
        file.attrs["constraints"] = "apv_cs a_tau"
    with pytest.raises(UserError, match="no constraint 'a_tau'"):
        uses(open_grid(other))
    result = zdscan("cite", other)
    assert result.code == 2
    assert "Traceback" not in result.err


def test_missing_file_is_said(tmp_path):
    result = zdscan("cite", tmp_path / "none.h5")
    assert result.code == 2
    assert "There is no grid file" in result.err
