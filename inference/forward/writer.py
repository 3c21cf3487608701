"""A decoder that is fed tokens and keeps keys and values of those that it knows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_outputs import BaseModelOutput

from inference.context import Refused
from inference.models.growing_cache import GrowingLayer, with_room

if TYPE_CHECKING:
    from torch import Tensor

    from inference.forward.model import Model


class Writer:
    """An encoder-decoder that has read its source, or a decoder alone; several texts of one length are written at once.

    Parameters
    ----------
    tensors
        What `forward` takes, batch of one, with what the decoder is given first: `decoder_input_ids`, or `input_ids`
        where there is no encoder.
    more
        What else `forward` is asked each time.
    """

    def __init__(self, model: Model, tensors: dict[str, Tensor], **more: Any) -> None:
        self._model = model
        self._tensors = tensors
        self._more = more
        self._is_encoder_decoder = "decoder_input_ids" in tensors
        self._read: Tensor | None = None  # what the encoder has made of the source
        self._cache: Any = None
        self._written: Tensor | None = None  # int64 [text, n], of a model that keeps nothing
        knows = inspect.signature(model.net.forward).parameters
        self._asked_to_keep = {"use_cache": True} if "use_cache" in knows else {}

    @property
    def source_ids(self) -> Tensor | None:
        """int64 [1, source], what the encoder reads; None without one, and where it reads no tokens."""
        return self._tensors.get("input_ids") if self._is_encoder_decoder else None

    @property
    def given(self) -> Tensor:
        """int64 [n], what the decoder is given first."""
        return self._tensors["decoder_input_ids" if self._is_encoder_decoder else "input_ids"][0]

    def begin(self) -> Tensor:
        """Read the source and what is given; float32 [n, d_vocab], logits behind each token that is given."""
        with torch.inference_mode():
            output = self._model.family.output(self._model.net, self._tensors, **self._asked_to_keep, **self._more)
        self._cache = with_room(getattr(output, "past_key_values", None))
        if self._is_encoder_decoder:
            self._read = output.encoder_last_hidden_state
        return output.logits[0].float()

    def feed(self, tokens: Tensor) -> Tensor:
        """The next token of each text, int64 [text]; float32 [text, d_vocab], logits behind it."""
        fed = tokens[:, None]
        if self._cache is None:  # a model that keeps nothing reads the whole text each time
            fed = self._written = torch.cat([self._texts(), fed], 1)
        tensors: dict[str, Any] = {"input_ids": fed}
        if self._read is not None:
            read = BaseModelOutput(last_hidden_state=self._read)  # pyright: ignore[reportArgumentType]
            tensors = {"decoder_input_ids": fed, "encoder_outputs": read}
        kept = {} if self._cache is None else {"past_key_values": self._cache, "use_cache": True}
        with torch.inference_mode():
            output = self._model.family.output(self._model.net, tensors, **kept, **self._more)
        if kept:  # keys and values grow where they are, the state of a recurrent network is another one
            self._cache = getattr(output, "past_key_values", None) or self._cache
        return output.logits[:, -1].float()

    def _texts(self) -> Tensor:
        """int64 [text, n], where they are read anew each time."""
        return self.given[None] if self._written is None else self._written

    def repeat(self, n: int) -> None:
        """Go on with the one text `n` times.

        Raises
        ------
        Refused
            What the model keeps of a text cannot be kept of several ones at once.
        """
        layers = getattr(self._cache, "layers", ())
        if not all(hasattr(layer, "batch_repeat_interleave") for layer in layers):
            raise Refused(
                f"{self._model.info.name} keeps a state beside keys and values, so that only one text at a time can be "
                "written; choose greedy or sampling."
            )
        with torch.inference_mode():
            if self._cache is None:
                self._written = self._texts().repeat(n, 1)
                return
            self._cache.batch_repeat_interleave(n)
            if self._read is not None:
                self._read = self._read.expand(n, -1, -1)

    def choose(self, texts: Tensor) -> None:
        """Go on with these of the texts, int64 [text], in this order; one may be there several times."""
        with torch.inference_mode():
            if self._cache is None:
                self._written = self._texts()[texts]
                return
            self._cache.reorder_cache(texts)

    @property
    def cache_bytes(self) -> int:
        """Of all that is kept of the texts; 0 where nothing is."""
        kept = {id(each): each for each in _tensors_in(self._cache) if each.is_floating_point()}  # others count
        return sum(tensor.nbytes for tensor in kept.values())


def _tensors_in(thing: object) -> Iterator[Tensor]:
    """All tensors of a cache, whatever its layers call them; room that is free is not counted."""
    if isinstance(thing, GrowingLayer):
        yield from _tensors_in([thing.keys, thing.values])
    elif isinstance(thing, torch.Tensor):
        yield thing
    elif isinstance(thing, dict):
        for each in thing.values():
            yield from _tensors_in(each)
    elif isinstance(thing, list | tuple):
        for each in thing:
            yield from _tensors_in(each)
    elif type(thing).__module__.startswith("transformers."):
        yield from _tensors_in(vars(thing))
