"""Another layer, another token under the pointer: `python -m benchmarks.ours.layers VIEW N_TOKENS N_TIMES`.

`VIEW` is `attention` or `arcs`. The numbers of both layers are there; what they cost is measured elsewhere.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks import samples
from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.sample_results import GROUP, attention_results, info
from benchmarks.ours.window import n_colors, n_differing, screenshot, show
from inference.results.inputs import Input, TextInput
from tests.answers import answer
from widgets.context import ViewContext
from widgets.subject import Subject
from widgets.view import View
from widgets.views.arcs.lines import Focus
from widgets.views.arcs.view import ArcsView
from widgets.views.attention.attention_map import AttentionMap
from widgets.views.attention.view import AttentionView


def main() -> None:
    name, n, n_times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    application = QApplication(sys.argv[:1])
    context = ViewContext()
    view: View = (AttentionView if name == "attention" else ArcsView)(context)
    results = attention_results(n)
    view.set_subject(Subject(info(n), Input(TextInput())))
    answer(view, results[0])
    show(view)
    application.processEvents()

    def change_layer(turn: int) -> None:
        layer = 1 + turn % (samples.N_LAYERS - 1)
        context.selection.update(group=GROUP, layer=layer)
        answer(view, results[layer])

    point = _pointer_path(view, n)
    found: dict[str, float] = {}
    for name, act in (("layer", change_layer), ("hover", point)):
        times = [_times(view, lambda turn=turn, act=act: act(turn)) for turn in range(n_times)]
        for key, values in zip(("s", "cpu_s", "whole_s"), zip(*times, strict=True), strict=True):
            found[f"{name}_{key}"] = median(values)
    print(json.dumps(found))


def _pointer_path(view: View, n: int) -> Callable[[int], None]:
    """Moves the pointer from token to token."""
    if isinstance(view, ArcsView):
        target: QWidget = view.canvas.viewport()
        return lambda turn: _move(target, view.canvas.point_of(Focus("query", 2 + turn)))
    heat_map = view.findChild(AttentionMap)
    return lambda turn: _move(heat_map, heat_map.cell_center(n // 2 + turn, n // 3 + turn))


def _move(target: QWidget, to: QPointF) -> None:
    nothing = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, to, target.mapToGlobal(to), nothing, nothing, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(target, event)


def _times(view: View, act: Callable[[], None]) -> tuple[float, float, float]:
    """Seconds to the first picture that shows the change, CPU seconds until then, and seconds to the whole one."""
    before = screenshot(view)
    cpu_started, started = time.process_time(), time.perf_counter()
    act()
    QApplication.processEvents()
    wait_for_screen(view)
    first, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    seen = screenshot(view)
    started_again = time.perf_counter()
    while isinstance(view, ArcsView) and not view.canvas.is_complete:
        QApplication.processEvents()
    wait_for_screen(view)
    whole = first + time.perf_counter() - started_again
    _check(before, seen)
    return first, cpu, whole


def _check(before: QImage, seen: QImage) -> None:
    assert n_differing(before, seen) > 200, "the picture did not change"
    assert n_colors(seen) > 50, "the window stayed empty"


main()
