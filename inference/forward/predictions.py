"""What a model would say at many places: the likeliest tokens, and how it judges those that are there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.layer_outputs import layer_outputs
from inference.inputs.tokens import piece

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.results.tokens import Tokens

_BLOCK = 2**24  # logits that are in memory at once
_JUDGED = 2**18  # of these what is read again and again, which is quick as long as it lies in the cache
_CHUNK = 32  # logits of which only the largest is looked at first


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


def rows_at_once(model: Model) -> int:
    """States that are multiplied with the table of all words in one product: the more, the less time each takes."""
    return max(1, _BLOCK // max(model.info.d_vocab, 1))


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
    size = rows_at_once(model)
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
    """See `Predictions`; the logits, float32 [pos, word], are used up."""
    best, ids = _best(logits, top_k)
    has_target = targets >= 0
    of_target = logits.gather(-1, targets.clamp(min=0)[:, None])
    n_better = torch.count_nonzero(logits > of_target, -1)
    ranks = torch.where(has_target, 1 + n_better, 0)
    # Below the largest, so that no digit is lost where all of them are large.
    largest = best[:, :1].clone()
    logits.sub_(largest)
    probs = logits.softmax(-1)
    log_sum = -probs.gather(-1, ids[:, :1]).log()  # of their exponentials
    if logits.amin() == -torch.inf:  # an impossible token adds nothing: 0 times its infinite surprisal is 0
        logits.clamp_(min=torch.finfo(logits.dtype).min)
    entropy = (log_sum[:, 0] - torch.linalg.vecdot(probs, logits)) / math.log(2)
    of_best, of_target = best - largest - log_sum, (of_target - largest - log_sum)[:, 0]
    found = ids, of_best.exp(), torch.where(has_target, of_target, torch.nan), ranks.int(), entropy.clamp(min=0)
    return tuple(tensor.cpu().numpy() for tensor in found)


def _best(logits: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Values and places of the largest of each row, as `Tensor.topk`, which is slow where there are many.

    So many chunks as are asked for hold them all: those whose own largest are the largest.
    """
    n_chunks = logits.shape[1] // _CHUNK
    if n_chunks < 2 * top_k:
        return logits.topk(top_k)
    whole = n_chunks * _CHUNK
    chunks = logits[:, :whole].unflatten(1, (n_chunks, _CHUNK))
    which = chunks.amax(-1).topk(top_k).indices[:, :, None]
    places = (which * _CHUNK + torch.arange(_CHUNK, device=logits.device)).flatten(1)
    some = chunks.gather(1, which.expand(-1, -1, _CHUNK)).flatten(1)
    if whole < logits.shape[1]:
        rest = torch.arange(whole, logits.shape[1], device=logits.device).expand(len(logits), -1)
        some, places = torch.cat([some, logits[:, whole:]], 1), torch.cat([places, rest], 1)
    values, among = some.topk(top_k)
    return values, places.gather(1, among)


def numbered(model: Model, *ids: np.ndarray) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """All these tokens once, and int32 arrays of their numbers among them; -1 for ids below 0.

    With the marks of their tokenizer: `␣he` is another token than `he`, which goes on with a word.
    """
    every, numbers = np.unique(np.concatenate([each.ravel() for each in ids]), return_inverse=True)
    n_none = int((every < 0).sum())
    places = np.cumsum([each.size for each in ids])[:-1]
    numbers = np.maximum(numbers - n_none, -1).astype(np.int32)
    parts = [part.reshape(each.shape) for part, each in zip(np.split(numbers, places), ids, strict=True)]
    return tuple(piece(token, model.tokenizer) for token in every[n_none:].tolist()), parts
