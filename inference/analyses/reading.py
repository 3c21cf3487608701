"""How surprised a model is by each token of a text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from inference.forward.masked_lm import check_top_k
from inference.forward.predictions import numbered, of_next_tokens
from inference.inputs.tokens import typed_spans
from inference.results.reading import ReadingRequest, ReadingResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def reading(request: ReadingRequest, model: Model, context: Context) -> ReadingResult:
    """Minus the logarithm of each token's probability, given all before it (surprisal), in one forward pass.

    Parameters
    ----------
    context
        One checkpoint a layer, and one a block of positions.

    Raises
    ------
    Refused
        Fewer than 1 word is asked for; the text has fewer than two tokens; else as `Family.encode`.

    References
    ----------
    Hale 2001, "A probabilistic Earley parser as a psycholinguistic model" (surprisal).
    """
    check_top_k(request.top_k)
    tokens, found = of_next_tokens(model, model.encode(request.input), request.top_k, context)
    # What is said at a place is about the next one.
    expected = np.concatenate([np.full_like(found.ids[:1], -1), found.ids])
    vocabulary, (top,) = numbered(model, expected)
    text, spans = typed_spans(request.input, tokens, model.tokenizer)
    return ReadingResult(
        tokens=tokens,
        axis=model.info.group(model.components.of_head).query_axis,
        surprisal=_behind(np.nan, -found.target_log_probs / np.float32(math.log(2))),
        vocabulary=vocabulary,
        top=top,
        probs=np.concatenate([np.full_like(found.probs[:1], np.nan), found.probs]),
        ranks=_behind(0, found.ranks),
        entropy=_behind(np.nan, found.entropy),
        d_vocab=found.d_vocab,
        text=text,
        spans=spans,
    )


def _behind(first: float, rest: np.ndarray) -> np.ndarray:
    return np.concatenate([np.array([first], rest.dtype), rest])
