"""A caption without a model: three words, each written while looking at another patch of a small drawn scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.caption import CaptionResult
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.image import ImageResult
from inference.results.request import Capability
from tests.factories import make_checkpoint_info
from tests.views.translation.samples import make_beams, make_translation

THINGS = ("a small red house", "a large blue tree")


def make_picture() -> ImageResult:
    """Two rows and three columns of patches; the house is in the left half of what was painted, the tree in the right
    one."""
    shown = np.ones((20, 30), np.uint8)
    shown[:, 15:] = 2
    image = np.full((20, 30, 3), 90, np.uint8)
    return ImageResult(
        image, image, (0.0, 0.0, 1.0, 1.0), (30, 20), (2, 3), 0, "30 × 20", things=THINGS, shown_thing=shown
    )


def make_caption(n: int = 5, *, is_from_end: bool = False, is_blind: bool = False) -> CaptionResult:
    """The first `n` tokens; place p was written while looking at patch p - 1 with 0.7."""
    written = make_translation(n).written
    pattern = np.full((2, 2, n, 6), 0.06, np.float32)
    for place in range(n):
        pattern[:, :, place, place] = 0.7
    pattern[1, 1] = 1 / 6  # one head looks everywhere alike
    if is_blind:
        pattern = pattern[:0, :0, :0]
    blind = np.full(n, 4.0, np.float32)
    blind[0] = np.nan
    return CaptionResult(
        written, pattern, blind[: 0 if is_blind else n], make_picture(), is_from_end, is_blind, "dormait chat le"
    )


def make_caption_beams() -> CaptionResult:
    """As the beams of a translation."""
    beams = make_beams()
    return replace(make_caption(), tree=beams.tree, hypotheses=beams.hypotheses, other_way="")


def make_captioner(*, has_end: bool = True) -> CheckpointInfo:
    """Two layers of two heads each way."""
    heads, groups = (2, 2), []
    for name, axis in (("caption", "target"), ("caption_from_its_end", "turned"))[: 1 + has_end]:
        groups.append(AttentionGroup(name, name, heads, is_causal=True, query_axis=axis, key_axis=axis))
        groups.append(AttentionGroup(f"{name}_to_image", name, heads, query_axis=axis, key_axis="patches"))
    capabilities = (Capability.ATTENTION, Capability.CAPTION)
    return replace(
        make_checkpoint_info(), groups=tuple(groups), capabilities=capabilities, reads=("text", "image"),
        mask_token="", missing=(),
    )  # fmt: skip
