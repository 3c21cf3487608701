"""The mesh viewer: a scene under the pointer and the keys, drawn by OpenGL or painted."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from widgets.look.theme import FigureStyle
from widgets.scene3d import shading
from widgets.scene3d.camera import PROJECTIONS, Camera, Projection
from widgets.scene3d.gl_program import NoOpenGL
from widgets.scene3d.gl_renderer import GlRenderer
from widgets.scene3d.marks import SceneMarks, framing, marks_of
from widgets.scene3d.navigation import ZOOM_STEP, after_drag, after_key
from widgets.scene3d.painter_renderer import PainterRenderer, paint_label
from widgets.scene3d.picking import Hit, pick
from widgets.scene3d.polygons import Polygons
from widgets.scene3d.scene import STYLES, MeshScene, MeshStyle
from widgets.scene3d.scene_figure import MeshFigure

Renderer = Literal["auto", "opengl", "painted"]
SWITCH = "HEADLIGHT_3D"  # environment: what `renderer="auto"` means

_log = logging.getLogger(__name__)
_CLICK = 4.0  # pixels that a click may slip
_POINTED = 30_000  # faces; among more, only a click looks for the one under the pointer
_SMALLER, _LARGER = 0.6, 1.6  # a scene in between keeps the camera


class MeshViewer(QWidget):
    """Shows a scene of meshes. Where OpenGL is missing, or fails, the same picture is painted.

    Drag to turn, drag with Shift or the middle button to move, turn the wheel to come nearer to what is under the
    pointer, double-click to see all. Keys: arrows turn, Shift and arrows move, + and - zoom, F or 0 shows all,
    1, 3 and 7 look from the front, the side and above, O changes the projection, W and X show wires and X-rays.

    Signals
    -------
    vertex_clicked(object, vertex), face_clicked(object, face)
        Numbers in the scene and in the mesh.
    hovered(Hit | None)
        What is under the pointer now.
    camera_changed()
    style_changed(str)
        Solid, wireframe or xray, by a key.
    renderer_changed(str)
        `renderer_name` is another one now: OpenGL failed.
    """

    vertex_clicked = Signal(int, int)
    face_clicked = Signal(int, int)
    hovered = Signal(object)
    camera_changed = Signal()
    style_changed = Signal(str)
    renderer_changed = Signal(str)

    def __init__(
        self, name: str = "mesh_viewer", *, renderer: Renderer = "auto", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._scene = MeshScene()
        self._camera = Camera()
        self._style: MeshStyle = "solid"
        self._is_fitted = True
        self._marks: SceneMarks | None = None
        self._image: QImage | None = None
        self._painter = PainterRenderer()
        self._gl: GlRenderer | None = None
        self._why_painted = ""
        self._choice = _choice(renderer)
        self._is_tried = False
        self._hit: Hit | None = None
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._is_dragging = False
        self.setObjectName(name)
        self.setAccessibleName(self.tr("Mesh in three dimensions"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # What it shows

    @property
    def scene(self) -> MeshScene:
        return self._scene

    @property
    def camera(self) -> Camera:
        return self._camera

    @property
    def mesh_style(self) -> MeshStyle:
        return self._style

    @property
    def renderer_name(self) -> str:
        """What draws, and why it is painted where it is."""
        renderer = self._renderer()
        return f"OpenGL ({renderer.name})" if renderer else self.tr("painted, because {}").format(self._why_painted)

    def set_scene(self, scene: MeshScene) -> None:
        """Show another scene. The camera stays, unless the scene takes quite another room."""
        is_alike = len(scene.objects) == len(self._scene.objects) and _is_alike(self._scene, scene)
        self._point_at(None)
        self._scene, self._marks = scene, None
        self.setAccessibleDescription(self.figure().caption)
        if not is_alike:
            self.fit()
        self._repaint()

    def set_camera(self, camera: Camera) -> None:
        """Look from elsewhere."""
        if camera != self._camera:
            self._camera, self._is_fitted = camera, False
            self._repaint()
            self.camera_changed.emit()

    def set_projection(self, projection: Projection) -> None:
        """Perspective, or orthographic; what is in the middle keeps its size."""
        if projection not in PROJECTIONS:
            raise ValueError(f"There is no projection {projection!r}; there are {', '.join(PROJECTIONS)}.")
        self.set_camera(replace(self._camera, projection=projection))

    def set_style(self, style: MeshStyle) -> None:
        """Solid, wireframe or xray."""
        if style not in STYLES:
            raise ValueError(f"There is no style {style!r}; there are {', '.join(STYLES)}.")
        if style != self._style:
            self._style = style
            self._repaint()
            self.style_changed.emit(style)

    def fit(self) -> None:
        """Show all of the scene, from the same side."""
        self.set_camera(self._camera.fitted(framing(self._scene), self._size()))
        self._is_fitted = True

    def figure(self) -> MeshFigure:
        """The picture as a figure, for SVG, PDF and PNG."""
        width, height = self._size()
        return MeshFigure(self._scene, self._camera, self._style, width / height)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(48 * em, 36 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(16 * em, 12 * em)

    # The picture

    def image(self) -> QImage:
        """The scene as it is on screen, without what follows the pointer."""
        return self._shown().copy()

    def _shown(self) -> QImage:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._image is None or self._image.size() != size:
            self._image = self._drawn(size, ratio)
        return self._image

    def _drawn(self, size: QSize, ratio: float) -> QImage:
        style = FigureStyle.of(self)
        renderer = self._renderer()
        image = None
        if renderer and not size.isEmpty():
            try:
                image = self._by_opengl(renderer, style, size, ratio)
            except Exception as error:  # noqa: BLE001 - drivers fail in ways of their own; painting always works
                self._fall_back(error)
        if image is None:
            image = QImage(size, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(ratio)
            image.fill(style.theme.paper)
            if not size.isEmpty():
                with QPainter(image) as painter:
                    self._painter.paint(painter, QRectF(self.rect()), self._scene, self._camera, style, self._style)
        return image

    def _by_opengl(self, renderer: GlRenderer, style: FigureStyle, size: QSize, ratio: float) -> QImage:
        if self._marks is None:
            self._marks = marks_of(self._scene, shading.colors_of(style.theme))
        image = renderer.draw(
            self._scene, self._polygons(), self._marks, self._camera, style.theme, self._style, size, ratio
        )
        image.setDevicePixelRatio(ratio)
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            places, depths = self._camera.project(
                np.array([label.at for label in self._marks.labels]).reshape(-1, 3), self._size()
            )
            for label, place, depth in zip(self._marks.labels, places.tolist(), depths, strict=True):
                if depth > self._camera.near:
                    paint_label(painter, label, QPointF(*place), style)
        return image

    def _renderer(self) -> GlRenderer | None:
        """OpenGL, where it is there and wanted; tried when first needed."""
        if not self._is_tried:
            self._is_tried = True
            if self._choice == "painted":
                self._why_painted = self.tr("it was asked to be")
            else:
                try:
                    self._gl = GlRenderer()
                    self.destroyed.connect(self._gl.release)
                except NoOpenGL as error:
                    self._why_painted = str(error)
        return self._gl

    def _fall_back(self, error: Exception) -> None:
        _log.warning("OpenGL failed, meshes are painted from now on: %s", error)
        self._why_painted = str(error) or type(error).__name__
        if self._gl is not None:
            self.destroyed.disconnect(self._gl.release)
            self._gl = None
        self.renderer_changed.emit(self.renderer_name)

    def _polygons(self) -> list[Polygons]:
        return self._painter.polygons(self._scene)

    def _size(self) -> tuple[float, float]:
        return float(max(self.width(), 1)), float(max(self.height(), 1))

    def _repaint(self) -> None:
        self._image = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.drawImage(0, 0, self._shown())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._hit is not None:
                self._paint_hit(painter, self._hit)
            if self.hasFocus():
                painter.setPen(QPen(FigureStyle.of(self).theme.accent, 1.5))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_hit(self, painter: QPainter, hit: Hit) -> None:
        mesh = self._scene.objects[hit.object]
        chosen = [hit.index] if hit.kind == "vertex" else list(mesh.faces[hit.index])
        points = np.asarray(mesh.vertices)[chosen] + np.asarray(mesh.offset)
        places, depths = self._camera.project(points, self._size())
        if depths.min() <= self._camera.near:
            return
        painter.setPen(QPen(QColor(FigureStyle.of(self).theme.accent), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        outline = [QPointF(x, y) for x, y in places.tolist()]
        if hit.kind == "vertex":
            painter.drawEllipse(outline[0], 7, 7)
        else:
            painter.drawPolygon(QPolygonF(outline))

    # What the user does

    def _pick(self, at: QPointF) -> Hit | None:
        place = (at.x(), at.y())
        return pick(self._scene, self._polygons(), self._camera, place, self._size(), through=self._style != "solid")

    def _point_at(self, hit: Hit | None) -> None:
        def what(one: Hit | None) -> tuple[object, ...] | None:
            return one and (one.object, one.kind, one.index)

        if what(hit) != what(self._hit):
            self._hit = hit
            self.update()
            self.hovered.emit(hit)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._last = event.position()
        self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        buttons = event.buttons()
        if not buttons:
            if sum(mesh.n_faces for mesh in self._scene.objects) <= _POINTED:
                self._point_at(self._pick(event.position()))
            return
        if self._pressed is None:
            return
        self._is_dragging |= (event.position() - self._pressed).manhattanLength() > _CLICK
        if self._is_dragging:
            self._point_at(None)
            is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            is_panning = is_shifted or not buttons & Qt.MouseButton.LeftButton
            by = event.position() - self._last
            self.set_camera(after_drag(self._camera, by, is_panning=is_panning, size=self._size()))
            self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_pressed, self._pressed = self._pressed, None
        if was_pressed is None or self._is_dragging or event.button() != Qt.MouseButton.LeftButton:
            return
        hit = self._pick(event.position())
        if hit is not None:
            signal = self.vertex_clicked if hit.kind == "vertex" else self.face_clicked
            signal.emit(hit.object, hit.index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches:
            at = event.position()
            self.set_camera(self._camera.zoomed(ZOOM_STEP**notches, (at.x(), at.y()), self._size()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        act = self._key_actions().get(key)
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        camera = after_key(self._camera, key, is_shifted=is_shifted, size=self._size())
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif act is not None:
            act()
        elif camera is not None:
            self.set_camera(camera)
        else:
            super().keyPressEvent(event)

    def _key_actions(self) -> dict[Qt.Key, Callable[[], None]]:
        def toggle(style: MeshStyle) -> None:
            self.set_style("solid" if self._style == style else style)

        return {
            Qt.Key.Key_F: self.fit,
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_W: lambda: toggle("wireframe"),
            Qt.Key.Key_X: lambda: toggle("xray"),
        }

    # The looks

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._image = None
        if self._is_fitted:
            self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._marks = None
            self._repaint()


def _choice(renderer: Renderer) -> str:
    asked = os.environ.get(SWITCH, "auto") if renderer == "auto" else renderer
    if asked not in ("auto", "opengl", "painted"):
        _log.warning("%s is %r; there are auto, opengl and painted.", SWITCH, asked)
        return "auto"
    return asked


def _is_alike(one: MeshScene, other: MeshScene) -> bool:
    """Whether two scenes take about the same room."""
    (low, high), (other_low, other_high) = one.bounds(), other.bounds()
    size, other_size = float((high - low).max()), float((other_high - other_low).max())
    moved = np.abs((low + high) / 2 - (other_low + other_high) / 2).max()
    return _SMALLER * size <= other_size <= _LARGER * size and bool(moved < size / 2)
