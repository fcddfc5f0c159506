"""The page of `zdscan reproduce`: complete and self-contained."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from zdscan.analysis.paper import claims, reproduce
from zdscan.analysis.paper.claims import Claim
from zdscan.analysis.paper.figures.plate import Detail
from zdscan.errors import UserError

EXAMPLE = Claim("X1", "a < b", "Fig. 1", "1 & 2", 3.0, "three", "contradicted", "because <it> is")


class Reader(HTMLParser):
    """Collects the text, the tags that stay open, and every reference."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reproduction") / "new"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "all_claims", lambda: [EXAMPLE])
        told: list[str] = []
        page = reproduce.reproduce(made, (2, 10), detail=Detail(curve=5, grid=0.12), progress=told.append)
    assert page == made / "report.html"
    heads = [line.split(":")[0] for line in told if not line.startswith(" ")]
    assert heads == ["figure 2", "figure 10", "figure 10", "tables and claims"]
    # the numbers of a figure follow it, readable where no markup is
    assert any(line.startswith("  constraints that exclude it: ") and line.endswith("(paper: none)") for line in told)
    assert not any(re.search("[<>&]", line) for line in told)
    return made


def test_files(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    figures = ["fig02", "fig10", "fig10_today"]
    assert names == [*(f"{name}.{kind}" for name in figures for kind in ("pdf", "png")), "report.html"]
    assert (folder / "fig02.pdf").read_bytes().startswith(b"%PDF")


def test_page_holds_everything(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.references) == 3
    for reference, name in zip(reader.references, ("fig02.png", "fig10.png", "fig10_today.png"), strict=True):
        head, _, data = reference.partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data) == (folder / name).read_bytes()
    words = "".join(reader.words)
    for wanted in ("Figure 2:", "Figure 10:", "a < b", "1 & 2", "because <it> is", "contradicted", "Best fits"):
        assert wanted in words
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert "nan" not in words.split()


def test_choice_of_figures() -> None:
    assert reproduce.parse_figures("10, 1,4,1") == (1, 4, 10)
    for text in ("0", "11", "x", "1,,2", ""):
        with pytest.raises(UserError, match="numbered 1 to 10"):
            reproduce.parse_figures(text)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        reproduce.reproduce(tmp_path / "file" / "below")


def test_command_refuses_unknown_figures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from zdscan import cli

    monkeypatch.setattr("sys.argv", ["zdscan", "reproduce", "--figures", "3,12"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "'12' is not a figure" in capsys.readouterr().err
