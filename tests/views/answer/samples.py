"""An answer without a model: three words, each written while looking at another part of a small drawn scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.answer import AnswerResult, TokenGrid
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.image import ImageResult
from inference.results.request import Capability
from tests.factories import make_checkpoint_info
from tests.views.translation.samples import make_beams, make_translation

WHOLE = (0.0, 0.0, 1.0, 1.0)


def make_picture() -> ImageResult:
    """Two rows and three columns; a house in the left half, a tree in the right one."""
    shown = np.ones((20, 30), np.uint8)
    shown[:, 15:] = 2
    image = np.full((20, 30, 3), 90, np.uint8)
    things = ("a small red house", "a large blue tree")
    return ImageResult(image, image, WHOLE, (30, 20), (2, 3), 0, "30 × 20", things=things, shown_thing=shown)


def make_grids(*, has_tiles: bool = False) -> tuple[TokenGrid, ...]:
    """Six tokens; with tiles, six more of twice the columns in half the rows, and one without a place."""
    whole = TokenGrid("the whole image", np.arange(6, dtype=np.int32).reshape(2, 3), WHOLE)
    if not has_tiles:
        return (whole,)
    return whole, TokenGrid("details", np.arange(6, 12, dtype=np.int32).reshape(1, 6), WHOLE)


def make_answer(n: int = 5, *, has_tiles: bool = False) -> AnswerResult:
    """The last token of the prompt and `n` - 1 of the answer; word p was written looking at token p - 1 with 0.5."""
    written = make_translation(n).written
    n_image = 13 if has_tiles else 6
    pattern = np.full((2, 2, n, n_image), 0.02, np.float32)
    for place in range(n):
        pattern[:, :, place, place] = 0.5
    pattern[1, 1] = 1 / 40  # one head looks everywhere alike
    return AnswerResult(
        written=written,
        prompt=f"USER: [image: {n_image} tokens]\nwhat is this ASSISTANT:",
        n_prompt=n_image + 9,
        n_image=n_image,
        layers=(0, 1),
        pattern=pattern,
        first=np.full((2, 2, n), 0.25, np.float32),
        grids=make_grids(has_tiles=has_tiles),
        picture=make_picture(),
    )


def make_answer_beams() -> AnswerResult:
    """As the beams of a translation."""
    beams = make_beams()
    return replace(make_answer(), tree=beams.tree, hypotheses=beams.hypotheses)


def make_answerer() -> CheckpointInfo:
    """Two layers of two heads in tower and language model."""
    groups = (
        AttentionGroup("image", "Image", (2, 2), query_axis="patches", key_axis="patches"),
        AttentionGroup("language_model", "Language model", (2, 2), is_causal=True),
    )
    return replace(
        make_checkpoint_info(), groups=groups, capabilities=(Capability.ATTENTION, Capability.ANSWER),
        reads=("text", "image"), mask_token="", missing=(),
    )  # fmt: skip
