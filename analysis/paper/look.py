"""The page of `zdscan reproduce` as a whole, in the look of the explorer: cards on grey, its letters and colours."""

from __future__ import annotations

from collections.abc import Sequence

from zdscan.inputs import measurements

PAPER = "arXiv:2412.11438"
STYLE = """
html { background: #f4f6f8 }
body { font: 15px/1.5 "Inter", "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2733;
  max-width: 74rem; margin: 0 auto; padding: 0 .8rem 2rem }
header { padding: .9rem .2rem .2rem } h1 { font-size: 1.25rem; margin: 0 } h1 span { font-weight: 400 }
header p { margin: .3rem 0 .6rem; max-width: 56rem }
.card { background: #fff; border: 1px solid #dfe5ea; border-radius: 6px; padding: .8rem 1.1rem 1rem; margin: 0 0 .7rem }
h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: #5b6b7b; margin: 0 0 .6rem }
figure { margin: .6rem 0 } img { max-width: 100%; height: auto } figcaption { max-width: 54rem; font-size: .88rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .82rem; line-height: 1.4; margin: .6rem 0;
  font-variant-numeric: tabular-nums }
th, td { padding: .22rem .8rem .22rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #eef2f6 }
th { font-weight: 600; color: #5b6b7b; border-bottom: 1px solid #d8dee5 }
sub, sup { line-height: 0 } .whole { white-space: nowrap } .numbers td:nth-child(2) { min-width: 9rem }
code { font: 12px/1.4 "JetBrains Mono", Consolas, monospace; background: #eef2f6; padding: 1px 5px; border-radius: 4px }
.note { display: block; background: #fff6dd; border-left: 3px solid #e69f00; padding: .2rem .6rem; margin: .3rem 0 }
footer { color: #5b6b7b; font-size: .82rem; padding: 0 .2rem }
.agrees { color: #00664d } .contradicted { color: #b3261e; font-weight: 650; white-space: nowrap }
.contradicted::before { content: "■ "; font-size: 9px; vertical-align: 1px }
.partly, .superseded, .not-determined { color: #004d80 }
"""


def page(sections: Sequence[str], footer: str) -> str:
    """The whole page; it refers to nothing outside itself."""
    measured = measurements.load("rashed2024-corrected")
    cards = "\n".join(f"<section class='card'>{section}</section>" for section in sections)
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>zdscan and {PAPER}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>zdscan reproduce <span>· {PAPER} recomputed</span></h1>"
        f"<p>Every figure and number of “Constraints on Dark Photon and Dark Z Model Parameters in the B and K Meson "
        f"Decays” that this program can compute, from {len(measured.ids)} measured rows, with the paper's own numbers "
        f"beside them. Theory setting “paper” unless said.</p></header>\n{cards}<footer>{footer}</footer>"
        "</body></html>\n"
    )
