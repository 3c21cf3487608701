"""What a mesh that somebody else made has to be like before anything is computed from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.context import Refused
from inference.meshes.mesh import Mesh

MAX_BYTES = 64 * 2**20
MAX_FACES = 200_000
MAX_VERTICES = 3 * MAX_FACES  # an STL file shares none
MAX_CORNERS = 5 * MAX_FACES
MAX_COORDINATE = 1e12  # far from where squares and products overflow


def check_count(name: str, what: str, count: int, limit: int) -> None:
    """Raise `Refused` if a file has, or says that it has, more of something than is read."""
    if count > limit:
        raise Refused(f"{name} has {count:,} {what}; at most {limit:,} are read.")


def checked(name: str, vertices: np.ndarray, faces: Sequence[tuple[int, ...]], first: int = 0) -> Mesh:
    """The mesh, with corners that repeat the one before taken out, and faces of which less than three remain.

    Parameters
    ----------
    vertices
        float64 [n_vertices, 3].
    first
        What the file calls its first vertex.

    Raises
    ------
    Refused
        No faces, a number that is no finite one or too large, no extent, or a vertex that is not there.
    """
    check_count(name, "vertices", len(vertices), MAX_VERTICES)
    check_count(name, "faces", len(faces), MAX_FACES)
    check_count(name, "corners of faces", sum(map(len, faces)), MAX_CORNERS)
    _check_vertices(name, vertices, first)
    kept: list[tuple[int, ...]] = []
    for number, face in enumerate(faces, 1):
        if len(face) < 3:
            raise Refused(f"Face {number:,} of {name} has {len(face)} corners; a face takes three or more.")
        if min(face) < 0 or max(face) >= len(vertices):
            wrong = next(index for index in face if not 0 <= index < len(vertices))
            there = f"{first} to {len(vertices) - 1 + first:,}" if len(vertices) else "none"
            raise Refused(f"Face {number:,} of {name} names vertex {wrong + first:,}; there are {there}.")
        if len(set(face)) < len(face):
            face = tuple(index for index, before in zip(face, (face[-1], *face), strict=False) if index != before)
        if len(set(face)) > 2:
            kept.append(face)
    if not kept:
        raise Refused(f"{name} has no faces.")
    return Mesh(vertices, tuple(kept))


def _check_vertices(name: str, vertices: np.ndarray, first: int) -> None:
    if not len(vertices):
        return  # nor is there a face then, or it names a vertex that is not there
    is_bad = ~(np.abs(vertices) <= MAX_COORDINATE)
    if is_bad.any():
        row, axis = np.argwhere(is_bad)[0]
        raise Refused(
            f"Vertex {row + first:,} of {name} has the coordinate {vertices[row, axis]:g}; "
            f"it has to be a number from -{MAX_COORDINATE:g} to {MAX_COORDINATE:g}."
        )
    if (vertices == vertices[0]).all():
        raise Refused(f"All vertices of {name} are at the same point.")
