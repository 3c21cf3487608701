"""A map dragged under the mouse: `python -m benchmarks.ours.panning CHECKPOINT N_TOKENS N_MOVES`.

The real window, runner and engine: tiles are asked for, computed and shown meanwhile.
"""

from __future__ import annotations

import json
import sys
import time

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.window.application import make_window
from benchmarks import samples
from benchmarks.measure import percentile
from benchmarks.ours.window import n_colors, screenshot, show, wait_until
from widgets.maps.canvas import DeepZoomCanvas

STEP = 12  # pixels between two moves of the mouse


def main() -> None:
    checkpoint, n_tokens, n_moves = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    application = QApplication(sys.argv[:1])
    window = make_window(checkpoint)
    window.input_bar.set_text(" ".join(samples.words(n_tokens)[1:-1]), "")
    show(window, 1280, 800)
    wait_until(lambda: window.controller.checkpoint is not None, 120)
    window.area.show_view("attention")
    wait_until(lambda: window.area.views.get("attention") is not None, 120)
    wait_until(lambda: window.area.views["attention"].figure() is not None, 120)
    (canvas,) = (c for c in window.area.views["attention"].findChildren(DeepZoomCanvas) if c.isVisible())
    canvas.fit()
    while canvas.level() > 0:  # to where a pixel is a cell
        canvas.zoom(1.3)
    wait_until(lambda: not window._runner.is_busy, 300)
    frames, cpu = [], []

    def send(kind: QEvent.Type, at: QPoint, buttons: Qt.MouseButton) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        local = QPointF(at)
        event = QMouseEvent(kind, local, canvas.mapToGlobal(local), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    middle = canvas.plot().center().toPoint()
    began = time.perf_counter()
    for stroke in range(-(-n_moves // 20)):  # there and back, until the mouse would leave the map
        sign = 1 if stroke % 4 in (0, 3) else -1
        send(QEvent.Type.MouseButtonPress, middle, Qt.MouseButton.LeftButton)
        for move in range(1, 21):
            started, cpu_started = time.perf_counter(), time.process_time()
            away = sign * STEP * move
            send(QEvent.Type.MouseMove, middle + QPoint(away, away // 2), Qt.MouseButton.LeftButton)
            application.processEvents()  # tiles that came, and the paint
            frames.append(time.perf_counter() - started)
            cpu.append(time.process_time() - cpu_started)
            # The mouse of a user moves sixty times a second.
            wait_until(lambda due=started + 1 / 60: time.perf_counter() >= due)
        send(QEvent.Type.MouseButtonRelease, middle, Qt.MouseButton.NoButton)
    seconds = time.perf_counter() - began
    wait_until(lambda: not window._runner.is_busy, 300)
    found = {
        "frame_s": percentile(frames, 0.5),
        "p95_s": percentile(frames, 0.95),
        "worst_s": max(frames),
        "cpu_s": percentile(cpu, 0.5),
        "fps": len(frames) / seconds,
        "n_colors": n_colors(screenshot(canvas)),
    }
    print(json.dumps(found))
    window.close()
    application.processEvents()


main()
