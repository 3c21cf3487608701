"""What the user asked for is on screen before anything else is drawn, and nothing is laid out anew for it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from tests.answers import answer
from tests.factories import make_attention_result, make_checkpoint_info, make_long_tokens
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.arcs.drawn_lines import DrawnLines
from widgets.views.arcs.lines import Focus, Lines
from widgets.views.arcs.view import ArcsView


@pytest.fixture
def view(qtbot):
    view = ArcsView(ViewContext(Selection()))
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), text_input("many words")))
    answer(view, make_attention_result(layers=(0,), n_heads=12, tokens=make_long_tokens(80)))
    return view


def show_another_layer(view: ArcsView) -> None:
    view.selection.update(layer=1)
    answer(view, make_attention_result(layers=(1,), n_heads=12, tokens=make_long_tokens(80)))


def test_a_picture_gets_to_the_screen_before_more_is_drawn(view, monkeypatch):
    """While the lines of before are still being drawn in turns of the event loop, something else is asked for."""
    canvas = view.canvas
    canvas._soon.stop()
    monkeypatch.setattr(canvas._soon, "start_unless_waiting", lambda: None)  # the picture is on its way for ever
    for act in (lambda: canvas.set_hovered(Focus("query", 3)), lambda: show_another_layer(view)):
        canvas._more.start()  # a slice is due at the next turn
        act()
        QApplication.processEvents()  # what the picture begins with is drawn as it is painted
        drawn = []
        with monkeypatch.context() as patch:
            patch.setattr(DrawnLines, "draw", lambda image, *_, drawn=drawn: drawn.append(image))
            QApplication.processEvents()
        assert not {canvas._whole, canvas._part}.intersection(drawn)  # other canvases, of tests before, may draw


class _Relayouts(QObject):
    n = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.LayoutRequest
        return False


def test_another_layer_lays_nothing_out_anew(view, qtbot):
    QApplication.processEvents()
    counter = _Relayouts(view)
    view.chips.installEventFilter(counter)
    show_another_layer(view)
    QApplication.processEvents()
    assert counter.n == 0
    view.chips.set_title("A title of another length", shows_chips=True)
    qtbot.waitUntil(lambda: counter.n > 0)


def test_the_strongest_are_those_of_the_largest_weights():
    """Within a step of width and opacity lines stand by head, so the first five need not be the strongest."""
    few = np.arange(3)
    lines = Lines(few, few, few, np.array([0.96, 0.99, 0.97]))
    assert lines.strongest(2).weight.tolist() == [0.99, 0.97]
