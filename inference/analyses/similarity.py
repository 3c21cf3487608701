"""How alike images and texts are, every one with every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.context import Refused
from inference.forward.pairs.vectors import image_vectors, scale_and_bias, text_vectors
from inference.inputs.read_alike import notes_of_compared
from inference.results.similarity import SimilarityRequest, SimilarityResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def similarity(request: SimilarityRequest, model: Model, context: Context) -> SimilarityResult:
    """Cosines of the vectors of both towers, and what they are scaled with.

    Parameters
    ----------
    context
        One checkpoint an image that is read, and one a batch.

    Raises
    ------
    Refused
        There is no image or no text, or one that cannot be read; see `image_vectors` and `text_vectors`.

    References
    ----------
    Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section 2.3; Zhai et
    al. 2023, "Sigmoid Loss for Language Image Pre-Training", section 3.2.
    """
    if not request.images or not request.texts:
        raise Refused("To compare, one image and one text are needed at least.")
    images = image_vectors(model, request.images, context)
    texts = text_vectors(model, request.texts, context)
    cosines = torch.stack([image.vector for image in images]) @ texts.T
    scale, bias = scale_and_bias(model)
    return SimilarityResult(
        cosines.numpy().copy(),
        scale,
        bias,
        model.pairs.is_each_pair_judged(model.net.config),
        tuple(image.thumbnail for image in images),
        (
            *dict.fromkeys(note for image in images for note in image.notes),
            *notes_of_compared(model.info.name, model.tokenizer, request.texts),
        ),
    )
