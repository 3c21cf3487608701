"""What a head does, in numbers: sums over rows of its pattern, block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.results.measures import MEASURES

if TYPE_CHECKING:
    from torch import Tensor

    from inference.results.tokens import Tokens

_NAMES = tuple(measure.name for measure in MEASURES)


@dataclass(frozen=True)
class Around:
    """What lies around some queries, the same for all heads.

    Attributes
    ----------
    rows
        int64 [row], which queries these are.
    distance
        float [row, key_pos], in tokens.
    follows
        float [row, key_pos]: 1 where the token follows an earlier occurrence of the query's, else 0.
    has_one
        bool [row], whether there is any such token.
    """

    rows: Tensor
    distance: Tensor
    follows: Tensor
    has_one: Tensor


class HeadMeasures:
    """Means over the queries of one layer; no whole pattern is ever needed.

    Parameters
    ----------
    key_tokens
        Of the sequence that is attended to.
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
        self._counts = np.zeros((len(_NAMES), n_heads))

    def around(self, rows: Tensor, dtype: torch.dtype) -> Around | None:
        """For `add`, of patterns of that type; None between two sequences."""
        if self._is_cross:
            return None
        distance = (rows[:, None] - self._keys).abs_().to(dtype)
        ids = self._ids[rows, None]
        follows = (self._id_before == ids) & (ids >= 0) & (self._keys <= rows[:, None])
        return Around(rows, distance, follows.to(dtype), follows.any(-1))

    def add(self, pattern: Tensor, heads: slice, around: Around | None) -> None:
        """Take in some rows of some heads.

        Parameters
        ----------
        pattern
            float [head, row, key_pos].
        heads
            Which ones these are.
        around
            Of the rows.
        """

        def add(name: str, values: Tensor) -> None:  # [head, row]
            index = _NAMES.index(name)
            self._sums[index, heads] += values.sum(-1, dtype=torch.float64)
            self._counts[index, heads] += values.shape[1]

        spare = torch.empty_like(pattern)
        add("entropy", entropy(pattern, spare))
        if len(self._special):
            add("special", pattern[:, :, self._special].sum(-1))
        if around is None:
            return
        mean = torch.mul(pattern, around.distance, out=spare).sum(-1)
        add("distance", mean)
        # About the mean: a difference of squares would lose all digits in a long text.
        add("distance_variance", torch.sub(around.distance, mean[..., None], out=spare).square_().mul_(pattern).sum(-1))
        if around.has_one.any():
            add("induction", torch.mul(pattern, around.follows, out=spare).sum(-1)[:, around.has_one])
        for name, shift in (("previous", -1), ("same", 0), ("next", 1)):
            places = around.rows + shift
            there = (places >= 0) & (places < len(self._keys))
            if there.any() and not (self._is_causal and name == "next"):
                add(name, pattern[:, there.nonzero()[:, 0], places[there]])

    def means(self) -> dict[str, np.ndarray]:
        """float32 [head] by name; NaN for what has no meaning."""
        with np.errstate(invalid="ignore"):
            means = (self._sums.cpu().numpy() / self._counts).astype(np.float32)
        return dict(zip(_NAMES, means, strict=True))


def entropy(pattern: Tensor, spare: Tensor) -> Tensor:
    """Bits of each row, [head, row], of float [head, row, key_pos]; `spare`, of the same shape, is written over.

    torch.special.entr takes four times as long; the least number stands for 0, whose share is 0.
    """
    torch.clamp_min(pattern, torch.finfo(pattern.dtype).tiny, out=spare)
    return spare.log_().mul_(pattern).sum(-1) / -math.log(2)
