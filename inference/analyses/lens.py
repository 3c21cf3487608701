"""What every layer would say, if it were the last: the logit lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from inference.context import Refused
from inference.forward.layer_outputs import layer_outputs
from inference.forward.masked_lm import check_top_k
from inference.forward.predictions import numbered, predictions, rows_at_once
from inference.results.lens import MOST_POSITIONS, LensRequest, LensResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def lens(request: LensRequest, model: Model, context: Context) -> LensResult:
    """Final norm and unembedding applied to what leaves each layer. From the last layer they give the model's answer.

    Parameters
    ----------
    context
        One checkpoint a layer of the forward pass, then one or more as the layers are read.

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
    predicts: Literal["next", "own"] = (
        "next" if group.is_causal or group.key_axis == "source" != group.query_axis else "own"
    )
    whole = model.encode(request.input.unmasked()).sequences[group.query_axis].ids
    target_ids = _targets(model, whole, columns, predicts)
    states = layer_outputs(model, encoded.tensors, context, blocks)
    n = len(columns)
    n_layers = max(1, rows_at_once(model) // n)  # that are read together
    parts = []
    for layer in range(0, len(states), n_layers):
        context.checkpoint(layer, len(states), f"Reading layer {layer} of {len(states)}")
        some = [state[:, columns[0] : columns[-1] + 1] for state in states[layer : layer + n_layers]]
        parts.append(predictions(model, torch.cat(some, 1), np.tile(target_ids, len(some)), request.top_k, context))

    def of_layers(name: str) -> np.ndarray:
        whole = np.concatenate([getattr(part, name) for part in parts])
        return whole.reshape(len(states), n, *whole.shape[1:])

    vocabulary, (top, target) = numbered(model, of_layers("ids"), target_ids)
    return LensResult(
        tokens=tokens,
        axis=group.query_axis,
        first=request.first,
        predicts=predicts,
        vocabulary=vocabulary,
        top=top,
        probs=of_layers("probs"),
        target=target,
        target_probs=np.exp(of_layers("target_log_probs")),
        ranks=of_layers("ranks"),
        entropy=of_layers("entropy"),
        d_vocab=parts[0].d_vocab,
    )


def _targets(model: Model, ids: np.ndarray, columns: np.ndarray, predicts: str) -> np.ndarray:
    """int64 [pos], the token to be told at each column; -1 where the text does not say."""
    if predicts == "next":
        return np.append(ids, -1)[columns + 1]
    mask = None if model.tokenizer is None else model.tokenizer.mask_token_id
    return ids[columns] if mask is None else np.where(ids[columns] == mask, -1, ids[columns])
