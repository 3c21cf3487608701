"""What a head does, in numbers: sums over rows of its pattern, block by block."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.results.measures import MEASURES

if TYPE_CHECKING:
    from torch import Tensor

    from inference.results import Tokens

_NAMES = tuple(measure.name for measure in MEASURES)


class HeadMeasures:
    """Means over the queries of one layer, for all its heads at once; no whole pattern is ever needed.

    Parameters
    ----------
    key_tokens
        Of the sequence that is looked at.
    is_cross
        Whether queries are of another sequence; what compares places is NaN then.
    is_causal
        Whether the future is hidden; `next` is NaN then.
    """

    def __init__(
        self, n_heads: int, key_tokens: Tokens, device: torch.device, *, is_cross: bool, is_causal: bool
    ) -> None:
        self._is_cross, self._is_causal = is_cross, is_causal
        self._special = torch.from_numpy(np.flatnonzero(key_tokens.is_special)).to(device)
        self._keys = torch.arange(len(key_tokens), device=device)
        # -1 stands before the first token, and for tokens that repeat without meaning anything by it.
        ids = np.where(key_tokens.is_special, -1, key_tokens.ids)
        self._ids = torch.from_numpy(ids).to(device)
        self._id_before = torch.from_numpy(np.concatenate([[-1], ids[:-1]])).to(device)
        # On the device of the patterns, so that a block costs no wait for a GPU.
        self._sums = torch.zeros(len(_NAMES), n_heads, dtype=torch.float64, device=device)
        self._counts = dict.fromkeys(_NAMES, 0)

    def add(self, pattern: Tensor, rows: Tensor) -> None:
        """Take in some rows.

        Parameters
        ----------
        pattern
            float [head, row, key_pos].
        rows
            int64 [row], which queries these are.
        """
        self._add("entropy", torch.special.entr(pattern).sum(-1) / math.log(2))
        if len(self._special):
            self._add("special", pattern[:, :, self._special].sum(-1))
        if self._is_cross:
            return
        self._add_places(pattern, rows)
        for name, shift in (("previous", -1), ("same", 0), ("next", 1)):
            places = rows + shift
            there = (places >= 0) & (places < len(self._keys))
            if there.any() and not (self._is_causal and name == "next"):
                self._add(name, pattern[:, there.nonzero()[:, 0], places[there]])

    def means(self) -> dict[str, np.ndarray]:
        """float32 [head] by name; NaN for what has no meaning."""
        sums = self._sums.cpu().numpy()
        with np.errstate(invalid="ignore"):
            return {
                name: (sums[i] / np.float64(self._counts[name])).astype(np.float32) for i, name in enumerate(_NAMES)
            }

    def _add(self, name: str, values: Tensor) -> None:  # [head, row]
        self._sums[_NAMES.index(name)] += values.sum(-1, dtype=torch.float64)
        self._counts[name] += values.shape[1]

    def _add_places(self, pattern: Tensor, rows: Tensor) -> None:
        """What depends on query and key place: one product with a matrix of three weights a cell."""
        distance = (rows[:, None] - self._keys).abs()  # [row, key_pos]
        ids = self._ids[rows, None]
        follows = (self._id_before == ids) & (ids >= 0) & (self._keys <= rows[:, None])
        weights = torch.stack([distance, distance.square(), follows], -1).to(pattern.dtype)
        mean, mean_square, induction = (pattern.transpose(0, 1) @ weights).permute(2, 1, 0)  # [head, row] each
        self._add("distance", mean)
        self._add("distance_variance", (mean_square - mean.square()).clamp_min(0))
        has_one = follows.any(-1)
        if has_one.any():
            self._add("induction", induction[:, has_one])
