"""The growth of a mesh as images: which moments, how long each, and how they look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from PIL import Image
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from app.export.mesh_look import MeshLook
from inference.results.mesh import MeshSample
from widgets.player.playback import STEPS_A_SECOND
from widgets.scene3d.painter_renderer import PainterRenderer
from widgets.scene3d.scene import MeshScene
from widgets.views.mesh.overlay import Overlay
from widgets.views.mesh.scene import ShownMeshes

FRAMES_A_SECOND = 25
HOLD = 1.5  # seconds that the whole mesh stands at the end
MOST_SECONDS = 300
_DESIGN_HEIGHT = 600.0  # pixels at which lines and letters have their usual size


@dataclass(frozen=True)
class Run:
    """A moment of the growth, and for how many frames it stays."""

    step: int
    n_frames: int


class Film:
    """A mesh that grows token by token and then stands for a moment.

    Attributes
    ----------
    runs
        In order; what looks the same is one run.
    """

    def __init__(self, sample: MeshSample, look: MeshLook) -> None:
        self._look = look
        self._meshes = ShownMeshes()
        self._meshes.show((sample,))
        (self._growth,) = self._meshes.growths
        first = self._growth.first_sampled()
        n_steps = self._growth.n_steps - first
        n_frames = max(2, ceil(growing_seconds(n_steps, look) * FRAMES_A_SECOND))
        steps = [first + frame * (n_steps - 1) // (n_frames - 1) for frame in range(n_frames)]
        self.runs = self._joined([*steps, *[steps[-1]] * round(HOLD * FRAMES_A_SECOND)])
        self._renderer = PainterRenderer()
        self._camera = look.camera_for(self._scene(self.runs[-1].step))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._look.size

    @property
    def n_frames(self) -> int:
        return sum(run.n_frames for run in self.runs)

    def images(self) -> Iterator[Image.Image]:
        """One for each run, RGB."""
        for run in self.runs:
            yield as_pillow(self.image(run.step))

    def image(self, step: int) -> QImage:
        """The mesh behind the token of a step."""
        width, height = self._look.size
        image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
        style = self._look.style()
        image.fill(style.theme.paper)
        scale = height / _DESIGN_HEIGHT
        painter = QPainter(image)
        try:
            painter.scale(scale, scale)
            rect = QRectF(0, 0, width / scale, height / scale)
            self._renderer.paint(painter, rect, self._scene(step), self._camera, style, self._look.mesh_style)
        finally:
            painter.end()
        return image

    def _scene(self, step: int) -> MeshScene:
        return self._meshes.scene(step, self._look.color_by, Overlay(), self._look.style(), is_still=False)

    def _joined(self, steps: list[int]) -> list[Run]:
        runs: list[Run] = []
        last: tuple[object, ...] | None = None
        for step in steps:
            moment = self._growth.at(step)
            seen = (moment.part, moment.n_vertices, moment.n_faces, moment.ring)
            runs[-1:] = [Run(runs[-1].step, runs[-1].n_frames + 1)] if seen == last else [*runs[-1:], Run(step, 1)]
            last = seen
        return runs


def growing_seconds(n_steps: int, look: MeshLook) -> float:
    """How long the growth lasts."""
    return look.seconds if look.seconds else n_steps / (STEPS_A_SECOND * look.speed)


def as_pillow(image: QImage) -> Image.Image:
    """The same pixels, RGB."""
    size, stride = (image.width(), image.height()), image.bytesPerLine()
    return Image.frombytes("RGB", size, bytes(image.constBits()), "raw", "BGRX", stride)
