"""The masked variant of Image GPT: colours for pixels that it does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.results.masked_pixels import MaskedPixelsRequest, MaskedPixelsResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def masked_pixels(request: MaskedPixelsRequest, model: Model, context: Context) -> MaskedPixelsResult:
    """What the model expects at masked pixels, from all the others at once.

    Raises
    ------
    Refused
        A pixel that is not there, or a share or seed out of range; else as `Model.encode`.

    References
    ----------
    Chen et al. 2020, "Generative Pretraining from Pixels", section 2.2.
    """
    context.checkpoint()
    prepared = model.prepare(request.input)
    tensors = model.encode(request.input).tensors
    masked = _masked(request, prepared.shape)
    is_masked = torch.zeros_like(tensors["input_ids"], dtype=torch.bool)
    places = torch.from_numpy(masked).to(model.device)
    is_masked[0, places] = True
    with torch.inference_mode():
        logits = model.net(**tensors, bool_masked_pos=is_masked).logits[0, places]
    assert model.preparation is not None
    return MaskedPixelsResult(
        seen=prepared.seen,
        grid=prepared.shape,
        palette=model.preparation.palette_rgb,
        own=prepared.colours.astype(np.int16),
        masked=masked,
        probabilities=np.array(logits.float().softmax(-1).cpu().numpy(), np.float32),
    )


def _masked(request: MaskedPixelsRequest, grid: tuple[int, int]) -> np.ndarray:
    """Pixels that are masked, int64 [mask], ascending."""
    n = grid[0] * grid[1]
    for pixel in request.masked:
        if not 0 <= pixel < n:
            raise Refused(f"Pixel {pixel} cannot be masked; the image has {grid[0]} rows of {grid[1]}, 0 to {n - 1}.")
    if request.masked:
        return np.unique(np.array(request.masked, np.int64))
    if not 0 < request.share <= 1:
        raise Refused(f"The share of masked pixels is {request.share:g}; it is above 0 and at most 1.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")
    n_masked = max(1, round(request.share * n))
    return np.sort(np.random.default_rng(request.seed).choice(n, n_masked, replace=False)).astype(np.int64)
