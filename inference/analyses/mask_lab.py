"""BERT's training task on the user's sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.masked_lm import check_top_k, masked_logits, probs_of, top_words
from inference.inputs.tokens import piece, word
from inference.results.mask_lab import MaskLabRequest, MaskLabResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

# Shares of the chosen tokens that are masked and that are replaced; the rest is kept.
MASKED, RANDOM = 0.8, 0.1


def mask_lab(request: MaskLabRequest, model: Model, context: Context) -> MaskLabResult:
    """Choose tokens as BERT's pre-training does, and show what the model makes of them.

    The choice depends on `seed` alone. As in the paper a random word may happen to be the original one.

    Raises
    ------
    Refused
        `rate` is not within 0 to 1, fewer than 1 word is asked for, or there is no word to choose; else as
        `Family.encode`.

    References
    ----------
    Devlin et al. 2019, "BERT", sections 3.1 and A.1.
    """
    check_top_k(request.top_k)
    if not 0 <= request.rate <= 1:
        raise Refused(f"The share of masked words is {request.rate:g}; it has to be between 0 and 1.")
    if model.tokenizer is None or model.tokenizer.mask_token_id is None:
        raise Refused(f"The tokenizer of {model.info.name} has no mask token.")
    encoded = model.encode(request.input.unmasked())
    original = encoded.tokens
    mask_id = model.tokenizer.mask_token_id
    candidates = np.flatnonzero(~original.is_special & (original.ids != mask_id))
    if not len(candidates):
        raise Refused("There is no word to mask: type a sentence.")

    rng = np.random.default_rng(request.seed)
    positions = choose(len(candidates), request.rate, rng)
    positions = candidates[positions]
    ordinary = np.setdiff1d(
        np.arange(min(len(model.tokenizer), model.info.d_vocab)), [*model.tokenizer.all_special_ids, mask_id]
    )
    shown_ids = original.ids.copy()
    actions = [""] * len(original)
    for pos in positions.tolist():
        actions[pos] = action(rng)
        if actions[pos] == "masked":
            shown_ids[pos] = mask_id
        elif actions[pos] == "random":
            shown_ids[pos] = rng.choice(ordinary)
    words, pieces = list(original.words), list(original.shown)
    for pos in np.flatnonzero(shown_ids != original.ids).tolist():
        words[pos], pieces[pos] = (tell(int(shown_ids[pos]), model.tokenizer) for tell in (word, piece))
    shown = replace(original, ids=shown_ids, words=tuple(words), pieces=tuple(pieces))

    input_ids = torch.as_tensor(shown_ids, device=model.device)[None]
    logits = masked_logits(model, {**encoded.tensors, "input_ids": input_ids}, positions, context)
    top = top_words(model, logits, request.top_k)
    targets = torch.as_tensor(original.ids[positions], device=logits.device)
    return MaskLabResult(
        original=original,
        shown=shown,
        actions=tuple(actions),
        positions=positions,
        words=top.words,
        probs=top.probs,
        original_probs=probs_of(logits, original.ids[positions]),
        loss=float(torch.nn.functional.cross_entropy(logits, targets)),
    )


def choose(n: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions, int64, of `rate` of `n` tokens; at least one, except at a rate of 0."""
    n_chosen = max(1, round(rate * n)) if rate > 0 else 0
    return np.sort(rng.choice(n, n_chosen, replace=False))


def action(rng: np.random.Generator) -> str:
    """What happens to a chosen token: `masked`, `random` or `kept`."""
    chance = rng.random()
    if chance < MASKED:
        return "masked"
    return "random" if chance < MASKED + RANDOM else "kept"
