"""What of an image raised the logits of words of an answer: attention, weighted by its gradient, through all layers.

References
----------
Chefer, Gur and Wolf 2021, "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder
Transformers", section 3.1 and equations 5 and 6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.capture.capture import capture
from inference.capture.head_changes import WatchedOutputs
from inference.context import Refused

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall, Received
    from inference.context import Context
    from inference.forward.model import Model

_LONGEST = 8_192  # tokens of image, question and answer
_BLOCK = 2**24  # numbers of maps that are worked on at once


def answer_relevance(
    model: Model,
    tensors: dict[str, Tensor],
    words: list[tuple[int, int]],
    path: str,
    places: np.ndarray,
    context: Context,
) -> np.ndarray:
    """float32 [image token]: the relevance of each, summed over some words.

    `R = (1 + A_1) ... (1 + A_n)` over the layers of the language model, with A the mean over the heads of relu(G * A);
    G, the gradient of a word's logit with respect to a map, comes from that of the output O = A V: G = dO V^T. A row
    of R goes through the layers from the last to the first, so that no product of whole maps is made.

    Parameters
    ----------
    tensors
        Image, question and answer as `forward` takes them.
    words
        For each word the place at which it was chosen, and its token.
    path
        Regular expression of the modules that are rolled out.
    places
        int64 [image token].
    context
        One checkpoint an attention, and one a word and layer.

    Raises
    ------
    Refused
        There are more than 8,192 tokens.
    """
    n = tensors["input_ids"].shape[1]
    if n > _LONGEST:
        raise Refused(f"Image, question and answer have {n:,} tokens; relevance is told of {_LONGEST:,} at most.")
    watched, inside = WatchedOutputs(), re.compile(path)

    def keep(received: Received) -> Received:
        if inside.search(received.path):
            return received
        return received.dropped()

    family, net = model.family, model.net
    with torch.enable_grad(), capture(net, context, keep=keep, heads=watched) as received:
        at = torch.tensor([place for place, _ in words], device=model.device)
        logits = family.output(net, tensors, use_cache=False, logits_to_keep=at).logits[0]
    calls = [each for each in received if inside.search(each.path)]
    outputs = [watched.outputs[each.number] for each in calls]
    total = torch.zeros(len(places), device=model.device)
    for number, (place, token) in enumerate(words):
        gradients = torch.autograd.grad(
            logits[number, token], outputs, retain_graph=number + 1 < len(words), allow_unused=True
        )
        row = torch.zeros(n, device=model.device)
        row[place] = 1
        pairs = list(zip(calls, gradients, strict=True))
        for done, (each, gradient) in enumerate(reversed(pairs)):
            context.checkpoint(done, len(pairs), "Gradients of the maps")
            if gradient is not None:
                row = row + _through(row, each.one(), gradient[0].float())
        total += row[torch.as_tensor(places, device=model.device)]
    return total.detach().cpu().numpy()


def _through(row: Tensor, call: AttentionCall, gradient: Tensor) -> Tensor:
    """A row of R times the weighted map of a layer; `gradient` is [head, query_pos, d_head]."""
    assert call.v is not None
    values = call.v.float().repeat_interleave(call.n_heads // len(call.v), 0)
    found = torch.zeros(call.n_keys, device=row.device)
    step = max(1, _BLOCK // (call.n_heads * call.n_keys))
    for at in row.nonzero()[:, 0].split(step):
        weighted = (gradient[:, at] @ values.transpose(-1, -2) * call.patterns(rows=at).float()).clamp(min=0).mean(0)
        found += row[at] @ weighted
    return found
