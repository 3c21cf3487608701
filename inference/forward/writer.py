"""A decoder that is fed tokens and keeps keys and values of those that it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_outputs import BaseModelOutput

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
    """

    def __init__(self, model: Model, tensors: dict[str, Tensor]) -> None:
        self._model = model
        self._tensors = tensors
        self._is_encoder_decoder = "decoder_input_ids" in tensors
        self._read: Tensor | None = None  # what the encoder has made of the source
        self._cache: Any = None

    @property
    def source_ids(self) -> Tensor | None:
        """int64 [1, source], what the encoder reads; None without one."""
        return self._tensors["input_ids"] if self._is_encoder_decoder else None

    @property
    def given(self) -> Tensor:
        """int64 [n], what the decoder is given first."""
        return self._tensors["decoder_input_ids" if self._is_encoder_decoder else "input_ids"][0]

    def begin(self) -> Tensor:
        """Read the source and what is given; float32 [n, d_vocab], logits behind each token that is given."""
        with torch.inference_mode():
            output = self._model.family.output(self._model.net, self._tensors, use_cache=True)
        self._cache = output.past_key_values
        if self._is_encoder_decoder:
            self._read = output.encoder_last_hidden_state
        return output.logits[0].float()

    def feed(self, tokens: Tensor) -> Tensor:
        """The next token of each text, int64 [text]; float32 [text, d_vocab], logits behind it."""
        tensors: dict[str, Any] = {"input_ids": tokens[:, None]}
        if self._read is not None:
            read = BaseModelOutput(last_hidden_state=self._read)  # pyright: ignore[reportArgumentType]
            tensors = {"decoder_input_ids": tokens[:, None], "encoder_outputs": read}
        with torch.inference_mode():
            output = self._model.family.output(self._model.net, tensors, past_key_values=self._cache, use_cache=True)
        self._cache = output.past_key_values
        return output.logits[:, -1].float()

    def repeat(self, n: int) -> None:
        """Go on with the one text `n` times."""
        with torch.inference_mode():
            self._cache.batch_repeat_interleave(n)
            if self._read is not None:
                self._read = self._read.expand(n, -1, -1)

    def choose(self, texts: Tensor) -> None:
        """Go on with these of the texts, int64 [text], in this order; one may be there several times."""
        with torch.inference_mode():
            self._cache.reorder_cache(texts)
