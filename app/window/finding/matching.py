"""What fits some typed words, and how well."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from operator import itemgetter

_SPREAD = 5  # times the letters of a word: in a long text nearly any letters follow each other
_LEAST_OF_SLIPS = 4  # letters: of shorter words, too many are one letter away


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
    also
        What other programs call it.
    """

    title: str
    where: str = ""
    keys: str = ""
    why_off: str = ""
    do: Callable[[], object] = field(default=lambda: None, compare=False)
    also: str = ""


def ranked(typed: str, finds: list[Find]) -> list[Find]:
    """Those in which most of the typed words are found, the best first; equally good ones in their own order.

    Words stand in any order. One is found where a word begins with it, within one, with a slip of the fingers in it, or
    with its letters one after the other in the title. What is called as was typed stands first, then what can be done,
    before what cannot; nothing typed finds everything.
    """
    words = typed.casefold().split()
    name = " ".join(words)
    scores = [[_score(word, find) for word in words] for find in finds]
    n_found = [sum(map(bool, of_words)) for of_words in scores]
    most = max(n_found, default=0)
    judged = [
        ((find.title.casefold() == name, not find.why_off, _mean(of_words) + _closeness(name, find)), find)
        for find, of_words, n in zip(finds, scores, n_found, strict=True)
        if n == most and (n or not words)
    ]
    judged.sort(key=itemgetter(0), reverse=True)  # stable: equal ones stay in order
    return [find for _, find in judged]


def _mean(scores: list[float]) -> float:
    return sum(scores) / max(len(scores), 1)


def _closeness(name: str, find: Find) -> float:
    """Of two that fit as well, the one that begins so, and the shorter one."""
    if not name:
        return 0.0
    title = find.title.casefold()
    return 0.1 / (1 + len(title)) + (1.0 if title.startswith(name) else 0.0)


def _score(word: str, find: Find) -> float:
    """How well a word is found, 0 where it is not: in the title it counts more than in where that is."""
    title, beside = find.title.casefold(), f"{find.where} {find.also}".casefold()
    return max(_score_in(word, title), 0.5 * _score_in(word, beside, is_loose=False))


def _score_in(word: str, text: str, *, is_loose: bool = True) -> float:
    parts = _words_of(text)
    if word in parts:
        return 3.0
    if any(part.startswith(word) for part in parts):
        return 2.5
    if word in text:
        return 2.0
    if is_loose and len(word) >= _LEAST_OF_SLIPS and any(_is_slip(word, part) for part in parts):
        return 1.5
    if is_loose and len(word) > 1 and _letters_follow(word, text):
        return 1.0
    return 0.0


@cache
def _words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _is_slip(word: str, part: str) -> bool:
    """Whether a word begins so but for one letter that is missing, wrong or too many, or two that changed places."""
    return any(_is_one_off(word, part[: len(word) + more]) for more in (-1, 0, 1))


def _is_one_off(one: str, other: str) -> bool:
    for _ in range(2):  # what they begin with alike, then what they end with
        n_same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        one, other = one[n_same:][::-1], other[n_same:][::-1]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _letters_follow(word: str, text: str) -> bool:
    """Whether the letters come in this order and not far apart, the first of them at the beginning of a word."""
    for start in (match.start() for match in re.finditer(rf"\b{re.escape(word[0])}", text)):
        rest = iter(text[start : start + _SPREAD * len(word)])
        if all(letter in rest for letter in word):
            return True
    return False
