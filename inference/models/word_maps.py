"""Many numbers a word brought down to two, to be looked at."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from inference.models.word2vec import Vectors

LEAST_TSNE = 5  # words
_MOST_PERPLEXITY = 30.0
_LEAST_LENGTH = 1e-6  # of the longest axis: shorter ones are what float32 rounds away


def principal_plane(vectors: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places in the plane of the largest variance, float64 [word, 2], and the share of it on either axis.

    Along either axis the place farthest out is at the positive end, so that the same vectors always lie the same way.
    """
    centred = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    lengths[lengths < _LEAST_LENGTH * lengths.max(initial=0.0)] = 0.0  # as of two words across the line between them
    places, explained = np.zeros((len(vectors), 2)), np.zeros(2)
    n = min(2, len(lengths))
    places[:, :n] = left[:, :n] * lengths[:n]
    total = float((lengths**2).sum())
    explained[:n] = lengths[:n] ** 2 / total if total else 0
    farthest = places[np.abs(places).argmax(0), [0, 1]]
    return places * np.where(farthest < 0, -1, 1), explained


def neighbour_map(vectors: Vectors, seed: int) -> NDArray[np.float64]:
    """Places by t-SNE, float64 [word, 2]: what is near stays near, what is far may be anywhere.

    References
    ----------
    van der Maaten and Hinton 2008, "Visualizing Data using t-SNE"; scikit-learn's implementation, begun with the
    principal plane.
    """
    from sklearn.manifold import TSNE

    perplexity = min(_MOST_PERPLEXITY, (len(vectors) - 1) / 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it divides by where words are at one place
        return (
            TSNE(2, perplexity=perplexity, init="pca", random_state=seed, metric="cosine")
            .fit_transform(vectors.astype(np.float32))
            .astype(np.float64)
        )


def turned_onto(places: Vectors, before: Vectors) -> NDArray[np.float64]:
    """The same map, turned and mirrored so that its places lie as they did: orthogonal Procrustes."""
    left, _, right = np.linalg.svd(places.T @ before)
    return places @ (left @ right)


def plane_through(a: Vectors, b: Vectors, c: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The plane through three vectors: a, and two directions of length 1 [2, d], the first one to b.

    Where the three lie on a line, the second direction is zeros.
    """
    origin, across, up = (one.astype(np.float64) for one in (a, b - a, c - a))
    first = across / (np.linalg.norm(across) or 1)
    second = up - (up @ first) * first
    length = np.linalg.norm(second)
    return origin, np.stack([first, second / length if length > 1e-9 else np.zeros_like(second)])
