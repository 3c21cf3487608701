"""What a model expects behind masked patches, as visual tokens (Bao et al. 2022, "BEiT")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from inference.context import Refused
from inference.inputs.block_masking import block_mask
from inference.results.masked_image import MaskedImageRequest, MaskedImageResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model
    from inference.models.image_tokenizer import ImageTokenizer

_N_SWATCHES = 256  # decoded at once


def masked_image(request: MaskedImageRequest, model: Model, context: Context) -> MaskedImageResult:
    """Visual tokens of an image, and the model's guesses where patches are masked.

    Parameters
    ----------
    context
        One checkpoint before each of the steps: model, tokens, decoder.

    Raises
    ------
    Refused
        A patch that is not there, a share or a seed out of range, fewer than 1 candidate; else as `Model.encode`.

    References
    ----------
    Bao, Dong, Piao and Wei 2022, "BEiT: BERT Pre-Training of Image Transformers".
    """
    if request.top_k < 1:
        raise Refused(f"{request.top_k} candidates were asked for; at least 1 is needed.")
    prepared = model.prepare(request.input)
    grid = model.images.grid("encoder", model.net.config, prepared.shape)
    masked = _masked(request, grid.shape)
    tensors = model.encode(request.input).tensors
    is_masked = torch.zeros(1, grid.n_patches, dtype=torch.bool, device=model.device)
    is_masked[0, torch.from_numpy(masked)] = True
    context.checkpoint(0, 3, "Guessing masked patches")
    with torch.inference_mode():
        logits = model.family.output(model.net, tensors, bool_masked_pos=is_masked).logits[0]
    expected = logits[torch.from_numpy(masked).to(model.device)].float().softmax(-1)
    probs, ids = expected.topk(min(request.top_k, expected.shape[-1]))

    tokenizer, notes = model.image_tokenizer, []
    tokens, original_probs = np.empty(0, np.int64), np.empty(0, np.float32)
    swatches, own, rebuilt = (np.empty((0,) * n, np.uint8) for n in (4, 3, 3))
    if tokenizer is None:
        notes.append(
            "The checkpoint holds no image tokenizer (sub-folder tokenizer), so tokens are numbers, and their own "
            "ones and what they look like are not known."
        )
    else:
        context.checkpoint(1, 3, "Naming visual tokens")
        found = _tokens(prepared.seen, grid.shape, tokenizer)
        tokens = found.flatten().cpu().numpy()
        of_own = expected.gather(1, found.flatten()[torch.from_numpy(masked).to(model.device)][:, None])
        original_probs = np.array(of_own[:, 0].cpu().numpy(), np.float32)
        context.checkpoint(2, 3, "Rebuilding the image")
        guessed = found.flatten().clone()
        guessed[torch.from_numpy(masked).to(model.device)] = ids[:, 0]
        own, rebuilt = _rgb(tokenizer.rebuild(torch.stack([found, guessed.reshape(found.shape)])))
        swatches = _swatches(tokenizer, context)
    return MaskedImageResult(
        seen=prepared.seen,
        grid=grid.shape,
        masked=masked,
        tokens=tokens,
        ids=ids.cpu().numpy().astype(np.int64),
        probs=np.array(probs.cpu().numpy(), np.float32),
        original_probs=original_probs,
        swatches=swatches,
        rebuilt_own=own,
        rebuilt=rebuilt,
        notes=tuple(notes),
    )


def _masked(request: MaskedImageRequest, grid: tuple[int, int]) -> np.ndarray:
    """Patches that are masked, int64 [mask], ascending."""
    n = grid[0] * grid[1]
    for patch in request.masked:
        if not 0 <= patch < n:
            raise Refused(
                f"Patch {patch} cannot be masked; the image has {grid[0]} rows of {grid[1]} patches, 0 to {n - 1}."
            )
    if request.masked:
        return np.unique(np.array(request.masked, np.int64))
    if not 0 < request.share <= 1:
        raise Refused(f"The share of masked patches is {request.share:g}; it is above 0 and at most 1.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")
    chosen = np.flatnonzero(block_mask(*grid, request.share, request.seed))
    if not len(chosen):
        raise Refused(f"A share of {request.share:g} masks none of {n} patches; choose a larger one.")
    return chosen


def _tokens(seen: np.ndarray, grid: tuple[int, int], tokenizer: ImageTokenizer) -> Tensor:
    """The image's own tokens, int64 [row, column]: one a patch, so it is resized where these have another size."""
    rows, columns = (n * tokenizer.config.patch_size for n in grid)
    if seen.shape[:2] != (rows, columns):
        seen = np.asarray(Image.fromarray(seen).resize((columns, rows), Image.Resampling.LANCZOS))
    image = torch.from_numpy(seen.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.inference_mode():
        return tokenizer.tokens(image.to(tokenizer.device))[0]


def _swatches(tokenizer: ImageTokenizer, context: Context) -> np.ndarray:
    """The middle of nine equal tokens, decoded: uint8 [token, row, column, 3]."""
    side = tokenizer.config.patch_size
    parts = []
    with torch.inference_mode():
        for ids in torch.arange(tokenizer.config.vocab_size, device=tokenizer.device).split(_N_SWATCHES):
            context.checkpoint()
            images = tokenizer.rebuild(ids[:, None, None].expand(-1, 3, 3))
            parts.append(_rgb(images)[:, side : 2 * side, side : 2 * side])
    return np.ascontiguousarray(np.concatenate(parts))


def _rgb(images: Tensor) -> np.ndarray:
    """uint8 [image, row, column, 3] of float [image, 3, row, column], -1 to 1."""
    scaled = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()
