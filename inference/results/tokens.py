"""A tokenized sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized sequence, as the model receives it.

    Attributes
    ----------
    ids
        int64 [n].
    words
        What to show for each token, without the tokenizer's own marks (`##`, `Ġ`, `▁`).
    starts_word
        bool [n]; False where a token goes on with the word of the token before it.
    is_special
        bool [n]; [CLS], [SEP], padding and their like (not [MASK]).
    segment
        int8 [n]; 0 for the first sentence, 1 for the second.
    """

    ids: np.ndarray
    words: tuple[str, ...]
    starts_word: np.ndarray
    is_special: np.ndarray
    segment: np.ndarray

    def __len__(self) -> int:
        return len(self.words)
