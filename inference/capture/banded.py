"""Longformer's attention: a window around each query, and global tokens with projections of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inference.capture.attention_call import ALL, AttentionCall, Received

HIDDEN, WINDOW, GLOBAL = range(3)


@dataclass(frozen=True, eq=False)
class BandedCall(AttentionCall):
    """Sliding window and global attention in true positions.

    A query sees `window` keys on either side and the global tokens; a global token sees everything, by its own query,
    keys and values. `mask` [1, 1, key_pos] says which places are no padding: that neither sees nor is seen.

    Attributes
    ----------
    window
        Keys seen on one side.
    global_places
        int64 [global], places of the global tokens, rising; empty where there are none.
    global_q, global_k, global_v
        [head, global, d_head], [head, key_pos, d_head] twice; None without global tokens.

    References
    ----------
    Beltagy, Peters and Cohan 2020, "Longformer", section 3.
    """

    window: int = 0
    global_places: Tensor | None = None
    global_q: Tensor | None = None
    global_k: Tensor | None = None
    global_v: Tensor | None = None

    kind_names: ClassVar[tuple[str, ...]] = ("hidden", "window", "global")

    def dots(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        dots = super().dots(heads, rows, keys)
        at, which = self._globals_in(rows)
        if len(at):
            assert self.global_q is not None
            assert self.global_k is not None
            q, k = self.global_q[heads][:, which].to(self.dtype), self.global_k[heads][:, keys].to(self.dtype)
            dots[:, at] = q @ k.mT
        return dots

    def seen(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        return self.kinds(heads, rows, keys).to(torch.bool)

    def kinds(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        n = self.n_keys
        by_distance = torch.zeros(2 * n - 1, dtype=torch.uint8, device=rows.device)
        by_distance[max(0, n - 1 - self.window) : n + self.window] = WINDOW
        kinds = by_distance.unfold(0, n, 1)[:, keys][n - 1 - rows]  # each row begins one further on
        if self.global_places is not None:
            places = torch.arange(n, device=rows.device)[keys]
            for axis, along in enumerate((rows, places)):
                kinds.index_fill_(axis, torch.isin(along, self.global_places).nonzero()[:, 0], GLOBAL)
        return without_padding(kinds[None], self.mask, rows, keys)

    def times_values(self, pattern: Tensor, heads: list[int], rows: Tensor) -> Tensor:
        output = super().times_values(pattern, heads, rows)
        at, _ = self._globals_in(rows)
        if len(at):
            assert self.global_v is not None
            output[:, at] = pattern[:, at].to(self.dtype) @ self.global_v[heads].to(self.dtype)
        return output

    def _globals_in(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Which of `rows` are global tokens, and which of the global tokens those are."""
        if self.global_places is None:
            none = rows[:0]
            return none, none
        at, which = (rows[:, None] == self.global_places).nonzero(as_tuple=True)
        return at, which


def padding(received: Received, n: int) -> Tensor | None:
    """Which of `n` places are no padding, bool [1, 1, key_pos]; None for all, and where there are no numbers."""
    if received.mask is None:
        return None
    is_place = received.mask[0, :, :, :n]
    return None if is_place.is_meta or is_place.all() else is_place


def without_padding(kinds: Tensor, mask: Tensor | None, rows: Tensor, keys: slice) -> Tensor:
    """Kinds of cells, [head | 1, row, key_pos], where `mask` [1, 1, key_pos] says which places are no padding."""
    if mask is None:
        return kinds
    is_place = mask[0, 0]
    return kinds.masked_fill(~(is_place[rows, None] & is_place[keys]), HIDDEN)


def banded(received: Received, n: int) -> BandedCall:
    """The call of a Longformer attention over `n` tokens; the model's padding behind them is cut off.

    Parameters
    ----------
    received
        Of `inference.capture.modules`: `extras` holds the window, and the places and projections of the global tokens.
    """
    window, places, global_q, global_k, global_v = received.extras
    has_globals = bool(len(places))

    def cut(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor[0, :, :n]

    return BandedCall(
        received.path,
        received.call,
        is_cross=False,
        q=cut(received.q),
        k=cut(received.k),
        v=cut(received.v),
        mask=padding(received, n),
        parts=(received.number,),
        window=int(window),
        global_places=places if has_globals else None,
        global_q=global_q[0] if has_globals else None,
        global_k=cut(global_k) if has_globals else None,
        global_v=cut(global_v) if has_globals else None,
    )
