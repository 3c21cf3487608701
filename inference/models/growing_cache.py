"""Keys and values of what was read so far, with room for what comes: a token more copies one token, not all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers.cache_utils import Cache, DynamicLayer, EncoderDecoderCache

if TYPE_CHECKING:
    from torch import Tensor

_LEAST_ROOM = 64  # tokens for which there is room at least when keys and values move


class GrowingLayer(DynamicLayer):
    """Keys and values that have room to grow: a token is written behind the others, which move only now and then.

    transformers' own layer copies all of them at each token: with a thousand tokens that takes as long as a layer, and
    of several completions of a long beginning as long as an eighth of the weights. What is read,
    [text, head, n, d_head], is a view of the room.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rooms: tuple[Tensor, ...] = ()
        self._views: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, layer: DynamicLayer) -> GrowingLayer:
        """One that knows what a plain layer does, which has read something."""
        found = cls()
        found.keys, found.values, found.is_initialized = layer.keys, layer.values, True
        found.dtype, found.device = layer.dtype, layer.device
        return found

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """All keys and values, with those of the next tokens behind."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        known, new = (self.keys, self.values), (key_states, value_states)
        n = self.get_seq_length()
        end = n + key_states.shape[-2]
        is_in_room = bool(self._rooms) and all(one is other for one, other in zip(known, self._views, strict=True))
        if not is_in_room or end > self._rooms[0].shape[-2]:  # full, or texts were chosen or repeated
            more = max(_LEAST_ROOM, n // 2)
            self._rooms = tuple(each.new_empty((*each.shape[:-2], end + more, each.shape[-1])) for each in new)
            if n:
                for room, each in zip(self._rooms, known, strict=True):
                    room[..., :n, :] = each
        for room, each in zip(self._rooms, new, strict=True):
            room[..., n:end, :] = each
        keys, values = (room[..., :end, :] for room in self._rooms)
        self.keys, self.values = self._views = keys, values
        return keys, values


class GrowingCache(Cache):
    """As `DynamicCache`, of such layers."""

    def __init__(self) -> None:
        super().__init__(layer_class_to_replicate=GrowingLayer)


def with_room(cache: Any) -> Any:
    """A cache whose plain layers have room to grow; others, as of a sliding window, are as they were."""
    if isinstance(cache, EncoderDecoderCache):  # keys and values of the source do not grow
        with_room(cache.self_attention_cache)
    elif isinstance(cache, Cache):
        cache.layers = [
            GrowingLayer.of(layer) if type(layer) is DynamicLayer and layer.is_initialized else layer
            for layer in cache.layers
        ]
    return cache
