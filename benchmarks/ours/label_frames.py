"""Another label, and another pixel under the pointer: `python -m benchmarks.ours.label_frames N_LABELS N_TIMES`.

The bundled LSeg answers; the view is the real one, 1000 x 700 pixels.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import torch
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.measure import percentile
from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.window import n_differing, screenshot, show
from inference.analyses.segments import segments
from inference.context import Context
from inference.forward.opening import load
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.segments import SegmentsRequest
from resources.scene_shapes import COLOURS, KINDS
from tests.answers import answer
from widgets.context import ViewContext
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.views.segments.figure import SegmentsFigure
from widgets.views.segments.view import SegmentsView


def main() -> None:
    n_labels, n_times = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)  # steps this small gain nothing from a second one, and wait for it on a busy machine
    application = QApplication(sys.argv[:1])
    model = load("lseg-scenes", Context())
    image = Input(image=ImageInput(seed=7, kind="scene"))
    names = [f"{colour} {kind}" for colour in COLOURS for kind in KINDS]

    def ask(labels: tuple[str, ...]) -> tuple[float, object]:
        started = time.process_time()
        result = segments(SegmentsRequest("", image, labels), model, Context())
        return time.process_time() - started, result

    labels = (*names[: n_labels - 1], "background")
    _, result = ask(labels)
    new = []
    for turn in range(n_times):
        new.append(ask((*labels, names[n_labels + turn % (len(names) - n_labels)]))[0])
        ask(labels)
    view = SegmentsView(ViewContext())
    text = Input(text=TextInput(labels[0]), image=image.image)
    view.set_subject(Subject(model.info, text, texts=labels))
    answer(view, result)
    show(view, 1000, 700)
    application.processEvents()
    canvas, figure = view.findChild(PointedCanvas), view.figure()
    assert canvas is not None
    assert isinstance(figure, SegmentsFigure)
    (box,) = figure.boxes(canvas.figure_rect(), canvas.style_now)
    before = screenshot(view)
    moves = [_seconds(view, canvas, application, _at(box, turn)) for turn in range(n_times)]
    assert n_differing(before, screenshot(view)) > 20, "nothing was pointed at"
    found = {
        "label_s": median(new), "label_p95_s": percentile(new, 0.95),
        "hover_s": median(moves), "hover_p95_s": percentile(moves, 0.95),
    }  # fmt: skip
    print(json.dumps(found))


def _at(box: QRectF, turn: int) -> QPoint:
    """Another pixel each time."""
    return (box.topLeft() + (box.bottomRight() - box.topLeft()) * (0.1 + 0.8 * (turn * 0.37 % 1))).toPoint()


def _seconds(view: SegmentsView, canvas: PointedCanvas, application: QApplication, at: QPoint) -> float:
    started = time.perf_counter()
    QTest.mouseMove(canvas, at)
    application.processEvents()
    wait_for_screen(view)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
