"""Token text made safe to show and to write."""

from __future__ import annotations

import re
import unicodedata

_C0 = (
    "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI "
    "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
)
_OTHERS = {0x7F: "DEL", 0x85: "NEL", 0x200B: "ZWSP", 0x2028: "LSEP", 0x2029: "PSEP", 0xFEFF: "BOM"}
_BIDI = {0x061C: "ALM", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO"}
_BIDI |= {0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI"}
_SYMBOLS = {chr(code): f"‹{name}›" for code, name in (dict(enumerate(_C0.split())) | _OTHERS | _BIDI).items()}
# Unicode's own pictures of control characters are in few fonts; these two are in nearly all.
_SYMBOLS |= {"\t": "⇥", "\n": "↵"}
_FIRST_STRONG, _POP = "\u2068", "\u2069"
_KEPT = {"\n", _FIRST_STRONG, _POP}
# Control characters, line and paragraph separators, bidi controls, lone surrogates, and what Unicode calls
# noncharacters (the last two of each plane, and a block of Arabic): none may stand in XML or would be seen.
_UNSAFE = re.compile(
    "[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(_SYMBOLS)
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


def clean(text: str) -> str:
    """The text with every character that cannot be seen, or that would break a file, replaced by a symbol.

    A tab becomes ⇥, other control characters their names (‹ESC›, ‹RLO›), half of a surrogate pair �. Idempotent.
    """
    return _UNSAFE.sub(lambda match: _SYMBOLS.get(match[0], "\ufffd"), text)


def shown(text: str) -> str:
    """The same for a label or a terminal, in which line breaks, and the marks of `isolated`, keep their meaning."""
    return _UNSAFE.sub(lambda match: match[0] if match[0] in _KEPT else _SYMBOLS.get(match[0], "\ufffd"), text)


def isolated(text: str) -> str:
    """Foreign text for the middle of a sentence, cleaned: where it runs from right to left, the sentence does not.

    Without the marks (U+2068, U+2069) an Arabic token turns the numbers and arrows beside it round.
    """
    text = clean(text)
    is_turned = any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in text)
    return f"{_FIRST_STRONG}{text}{_POP}" if is_turned else text
