"""IBM model 1: which word translates which, learned from pairs of sentences alone; a baseline for translators.

References
----------
Brown, Della Pietra, Della Pietra and Mercer 1993, "The Mathematics of Statistical Machine Translation", section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class IbmModel1:
    """t(target word | source word), by expectation maximisation from all words alike.

    Parameters
    ----------
    pairs
        Words of source and target.
    n_rounds
        Of expectation and maximisation.
    """

    def __init__(self, pairs: Sequence[tuple[list[str], list[str]]], n_rounds: int = 5) -> None:
        sources, targets = _Vocabulary(), _Vocabulary()
        sources.number("")  # what has no source in the sentence comes from this empty word
        links: list[np.ndarray] = []
        group: list[np.ndarray] = []
        n_words = 0
        for source, target in pairs:
            s = np.array([0, *map(sources.number, source)])
            t = np.array([*map(targets.number, target)])
            links.append((s[None, :] * (1 << 24) + t[:, None]).ravel())
            group.append(np.repeat(np.arange(n_words, n_words + len(t)), len(s)))
            n_words += len(t)
        kinds, link = np.unique(np.concatenate(links), return_inverse=True)
        word = np.concatenate(group)
        source_of = kinds >> 24
        probability = np.ones(len(kinds))
        for _ in range(n_rounds):
            share = probability[link]
            share /= np.bincount(word, share)[word]
            count = np.bincount(link, share)
            probability = count / np.bincount(source_of, count)[source_of]
        best = np.lexsort((probability, source_of))
        last = np.append(source_of[best][1:] != source_of[best][:-1], True)
        target_words = targets.words
        self.best = {sources.words[kinds[i] >> 24]: target_words[kinds[i] & 0xFFFFFF] for i in best[last]}

    def translate(self, source: list[str]) -> list[str]:
        """Each word by its likeliest; what was never seen stays as it is."""
        return [self.best.get(word, word) for word in source]


class _Vocabulary:
    """Words and their numbers, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    @property
    def words(self) -> list[str]:
        return list(self._numbers)
