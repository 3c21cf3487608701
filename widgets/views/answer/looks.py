"""What of an answer's looks is shown: of which layer and head, as far as it is known."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.answer import AnswerResult
from widgets.views.answer.options import WhoseLooks
from widgets.writing.attending import attending_title, weights_of, when_written


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnswerLooks", text)


def is_kept(result: AnswerResult, looks: WhoseLooks) -> bool:
    """Whether the pattern tells it: of many words there is no room for every head."""
    return result.heads_are == "heads" or looks in ("mean", "relevance") or (looks, result.heads_are) == ("layer",) * 2


def looks_wanted(looks: WhoseLooks, layer: int, head: int) -> tuple[int, int | None] | None:
    """As `AnswerRequest.looks` names it."""
    return {"layer": (layer, None), "head": (layer, head)}.get(looks)


def looks_weights(result: AnswerResult, looks: WhoseLooks, layer: int, head: int) -> np.ndarray:
    """float32 [target, image token]: a row a token, of what was looked at where it was chosen; as many as are known."""
    if looks == "relevance":
        looks = "mean"
    if not is_kept(result, looks):
        found = np.empty((0, result.n_image), np.float32) if result.looked is None else result.looked
    else:
        found = weights_of(result.pattern, looks, layer, head)
    return when_written(found)[: result.written.n_steps]


def looks_title(result: AnswerResult, looks: WhoseLooks, layer: int, head: int) -> str:
    """Whose looks they are, for a caption."""
    if looks == "relevance":
        return _tr("relevance: attention times its gradient, through all layers of the language model")
    if not is_kept(result, looks):
        return (
            _tr("attention in layer {}, head {}").format(layer, head)
            if looks == "head"
            else _tr("attention in layer {}, mean of its heads").format(layer)
        )
    what = _tr("image, question and answer")
    if result.is_beside or result.n_read:
        what = _tr("the question") if result.is_beside else _tr("image and question")
    return attending_title(result.pattern, looks, layer, head, what)
