"""What the README of a checkpoint states of it: data, licence and languages, as plain text.

On the Hugging Face hub these stand in front of the README, between two lines of dashes, as a few lines of YAML. Only
what such lines usually are is read: a name and a text, or a name and a list of texts.
"""

from __future__ import annotations

import re
from pathlib import Path

from inference.context import Refused
from inference.files.json_file import read_inside
from inference.files.regular_files import is_there
from inference.results.checkpoint import ModelCard

README = "README.md"
_MOST_BYTES = 2**20
MOST_CARD = 100_000  # letters
_MOST_LETTERS = 800  # two paragraphs' worth: cards of ours have up to 732
_MOST_NAMES = 12
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_KEY = re.compile(r"^([A-Za-z_]+):[ \t]*(.*)$")
_ABOUT_DATA = re.compile(r"^#+\s*(?:training |pre-?training )?data(?:sets?)?\s*$", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*`_]{1,3}(?=\S)|(?<=\S)[*`_]{1,3}")


def read_card(folder: Path) -> ModelCard:
    """What is stated; nothing where there is no README, or none that can be read."""
    front, body = _parts(folder)
    says = _entries(front)
    data = ", ".join(says.get("datasets", ())) or _paragraph(body)
    licence = says.get("license_name") or says.get("license") or ()
    return ModelCard(_short(data), _short(", ".join(licence)), _short(", ".join(says.get("language", ()))))


def card_text(folder: Path) -> str:
    """Its Markdown without the lines in front; empty where there is no README, or none that can be read."""
    return _parts(folder)[1].strip()[:MOST_CARD]


def _parts(folder: Path) -> tuple[str, str]:
    """What stands between the dashes, and behind them."""
    try:
        content = read_inside(folder / README, _MOST_BYTES) if is_there(folder / README) else b""
    except Refused:  # it only tells: what it is a card of opens all the same
        content = b""
    text = content.decode("utf-8", "replace")
    front = _FRONT.match(text)
    return (front[1], text[front.end() :]) if front else ("", text)


def _entries(front: str) -> dict[str, tuple[str, ...]]:
    """Texts by name; a list that is nested deeper says nothing here."""
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in front.splitlines():
        if match := _KEY.match(line):
            name, value = match[1].lower(), match[2].strip()
            in_brackets = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
            found[name] = tuple(filter(None, map(_plain, in_brackets)))
        elif name and line.lstrip().startswith("- ") and len(found[name]) < _MOST_NAMES:
            value = _plain(line.lstrip()[2:])
            found[name] += (value,) if value and ":" not in value else ()
    return found


def _plain(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _paragraph(body: str) -> str:
    """What first stands under a heading about data, without its marks."""
    heading = _ABOUT_DATA.search(body)
    if heading is None:
        return ""
    paragraph = body[heading.end() :].strip().split("\n\n")[0]
    return "" if paragraph.startswith("#") else _MARKS.sub("", _LINK.sub(r"\1", paragraph))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1].rstrip()}…"
