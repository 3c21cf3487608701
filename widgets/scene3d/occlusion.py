"""Which faces are seen, and which points they hide: every pixel remembers its foremost face."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

_SPAN = 2e-3  # of the scene's width: what is nearer to a face lies on it
_BESIDE = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))  # a corner's pixel may show the face next to its own


class ItemBuffer:
    """A picture whose colours are numbers of faces (Weghorst, Hooper and Greenberg, "Improved computational methods
    for ray tracing", 1984). Paint faces from the back to the front, then ask.
    """

    def __init__(self, size: tuple[float, float], scale: float = 1.0) -> None:
        self._scale = scale
        width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        self._image = QImage(width, height, QImage.Format.Format_RGB32)
        self._image.fill(0xFF000000)
        self._stretch = width / size[0], height / size[1]
        self._polygons: list[tuple[QPolygonF, int]] = []
        self._numbers: np.ndarray | None = None

    def paint(self, polygon: QPolygonF, number: int) -> None:
        """A polygon; its number is 0 or more."""
        self._polygons.append((polygon, number))

    def numbers(self) -> np.ndarray:
        """The foremost face of each pixel, counted from 1, 0 where there is none: uint32 [row, column]."""
        if self._numbers is None:
            with QPainter(self._image) as painter:
                painter.scale(*self._stretch)
                painter.setPen(Qt.PenStyle.NoPen)
                for polygon, number in self._polygons:
                    painter.setBrush(QColor.fromRgb(number + 1))
                    painter.drawPolygon(polygon)
            height, width = self._image.height(), self._image.width()
            pixels = np.frombuffer(self._image.constBits(), np.uint32).reshape(height, width)
            self._numbers = pixels & 0xFFFFFF
        return self._numbers

    def seen(self, n: int) -> list[bool]:
        """Which of the numbers up to n have a pixel."""
        is_seen = np.zeros(n + 1, bool)
        is_seen[self.numbers().ravel()] = True
        return is_seen[1:].tolist()

    def is_hidden(
        self,
        points: np.ndarray,
        places: np.ndarray,
        planes: np.ndarray,
        eye: np.ndarray,
        span: float,
        *,
        is_direction: bool,
        beside: bool = True,
    ) -> np.ndarray:
        """Whether faces hide points: bool [N].

        Parameters
        ----------
        points, places
            float [N, 3] in space and [N, 2] in the picture.
        planes
            float [faces, 4]: normal and constant of every numbered face.
        eye
            Where the viewer is, or the direction towards one far away.
        beside
            Points that a neighbouring pixel shows are seen too.
        """
        numbers = self.numbers()
        height, width = numbers.shape
        at = np.floor(places * self._scale).astype(int)
        hidden = np.ones(len(points), bool)
        for dx, dy in _BESIDE if beside else _BESIDE[:1]:
            x, y = np.clip(at[:, 0] + dx, 0, width - 1), np.clip(at[:, 1] + dy, 0, height - 1)
            number = numbers[y, x].astype(np.int64) - 1
            plane = planes[np.maximum(number, 0)] if len(planes) else np.zeros((len(points), 4))
            # The face covers the point's pixel: it hides the point that lies on its other side.
            point_side = (plane[:, :3] * points).sum(1) - plane[:, 3]
            eye_side = plane[:, :3] @ eye - (0 if is_direction else plane[:, 3])
            hidden &= (number >= 0) & (point_side * np.sign(eye_side) < -_SPAN * span)
        return hidden
