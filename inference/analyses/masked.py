"""What the model would put under each mask, and after which layer it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.forward.masked_lm import check_top_k, lens_logits, probs_of, top_words
from inference.results.masked import MaskedRequest, MaskedResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def masked(request: MaskedRequest, model: Model, context: Context) -> MaskedResult:
    """Words for every mask, by the model's own head, after each layer and at the end.

    Parameters
    ----------
    request
        Masks are those typed as text and those of `input.text.masked`; `top_k` is cut to the vocabulary.
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        There is no mask, or fewer than 1 word is asked for; else as `Family.encode`.

    References
    ----------
    nostalgebraist, "interpreting GPT: the logit lens", LessWrong 2020.
    """
    check_top_k(request.top_k)
    encoded = model.encode(request.input)
    before = model.encode(request.input.unmasked()).tokens
    mask_id = model.tokenizer.mask_token_id if model.tokenizer is not None else None
    positions = np.flatnonzero(encoded.tokens.ids == mask_id)
    if not len(positions):
        mask = model.info.mask_token or "a mask"
        raise Refused(f"There is nothing to predict: click a word to mask it, or type {mask}.")

    original_ids = before.ids[positions]
    was_typed = original_ids == mask_id
    layers = [
        (top_words(model, logits, request.top_k), probs_of(logits, original_ids))
        for logits in lens_logits(model, encoded.tensors, positions, context)
    ]
    last, original_probs = layers[-1]
    return MaskedResult(
        tokens=encoded.tokens,
        original=tuple(
            "" if typed else before.shown[pos] for pos, typed in zip(positions.tolist(), was_typed, strict=True)
        ),
        positions=positions,
        words=last.words,
        ids=last.ids,
        probs=last.probs,
        original_probs=np.where(was_typed, np.float32(np.nan), original_probs),
        layer_words=tuple(layer.words for layer, _ in layers),
        layer_probs=np.stack([layer.probs for layer, _ in layers]),
    )
