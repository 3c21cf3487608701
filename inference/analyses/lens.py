"""What every layer would say, if it were the last: the logit lens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from inference.context import Refused
from inference.forward.layer_outputs import layer_outputs
from inference.forward.masked_lm import check_top_k, predicted_word
from inference.results.lens import MOST_POSITIONS, LensRequest, LensResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

_BLOCK = 2**23  # logits that are in memory at once


def lens(request: LensRequest, model: Model, context: Context) -> LensResult:
    """Final norm and unembedding applied to what leaves each layer. From the last layer they give the model's answer.

    Parameters
    ----------
    context
        One checkpoint a layer of the forward pass, and one a block of positions and layer.

    Raises
    ------
    Refused
        Fewer than 1 word is asked for, or a first position that is not there; the layers are no modules that can be
        looked at one by one; else as `Family.encode`.

    References
    ----------
    nostalgebraist, "interpreting GPT: the logit lens", LessWrong 2020.
    """
    check_top_k(request.top_k)
    components = model.components
    group = model.info.group(components.of_head)
    blocks = components.stacks[components.of_head].blocks
    if any(block.path is None for block in blocks):
        raise Refused(f"The layers of {model.info.name} are no modules of their own; they cannot be looked at singly.")
    encoded = model.encode(request.input)
    tokens = encoded.sequences[group.query_axis]
    if not 0 <= request.first < len(tokens):
        raise Refused(f"There is no position {request.first}; the text has positions 0 to {len(tokens) - 1}.")
    columns = np.arange(request.first, min(request.first + MOST_POSITIONS, len(tokens)))
    predicts: Literal["next", "own"] = "next" if group.is_causal else "own"
    whole = model.encode(request.input.unmasked()).sequences[group.query_axis].ids
    target_ids = _targets(model, whole, columns, predicts)
    read = _Reader(model, request.top_k, target_ids)
    states = layer_outputs(model, encoded.tensors, context, blocks)
    for layer, state in enumerate(states):
        context.checkpoint(layer, len(states), f"Reading layer {layer} of {len(states)}")
        read.layer(state[:, columns[0] : columns[-1] + 1], context)
    ids, top = np.unique(np.concatenate([np.stack(read.ids).ravel(), target_ids[target_ids >= 0]]), return_inverse=True)
    n_top = len(states) * len(columns) * read.top_k
    target = np.full(len(columns), -1, np.int32)
    target[target_ids >= 0] = top[n_top:]
    return LensResult(
        tokens=tokens,
        axis=group.query_axis,
        first=request.first,
        predicts=predicts,
        vocabulary=tuple(predicted_word(model, token) for token in ids.tolist()),
        top=top[:n_top].astype(np.int32).reshape(len(states), len(columns), read.top_k),
        probs=np.stack(read.probs),
        target=target,
        target_probs=np.stack(read.target_probs),
        ranks=np.stack(read.ranks),
        entropy=np.stack(read.entropy),
        d_vocab=read.d_vocab,
    )


def _targets(model: Model, ids: np.ndarray, columns: np.ndarray, predicts: str) -> np.ndarray:
    """int64 [pos], the token to be told at each column; -1 where the text does not say."""
    if predicts == "next":
        return np.append(ids, -1)[columns + 1]
    mask = None if model.tokenizer is None else model.tokenizer.mask_token_id
    return ids[columns] if mask is None else np.where(ids[columns] == mask, -1, ids[columns])


class _Reader:
    """Reads states of one layer after another; its lists have one entry a layer."""

    def __init__(self, model: Model, top_k: int, target_ids: np.ndarray) -> None:
        self._model, self._targets = model, torch.as_tensor(target_ids, device=model.device)
        self.top_k, self.d_vocab = top_k, 0
        self.ids: list[np.ndarray] = []
        self.probs: list[np.ndarray] = []
        self.target_probs: list[np.ndarray] = []
        self.ranks: list[np.ndarray] = []
        self.entropy: list[np.ndarray] = []

    def layer(self, state: Tensor, context: Context) -> None:
        """`state` is [1, pos, d_model] as it leaves a layer, before the final norm."""
        components, net = self._model.components, self._model.net
        parts: list[tuple[np.ndarray, ...]] = []
        size = max(1, _BLOCK // (self.d_vocab or self._model.info.d_vocab or _BLOCK))
        with torch.inference_mode():
            normed = components.norm(net, state)
            for start in range(0, state.shape[1], size):
                context.checkpoint()
                logits = components.unembed(net, normed[:, start : start + size])[0].float()
                parts.append(self._read(logits, self._targets[start : start + size]))
        lists = self.ids, self.probs, self.target_probs, self.ranks, self.entropy
        for found, part in zip(lists, zip(*parts, strict=True), strict=True):
            found.append(np.concatenate(part))

    def _read(self, logits: Tensor, targets: Tensor) -> tuple[np.ndarray, ...]:
        """Ids, probabilities, probability and rank of the target, entropy, of logits [pos, d_vocab]."""
        self.d_vocab = logits.shape[-1]
        self.top_k = min(self.top_k, self.d_vocab)
        log_probs = logits.log_softmax(-1)
        best, ids = log_probs.topk(self.top_k)
        has_target = targets >= 0
        of_target = log_probs.gather(-1, targets.clamp(min=0)[:, None])
        ranks = torch.where(has_target, 1 + (log_probs > of_target).sum(-1), 0)
        entropy = -(log_probs.exp() * log_probs.clamp(min=torch.finfo(log_probs.dtype).min)).sum(-1) / math.log(2)
        target_probs = torch.where(has_target, of_target[:, 0].exp(), torch.nan)
        found = ids, best.exp(), target_probs, ranks.int(), entropy.clamp(min=0)
        return tuple(tensor.cpu().numpy() for tensor in found)
