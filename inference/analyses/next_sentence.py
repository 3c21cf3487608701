"""Does sentence B follow sentence A?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.results.next_sentence import NextSentenceRequest, NextSentenceResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def next_sentence(request: NextSentenceRequest, model: Model, context: Context) -> NextSentenceResult:
    """Ask the model's next-sentence head, and measure how much the sentences attend to each other.

    Raises
    ------
    Refused
        There is no second sentence; else as `Family.encode`.

    References
    ----------
    Devlin et al. 2019, "BERT", section 3.1, task 2. Label 0 of the head is "B follows A".
    """
    if request.input.text is None or not (request.input.text.text_pair or "").strip():
        raise Refused("Type a second sentence: the question is whether it follows the first.")
    run = model.run(request.input, context)
    with torch.inference_mode():
        output = model.net(**run.encoded.tensors, return_dict=True)
    logits = output["seq_relationship_logits"] if "seq_relationship_logits" in output else output["logits"]

    tokens = run.encoded.tokens
    is_a = (tokens.segment == 0) & ~tokens.is_special
    is_b = (tokens.segment == 1) & ~tokens.is_special
    group = model.info.groups[0]
    a_to_b, b_to_a = np.full((2, group.n_layers, max(group.n_heads)), np.nan, np.float32)
    for layer, call in model.each_call(run, group.name, context):
        context.checkpoint()
        pattern = call.patterns().float().cpu().numpy()  # [head, query_pos, key_pos]
        a_to_b[layer, : len(pattern)] = _share(pattern, is_a, is_b)
        b_to_a[layer, : len(pattern)] = _share(pattern, is_b, is_a)
    return NextSentenceResult(tokens, float(logits[0].float().softmax(-1)[0]), a_to_b, b_to_a)


def _share(pattern: np.ndarray, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Mean over the queries of what goes to the keys, float32 [head]; NaN where there is no query."""
    if not queries.any():
        return np.full(len(pattern), np.nan, np.float32)
    return pattern[:, queries][:, :, keys].sum(-1).mean(-1)
