"""A mesh scene painted with QPainter: where there is no OpenGL, and into SVG and PDF."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.look.raster import is_vector
from widgets.look.theme import FigureStyle
from widgets.scene3d import shading
from widgets.scene3d.bsp import cut
from widgets.scene3d.camera import Camera
from widgets.scene3d.marks import Label, marks_of
from widgets.scene3d.occlusion import ItemBuffer
from widgets.scene3d.pieces import Pieces
from widgets.scene3d.polygons import Polygons, polygons_of
from widgets.scene3d.scene import MeshScene, MeshStyle

_SEAM = 0.6  # points: vector viewers would show the paper between two pieces of a face
_GROUND = 0.75  # opacity of what lies behind a text
_N_SAMPLES = 40  # of a line: where it goes behind faces


@dataclass
class _Placed:
    """An object as it is painted now.

    Attributes
    ----------
    order
        Its pieces from the back to the front; a negative number is a piece of a sheet, -1 the first of `sheets`.
    sheets, owners
        Pieces of sheets, and the sheet that each is of.
    first
        The number of its piece 0 among the pieces of all objects.
    """

    number: int
    pieces: Pieces
    places: list[list[float]]
    depths: np.ndarray
    order: list[int]
    sheets: list[np.ndarray]
    owners: list[int]
    first: int = 0
    outlines: dict[int, QPolygonF] = field(default_factory=dict)


class PainterRenderer:
    """Paints scenes; keeps what it worked out of a mesh, so that the next picture of it comes quickly."""

    def __init__(self) -> None:
        self._polygons: list[Polygons] = []
        self._pieces: dict[int, Pieces] = {}

    def paint(
        self,
        painter: QPainter,
        rect: QRectF,
        scene: MeshScene,
        camera: Camera,
        style: FigureStyle,
        mesh_style: MeshStyle = "solid",
    ) -> None:
        """Paint into `rect`; leaves the painter as it was. Does not fill the paper."""
        painter.save()
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        painter.translate(rect.topLeft())
        _Image(self, painter, (rect.width(), rect.height()), scene, camera, style, mesh_style).paint()
        painter.restore()

    def polygons(self, scene: MeshScene) -> list[Polygons]:
        """The faces of all objects."""
        last = self._polygons
        self._polygons = [
            polygons_of(mesh, last[number] if number < len(last) else None) for number, mesh in enumerate(scene.objects)
        ]
        return self._polygons

    def pieces(self, number: int, polygons: Polygons, span: float) -> Pieces:
        """The pieces of one object."""
        last = self._pieces.get(number)
        self._pieces[number] = last.grown(polygons, span) if last else Pieces(polygons, span)
        return self._pieces[number]


class _Image:
    """One picture while it is painted."""

    def __init__(
        self,
        renderer: PainterRenderer,
        painter: QPainter,
        size: tuple[float, float],
        scene: MeshScene,
        camera: Camera,
        style: FigureStyle,
        mesh_style: MeshStyle,
    ) -> None:
        self._painter, self._size, self._scene, self._camera = painter, size, scene, camera
        self._renderer, self._style = renderer, style
        self._mesh_style: MeshStyle = mesh_style
        self._colors = shading.colors_of(style.theme)
        self._marks = marks_of(scene, self._colors)
        low, high = scene.bounds()
        self._span = float((high - low).max())
        self._is_far = camera.projection == "orthographic"
        self._eye = camera.axes()[2] if self._is_far else camera.eye()
        self._is_vector = is_vector(painter)
        self._buffer: ItemBuffer | None = None
        self._planes = np.zeros((0, 4))

    def paint(self) -> None:
        painter = self._painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        polygons = self._renderer.polygons(self._scene)
        if self._mesh_style == "wireframe":
            self._paint_lines(vanishing=True)
            self._paint_sheets_alone()
        else:
            placed = [self._placed(number, faces) for number, faces in enumerate(polygons)]
            placed.sort(key=lambda one: -self._middle_depth(one.number))
            if self._mesh_style == "solid":
                self._buffer, self._planes = self._item_buffer(placed), self._planes_of(placed)
            # What faces hide of these lines is not painted at all, so they may come first: faces keep their edges.
            self._paint_lines(vanishing=True)
            for one in placed:
                self._paint_pieces(one)
        wire = shading.wire(self._mesh_style, self._style.theme)
        if wire is not None:
            self._paint_wires(polygons, wire)
        self._paint_lines(vanishing=False)
        self._paint_points()
        for label in self._marks.labels:
            self._paint_label(label)

    # Faces

    def _placed(self, number: int, faces: Polygons) -> _Placed:
        """An object, its pieces and those of the sheets in its room in order."""
        mesh = self._scene.objects[number]
        offset = np.asarray(mesh.offset)
        low, high = mesh.room()
        pieces = self._renderer.pieces(number, faces, float((high - low).max()))
        places, depths = self._camera.project(pieces.points + offset, self._size)
        chosen = np.flatnonzero(self._marks.owners == number)
        leaves, sheets, owners = pieces.sorted_in([self._marks.sheets[sheet] - offset for sheet in chosen])
        for numbers in leaves.values():
            numbers.sort(key=lambda number: -self._distance_of_level(float(sheets[-1 - number][0, 2] + offset[2])))
        order = pieces.order(self._camera, offset, mesh.n_faces, leaves)
        if self._mesh_style == "solid" and len(depths) and depths.min() > self._camera.near:
            order = self._without_backs(order, pieces, mesh.n_faces, offset)
        sheets, owners = [sheet + offset for sheet in sheets], [int(chosen[owner]) for owner in owners]
        return _Placed(number, pieces, places.tolist(), depths, order, sheets, owners)

    def _without_backs(self, order: list[int], pieces: Pieces, n_faces: int, offset: np.ndarray) -> list[int]:
        faces = pieces.polygons
        normals = faces.normals[:n_faces]
        corners = faces.vertices[faces.corners[faces.starts[:n_faces]]] + offset
        turned = normals @ self._eye if self._is_far else ((self._eye - corners) * normals).sum(1)
        is_back = ((turned < 0) & pieces.has_back(n_faces))[np.minimum(pieces.faces, n_faces - 1)] if n_faces else []
        return [piece for piece in order if piece < 0 or not is_back[piece]]

    def _middle_depth(self, number: int) -> float:
        mesh = self._scene.objects[number]
        low, high = mesh.room()
        return float(self._camera.project(((low + high) / 2 + np.asarray(mesh.offset))[None], self._size)[1][0])

    def _distance_of_level(self, z: float) -> float:
        return -z * float(self._eye[2]) if self._is_far else abs(z - float(self._eye[2]))

    def _item_buffer(self, placed: list[_Placed]) -> ItemBuffer:
        """Paint numbers; then leave only what is seen in the orders."""
        buffer = ItemBuffer(self._size, 2.0 if self._is_vector else 1.0)
        first = 0
        for one in placed:
            one.first, first = first, first + len(one.pieces.faces)
            for piece in one.order:
                if piece >= 0:
                    buffer.paint(self._outline(one, piece), one.first + piece)
        is_seen = buffer.seen(first)
        for one in placed:
            one.order = [piece for piece in one.order if piece < 0 or is_seen[one.first + piece]]
        return buffer

    def _planes_of(self, placed: list[_Placed]) -> np.ndarray:
        """Of all pieces: normal and constant."""
        planes = [np.zeros((0, 4))]
        for one in placed:
            normals = one.pieces.polygons.normals[one.pieces.faces].astype(float)
            first = one.pieces.points[one.pieces.starts[:-1]] + np.asarray(self._scene.objects[one.number].offset)
            planes.append(np.concatenate([normals, (normals * first).sum(1, keepdims=True)], 1))
        return np.concatenate(planes)

    def _outline(self, one: _Placed, piece: int) -> QPolygonF:
        """A piece on the screen; only what is in front of the eye."""
        if piece not in one.outlines:
            first, end = one.pieces.starts[piece], one.pieces.starts[piece + 1]
            if self._is_far or min(one.depths[first:end].tolist()) > self._camera.near:
                one.outlines[piece] = QPolygonF([QPointF(x, y) for x, y in one.places[first:end]])
            else:
                offset = np.asarray(self._scene.objects[one.number].offset)
                one.outlines[piece] = self._clipped(one.pieces.points[first:end] + offset)
        return one.outlines[piece]

    def _clipped(self, points: np.ndarray) -> QPolygonF:
        """A polygon in space, on the screen; nothing where it is behind the eye."""
        if not self._is_far:
            toward = self._camera.axes()[2]
            limit = float(toward @ self._camera.eye()) - 1.01 * self._camera.near
            (points, _), _ = cut(points, (True,) * len(points), toward, limit, 1e-12)
        if len(points) < 3:
            return QPolygonF()
        return QPolygonF([QPointF(x, y) for x, y in self._camera.project(points, self._size)[0].tolist()])

    def _paint_pieces(self, one: _Placed) -> None:
        own = shading.face_colors(self._scene.objects[one.number], self._colors)
        colors = shading.lit(own, one.pieces.polygons.normals, self._camera)
        inks = shading.edge_colors(own)
        opacity = shading.opacity(self._mesh_style)
        has_seam = self._is_vector and opacity == 1
        faces = one.pieces.faces.tolist()
        for piece in one.order:
            if piece < 0:
                self._paint_sheet(one.sheets[-1 - piece], self._marks.sheet_colors[one.owners[-1 - piece]])
            elif (outline := self._outline(one, piece)).size():
                face = faces[piece]
                seam = _pen(colors[face], _SEAM) if has_seam else None
                fill = _color(colors[face], opacity)
                pen = _pen(inks[face], shading.EDGE_WIDTH) if opacity == 1 else None
                self._paint_piece(outline, one.pieces.is_edge[piece], fill, pen, seam)

    def _paint_piece(
        self, polygon: QPolygonF, is_edge: tuple[bool, ...], fill: QColor, pen: QPen | None, seam: QPen | None
    ) -> None:
        painter = self._painter
        painter.setBrush(fill)
        if pen is not None and all(is_edge):
            painter.setPen(pen)
            painter.drawPolygon(polygon)
            return
        # Without smoothing two pieces of a face meet without a seam; its edges are smooth.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._is_vector)
        painter.setPen(seam or Qt.PenStyle.NoPen)
        painter.drawPolygon(polygon)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if pen is None:
            return
        outline, n = polygon.toList(), polygon.size()
        lines = [QLineF(outline[i], outline[(i + 1) % n]) for i in range(min(n, len(is_edge))) if is_edge[i]]
        if lines:
            painter.setPen(pen)
            painter.drawLines(lines)

    def _paint_wires(self, polygons: list[Polygons], wire: np.ndarray) -> None:
        self._painter.setPen(_pen(wire, shading.EDGE_WIDTH))
        for mesh, faces in zip(self._scene.objects, polygons, strict=True):
            n = int(faces.starts[mesh.n_faces])
            sides = np.stack([faces.corners[:n], faces.corners[faces.following()[:n]]], 1)
            if not n:
                continue
            sides = np.unique(np.sort(sides, 1), axis=0)
            places, depths = self._camera.project(faces.vertices + np.asarray(mesh.offset), self._size)
            lines = places[sides[(depths[sides] > self._camera.near).all(1)]].reshape(-1, 4)
            self._painter.drawLines([QLineF(*line) for line in lines.tolist()])

    def _paint_sheets_alone(self) -> None:
        chosen = sorted(
            range(len(self._marks.sheets)), key=lambda s: -self._distance_of_level(self._marks.sheets[s][0, 2])
        )
        for sheet in chosen:
            self._paint_sheet(self._marks.sheets[sheet], self._marks.sheet_colors[sheet])

    def _paint_sheet(self, points: np.ndarray, color: np.ndarray) -> None:
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(_color(color))
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._painter.drawPolygon(self._clipped(points))
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    # SceneMarks

    def _is_hidden(self, points: np.ndarray, places: np.ndarray, *, beside: bool) -> np.ndarray:
        if self._buffer is None:
            return np.zeros(len(points), bool)
        return self._buffer.is_hidden(
            points, places, self._planes, self._eye, self._span, is_direction=self._is_far, beside=beside
        )

    def _paint_lines(self, *, vanishing: bool) -> None:
        """The lines that vanish behind faces, or those that shine through them."""
        marks = self._marks
        chosen = np.flatnonzero((marks.behind == 0) == vanishing)
        if not len(chosen):
            return
        share = np.linspace(0, 1, _N_SAMPLES + 1)
        ends = marks.segments[chosen]
        points = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * share[:, None]
        places, depths = self._camera.project(points.reshape(-1, 3), self._size)
        hidden = self._is_hidden(points.reshape(-1, 3), places, beside=False).reshape(len(chosen), -1)
        places, is_there = places.reshape(*points.shape[:2], 2), depths.reshape(hidden.shape) > self._camera.near
        for row, line in enumerate(chosen.tolist()):
            state = np.where(is_there[row], hidden[row].astype(int), 2)
            # A part between two samples is as its beginning is, so that a line's last sample decides nothing.
            turns = [0, *(np.flatnonzero(np.diff(state[:-1])) + 1).tolist(), _N_SAMPLES]
            for start, end in pairwise(turns):
                opacity = (1.0, float(marks.behind[line]), 0.0)[state[start]]
                if opacity and is_there[row, end]:
                    self._painter.setPen(_pen(marks.segment_colors[line], float(marks.widths[line]), opacity))
                    (x0, y0), (x1, y1) = places[row, start].tolist(), places[row, end].tolist()
                    self._painter.drawLine(QPointF(x0, y0), QPointF(x1, y1))

    def _paint_points(self) -> None:
        see_through = self._mesh_style != "solid"
        for mesh in self._scene.objects:
            if mesh.show_vertices and mesh.n_vertices:
                n = mesh.n_vertices
                self._paint_discs(
                    mesh.vertices[:n] + np.asarray(mesh.offset),
                    shading.vertex_colors(mesh, self._colors)[:n],
                    shading.vertex_sizes(mesh)[:n],
                    np.full(n, float(see_through)),
                )
        marks = self._marks
        self._paint_discs(marks.points, marks.point_colors, marks.sizes, marks.point_behind)

    def _paint_discs(self, points: np.ndarray, colors: np.ndarray, sizes: np.ndarray, behind: np.ndarray) -> None:
        if not len(points):
            return
        places, depths = self._camera.project(points, self._size)
        opacities = np.where(self._is_hidden(points, places, beside=True), behind, 1.0)
        shown = np.flatnonzero((depths > self._camera.near) & (opacities > 0) & (sizes > 0))
        self._painter.setPen(Qt.PenStyle.NoPen)
        for point in shown[np.argsort(-depths[shown], kind="stable")].tolist():
            self._painter.setBrush(_color(colors[point], float(opacities[point])))
            radius = float(sizes[point]) / 2
            self._painter.drawEllipse(QPointF(*places[point].tolist()), radius, radius)

    def _paint_label(self, label: Label) -> None:
        places, depths = self._camera.project(np.array([label.at]), self._size)
        if depths[0] > self._camera.near:
            paint_label(self._painter, label, QPointF(*places[0].tolist()), self._style)


def paint_label(painter: QPainter, label: Label, at: QPointF, style: FigureStyle) -> None:
    """A text around a point of the picture, or under it; what lies behind is paled, so that it can be read."""
    metrics = QFontMetricsF(style.font)
    width, height = metrics.horizontalAdvance(label.text) + 2, metrics.height()
    top = at.y() + 0.4 * height if label.below else at.y() - height / 2
    box = QRectF(at.x() - width / 2, top, width, height)
    ground = QColor(style.theme.paper)
    ground.setAlphaF(_GROUND)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRect(box)
    painter.setFont(style.font)
    painter.setPen(_color(label.color))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label.text)


def _color(color: np.ndarray, opacity: float = 1.0) -> QColor:
    red, green, blue, alpha = color.tolist()
    return QColor(red, green, blue, round(alpha * opacity))


def _pen(color: np.ndarray, width: float, opacity: float = 1.0) -> QPen:
    pen = QPen(_color(color, opacity), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
