"""Calls of models that pad their texts, over the tokens alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.modules import expanded
from inference.context import Refused

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


def unpadded(received: Received, n: int) -> AttentionCall:
    """The call of a batch of one over `n` tokens: Longformer's windows, BigBird's blocks, or all keys.

    Raises
    ------
    ValueError
        As `Received.one`.
    """
    if received.source != "module":
        return received.one()
    if received.pattern is not None:  # changed on the way
        call = received.one()
        return replace(call, pattern=received.pattern[0, :, :n, :n])
    return expanded(received, n)


def check_padded(n: int, config: PreTrainedConfig) -> None:
    """Raise `Refused` where the padding of a text of `n` tokens has no positions any more.

    BigBird pads to whole blocks, LED to whole windows, and both count positions on the padding.
    """
    if config.model_type == "led":
        windows = config.attention_window
        unit, most = windows if isinstance(windows, int) else max(windows), config.max_encoder_position_embeddings
    elif config.model_type in ("big_bird", "bigbird_pegasus") and config.attention_type == "block_sparse":
        unit, most = config.block_size, config.max_position_embeddings
        if n <= (5 + 2 * config.num_random_blocks) * unit:
            return  # read with full attention
    else:
        return
    padded = -(-n // unit) * unit
    if padded > most:
        raise Refused(
            f"The text has {n:,} tokens, which the model pads to {padded:,}; with padding it takes at most "
            f"{most // unit * unit:,}."
        )
