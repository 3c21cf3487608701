"""Images from an Image GPT, pixel by pixel: several completions at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.models.growing_cache import GrowingCache

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pixel:
    """One pixel of every completion.

    Attributes
    ----------
    colours
        int64 [completion].
    log_probs
        float64 [completion, colour], natural logarithms, at temperature 1.
    """

    colours: np.ndarray
    log_probs: np.ndarray


def log_probs(net: Any, pixels: np.ndarray) -> np.ndarray:
    """What is expected at each pixel of an image, given those before it: float64 [pixel, colour], logarithms.

    Parameters
    ----------
    pixels
        int64 [pixel], colours.
    """
    with torch.inference_mode():
        return _log_softmax(net(_behind_start(net, pixels[:-1], 1), use_cache=False).logits[0])


def complete(
    net: Any,
    given: np.ndarray,
    n_pixels: int,
    seeds: Sequence[int],
    temperature: float,
    top_p: float,
    *,
    use_cache: bool = True,
) -> Iterator[Pixel]:
    """The pixels behind the given ones, one after another.

    Parameters
    ----------
    given
        int64 [pixel], what all completions begin with.
    n_pixels
        Of the whole image.
    seeds
        One a completion.

    References
    ----------
    Chen et al. 2020, "Generative Pretraining from Pixels"; top-p: Holtzman et al. 2020.
    """
    n = len(seeds)
    generators = [np.random.default_rng(seed) for seed in seeds]
    tokens = _behind_start(net, given, 1 if use_cache else n)
    cache = GrowingCache() if use_cache else None
    with torch.inference_mode():
        for place in range(len(given), n_pixels):
            logits = net(tokens, past_key_values=cache, use_cache=use_cache).logits[:, -1]
            if cache is not None and place == len(given) and n > 1:
                # All begin alike: that is read once.
                cache.batch_repeat_interleave(n)
                logits = logits.expand(n, -1)
            expected = _log_softmax(logits)
            chosen = np.array(
                [pick(row, rng.random(), temperature, top_p) for row, rng in zip(expected, generators, strict=True)]
            )
            yield Pixel(chosen, expected)
            new = torch.from_numpy(chosen).to(net.device)[:, None]
            tokens = new if use_cache else torch.cat([tokens, new], 1)


def pick(log_p: np.ndarray, at: float, temperature: float, top_p: float) -> int:
    """The colour at a place (0-1) among the most probable ones whose probabilities reach `top_p`."""
    weights = np.exp((log_p - log_p.max()) / temperature)
    order = np.argsort(-weights, kind="stable")
    sums = np.cumsum(weights[order])
    n = 1 + int(np.searchsorted(sums, top_p * sums[-1]))  # the colour that reaches the sum belongs to them
    sums = sums[: min(n, len(sums))]
    return int(order[np.searchsorted(sums, at * sums[-1], side="right").clip(max=len(sums) - 1)])


def _behind_start(net: Any, pixels: np.ndarray, n: int) -> Tensor:
    """Input ids int64 [n, 1 + pixel]; the last token of the vocabulary starts an image."""
    ids = np.concatenate([[net.config.vocab_size - 1], pixels]).astype(np.int64)
    return torch.from_numpy(ids).to(net.device).expand(n, -1)


def _log_softmax(logits: Tensor) -> np.ndarray:
    return logits.double().log_softmax(-1).cpu().numpy()
