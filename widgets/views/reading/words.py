"""Surprisal of whole words, which is the same thing whatever the tokens: what two readings are compared by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from inference.results.reading import ReadingResult
from inference.results.word_places import words_of_tokens


@dataclass(frozen=True)
class Words:
    """The words of a text, parted by blanks.

    Attributes
    ----------
    texts
        The words.
    bits
        float64 [word], the sum over its tokens; NaN for a word of which not every token is told.
    of_token
        int64 [pos], which word a token belongs to, -1 for none: of two words the one where it ends.
    """

    texts: tuple[str, ...]
    bits: np.ndarray
    of_token: np.ndarray

    @staticmethod
    def of(result: ReadingResult) -> Words:
        """Those of what was read."""
        found = list(re.finditer(r"\S+", result.text))
        places = [match.span() for match in found]
        of_token = words_of_tokens(result.text, result.spans, result.tokens.is_special, places)
        bits = np.zeros(len(found))
        np.add.at(bits, of_token[of_token >= 0], result.surprisal[of_token >= 0].astype(np.float64))
        untold = np.setdiff1d(np.arange(len(found)), of_token)
        bits[untold] = np.nan
        return Words(tuple(match[0] for match in found), bits, of_token)

    @property
    def bits_per_word(self) -> float:
        """Mean over the words that are told; NaN where none is."""
        told = self.bits[np.isfinite(self.bits)]
        return float(told.mean()) if told.size else float("nan")

    def less(self, other: Words) -> np.ndarray:
        """float64 [word], bits of each word minus those of the same word in another reading; NaN where it has none.

        Of one text words are the same where their characters stand at the same place; of two texts where they are
        alike, in the same order.
        """
        difference = np.full(len(self.texts), np.nan)
        if self.texts == other.texts:
            return self.bits - other.bits
        matcher = SequenceMatcher(None, other.texts, self.texts, autojunk=False)
        for theirs, own, n in matcher.get_matching_blocks():
            difference[own : own + n] = self.bits[own : own + n] - other.bits[theirs : theirs + n]
        return difference
