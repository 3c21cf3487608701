"""T5's encoder by itself, as models of sentences use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inference.families.encoder import EncoderFamily
from inference.family.components import Components, Names, of_one_stack
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

_CLASSES = frozenset({"T5EncoderModel", "MT5EncoderModel", "UMT5EncoderModel"})


class T5EncoderFamily(EncoderFamily):
    """The encoder of Raffel et al. 2020, without the decoder."""

    name = "t5_encoder"
    heads = _CLASSES
    relative = frozenset({"t5", "mt5", "umt5"})
    unlimited = relative

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        named: Any = config.architectures or []  # whatever a foreign file says
        return any(isinstance(name, str) and name in _CLASSES for name in named)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        return (AttentionGroup(self.group, "Encoder", (config.num_heads,) * config.num_layers),)

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        names = Names(
            "block", "layer.0.SelfAttention", ("layer.1.DenseReluDense",), final_norm="final_layer_norm", unembedding=()
        )
        lacking = {"unembedding": f"{type(net).__name__} has no head for tokens"}
        return of_one_stack(net, self.group, names, "encoder", lacking=lacking)
