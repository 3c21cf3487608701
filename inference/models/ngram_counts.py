"""How often every run of one to five tokens occurs in a text: what n-gram models are estimated from.

Everything lies in sorted arrays, so that tens of millions of n-grams fit into memory and a look-up is a binary search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_ORDERS = 5
Ids = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Grams:
    """All n-grams of one length that occur, sorted by history and then by last token.

    Attributes
    ----------
    keys
        int64 [gram], rising: place of its history among the grams one token shorter, times `n_tokens`, plus its last
        token.
    counts
        int64 [gram], how often it occurs.
    suffixes
        int64 [gram], place of the gram without its first token among the shorter ones.
    begins
        bool [gram], whether its first token is the boundary, that is whether it begins a text.
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    suffixes: NDArray[np.int64]
    begins: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """Counts of n-grams up to a length.

    Attributes
    ----------
    n_tokens, boundary
        Size of the vocabulary, and the token that stands before and behind every text.
    levels
        The n-grams of 1, 2, ... tokens; of one token there is a place for every token of the vocabulary. The boundary
        is counted as the end of a text; as its beginning it is only ever a history.
    """

    n_tokens: int
    boundary: int
    levels: tuple[Grams, ...]

    @property
    def order(self) -> int:
        """Tokens of the longest n-grams."""
        return len(self.levels)


def count_ngrams(texts: Sequence[Ids], n_tokens: int, boundary: int, order: int) -> NgramCounts:
    """Count the n-grams of texts; none reaches from one text into the next.

    Parameters
    ----------
    texts
        Tokens of each text, without the boundary.

    Raises
    ------
    ValueError
        If there is no text, the order is not 1 to 5, or a token is the boundary or none of the vocabulary.
    """
    if not 1 <= order <= MOST_ORDERS:
        raise ValueError(f"N-grams of {order} tokens cannot be counted; 1 to {MOST_ORDERS} can.")
    if not len(texts):
        raise ValueError("There is no text whose n-grams could be counted.")
    edge = np.array([boundary], dtype=np.int64)
    stream = np.concatenate([edge, *(part for text in texts for part in (np.asarray(text, dtype=np.int64), edge))])
    is_edge = stream == boundary
    if is_edge.sum() != len(texts) + 1:
        raise ValueError(f"Token {boundary} marks where texts begin and end, and cannot be within one.")
    if stream.min() < 0 or stream.max() >= n_tokens:
        wrong = stream[(stream < 0) | (stream >= n_tokens)][0]
        raise ValueError(f"Token {wrong} is none of the vocabulary's, 0 to {n_tokens - 1}.")
    every = np.arange(n_tokens, dtype=np.int64)
    counts = np.bincount(stream[1:], minlength=n_tokens)
    levels = [Grams(every, counts, np.zeros(n_tokens, dtype=np.int64), every == boundary)]
    places = stream  # of the gram that begins at each position; -1 where it would reach over a boundary
    for length in range(1, order):
        at = np.flatnonzero(places[:-1] >= 0)
        at = at[at + length < len(stream)]
        if length > 1:
            at = at[~is_edge[at + length - 1]]
        keys, inverse, counts = np.unique(
            places[at] * n_tokens + stream[at + length], return_inverse=True, return_counts=True
        )
        suffixes = np.empty(len(keys), dtype=np.int64)
        suffixes[inverse] = places[at + 1]
        begins = np.zeros(len(keys), dtype=bool)
        begins[inverse] = is_edge[at]
        levels.append(Grams(keys, counts, suffixes, begins))
        places = np.full(len(stream), -1, dtype=np.int64)
        places[at] = inverse
    return NgramCounts(n_tokens, boundary, tuple(levels))


def to_arrays(counts: NgramCounts) -> dict[str, np.ndarray]:
    """Plain arrays that a file can hold: of each length the tokens behind each history, and how often they occur."""
    arrays = {"edges": np.array([counts.n_tokens, counts.boundary]), "counts.1": narrow(counts.levels[0].counts)}
    for length, (below, level) in enumerate(zip(counts.levels, counts.levels[1:], strict=False), start=2):
        histories, tokens = np.divmod(level.keys, counts.n_tokens)
        arrays[f"followers.{length}"] = narrow(np.bincount(histories, minlength=len(below)))
        arrays[f"tokens.{length}"] = narrow(tokens)
        arrays[f"counts.{length}"] = narrow(level.counts)
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> NgramCounts:
    """What `to_arrays` was given.

    Raises
    ------
    KeyError, ValueError
        If they are no such arrays.
    """
    n_tokens, boundary = (int(value) for value in arrays["edges"])
    every = np.arange(n_tokens, dtype=np.int64)
    levels = [Grams(every, arrays["counts.1"].astype(np.int64), np.zeros(n_tokens, np.int64), every == boundary)]
    for length in range(2, MOST_ORDERS + 1):
        if f"tokens.{length}" not in arrays:
            break
        below = levels[-1]
        histories = np.repeat(np.arange(len(below)), arrays[f"followers.{length}"].astype(np.int64))
        tokens = arrays[f"tokens.{length}"].astype(np.int64)
        # Without its first token a gram is the last token behind its history without the first one.
        suffixes = tokens if length == 2 else np.searchsorted(below.keys, below.suffixes[histories] * n_tokens + tokens)
        keys = histories * n_tokens + tokens
        levels.append(Grams(keys, arrays[f"counts.{length}"].astype(np.int64), suffixes, below.begins[histories]))
    return NgramCounts(n_tokens, boundary, tuple(levels))


def narrow(values: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """The same in the smallest numbers that hold them."""
    most = int(values.max(initial=0))
    return values.astype(
        next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if most <= np.iinfo(kind).max)
    )
