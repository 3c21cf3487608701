"""What families of text models have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from inference.family.base import Encoded, Family

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.family.opened import Opened
    from inference.results.prediction import Predicts


class TextFamily(Family):
    """One text, from which its models tell words; positions are told by the sets of model types below."""

    reads = ("text",)
    predicts = True
    sinusoidal: ClassVar[frozenset[str]] = frozenset()
    relative: ClassVar[frozenset[str]] = frozenset()
    rotary: ClassVar[frozenset[str]] = frozenset()  # the others say so by `rope_parameters`
    # Of any length.
    unlimited: ClassVar[frozenset[str]] = frozenset()
    # Their position tables start behind the number of the padding token.
    starts_behind_padding: ClassVar[frozenset[str]] = frozenset()

    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        return {axis: "token" for group in self.groups(config) for axis in (group.query_axis, group.key_axis)}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """See `Reads.n_ctx`."""
        if self.alibi_slopes(config) is not None or config.model_type in self.unlimited:
            return 0
        n_rows = getattr(config, "max_position_embeddings", 0) or 0
        if config.model_type in self.starts_behind_padding:
            return n_rows - (config.pad_token_id or 0) - 1
        return n_rows

    def position_kind(self, config: PreTrainedConfig) -> str:
        """See `Reads.position_kind`."""
        if self.alibi_slopes(config) is not None:
            return "alibi"
        if config.model_type in self.relative:
            return "relative"
        if config.model_type in self.sinusoidal or getattr(config, "sinusoidal_embeddings", False):
            return "sinusoidal"
        is_rotary = getattr(config, "position_embedding_type", None) == "rotary"  # ESM
        if config.model_type in self.rotary or getattr(config, "rope_parameters", None) or is_rotary:
            return "rotary"
        return "learned" if self.n_ctx(config) else "none"

    def lacks(self, opened: Opened) -> dict[str, str]:
        """See `Explains.lacks`."""
        # Late: the tables of transformers take a second.
        from inference.family.text_heads import (
            why_no_masked_lm,
            why_no_next_sentence,
            why_no_prediction,
            why_no_unembedding,
        )

        no_words = why_no_unembedding(opened)
        is_causal = any(group.is_causal for group in self.groups(opened.config))
        both_sides = f"{opened.name} reads each word with those before and after it, so it does not predict the next"
        return {
            "unembedding": no_words,
            "linear_unembedding": no_words or self.why_logits_are_no_sum(opened),
            "next_token": no_words if is_causal else both_sides,
            "masked_lm": why_no_masked_lm(opened),
            "next_sentence": why_no_next_sentence(opened),
            "prediction": why_no_prediction(opened),
        }

    def why_logits_are_no_sum(self, opened: Opened) -> str:
        """Half a sentence where a logit cannot be told as a sum of what the layers add; empty where it can."""
        return f"how the layers of {opened.name} models add up to its logits is not followed"

    def classes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        from inference.family.text_heads import labels_of

        return labels_of(config)

    @staticmethod
    def predicted(config: PreTrainedConfig) -> Predicts | None:
        """What the model was fine-tuned to tell of a text; None where it was not."""
        from inference.family.text_heads import what_is_predicted

        return what_is_predicted(config)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, which take more room than all layers."""
        self.output(net, encoded.tensors, with_head=False)


def bent_by_the_head(opened: Opened) -> str:
    """Why the logits are no sum: the head has an activation before the vocabulary."""
    return f"{opened.name} has one more layer before its vocabulary, so its logits are no sum of what others add"
