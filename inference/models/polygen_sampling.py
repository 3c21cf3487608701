"""Meshes from a PolyGen, token by token: several completions at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers.cache_utils import DynamicCache

from inference.meshes.tokens import STOP
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers

if TYPE_CHECKING:
    from torch import Tensor

    from inference.models.polygen import PolyGenForMeshGeneration


@dataclass(frozen=True)
class Sampling:
    """How tokens are sampled.

    Attributes
    ----------
    temperature
        Divides the logits, above 0.
    top_p
        Only the most probable tokens whose probabilities reach this sum, above 0 to 1 (Holtzman et al. 2020).
    with_masks
        Whether what cannot lead to a mesh is left out.
    top_k
        Only so many of the most probable tokens (Fan et al. 2018); 0 for all.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    with_masks: bool = True
    top_k: int = 0


@dataclass(frozen=True, eq=False)
class Step:
    """One token of every completion.

    Attributes
    ----------
    tokens
        int64 [completion]; 0 where one has ended before.
    is_active
        bool [completion]: whether this token belongs to it.
    bits
        float32 [completion]: -log2 of the probability of the token, at temperature 1 and without masks.
    probabilities
        float32 [completion, choice], at temperature 1 and without masks.
    is_forbidden
        bool [completion, choice].
    is_corrected
        bool [completion]: the first sample was forbidden.
    """

    tokens: np.ndarray
    is_active: np.ndarray
    bits: np.ndarray
    probabilities: np.ndarray
    is_forbidden: np.ndarray
    is_corrected: np.ndarray


def vertex_steps(
    net: PolyGenForMeshGeneration,
    label: int | None,
    given: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    *,
    use_cache: bool = True,
) -> Iterator[Step]:
    """Vertex tokens, the given ones first, until every completion has stopped or is as long as can be.

    Parameters
    ----------
    given
        Tokens that all completions begin with.
    seeds
        One a completion.
    """
    most = net.config.max_vertices
    labels = None if label is None else torch.full((len(seeds),), label, device=net.device)

    def logits(tokens: Tensor, cache: DynamicCache | None) -> Tensor:
        return net.vertex_model(tokens, labels, cache)

    def forbidden(tokens: list[int], _: int) -> np.ndarray:
        return forbidden_coordinates(tokens, most)

    yield from _steps(logits, forbidden, given, seeds, sampling, 3 * most + 1, net.device, use_cache=use_cache)


def face_steps(
    net: PolyGenForMeshGeneration,
    vertices: Sequence[np.ndarray],
    given: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    *,
    use_cache: bool = True,
) -> Iterator[Step]:
    """Face tokens, the given ones first; see `vertex_steps`.

    Parameters
    ----------
    vertices
        int64 [n_vertices, 3] as z, y, x, 0-255, for each completion.
    """
    n_vertices = [len(values) for values in vertices]
    padded = np.stack([np.pad(values, ((0, max(n_vertices) - len(values)), (0, 0))) for values in vertices])
    is_vertex = torch.arange(max(n_vertices)) < torch.tensor(n_vertices)[:, None]
    is_vertex = None if is_vertex.all() else is_vertex.to(net.device)
    items = net.face_model.encode(torch.from_numpy(padded).to(net.device), is_vertex)

    def logits(tokens: Tensor, cache: DynamicCache | None) -> Tensor:
        return net.face_model(items, tokens, is_vertex, cache)

    def forbidden(tokens: list[int], completion: int) -> np.ndarray:
        own = forbidden_pointers(tokens, n_vertices[completion])
        return np.pad(own, (0, max(n_vertices) - n_vertices[completion]), constant_values=True)

    most = net.config.max_face_tokens
    yield from _steps(logits, forbidden, given, seeds, sampling, most, net.device, use_cache=use_cache)


def _steps(
    logits: Callable[[Tensor, DynamicCache | None], Tensor],
    forbidden: Callable[[list[int], int], np.ndarray],
    given: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    most: int,
    device: torch.device,
    *,
    use_cache: bool,
) -> Iterator[Step]:
    n = len(seeds)
    generators = [np.random.default_rng(seed) for seed in seeds]
    tokens = torch.tensor([list(given)] * n, dtype=torch.int64, device=device).reshape(n, len(given))
    is_active = np.ones(n, bool)
    cache = DynamicCache() if use_cache else None
    # One row for each given token, and one for the first that is sampled; there is no place behind the last one.
    behind = logits(tokens[:, : most - 1], cache)
    for place in range(most):
        if place > len(given):
            behind = logits(tokens, cache)[:, -1:]
        row = behind[:, min(place, behind.shape[1] - 1)]
        log_p = row.double().log_softmax(-1).cpu().numpy()
        history = tokens[:, :place].tolist()
        is_forbidden = np.stack([forbidden(history[i], i) for i in range(n)])
        chosen, is_corrected = np.zeros(n, np.int64), np.zeros(n, bool)
        for i in np.flatnonzero(is_active):
            if place < len(given):
                chosen[i] = given[place]
            else:
                chosen[i], is_corrected[i] = _sample(log_p[i], is_forbidden[i], sampling, generators[i])
        bits = np.where(is_active, -log_p[np.arange(n), chosen] / np.log(2), 0).astype(np.float32)
        yield Step(chosen, is_active.copy(), bits, np.exp(log_p).astype(np.float32), is_forbidden, is_corrected)
        is_active &= chosen != STOP
        if not is_active.any():
            return
        if place >= len(given):
            tokens = torch.cat([tokens, torch.from_numpy(chosen).to(device)[:, None]], 1)


def _sample(
    log_p: np.ndarray, is_forbidden: np.ndarray, sampling: Sampling, rng: np.random.Generator
) -> tuple[int, bool]:
    """A token, and whether the first one sampled was forbidden."""
    tempered = np.exp((log_p - log_p.max()) / sampling.temperature)
    token = _pick(tempered, sampling, rng.random())
    if not is_forbidden[token] or not sampling.with_masks:
        return token, bool(is_forbidden[token])
    allowed = np.where(is_forbidden, 0, tempered)
    if not allowed.any():  # all that is allowed is too improbable to be told from 0
        allowed = (~is_forbidden).astype(float)
    return _pick(allowed, sampling, rng.random()), True


def _pick(weights: np.ndarray, sampling: Sampling, at: float) -> int:
    """The token at a place (0-1) among the most probable ones that `top_k` and `top_p` leave."""
    order = np.argsort(-weights, kind="stable")
    sums = np.cumsum(weights[order])
    if sampling.top_k:
        sums = sums[: sampling.top_k]
    n = 1 + int(np.searchsorted(sums, sampling.top_p * sums[-1]))  # the token that reaches the sum belongs to them
    sums = sums[: min(n, len(sums))]
    return int(order[np.searchsorted(sums, at * sums[-1], side="right").clip(max=len(sums) - 1)])


def values_of(tokens: Sequence[int]) -> np.ndarray:
    """int64 [n_vertices, 3], z, y, x, 0-255, of the whole vertices before the stop."""
    array = np.asarray(tokens, np.int64)
    array = array[: np.append(np.flatnonzero(array == STOP), len(array))[0]]
    return array[: len(array) // 3 * 3].reshape(-1, 3) - 1
