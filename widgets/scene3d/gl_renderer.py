"""A mesh scene drawn by OpenGL, into a picture: the window stays an ordinary one.

An OpenGL widget would make Qt compose the whole window, all other views included, through OpenGL. Here a context of
its own draws into a buffer that is read back: on software OpenGL a copy, on a graphics card a millisecond or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QImage, QMatrix4x4, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat, QOpenGLVertexArrayObject
from shiboken6 import isValid

from widgets.look.theme import Theme
from widgets.scene3d import gl_shaders, shading
from widgets.scene3d.camera import Camera
from widgets.scene3d.gl_buffers import (
    COLOR,
    CORNER,
    LINE,
    POINT,
    Buffer,
    EdgeBuffer,
    FaceBuffers,
    line_records,
    point_records,
    sheet_records,
)
from widgets.scene3d.gl_program import NoOpenGL, Program, pointer
from widgets.scene3d.marks import SceneMarks
from widgets.scene3d.polygons import Polygons
from widgets.scene3d.scene import MeshScene, MeshStyle

_LIFT = 0.004  # of the distance to the eye
# Faces, without and with a graphics card; the edges of more are drawn with the faces, quicker and coarser.
_FINE = 3_000, 30_000
_SORTED = 50_000  # translucent triangles; more are drawn as they come
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")

_NOWHERE = (0.0, 0.0, 0.0)

# Of OpenGL
_DEPTH_BIT, _COLOR_BIT, _TRIANGLES, _POINTS = 0x100, 0x4000, 4, 0
_DEPTH_TEST, _BLEND, _POINT_SPRITE, _PROGRAM_POINT_SIZE = 0x0B71, 0x0BE2, 0x8861, 0x8642
_LESS_EQUAL, _GREATER = 0x203, 0x204
_SOURCE_ALPHA, _ONE, _ONE_MINUS_SOURCE_ALPHA = 0x302, 1, 0x303
_BGRA, _UNSIGNED_BYTE, _UNSIGNED_INT = 0x80E1, 0x1401, 0x1405
_RENDERER = 0x1F01


@dataclass(frozen=True)
class _Frame:
    """What all shaders of a picture are told."""

    camera: Camera
    style: MeshStyle
    matrix: QMatrix4x4
    eye: tuple[float, ...]
    screen: tuple[float, float]
    ratio: float
    wire: tuple[float, ...]

    @staticmethod
    def of(camera: Camera, theme: Theme, style: MeshStyle, size: QSize, ratio: float) -> _Frame:
        screen = float(size.width()), float(size.height())
        # Upside down: rows come out of a card from the bottom up.
        matrix = np.diag([1.0, -1.0, 1.0, 1.0]) @ camera.clip(screen) @ camera.view()
        eye = (*camera.eye().tolist(), 1.0)
        if camera.projection == "orthographic":
            eye = (*(camera.distance * camera.axes()[2]).tolist(), 0.0)
        wire = shading.wire(style, theme)
        colors = (0.0,) * 4 if wire is None else tuple((wire / 255).tolist())
        return _Frame(camera, style, QMatrix4x4(matrix.ravel().tolist()), eye, screen, ratio, colors)


class GlRenderer:
    """Draws scenes; a scene that grows costs what is new. Raises NoOpenGL where there is none."""

    def __init__(self) -> None:
        if QGuiApplication.platformName() in ("offscreen", "minimal"):
            raise NoOpenGL("there is no screen")
        self._context = QOpenGLContext()
        form = QSurfaceFormat.defaultFormat()
        form.setDepthBufferSize(24)
        self._context.setFormat(form)
        if not self._context.create():
            raise NoOpenGL("there is no OpenGL here")
        if self._context.isOpenGLES():
            raise NoOpenGL("there is only OpenGL ES here")
        self._surface = QOffscreenSurface()
        self._surface.setFormat(self._context.format())
        self._surface.create()
        self._target: QOpenGLFramebufferObject | None = None
        self._faces: list[FaceBuffers] = []
        self._edges: list[EdgeBuffer] = []
        self._points: list[Buffer] = []
        self._sent: list[tuple[tuple[object, ...], tuple[object, ...]]] = []
        self._marks: SceneMarks | None = None
        self._image = QImage()
        self._make_current()
        try:
            self._gl: Any = self._context.functions()
            self.name = str(self._gl.glGetString(_RENDERER))
            # Smoothing the outlines takes a processor longer than all the rest.
            is_software = any(word in self.name.lower() for word in _SOFTWARE)
            self._n_samples = 0 if is_software else 4
            self._n_fine = _FINE[0] if is_software else _FINE[1]
            # The context's own: at its end Qt deletes what only Python owns in any order, before the viewer is gone.
            self._array = QOpenGLVertexArrayObject(self._context)
            self._array.create()
            self._face_program = Program(gl_shaders.FACE_VERTEX, gl_shaders.FACE_FRAGMENT)
            self._line_program = Program(gl_shaders.LINE_VERTEX, gl_shaders.LINE_FRAGMENT)
            self._point_program = Program(gl_shaders.POINT_VERTEX, gl_shaders.POINT_FRAGMENT)
            self._lines, self._discs = Buffer(LINE), Buffer(POINT)
            self._sheets, self._sheet_colors = Buffer(CORNER), Buffer(COLOR)
        finally:
            self._context.doneCurrent()

    def release(self) -> None:
        """Give everything on the card back; it cannot draw afterwards."""
        # At the end of the program Qt deletes what Python made in any order: each part may be gone, and none is called.
        is_there = isValid(self._context) and isValid(self._surface) and self._context.isValid()
        if is_there and self._context.makeCurrent(self._surface):
            self._faces, self._edges, self._points, self._target = [], [], [], None
            del self._lines, self._discs, self._sheets, self._sheet_colors
            del self._face_program, self._line_program, self._point_program
            del self._array
            self._context.doneCurrent()

    def _make_current(self) -> None:
        if not self._context.isValid() or not self._context.makeCurrent(self._surface):
            raise NoOpenGL("OpenGL was lost")

    def draw(
        self,
        scene: MeshScene,
        polygons: list[Polygons],
        marks: SceneMarks,
        camera: Camera,
        theme: Theme,
        style: MeshStyle,
        size: QSize,
        ratio: float,
    ) -> QImage:
        """The picture without its texts, `size` pixels, `ratio` of them a point. Valid until the next one."""
        self._make_current()
        try:
            self._send(scene, polygons, marks, theme)
            target = self._bound_target(size)
            self._draw(scene, polygons, marks, _Frame.of(camera, theme, style, size, ratio), theme)
            self._read(target, size)
            if error := self._gl.glGetError():
                raise NoOpenGL(f"OpenGL failed with error {error:#x}")
            return self._image
        finally:
            self._context.doneCurrent()

    # To the card

    def _send(self, scene: MeshScene, polygons: list[Polygons], marks: SceneMarks, theme: Theme) -> None:
        colors = shading.colors_of(theme)
        n = len(scene.objects)
        while len(self._faces) < n:
            self._faces.append(FaceBuffers())
            self._edges.append(EdgeBuffer())
            self._points.append(Buffer(POINT))
            self._sent.append(((None,) * 4, (None,) * 4))
        del self._faces[n:], self._edges[n:], self._points[n:], self._sent[n:]
        for number, (mesh, faces) in enumerate(zip(scene.objects, polygons, strict=True)):
            sent = (faces, mesh.face_colors, mesh.selected_faces, theme)
            looks = (mesh.vertices, mesh.vertex_colors, mesh.vertex_sizes, theme)
            last = self._sent[number]
            if any(one is not other for one, other in zip(sent, last[0], strict=True)):
                own = shading.face_colors(mesh, colors)
                self._faces[number].update(faces, own)
                if faces.n_faces <= self._n_fine:
                    self._edges[number].update(faces, shading.edge_colors(own))
            if any(one is not other for one, other in zip(looks, last[1], strict=True)):
                records = point_records(
                    mesh.vertices, shading.vertex_colors(mesh, colors), shading.vertex_sizes(mesh), 0.0
                )
                self._points[number].write(records)
            self._sent[number] = (sent, looks)
        if marks is not self._marks:
            # Lines that faces hide come first, those that shine through them last.
            order = np.argsort(marks.behind > 0, kind="stable")
            self._lines.write(
                line_records(
                    marks.segments[order], marks.segment_colors[order], marks.widths[order], marks.behind[order]
                )
            )
            self._discs.write(point_records(marks.points, marks.point_colors, marks.sizes, marks.point_behind))
            self._marks = marks

    # The picture

    def _draw(self, scene: MeshScene, polygons: list[Polygons], marks: SceneMarks, frame: _Frame, theme: Theme) -> None:
        gl = self._gl
        self._array.bind()
        gl.glViewport(0, 0, int(frame.screen[0]), int(frame.screen[1]))
        red, green, blue, _ = shading.rgba(theme.paper) / 255
        gl.glClearColor(red, green, blue, 1.0)
        gl.glDepthMask(True)
        gl.glClear(_COLOR_BIT | _DEPTH_BIT)
        for feature in (_DEPTH_TEST, _PROGRAM_POINT_SIZE, _POINT_SPRITE):
            gl.glEnable(feature)
        gl.glDepthFunc(_LESS_EQUAL)
        gl.glBlendFuncSeparate(_SOURCE_ALPHA, _ONE_MINUS_SOURCE_ALPHA, _ONE, _ONE_MINUS_SOURCE_ALPHA)
        n_vanishing = int((marks.behind == 0).sum())
        if frame.style == "solid":
            self._draw_faces(scene, polygons, frame)
        gl.glEnable(_BLEND)
        gl.glDepthMask(False)
        self._draw_lines(self._lines, n_vanishing, frame)
        if frame.style != "solid":
            self._draw_faces(scene, polygons, frame)
        self._draw_edges(scene, polygons, frame)
        self._draw_sheets(marks, frame)
        for is_behind in (True, False):
            gl.glDepthFunc(_GREATER if is_behind else _LESS_EQUAL)
            n = len(marks.segments) - n_vanishing
            self._draw_lines(self._lines, n, frame, first=n_vanishing, lift=_LIFT / 2, is_behind=is_behind)
            for mesh, points in zip(scene.objects, self._points, strict=True):
                if mesh.show_vertices and not is_behind:
                    self._draw_points(points, mesh.n_vertices, frame, offset=mesh.offset)
            self._draw_points(self._discs, len(marks.points), frame, is_behind=is_behind)
        gl.glDisable(_BLEND)
        self._array.release()

    def _draw_faces(self, scene: MeshScene, polygons: list[Polygons], frame: _Frame) -> None:
        program, camera = self._face_program, frame.camera
        light = np.asarray(shading.LIGHT) @ np.array(camera.axes())
        program.use(matrix=frame.matrix, light=light, opacity=shading.opacity(frame.style), wire=frame.wire)
        order = sorted(range(len(scene.objects)), key=lambda number: -_depth(camera, scene, number))
        for number in order:
            mesh, faces = scene.objects[number], polygons[number]
            n, is_fine = faces.n_triangles(mesh.n_faces), faces.n_faces <= self._n_fine
            if not n or (is_fine and frame.style == "wireframe"):
                continue
            half_width = -1.0 if is_fine else 0.5 * shading.EDGE_WIDTH * frame.ratio
            program.use(offset=mesh.offset, half_width=half_width)
            self._faces[number].attach(program)
            if frame.style == "xray" and n <= _SORTED:
                indices = _far_first(faces, n, camera)
                self._gl.glDrawElements(_TRIANGLES, 3 * n, _UNSIGNED_INT, pointer(indices))
            else:
                self._gl.glDrawArrays(_TRIANGLES, 0, 3 * n)

    def _draw_edges(self, scene: MeshScene, polygons: list[Polygons], frame: _Frame) -> None:
        for mesh, faces, edges in zip(scene.objects, polygons, self._edges, strict=True):
            if faces.n_faces <= self._n_fine:
                n = edges.n_edges(mesh.n_faces)
                self._draw_lines(edges, n, frame, lift=_LIFT / 4, offset=mesh.offset, wire=frame.wire)

    def _draw_sheets(self, marks: SceneMarks, frame: _Frame) -> None:
        if not len(marks.sheets):
            return
        heights, camera = marks.sheets[:, 0, 2], frame.camera
        is_far = camera.projection == "orthographic"
        away = -heights * camera.axes()[2][2] if is_far else np.abs(heights - camera.eye()[2])
        order = np.argsort(-away, kind="stable")
        corners, colors = sheet_records(marks.sheets[order], marks.sheet_colors[order])
        self._sheets.write(corners)
        self._sheet_colors.write(colors)
        self._face_program.use(matrix=frame.matrix, offset=_NOWHERE, opacity=1.0, half_width=-1.0)
        self._sheets.attach(self._face_program)
        self._sheet_colors.attach(self._face_program)
        self._gl.glDrawArrays(_TRIANGLES, 0, 6 * len(order))

    def _draw_lines(
        self,
        lines: Buffer | EdgeBuffer,
        n: int,
        frame: _Frame,
        *,
        first: int = 0,
        lift: float = 0.0,
        is_behind: bool = False,
        offset: tuple[float, float, float] = _NOWHERE,
        wire: tuple[float, ...] = (0.0,) * 4,
    ) -> None:
        if n:
            program = self._line_program
            program.use(matrix=frame.matrix, eye=frame.eye, screen=frame.screen, ratio=frame.ratio)
            program.use(lift=lift, is_behind=is_behind, offset=offset, wire=wire)
            lines.attach(program)
            self._gl.glDrawArrays(_TRIANGLES, 6 * first, 6 * n)

    def _draw_points(
        self,
        points: Buffer,
        n: int,
        frame: _Frame,
        *,
        is_behind: bool = False,
        offset: tuple[float, float, float] = _NOWHERE,
    ) -> None:
        if n:
            program = self._point_program
            program.use(matrix=frame.matrix, eye=frame.eye, ratio=frame.ratio)
            program.use(lift=_LIFT, is_behind=is_behind, offset=offset)
            points.attach(program)
            self._gl.glDrawArrays(_POINTS, 0, n)

    # Pixels

    def _bound_target(self, size: QSize) -> QOpenGLFramebufferObject:
        if self._target is None or self._target.size() != size:
            form = QOpenGLFramebufferObjectFormat()
            form.setAttachment(QOpenGLFramebufferObject.Attachment.Depth)
            form.setSamples(self._n_samples)
            self._target = QOpenGLFramebufferObject(size, form)
            self._image = QImage(size, QImage.Format.Format_RGB32)
        if not self._target.isValid() or not self._target.bind():
            raise NoOpenGL(f"OpenGL gives no buffer of {size.width()} x {size.height()} pixels")
        return self._target

    def _read(self, target: QOpenGLFramebufferObject, size: QSize) -> None:
        if target.format().samples() > 0:
            plain = QOpenGLFramebufferObject(size)
            QOpenGLFramebufferObject.blitFramebuffer(plain, target)
            plain.bind()
            self._read_bound(size)
            plain.release()
        else:
            self._read_bound(size)
            target.release()

    def _read_bound(self, size: QSize) -> None:
        # Into the picture's own memory; drawn upside down, it comes out upright.
        bits = pointer(self._image.bits())
        self._gl.glReadPixels(0, 0, size.width(), size.height(), _BGRA, _UNSIGNED_BYTE, bits)


def _depth(camera: Camera, scene: MeshScene, number: int) -> float:
    low, high = scene.objects[number].room()
    middle = (low + high) / 2 + np.asarray(scene.objects[number].offset)
    return float(-(middle - camera.eye()) @ camera.axes()[2])


def _far_first(faces: Polygons, n: int, camera: Camera) -> np.ndarray:
    """Corners of triangles, the farthest first: uint32 [3 n]."""
    depths = -(faces.vertices @ camera.axes()[2].astype(np.float32))
    middles = depths[faces.corners[faces.triangles[:n]]].sum(1)
    order = np.argsort(-middles, kind="stable")
    return (3 * order[:, None] + np.arange(3)).astype(np.uint32).ravel()
