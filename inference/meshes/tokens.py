"""Meshes as PolyGen's tokens, and back (Nash et al. 2020, section 2 and the authors' `data_utils`).

A vertex is written z, y, x: values 0-255 as tokens 1-256, and 0 stops. A face is written as vertex indices + 2, 1
begins the next face, and 0 stops. Vertices come from the floor up (by z, then y, then x), faces by their lowest
vertices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.meshes.mesh import Mesh
from inference.results.counts import count_of

N_VALUES = 256
STOP, NEW_FACE, FIRST_VERTEX = 0, 1, 2


class NoMesh(ValueError):
    """Tokens that do not make a mesh; the text says which one and why, as one sentence."""


def normalise(vertices: np.ndarray) -> np.ndarray:
    """Centred on the middle of the bounding box, whose diagonal becomes 1; float64 [n_vertices, 3]."""
    low, high = vertices.min(0), vertices.max(0)
    diagonal = float(np.linalg.norm(high - low))
    return (vertices - (low + high) / 2) / (diagonal or 1.0)


def quantise(vertices: np.ndarray) -> np.ndarray:
    """int64 [n_vertices, 3], 0-255, of coordinates from -0.5 to 0.5; cut off, not rounded, as the authors do."""
    # What was a whole number before float32 took its last digits stays one.
    return np.clip((vertices + 0.5) * (N_VALUES - 1) + 1e-4, 0, N_VALUES - 1).astype(np.int64)


def dequantise(values: np.ndarray) -> np.ndarray:
    """float64 [n_vertices, 3] from -0.5 to 0.5."""
    return np.asarray(values, np.float64) / (N_VALUES - 1) - 0.5


def canonical(mesh: Mesh) -> tuple[np.ndarray, tuple[tuple[int, ...], ...]]:
    """A mesh in the order in which a model writes it.

    Vertices that fall together are merged; a polygon that touches itself then is cut into loops of three and more
    corners. Each polygon begins at its lowest index, its sense is kept; vertices of no polygon are dropped.

    Returns
    -------
    values
        int64 [n_vertices, 3]: x, y, z, 0-255, sorted by z, y, x.
    faces
        Sorted by their sorted indices.
    """
    return in_order(quantise(normalise(mesh.vertices)), mesh.faces)


def in_order(values: np.ndarray, faces: Sequence[Sequence[int]]) -> tuple[np.ndarray, tuple[tuple[int, ...], ...]]:
    """As `canonical`, of what is quantised: int64 [n_vertices, 3], x, y, z, 0-255."""
    values, new_index = np.unique(values[:, ::-1], axis=0, return_inverse=True)  # sorts by z, then y, then x
    new_index = new_index.reshape(-1)
    loops = [loop for face in faces for loop in _loops([int(new_index[i]) for i in face])]
    used = sorted({i for loop in loops for i in loop})
    place = {old: new for new, old in enumerate(used)}
    ordered = [_rotated([place[i] for i in loop]) for loop in loops]
    return values[used][:, ::-1], tuple(sorted(ordered, key=lambda face: (sorted(face), face)))


def _loops(face: list[int]) -> list[list[int]]:
    """The simple loops of a closed walk: it is cut wherever it comes back to a vertex."""
    loops, path = [], []
    for index in face:
        if index in path:
            at = path.index(index)
            loops.append(path[at:])
            path = path[: at + 1]
        else:
            path.append(index)
    return [loop for loop in (*loops, path) if len(loop) > 2]


def _rotated(face: list[int]) -> tuple[int, ...]:
    at = face.index(min(face))
    return (*face[at:], *face[:at])


def vertex_tokens(values: np.ndarray) -> np.ndarray:
    """int64 [3 * n_vertices + 1] of x, y, z values in canonical order, the stop included."""
    return np.append(np.asarray(values, np.int64)[:, ::-1].reshape(-1) + 1, STOP)


def face_tokens(faces: Sequence[Sequence[int]]) -> np.ndarray:
    """int64 [token] of faces in canonical order, the stop included."""
    flat: list[int] = []
    for face in faces:
        flat += [NEW_FACE] * bool(flat) + [index + FIRST_VERTEX for index in face]
    return np.array([*flat, STOP], np.int64)


def decode_vertices(tokens: Sequence[int]) -> np.ndarray:
    """int64 [n_vertices, 3]: x, y, z, 0-255, of the whole vertices before the stop, or the end.

    Raises
    ------
    NoMesh
        A token is not 0-256, or a stop stands within a vertex.
    """
    array = np.asarray(tokens, np.int64)
    if len(array) and (array.min() < 0 or array.max() > N_VALUES):
        raise NoMesh(f"A vertex token is {array[(array < 0) | (array > N_VALUES)][0]}; they are 0 to {N_VALUES}.")
    stops = np.flatnonzero(array == STOP)
    if len(stops):
        array = array[: stops[0]]
        if len(array) % 3:
            raise NoMesh(f"The vertices stop behind {count_of(len(array), 'coordinates')}; every vertex has 3.")
    return array[: len(array) // 3 * 3].reshape(-1, 3)[:, ::-1] - 1


def decode_faces(tokens: Sequence[int], n_vertices: int) -> tuple[tuple[int, ...], ...]:
    """The whole faces before the stop; without one, those before the last token that begins a new face.

    Raises
    ------
    NoMesh
        A vertex that is not there, or a face of fewer than three different corners.
    """
    faces: list[tuple[int, ...]] = []
    face: list[int] = []
    for token in [int(token) for token in tokens]:
        if token in (STOP, NEW_FACE):
            if len(face) < 3 or len(set(face)) < len(face):
                raise NoMesh(f"Face {len(faces)} has the corners {face}; it takes three different ones or more.")
            faces.append(tuple(face))
            face = []
            if token == STOP:
                break
        elif 0 <= token - FIRST_VERTEX < n_vertices:
            face.append(token - FIRST_VERTEX)
        else:
            raise NoMesh(f"Face {len(faces)} names vertex {token - FIRST_VERTEX}; there are {n_vertices}.")
    return tuple(faces)


def mesh_of(vertices: Sequence[int], faces: Sequence[int]) -> Mesh:
    """The mesh that vertex tokens and face tokens describe, as far as they go; raises `NoMesh`."""
    values = decode_vertices(vertices)
    return Mesh(dequantise(values), decode_faces(faces, len(values)))
