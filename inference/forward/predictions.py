"""What a model would say at many places: the likeliest tokens, and how it judges those that are there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.layer_outputs import layer_outputs
from inference.forward.masked_lm import predicted_word

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.results.tokens import Tokens

_BLOCK = 2**23  # logits that are in memory at once
_JUDGED = 2**18  # of these what is read again and again, which is quick as long as it lies in the cache


@dataclass(frozen=True)
class Predictions:
    """Of one state at each place.

    Attributes
    ----------
    ids, probs
        int64 and float32 [pos, k], most probable first.
    target_log_probs
        float32 [pos], natural logarithm; NaN where there is no target.
    ranks
        int32 [pos] of the target among all tokens, from 1; 0 where there is none.
    entropy
        float32 [pos], in bits.
    d_vocab
        How many tokens there are to choose from.
    """

    ids: np.ndarray
    probs: np.ndarray
    target_log_probs: np.ndarray
    ranks: np.ndarray
    entropy: np.ndarray
    d_vocab: int


def predictions(model: Model, state: Tensor, target_ids: np.ndarray, top_k: int, context: Context) -> Predictions:
    """Final norm, unembedding and softmax of a state as it leaves a layer.

    Parameters
    ----------
    state
        [1, pos, d_model].
    target_ids
        int64 [pos]; below 0 for none.
    top_k
        Cut to the vocabulary.
    context
        One checkpoint a block of positions: the logits of all at once may take more room than the model.
    """
    components, net = model.components, model.net
    targets = torch.as_tensor(target_ids, device=state.device)
    size = max(1, _BLOCK // max(model.info.d_vocab, 1))
    parts: list[tuple[np.ndarray, ...]] = []
    d_vocab = 0
    with torch.inference_mode():
        normed = components.norm(net, state)
        for start in range(0, state.shape[1], size):
            context.checkpoint()
            logits = components.unembed(net, normed[:, start : start + size])[0].float()
            d_vocab = logits.shape[-1]
            few = max(1, _JUDGED // d_vocab)
            for some, told in zip(logits.split(few), targets[start : start + size].split(few), strict=True):
                parts.append(_judged(some, told, min(top_k, d_vocab)))
    return Predictions(*(np.concatenate(part) for part in zip(*parts, strict=True)), d_vocab=d_vocab)


def of_next_tokens(model: Model, encoded: Encoded, top_k: int, context: Context) -> tuple[Tokens, Predictions]:
    """The tokens that are told, and what is said of all but the first one, given those before it; as `predictions`.

    Raises
    ------
    Refused
        There are fewer than two tokens.
    """
    components = model.components
    tokens = encoded.sequences[model.info.group(components.of_head).query_axis]
    if len(tokens) < 2:
        raise Refused("Nothing can be expected of a text of one token; at least 2 are needed.")
    last = components.stacks[components.of_head].blocks[-1:]
    state = layer_outputs(model, encoded.tensors, context, last)[-1]
    return tokens, predictions(model, state[:, :-1], tokens.ids[1:], top_k, context)


def _judged(logits: Tensor, targets: Tensor, top_k: int) -> tuple[np.ndarray, ...]:
    log_probs = logits.log_softmax(-1)
    best, ids = log_probs.topk(top_k)
    has_target = targets >= 0
    of_target = log_probs.gather(-1, targets.clamp(min=0)[:, None])
    # Counted in float32, which takes a quarter of the time and is exact for 16 million words.
    n_better = (log_probs > of_target).sum(-1, dtype=torch.float32)
    ranks = torch.where(has_target, 1 + n_better, 0)
    # An impossible token adds nothing: 0 times its infinite surprisal is 0.
    entropy = -(log_probs.exp() * log_probs.clamp(min=torch.finfo(log_probs.dtype).min)).sum(-1) / math.log(2)
    found = ids, best.exp(), torch.where(has_target, of_target[:, 0], torch.nan), ranks.int(), entropy.clamp(min=0)
    return tuple(tensor.cpu().numpy() for tensor in found)


def numbered(model: Model, *ids: np.ndarray) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """The words of all these tokens once, and int32 arrays of their numbers among them; -1 for ids below 0."""
    every, numbers = np.unique(np.concatenate([each.ravel() for each in ids]), return_inverse=True)
    n_none = int((every < 0).sum())
    places = np.cumsum([each.size for each in ids])[:-1]
    numbers = np.maximum(numbers - n_none, -1).astype(np.int32)
    parts = [part.reshape(each.shape) for part, each in zip(np.split(numbers, places), ids, strict=True)]
    return tuple(predicted_word(model, token) for token in every[n_none:].tolist()), parts
