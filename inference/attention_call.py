"""What one attention received, and the maps that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Scores that are worked on at once: 4 MB stay in the cache, which is a third faster than a whole layer.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One attention of a forward pass, batch of one taken off; tensors are detached and must not be written to.

    A map is computed when it is looked at: n * d numbers are kept where the map has n * n. Rows are independent of each
    other, so any of them is exact by itself.

    Attributes
    ----------
    path
        Module that ran it, such as `bert.encoder.layer.0.attention.self`.
    call
        Which call of that module it was (ALBERT has one module for all layers).
    is_cross
        Whether keys come from another sequence than queries.
    q
        [head, query_pos, d_head], after rotary embedding; None where only the pattern can be had.
    k, v
        [kv_head, key_pos, d_head]; heads h * n_heads / kv_heads and following share kv_head h.
    scale
        Factor on q . k.
    mask
        [head | 1, query_pos, key_pos], bool (True: seen) or a number to add; None for none.
    is_causal
        Whether keys behind the query are hidden, beside `mask`.
    bias
        [head | 1, query_pos | 1, key_pos], added to the scaled dots; None for none.
    soft_cap
        c in c * tanh(score / c), before the mask; None for none.
    pattern
        float [head, query_pos, key_pos], where it was caught instead of `q` and `k`.

    References
    ----------
    Vaswani et al. 2017, section 3.2.1; grouped queries: Ainslie et al. 2023; soft cap: Gemma Team 2024 (Gemma 2).
    """

    path: str
    call: int
    is_cross: bool
    q: Tensor | None = None
    k: Tensor | None = None
    v: Tensor | None = None
    scale: float = 1.0
    mask: Tensor | None = None
    is_causal: bool = False
    bias: Tensor | None = None
    soft_cap: float | None = None
    pattern: Tensor | None = None

    @property
    def n_heads(self) -> int:
        return len(self._rows_of)

    @property
    def n_queries(self) -> int:
        return self._rows_of.shape[1]

    @property
    def n_keys(self) -> int:
        return self.pattern.shape[2] if self.pattern is not None else self.k.shape[1]  # type: ignore[union-attr]

    @property
    def has_qk(self) -> bool:
        return self.q is not None

    @property
    def _rows_of(self) -> Tensor:
        rows = self.q if self.q is not None else self.pattern
        assert rows is not None
        return rows

    def kv_head(self, head: int) -> int:
        """Which key-value head a query head reads."""
        assert self.k is not None
        return head * len(self.k) // self.n_heads

    def dots(self, heads: list[int], rows: Tensor) -> Tensor:
        """q . k, [head, row, key_pos], in float32 (float64 for models in float64)."""
        if self.q is None or self.k is None:
            raise ValueError(f"{self.path}: only the pattern was caught, not the queries and keys.")
        dtype = torch.promote_types(self.q.dtype, torch.float32)
        k = self.k[[self.kv_head(head) for head in heads]].to(dtype)
        return self.q[heads][:, rows].to(dtype) @ k.mT

    def seen(self, heads: list[int], rows: Tensor) -> Tensor | None:
        """Which keys may be seen, bool [head | 1, row, key_pos]; None for all."""
        seen = None
        if self.mask is not None:
            mask = _pick(self.mask, heads, rows)
            # Models write the lowest number for minus infinity, and sometimes add two of them.
            seen = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
        if self.is_causal:
            causal = (torch.arange(self.n_keys, device=rows.device) <= rows[:, None])[None]
            seen = causal if seen is None else seen & causal
        return seen

    def added(self, heads: list[int], rows: Tensor) -> Tensor | None:
        """What is added to the dots, [head | 1, row, key_pos], where the keys are seen; None for nothing."""
        parts = [] if self.bias is None else [_pick(self.bias, heads, rows)]
        if self.mask is not None and self.mask.dtype != torch.bool:
            parts.append(_pick(self.mask, heads, rows))
        return None if not parts else parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def scores(self, heads: list[int], rows: Tensor) -> Tensor:
        """What goes into the softmax, [head, row, key_pos]; -inf where masked."""
        scores = self.dots(heads, rows).mul_(self.scale)
        if self.soft_cap:
            scores = scores.div_(self.soft_cap).tanh_().mul_(self.soft_cap)
        if (added := self.added(heads, rows)) is not None:
            scores += added
        if (seen := self.seen(heads, rows)) is not None:
            scores.masked_fill_(~seen, -math.inf)
        return scores

    def patterns(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        """The attention patterns.

        Parameters
        ----------
        heads
            Which ones; None for all.
        rows
            int64 [row], which queries; None for all.

        Returns
        -------
        float32 (float64 for models in float64) [head, row, key_pos], rows sum to 1, or to 0 where a query sees nothing.
        """
        heads = list(range(self.n_heads)) if heads is None else heads
        if rows is None:
            rows = torch.arange(self.n_queries, device=self._rows_of.device)
        if self.q is None:
            assert self.pattern is not None
            return self.pattern[heads][:, rows].to(torch.promote_types(self.pattern.dtype, torch.float32))
        pattern = torch.empty(
            (len(heads), len(rows), self.n_keys),
            dtype=torch.promote_types(self.q.dtype, torch.float32),
            device=self.q.device,
        )
        step = max(1, _BLOCK // max(1, len(heads) * self.n_keys))
        for start in range(0, len(rows), step):
            block = self.scores(heads, rows[start : start + step]).softmax(-1)
            # A row of -inf alone has no softmax; that query sees nothing.
            pattern[:, start : start + step] = block.nan_to_num_(0.0)
        return pattern


def _pick(tensor: Tensor, heads: list[int], rows: Tensor) -> Tensor:
    """Heads and rows of [head | 1, query_pos | 1, key_pos], where 1 stands for all."""
    if len(tensor) > 1:
        tensor = tensor[heads]
    return tensor[:, rows] if tensor.shape[1] > 1 else tensor
