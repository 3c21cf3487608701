"""Films as visual words beside what is said: what is hidden, what comes next, and what belongs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

N_FUTURES = 3
MOST_AHEAD = 4  # chips of a future
MOST_GUESSES = 20


@dataclass(frozen=True, slots=True)
class VisualWordsRequest(Request["VisualWordsResult"]):
    """A film as visual words: what is named behind the masks of chips and words, and all else the checkpoint says.

    Attributes
    ----------
    hidden
        Chips that are hidden, from 0.
    first, last
        The first and the last chip that are shown; -1 for the last one of the film.
    n_seen
        Of how many chips futures are told.
    top_k
        How many guesses are wanted of what is hidden: 1 to 20.
    """

    needs = frozenset({Capability.VISUAL_WORDS})

    checkpoint: str
    input: Input
    hidden: tuple[int, ...] = ()
    first: int = 0
    last: int = -1
    n_seen: int = 6
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class VisualWordsResult:
    """What VideoBERT and CBT say of a film and a text.

    Attributes
    ----------
    tokens
        The text with its masks, as it is read.
    positions
        int64 [masked]: places of its masks.
    original
        What stood there; empty where the mask was typed.
    guesses
        [2][masked][k]: the likeliest words, first with the film beside the text, then without it.
    guess_probs
        float32 [2, masked, k].
    original_probs
        float32 [2, masked]: of what stood there; NaN where the mask was typed.
    words
        int64 [chip]: the visual word of every chip.
    hidden
        int64 [hidden]: chips that are hidden, of those shown.
    chip_guesses
        int64 [2, hidden, k]: the likeliest visual words, first with the text beside the film, then without it.
    chip_probs
        float32 [2, hidden, k].
    truth_probs
        float32 [2, hidden]: of the words that are hidden.
    nce
        float32 [hidden, candidate]: CBT's probability of being what is hidden; the chips of the film, then the pictures
        of all visual words. It reads the vectors of chips, where VideoBERT reads words.
    first, last
        The chips that are shown.
    fits
        Probability that text and shown chips belong together.
    fits_other
        The same of the text beside another film, drawn by the program.
    from_text
        int64 [k]: the likeliest visual words of the text alone.
    from_text_probs
        float32 [k].
    n_seen
        Of how many chips futures are told.
    futures
        int64 [3, ahead]: three futures: the three likeliest next words, each followed by what is likeliest then.
    future_probs
        float32 [3, ahead]: of each word, given those before.
    frames
        uint8 [chip, row, column, 3]: the middle frame of every chip.
    frame_numbers
        Numbers of all frames that are shown, in the film, from 0; as many for each chip.
    pictures
        uint8 [word, row, column, 3]: the middle frame of the training chip nearest to the mean of each visual word.
    counts
        int64 [word]: for how many chips of the training films each stands.
    meanings
        What happens most often where each visual word stands, and how often, 0-1; nothing where that is not known.
    said
        What is said of a generated clip; empty for files.
    notes
        What was left aside or assumed, as sentences.
    """

    tokens: Tokens
    positions: np.ndarray
    original: tuple[str, ...]
    guesses: tuple[tuple[tuple[str, ...], ...], ...]
    guess_probs: np.ndarray
    original_probs: np.ndarray
    words: np.ndarray
    hidden: np.ndarray
    chip_guesses: np.ndarray
    chip_probs: np.ndarray
    truth_probs: np.ndarray
    nce: np.ndarray
    first: int
    last: int
    fits: float
    fits_other: float
    from_text: np.ndarray
    from_text_probs: np.ndarray
    n_seen: int
    futures: np.ndarray
    future_probs: np.ndarray
    frames: np.ndarray
    frame_numbers: tuple[int, ...]
    pictures: np.ndarray
    counts: np.ndarray
    meanings: tuple[tuple[str, float], ...] = ()
    said: str = ""
    notes: tuple[str, ...] = ()
