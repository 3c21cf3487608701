"""How long one holds the window up with what is done again and again: `repeats CHECKPOINT N_TOKENS N_LONG WRITER N`.

The real window, runner and engine. Each action is done once, which builds what it needs, and then so many times as a
user would: the next one when the answer to the one before is on screen. Of each time, in the order of doing, the worst
turn of the event loop: ms of it in which this process worked while the loop was late, whatever others did meanwhile.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox, QWidget

from app import quick_start
from app.window.application import make_window
from app.window.main_window import MainWindow
from benchmarks import samples
from benchmarks.ours.ticks import Ticks
from benchmarks.ours.window import n_colors, screenshot, show
from inference.results.events import Progress
from inference.results.job import JobState
from widgets.maps.canvas import DeepZoomCanvas
from widgets.selection import Position
from widgets.view import View
from widgets.views.attention.attention_map import AttentionMap
from widgets.views.heads.head_grid import HeadGrid
from widgets.views.training.options import RunOptions
from widgets.views.training.view import TrainingView

IDLE = "nothing to do, behind all that"  # also a name in benchmarks/responsiveness.py
KNOWN = "work of one length, for comparison"  # also a name in benchmarks/responsiveness.py
N_SUMMED = 80_000  # numbers of that work
LOOK = 0.03  # seconds that one looks at least; what asks for a paint is painted in a later turn
WARM = 15.0  # seconds until all modules are imported, see `app.window.application.WarmUp`
STEP = 12  # pixels between two moves of the mouse
N_STEPS = 100  # of a training
N_BEGUN = 3  # ticks with which a training begins: its curves are built, and the list of jobs opens
NO_BUTTON, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton

Act = Callable[[], object]


class Repeats:
    """Does things in a window, and keeps the worst turn of each time."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.worst: dict[str, list[float]] = {}
        self._ticks = Ticks(window)

    def once(self, condition: Callable[[], bool], seconds: float = 1.0) -> None:
        """Let the event loop run until then and so long behind it; nothing of that is kept."""
        self._ticks.watch("once", condition)
        self._ticks.rest("once", seconds)

    def each(self, what: str, acts: list[Act], is_done: Callable[[], bool] = lambda: True) -> None:
        """Do one after the other; the next one when `is_done`, nothing is computed any more, and one has looked."""
        for act in acts:
            act()
            self._ticks.watch(what, lambda: is_done() and not self.window._runner.is_busy)
            self._ticks.rest(what, LOOK)
            self.note(what)

    def note(self, what: str) -> None:
        """All turns since the last time were one time of this."""
        if turns := self._ticks.by_phase.pop(what, []):
            self.worst.setdefault(what, []).append(max(own for _, own in turns))

    def watch(self, what: str, condition: Callable[[], bool]) -> None:
        """Let the event loop run until then; others call `note` meanwhile."""
        self._ticks.watch(what, condition)

    def known(self, n_times: int) -> None:
        """Work of one length, in Python: how fast the machine is meanwhile, and how evenly."""
        for _ in range(n_times):
            began = time.process_time()
            sum(k * k for k in range(N_SUMMED))
            self.worst.setdefault(KNOWN, []).append(1000 * (time.process_time() - began))
            self._ticks.rest("once", LOOK)

    def idle(self, n_times: int) -> None:
        """As many times nothing at all, of a tenth of a second."""
        for _ in range(n_times):
            self._ticks.rest(IDLE, 0.1)
            self.note(IDLE)


