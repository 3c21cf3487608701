"""Words of the glossary that figures paint are explained on hover; the user's own words are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF, QSize
from PySide6.QtGui import QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QTabBar, QToolTip, QWidget

from tests.disguise import DisguisingEngine, disguised
from tests.explained_words import unknown_in
from tests.factories import make_attention_result, make_tokens
from tests.lettering import watched
from tests.views.test_all_views import given_to, shown, views
from widgets.kit.delay import Delay
from widgets.painted_words import PaintedWords, meaning_at, painted_words
from widgets.registry import VIEWS


def pages_of(view, qtbot) -> Iterator[object]:
    """Each page of a view once it has its answers, whatever it needs for them; one page if there are no others."""
    bars = [bar for bar in view.findChildren(QTabBar) if bar.isVisibleTo(view)]
    for bar in bars:
        for index in range(bar.count()):
            bar.setCurrentIndex(index)
            qtbot.waitUntil(lambda: not any(delay._timer.isActive() for delay in view.findChildren(Delay)))
            yield view.figure()
    if not bars:
        yield view.figure()


def paint(figure, style) -> None:
    image = QImage(figure.natural_size(style).toSize() + QSize(1, 1), QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        figure.paint(painter, image.rect().toRectF(), style)


@views
def test_every_painted_word_of_ours_is_plain_or_explained(entry, engine, qtbot):
    view = shown(entry, DisguisingEngine(engine), qtbot)  # what has letters is neither token nor label
    with watched() as words:
        for figure in pages_of(view, qtbot):
            view.grab()
            if figure is not None:
                paint(figure, view.style_now())
    checkpoint, card = view.subject.checkpoint, view.subject.checkpoint.card
    given = " ".join((given_to(view), checkpoint.architecture, card.data, card.licence, card.languages))
    found = unknown_in((word.text for word in words), given)
    assert found == [], "\n".join(found)


def test_what_models_and_users_say_has_no_letters_in_it_any_more_and_what_is_ours_has():
    result = make_attention_result(tokens=make_tokens("the [MASK] the"))
    other = disguised(result)
    words = other.query_tokens.words
    assert not re.search("[a-z]", "".join(words))
    assert words[0] == words[2]
    assert words[1] == "[MASK]"
    assert other.group == result.group


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
        ("rollout", "Rollout up to layer 3", "Attention multiplied through the layers"),
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
