"""Calls of models that pad their texts, over the tokens alone."""

from __future__ import annotations

from dataclasses import replace

from inference.attention_call import AttentionCall, Received
from inference.layouts.banded import banded
from inference.layouts.blocks import blocked


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


def expanded(received: Received, n: int) -> AttentionCall:
    """The call of a module that was caught as a whole; see `unpadded`."""
    if received.q is not None and len(received.q) != 1:
        raise ValueError(f"{received.path}: a batch of {len(received.q)} was received, not of one.")
    is_bigbird = len(received.extras) == 2  # see capture_modules
    return blocked(received, n) if is_bigbird else banded(received, n)
