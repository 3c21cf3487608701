"""The card of a checkpoint as Markdown that can be shown: foreign text, so nothing in it may fetch, run or hang."""

from __future__ import annotations

import re

from widgets.kit.clean import shown

MOST_LETTERS = 60_000
# Qt takes minutes for a paragraph or a table with some ten thousand marks; cards that people wrote have far fewer.
MOST_MARKS, MOST_CELLS, MOST_BARS = 1_000, 40, 4_000
_MARKS = re.compile(r"[*_\[\]<>`~!#]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,1000}>")
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,300}\])?")
_BLANK = re.compile(r"\n[ \t]*\n+")


def card_markdown(text: str) -> str:
    """A README without HTML and images, of which the description stays; what has too many marks stands as typed.

    Parameters
    ----------
    text
        Without the YAML in front of it.
    """
    text = "\n".join(text.splitlines())
    is_cut = len(text) > MOST_LETTERS
    text = _TAG.sub("", _COMMENT.sub("", text[:MOST_LETTERS]))
    text = _IMAGE.sub(lambda found: f"(image: {found[1]})" if found[1].strip() else "(image)", text)
    n_bars = text.count("|")
    blocks = [_bearable(block, n_bars) for block in _BLANK.split(text)]
    if is_cut:
        blocks.append(r"\[…\]")
    return shown("\n\n".join(filter(None, blocks)))


def _bearable(block: str, n_bars: int) -> str:
    has_wide_row = any(line.count("|") > MOST_CELLS for line in block.split("\n"))
    is_table = "|" in block and (has_wide_row or n_bars > MOST_BARS)
    if is_table or len(_MARKS.findall(block)) > MOST_MARKS:
        return "\n".join(_PUNCTUATION.sub(r"\\\1", line.strip()) for line in block.split("\n"))
    return block
