"""What there is to say of recurrent networks, whose states stand in the place of attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NO_SELF_ATTENTION = "it is a recurrent network, which has no self-attention: what it knows of a text is its state"
NO_SUM = "the states of a recurrent network are no sums of what its layers add, so its logits are no sum either"
NO_POSITIONS = "a recurrent network encodes no positions: it reads one token after the other"


def recurrent_lacking(net: PreTrainedModel, unembedding: tuple[str, ...]) -> dict[str, str]:
    """See `Components.lacking`."""
    none = {
        "final_norm": "a recurrent network has no norms",
        "residual_stream": "a recurrent network has no residual stream: each layer replaces what it reads",
    }
    return none if unembedding else none | {"unembedding": f"{type(net).__name__} has no head for tokens"}
