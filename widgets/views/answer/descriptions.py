"""What is known of the parts of an answer, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.answer import AnswerResult
from widgets.figures.heat_panel import short
from widgets.figures.prediction_cards import percent
from widgets.figures.token_axis import label
from widgets.views.answer.overlay import TokenOverlay, thing_at_cell
from widgets.writing.expected import describe_token

_MOST_NAMED = 4  # words in a title


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnswerDescriptions", text)


def title_of(
    tokens: Sequence[str], words: tuple[int, ...], high: float | None, last: float | None, *, is_raised: bool
) -> str:
    """What stands above the image of some words.

    Parameters
    ----------
    high, last
        The highest number laid over it, None for nothing, and that which has the last colour.
    is_raised
        Whether the numbers are what raised the words (relevance), not where they looked.
    """
    of = "”, “".join(label(tokens[place]) for place in words[:_MOST_NAMED])
    of += "” …" if len(words) > _MOST_NAMED else "”"
    if high is None:
        return _tr("Looking: “{}").format(of)
    what = _tr("What raised “{}, 0 to {}") if is_raised else _tr("Where “{} looked, 0 to {}")
    title = what.format(of, short(high, 3))
    return title if last in (None, high) else title + _tr("; colours to {}").format(short(last, 3))


def given_title(result: AnswerResult) -> str:
    """How much is read before the answer."""
    if result.is_beside:
        return _tr("{:,} tokens of the question, beside the image").format(result.n_image)
    if result.n_read:
        return _tr("{:,} image tokens in {:,} that an encoder reads").format(result.n_image, result.n_read)
    return _tr("{:,} image tokens in {:,} of the prompt").format(result.n_image, result.n_prompt)


def describe_word(result: AnswerResult, weights: np.ndarray, place: int) -> str:
    """How likely a word was, and how much of its attention went to the image: `weights` [word, image token]."""
    written, first = result.written, result.first
    text = _tr("“{}” ({})").format(label(written.tokens.words[place]), place) + describe_token(written, place)
    if 0 < place < len(weights) and not np.isnan(weights[place]).any():
        share = percent(float(first[:, :, place - 1].mean())) if place <= first.shape[2] else ""
        if result.is_beside:
            told = _tr(" · {} of its attention went to the first token of the question").format(share)
            return text + (told if share else "")
        text += _tr(" · {} of its attention went to the image").format(percent(float(weights[place].sum())))
        if share:
            text += _tr(", {} to the first token").format(share)
    return text


def describe_cell(result: AnswerResult, overlay: TokenOverlay, cell: int, *, is_raised: bool) -> str:
    """What lies over a cell of the image, and what was painted there; `is_raised` as of `title_of`."""
    row, column = divmod(cell, overlay.values.shape[1])
    value = float(overlay.values[row, column])
    text = _tr("cell {},{}").format(row, column)
    if np.isnan(value):
        return text + _tr(": no image token is there")
    what = _tr(": relevance {}") if is_raised else _tr(": {} of the attention")
    thing = thing_at_cell(result, overlay, cell)
    return text + what.format(short(value, 3)) + (_tr("; there is {}").format(thing) if thing else "")
