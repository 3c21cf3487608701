"""The details panel shows the numbers of what is selected."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from inference.results.heads import HeadsRequest
from inference.results.maps import RowsRequest, RowsResult
from tests.answers import answer
from tests.factories import make_attention_result, make_checkpoint_info, make_heads_result
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.panels.details import DetailsPanel
from widgets.selection import Selection
from widgets.subject import Subject


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder")
    return selection


@pytest.fixture
def panel(qtbot, selection):
    panel = DetailsPanel(ViewContext(selection))
    qtbot.addWidget(panel)
    panel.resize(260, 600)
    panel.show()
    panel.set_subject(Subject(make_checkpoint_info(), text_input("x")))
    answer(panel, make_heads_result())
    return panel


def row_of(result, layer, head, query):
    """What one query looks at."""
    pattern = result.pattern[result.layers.index(layer), head, query]
    return RowsResult(result.group, layer, head, query, query + 1, pattern)


def test_one_row_is_asked_for_however_long_the_text_is(panel, selection, qtbot):
    asked = []
    panel.request_changed.connect(asked.append)
    selection.update(layer=1, head=1)
    assert asked == []  # no token is chosen
    selection.update(query=at(3))
    assert asked == [RowsRequest("bert-test", text_input("x"), "encoder", 1, 1, 3, 4)]


def test_the_heads_are_asked_for_at_first(qtbot, selection):
    panel = DetailsPanel(ViewContext(selection))
    qtbot.addWidget(panel)
    asked = []
    panel.request_changed.connect(asked.append)
    panel.set_subject(Subject(make_checkpoint_info(), text_input("x")))
    assert asked == []  # hidden views ask nothing
    panel.show()
    assert [type(request) for request in asked] == [HeadsRequest]


def test_measures_are_those_of_the_selected_head(panel, selection):
    result = make_heads_result()
    selection.update(head=2)
    assert panel._values["entropy"].text() == f"{result.measures['entropy'][0, 2]:.2f} bits"
    assert panel._values["previous"].text() == f"{100 * result.measures['previous'][0, 2]:.1f} %"


def test_the_strongest_keys_of_the_token_are_listed_and_a_click_selects_one(panel, selection, qtbot):
    result = make_attention_result(layers=(0,))
    selection.update(head=1, query=at(3))
    panel.show_result(row_of(result, 0, 2, 3))  # of another head: came too late
    assert panel._keys.rowCount() == 0
    answer(panel, row_of(result, 0, 1, 3))
    row = result.pattern[0, 1, 3]
    best = int(row.argmax())
    assert panel._keys.item(0, 0).text() == result.key_tokens.words[best]
    assert panel._keys.item(0, 1).text() == str(best)
    assert panel._keys.item(0, 2).text() == f"{row[best]:.4f}"
    weights = [float(panel._keys.item(i, 2).text()) for i in range(panel._keys.rowCount())]
    assert weights == sorted(weights, reverse=True)
    where = panel._keys.visualItemRect(panel._keys.item(1, 0)).center()
    qtbot.mouseClick(panel._keys.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert index_of(selection.now.key) == int(np.argsort(-row, kind="stable")[1])


def test_typing_a_head_selects_it(panel, selection, qtbot):
    box = panel._head
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "3")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert selection.now.head == 3
