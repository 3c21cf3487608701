"""A figure whose painting fails leaves the window alive, says one sentence, and the program ends in peace."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from types import SimpleNamespace
from PySide6.QtCore import QSizeF
from PySide6.QtWidgets import QApplication, QMainWindow
from app.window.application import _Reporter
from widgets.kit.figure_canvas import FigureCanvas
from widgets.look.theme import FigureStyle

class Figure:
    def __init__(self, is_broken):
        self.is_broken, self.n_painted = is_broken, 0

    def paint(self, painter, rect, style):
        self.n_painted += 1
        painter.save()
        if self.is_broken:
            raise ZeroDivisionError("no such row")
        painter.restore()

application = QApplication([])
said = []
line = SimpleNamespace(show_message=lambda text, about: said.append(text))
sys.excepthook = _Reporter(SimpleNamespace(status_line=line))
window, canvas = QMainWindow(), FigureCanvas()
window.setCentralWidget(canvas)
window.show()

def show(figure):
    canvas.show_figure(figure, FigureStyle.of(canvas))
    for _ in range(5):
        canvas.update()
        application.processEvents()
    return figure

assert show(Figure(True)).n_painted == 1
assert said == ["Something went wrong: ZeroDivisionError: no such row"], said
assert window.isVisible()
assert show(Figure(False)).n_painted == 1
assert len(said) == 1
window.close()
"""


def test_a_figure_that_cannot_be_painted_costs_its_picture():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    # A painter that is left open crashes Qt sooner or later: at the end, say, when what it paints on goes first.
    assert "active painter" not in done.stderr
    assert "being painted" not in done.stderr
