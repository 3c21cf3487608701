"""Meshes as a model would have written them, without one."""

from __future__ import annotations

import numpy as np

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import STOP, canonical, face_tokens, vertex_tokens
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers
from inference.results.mesh import MeshSample, MeshTokens
from resources.furniture import LABELS, make_furniture

MOST_VERTICES = 100


def make_sample(label: str = "stool", seed: int = 0, *, n_face_tokens: int | None = None) -> MeshSample:
    """A piece of furniture; its faces can be cut off."""
    piece = make_furniture(seed, label)
    values, faces = canonical(Mesh(np.array(piece.vertices), tuple(piece.faces)))
    vertices, pointers = vertex_tokens(values), face_tokens(faces)[:n_face_tokens]
    vertex_masks = [forbidden_coordinates(vertices[:i].tolist(), MOST_VERTICES) for i in range(len(vertices))]
    face_masks = [forbidden_pointers(pointers[:i].tolist(), len(values)) for i in range(len(pointers))]
    is_whole = bool(len(pointers) and pointers[-1] == STOP)
    why = "" if is_whole else f"its faces did not come to an end within {len(pointers)} tokens"
    return MeshSample(
        LABELS.index(label),
        seed,
        _tokens(vertices, np.array(vertex_masks), seed),
        _tokens(pointers, np.array(face_masks).reshape(len(pointers), 2 + len(values)), seed + 1),
        is_whole,
        why,
    )


def _tokens(tokens: np.ndarray, is_forbidden: np.ndarray, seed: int) -> MeshTokens:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(is_forbidden.shape[1], 0.05), len(tokens)) if len(tokens) else np.zeros((0, 1))
    p = 0.3 * p
    p[np.arange(len(tokens)), tokens] += 0.7
    return MeshTokens(
        tokens.astype(np.int16),
        -np.log2(p[np.arange(len(tokens)), tokens]).astype(np.float32),
        p.astype(np.float16),
        is_forbidden,
        n_given=0,
        n_corrected=1,
    )
