"""Whether a word, a tag and a region of one thing have vectors that lie together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

MOST_SCENES = 200
ConceptMap = Literal["pca", "tsne"]


@dataclass(frozen=True, slots=True)
class ConceptsRequest(Request["ConceptsResult"]):
    """States of what means or shows a kind of thing, behind the last layer, on drawn scenes whose truth is known.

    Attributes
    ----------
    n_scenes
        1 to 200; each with one sentence of two of its things.
    projection
        pca: the plane of the largest variance; tsne: near ones stay near, distances mean little.
    seed
        Of t-SNE.
    of_detector
        As in `RegionsInput`.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    n_scenes: int = 40
    projection: ConceptMap = "pca"
    seed: int = 0
    of_detector: bool = True


@dataclass(frozen=True, slots=True)
class ConceptsResult:
    """A point for each word, tag, and region or patch.

    Attributes
    ----------
    places
        float32 [point, 2].
    kinds
        uint8 [point], places in `KINDS`: words, tags, regions or patches.
    concepts, names
        uint8 [point], places in the names: of which kind of thing each is.
    silhouette
        -1 to 1: how much nearer points lie to their own concept than to the nearest other one, by cosines of the whole
        states, the mean over points (Rousseeuw 1987).
    silhouette_of_kinds
        The same where words, tags and regions are the groups: high where each modality lies apart.
    distances
        float32 [2]: mean cosine distance of words to regions of their own concept, and to those of others.
    explained
        float32 [2]: share of the variance on either axis; NaN of t-SNE.
    d_model
        Numbers of a state.
    """

    places: np.ndarray
    kinds: np.ndarray
    concepts: np.ndarray
    names: tuple[str, ...]
    silhouette: float
    silhouette_of_kinds: float
    distances: np.ndarray
    explained: np.ndarray
    d_model: int
    n_scenes: int
    projection: ConceptMap
    notes: tuple[str, ...] = ()
