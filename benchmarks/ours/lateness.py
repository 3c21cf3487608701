"""How late the window's event loop is while the engine works: `... lateness CHECKPOINT N_TOKENS WRITER N_WRITTEN`.

The real window, runner and engine. A precise timer asks for a turn every 5 ms and notes how much later it came.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox

from app import quick_start
from app.window.application import make_window
from app.window.main_window import MainWindow
from benchmarks import samples
from benchmarks.ours.ticks import Ticks
from benchmarks.ours.window import n_colors, screenshot, show

WRITES = "a text is written, token by token"  # also a name in benchmarks/responsiveness.py


def main() -> None:
    checkpoint, n_tokens, writer, n_written = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    quick_start.begin()  # as the program does
    application = QApplication(sys.argv[:1])
    window = make_window(checkpoint)
    window.input_bar.set_text(" ".join(samples.words(n_tokens)[1:-1]), "")
    show(window, 1280, 800)
    ticks = Ticks(window)
    ticks.watch("start the engine, load the checkpoint", lambda: window.controller.checkpoint is not None)
    window.area.show_view("heads")
    ticks.watch(f"tokenize, run {n_tokens} tokens, show all heads", lambda: _is_shown(window, "heads"))
    window.area.show_view("attention")
    ticks.watch("one head as a map", lambda: _is_shown(window, "attention"))
    window.selection.update(layer=5)
    ticks.watch("another layer", lambda: _layer(window) == 5 and not window._runner.is_busy)
    n_tokens_shown = len(window.area.views["attention"].figure().result.query_tokens)
    assert n_tokens_shown == n_tokens, f"{n_tokens_shown} tokens instead of {n_tokens}"
    assert n_colors(screenshot(window)) > 50, "the window stayed empty"
    ticks.rest("nothing to do")
    write(window, ticks, writer, n_written)
    print(json.dumps(ticks.by_phase))
    window.close()
    application.processEvents()


def write(window: MainWindow, ticks: Ticks, writer: str, n_written: int) -> None:
    """Another checkpoint is opened and writes, token by token, while one looks."""
    window.input_bar.set_text(" ".join(samples.words(10)[1:-1]), "")
    window.open(writer)
    ticks.watch("open a language model", lambda: _opened(window) == writer and not window._runner.is_busy)
    window.area.show_view("generation")
    view = window.area.views["generation"]
    most = view.findChild(QSpinBox, "generation_most")
    assert most is not None
    actions = (
        most.setFocus,
        lambda: QTest.keySequence(most, "Ctrl+A"),
        lambda: QTest.keyClicks(most, str(n_written)),
        lambda: QTest.keyClick(most, Qt.Key.Key_Return),
    )
    for act in actions:  # nobody does all that between two turns of the loop
        ticks.watch(WRITES, lambda: True)
        act()

    def is_written() -> bool:
        written = view.figure().result.written if view.figure() else None
        return not view.is_growing and written is not None and written.n_steps - written.n_given == n_written

    ticks.watch(WRITES, is_written)


def _opened(window: MainWindow) -> str:
    opened = window.controller.checkpoint
    return opened.checkpoint if opened else ""


def _is_shown(window: MainWindow, name: str) -> bool:
    view = window.area.views.get(name)
    return view is not None and view.figure() is not None and not window._runner.is_busy


def _layer(window: MainWindow) -> int:
    return window.area.views["attention"].figure().layer


main()
