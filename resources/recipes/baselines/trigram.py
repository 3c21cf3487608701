"""Unigram and interpolated trigram models over word pieces: what a masked-word model must beat.

Jelinek and Mercer 1980, "Interpolated estimation of Markov source parameters from sparse data".
"""

from __future__ import annotations

import numpy as np

N_EM_STEPS = 20


class Trigram:
    """Counts of pieces, pairs and triples; sentences stand between two boundary marks on each side.

    Parameters
    ----------
    sentences
        Piece ids of the training sentences; the last 2 % of them set the weights of the interpolation.
    n_pieces, boundary
        Size of the vocabulary, and the id that stands for "before the first and behind the last piece".
    """

    def __init__(self, sentences: list[np.ndarray], n_pieces: int, boundary: int) -> None:
        self.n, self.boundary = n_pieces, boundary
        held_out = sentences[-max(1, len(sentences) // 50) :]
        stream = self._stream(sentences[: -len(held_out)])
        a, b, c = stream[:-2], stream[1:-1], stream[2:]
        self.unigram = np.bincount(stream[stream != boundary], minlength=n_pieces).astype(np.float64)
        self.unigram /= self.unigram.sum()
        self.pairs, self.pair_counts = np.unique(b * n_pieces + c, return_counts=True)
        self.triples, self.triple_counts = np.unique((a * n_pieces + b) * n_pieces + c, return_counts=True)
        self.first_counts = np.bincount(b, minlength=n_pieces)
        self.weights = self._fit(self._stream(held_out))

    def _stream(self, sentences: list[np.ndarray]) -> np.ndarray:
        edge = np.full(2, self.boundary)
        return np.concatenate([edge, *(part for s in sentences for part in (s.astype(np.int64), edge))])

    def _parts(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        """P(c | a, b) by each of the four estimators: [4, n]."""
        triple = _lookup(self.triples, self.triple_counts, (a * self.n + b) * self.n + c)
        pair_before = _lookup(self.pairs, self.pair_counts, a * self.n + b)
        pair = _lookup(self.pairs, self.pair_counts, b * self.n + c)
        first = self.first_counts[b]
        return np.stack(
            [
                triple / np.maximum(pair_before, 1),
                pair / np.maximum(first, 1),
                self.unigram[c],
                np.full(len(c), 1 / self.n),
            ]
        )

    def _fit(self, stream: np.ndarray) -> np.ndarray:
        inner = stream[2:] != self.boundary
        parts = self._parts(stream[:-2][inner], stream[1:-1][inner], stream[2:][inner])
        weights = np.full(4, 0.25)
        for _ in range(N_EM_STEPS):
            share = weights[:, None] * parts
            weights = (share / share.sum(0)).mean(1)
        return weights

    def probability(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        """P(c | a, b), interpolated; [n]."""
        return self.weights @ self._parts(a, b, c)

    def ranks(self, sentence: np.ndarray, position: int, *, both_sides: bool) -> np.ndarray:
        """All pieces at a masked position, most probable first.

        With `both_sides` the probability of the whole sentence decides: the two pieces behind the mask count too.
        """
        edge = np.full(2, self.boundary)
        padded = np.concatenate([edge, sentence.astype(np.int64), edge])
        a, b, _, d, e = (np.full(self.n, piece) for piece in padded[position : position + 5])
        every = np.arange(self.n)
        score = np.log(self.probability(a, b, every))
        if both_sides:
            score += np.log(self.probability(b, every, d)) + np.log(self.probability(every, d, e))
        return np.argsort(-score, kind="stable")


def _lookup(keys: np.ndarray, counts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, counts[places], 0)
