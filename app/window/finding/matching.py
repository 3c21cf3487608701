"""What fits some typed words, and how well."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter


@dataclass(frozen=True)
class Find:
    """Something that can be found and done.

    Attributes
    ----------
    title
        What it is called.
    where
        Where else it is to be found, such as a menu; or what kind of thing it is.
    keys
        Its shortcut; empty where it has none.
    why_off
        A sentence where it cannot be done now; empty where it can.
    do
        Does it.
    """

    title: str
    where: str = ""
    keys: str = ""
    why_off: str = ""
    do: Callable[[], object] = field(default=lambda: None, compare=False)


def ranked(typed: str, finds: list[Find]) -> list[Find]:
    """Those in which every typed word is found, the best first; equally good ones in their own order.

    A word is found where one begins with it, within one, or with its letters one after the other in the title.
    What is called as was typed stands first, then what can be done, before what cannot; nothing typed finds everything.
    """
    words = typed.casefold().split()
    name = " ".join(words)
    judged = [
        ((find.title.casefold() == name, not find.why_off, score), find)
        for find in finds
        if (score := _score(words, find)) > 0
    ]
    judged.sort(key=itemgetter(0), reverse=True)  # stable: equal ones stay in order
    return [find for _, find in judged]


def _score(words: list[str], find: Find) -> float:
    """0: not found. A word in the title counts more than one in where it is."""
    if not words:
        return 1.0
    title, where = find.title.casefold(), find.where.casefold()
    scores = [max(_score_in(word, title), 0.5 * _score_in(word, where, is_loose=False)) for word in words]
    if not all(scores):
        return 0.0
    closeness = 0.1 / (1 + len(title))  # of two that fit, the shorter
    return sum(scores) / len(scores) + closeness + (1.0 if title.startswith(" ".join(words)) else 0.0)


def _score_in(word: str, text: str, *, is_loose: bool = True) -> float:
    parts = re.findall(r"\w+", text)
    if word in parts:
        return 3.0
    if any(part.startswith(word) for part in parts):
        return 2.5
    if word in text:
        return 2.0
    if is_loose and len(word) > 1 and _letters_follow(word, text):
        return 1.0
    return 0.0


def _letters_follow(word: str, text: str) -> bool:
    """Whether the letters come in this order, the first of them at the beginning of a word."""
    for start in (match.start() for match in re.finditer(rf"\b{re.escape(word[0])}", text)):
        rest = iter(text[start:])
        if all(letter in rest for letter in word):
            return True
    return False
