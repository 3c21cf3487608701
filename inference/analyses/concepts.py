"""Whether a word, a tag and a region of one thing have vectors that lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.scenes.followed import FollowedScene, check_scenes
from inference.models.word_maps import LEAST_TSNE, neighbour_map, principal_plane
from inference.results.concepts import MOST_SCENES, ConceptsRequest, ConceptsResult
from inference.results.joint import KINDS, OF_IMAGE, is_of
from resources.scene_shapes import KINDS as THINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.context import Context
    from inference.family.jointly import ReadsJointly
    from inference.forward.model import Model

_NAMES = tuple(THINGS)
_ROUNDING = 1e-12


def concepts(request: ConceptsRequest, model: Model, context: Context) -> ConceptsResult:
    """States behind the last layer of words, tags and regions (or patches) that mean or show a kind of thing.

    Of patches that show a thing the one nearest to its middle is taken. Things that overlap a region by half are what
    it shows, the first of them.

    Parameters
    ----------
    context
        One checkpoint a scene.

    Raises
    ------
    Refused
        As `check_scenes`; the model tells no states of both, or these have different widths; or too few points are
        found.
    """
    family = check_scenes(model, request.n_scenes, MOST_SCENES)
    vectors: list[np.ndarray] = []
    kinds: list[int] = []
    found: list[int] = []
    for number in range(request.n_scenes):
        context.checkpoint(number, request.n_scenes, f"Scene {number + 1} of {request.n_scenes}")
        scene = FollowedScene(number, model, context, of_detector=request.of_detector)
        for kind, concept, vector in _points(scene, family, model):
            vectors.append(vector)
            kinds.append(kind)
            found.append(concept)
    if len(vectors) < LEAST_TSNE:
        raise Refused(f"Only {len(vectors)} words and parts of images stand for a thing; {LEAST_TSNE} are needed.")
    context.checkpoint(request.n_scenes - 1, request.n_scenes, "Placing them")
    states = np.stack(vectors).astype(np.float64)
    units = states / np.linalg.norm(states, axis=1, keepdims=True).clip(min=_ROUNDING)
    apart = 1 - units @ units.T
    of_kinds, of_concepts = np.array(kinds, np.uint8), np.array(found, np.uint8)
    explained = np.full(2, np.nan)
    if request.projection == "tsne":
        places = neighbour_map(units, request.seed)
    else:
        places, explained = principal_plane(units)
    is_word, is_image = is_of(of_kinds, "word"), is_of(of_kinds, *OF_IMAGE)
    is_own = of_concepts[:, None] == of_concepts
    between = is_word[:, None] & is_image
    means = [float(apart[which].mean()) if which.any() else np.nan for which in (between & is_own, between & ~is_own)]
    return ConceptsResult(
        places.astype(np.float32),
        of_kinds,
        of_concepts,
        _NAMES,
        silhouette(apart, of_concepts),
        silhouette(apart, np.where(is_image, 255, of_kinds)),
        np.array(means, np.float32),
        explained.astype(np.float32),
        states.shape[1],
        request.n_scenes,
        request.projection,
    )


def silhouette(apart: np.ndarray, groups: np.ndarray) -> float:
    """The mean over points of (b - a) / max(a, b); NaN where there is one group only.

    Parameters
    ----------
    apart
        Distances [point, point].
    groups
        [point]; a is the mean distance to the others of one's own group, b that to the nearest other group. A point
        alone in its group counts as 0.

    References
    ----------
    Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis".
    """
    names, own = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return float("nan")
    is_in = own[:, None] == np.arange(len(names))  # [point, group]
    sizes, sums, each = is_in.sum(0), apart @ is_in, np.arange(len(own))
    a = sums[each, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[each, own] = np.inf
    b = means.min(1)
    values = (b - a) / np.maximum(np.maximum(a, b), _ROUNDING)
    return float(np.where(sizes[own] > 1, values, 0).mean())


def _points(scene: FollowedScene, family: ReadsJointly, model: Model) -> Iterator[tuple[int, int, np.ndarray]]:
    """Kind, concept and state of everything of a scene that means or shows a thing."""
    with torch.inference_mode():
        states = family.states(model.net, scene.run.encoded.tensors)
    if states is None:
        raise Refused(f"{model.info.name} does not tell the states of words and of the image after its last layer.")
    words, parts = (each.float().cpu().numpy() for each in states)
    if words.shape[1] != parts.shape[1]:
        raise Refused(
            f"Words of {model.info.name} have {words.shape[1]:,} numbers and parts of the image {parts.shape[1]:,}, so "
            "they cannot be compared."
        )
    sequence, kinds = scene.run.encoded.sequences[family.text_axis], scene.kinds[family.text_axis]
    for pos, thing in scene.words.items():
        if str(sequence.words[pos]).strip("\u0120\u2581 ").lower() == scene.scene.things[thing].kind:
            yield KINDS.index("word"), _NAMES.index(scene.scene.things[thing].kind), words[pos]
    for pos in np.flatnonzero(is_of(kinds, "tag")).tolist():
        if (word := str(sequence.words[pos])) in THINGS:
            yield KINDS.index("tag"), _NAMES.index(word), words[pos]
    at, shown = next(iter(scene.shown.values()))
    own_kinds = next(scene.kinds[axis] for axis in scene.shown)[at]
    parts = parts[-len(at) :]
    if bool(is_of(own_kinds, "patch").any()):
        for thing, near in enumerate(scene.nearest):
            if shown[near, thing]:
                yield KINDS.index("patch"), _NAMES.index(scene.scene.things[thing].kind), parts[near]
        return
    for place in np.flatnonzero(shown.any(1)).tolist():
        thing = scene.scene.things[int(shown[place].argmax())]
        yield KINDS.index("region"), _NAMES.index(thing.kind), parts[place]
