"""How long one holds the window up with what is done again and again: `... repeats CHECKPOINT N_TOKENS WRITER N_TIMES`.

The real window, runner and engine. Each action is done once, which builds what it needs, and then so many times as
one would: the next one when the answer to the one before is on screen. For each time, in the order of doing, the worst
turn of the event loop: the ms in which this process itself worked while the loop was late.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

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
from widgets.views.attention.attention_map import AttentionMap
from widgets.views.heads.head_grid import HeadGrid
from widgets.views.training.options import RunOptions

N_LAYERS = N_HEADS = 12
STEP = 12  # pixels between two moves of the mouse
N_STEPS = 100  # of a training
NOTHING = Qt.MouseButton.NoButton
LEFT = Qt.MouseButton.LeftButton


class Repeats:
    """Does things in a window, and keeps the worst turn of each time."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._ticks = Ticks(window)
        self.worst: dict[str, list[float]] = {}

    def once(self, condition: Callable[[], bool]) -> None:
        """Let the event loop run until then; nothing of that is kept."""
        self._ticks.watch("once", condition)

    def each(self, what: str, acts: list[Callable[[], object]], is_done: Callable[[], bool] = lambda: True) -> None:
        """Do one after the other; `is_done` is asked at every turn, and a look follows when it is so."""
        for act in acts:
            self._ticks.by_phase.pop(what, None)
            act()
            self._ticks.watch(what, lambda: is_done() and self._is_idle())
            self._ticks.rest(what, LOOK)
            self.worst.setdefault(what, []).append(max(own for _, own in self._ticks.by_phase[what]))

    def note(self, what: str) -> None:
        """What has happened since the last time was one time of this."""
        ticks = self._ticks.by_phase.pop(what, [])
        if ticks:
            self.worst.setdefault(what, []).append(max(own for _, own in ticks))

    def watch(self, what: str, condition: Callable[[], bool]) -> None:
        """Let the event loop run until then; `note` is called meanwhile."""
        self._ticks.watch(what, condition)

    def _is_idle(self) -> bool:
        return not self.window._runner.is_busy


LOOK = 0.03  # seconds that one looks at least; a paint comes behind the turn that asked for it
WARM = 12.0  # seconds until all modules are imported, see `app.window.application.WarmUp`


def main() -> None:
    checkpoint, n_tokens, writer, n_times = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    quick_start.begin()  # as the program does
    application = QApplication(sys.argv[:1])
    window = make_window(checkpoint)
    window.input_bar.set_text(" ".join(samples.words(n_tokens)[1:-1]), "")
    show(window, 1280, 800)
    repeats = Repeats(window)
    repeats.once(lambda: window.controller.checkpoint is not None)
    repeats._ticks.rest("once", WARM)
    W = os.environ.get("WHAT", "look,long,write,train")
    if "look" in W:
        look(repeats, n_tokens, n_times)
    if "long" in W:
        look_at_long(repeats, 2 * n_tokens, n_times)
    if "write" in W:
        write(repeats, writer, n_times)
    if "train" in W:
        train(repeats, N_STEPS if n_times > 5 else 20)
    repeats._ticks.by_phase.clear()
    repeats._ticks.rest("nothing to do", 0.2 * n_times)
    print(json.dumps({"worst": repeats.worst, "idle": repeats._ticks.by_phase["nothing to do"]}))
    window.close()
    application.processEvents()


def look(repeats: Repeats, n_tokens: int, n_times: int) -> None:
    """At maps of heads."""
    window, n = repeats.window, n_times + 1
    heads = [lambda k=k: window.selection.update(head=(k + 1) % N_HEADS) for k in range(n)]
    layers = [lambda k=k: window.selection.update(layer=(k + 1) % N_LAYERS) for k in range(n)]
    tokens = [lambda k=k: window.selection.update(query=Position("text", (7 * k + 3) % n_tokens)) for k in range(n)]
    for name in ("heads", "attention", "arcs"):
        window.area.show_view(name)
        view = window.area.views[name]
        repeats.once(lambda view=view: view.figure() is not None and not window._runner.is_busy)
        repeats._ticks.rest("once", 1.0)
        title = name.capitalize()
        repeats.each(f"{title}: another head", heads, lambda view=view: not view.why_not_current)
        repeats.each(f"{title}: another layer", layers, lambda view=view: not view.why_not_current)
        repeats.each(f"{title}: another token", tokens, lambda view=view: not view.why_not_current)
        if name == "heads":
            grid = view.findChild(HeadGrid)
            repeats.each("Heads: pointed at", [lambda k=k: _move(grid, _across(grid, k)) for k in range(2 * n)])
        if name == "attention":
            (canvas,) = view.findChildren(AttentionMap)
            middle = canvas.figure_rect().center()
            explore(repeats, "Attention", canvas, middle, n)
    assert n_colors(screenshot(window)) > 50, "the window stayed empty"


