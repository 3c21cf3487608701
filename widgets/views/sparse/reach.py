"""How far information travels through several layers of an attention pattern: products of Boolean matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from widgets.views.sparse.patterns import Pattern


@dataclass(frozen=True, eq=False)
class Reach:
    """What each query can know of, after one layer, two layers and so on.

    A query knows of a token after k layers if k steps of the pattern lead there: the k-th Boolean power of the
    pattern's matrix. Residual connections add nothing, since every pattern here lets a token see itself.

    Attributes
    ----------
    layers
        uint64 [query_pos, word], bit by bit, of each layer from the first; the last one is as far as it ever goes.
    """

    n: int
    layers: tuple[np.ndarray, ...]

    @staticmethod
    def of(pattern: Pattern) -> Reach:
        """The reach of a pattern; kept, since it does not change."""
        return _reach(pattern)

    def after(self, n_layers: int) -> np.ndarray:
        """bool [query_pos, key_pos]."""
        return self._bits(self.layers[min(n_layers, len(self.layers)) - 1])

    def layers_needed(self, n_layers: int) -> np.ndarray:
        """After how many layers each query knows of each token, 0 if not within so many: int [query_pos, key_pos]."""
        n_layers = min(n_layers, len(self.layers))
        n_missed = np.zeros((self.n, self.n), np.int16)
        for layer in self.layers[:n_layers]:
            n_missed += ~self._bits(layer)
        return np.where(n_missed == n_layers, 0, n_missed + 1)

    def field(self, query: int, n_layers: int) -> np.ndarray:
        """What one query knows of, layer by layer from the first: bool [layer, key_pos]."""
        shown = [self.layers[min(layer, len(self.layers) - 1)][query] for layer in range(n_layers)]
        return self._bits(np.stack(shown))

    def count(self, n_layers: int, query: int | None = None) -> int:
        """Pairs of a query and a token that it knows of, of all queries or one."""
        layer = self.layers[min(n_layers, len(self.layers)) - 1]
        return int(np.bitwise_count(layer if query is None else layer[query]).sum())

    def shares(self, n_layers: int) -> np.ndarray:
        """Part of all pairs after each layer from the first: float64 [layer], 0 to 1."""
        return np.array([self.count(layer + 1) for layer in range(n_layers)]) / self.n**2

    @property
    def n_until_all(self) -> int | None:
        """After how many layers everything knows of everything; None if never."""
        return len(self.layers) if self.count(len(self.layers)) == self.n**2 else None

    def _bits(self, words: np.ndarray) -> np.ndarray:
        return np.unpackbits(words.view(np.uint8), axis=1, count=self.n).view(bool)


@lru_cache(maxsize=32)
def _reach(pattern: Pattern) -> Reach:
    seen = pattern.kinds() > 0
    n = len(seen)
    padded = np.zeros((n, -(-n // 64) * 64), bool)
    padded[:, :n] = seen
    first = np.packbits(padded, axis=1).view(np.uint64)
    queries, keys = np.nonzero(seen)
    starts = np.searchsorted(queries, np.arange(n))  # every row has a cell: a token sees itself
    layers = [first]
    # One layer more reaches what any seen key reached so far. It ends when nothing is added.
    while int(np.bitwise_count(layers[-1]).sum()) < n * n:
        following = np.bitwise_or.reduceat(layers[-1][keys], starts, axis=0)
        if np.array_equal(following, layers[-1]):
            break
        layers.append(following)
    return Reach(n, tuple(layers))
