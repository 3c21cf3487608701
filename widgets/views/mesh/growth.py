"""A mesh that a model wrote, token by token: what is there behind each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from inference.results.growing import is_growing
from inference.results.inputs import MeshInput
from inference.results.mesh import MeshSample, MeshTokens

STOP, NEW_FACE, FIRST_VERTEX = 0, 1, 2
N_VALUES = 256
AXES = "zyx"  # in the order in which they are written

MeshPart = Literal["vertices", "faces"]


@dataclass(frozen=True)
class MeshMoment:
    """What there is once a token is written.

    Attributes
    ----------
    part, place
        Which model wrote it, and where among its tokens.
    n_vertices, n_faces
        Whole ones; faces are numbers in `Growth.faces`.
    begun
        Coordinates of the vertex that is being written, as values 0-255 in the order z, y, x.
    ring
        Corners of the polygon that is being written.
    """

    part: MeshPart
    place: int
    n_vertices: int
    n_faces: int
    begun: tuple[int, ...]
    ring: tuple[int, ...]


class Growth:
    """A sample, taken apart. Steps count the coordinate tokens, then the face tokens, both stops included.

    Attributes
    ----------
    vertices
        float32 [V, 3]: x, y, z.
    faces
        Polygons in the order in which they were written. What encloses nothing (a model without masks writes such
        things) is left out.
    pointer_faces
        int [face token]: the written polygon that each belongs to, the token that ends it included.
    face_numbers
        int [written polygon]: its number in `faces`, -1 where it is left out.
    """

    def __init__(self, sample: MeshSample) -> None:
        self.sample = sample
        coordinates = sample.vertices.tokens.astype(np.int64)
        whole = coordinates[: _before_stop(coordinates)]
        self.n_coordinates, self.n_pointers = len(coordinates), len(sample.faces.tokens)
        self.values = whole[: len(whole) // 3 * 3].reshape(-1, 3)[:, ::-1] - 1
        self.vertices = (self.values / (N_VALUES - 1) - 0.5).astype(np.float32)
        self.pointer_faces = np.zeros(self.n_pointers, np.int64)
        self.face_numbers, self.faces = self._polygons(sample.faces.tokens.tolist())

    def _polygons(self, tokens: list[int]) -> tuple[np.ndarray, tuple[tuple[int, ...], ...]]:
        numbers: list[int] = []
        faces: list[tuple[int, ...]] = []
        corners: list[int] = []
        for place, token in enumerate(tokens):
            self.pointer_faces[place] = len(numbers)
            if token >= FIRST_VERTEX:
                corners.append(token - FIRST_VERTEX)
                continue
            is_polygon = len(set(corners)) >= 3 and max(corners) < len(self.vertices)
            numbers.append(len(faces) if is_polygon else -1)
            if is_polygon:
                faces.append(tuple(corners))
            corners = []
        return np.array(numbers, np.int64), tuple(faces)

    # Steps

    @property
    def n_steps(self) -> int:
        return self.n_coordinates + self.n_pointers

    @property
    def n_vertices(self) -> int:
        return len(self.vertices)

    @property
    def is_growing(self) -> bool:
        """Whether more is to come."""
        return is_growing(self.sample)

    def part_of(self, step: int) -> tuple[MeshPart, int]:
        """The part of a step, and its place there."""
        return ("vertices", step) if step < self.n_coordinates else ("faces", step - self.n_coordinates)

    def step_of(self, part: MeshPart, place: int) -> int:
        """The step at a place of a part; the nearest one that there is."""
        if part == "vertices" or not self.n_pointers:
            return min(max(place, 0), max(self.n_coordinates - 1, 0))
        return self.n_coordinates + min(max(place, 0), self.n_pointers - 1)

    def tokens_of(self, part: MeshPart) -> MeshTokens:
        return self.sample.vertices if part == "vertices" else self.sample.faces

    def at(self, step: int) -> MeshMoment:
        """What there is behind the token of a step."""
        part, place = self.part_of(step)
        if part == "vertices":
            tokens = self.sample.vertices.tokens[: place + 1]
            n_whole = min((place + 1) // 3, self.n_vertices)
            begun = tuple(int(token) - 1 for token in tokens[3 * n_whole :] if token != STOP)
            return MeshMoment(part, place, n_whole, 0, begun, ())
        tokens = self.sample.faces.tokens[: place + 1]
        written = int((tokens < FIRST_VERTEX).sum())
        ring = self._ring(place) if tokens[-1] >= FIRST_VERTEX else ()
        return MeshMoment(part, place, self.n_vertices, int((self.face_numbers[:written] >= 0).sum()), (), ring)

    def _ring(self, place: int) -> tuple[int, ...]:
        tokens = self.sample.faces.tokens[: place + 1]
        ends = np.flatnonzero(tokens < FIRST_VERTEX)
        first = int(ends[-1]) + 1 if len(ends) else 0
        corners = (int(token) - FIRST_VERTEX for token in tokens[first:])
        return tuple(corner for corner in corners if corner < self.n_vertices)

    def steps_of_vertex(self, vertex: int) -> range:
        """Its three coordinates."""
        return range(3 * vertex, 3 * vertex + 3)

    def steps_of_face(self, face: int) -> range:
        """All tokens of a polygon of `faces`, the one that ends it included."""
        places = np.flatnonzero(self.pointer_faces == int(np.flatnonzero(self.face_numbers == face)[0]))
        return range(self.n_coordinates + int(places[0]), self.n_coordinates + int(places[-1]) + 1)

    def vertex_at(self, step: int) -> int | None:
        """The vertex that a step writes, or points at."""
        part, place = self.part_of(step)
        token = int(self.tokens_of(part).tokens[place])
        vertex = place // 3 if part == "vertices" else token - FIRST_VERTEX
        is_there = 0 <= vertex < self.n_vertices and not (part == "vertices" and token == STOP)
        return vertex if is_there else None

    # Words and numbers

    def word(self, step: int) -> str:
        """What a token says, in short."""
        part, place = self.part_of(step)
        token = int(self.tokens_of(part).tokens[place])
        return word_of(part, place, token)

    def bits(self, step: int) -> float:
        part, place = self.part_of(step)
        return float(self.tokens_of(part).bits[place])

    @cached_property
    def vertex_bits(self) -> np.ndarray:
        """float [V]: of the three coordinates together."""
        return self.sample.vertices.bits[: 3 * self.n_vertices].reshape(-1, 3).sum(1)

    @cached_property
    def face_bits(self) -> np.ndarray:
        """float [F]: of the tokens of each polygon, and its share of its corners' bits.

        A vertex's bits are shared evenly by the polygons around it, so that the sum over all polygons of a mesh
        without loose vertices is what the whole mesh costs, the stop of the vertices apart.
        """
        own = np.zeros(len(self.faces))
        if not self.faces:
            return own
        is_written = self.pointer_faces < len(self.face_numbers)
        faces = self.face_numbers[np.minimum(self.pointer_faces, len(self.face_numbers) - 1)]
        numbers = np.where(is_written, faces, -1)
        np.add.at(own, numbers[numbers >= 0], self.sample.faces.bits[numbers >= 0])
        sizes = np.fromiter(map(len, self.faces), np.int64, len(self.faces))
        corners = np.concatenate([np.array(face) for face in self.faces])
        valence = np.bincount(corners, minlength=self.n_vertices)
        np.add.at(own, np.repeat(np.arange(len(sizes)), sizes), self.vertex_bits[corners] / valence[corners])
        return own

    @cached_property
    def vertex_parts(self) -> np.ndarray:
        """int [V]: the connected component of each vertex, numbered from the floor up."""
        root = list(range(self.n_vertices))

        def find(vertex: int) -> int:
            while root[vertex] != vertex:
                root[vertex] = root[root[vertex]]
                vertex = root[vertex]
            return vertex

        for face in self.faces:
            for corner in face[1:]:
                one, other = sorted((find(face[0]), find(corner)))
                root[other] = one
        return np.unique([find(vertex) for vertex in range(self.n_vertices)], return_inverse=True)[1].reshape(-1)

    @cached_property
    def face_parts(self) -> np.ndarray:
        """int [F]: the connected component of each polygon."""
        return self.vertex_parts[[face[0] for face in self.faces]] if self.faces else np.zeros(0, np.int64)

    def bits_per_vertex(self) -> tuple[float, float]:
        """Of the coordinates, and of the face tokens; 0 where there is no vertex yet."""
        n = max(self.n_vertices, 1)
        return float(self.sample.vertices.bits.sum()) / n, float(self.sample.faces.bits.sum()) / n

    def n_corrected(self) -> int:
        """Samples that the masks corrected."""
        return self.sample.vertices.n_corrected + self.sample.faces.n_corrected

    def first_sampled(self) -> int:
        """The first step that was not given."""
        given = self.sample.vertices.n_given
        if given < self.n_coordinates or not self.n_pointers:
            return min(given, max(self.n_steps - 1, 0))
        return min(self.n_coordinates + self.sample.faces.n_given, max(self.n_steps - 1, 0))

    def input(self) -> MeshInput:
        """The mesh as other views are asked about it."""
        sample = self.sample
        return MeshInput(sample.label, tuple(sample.vertices.tokens.tolist()), tuple(sample.faces.tokens.tolist()))

    # What is kept for another go

    def below(self, height: int) -> MeshInput:
        """Class and vertices up to a height (0-255): what is above it, and all polygons, are written anew."""
        n = int((self.values[:, 2] <= height).sum())
        return MeshInput(self.sample.label, tuple(self.sample.vertices.tokens[: 3 * n].tolist()))

    def before_face(self, face: int) -> MeshInput:
        """All vertices, and the polygons before one of `faces`."""
        first = self.steps_of_face(face)[0] - self.n_coordinates
        whole = self.input()
        return MeshInput(whole.label, whole.vertex_tokens, whole.face_tokens[:first])

    def room(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The box that it takes, or will take.

        While it grows, it is what training meshes take: centred, and with a diagonal of 1 (Nash et al. 2020,
        appendix A), so that the first height tells how high it will be.
        """
        if not len(self.vertices):
            return (-0.3, -0.3, -0.4), (0.3, 0.3, 0.4)
        low, high = self.vertices.min(0).astype(float), self.vertices.max(0).astype(float)
        if self.is_growing and self.n_pointers == 0:
            top = max(float(high[2]), -float(low[2]), 0.02)
            half = 0.5 * float(np.sqrt(max(1 - (top - float(low[2])) ** 2, 0.05) / 2))
            low[:2], high[:2] = np.minimum(low[:2], -half), np.maximum(high[:2], half)
            high[2] = top
        return tuple(low.tolist()), tuple(high.tolist())  # pyright: ignore[reportReturnType]


def word_of(part: MeshPart, place: int, token: int) -> str:
    """What a token says: `z 34`, `v 12`, `new face`, `stop`."""
    if token == STOP:
        return "stop"
    if part == "vertices":
        return f"{AXES[place % 3]} {token - 1}"
    return "new face" if token == NEW_FACE else f"v{token - FIRST_VERTEX}"


def _before_stop(tokens: np.ndarray) -> int:
    stops = np.flatnonzero(tokens == STOP)
    return int(stops[0]) if len(stops) else len(tokens)
