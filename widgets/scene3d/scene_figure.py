"""A mesh scene as a figure: painted polygons, without those that others hide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.counts import number_of
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.scene3d.camera import Camera
from widgets.scene3d.painter_renderer import PainterRenderer
from widgets.scene3d.polygons import polygons_of
from widgets.scene3d.scene import MeshScene, MeshStyle

_HEIGHT = 30  # lines of text


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshFigure", text)


@dataclass(frozen=True)
class MeshFigure:
    """What a mesh viewer shows, painted: the same polygons and edges whatever it is painted into.

    Attributes
    ----------
    aspect
        Width by height of the image that the camera was set for; a narrower one shows no less.
    """

    scene: MeshScene
    camera: Camera
    mesh_style: MeshStyle = "solid"
    aspect: float = 4 / 3

    @property
    def caption(self) -> str:
        n_vertices = sum(mesh.n_vertices for mesh in self.scene.objects)
        n_faces = sum(mesh.n_faces for mesh in self.scene.objects)
        size = f"{number_of(n_vertices, 'vertices')}, {number_of(n_faces, 'faces')}"
        return f"{self.scene.caption}; {size}" if self.scene.caption else size

    def natural_size(self, style: FigureStyle) -> QSizeF:
        height = _HEIGHT * QFontMetricsF(style.font).height()
        return QSizeF(height * self.aspect, height)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        narrower = self.aspect * rect.height() / max(rect.width(), 1e-6)
        camera = replace(self.camera, distance=self.camera.distance * max(narrower, 1.0))
        PainterRenderer().paint(painter, rect, self.scene, camera, style, self.mesh_style)

    def numbers(self) -> Numbers:
        """The vertices and faces that are seen, without the places of the meshes in the image."""
        arrays: dict[str, np.ndarray] = {}
        rows: list[tuple[str | int | float, ...]] = []
        for number, mesh in enumerate(self.scene.objects):
            faces = polygons_of(mesh)
            n = int(faces.starts[mesh.n_faces])
            vertices = np.asarray(mesh.vertices)[: mesh.n_vertices]
            arrays[f"vertices_{number}"] = vertices
            arrays[f"face_starts_{number}"] = faces.starts[: mesh.n_faces + 1]
            arrays[f"face_vertices_{number}"] = faces.corners[:n]
            name = mesh.title or str(number)
            rows += [(name, vertex, *point) for vertex, point in enumerate(vertices.tolist())]
        return Numbers(arrays, ("mesh", "vertex", "x", "y", "z"), rows)
