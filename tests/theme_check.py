"""Whether a view follows the theme, painter by painter: beside Qt's own widgets one that does not would not be seen."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from widgets.look.theme import DARK, LIGHT
from widgets.view import View


def paints_itself(widget: QWidget) -> bool:
    """Whether what it looks like is drawn by a class of ours, from a style that it was handed."""
    return any("paintEvent" in vars(cls) for cls in type(widget).__mro__ if cls.__module__.startswith("widgets."))


def painters_that_ignore_the_theme(view: View) -> list[str]:
    """Names of the visible parts that look the same in the light theme and in the dark one."""
    parts = [part for part in view.findChildren(QWidget) if paints_itself(part) and part.isVisible()]
    parts = [part for part in parts if part.width() > 8 and part.height() > 8]
    looks = []
    for theme in (LIGHT, DARK):
        view.setPalette(theme.palette())
        looks.append([_image(part) for part in parts])
    assert parts, "it paints nothing"
    return [
        f"{type(part).__name__} {part.objectName()}"
        for part, one, other in zip(parts, *looks, strict=True)
        if one == other
    ]


def _image(part: QWidget) -> QImage:
    return part.grab().toImage()
