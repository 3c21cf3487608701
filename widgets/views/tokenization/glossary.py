"""One sentence a word of these drawings that a student may not know."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.glossary.lookup import explained_in


@dataclass(frozen=True)
class Term:
    """A word in a figure that is explained where it is pointed at."""

    name: str


def explained(term: Term) -> str:
    """Its sentence."""
    return explained_in("tokenization", term.name)
