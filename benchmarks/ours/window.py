"""Windows whose pixels are known to have reached the screen."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.ours.first_paint import PaintWatcher


def show(widget: QWidget, width: int = 1200, height: int = 900) -> None:
    """Show and wait for the first picture."""
    painted: list[bool] = []
    PaintWatcher(widget, lambda: painted.append(True))
    widget.resize(width, height)
    widget.show()
    wait_until(lambda: bool(painted))


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Let the event loop turn until then."""
    end = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents()
        if time.monotonic() > end:
            raise TimeoutError(f"{condition} is not so after {seconds} s")


def screenshot(widget: QWidget) -> QImage:
    """What the X server shows of a widget."""
    corner = widget.mapTo(widget.window(), widget.rect().topLeft())
    size = widget.size()
    window = widget.window().winId()
    return widget.screen().grabWindow(window, corner.x(), corner.y(), size.width(), size.height()).toImage()


def n_colors(image: QImage) -> int:
    """Different colours of a picture; an empty one has a handful."""
    return len(np.unique(pixels(image)))


def n_differing(one: QImage, other: QImage) -> int:
    """Pixels that are not the same in two pictures."""
    return int((pixels(one) != pixels(other)).sum())


def pixels(image: QImage) -> np.ndarray:
    """uint32 [row, column]."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return rows[:, : image.width()]