def look_at_long(repeats: Repeats, n_tokens: int, n_times: int) -> None:
    """At a map of more tokens than are kept as a whole."""
    window, n = repeats.window, n_times + 1
    window.area.show_view("attention")
    view = window.area.views["attention"]
    window.input_panel.look_at_text(" ".join(samples.words(n_tokens)[1:-1]))
    repeats.once(lambda: bool(_long_maps(window)) and not window._runner.is_busy)
    (canvas,) = _long_maps(window)
    heads = [lambda k=k: window.selection.update(head=(k + 1) % N_HEADS) for k in range(n)]
    repeats.each("A long map: another head", heads, lambda: not view.why_not_current)
    explore(repeats, "A long map", canvas, QPointF(canvas.plot().center().toPoint()), n)


def _long_maps(window: MainWindow) -> list[DeepZoomCanvas]:
    canvases = window.area.views["attention"].findChildren(DeepZoomCanvas)
    return [canvas for canvas in canvases if canvas.isVisible()]


def explore(repeats: Repeats, title: str, canvas: AttentionMap | DeepZoomCanvas, middle: QPointF, n: int) -> None:
    """A map under the mouse."""
    repeats.each(f"{title}: pointed at", [lambda k=k: _move(canvas, _across(canvas, k)) for k in range(2 * n)])
    canvas.fit()
    angles = [120 if (k // 8) % 2 == 0 else -120 for k in range(n)]
    repeats.each(f"{title}: zoomed", [lambda angle=angle: _turn(canvas, middle, angle) for angle in angles])
    canvas.fit()
    for _ in range(4):
        canvas.zoom(1.3)
    _send(canvas, QEvent.Type.MouseButtonPress, middle, LEFT, LEFT)
    ways = [QPointF(STEP, STEP / 2) * abs(10 - k % 20) for k in range(n)]
    drags = [lambda way=way: _send(canvas, QEvent.Type.MouseMove, middle + way, NOTHING, LEFT) for way in ways]
    repeats.each(f"{title}: dragged", drags)
    _send(canvas, QEvent.Type.MouseButtonRelease, middle + ways[-1], LEFT, NOTHING)
    canvas.fit()


def write(repeats: Repeats, writer: str, n_times: int) -> None:
    """A text, token by token."""
    window, what = repeats.window, "Generation: one token more is written"
    window.input_bar.set_text(" ".join(samples.words(10)[1:-1]), "")
    window.open(writer)
    repeats.once(lambda: _opened(window) == writer and not window._runner.is_busy)
    window.area.show_view("generation")
    view = window.area.views["generation"]
    most = view.findChild(QSpinBox, "generation_most")
    assert most is not None
    repeats.once(lambda: view.figure() is not None and not window._runner.is_busy)
    most.setFocus()
    QTest.keySequence(most, "Ctrl+A")
    QTest.keyClicks(most, str(n_times + 1))
    repeats._ticks.rest("once", 1.0)

    def note(_channel: str, progress: Progress) -> None:
        if progress.label.startswith("Token"):
            repeats.note(what)

    window._runner.progressed.connect(note)
    QTest.keyClick(most, Qt.Key.Key_Return)

    def is_written() -> bool:
        written = view.figure().result.written if view.figure() else None
        return not view.is_growing and written is not None and written.n_steps - written.n_given == n_times + 1

    repeats.watch(what, is_written)
    repeats.note(what)
    window._runner.progressed.disconnect(note)


def train(repeats: Repeats, n_steps: int) -> None:
    """A small model in the second lane, with its curves on screen."""
    window, what = repeats.window, "Training: a tick of its progress"
    window.area.show_view("training")
    view = window.area.views["training"]
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
    assert not ended[0].message, ended[0].message


def _opened(window: MainWindow) -> str:
    opened = window.controller.checkpoint
    return opened.checkpoint if opened else ""


def _across(widget: QWidget, k: int) -> QPointF:
    """Places all over it."""
    return QPointF(
        0.2 * widget.width() + (k * 37) % (0.6 * widget.width()),
        0.2 * widget.height() + (k * 23) % (0.6 * widget.height()),
    )


def _move(widget: QWidget, to: QPointF) -> None:
    _send(widget, QEvent.Type.MouseMove, to, NOTHING, NOTHING)


def _send(widget: QWidget, kind: QEvent.Type, to: QPointF, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
    event = QMouseEvent(kind, to, widget.mapToGlobal(to), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def _turn(widget: QWidget, at: QPointF, angle: int) -> None:
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, angle), NOTHING, Qt.KeyboardModifier.NoModifier, phase, False
    )
    QApplication.sendEvent(widget, event)


if __name__ == "__main__":
    main()
