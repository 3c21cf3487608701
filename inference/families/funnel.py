"""Funnel-Transformer, whose sequences shrink from block to block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.base import Encoded, check_count
from inference.family.components import Components, Names, of_one_stack
from inference.family.text import TextFamily
from inference.inputs.tokens import as_text, compared_segments, tokenize
from inference.layouts.funnel import by_title, n_layers, places_by_block, shortest, titles
from inference.results.checkpoint import AttentionGroup
from inference.results.counts import count_of
from inference.results.inputs import Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared


class FunnelFamily(TextFamily):
    """Funnel-Transformer (Dai et al. 2020)."""

    name = "funnel"
    relative = frozenset({"funnel"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "funnel"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        """Scores are sums of several products, of which only the patterns are kept."""
        return tuple(
            AttentionGroup(
                _name(title),
                title,
                (config.num_attention_heads,) * n_layers(title, config),
                has_qk=False,
                query_axis=_axis(blocks[0]),
                key_axis=_axis(blocks[-1]),
            )
            for title in titles(config)
            for blocks in [[int(number) for number in re.findall(r"\d+", title)] or [1]]
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            "Every block has half the places of the one before; the words of a place are those that it is pooled from.",
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Every block has a sequence of its own; a text that is too short to shrink is refused."""
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        if len(tokens) < shortest(config):
            raise Refused(
                f"The text has {len(tokens):,} tokens; this model shrinks it "
                f"{count_of(len(config.block_sizes) - 1, 'times')}, for "
                f"which it needs at least {shortest(config)}."
            )
        blocks = places_by_block(len(tokens), config)
        pooled = {_axis(block): _pooled(tokens, places) for block, places in enumerate(blocks[1:], 2)}
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None], **compared_segments(tokens, tokenizer)}
        return Encoded(tensors, {_axis(1): tokens, **pooled})

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        calls = by_title(received, net.config)
        return {group.name: check_count(calls.get(group.title, []), group) for group in self.groups(net.config)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`. The encoder's blocks are run several times, between which they are pooled."""
        names = Names("decoder.layers", "attention", ("ffn",), embedding="embeddings")
        lacking = {"encoder": "its blocks have fewer places than the text"}
        return of_one_stack(net, "decoder", names, lacking=lacking)


def _name(title: str) -> str:
    return title.lower().replace(" ", "_")


def _axis(block: int) -> str:
    return "text" if block == 1 else f"block_{block}"


def _pooled(tokens: Tokens, places: list[list[int]]) -> Tokens:
    """One token for each list of places; it has no id of its own."""
    first = [place[0] for place in places]
    return Tokens(
        ids=np.full(len(places), -1, np.int64),
        words=tuple(_joined(tokens, place) for place in places),
        starts_word=tokens.starts_word[first],
        is_special=np.array([bool(tokens.is_special[place].all()) for place in places]),
        segment=tokens.segment[first],
    )


def _joined(tokens: Tokens, places: list[int]) -> str:
    return "".join(
        f" {tokens.words[place]}" if number and tokens.starts_word[place] else tokens.words[place]
        for number, place in enumerate(places)
    )
