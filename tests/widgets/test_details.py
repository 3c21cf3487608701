"""The details panel shows the numbers of what is selected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QSpinBox

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.heads import HeadsRequest, HeadsResult
from inference.results.maps import RowsRequest, RowsResult
from inference.results.request import Capability
from tests.answers import answer, fail
from tests.factories import make_attention_result, make_checkpoint_info, make_heads_result
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.panels.details import DetailsPanel
from widgets.selection import Position, Selection
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


def choose(selection, **values):
    """Select something else, and let the panel follow, which it does behind the views."""
    selection.update(**values)
    QApplication.processEvents()


def row_of(result, layer, head, query):
    """What one query looks at."""
    pattern = result.pattern[result.layers.index(layer), head, query]
    return RowsResult(result.group, layer, head, query, query + 1, pattern)


def test_one_row_is_asked_for_however_long_the_text_is(panel, selection, qtbot):
    asked = []
    panel.request_changed.connect(asked.append)
    choose(selection, layer=1, head=1)
    assert asked == []  # no token is chosen
    choose(selection, query=at(3))
    assert asked == [RowsRequest("bert-test", text_input("x"), "encoder", 1, 1, 3, 4)]


def test_nothing_can_be_chosen_where_no_layer_attends(panel):
    recurrent = AttentionGroup("decoder", "Recurrent layers", (0, 0), is_causal=True, has_qk=False)
    info = replace(make_checkpoint_info(), groups=(recurrent,), capabilities=(Capability.NEXT_TOKEN,))
    assert panel._layer.isEnabled()
    panel.set_subject(Subject(info, text_input("x")))
    assert panel._group.count() == 0
    assert not panel._layer.isEnabled()
    assert not panel._head.isEnabled()
    panel.set_subject(Subject(make_checkpoint_info(), text_input("x")))
    assert panel._layer.isEnabled()


def test_the_titles_of_groups_are_told_whole(panel):
    titles = ("Words and frames", "Caption from its end to image")
    groups = tuple(AttentionGroup(title, title, (2, 2)) for title in titles)
    panel.set_subject(Subject(replace(make_checkpoint_info(), groups=groups), text_input("x")))
    panel.resize(panel.minimumSizeHint().width(), 600)
    assert panel._group.width() >= panel._group.sizeHint().width()
    assert not panel._only_group.isVisible()


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
    choose(selection, head=2)
    assert panel._values["entropy"].text() == f"{result.measures['entropy'][0, 2]:.2f} bits"
    assert panel._values["previous"].text() == f"{100 * result.measures['previous'][0, 2]:.1f} %"


def test_the_panel_is_filled_once_of_a_choice(panel, selection, monkeypatch):
    result, filled = make_attention_result(layers=(0,)), []
    choose(selection, head=1, query=at(3))
    answer(panel, row_of(result, 0, 1, 3))
    fill = panel._fill_keys
    monkeypatch.setattr(panel, "_fill_keys", lambda *args: (filled.append(args), fill(*args)))
    panel.standing_changed.emit()
    assert filled == []
    panel.clear_numbers()
    assert panel._keys.rowCount() == 0
    panel.standing_changed.emit()
    assert panel._keys.rowCount() > 0  # what was cleared is filled again


def test_a_number_with_a_long_unit_wraps_instead_of_being_cut(panel):
    assert panel._values["distance"].wordWrap()


def test_the_strongest_keys_of_the_token_are_listed_and_a_click_selects_one(panel, selection, qtbot):
    result = make_attention_result(layers=(0,))
    choose(selection, head=1, query=at(3))
    late = RowsRequest("bert-test", text_input("x"), "encoder", 0, 2, 3, 4)  # of another head
    panel.take_result(late, row_of(result, 0, 2, 3))
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


def test_the_selected_key_is_marked_while_shift_is_held_with_which_arrows_move_it(panel, selection, qtbot):
    choose(selection, layer=0, head=1, query=at(2))
    answer(panel, row_of(make_attention_result(), 0, 1, 2))
    shift = Qt.KeyboardModifier.ShiftModifier
    for key in (1, 3):
        qtbot.keyPress(panel, Qt.Key.Key_Right, shift)
        choose(selection, key=at(key))
        marked = {item.row() for item in panel._keys.selectedItems()}
        assert [panel._keys.item(row, 1).text() for row in marked] == [str(key)]
    qtbot.keyRelease(panel, Qt.Key.Key_Right)


def test_typing_a_head_selects_it(panel, selection, qtbot):
    box = panel._head
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "3")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert selection.now.head == 3


# Of what it is


def entropy(panel):
    return panel._values["entropy"].text()


def test_of_another_checkpoint_there_are_no_numbers_until_they_come(panel, selection):
    assert entropy(panel) != "–"
    choose(selection, query=at(3))
    panel.set_subject(Subject(make_checkpoint_info(name="gpt-test"), text_input("x")))
    assert panel.is_dimmed
    assert "bert-test" in panel.why_not_current
    choose(selection, head=2)
    assert entropy(panel) == "–"
    assert panel._keys.rowCount() == 0
    answer(panel, make_heads_result(seed=1))
    assert panel.why_not_current == ""
    assert entropy(panel) == f"{make_heads_result(seed=1).measures['entropy'][0, 2]:.2f} bits"


def test_layer_and_head_can_be_chosen_while_the_numbers_are_dimmed(panel, selection):
    panel.set_subject(Subject(make_checkpoint_info(name="gpt-test"), text_input("x")))
    panel.take_cancellation(panel._asked[0])
    assert panel.is_dimmed
    box = panel._head
    assert box.isEnabled()
    assert panel.childAt(box.geometry().center()) is not None
    assert not panel._numbers.geometry().contains(box.geometry().center())


def test_after_a_cancel_a_failure_and_a_refusal_there_are_no_numbers(panel, selection):
    other = Subject(make_checkpoint_info(), text_input("y"))
    panel.set_subject(other)
    panel.take_cancellation(panel._asked[0])
    assert entropy(panel) == "–"
    panel.refresh()
    fail(panel, Failure("refused", "It is too long."), HeadsResult)
    assert entropy(panel) == "–"
    assert "It is too long." in panel.why_not_current
    panel.refresh()
    answer(panel, make_heads_result())
    assert entropy(panel) != "–"
    panel.refuse("The text has 9 tokens; at most 5 are allowed.")
    choose(selection, head=1)
    assert entropy(panel) == "–"


def test_another_token_keeps_the_numbers_of_the_head(panel, selection):
    result = make_attention_result(layers=(0,))
    choose(selection, query=at(3))
    answer(panel, row_of(result, 0, 0, 3))
    assert panel._keys.rowCount() > 0
    choose(selection, query=at(4))
    assert panel._keys.rowCount() == 0
    assert entropy(panel) != "–"
    assert panel.why_not_current == ""


def test_a_place_on_another_axis_is_no_token_of_this_text(panel, selection):
    asked = []
    panel.request_changed.connect(asked.append)
    choose(selection, query=Position("image", 3))
    assert asked == []
    # The word in the middle, as all views that need one do.
    begin = "No token is selected: where a view needs one, it shows “mat” (6)."
    assert panel._token.text() == f"{begin} Click a token to see what it attends to."


def test_layers_and_heads_are_those_of_a_checkpoint_whose_input_is_refused(panel, selection):
    other = make_checkpoint_info(name="gpt-test", n_layers=2)
    asked = []
    panel.request_changed.connect(asked.append)
    panel.set_checkpoint(other)
    panel.refuse("The text is too long.")
    assert panel._layer.maximum() == 1
    assert panel._layer.suffix() == "  of 0–1"
    choose(selection, layer=1)
    assert asked == []  # there is no input to ask for
    assert panel.is_dimmed


def test_long_titles_of_another_checkpoint_leave_layer_and_head_their_room(panel, qapp):
    """Those of a mesh are longer than those of a text."""
    title = panel._chosen.labelForField(panel.findChild(QSpinBox, "details_layer"))
    qapp.processEvents()
    short = title.width()
    answer(panel, replace(make_heads_result(), axes=("coordinates", "coordinates")))
    size = panel.font().pointSizeF()
    for points in (size + 3, size):  # as in presentation, and back
        font = panel.font()
        font.setPointSizeF(points)
        panel.setFont(font)
        panel.restyle()
        qapp.processEvents()
    assert title.width() > short
    answer(panel, make_heads_result())
    qapp.processEvents()
    assert title.width() == short


def test_marks_have_the_names_that_they_have_in_the_text(panel):
    answer(panel, replace(make_heads_result(), marks={"cls": "<s>", "sep": "</s>"}))
    titles = [panel._measures.labelForField(panel._values[name]).text() for name in ("cls", "sep")]
    assert titles == ["<s>", "</s>"]


def test_of_marks_that_the_text_has_not_nothing_is_told(panel):
    rows = [panel._values[name] for name in ("cls", "sep")]
    answer(panel, replace(make_heads_result(), marks={"cls": "[CLS]"}))
    assert [panel._measures.isRowVisible(row) for row in rows] == [True, False]
    answer(panel, replace(make_heads_result(), marks={}))
    assert [panel._measures.isRowVisible(row) for row in rows] == [False, False]


@pytest.mark.parametrize(
    ("share", "said"), [(0.25, "25.0 %"), (0.001, "0.1 %"), (0.00031, "0.03 %"), (0.0, "0.0 %"), (5.7e-6, "< 0.01 %")]
)
def test_small_shares_of_long_texts_are_not_nothing(panel, share, said):
    result = make_heads_result()
    result.measures["previous"][0, 0] = share
    answer(panel, result)
    assert panel._values["previous"].text() == said


def test_words_of_a_distance_are_never_cut(panel, qtbot):
    """Coordinates of a mesh are a long word for a narrow panel."""
    result = make_heads_result()
    answer(panel, replace(result, axes=("coordinates", "coordinates")))
    label = panel._values["distance"]
    assert "coordinates" in label.text()
    panel.resize(panel.minimumSizeHint().width(), 600)
    qtbot.waitUntil(lambda: label.width() >= label.fontMetrics().horizontalAdvance("coordinates"))


@pytest.mark.parametrize("n_groups", [1, 2])
def test_letters_that_were_larger_while_it_was_hidden_leave_it_as_narrow_as_before(panel, qtbot, qapp, n_groups):
    groups = tuple(AttentionGroup(title, title, (2, 2)) for title in ("Words", "Words and frames")[:n_groups])
    panel.set_subject(Subject(replace(make_checkpoint_info(), groups=groups), text_input("x")))
    panel.show()
    before, font = panel.minimumSizeHint().width(), qapp.font()
    large = QFont(font)
    large.setPointSizeF(2 * font.pointSizeF())
    try:
        qapp.setFont(large)
        qtbot.waitUntil(lambda: panel.minimumSizeHint().width() > 1.5 * before)
        panel.hide()
    finally:
        qapp.setFont(font)
    panel.show()
    qtbot.waitUntil(lambda: panel.minimumSizeHint().width() == before)


def test_of_an_old_answer_no_number_and_no_word_stands_there(qtbot, selection):
    panel = DetailsPanel(ViewContext(selection))
    qtbot.addWidget(panel)
    asked = []
    panel.request_changed.connect(asked.append)
    panel.show()
    panel.set_subject(Subject(make_checkpoint_info(), text_input("x")))
    panel.take_remembered(asked[0], make_heads_result(), "An answer that came with Headlight.")
    assert panel.is_waiting
    assert "came with" not in panel.why_not_current
    assert all(label.text() == "\N{EN DASH}" for label in panel._values.values())
    panel.take_result(asked[0], make_heads_result())
    assert panel.why_not_current == ""
    assert any(label.text() != "\N{EN DASH}" for label in panel._values.values())
