"""What one attention received, and the maps that follow from it."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any, ClassVar

import torch
from torch import Tensor

from inference.capture.storage import storage_bytes, tensors_in

# Scores that are worked on at once: 4 MB stay in the cache, which is a third faster than a whole layer.
_BLOCK = 2**20

ALL = slice(None)


@dataclass(frozen=True, eq=False)
class Received:
    """What one attention of a forward pass received, as it came; tensors are detached and must not be written to.

    What is over the memory budget is dropped: its tensors lie on the device `meta`, where they have a shape and a type,
    but no numbers. Whatever sorts and lays out must work on those too, and leave the numbers alone.

    Attributes
    ----------
    path, call, is_cross
        As in `AttentionCall`.
    source
        How it was caught: `interface`, `sdpa` (torch's fused attention), `softmax` or `module` (the whole module).
    number
        Place in the forward pass, from 0.
    q
        [batch, head, query_pos, d_head], after rotary embedding.
    k, v
        [batch, kv_head, key_pos, d_head].
    scale, is_causal, soft_cap
        As in `AttentionCall`.
    mask, bias
        [batch | 1, head | 1, query_pos | 1, key_pos], else as in `AttentionCall`.
    relative
        [batch | 1, head | 1, query_pos + key_pos - 1], else as in `AttentionCall`.
    pattern
        [batch, head, query_pos, key_pos], where `q` and `k` could not be had.
    raw
        What the softmax returned, as it was: the same numbers as `pattern`, which is None if they have another shape.
    extras
        What a layout needs beside that; numbers and tensors, see `inference.capture.modules`.
    """

    path: str
    call: int
    is_cross: bool
    source: str
    number: int
    q: Tensor | None = None
    k: Tensor | None = None
    v: Tensor | None = None
    scale: float = 1.0
    mask: Tensor | None = None
    is_causal: bool = False
    bias: Tensor | None = None
    relative: Tensor | None = None
    soft_cap: float | None = None
    pattern: Tensor | None = None
    raw: Tensor | None = None
    extras: tuple[Any, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether its numbers are in memory."""
        return not any(tensor.is_meta for tensor in tensors_in(self))

    def split(self) -> list[AttentionCall]:
        """One call for each of the batch."""
        n = len(next(tensor for tensor in (self.q, self.pattern) if tensor is not None))

        def of(i: int, tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor[i if len(tensor) > 1 else 0]

        return [
            AttentionCall(
                self.path,
                self.call,
                self.is_cross,
                q=of(i, self.q),
                k=of(i, self.k),
                v=of(i, self.v),
                scale=self.scale,
                mask=of(i, self.mask),
                is_causal=self.is_causal,
                bias=of(i, self.bias),
                relative=of(i, self.relative),
                soft_cap=self.soft_cap,
                pattern=of(i, self.pattern),
                parts=(self.number,),
            )
            for i in range(n)
        ]

    def one(self) -> AttentionCall:
        """The call of a batch of one.

        Raises
        ------
        ValueError
            The batch has another size, or the softmax had a shape of its own.
        """
        if self.q is None and self.pattern is None:
            shape = None if self.raw is None else tuple(self.raw.shape)
            raise ValueError(f"{self.path}: a softmax of shape {shape} needs a layout.")
        calls = self.split()
        if len(calls) != 1:
            raise ValueError(f"{self.path}: a batch of {len(calls)} was received, not of one.")
        return calls[0]

    def dropped(self) -> Received:
        """The same without its numbers."""
        without = {
            field.name: value.to("meta")
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        extras = tuple(extra.to("meta") if isinstance(extra, Tensor) else extra for extra in self.extras)
        return replace(self, **without, extras=extras)


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One attention of a forward pass, batch of one taken off; tensors are detached and must not be written to.

    A map is computed when it is looked at: n * d numbers are kept where the map has n * n. Rows are independent of each
    other, so any of them is exact by itself. `heads` are a list of heads, `rows` int64 [row] query positions in any
    order, on the device of the call, and `keys` is a slice of key positions.

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
        [head | 1, query_pos | 1, key_pos], bool (True: seen) or a number to add; None for none.
    is_causal
        Whether keys behind the query are hidden, beside `mask`.
    bias
        [head | 1, query_pos | 1, key_pos], added to the scaled dots; None for none.
    relative
        [head | 1, query_pos + key_pos - 1], a bias that is told by the distance alone, as T5's buckets are:
        `relative[:, key - query + n_queries - 1]` is added to the scaled dots; None for none.
    soft_cap
        c in c * tanh(score / c), before the mask; None for none.
    pattern
        float [head, query_pos, key_pos], where it was caught instead of `q` and `k`.
    parts
        `Received.number` of all that it is made of; empty stands for all with the same path.
    kind_names
        What `kinds` counts up from 0; `hidden` first.

    References
    ----------
    Vaswani et al. 2017, section 3.2.1; grouped queries: Ainslie et al. 2023; soft cap: Gemma Team 2024 (Gemma 2); bias
    by distance: Raffel et al. 2020 (T5), section 2.1.
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
    relative: Tensor | None = None
    soft_cap: float | None = None
    pattern: Tensor | None = None
    parts: tuple[int, ...] = ()

    kind_names: ClassVar[tuple[str, ...]] = ("hidden", "seen")

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
    def device(self) -> torch.device:
        return next(tensors_in(self)).device

    @property
    def dtype(self) -> torch.dtype:
        """Of scores and patterns: float32, or float64 for models in float64."""
        return torch.promote_types(self._rows_of.dtype, torch.float32)

    @property
    def is_held(self) -> bool:
        """Whether its numbers are in memory; see `Received`."""
        return not any(tensor.is_meta for tensor in tensors_in(self))

    @property
    def n_bytes(self) -> int:
        """Memory that it keeps occupied."""
        return sum(storage_bytes(tensors_in(self)).values())

    @property
    def _rows_of(self) -> Tensor:
        rows = self.q if self.q is not None else self.pattern
        assert rows is not None
        return rows

    def kv_head(self, head: int) -> int:
        """Which key-value head a query head reads."""
        kv = self.k if self.k is not None else self.v
        assert kv is not None
        return head * len(kv) // self.n_heads

    def dots(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        """q . k, [head, row, key_pos], in float32 (float64 for models in float64)."""
        if self.q is None or self.k is None:
            raise ValueError(f"{self.path}: only the pattern was caught, not the queries and keys.")
        k = _heads(self.k, [self.kv_head(head) for head in heads])[:, keys].to(self.dtype)
        return _heads(self.q, heads)[:, rows].to(self.dtype) @ k.mT

    def seen(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor | None:
        """Which keys may be seen, bool [head | 1, row | 1, key_pos]; None for all."""
        seen = None
        if self.mask is not None:
            mask = _pick(self.mask, heads, rows, keys)
            # Models write the lowest number for minus infinity, and sometimes add two of them.
            seen = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
        if self.is_causal:
            causal = (torch.arange(self.n_keys, device=rows.device)[keys] <= rows[:, None])[None]
            seen = causal if seen is None else seen & causal
        return seen

    def added(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor | None:
        """What is added to the dots, [head | 1, row | 1, key_pos], where the keys are seen; None for nothing."""
        parts = [] if self.bias is None else [_pick(self.bias, heads, rows, keys)]
        if self.relative is not None:
            # [head | 1, n_queries - 1 - query_pos, key_pos], a view: each row begins one number further on.
            by_row = self.relative.unfold(-1, self.n_keys, 1)
            parts.append(_pick(by_row, heads, self.n_queries - 1 - rows, keys))
        if self.mask is not None and self.mask.dtype != torch.bool:
            parts.append(_pick(self.mask, heads, rows, keys))
        return reduce(operator.add, parts) if parts else None

    def scores(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        """What goes into the softmax, [head, row, key_pos]; -inf where masked.

        Where only the pattern was caught it is its logarithm, which is the same but for one number a row.
        """
        if self.pattern is not None:
            return _heads(self.pattern, heads)[:, rows, keys].to(self.dtype).log_()
        scores = self.dots(heads, rows, keys).mul_(self.scale)
        if self.soft_cap:
            scores = scores.div_(self.soft_cap).tanh_().mul_(self.soft_cap)
        if (added := self.added(heads, rows, keys)) is not None:
            scores += added
        if (seen := self.seen(heads, rows, keys)) is not None:
            scores = torch.where(seen, scores, -math.inf)  # half the time of masked_fill_
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
        heads, rows = self._all(heads, rows)
        if self.pattern is not None:
            return _heads(self.pattern, heads)[:, rows].to(self.dtype)
        parts = list(self._blocks(heads, rows))
        if len(parts) == 1:
            return self._softmax(heads, rows)
        pattern = torch.empty((len(heads), len(rows), self.n_keys), dtype=self.dtype, device=rows.device)
        for part in parts:
            pattern[:, part] = self._softmax(heads, rows[part])
        return pattern

    def log_sum_exp(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        """ln(sum(exp(score))) over all keys, [head, row]: a pattern is exp(scores - log_sum_exp).

        -inf where a query sees nothing.
        """
        heads, rows = self._all(heads, rows)
        norm = torch.empty((len(heads), len(rows)), dtype=self.dtype, device=rows.device)
        for part in self._blocks(heads, rows):
            if self.pattern is not None:
                sees_any = _heads(self.pattern, heads)[:, rows[part]].any(-1)
                norm[:, part] = torch.where(sees_any, 0.0, -math.inf)
            else:
                norm[:, part] = self.scores(heads, rows[part]).logsumexp(-1)
        return norm

    def output(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        """pattern @ V, [head, row, d_head]: what each head hands on.

        Raises
        ------
        ValueError
            The values were not caught.
        """
        if self.v is None:
            raise ValueError(f"{self.path}: only the pattern was caught, not the values.")
        heads, rows = self._all(heads, rows)
        output = torch.empty((len(heads), len(rows), self.v.shape[-1]), dtype=self.dtype, device=rows.device)
        for part in self._blocks(heads, rows):
            output[:, part] = self.times_values(self.patterns(heads, rows[part]), heads, rows[part])
        return output

    def times_values(self, pattern: Tensor, heads: list[int], rows: Tensor) -> Tensor:
        """[head, row, key_pos] @ V, [head, row, d_head]: of this pattern, or of one in its place."""
        assert self.v is not None
        v = _heads(self.v, [self.kv_head(head) for head in heads]).to(self.dtype)
        return pattern.to(self.dtype) @ v

    def kinds(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        """Which kind of cell each is, uint8 [head | 1, row, key_pos], index into `kind_names`."""
        seen = self.seen(heads, rows, keys)
        if seen is None:
            n_keys = len(range(self.n_keys)[keys])
            return torch.ones((1, len(rows), n_keys), dtype=torch.uint8, device=rows.device)
        return seen.to(torch.uint8).expand(-1, len(rows), -1)

    def _softmax(self, heads: list[int], rows: Tensor) -> Tensor:
        # A row of -inf alone has none; that query sees nothing.
        return self.scores(heads, rows).softmax(-1).nan_to_num_(0.0)

    def _all(self, heads: list[int] | None, rows: Tensor | None) -> tuple[list[int], Tensor]:
        heads = list(range(self.n_heads)) if heads is None else heads
        return heads, torch.arange(self.n_queries, device=self.device) if rows is None else rows

    def _blocks(self, heads: list[int], rows: Tensor) -> Iterator[slice]:
        """Parts of `rows` whose scores stay in the cache."""
        step = max(1, _BLOCK // max(1, len(heads) * self.n_keys))
        return (slice(start, start + step) for start in range(0, len(rows), step))


def _heads(tensor: Tensor, heads: list[int]) -> Tensor:
    """Chosen ones of [head, ...], without a copy where they lie side by side."""
    first = heads[0] if heads else 0
    if heads == list(range(first, first + len(heads))):
        return tensor[first : first + len(heads)]
    return tensor[heads]


def _pick(tensor: Tensor, heads: list[int], rows: Tensor, keys: slice) -> Tensor:
    """Heads, rows and keys of [head | 1, query_pos | 1, key_pos], where 1 stands for all."""
    tensor = tensor[..., keys]
    if len(tensor) > 1:
        tensor = _heads(tensor, heads)
    return tensor[:, rows] if tensor.shape[1] > 1 else tensor
