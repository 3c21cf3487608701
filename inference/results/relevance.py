"""Where in an image a text is found, and which of its words find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.image import ImageResult
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class RelevanceRequest(Request["RelevanceResult"]):
    """What of an image and of a text makes them alike: the pair that is looked at."""

    needs = frozenset({Capability.COMPARISON})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class RelevanceResult:
    """By the gradient of the logit of the pair.

    Attributes
    ----------
    relevance
        float32 [row, column] of the patches, 0 and up.
    text_relevance
        float32 [token], 0 and up; of the pooled token without itself.
    patch_similarity
        float32 [row, column], -1 to 1: cosine of the text with what the image's vector would be of a patch alone.
    pooled_token
        The token whose state becomes the vector of the text.
    pooled_from
        What the vector of the image is read from, in words.
    cosine, logit
        Of the pair.
    picture
        The image, and which part of it is seen.
    """

    relevance: np.ndarray
    text_relevance: np.ndarray
    patch_similarity: np.ndarray
    tokens: Tokens
    pooled_token: int
    pooled_from: str
    cosine: float
    logit: float
    picture: ImageResult
    notes: tuple[str, ...] = ()
