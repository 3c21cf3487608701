"""Arrays on the graphics card: what is new of a growing mesh is sent, the rest stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtOpenGL import QOpenGLBuffer

from widgets.scene3d import shading
from widgets.scene3d.gl_program import Program
from widgets.scene3d.polygons import Polygons

_FLOAT, _BYTE, _UNSIGNED_BYTE = 0x1406, 0x1400, 0x1401  # of OpenGL

CORNER = np.dtype([("position", "<f4", 3), ("normal", "i1", 4), ("side", "u1", 4)])
LINE = np.dtype([("start", "<f4", 3), ("end", "<f4", 3), ("corner", "<f4", 2), ("look", "<f4", 2), ("color", "u1", 4)])
POINT = np.dtype([("position", "<f4", 3), ("look", "<f4", 2), ("color", "u1", 4)])
COLOR = np.dtype([("color", "u1", 4)])

_PADDED = ("normal", "side")  # three numbers in four bytes
_KINDS = {"f": _FLOAT, "i": _BYTE, "u": _UNSIGNED_BYTE}
# Two triangles from corner to corner of a line: which end, which border.
_LINE_CORNERS = np.array([[0, -1], [1, -1], [1, 1], [0, -1], [1, 1], [0, 1]], np.float32)


class Buffer:
    """Records of one kind in the card's memory."""

    def __init__(self, kind: np.dtype) -> None:
        self._kind = kind
        self._capacity = 0
        self._buffer = QOpenGLBuffer(QOpenGLBuffer.Type.VertexBuffer)
        if not self._buffer.create():
            raise RuntimeError("OpenGL gives no buffer")
        self.n = 0

    def write(self, records: np.ndarray, first: int = 0) -> None:
        """Replace everything from record `first` on. Where it does not fit, `first` must be 0."""
        self._buffer.bind()
        self.n = first + len(records)
        if self.n > self._capacity:
            assert first == 0, "a buffer that is made anew starts empty"
            self._capacity = max(2 * self.n, 64)
            self._buffer.allocate(self._capacity * self._kind.itemsize)
        if len(records):
            data: Any = records.tobytes()  # the stubs say int
            self._buffer.write(first * self._kind.itemsize, data, len(data))
        self._buffer.release()

    def has_room(self, n: int) -> bool:
        """Whether n records fit."""
        return n <= self._capacity

    def attach(self, program: Program) -> None:
        """Let a program read its attributes of these names from it."""
        self._buffer.bind()
        shaders = program.shaders
        for name, (field, offset, *_) in (self._kind.fields or {}).items():
            kind, shape = field.subdtype or (field, (1,))
            place = shaders.attributeLocation(name)
            if place >= 0:
                size = 3 if name in _PADDED else shape[0]
                shaders.enableAttributeArray(place)
                shaders.setAttributeBuffer(place, _KINDS[kind.kind], offset, size, self._kind.itemsize)
        self._buffer.release()


class FaceBuffers:
    """The triangles of one mesh, and their colours."""

    def __init__(self) -> None:
        self._corners, self._colors = Buffer(CORNER), Buffer(COLOR)
        self._polygons: Polygons | None = None
        self._own: np.ndarray | None = None

    def update(self, polygons: Polygons, colors: np.ndarray) -> None:
        """Send what has changed. `colors` is uint8 [F, 4]."""
        if polygons is not self._polygons:
            first = self._n_kept(polygons) if self._corners.has_room(3 * len(polygons.triangles)) else 0
            self._corners.write(corner_records(polygons, first), 3 * first)
            self._polygons = polygons
        last = self._own
        if last is not None and len(last) <= len(colors) and np.array_equal(last, colors[: len(last)]):
            if len(last) == len(colors):
                return
            first_face = len(last)
        else:
            first_face = 0
        if not self._colors.has_room(3 * len(polygons.triangles)):
            first_face = 0
        self._own = colors.copy()
        n_each = 3 * (np.diff(polygons.starts[first_face:]) - 2)
        records = np.repeat(np.ascontiguousarray(colors[first_face:]), n_each, 0).view(COLOR).ravel()
        self._colors.write(records, 3 * polygons.n_triangles(first_face))

    def _n_kept(self, polygons: Polygons) -> int:
        """Triangles that are on the card already."""
        last = self._polygons
        if last is None or len(last.triangles) > len(polygons.triangles):
            return 0
        n, n_vertices = len(last.triangles), len(last.vertices)
        is_same = (
            np.array_equal(last.triangles, polygons.triangles[:n])
            and np.array_equal(last.corners, polygons.corners[: len(last.corners)])
            and np.array_equal(last.vertices, polygons.vertices[:n_vertices])
        )
        return n if is_same else 0

    def attach(self, program: Program) -> None:
        self._corners.attach(program)
        self._colors.attach(program)