def main() -> None:
    checkpoint, writer = sys.argv[1], sys.argv[4]
    n_tokens, n_long, n_times = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[5])
    quick_start.begin()  # as the program does
    application = QApplication(sys.argv[:1])
    window = make_window(checkpoint)
    window.input_bar.set_text(" ".join(samples.words(n_tokens)[1:-1]), "")
    show(window, 1280, 800)
    repeats = Repeats(window)
    repeats.once(lambda: window.controller.checkpoint is not None, WARM)
    for name in ("heads", "attention", "arcs"):
        look(repeats, name, n_tokens, n_times + 1)
        repeats.known(-(-n_times // 4))
    assert n_colors(screenshot(window)) > 50, "the window stayed empty"
    look_at_long(repeats, n_long, n_times + 1)
    repeats.known(-(-n_times // 4))
    write(repeats, writer, n_times + 1)
    train(repeats, min(N_STEPS, 20 * n_times))
    repeats.once(lambda: not window._runner.is_busy)
    repeats.idle(5 * n_times)
    print(json.dumps(repeats.worst))
    window.close()
    application.processEvents()


def look(repeats: Repeats, name: str, n_tokens: int, n: int) -> None:
    """At the maps of a text in one view."""
    window = repeats.window
    window.area.show_view(name)
    view = window.area.views[name]
    repeats.once(lambda: view.figure() is not None and not window._runner.is_busy)
    choose(repeats, name.capitalize(), view, n_tokens, n)
    if name == "heads":
        (grid,) = view.findChildren(HeadGrid)
        repeats.each("Heads: pointed at", _points(grid, n))
    if name == "attention":
        (canvas,) = view.findChildren(AttentionMap)
        explore(repeats, "Attention", canvas, canvas.figure_rect().center(), n)


def choose(repeats: Repeats, title: str, view: View, n_tokens: int, n: int) -> None:
    """Other heads, layers and tokens."""
    update = repeats.window.selection.update
    heads: list[Act] = [partial(update, head=(k + 1) % samples.N_HEADS) for k in range(n)]
    layers: list[Act] = [partial(update, layer=(k + 1) % samples.N_LAYERS) for k in range(n)]
    tokens: list[Act] = [partial(update, query=Position("text", (7 * k + 3) % n_tokens)) for k in range(n)]
    for what, acts in (("another head", heads), ("another layer", layers), ("another token", tokens)):
        repeats.each(f"{title}: {what}", acts, lambda: not view.why_not_current)


def look_at_long(repeats: Repeats, n_tokens: int, n: int) -> None:
    """At a map of more tokens than are kept as a whole."""
    window = repeats.window
    window.area.show_view("attention")
    view = window.area.views["attention"]
    window.input_panel.look_at_text(" ".join(samples.words(n_tokens)[1:-1]))

    def canvases() -> list[DeepZoomCanvas]:
        return [canvas for canvas in view.findChildren(DeepZoomCanvas) if canvas.isVisible()]

    repeats.once(lambda: bool(canvases()) and not window._runner.is_busy)
    heads: list[Act] = [partial(window.selection.update, head=(k + 1) % samples.N_HEADS) for k in range(n)]
    repeats.each("A long map: another head", heads, lambda: not view.why_not_current)
    (canvas,) = canvases()
    explore(repeats, "A long map", canvas, QPointF(canvas.plot().center().toPoint()), n)


def explore(repeats: Repeats, title: str, canvas: AttentionMap | DeepZoomCanvas, middle: QPointF, n: int) -> None:
    """A map under the mouse."""
    repeats.each(f"{title}: pointed at", _points(canvas, n))
    canvas.fit()
    angles = [120 if (k // 8) % 2 == 0 else -120 for k in range(n)]
    repeats.each(f"{title}: zoomed", [partial(_turn, canvas, middle, angle) for angle in angles])
    canvas.fit()
    for _ in range(4):
        canvas.zoom(1.3)
    _send(canvas, QEvent.Type.MouseButtonPress, middle, LEFT, LEFT)
    places = [middle + QPointF(STEP, STEP / 2) * abs(10 - k % 20) for k in range(n)]
    drags: list[Act] = [partial(_send, canvas, QEvent.Type.MouseMove, place, NO_BUTTON, LEFT) for place in places]
    repeats.each(f"{title}: dragged", drags)
    _send(canvas, QEvent.Type.MouseButtonRelease, places[-1], LEFT, NO_BUTTON)
    canvas.fit()


def write(repeats: Repeats, writer: str, n: int) -> None:
    """A text, token by token."""
    window, what = repeats.window, "Writing: one token more"
    window.input_bar.set_text(" ".join(samples.words(10)[1:-1]), "")
    window.open(writer)
    repeats.once(lambda: _opened(window) == writer and not window._runner.is_busy)
    window.area.show_view("generation")
    view = window.area.views["generation"]
    most = view.findChild(QSpinBox, "generation_most")
    assert most is not None
    most.setFocus()
    QTest.keySequence(most, "Ctrl+A")
    QTest.keyClicks(most, str(n))
    repeats.once(lambda: view.figure() is not None and not window._runner.is_busy)

    def note(_channel: str, progress: Progress) -> None:
        if progress.label.startswith("Token"):
            repeats.note(what)

    def is_written() -> bool:
        figure: Any = view.figure()
        written = figure.result.written if figure is not None else None
        return not view.is_growing and written is not None and written.n_steps - written.n_given == n

    window._runner.progressed.connect(note)
    QTest.keyClick(most, Qt.Key.Key_Return)
    repeats.watch(what, is_written)
    repeats.note(what)
    window._runner.progressed.disconnect(note)


def train(repeats: Repeats, n_steps: int) -> None:
    """A small model in the second lane, with its curves on screen."""
    window, what = repeats.window, "Training: a tick of its progress"
    window.area.show_view("training")
    view = window.area.views["training"]
    assert isinstance(view, TrainingView)
    repeats.once(lambda: not window._runner.is_busy)
    ended: list[JobState] = []

    def note(state: JobState) -> None:
        repeats.note(what)
        if state.phase.is_over:
            ended.append(state)

    window.jobs.changed.connect(note)
    view._lab.options.set_value(RunOptions(steps=n_steps, warm_up=min(100, n_steps)))
    view._lab.start_requested.emit()
    repeats.watch(what, lambda: bool(ended))
    window.jobs.changed.disconnect(note)
    assert not ended[0].message, ended[0].message
    # Its beginning is one time, the first; its end, which reads the list of runs again, is none of these.
    ticks = repeats.worst[what]
    repeats.worst[what] = [max(ticks[:N_BEGUN]), *ticks[N_BEGUN:-1]]


def _opened(window: MainWindow) -> str:
    opened = window.controller.checkpoint
    return opened.checkpoint if opened else ""


def _points(widget: QWidget, n: int) -> list[Act]:
    """Moves of the pointer to places all over a widget."""
    width, height = 0.6 * widget.width(), 0.6 * widget.height()
    places = [QPointF((k * 37) % width, (k * 23) % height) for k in range(n)]
    corner = QPointF(0.2 * widget.width(), 0.2 * widget.height())
    return [partial(_send, widget, QEvent.Type.MouseMove, corner + at, NO_BUTTON, NO_BUTTON) for at in places]


def _send(widget: QWidget, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
    event = QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def _turn(widget: QWidget, at: QPointF, angle: int) -> None:
    """The wheel of the mouse, by one notch."""
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, angle), NO_BUTTON, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


if __name__ == "__main__":
    main()
