"""Finding the words of the glossary in what stands on screen."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from PySide6.QtCore import QCoreApplication

from widgets.glossary import of_attention, of_language, of_tokenizing, of_training, of_vision
from widgets.glossary.entry import GlossaryEntry

MOST_TOLD = 6  # words that one tool tip explains
_PART = re.compile(r"\w+|[^\w\s]")


def entries() -> tuple[GlossaryEntry, ...]:
    """All of them, by the alphabet."""
    return _sorted()


@cache
def _sorted() -> tuple[GlossaryEntry, ...]:
    every = (*of_attention.ENTRIES, *of_language.ENTRIES, *of_training.ENTRIES, *of_vision.ENTRIES)
    return tuple(sorted(every, key=lambda entry: (entry.term.strip("[]").lower(), entry.term)))


@lru_cache(maxsize=2048)
def terms_in(text: str) -> tuple[GlossaryEntry, ...]:
    """The words of the glossary that stand in a text, in its order, each once; of two the longer one."""
    return tuple(dict.fromkeys(entry for _, entry in spans_in(text)))


@lru_cache(maxsize=2048)
def spans_in(text: str) -> tuple[tuple[tuple[int, int], GlossaryEntry], ...]:
    """Where in a text words of the glossary stand: from which letter, to before which."""
    parts = list(_PART.finditer(text))
    words = [part.group().lower() for part in parts]
    found: list[tuple[tuple[int, int], GlossaryEntry]] = []
    place, by_first_word = 0, _by_first_word()
    while place < len(words):
        n_words = 1
        for spelling, capitals, entry in by_first_word.get(words[place], ()):
            end = place + len(spelling)
            if words[place : end - 1] != spelling[:-1] or not _is_form_of(words[end - 1 : end], spelling[-1]):
                continue
            span = (parts[place].start(), parts[end - 1].end())
            if text.startswith(capitals, span[0]):
                found.append((span, entry))
                n_words = len(spelling)
                break
        place += n_words
    return tuple(found)


def _is_form_of(words: list[str], word: str) -> bool:
    """Whether it is that word, or its plural."""
    return bool(words) and words[0] in (word, f"{word}s", f"{word}es")


def sentence(entry: GlossaryEntry) -> str:
    """What it means, in the user's language."""
    return _tr(entry.sentence)


def told(entry: GlossaryEntry) -> str:
    """The word, what it means, and its formula where it has one: a line."""
    line = f"{entry.term}: {sentence(entry)}"
    return f"{line} {entry.formula}" if entry.formula else line


def explained(text: str) -> str:
    """What the words of the glossary in a text mean, a line each; empty where none stands there."""
    return "\n".join(told(entry) for entry in terms_in(text)[:MOST_TOLD])


def explained_in(place: str, word: str) -> str:
    """What a word means in a view that gives it a meaning of its own; empty where it has none there."""
    return _tr(of_tokenizing.SENTENCES.get(word, "")) if place == of_tokenizing.PLACE else ""


@cache
def _by_first_word() -> dict[str, list[tuple[list[str], str, GlossaryEntry]]]:
    """Spellings, word by word, by the first of them and its plural; the longest come first.

    Beside each the spelling itself where it is all capitals: CLIP is not what shortens gradients.
    """
    found: dict[str, list[tuple[list[str], str, GlossaryEntry]]] = {}
    known: dict[str, GlossaryEntry] = {}
    for entry in _sorted():
        for spelling in (entry.term, *entry.spellings):
            capitals = spelling if spelling.isupper() and len(spelling) > 1 else ""
            other = known.setdefault(capitals or spelling.lower(), entry)
            if other is not entry:
                raise ValueError(f"“{spelling}” stands for {other.term} and for {entry.term}.")
            words = [part.group().lower() for part in _PART.finditer(spelling)]
            firsts = [words[0]] if len(words) > 1 else [words[0], f"{words[0]}s", f"{words[0]}es"]
            for first in firsts:
                found.setdefault(first, []).append((words, capitals, entry))
    for spellings in found.values():
        spellings.sort(key=lambda each: len(each[0]), reverse=True)
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("Glossary", text) if text else ""
