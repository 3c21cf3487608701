"""An Image GPT goes on behind the first pixels of an image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.forward.pixel_sampling import complete, log_probs
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult, ImageSample
from inference.results.growing import MOST_AT_ONCE

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_MOST_BYTES = 2**32  # of keys and values of all completions
_PAUSE = 0.1  # seconds between two partial results


def complete_image(request: CompleteImageRequest, model: Model, context: Context) -> CompleteImageResult:
    """Sample completions; all grow at once, and what there is is shown every tenth of a second.

    Parameters
    ----------
    context
        One checkpoint a pixel.

    Raises
    ------
    Refused
        A number out of its range, or completions that would take too much memory; else as `Model.encode`.
    """
    prepared = model.prepare(request.input)
    model.encode(request.input)  # refuses what cannot be read
    own = prepared.colours
    _check(request, len(own), model.net.config)
    context.checkpoint(0, len(own), "Looking at the image")
    expected = log_probs(model.net, own)
    own_surprisal = _bits(expected, own)
    n_given, count, n_colours = request.n_given, request.count, expected.shape[1]
    seeds = [request.seed + i for i in range(count)]
    pixels = np.zeros((count, len(own)), np.int16)
    pixels[:, :n_given] = own[:n_given]
    surprisal = np.zeros((count, len(own)), np.float32)
    surprisal[:, :n_given] = own_surprisal[:n_given]
    probabilities = np.zeros((count, len(own), n_colours), np.float16)
    probabilities[:, :n_given] = np.exp(expected[:n_given])
    assert model.preparation is not None
    palette = model.preparation.palette_rgb

    def result(n: int, *, is_whole: bool) -> CompleteImageResult:
        samples = tuple(
            ImageSample(
                seed=seed,
                n_given=n_given,
                n_expected=len(own),
                pixels=pixels[i, :n].copy(),
                surprisal=surprisal[i, :n].copy(),
                probabilities=probabilities[i] if is_whole else np.empty((0, 0), np.float16),
            )
            for i, seed in enumerate(seeds)
        )
        return CompleteImageResult(
            seen=prepared.seen,
            grid=prepared.shape,
            palette=palette,
            own=own.astype(np.int16),
            own_surprisal=own_surprisal,
            samples=samples,
        )

    told = time.monotonic()
    steps = complete(model.net, own[:n_given], len(own), seeds, request.temperature, request.top_p)
    for place, pixel in enumerate(steps, n_given):
        pixels[:, place] = pixel.colours
        surprisal[:, place] = _bits(pixel.log_probs, pixel.colours)
        probabilities[:, place] = np.exp(pixel.log_probs)
        context.checkpoint(place + 1, len(own), f"Pixel {place + 1} of {len(own)}")
        if time.monotonic() - told > _PAUSE:
            context.partial(result(place + 1, is_whole=False))
            told = time.monotonic()
    return result(len(own), is_whole=True)


def _bits(expected: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """float32: surprisal of colours, int64 [n], from logarithms [n, colour]."""
    return (-expected[np.arange(len(colours)), colours] / np.log(2)).astype(np.float32)


def _check(request: CompleteImageRequest, n_pixels: int, config: Any) -> None:
    if not 0 <= request.n_given <= n_pixels:
        raise Refused(f"{request.n_given} pixels were to be kept; the image has {n_pixels}.")
    if not 1 <= request.count <= MOST_AT_ONCE:
        raise Refused(f"{request.count} completions were asked for; 1 to {MOST_AT_ONCE} are sampled at once.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")
    if not 0 < request.temperature <= 2:
        raise Refused(f"The temperature is {request.temperature:g}; it is above 0 and at most 2.")
    if not 0 < request.top_p <= 1:
        raise Refused(f"Top-p is {request.top_p:g}; it is above 0 and at most 1.")
    n_bytes = 2 * 4 * config.n_layer * config.n_embd * n_pixels * request.count
    if n_bytes > _MOST_BYTES:
        raise Refused(
            f"{request.count} completions would hold {n_bytes / 2**30:.1f} GB of keys and values; at most "
            f"{_MOST_BYTES / 2**30:.0f} GB are taken, so choose fewer."
        )
