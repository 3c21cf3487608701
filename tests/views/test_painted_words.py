"""Words of the glossary that figures paint are explained on hover; the user's own words are not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip, QWidget

from tests.views.test_all_views import shown
from widgets.painted_words import PaintedWords, meaning_at, painted_words
from widgets.registry import VIEWS


def find(view, text) -> tuple[QWidget, PaintedWords]:
    """Where in a view a line is painted."""
    parts = view.findChildren(QWidget)
    parts += [part.viewport() for part in parts if isinstance(part, QAbstractScrollArea)]
    for part in parts:
        for words in painted_words(part) if part.isVisible() else ():
            if words.text == text:
                return part, words
    raise AssertionError(f"{text!r} is painted nowhere")


@pytest.fixture
def told(monkeypatch) -> list[str]:
    """What is said on hover, from the first to the last."""
    said: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, text, *_more: said.append(text))
    return said


@pytest.mark.parametrize(
    ("name", "text", "meaning"),
    [
        ("rollout", "Rollout up to layer 0", "Attention multiplied through the layers"),
        ("norms", "MLP", "The other half of a layer"),
        ("norms", "LN(x + SubLayer(x))", "its attention, or its MLP"),
        ("arcs", "query", "The vector with which a place asks"),
        ("heads", "Head 1", "One of several attentions"),
        ("attention", "from (queries)", "The vector with which a place asks"),  # which stands upright
        ("measures", "Entropy (bits)", "How widely a query spreads its attention"),
        ("scaled_dot", "softmax", "sum to 1"),
    ],
)
def test_a_painted_word_is_explained_where_it_stands(name, text, meaning, engine, qtbot, told):
    view = shown(next(entry for entry in VIEWS if entry.name == name), engine, qtbot)
    part, words = find(view, text)
    at = words.corners.boundingRect().center().toPoint()
    QApplication.sendEvent(part, QHelpEvent(QEvent.Type.ToolTip, at, part.mapToGlobal(at)))
    assert meaning in told[-1]


def test_what_the_user_wrote_is_no_word_of_ours_and_beside_words_nothing_is_said(engine, qtbot):
    view = shown(next(entry for entry in VIEWS if entry.name == "arcs"), engine, qtbot)
    part, words = find(view, "query")
    box = words.corners.boundingRect()
    assert meaning_at(part, box.center(), "the key, a Query")[0] == ""
    assert meaning_at(part, box.center(), "the key")[1].contains(box.toRect())
    assert meaning_at(part, box.topLeft() - QPointF(0, 3), "")[0] == ""


def test_a_part_that_has_said_something_by_itself_is_not_silenced(engine, qtbot, told):
    view = shown(next(entry for entry in VIEWS if entry.name == "masked"), engine, qtbot)
    strip = view.findChild(QWidget, "masked_words")
    nowhere = strip.rect().bottomRight()
    QApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, nowhere, strip.mapToGlobal(nowhere)))
    assert told == []
