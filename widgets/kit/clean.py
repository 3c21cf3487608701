"""Token text made safe to show and to write."""

from __future__ import annotations

import re

_C0 = (
    "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI "
    "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
)
_OTHERS = {0x7F: "DEL", 0x85: "NEL", 0x2028: "LSEP", 0x2029: "PSEP"}
_BIDI = {0x061C: "ALM", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO"}
_BIDI |= {0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI"}
_SYMBOLS = {chr(code): f"‹{name}›" for code, name in (dict(enumerate(_C0.split())) | _OTHERS | _BIDI).items()}
# Unicode's own pictures of control characters are in few fonts; these two are in nearly all.
_SYMBOLS |= {"\t": "⇥", "\n": "↵"}
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
