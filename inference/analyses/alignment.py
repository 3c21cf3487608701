"""Which of several texts belongs to which of several images, by a model that reads both together."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from inference.context import Refused
from inference.family.jointly import ReadsJointly
from inference.family.opened import Opened
from inference.inputs.images import make_drawing
from inference.inputs.other_scenes import FIRST_OTHER_SEED, with_another_scene
from inference.results.alignment import MOST_PAIRS, AlignmentRequest, AlignmentResult
from resources.scenes import sentences_of

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_THUMBNAIL = 48  # pixels


def alignment(request: AlignmentRequest, model: Model, context: Context) -> AlignmentResult:
    """The score of the pair for every image with every text.

    Parameters
    ----------
    context
        One checkpoint a pass.

    Raises
    ------
    Refused
        The model has no score of pairs; no text is typed; its regions come from a file; the number is out of range;
        else as `Family.encode`.
    """
    family, config = model.family, model.net.config
    if not isinstance(family, ReadsJointly):
        raise Refused(f"No attention of {model.info.name} goes between words and an image.")
    opened = Opened(model.info.architecture, type(model.net).__name__, config, model.info.mask_token)
    if why := family.why_no_score(opened):
        raise Refused(f"{why[:1].upper()}{why[1:]}.")
    if "regions" in family.reads and not model.info.detector:
        raise Refused(f"{model.info.name} reads regions of a detector that is not at hand, so other images have none.")
    if not 2 <= request.n_pairs <= MOST_PAIRS:
        raise Refused(f"{request.n_pairs:,} pairs were asked for; it is 2 to {MOST_PAIRS}.")
    text = request.input.text
    if text is None or not text.text.strip():
        raise Refused("A text and an image are needed; type a text.")
    inputs, texts = [replace(request.input, text=replace(text, masked=()))], [text.text]
    for number in range(request.n_pairs - 1):
        seed = FIRST_OTHER_SEED + request.seed * MOST_PAIRS + number
        inputs.append(with_another_scene(request.input, seed, "regions" in family.reads))
        texts.append(_sentence(seed, texts))
    n, is_probability = len(inputs), False
    scores = np.zeros((n, n), np.float32)
    thumbnails = []
    for i, input in enumerate(inputs):
        thumbnails.append(_small(model.prepare(input).original))
        for j, told in enumerate(texts):
            context.checkpoint(i * n + j, n * n, f"Image {i + 1} of {n}")
            assert input.text is not None
            encoded = model.encode(replace(input, text=replace(input.text, text=told)))
            with torch.inference_mode():
                score = family.pair_score(model.net, encoded.tensors)
            scores[i, j], is_probability = score.value, score.is_probability
    return AlignmentResult(scores, is_probability, tuple(texts), tuple(thumbnails))


def _sentence(seed: int, others: list[str]) -> str:
    """Of two things, and none that is there already."""
    told = sentences_of(make_drawing("scene", seed))
    new = [each.text for each in told if each.text not in others]
    two = [each.text for each in told if len(each.things) == 2 and each.text in new]
    return random.Random(seed).choice(two or new or [told[0].text])


def _small(image: np.ndarray) -> np.ndarray:
    small = Image.fromarray(image)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return np.asarray(small)
