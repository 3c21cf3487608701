"""One word of the glossary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GlossaryEntry:
    """A word that stands on screen, and what it means.

    Attributes
    ----------
    term
        As it is written on screen. A spelling in capitals alone, such as CLIP, is found in capitals alone.
    sentence
        What it means, in one sentence.
    spellings
        Other ways in which it stands on screen; plurals with an s are found by themselves.
    formula
        In plain letters; empty where there is none.
    source
        Who brought it up; empty where nobody in particular did.
    """

    term: str
    sentence: str
    spellings: tuple[str, ...] = ()
    formula: str = ""
    source: str = ""
