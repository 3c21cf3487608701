"""Nyströmformer, whose tokens attend by way of landmarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.context import Refused
from inference.family.base import Encoded, check_count
from inference.family.components import Components, Names, of_one_stack
from inference.family.text import TextFamily
from inference.inputs.tokens import as_text, segments, tokenize
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared

_GROUPS = {
    "to_landmarks": ("To landmarks", "text", "landmarks"),
    "between_landmarks": ("Between landmarks", "landmarks", "landmarks"),
    "from_landmarks": ("From landmarks", "landmarks", "text"),
}
_CONVOLUTION = (
    "A convolution along the values is added to what each head hands on; it is no attention and is not shown."
)


class NystromformerFamily(TextFamily):
    """Nyströmformer (Xiong et al. 2021): three softmaxes, from tokens to landmarks and back, in place of one.

    transformers works out the whole softmax where there are as many landmarks as tokens, as in the checkpoints that its
    authors have published.
    """

    name = "nystromformer"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "nystromformer"

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """By landmarks it reads so many tokens that segments are whole, and pads shorter texts."""
        most = config.max_position_embeddings
        return min(config.segment_means_seq_len, most) if _has_landmarks(config) else most

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        if not _has_landmarks(config):
            return (AttentionGroup("encoder", "Encoder", n_heads),)
        return tuple(
            AttentionGroup(name, title, n_heads, query_axis=query, key_axis=key, landmarks=tuple(_GROUPS))
            for name, (title, query, key) in _GROUPS.items()
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        n, length = config.num_landmarks, config.segment_means_seq_len
        if not _has_landmarks(config):
            return (
                f"This Nyströmformer has {n:,} landmarks for {length:,} tokens, which is why transformers works out "
                "its whole attention pattern, without landmarks.",
                _CONVOLUTION,
            )
        return (
            f"Tokens attend by way of {n:,} landmarks, each the mean of {length // n:,} places; texts are padded to "
            f"{length:,} tokens. Cheaper attention shows what the three patterns come to.",
            _CONVOLUTION,
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`; landmarks are a sequence of their own."""
        n, length = config.num_landmarks, config.segment_means_seq_len
        if _has_landmarks(config) and (length % n or length > config.max_position_embeddings):
            raise Refused(
                f"The configuration names {n:,} landmarks for {length:,} tokens and {config.max_position_embeddings:,} "
                "positions; transformers needs segments of equal length that lie within the positions."
            )
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None], **segments(tokens, config)}
        sequences = {"text": tokens}
        if _has_landmarks(config):
            sequences["landmarks"] = _landmarks(tokens, n, length // n)
        return Encoded(tensors, sequences)

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`; what stands at the padding is cut off."""
        config, n = net.config, tensors["input_ids"].shape[1]
        n_more = config.segment_means_seq_len - n if _has_landmarks(config) else 0
        if n_more <= 0:
            return super().output(net, tensors, with_head=with_head, **more)
        padded = {name: F.pad(tensor, (0, n_more)) for name, tensor in tensors.items()}
        padded["input_ids"] = F.pad(tensors["input_ids"], (0, n_more), value=config.pad_token_id)
        padded["attention_mask"] = F.pad(torch.ones_like(tensors["input_ids"]), (0, n_more))
        with _a_mask_of_keys(net):
            result = super().output(net, padded, with_head=with_head, **more)
        for name, value in list(result.items()):
            if isinstance(value, Tensor) and value.ndim > 1 and value.shape[1] == n + n_more:
                result[name] = value[:, :n]
        return result

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits."""
        self.output(net, encoded.tensors, with_head=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        groups, n = self.groups(net.config), len(encoded.tokens)
        calls = [each.one() for each in received]
        if len(groups) == 1:
            return {groups[0].name: check_count(calls, groups[0])}
        cut = (_queries_cut, lambda call, _n: call, _keys_cut)
        return {
            group.name: check_count([cut[i](call, n) for call in calls[i :: len(groups)]], group)
            for i, group in enumerate(groups)
        }

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        names = Names(
            "encoder.layer",
            "attention.self",
            ("intermediate.dense", "output.dense"),
            embedding="embeddings",
            unembedding=("cls.predictions",),
        )
        return of_one_stack(net, self.groups(net.config)[0].name, names)


def _has_landmarks(config: PreTrainedConfig) -> bool:
    """Whether transformers goes by way of landmarks."""
    return config.num_landmarks != config.segment_means_seq_len


@contextmanager
def _a_mask_of_keys(net: PreTrainedModel) -> Iterator[None]:
    """The padding as one row for all queries, as the authors have it.

    transformers 5 makes a row of it for each token, which does not fit the rows of landmarks: it stops with an error.
    """

    def one_row(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0], None if args[1] is None else args[1][:, :, :1], *args[2:])

    modules = [module for module in net.modules() if type(module).__name__ == "NystromformerSelfAttention"]
    handles = [module.register_forward_pre_hook(one_row) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _queries_cut(call: AttentionCall, n: int) -> AttentionCall:
    """Without the padding behind the queries."""
    cut = {
        name: None if tensor is None else tensor[:, :n] for name, tensor in (("q", call.q), ("pattern", call.pattern))
    }
    return replace(call, **cut)


def _keys_cut(call: AttentionCall, n: int) -> AttentionCall:
    """Without the padding behind the keys, which the model hides."""
    cut = {name: None if tensor is None else tensor[:, :n] for name, tensor in (("k", call.k), ("v", call.v))}
    cut |= {
        name: None if tensor is None else tensor[..., :n]
        for name, tensor in (("mask", call.mask), ("bias", call.bias), ("pattern", call.pattern))
    }
    return replace(call, **cut)


def _landmarks(tokens: Tokens, n_landmarks: int, n_each: int) -> Tokens:
    """A token a landmark: the words of its segment; it has no id of its own."""
    n = len(tokens)
    starts = [i * n_each for i in range(n_landmarks)]
    return Tokens(
        ids=np.full(n_landmarks, -1, np.int64),
        words=tuple(_words(tokens, start, start + n_each) for start in starts),
        starts_word=np.ones(n_landmarks, bool),
        is_special=np.array([start >= n for start in starts]),
        segment=np.array([tokens.segment[min(start, n - 1)] for start in starts], np.int8),
    )


def _words(tokens: Tokens, start: int, stop: int) -> str:
    words = tokens.words[start:stop]
    if not words:
        return "padding"
    return words[0] if len(words) == 1 else f"{words[0]} … {words[-1]}"
