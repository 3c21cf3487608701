"""Calls of models that pad their texts, over the tokens alone."""

from __future__ import annotations

from inference.attention_call import AttentionCall, Received
from inference.layouts.banded import banded
from inference.layouts.blocks import blocked


def unpadded(received: Received, n: int) -> AttentionCall:
    """The call of a batch of one over `n` tokens: Longformer's windows, BigBird's blocks, or all keys."""
    if received.source != "module":
        return received.one()
    is_bigbird = len(received.extras) == 2  # see capture_modules
    return blocked(received, n) if is_bigbird else banded(received, n)
