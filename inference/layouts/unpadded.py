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


def check_blocks(n: int, config: PreTrainedConfig) -> None:
    """As `check_padded`, for BigBird's blocks; shorter texts are read with full attention."""
    unit = config.block_size
    if config.attention_type == "block_sparse" and n > (5 + 2 * config.num_random_blocks) * unit:
        check_padded(n, unit, config.max_position_embeddings)


def check_padded(n: int, unit: int, most: int) -> None:
    """Raise `Refused` where a text of `n` tokens, padded to whole blocks or windows, has more than `most` positions."""
    padded = -(-n // unit) * unit
    if padded > most:
        raise Refused(
            f"The text has {n:,} tokens, which the model pads to {padded:,}; with padding it takes at most "
            f"{most // unit * unit:,}."
        )
