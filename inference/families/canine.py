"""CANINE, which reads characters, and looks at them in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.family.base import Encoded, check_count
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.tokens import as_text, tokenize
from inference.layouts.parts import of_calls
from inference.results.inputs import Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared


class CanineFamily(PartsFamily):
    """CANINE (Clark et al. 2022)."""

    name = "canine"
    reads = ("text",)
    predicts = True

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "canine"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        heads = config.num_attention_heads
        return (
            part("First characters", r"initial_char_encoder\.", 1, heads),
            part("Groups of characters", r"(^|canine\.)encoder\.", config.num_hidden_layers, heads, "groups"),
            part("Last characters", r"final_char_encoder\.", 1, heads),
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            f"The first layer attends within {config.local_transformer_stride} characters; between it and the last one "
            f"{config.downsampling_rate} characters are one place.",
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings

    def lacks(self, opened: Opened) -> dict[str, str]:
        from inference.family.text_heads import why_no_prediction  # late: its tables take a second

        return super().lacks(opened) | {"positions": "", "prediction": why_no_prediction(opened)}

    def classes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        from inference.family.text_heads import labels_of

        return labels_of(config)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Behind the first one, which stays by itself, a place is several characters."""
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        rate = config.downsampling_rate
        n_groups = max(1, len(tokens) // rate)
        # The last group falls away for the [CLS] that is put in front.
        starts = [0, *(i * rate for i in range(n_groups - 1))]
        words = [tokens.words[0], *("".join(tokens.words[i : i + rate]) for i in starts[1:])]
        groups = Tokens(
            ids=np.full(n_groups, -1, np.int64),
            words=tuple(words),
            starts_word=np.ones(n_groups, bool),
            is_special=np.arange(n_groups) == 0,
            segment=tokens.segment[starts],
        )
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "token_type_ids": torch.from_numpy(tokens.segment)[None].long(),
        }
        return Encoded(tensors, {"text": tokens, "groups": groups})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """See `Attends.sort_calls`. The first layer's chunks are calls of one module."""
        chunks = [each for each in received if "initial_char_encoder." in each.path]
        rest = [each for each in received if "initial_char_encoder." not in each.path]
        first, *others = self.groups(net.config)
        calls = {first.name: check_count([of_calls([each.one() for each in chunks])] if chunks else [], first)}
        for group, own in zip(others, (rest[:-1], rest[-1:]), strict=True):
            calls[group.name] = check_count([each.one() for each in own], group)
        return calls
