"""Plain text of titles and statements (``K+ -> mu+ nu Z_D``) as it is set in print."""

from __future__ import annotations

import re

_SUPERSCRIPTS = str.maketrans("+-0123456789*", "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹*")
_GREEK = {
    "mu": "μ",
    "nu": "ν",
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


def unicode_text(text: str, low: str = r"$_\mathdefault{{{}}}$") -> str:
    """Charges, Greek letters, arrows, powers of ten and indices as in print.

    Parameters
    ----------
    text : e.g. ``B_s -> mu+ mu-``, ``eps_Z < 1.5e-08``, ``(2 sigma)``.
    low : how an index is written, a format with one place; by default in matplotlib's mathtext, for HTML
        ``<sub>{}</sub>``. The text itself is not escaped.
    """
    text = text.replace("->", "→").replace(">=", "≥").replace("<=", "≤").replace("<~", "≲")
    text = re.sub(r"(?<=\))e([+-]?\d+)\b", lambda found: "×10" + str(int(found[1])).translate(_SUPERSCRIPTS), text)
    text = re.sub(r"\b(\d+(?:\.\d+)?)e([+-]?\d+)\b", _power, text)
    text = re.sub(r"\^(\d+)", lambda found: found[1].translate(_SUPERSCRIPTS), text)
    # A charge belongs to the particle before it: K+, mu-, e+, pi0, K*0, B0.
    text = re.sub(
        r"\b(K\*|K|B|mu|pi|e)([+\-0])(?![\w.])", lambda found: found[1] + found[2].translate(_SUPERSCRIPTS), text
    )
    text = re.sub(_INDEXED, lambda found: _indexed(found[1], low), text)
    text = re.sub(rf"\b({'|'.join(_GREEK)})(?![A-Za-z0-9])", lambda found: _GREEK[found[1]], text)
    text = re.sub(r"([μνπe][⁺⁻⁰]?) (?=[μνe](?:[⁺⁻⁰ ,):]|$))", r"\1", text)  # "μ⁺ ν" is one word
    return re.sub(r"Δ (?=[MQ])", "Δ", re.sub(r"(\d) σ", r"\1σ", text))


def _power(found: re.Match[str]) -> str:
    exponent = str(int(found[2])).translate(_SUPERSCRIPTS)
    mantissa = found[1]
    return f"10{exponent}" if float(mantissa) == 1.0 else f"{mantissa}×10{exponent}"


def _indexed(name: str, low: str) -> str:
    head, _, index = name.partition("_")
    return _GREEK.get(head, head) + low.format(_GREEK.get(index, index))
