"""How often a head finds, in the image, what a word is about: arg-max of its attention against the truth of scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.forward.scenes.followed import FollowedScene, check_scenes
from inference.results.grounding import MOST_SCENES, GroundingRequest, GroundingResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def grounding(request: GroundingRequest, model: Model, context: Context) -> GroundingResult:
    """Where every head looks from the words that name things.

    Parameters
    ----------
    context
        One checkpoint a scene.

    Raises
    ------
    Refused
        The model does not read words and image together, or needs a file of regions; a number of scenes that is out of
        range; or none of the words is one token of its own.
    """
    family = check_scenes(model, request.n_scenes, MOST_SCENES)
    levels = family.levels(model.net.config)
    most = max(max(group.n_heads) for group in model.info.groups if group.n_heads)
    hits = np.zeros((len(levels), most))
    counts = np.zeros((len(levels), most), np.int64)
    by_tags, n_by_tags = np.zeros_like(hits), np.zeros_like(counts)
    chances: list[float] = []
    n_left_out = 0
    for number in range(request.n_scenes):
        context.checkpoint(number, request.n_scenes, f"Scene {number + 1} of {request.n_scenes}")
        found = FollowedScene(number, model, context, of_detector=request.of_detector)
        n_left_out += found.n_words - len(found.places)
        chances += found.chances()
        for level, each in enumerate(levels):
            for group, layer in each.parts:
                for ways, sums, n in ((found.hits, hits, counts), (found.hits_through_tags, by_tags, n_by_tags)):
                    if (own := ways(group, layer)) is not None:
                        sums[level, : len(own)] += own
                        n[level, : len(own)] += len(found.places)
    if not chances:
        raise Refused(f"None of the words that name things is one token of {model.info.name}, so none can be followed.")
    with np.errstate(invalid="ignore"):
        scores, through_tags = ((each / n).astype(np.float32) for each, n in ((hits, counts), (by_tags, n_by_tags)))
    chance, n_words = float(np.mean(chances)), len(chances)
    has_tags = bool(n_by_tags.any())
    return GroundingResult(
        levels,
        scores,
        chance,
        n_words,
        n_left_out,
        request.n_scenes,
        through_tags=through_tags if has_tags else None,
    )
