"""The details panel shows the numbers of what is selected."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from inference.results import AttentionRequest, HeadsRequest, TextInput
from tests.factories import make_attention_result, make_checkpoint_info, make_heads_result
from widgets.details import DetailsPanel
from widgets.selection import Selection
from widgets.view import Subject


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder")
    return selection


@pytest.fixture
def panel(qtbot, selection):
    panel = DetailsPanel(selection)
    qtbot.addWidget(panel)
    panel.resize(260, 600)
    panel.show()
    panel.set_subject(Subject(make_checkpoint_info(), TextInput("x")))
    panel.show_result(make_heads_result())
    panel.show_result(make_attention_result(layers=(0,)))
    return panel


def test_another_layer_is_asked_for_but_another_head_is_not(panel, selection, qtbot):
    asked = []
    panel.request_changed.connect(asked.append)
    selection.update(head=1)
    assert asked == []
    selection.update(layer=1)
    assert asked == [AttentionRequest("bert-test", TextInput("x"), "encoder", layers=(1,))]


def test_both_requests_are_made_at_first(qtbot, selection):
    panel = DetailsPanel(selection)
    qtbot.addWidget(panel)
    asked = []
    panel.request_changed.connect(asked.append)
    panel.set_subject(Subject(make_checkpoint_info(), TextInput("x")))
    assert asked == []  # hidden views ask nothing
    panel.show()
    assert [type(request) for request in asked] == [HeadsRequest, AttentionRequest]


def test_measures_are_those_of_the_selected_head(panel, selection):
    result = make_heads_result()
    selection.update(head=2)
    assert panel._values["entropy"].text() == f"{result.measures['entropy'][0, 2]:.2f} bits"
    assert panel._values["previous"].text() == f"{100 * result.measures['previous'][0, 2]:.1f} %"


def test_the_strongest_keys_of_the_token_are_listed_and_a_click_selects_one(panel, selection, qtbot):
    result = make_attention_result(layers=(0,))
    selection.update(head=1, query_pos=3)
    row = result.pattern[0, 1, 3]
    best = int(row.argmax())
    assert panel._keys.item(0, 0).text() == result.key_tokens.words[best]
    assert panel._keys.item(0, 1).text() == str(best)
    assert panel._keys.item(0, 2).text() == f"{row[best]:.4f}"
    weights = [float(panel._keys.item(i, 2).text()) for i in range(panel._keys.rowCount())]
    assert weights == sorted(weights, reverse=True)
    where = panel._keys.visualItemRect(panel._keys.item(1, 0)).center()
    qtbot.mouseClick(panel._keys.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert selection.now.key_pos == int(np.argsort(-row, kind="stable")[1])


def test_typing_a_head_selects_it(panel, selection, qtbot):
    box = panel._head
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "3")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert selection.now.head == 3
