"""A sentence whose attention is kept at every look, so that one sees it form: how long it may be, and its maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.capture.capture import capture
from inference.context import Context
from inference.inputs.tokens import word
from inference.results.counts import count_of, verb
from inference.training.task import NO_PATTERN

if TYPE_CHECKING:
    from torch import nn
    from transformers import PretrainedConfig

    from inference.capture.attention_call import Received

MOST_TOKENS = 24  # whose names can be read beside a map
MOST_BYTES = 2**24  # of the maps of a run: they are written whenever it is saved
_MOST_LOOKS = 64
_BEHIND_NUMBER = re.compile(r"\d.*")


def most_tokens(config: PretrainedConfig) -> int:
    """Tokens that a watched sentence can have, so that the maps of all looks are no more than `MOST_BYTES`."""
    n_maps = int(getattr(config, "num_hidden_layers", 12)) * int(getattr(config, "num_attention_heads", 12))
    return max(4, min(MOST_TOKENS, int((MOST_BYTES / (4 * _MOST_LOOKS * max(1, n_maps))) ** 0.5)))


def names_of(ids: Sequence[int], tokenizer: Any) -> tuple[str, ...]:
    """Tokens as they stand beside a map."""
    return tuple(word(token, tokenizer) for token in ids)


def fact(watched: str, n_tokens: int, n_whole: int, n_unknown: int = 0) -> str:
    """What is kept, in a sentence; `n_tokens` of a text of `n_whole`, `n_unknown` of them words it has no token for."""
    cut = f", {n_tokens} of {n_whole} tokens: so many can be told apart" if n_tokens < n_whole else ""
    unknown = f" {count_of(n_unknown, 'words')} of it {verb(n_unknown)} not in the vocabulary." if n_unknown else ""
    return f"Attention is kept while it reads “{watched}”{cut}.{unknown}"


def patterns_of(net: nn.Module, n_tokens: int, run: Callable[[], object]) -> np.ndarray:
    """What the tokens of one text attend to among themselves.

    Parameters
    ----------
    net
        Is run by `run`, once and with this text alone; in eval mode.

    Returns
    -------
    float32 [layer, head, query_pos, key_pos]. Of an encoder with a decoder, the encoder's; of no size where no token
    attends to every other one.
    """
    with torch.inference_mode(), capture(net, Context()) as received:
        run()
    shape = (n_tokens, n_tokens)
    calls = [one for one in received if not one.is_cross and _shape(one)[2:] == shape]
    if not calls:
        return NO_PATTERN
    stack, n_heads = _BEHIND_NUMBER.sub("", calls[0].path), _shape(calls[0])[1]
    same = [one for one in calls if _BEHIND_NUMBER.sub("", one.path) == stack and _shape(one)[1] == n_heads]
    return torch.stack([one.one().patterns() for one in same]).float().cpu().numpy()


def _shape(received: Received) -> tuple[int, ...]:
    """[batch, head, query_pos, key_pos]; empty where it has a layout of its own."""
    if received.pattern is not None:
        return tuple(received.pattern.shape)
    if received.q is None or received.k is None:
        return ()
    return (*received.q.shape[:3], received.k.shape[2])
