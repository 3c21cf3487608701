"""An n-gram language model with Kneser-Ney smoothing: how likely a token is behind the few before it.

References
----------
Kneser and Ney 1995, "Improved backing-off for m-gram language modeling"; Chen and Goodman 1998, "An Empirical Study of
Smoothing Techniques for Language Modeling", sections 3 (interpolated, three discounts an order) and 2.7; Heafield et
al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation", section 3 (n-grams that begin a text).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.models.ngram_counts import Ids, NgramCounts

Smoothing = Literal["interpolated", "back-off"]
Floats = NDArray[np.float64]
# Where a text is too small to estimate them from, as KenLM does.
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True, eq=False)
class GramShares:
    """What the model knows of n-grams of one length.

    Attributes
    ----------
    keys
        int64 [gram], rising: place of its history on the level below, times `n_tokens`, plus its last token.
    shares
        [gram], discounted share of the token among all that were seen behind this history.
    weights
        [history], what is left for shorter histories, by its place on the level below; 1 where nothing follows.
    """

    keys: NDArray[np.int64]
    shares: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class Terms:
    """How probabilities come about, order by order: `probabilities[n] = shares[n] + weights[n] * probabilities[n - 1]`.

    Each is [order, ...]: index 0 is the model of no history, which goes on to 1 / `n_tokens`. Where the model backs off
    instead of interpolating, the weight of an n-gram that was seen is 0.
    """

    shares: Floats
    weights: Floats
    probabilities: Floats

    @property
    def used(self) -> Floats:
        """[order + 1, ...]: how much each order adds to the final probability, 1 / `n_tokens` first."""
        passed = np.cumprod(self.weights[::-1], 0)[::-1]  # what order n and all above leave to those below n
        behind = np.concatenate([passed[1:], np.ones_like(passed[:1])])
        rest = self.probabilities[0] - self.shares[0]
        return np.concatenate([(rest * behind[0])[None], self.shares * behind])


class KneserNey:
    """A model of one order.

    Attributes
    ----------
    n_tokens, boundary
        Size of the vocabulary, and the token before and behind every text.
    smoothing
        Whether shorter histories always have a say, or only where the longer ones know nothing of a token.
    levels
        For 1, 2, ... tokens.
    """

    def __init__(self, n_tokens: int, boundary: int, smoothing: Smoothing, levels: tuple[GramShares, ...]) -> None:
        self.n_tokens, self.boundary = n_tokens, boundary
        self.smoothing: Smoothing = smoothing
        self.levels = levels

    @property
    def order(self) -> int:
        """Tokens of the longest n-grams."""
        return len(self.levels)

    @classmethod
    def estimate(
        cls, counts: NgramCounts, order: int | None = None, smoothing: Smoothing = "interpolated"
    ) -> KneserNey:
        """A model of `order`, or of all orders that were counted.

        Raises
        ------
        ValueError
            If longer n-grams are asked for than were counted.
        """
        order = order or counts.order
        if not 1 <= order <= counts.order:
            raise ValueError(f"N-grams of 1 to {counts.order} tokens were counted, not of {order}.")
        levels: list[GramShares] = []
        for length in range(1, order + 1):
            grams = counts.levels[length - 1]
            times = grams.counts
            if length < order:
                # In how many ways it is continued to the left; nothing stands to the left of a text's beginning.
                continued = np.bincount(counts.levels[length].suffixes, minlength=len(grams))
                times = np.where(grams.begins, times, continued) if length > 1 else continued
            histories = grams.keys // counts.n_tokens if length > 1 else np.zeros(len(grams), dtype=np.int64)
            n_histories = len(counts.levels[length - 2]) if length > 1 else 1
            levels.append(_level(grams.keys, times, histories, n_histories))
            if length > 1 and smoothing == "back-off":
                below = levels[-2].shares if length > 2 else levels[0].shares + levels[0].weights / counts.n_tokens
                levels[-1] = _backing_off(levels[-1], histories, below[grams.suffixes])
        return cls(counts.n_tokens, counts.boundary, smoothing, tuple(levels))

    def terms(self, ids: Ids) -> Terms:
        """How the probability of every token behind those before it comes about, without the first one.

        Parameters
        ----------
        ids
            Tokens [..., position]. A row that begins a text begins with the boundary; behind a boundary nothing before
            it counts.

        Returns
        -------
        Terms
            Each [order, ..., position - 1].
        """
        ids = np.asarray(ids, dtype=np.int64)
        shape = (self.order, *ids.shape[:-1], ids.shape[-1] - 1)
        shares, weights, probabilities = np.zeros(shape), np.ones(shape), np.empty(shape)
        tokens, before = ids[..., 1:], np.full(ids[..., 1:].shape, 1 / self.n_tokens)
        places = ids  # of the gram of the level's length that ends at each position, -1 where it is unknown
        first = self.levels[0]
        shares[0], weights[0] = first.shares[tokens], first.weights[0]
        probabilities[0] = before = shares[0] + weights[0] * before
        for n, level in enumerate(self.levels[1:], start=1):
            history = places[..., :-1]
            found = self._find(level, history, tokens)
            is_known = history >= 0
            weights[n][is_known] = level.weights[history[is_known]]
            is_seen = found >= 0
            shares[n][is_seen] = level.shares[found[is_seen]]
            if self.smoothing == "back-off":
                weights[n][is_seen] = 0.0
            probabilities[n] = before = shares[n] + weights[n] * before
            places = np.full(ids.shape, -1, dtype=np.int64)
            places[..., 1:] = found
        return Terms(shares, weights, probabilities)

    def _find(self, level: GramShares, histories: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of grams on a level, -1 where there is none."""
        wanted = histories * self.n_tokens + tokens
        if not len(level.keys):
            return np.full(wanted.shape, -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(level.keys, wanted), len(level.keys) - 1)
        return np.where((level.keys[places] == wanted) & (histories >= 0), places, -1)

    def log2_probabilities(self, ids: Ids) -> Floats:
        """Bits, at most 0, of every token behind those before it, without the first one: [..., position - 1]."""
        return np.log2(self.terms(ids).probabilities[-1])

    def distribution(self, history: Ids) -> Floats:
        """Probability of every token of the vocabulary as the next one: [token].

        `history` begins with the boundary if it begins a text; only its last tokens count, and none before a boundary.
        """
        history = np.asarray(history, dtype=np.int64)
        first = self.levels[0]
        result = first.shares + first.weights[0] / self.n_tokens
        place = -1
        for n in range(1, min(self.order - 1, len(history)) + 1):
            tail = history[len(history) - n :]
            place = int(tail[0])
            for level, token in zip(self.levels[1:n], tail[1:], strict=True):
                place = int(self._find(level, np.array(place), token))
                if place < 0:
                    return result
            level = self.levels[n]
            low, high = np.searchsorted(level.keys, [place * self.n_tokens, (place + 1) * self.n_tokens])
            seen = level.keys[low:high] - place * self.n_tokens
            result = level.weights[place] * result
            if self.smoothing == "back-off":
                result[seen] = 0.0
            result[seen] += level.shares[low:high]
        return result


