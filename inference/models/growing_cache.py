"""Keys and values of what was read so far, with room for what comes: a token more copies one token, not all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers.cache_utils import Cache, DynamicLayer

if TYPE_CHECKING:
    from torch import Tensor

_ROOM = 256  # positions that are made room for at once


class GrowingCache(Cache):
    """As `DynamicCache`, which puts all keys and values together anew for each token; of several completions of a long
    beginning that takes as long as an eighth of the weights.
    """

    def __init__(self) -> None:
        super().__init__(layer_class_to_replicate=GrowingLayer)


class GrowingLayer(DynamicLayer):
    """Keys and values are the beginning of larger tensors, [batch, head, position, d_head], in whose rest the next ones
    are put.
    """

    _rooms: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Put new keys and values behind those that are there; returns all."""
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        if before == 0 or not self._has_room(after):
            self._make_room(key_states, value_states, before, after)
        assert self._rooms is not None
        for room, new in zip(self._rooms, (key_states, value_states), strict=True):
            room[..., before:after, :] = new
        self.keys, self.values = (room[..., :after, :] for room in self._rooms)
        return self.keys, self.values

    def _has_room(self, n: int) -> bool:
        """Whether what is there is the beginning of tensors for so many positions: it was not repeated or selected."""
        if self._rooms is None or self.keys is None or self._rooms[0].shape[-2] < n:
            return False
        return self.keys.data_ptr() == self._rooms[0].data_ptr() and len(self.keys) == len(self._rooms[0])

    def _make_room(self, key_states: Tensor, value_states: Tensor, before: int, after: int) -> None:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        rooms = []
        for new, old in ((key_states, self.keys), (value_states, self.values)):
            room = new.new_empty((*new.shape[:-2], after + _ROOM, new.shape[-1]))
            if old is not None and before:
                room[..., :before, :] = old
            rooms.append(room)
        self._rooms = rooms[0], rooms[1]
