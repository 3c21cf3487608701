"""Meshes from a PolyGen, token by token: several completions at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.meshes.tokens import STOP
from inference.models.growing_cache import GrowingCache
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers

if TYPE_CHECKING:
    from torch import Tensor
    from transformers.cache_utils import Cache

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


_Logits = Callable[["Tensor", "Cache | None"], "Tensor"]  # of tokens [going on, n], and with a cache


@dataclass(frozen=True, eq=False)
class Step:
    """One token of every completion; of those that have ended before all is 0 and nothing forbidden.

    Attributes
    ----------
    tokens
        int64 [completion].
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

    @staticmethod
    def of_none(n: int, n_choices: int) -> Step:
        """Where all of `n` completions have ended."""
        none, no_choice = np.zeros(n, bool), np.zeros((n, n_choices), bool)
        bits, probabilities = np.zeros(n, np.float32), np.zeros((n, n_choices), np.float32)
        return Step(np.zeros(n, np.int64), none, bits, probabilities, no_choice, none.copy())


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

    def among(going_on: np.ndarray) -> _Logits:
        labels = None if label is None else torch.full((len(going_on),), label, device=net.device)
        return lambda tokens, cache: net.vertex_model(tokens, labels, cache)

    def forbidden(tokens: list[int], _: int) -> np.ndarray:
        return forbidden_coordinates(tokens, most)

    yield from _steps(among, forbidden, given, seeds, sampling, 3 * most + 1, net.device, use_cache=use_cache)


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

    def among(going_on: np.ndarray) -> _Logits:
        rows = torch.from_numpy(going_on).to(net.device)
        own_items, own_vertices = items[rows], None if is_vertex is None else is_vertex[rows]
        return lambda tokens, cache: net.face_model(own_items, tokens, own_vertices, cache)

    def forbidden(tokens: list[int], completion: int) -> np.ndarray:
        own = forbidden_pointers(tokens, n_vertices[completion])
        return np.pad(own, (0, max(n_vertices) - n_vertices[completion]), constant_values=True)

    most = net.config.max_face_tokens
    yield from _steps(among, forbidden, given, seeds, sampling, most, net.device, use_cache=use_cache)


def _steps(
    among: Callable[[np.ndarray], _Logits],
    forbidden: Callable[[list[int], int], np.ndarray],
    given: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    most: int,
    device: torch.device,
    *,
    use_cache: bool,
) -> Iterator[Step]:
    """See `vertex_steps`. The model reads only the completions that go on: `among` these, int64 [going on]."""
    n = len(seeds)
    generators = [np.random.default_rng(seed) for seed in seeds]
    going_on, logits = np.arange(n), among(np.arange(n))
    tokens = torch.tensor([list(given)] * n, dtype=torch.int64, device=device).reshape(n, len(given))
    cache = GrowingCache() if use_cache else None
    # One row for each given token, and one for the first that is sampled; there is no place behind the last one.
    behind = logits(tokens[:, : most - 1], cache)
    for place in range(most):
        if place > len(given):
            behind = logits(tokens, cache)[:, -1:]
        expected = behind[:, min(place, behind.shape[1] - 1)].double().log_softmax(-1).cpu().numpy()
        step = Step.of_none(n, expected.shape[1])
        step.is_active[going_on] = True
        step.probabilities[going_on] = np.exp(expected)
        for i, log_p, history in zip(going_on.tolist(), expected, tokens[:, :place].tolist(), strict=True):
            step.is_forbidden[i] = forbidden(history, i)
            if place < len(given):
                step.tokens[i] = given[place]
            else:
                step.tokens[i], step.is_corrected[i] = _sample(log_p, step.is_forbidden[i], sampling, generators[i])
            step.bits[i] = -log_p[step.tokens[i]] / np.log(2)
        yield step
        chosen = step.tokens[going_on]
        kept = np.flatnonzero(chosen != STOP)
        if not len(kept):
            return
        if place >= len(given):
            tokens = torch.cat([tokens, torch.from_numpy(chosen).to(device)[:, None]], 1)
        if len(kept) < len(going_on):
            going_on, rows = going_on[kept], torch.from_numpy(kept).to(device)
            logits, tokens = among(going_on), tokens[rows]
            if cache is not None:
                cache.batch_select_indices(rows)


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