def discounts(times: NDArray[np.int64]) -> tuple[float, float, float]:
    """What is taken off n-grams that were seen once, twice, and more often (Chen and Goodman 1998, equation 26)."""
    once, twice, thrice, four = (int((times == i).sum()) for i in (1, 2, 3, 4))
    if not (once and twice and thrice):
        return USUAL_DISCOUNTS
    y = once / (once + 2 * twice)
    found = (1 - 2 * y * twice / once, 2 - 3 * y * thrice / twice, 3 - 4 * y * four / thrice)
    return found if all(0 < d < i for i, d in enumerate(found, start=1)) else USUAL_DISCOUNTS


def _level(
    keys: NDArray[np.int64], times: NDArray[np.int64], histories: NDArray[np.int64], n_histories: int
) -> GramShares:
    taken = np.concatenate([[0.0], discounts(times)])[np.minimum(times, 3)]
    # Of nothing, NumPy counts in whole numbers.
    total = np.bincount(histories, times, n_histories).astype(np.float64)
    weights = np.bincount(histories, taken, n_histories).astype(np.float64)
    follows = total > 0
    weights[follows] /= total[follows]
    weights[~follows] = 1.0
    return GramShares(keys, (times - taken) / np.maximum(total, 1)[histories], weights)


def _backing_off(level: GramShares, histories: NDArray[np.int64], below: Floats) -> GramShares:
    """The same with weights that share what is left among the tokens that were not seen behind a history only.

    `below`: probability of each gram without its first token.
    """
    n_histories = len(level.weights)
    unseen = 1 - np.bincount(histories, below, n_histories)
    everything = np.bincount(histories, minlength=n_histories) > 0
    everything &= unseen < 1e-9  # no token is left that could have the rest
    kept = np.where(everything, 1 - level.weights, 1.0)
    weights = np.where(everything, 0.0, level.weights / np.where(everything, 1.0, unseen))
    return GramShares(level.keys, level.shares / kept[histories], weights)
