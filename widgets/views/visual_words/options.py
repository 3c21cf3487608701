"""Options of films as visual words: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.visual_words import MOST_GUESSES
from widgets.options import Options, choice, number

VisualWordsPage = Literal["hidden", "next", "text"]
_MOST_CHIPS = 512


@dataclass(frozen=True)
class VisualWordsOptions(Options):
    """What is shown of a film and a text."""

    show: VisualWordsPage = choice(
        "hidden",
        {"hidden": "Fill in", "next": "What comes next", "text": "From the text"},
        "Show",
        "what is named behind masks, three futures of the film, or the chips that a text calls for",
    )
    first: int = number(0, 0, _MOST_CHIPS, "From chip", "first chip that is shown to the model, from 0")
    last: int | None = number(
        None, 0, _MOST_CHIPS, "To chip", "last chip that is shown to the model", otherwise="the last one"
    )
    seen: int = number(6, 1, _MOST_CHIPS, "Seen", "how many chips are seen before those that are foretold")
    guesses: int = number(5, 1, MOST_GUESSES, "Guesses", "how many are told of what is hidden")
