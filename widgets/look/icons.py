"""Line icons of one family, in the colour of the letters beside them."""

from __future__ import annotations

import os
from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from resources import ROOT

_FOLDER = ROOT / "icons" / "line"
_DRAWN_IN = "#000"


def line_icon(name: str) -> QIcon:
    """An icon of `resources/icons/line`, tinted anew whenever it is painted: it follows the theme.

    Raises
    ------
    KeyError
        There is none of that name.
    """
    if name not in icon_names():
        raise KeyError(f"There is no icon {name!r}; there are {', '.join(icon_names())}.")
    return QIcon(_LineIcon(name))


@cache
def icon_names() -> tuple[str, ...]:
    """All there are."""
    return tuple(sorted(name.removesuffix(".svg") for name in os.listdir(_FOLDER) if name.endswith(".svg")))


class _LineIcon(QIconEngine):
    """Painted from its lines at any size."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        palette = QGuiApplication.palette()
        groups, roles = QPalette.ColorGroup, QPalette.ColorRole
        group = groups.Disabled if mode == QIcon.Mode.Disabled else groups.Active
        role = roles.HighlightedText if mode == QIcon.Mode.Selected else roles.ButtonText
        _renderer(self._name, palette.color(group, role).name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(  # noqa: N802
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """`size` is in pixels of the device already."""
        pixmap = QPixmap(size)
        pixmap.fill(QColor(Qt.GlobalColor.transparent))
        with QPainter(pixmap) as painter:
            self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        return pixmap


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    lines = (_FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace(_DRAWN_IN, color)
    return QSvgRenderer(QByteArray(lines.encode()))
