"""Attention within parts of an image or a film, each part by itself, in the places of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inference.capture.attention_call import ALL, AttentionCall, Received


@dataclass(frozen=True, eq=False)
class PartsCall(AttentionCall):
    """Attention that runs in several parts side by side, in the places of the whole.

    A query sees the keys of its own part only.

    Attributes
    ----------
    by_part
        The call of each part.
    part_of, slot_of
        int64 [place]: in which part a place is, and where in it.
    places
        int64 [part, slot]: the other way round; one tensor for each part where they have different lengths.
    """

    by_part: tuple[AttentionCall, ...] = ()
    part_of: Tensor | None = None
    slot_of: Tensor | None = None
    places: Tensor | tuple[Tensor, ...] | None = None

    @property
    def n_heads(self) -> int:
        return self.by_part[0].n_heads

    @property
    def n_queries(self) -> int:
        assert self.part_of is not None
        return len(self.part_of)

    @property
    def n_keys(self) -> int:
        return self.n_queries

    @property
    def has_qk(self) -> bool:
        return self.by_part[0].has_qk

    @property
    def dtype(self) -> torch.dtype:
        return self.by_part[0].dtype

    def dots(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        return self._spread(lambda call, at: call.dots(heads, at), len(heads), rows, 0.0)[..., keys]

    def added(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor | None:
        if all(call.mask is call.bias is call.relative is None for call in self.by_part):
            return None

        def of_part(call: AttentionCall, at: Tensor) -> Tensor:
            added = call.added(heads, at)
            return torch.zeros((), device=at.device) if added is None else added

        return self._spread(of_part, len(heads), rows, 0.0)[..., keys]

    def scores(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        return self._spread(lambda call, at: call.scores(heads, at), len(heads), rows, -torch.inf)[..., keys]

    def patterns(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        heads, rows = self._all(heads, rows)
        return self._spread(lambda call, at: call.patterns(heads, at), len(heads), rows, 0.0)

    def log_sum_exp(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        heads, rows = self._all(heads, rows)
        return self._gather(lambda call, at: call.log_sum_exp(heads, at)[..., None], rows)[..., 0]

    def output(self, heads: list[int] | None = None, rows: Tensor | None = None) -> Tensor:
        heads, rows = self._all(heads, rows)
        return self._gather(lambda call, at: call.output(heads, at), rows)

    def seen(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        def of_part(call: AttentionCall, at: Tensor) -> Tensor:
            seen = call.seen(heads, at)
            return torch.ones((), device=at.device) if seen is None else seen.to(self.dtype)

        return self._spread(of_part, len(heads), rows, 0.0)[..., keys] > 0

    def _parts_in(self, rows: Tensor) -> list[tuple[int, Tensor, Tensor]]:
        """Part, which of `rows` lie in it, and their slots."""
        assert self.part_of is not None
        assert self.slot_of is not None
        parts = self.part_of[rows]
        slots = self.slot_of[rows]
        return [(part, at := (parts == part).nonzero()[:, 0], slots[at]) for part in parts.unique().tolist()]

    def _spread(
        self, of_part: Callable[[AttentionCall, Tensor], Tensor], n_heads: int, rows: Tensor, elsewhere: float
    ) -> Tensor:
        """[head, row, key_pos] of what `of_part` says of chosen slots and all keys of a part."""
        assert self.places is not None
        spread = torch.full((n_heads, len(rows), self.n_keys), elsewhere, dtype=self.dtype, device=rows.device)
        for part, at, slots in self._parts_in(rows):
            spread[:, at[:, None], self.places[part]] = of_part(self.by_part[part], slots).to(self.dtype)
        return spread

    def _gather(self, of_part: Callable[[AttentionCall, Tensor], Tensor], rows: Tensor) -> Tensor:
        """[head, row, any] of what `of_part` says of chosen slots of a part."""
        pieces = [(at, of_part(self.by_part[part], slots)) for part, at, slots in self._parts_in(rows)]
        order = torch.cat([at for at, _ in pieces]).argsort()
        return torch.cat([values for _, values in pieces], 1)[:, order]


def in_parts(received: Received, places: Tensor) -> PartsCall:
    """The call of an attention whose batch are parts of one whole.

    Parameters
    ----------
    places
        int64 [part, slot], each place of the whole once.
    """
    calls = tuple(received.split())
    places = places if calls[0].device.type == "meta" else places.to(calls[0].device)
    place = places.reshape(-1).argsort()
    whole = PartsCall(received.path, received.call, is_cross=False, parts=(received.number,))
    n_slots = places.shape[1]
    return replace(whole, by_part=calls, part_of=place // n_slots, slot_of=place % n_slots, places=places)


def of_calls(calls: list[AttentionCall]) -> AttentionCall:
    """The call of a whole whose parts lie one behind another, each caught by itself; of any lengths."""
    if len(calls) == 1:
        return calls[0]
    device = calls[0].device
    lengths = [call.n_queries for call in calls]
    starts = [sum(lengths[:i]) for i in range(len(calls))]
    return in_places(
        calls, tuple(torch.arange(n, device=device) + start for n, start in zip(lengths, starts, strict=True))
    )


def in_places(calls: list[AttentionCall], places: tuple[Tensor, ...]) -> PartsCall:
    """The call of a whole whose parts were each caught by themselves.

    Parameters
    ----------
    places
        int64 [slot] of each part: where in the whole it is; each place once.
    """
    device = calls[0].device
    n = sum(map(len, places))
    part_of, slot_of = torch.zeros(n, dtype=torch.int64), torch.zeros(n, dtype=torch.int64)
    if device.type != "meta":
        for part, at in enumerate(places):
            part_of[at.cpu()], slot_of[at.cpu()] = part, torch.arange(len(at))
    whole = PartsCall(
        calls[0].path, calls[0].call, is_cross=False, parts=tuple(n for call in calls for n in call.parts)
    )
    return replace(
        whole,
        by_part=tuple(calls),
        part_of=part_of.to(device),
        slot_of=slot_of.to(device),
        places=tuple(at.to(device) for at in places),
    )
