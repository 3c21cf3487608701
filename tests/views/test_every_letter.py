"""Every letter and every control of every view: named, explained, readable, and whole whatever its size."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.controls import nameless, pale, squeezed, untold
from tests.lettering import cut, unreadable, watched
from tests.views.test_all_views import shown, views
from widgets.look.theme import DARK, LIGHT, FigureStyle

SCALES = (0.8, 1.0, 1.4, 2.0)
THEMES = (LIGHT, DARK)
PROJECTOR, SCREEN = QSize(800, 560), QSize(1400, 800)  # what is left for a view of 1280 x 800 and 1920 x 1080 pixels


def set_scale(view, scale: float) -> None:
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * scale)
    view.setFont(font)
    QApplication.processEvents()


@views
def test_every_control_and_every_letter_is_named_told_whole_and_readable(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    found = {"without a name": nameless(view), "without a word on hover": untold(view)}
    for number, scale in enumerate(SCALES):
        theme = THEMES[number % 2]
        view.resize(SCREEN if scale == max(SCALES) else PROJECTOR)
        view.setPalette(theme.palette())
        set_scale(view, scale)
        with watched() as words:
            view.grab()
        found[f"{theme.name}, {scale:g}"] = cut(words) + unreadable(words) + squeezed(view) + pale(view)
    figure = view.figure()
    for theme in THEMES:
        style = FigureStyle(theme)
        image = QImage(figure.natural_size(style).toSize() + QSize(1, 1), QImage.Format.Format_RGB32)
        image.fill(theme.paper)
        with QPainter(image) as painter, watched() as words:
            figure.paint(painter, image.rect().toRectF(), style)
        found[f"a {theme.name} file"] = cut(words) + unreadable(words)
    assert {where: what for where, what in found.items() if what} == {}
