"""Which frame of a film comes first, when nobody says."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.ordering import OrdersFrames
from inference.inputs.clips.preparing import PreparedClip
from inference.results.order import AFTER, BEFORE, MOST_ORDERED, SAME, OrderRequest, OrderResult, mixed

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.tokens import Tokens


def order(request: OrderRequest, model: Model, context: Context) -> OrderResult:
    """What a model says of frames in the order that is asked for, and all orders with their scores.

    Parameters
    ----------
    context
        A checkpoint at each frame of the film, and one before the model runs.

    Raises
    ------
    Refused
        The order does not name every frame once, or there are more than seven; else as `Model.encode`.

    References
    ----------
    Zellers et al. 2021, "MERLOT" (arXiv 2106.02636), section 4.2, "Unsupervised ordering of visual stories".
    """
    family = model.family
    if not isinstance(family, OrdersFrames):
        raise Refused(f"{model.info.name} does not say which frame of a film comes first.")
    prepared = model.prepare(request.input, context.checkpoint)
    assert isinstance(prepared, PreparedClip)
    n = len(prepared.frames)
    asked = request.order or mixed(n)
    if sorted(asked) != list(range(n)):
        raise Refused(f"The order is {', '.join(map(str, asked))}; it names each of the frames 0 to {n - 1} once.")
    if n > MOST_ORDERED:
        raise Refused(f"{model.info.name} is shown {n} frames; all orders are tried of up to {MOST_ORDERED}.")
    encoded = model.encode(request.input)
    context.checkpoint()
    with torch.inference_mode():
        found = family.orders(model.net, encoded, asked, request.seed)
    words = encoded.sequences[family.words_axis]
    places, scores = scored_orders(found.text_frame)
    return OrderResult(
        order=asked,
        seen=prepared.all_seen[list(asked)],
        frames=tuple(prepared.frames[i] for i in asked),
        sentences=_sentences(words),
        cosines=found.cosines,
        temperature=found.temperature,
        text_frame=found.text_frame,
        frame_frame=found.frame_frame,
        places=places,
        scores=scores,
        words=words,
        received=found.received,
        is_top=found.is_top,
        is_masked=found.is_masked,
        notes=encoded.notes,
    )


def scored_orders(text_frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All orders of some frames and their scores, the likeliest first.

    An order says when each frame comes. Its score sums log p(same) of the sentence of that time, log p(before) of
    those in front of it, and log p(after) of those behind.

    Parameters
    ----------
    text_frame
        [sentence, frame, 4], see `OrderResult`.

    Returns
    -------
    int8 [order, frame] and float32 [order].
    """
    n = text_frame.shape[1]
    logs = np.log(np.maximum(text_frame.astype(np.float64), 1e-12))
    sentence = np.arange(n)[:, None]
    # What a frame adds when it comes at a time: [frame, time].
    adds = np.stack(
        [
            np.where(sentence == time, logs[..., SAME], np.where(sentence < time, logs[..., BEFORE], logs[..., AFTER]))
            .sum(0)
            for time in range(n)
        ],
        1,
    )  # fmt: skip
    places = np.array(list(permutations(range(n))), np.int8)
    scores = adds[np.arange(n), places].sum(1)
    best = np.argsort(-scores, kind="stable")
    return places[best], scores[best].astype(np.float32)


def _sentences(words: Tokens) -> tuple[str, ...]:
    """Of every segment, which begins with its sign, what it says."""
    starts = [*np.flatnonzero(words.is_special).tolist(), len(words)]
    spaced = [
        f" {word}" if starts_word else word for word, starts_word in zip(words.words, words.starts_word, strict=True)
    ]
    return tuple("".join(spaced[start + 1 : stop]).strip() for start, stop in pairwise(starts))
