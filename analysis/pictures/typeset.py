"""Plain text of titles and statements (``K+ -> mu+ nu Z_D``) as it is set in print."""

from __future__ import annotations

import re

_GREEK = {
    "mu": "μ",
    "nu": "ν",
    "gamma": "γ",
    "eta": "η",
    "phi": "φ",
    "pi": "π",
    "sigma": "σ",
    "eps": "ε",
    "chi2": "χ²",
    "Gamma": "Γ",
    "Delta": "Δ",
}
_INDEXED = (
    r"\b(Z_D|B_s|K_L|M_Bs|M_s|M_K|m_Bs|Q_W|T_mu|eps_Z|eps_z|eps_K|q_mu|q_nu|g_mu|g_e|a_mu|a_e|v_mu)(?![A-Za-z0-9])"
)
_LOW, _HIGH = "\ue000{}\ue001", "\ue002{}\ue003"  # private characters around an index and an exponent
MATHTEXT = (r"$_\mathdefault{{{}}}$", r"$^\mathdefault{{{}}}$")


def in_print(text: str, marks: tuple[str, str] = MATHTEXT) -> str:
    """Charges, Greek letters, arrows, powers of ten and indices as in print.

    Parameters
    ----------
    text : e.g. ``B_s -> mu+ mu-``, ``eps_Z < 1.5e-08``, ``(2 sigma)``; not escaped.
    marks : how an index and an exponent are written, formats with one place each.
    """
    text = text.replace("->", "→").replace(">=", "≥").replace("<=", "≤").replace("<~", "≲").replace("<<", "≪")
    text = re.sub(r"(?<=\))e([+-]?\d+)\b", lambda found: "×10" + _high(str(int(found[1]))), text)
    text = re.sub(r"\b(\d+(?:\.\d+)?)e([+-]?\d+)\b", _power, text)
    text = re.sub(r"\^(-?\d+)", lambda found: _high(found[1]), text)
    # A charge belongs to the particle before it: K+, mu-, e+, pi0, K*0, B0.
    text = re.sub(r"\b(K\*|K|B|mu|pi|e)([+\-0])(?![\w.])", lambda found: found[1] + _high(found[2]), text)
    text = re.sub(_INDEXED, _indexed, text)
    text = re.sub(rf"\b({'|'.join(_GREEK)})(?![A-Za-z0-9])", lambda found: _GREEK[found[1]], text)
    text = re.sub(r"([μνπe](?:\ue002.\ue003)?) (?=[μνe](?:[\ue002 ,):]|$))", r"\1", text)  # "mu nu" is one word
    text = re.sub(r"Δ (?=[MQa])", "Δ", re.sub(r"(\d) σ", r"\1σ", text))
    text = re.sub(r"(?<![\w.)\]\ue003])-(?=[\d.])", "−", text)
    text = re.sub("\ue000(.*?)\ue001", lambda found: marks[0].format(found[1]), text)
    return re.sub("\ue002(.*?)\ue003", lambda found: marks[1].format(found[1]), text)


def _high(text: str) -> str:
    return _HIGH.format(text.replace("-", "−"))


def _power(found: re.Match[str]) -> str:
    mantissa, exponent = found[1], _high(str(int(found[2])))
    return f"10{exponent}" if float(mantissa) == 1.0 else f"{mantissa}×10{exponent}"


def _indexed(found: re.Match[str]) -> str:
    head, _, index = found[1].partition("_")
    return _GREEK.get(head, head) + _LOW.format(_GREEK.get(index, index))
