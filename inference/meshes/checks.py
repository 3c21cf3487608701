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


def checked(
    name: str, vertices: np.ndarray, faces: Sequence[tuple[int, ...]], first: int = 0, notes: Sequence[str] = ()
) -> Mesh:
    """The mesh, without what cannot be shown of it: corners that repeat the one before, faces of which less than
    three remain, and vertices of no face that are no numbers. The notes of the mesh count them.

    Parameters
    ----------
    vertices
        float64 [n_vertices, 3].
    first
        What the file calls its first vertex.
    notes
        What was left aside before.

    Raises
    ------
    Refused
        No faces, a number of a face that is no finite one or too large, no extent, or a vertex that is not there.
    """
    check_count(name, "vertices", len(vertices), MAX_VERTICES)
    check_count(name, "faces", len(faces), MAX_FACES)
    check_count(name, "corners of faces", sum(map(len, faces)), MAX_CORNERS)
    kept: list[tuple[int, ...]] = []
    n_short = n_flat = 0
    for number, face in enumerate(faces, 1):
        if face and (min(face) < 0 or max(face) >= len(vertices)):
            wrong = next(index for index in face if not 0 <= index < len(vertices))
            there = f"{first} to {len(vertices) - 1 + first:,}" if len(vertices) else "none"
            raise Refused(f"Face {number:,} of {name} names vertex {wrong + first:,}; there are {there}.")
        if len(face) < 3:
            n_short += 1
            continue
        if len(set(face)) < len(face):
            face = tuple(index for index, before in zip(face, (face[-1], *face), strict=False) if index != before)
        if len(set(face)) > 2:
            kept.append(face)
        else:
            n_flat += 1
    notes = [
        *notes,
        *counted(n_short, "face has fewer than three corners", "faces have fewer than three corners"),
        *counted(n_flat, "face has fewer than three places", "faces have fewer than three places"),
    ]
    if not kept:
        raise Refused(" ".join((f"{name} has no faces.", *notes)))
    return _without_bad_vertices(name, Mesh(vertices, tuple(kept), tuple(notes)), first)


def counted(n: int, one: str, many: str) -> list[str]:
    """A note on what was left aside, or none where it is nothing."""
    return [f"{n:,} {one if n == 1 else many} and {'is' if n == 1 else 'are'} left aside."] if n else []


def _without_bad_vertices(name: str, mesh: Mesh, first: int) -> Mesh:
    vertices = mesh.vertices
    is_used = np.zeros(len(vertices), bool)
    is_used[[index for face in mesh.faces for index in face]] = True
    is_bad = ~(np.abs(vertices) <= MAX_COORDINATE)
    if (is_bad & is_used[:, None]).any():
        row, axis = np.argwhere(is_bad & is_used[:, None])[0]
        raise Refused(
            f"Vertex {row + first:,} of {name} has the coordinate {vertices[row, axis]:g}; "
            f"it has to be a number from -{MAX_COORDINATE:g} to {MAX_COORDINATE:g}."
        )
    shown = vertices[is_used]
    if (shown == shown[0]).all():
        raise Refused(f"All vertices of {name} are at the same point.")
    if not is_bad.any():
        return mesh
    stays = ~is_bad.any(1)
    place = np.cumsum(stays) - 1
    faces = tuple(tuple(int(place[index]) for index in face) for face in mesh.faces)
    more = counted(int((~stays).sum()), "vertex of no face is no number", "vertices of no face are no numbers")
    return Mesh(vertices[stays], faces, (*mesh.notes, *more))
