"""Text encoders that are run as decoders: BERT and its like with a causal mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.families.encoder import EncoderFamily
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.family.base import Encoded
    from inference.family.opened import Opened

# Those of transformers that hide what comes behind where their configuration says `is_decoder`.
MODEL_TYPES = frozenset(
    [
        "bert",
        "bert-generation",
        "camembert",
        "data2vec-text",
        "electra",
        "ernie",
        "megatron-bert",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "xlm-roberta",
        "xlm-roberta-xl",
    ]
)


class EncoderAsDecoderFamily(EncoderFamily):
    """What Rothe et al. 2020 call a warm-started decoder, by itself."""

    name = "encoder_as_decoder"
    group = "decoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_decoder = config.model_type in MODEL_TYPES and getattr(config, "is_decoder", False)
        return is_decoder and not getattr(config, "add_cross_attention", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (AttentionGroup(self.group, "Decoder", n_heads, is_causal=True),)

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"masked_lm": f"{opened.named} predicts the next word, it has no mask token"}

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)
