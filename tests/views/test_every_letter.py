"""Every letter and every control of every view: named, explained, readable, and whole whatever its size."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.controls import nameless, pale, squeezed, untold
from tests.lettering import cut, unreadable, watched
from tests.views.test_all_views import shown, views
from widgets.look.theme import DARK, LIGHT, FigureStyle

# What is left for a view of 1280 x 800 and 1920 x 1080 pixels, by the size of letters; panels make room for large ones.
PROJECTOR, SCREEN = QSize(800, 560), QSize(1220, 760)
ROOMS = {0.8: (PROJECTOR,), 1.0: (PROJECTOR,), 1.4: (PROJECTOR,), 2.0: (QSize(1260, 480), SCREEN)}
THEMES = (LIGHT, DARK)


def set_scale(view, scale: float) -> None:
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * scale)
    view.setFont(font)
    QApplication.processEvents()


@views
def test_every_control_and_every_letter_is_named_told_whole_and_readable(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    found = {"without a name": nameless(view), "without a word on hover": untold(view)}
    for scale, rooms in ROOMS.items():
        for size in rooms:
            view.resize(size)
            set_scale(view, scale)
            for theme in THEMES:
                view.setPalette(theme.palette())
                with watched() as words:
                    view.grab()
                where = f"{theme.name}, {scale:g}, {size.width()} x {size.height()}"
                found[where] = cut(words) + unreadable(words) + squeezed(view) + pale(view)
    figure = view.figure()
    for theme in THEMES:
        style = FigureStyle(theme)
        image = QImage(figure.natural_size(style).toSize() + QSize(1, 1), QImage.Format.Format_RGB32)
        image.fill(theme.paper)
        with QPainter(image) as painter, watched() as words:
            figure.paint(painter, image.rect().toRectF(), style)
        found[f"a {theme.name} file"] = cut(words) + unreadable(words)
    assert {where: what for where, what in found.items() if what} == {}