class EdgeBuffer:
    """The edges of one mesh as lines, each once, in the order of the faces that bring them."""

    def __init__(self) -> None:
        self._lines = Buffer(LINE)
        self._faces = np.zeros(0, np.int64)

    def update(self, polygons: Polygons, colors: np.ndarray) -> None:
        """Send them. `colors` is uint8 [F, 4], of the edges of each face."""
        n_vertices = len(polygons.vertices)
        here = polygons.corners.astype(np.int64)
        there = here[polygons.following()]
        keys = np.minimum(here, there) * n_vertices + np.maximum(here, there)
        first = np.sort(np.unique(keys, return_index=True)[1])
        self._faces = polygons.corner_faces()[first]
        segments = polygons.vertices[np.stack([here[first], there[first]], 1)]
        looks = np.full(len(first), shading.EDGE_WIDTH), np.zeros(len(first))
        self._lines.write(line_records(segments, colors[self._faces], *looks))

    def n_edges(self, n_faces: int) -> int:
        """Edges of the first faces."""
        return int(np.searchsorted(self._faces, n_faces))

    def attach(self, program: Program) -> None:
        self._lines.attach(program)


def corner_records(polygons: Polygons, first: int = 0) -> np.ndarray:
    """The corners of all triangles from one on: CORNER [3 T]."""
    triangles, edges = polygons.triangles[first:], polygons.edges[first:]
    out = np.zeros((len(triangles), 3), CORNER)
    out["position"] = polygons.vertices[polygons.corners[triangles]]
    normals = np.rint(127 * polygons.normals[polygons.triangle_faces()[first:]]).astype(np.int8)
    out["normal"][:, :, :3] = normals[:, None]
    for corner in range(3):
        for side in range(3):
            is_opposite = corner == (side + 2) % 3
            out["side"][:, corner, side] = 255 if is_opposite else np.where(edges[:, side], 0, 255)
    return out.ravel()


def sheet_records(sheets: np.ndarray, colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rectangles [S, 4, 3] as two triangles each, without light and edges: CORNER and COLOR [6 S]."""
    out = np.zeros((len(sheets), 6), CORNER)
    out["position"] = sheets[:, [0, 1, 2, 0, 2, 3]]
    out["side"] = 255
    return out.ravel(), np.repeat(np.ascontiguousarray(colors), 6, 0).view(COLOR).ravel()


def line_records(segments: np.ndarray, colors: np.ndarray, widths: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Lines as two triangles each: LINE [6 L]."""
    out = np.zeros((len(segments), 6), LINE)
    out["start"], out["end"] = segments[:, None, 0], segments[:, None, 1]
    out["corner"] = _LINE_CORNERS
    out["look"] = np.stack([widths, behind], 1)[:, None]
    out["color"] = colors[:, None]
    return out.ravel()


def point_records(points: np.ndarray, colors: np.ndarray, sizes: np.ndarray, behind: np.ndarray | float) -> np.ndarray:
    """Discs: POINT [P]."""
    out = np.zeros(len(points), POINT)
    out["position"], out["color"] = points, colors
    out["look"][:, 0], out["look"][:, 1] = sizes, behind
    return out
