"""The growth of a mesh as a film."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from app.export.films import FRAMES_A_SECOND, HOLD, Film, Shot
from app.export.mesh_look import MeshLook
from app.export.page.sheet import MAX_CAPTION_LINES, wrapped
from app.export.saving import ExportError
from inference.results.mesh import MeshSample
from widgets.kit.clean import clean
from widgets.look.theme import FigureStyle
from widgets.player.playback import STEPS_A_SECOND
from widgets.scene3d.painter_renderer import PainterRenderer
from widgets.scene3d.scene import MeshScene
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.overlay import Overlay
from widgets.views.mesh.scene import ShownMeshes

MOST_SECONDS = 300
_MARGIN = 8.0
_DESIGN_HEIGHT = 600.0  # pixels at which lines and letters have their usual size


def film_of_mesh(sample: MeshSample, look: MeshLook, notes: tuple[str, ...] = ()) -> Film:
    """A mesh that grows token by token and then stands for a moment; what looks the same is one shot.

    Parameters
    ----------
    notes
        What was left aside or assumed: at the bottom of each image.

    Raises
    ------
    ExportError
        It would last longer than `MOST_SECONDS`.
    """
    meshes = ShownMeshes()
    meshes.show((sample,))
    (growth,) = meshes.growths
    seconds = look.seconds if look.seconds else growth.n_steps / (STEPS_A_SECOND * look.speed)
    if seconds > MOST_SECONDS:
        raise ExportError(
            f"The film would last {seconds:,.0f} seconds; at most {MOST_SECONDS} are written, so choose a higher speed."
        )
    shots = _shots(growth, look)
    style, renderer = look.style(), PainterRenderer()

    def scene(step: int) -> MeshScene:
        return meshes.scene(step, look.color_by, Overlay(), style, is_still=False)

    camera = look.camera_for(scene(shots[-1].step))

    def paint(step: int) -> QImage:
        width, height = look.size
        image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
        image.fill(style.theme.paper)
        scale = height / _DESIGN_HEIGHT
        with QPainter(image) as painter:
            painter.scale(scale, scale)
            rect = QRectF(0, 0, width / scale, height / scale)
            renderer.paint(painter, rect, scene(step), camera, style, look.mesh_style)
            _write_notes(painter, rect, notes, style)
        return image

    return Film(shots, paint)


def _write_notes(painter: QPainter, rect: QRectF, notes: tuple[str, ...], style: FigureStyle) -> None:
    painter.setFont(style.font)
    painter.setPen(style.theme.faint)
    metrics, width = QFontMetricsF(painter.fontMetrics()), rect.width() - 2 * _MARGIN
    lines = wrapped(" ".join(map(clean, notes)), metrics, width, MAX_CAPTION_LINES * len(notes))
    spacing = metrics.lineSpacing()
    top = rect.bottom() - _MARGIN - len(lines) * spacing
    for number, line in enumerate(lines):
        painter.drawText(QRectF(_MARGIN, top + number * spacing, width, spacing), line)


def _shots(growth: Growth, look: MeshLook) -> list[Shot]:
    first = growth.first_sampled()
    n_steps = growth.n_steps - first
    seconds = look.seconds if look.seconds else n_steps / (STEPS_A_SECOND * look.speed)
    n_frames = max(2, ceil(seconds * FRAMES_A_SECOND))
    steps = [first + frame * (n_steps - 1) // (n_frames - 1) for frame in range(n_frames)]
    shots: list[Shot] = []
    last: tuple[object, ...] | None = None
    for step in [*steps, *[steps[-1]] * round(HOLD * FRAMES_A_SECOND)]:
        moment = growth.at(step)
        seen = (moment.part, moment.n_vertices, moment.n_faces, moment.ring)
        shots[-1:] = [Shot(shots[-1].step, shots[-1].n_frames + 1)] if seen == last else [*shots[-1:], Shot(step, 1)]
        last = seen
    return shots
