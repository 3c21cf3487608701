"""A context model of token sequences: what came next behind the same last tokens, over several lengths at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ORDERS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class ContextModel:
    """Interpolates the contexts of `ORDERS` tokens, each backing off to the next shorter one.

    References
    ----------
    Witten and Bell 1991, "The zero-frequency problem": a context trusts itself by its count against the number of
    different tokens seen behind it.
    """

    def __init__(self, sequences: Sequence[np.ndarray]) -> None:
        tokens, places = _flat(sequences)
        self._tables = [_Table(contexts, tokens) for contexts in _contexts(tokens, places)]

    def bits(self, sequences: Sequence[np.ndarray], n_choices: np.ndarray) -> np.ndarray:
        """-log2 of each token's probability by the longest context it may use, float64 [order, token].

        Parameters
        ----------
        n_choices
            How many tokens there are to choose from, for each sequence.
        """
        tokens, places = _flat(sequences)
        p = np.repeat(1 / np.asarray(n_choices, np.float64), [len(sequence) for sequence in sequences])
        rows = []
        for table, contexts in zip(self._tables, _contexts(tokens, places), strict=True):
            p = table.refined(p, contexts, tokens)
            rows.append(-np.log2(p))
        return np.stack(rows)


class _Table:
    """Counts behind the contexts of one length; contexts are told apart by 64-bit hashes."""

    def __init__(self, contexts: np.ndarray, tokens: np.ndarray) -> None:
        self._pairs, first, self._n_pairs = np.unique(_mixed(contexts, tokens), return_index=True, return_counts=True)
        self._contexts, self._n = np.unique(contexts, return_counts=True)
        # Each pair once: its context comes as often as it has had different tokens behind it.
        self._n_different = np.unique(contexts[first], return_counts=True)[1]

    def refined(self, p: np.ndarray, contexts: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        n, n_different = (_looked_up(self._contexts, values, contexts) for values in (self._n, self._n_different))
        n_here = _looked_up(self._pairs, self._n_pairs, _mixed(contexts, tokens))
        return np.where(n > 0, (n_here + n_different * p) / np.maximum(n + n_different, 1), p)


def _looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def _flat(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All tokens, and each one's place in its sequence."""
    tokens = np.concatenate(sequences).astype(np.uint64)
    places = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
    return tokens, places


def _contexts(tokens: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
    """Hash of the last k tokens before each one, for each k of `ORDERS`; of fewer where the sequence begins."""
    context = np.zeros(len(tokens), np.uint64)
    rows, known = [], 0
    for order in ORDERS:
        for back in range(known + 1, order + 1):
            before = np.roll(tokens, back) + np.uint64(1)
            context = np.where(places >= back, _mixed(context, before), context)
        known = order
        rows.append(context)
    return rows


def _mixed(hashes: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    mixed = (hashes ^ (tokens + np.uint64(0x51ED27))) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint64(29))
