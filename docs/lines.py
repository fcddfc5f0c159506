"""Line breaks of the text pages by meaning: one sentence a line, a long one broken after a clause.

A change of one sentence is then a change of one line. `python docs/lines.py` names the pages that are not so,
`python docs/lines.py --write` mends them; tests/package/test_docs.py holds it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 140  # characters of a line, unless it is a table, code, or one word such as a link
SHORTEST = 30  # of what stands before a break within a sentence

# What is never broken: code, formulas, links (their texts included), roles with their argument, quoted words.
_WHOLE = re.compile(
    r"\{[\w:]+\}`[^`]*`|`+[^`]*`+|\$[^$]+\$|!?\[[^\]]*\]\([^)]*\)|\[[^\]]*\]|<[^>\s]+>",
)
_ABBREVIATIONS = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|al|approx|Eq|Eqs|Fig|Figs|Ref|Refs|Sec|No|resp|St)|\b[A-Z])\.$")
_SENTENCE_END = re.compile(r"[.?!][)\"'*_”]*$")
_SENTENCE_START = re.compile(r"[(\"'*_“]*(?:[A-Z0-9Α-Ω`$\[{\x00]|[a-z_]+[A-Z`(_])")
_LIST = re.compile(r"(\s*)([*+-]|\d+[.)])(\s+)")
# A line must not begin with what Markdown would take for a list, heading, quotation, table, rule or definition.
_MARKUP = re.compile(r"([*+-]|\d+[.)]|#+|>|\||:|=+|-+)( |$)|\||>|```|~~~|---|===")
_JOINTS = {"and", "but", "or", "which", "that", "where", "so", "because", "if", "when", "while", "with", "as", "since"}


def pages() -> list[Path]:
    """Every page of text that people write."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    docs = (path for path in sorted((ROOT / "docs").rglob("*.md")) if not {"_build", "constraint"} & set(path.parts))
    return [*top, *docs]


def broken(text: str) -> str:
    """A page with its paragraphs and list entries broken by meaning; all else as it was."""
    out: list[str] = []
    paragraph: list[str] = []
    fence = ""

    def finish() -> None:
        if paragraph:
            out.extend(_lines(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        bare = line.strip()
        if fence:
            out.append(line)
            if bare == fence or (fence == "$$" and bare.endswith("$$")):
                fence = ""
            continue
        opening = re.match(r"(`{3,}|~{3,}|:{3,}|\$\$)", bare)
        if opening:
            finish()
            out.append(line)
            closed = opening[1] == "$$" and bare.endswith("$$") and len(bare) > 2
            fence = "" if closed else opening[1]
        elif not bare or re.match(r"#+ |\||<|>|\(.*\)=$|\[[^\]]+\]: ", bare):
            finish()
            out.append(line)
        else:
            if _LIST.match(line):
                finish()
            paragraph.append(line)
            if line.endswith(("  ", "\\")):  # a break that is meant
                finish()
    finish()
    return "\n".join(out)


def _lines(paragraph: list[str]) -> Iterator[str]:
    """The lines of one paragraph or list entry, with its indentation."""
    entry = _LIST.match(paragraph[0])
    first = entry[0] if entry else " " * (len(paragraph[0]) - len(paragraph[0].lstrip()))
    rest = " " * len(first)
    end = "  " if paragraph[-1].endswith("  ") else ""
    joined = " ".join([paragraph[0][len(first) :].strip(), *(line.strip() for line in paragraph[1:])])
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x01"

    def restored(piece: str) -> str:
        while "\x00" in piece:
            piece = re.sub(r"\x00(\d+)\x01", lambda found: kept[int(found[1])], piece)
        return piece

    words = _WHOLE.sub(keep, joined).split()
    lines = [line for sentence in _sentences(words, restored) for line in _pieces(sentence, restored, len(rest))]
    for k, line in enumerate(lines):
        yield (rest if k else first) + line + (end if k == len(lines) - 1 else "")


def _sentences(words: list[str], restored: Callable[[str], str]) -> Iterator[list[str]]:
    """The words of a paragraph by sentences."""
    sentence: list[str] = []
    for k, word in enumerate(words):
        sentence.append(word)
        following = words[k + 1] if k + 1 < len(words) else ""
        ends = _SENTENCE_END.search(word) and not _ABBREVIATIONS.search(word)
        if ends and _SENTENCE_START.match(following) and not _MARKUP.match(restored(following)):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _pieces(words: list[str], restored: Callable[[str], str], indent: int) -> Iterator[str]:
    """A sentence as one line or, where it is too long, as several that end with a clause where possible."""
    whole = [restored(word) for word in words]
    line: list[str] = []
    for k, word in enumerate(whole):
        line.append(word)
        remaining = " ".join(whole[k + 1 :])
        room = LONGEST - indent
        if not remaining or len(" ".join(line)) + 1 + len(remaining) <= room:
            continue
        best = _best_break(whole, k - len(line) + 1, room)
        if k + 1 == best:
            yield " ".join(line)
            line = []
    if line:
        yield " ".join(line)


def _best_break(words: list[str], start: int, room: int) -> int:
    """Before which word a line that begins at `start` is to be broken: after the strongest mark, as late as it fits."""
    length, depth, found, best = -1, 0, -1, start + 1
    for k in range(start, len(words) - 1):
        length += 1 + len(words[k])
        depth += words[k].startswith("(") - words[k].rstrip(".,;:").endswith(")")
        if length > room and k > start:
            break
        if _MARKUP.match(words[k + 1]):
            continue
        strength = 0
        if length >= SHORTEST:
            strength = _strength(words[k], words[k + 1]) - 3 * (depth > 0)  # what is in brackets belongs together
        if strength >= found:
            found, best = strength, k + 1
    return best


def _strength(before: str, after: str) -> int:
    """How much of a pause there is between two words of a sentence: 4 for a word alone to 8 for a semicolon."""
    joint = after in _JOINTS
    if before[-1] in ";:":
        return 8
    if before[-1] in ",)":
        return 7 if joint else 6
    return 5 if joint else 4


def main() -> int:
    """Check the pages, or write them as they should be; 1 where one was not."""
    wrong = [page for page in pages() if broken(page.read_text()) != page.read_text()]
    for page in wrong:
        print(f"{page.relative_to(ROOT)}: not one sentence a line; python docs/lines.py --write")
        if "--write" in sys.argv:
            page.write_text(broken(page.read_text()))
    return int(bool(wrong) and "--write" not in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
