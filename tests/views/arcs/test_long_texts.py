"""Arcs of a long text: what is asked for, and what is drawn of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QSlider

from inference.results.attention import AttentionRequest
from inference.results.events import Failure
from inference.results.lines import LinesRequest, LinesResult
from tests.answers import answer, fail
from tests.factories import make_attention_result, make_checkpoint_info, make_long_tokens
from tests.inputs import text_input
from tests.places import at
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.arcs.feed import ArcsFeed
from widgets.views.arcs.lines import Focus
from widgets.views.arcs.long_arcs import LongArcsFigure
from widgets.views.arcs.threshold_slider import THRESHOLDS
from widgets.views.arcs.view import ArcsView

TEXT = text_input("a long text " * 400)
TOKENS = make_long_tokens(4096)
INFO = make_checkpoint_info()
ABOUT = LinesRequest("bert-test", TEXT, "encoder", 0, (), 0, 0, 0.02)


def weight_of(query: int, key: int, head: int) -> float:
    """A head looks so many tokens back as its number says, and a little at the first token."""
    return 0.8 if key == max(query - head, 0) else 0.01 if key == 0 else 0.0


def result_of(request: LinesRequest) -> LinesResult:
    heads = request.heads or (0, 1, 2, 3)
    stop = min(request.stop, len(TOKENS))
    links = [
        (query, key, head, weight_of(query, key, head))
        for query in range(request.start, stop)
        for head in heads
        for key in {max(query - head, 0), 0}
        if weight_of(query, key, head) >= max(request.threshold, 1e-9)
    ]
    links.sort(key=lambda link: -link[3])
    query, key, head, weight = (np.array(column) for column in zip(*links, strict=True))
    return LinesResult(
        request.group, TOKENS, TOKENS, request.layer, heads, request.start, stop, request.threshold,
        query.astype(np.int32), key.astype(np.int32), head.astype(np.int32), weight.astype(np.float32), False, 0.81,
    )  # fmt: skip


class Engine:
    """Answers at once, or keeps what was asked."""

    def __init__(self, view):
        self.asked, self.view, self.answers = [], view, True
        view.request_changed.connect(self.on_request_changed)

    def on_request_changed(self, request):
        self.asked.append(request)
        if self.answers:
            self.view.take_result(request, result_of(request))


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = ArcsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    view.engine = Engine(view)
    view.set_subject(Subject(INFO, TEXT))
    return view


def drawn(figure):
    return {(query, key, head) for query, key, head, _ in figure.lines.each()}


def test_lines_of_what_is_on_screen_are_asked_for_and_no_pattern(view):
    assert all(isinstance(request, LinesRequest) for request in view.engine.asked)
    last = view.engine.asked[-1]
    rows = view.canvas.rows_on_screen()
    assert rows.start == 0
    assert last.start == 0
    assert rows.stop <= last.stop < 300
    assert view.figure().window == rows
    assert (20, 18, 2) in drawn(view.figure())


def test_scrolling_asks_for_what_comes_into_sight(view, qtbot):
    bar = view.canvas.verticalScrollBar()
    assert bar.maximum() > 4096 * 10
    with qtbot.waitSignal(view.request_changed) as asked:
        bar.setValue(bar.maximum() // 2)
    rows, request = view.canvas.rows_on_screen(), asked.args[0]
    assert request.start <= rows.start < rows.stop <= request.stop
    assert 2000 < rows.start < 2100
    assert view.figure().caption.endswith(f"queries {rows.start} to {rows.stop - 1} of 4,096")
    qtbot.waitUntil(lambda: view.canvas.is_complete)
    n_asked = len(view.engine.asked)
    bar.setValue(bar.value() + 3 * bar.singleStep())  # a little further nothing is new
    view.refresh()
    assert len(view.engine.asked) == n_asked


def test_the_old_lines_stay_until_the_new_ones_are_there(view, qtbot):
    view.engine.answers = False
    before = drawn(view.figure())
    with qtbot.waitSignal(view.request_changed):
        view.canvas.verticalScrollBar().setValue(30_000)
    assert drawn(view.figure()) == before
    fail(view, Failure("refused", "No."))
    assert drawn(view.figure()) == before
    assert not view.grab().isNull()


def test_a_stale_answer_is_dropped(view, qtbot):
    view.engine.answers = False
    with qtbot.waitSignal(view.request_changed):
        view.canvas.verticalScrollBar().setValue(30_000)
    stale = view.engine.asked[-1]
    with qtbot.waitSignal(view.request_changed):
        view.canvas.verticalScrollBar().setValue(60_000)
    before = view.figure().result
    view.take_result(stale, result_of(stale))
    assert view.figure().result is before
    answer(view, result_of(view.engine.asked[-1]))
    assert view.figure().result is not before


def test_the_query_pointed_at_is_shown_in_full(view, qtbot):
    assert (20, 0, 3) not in drawn(view.figure())  # weaker than the threshold
    with qtbot.waitSignal(view.request_changed) as asked:
        qtbot.mouseMove(view.canvas.viewport(), view.canvas.point_of(Focus("query", 20)).toPoint())
    assert asked.args[0] == LinesRequest("bert-test", TEXT, "encoder", 0, (), 20, 21, 0.0)
    assert drawn(view.figure()) == {(20, key, head) for head in range(4) for key in (20 - head, 0)}
    assert "attends most to" in view.findChild(LineLabel, "arcs_read_out").text()
    view.canvas.set_hovered(Focus("key", 18))
    assert drawn(view.figure()) == {(18, 18, 0), (19, 18, 1), (20, 18, 2), (21, 18, 3)}


def test_another_threshold_or_head_asks_again(view, qtbot):
    slider = view.findChild(QSlider, "arcs_threshold")
    with qtbot.waitSignal(view.request_changed) as asked:
        slider.setValue(THRESHOLDS.index(0.005))
    assert asked.args[0].threshold == 0.005
    assert (20, 0, 3) in drawn(view.figure())
    view.selection.update(head=2)
    view.findChild(QCheckBox, "arcs_only_head").setChecked(True)
    assert view.engine.asked[-1].heads == (2,)
    assert {head for *_, head in drawn(view.figure())} == {2}


def test_selecting_a_far_token_brings_it_into_sight(view, selection):
    selection.update(query=at(3000))
    assert 3000 in view.canvas.rows_on_screen()
    view.grab()


def test_home_and_end(view, qtbot):
    qtbot.keyClick(view.canvas, Qt.Key.Key_End)
    assert 4095 in view.canvas.rows_on_screen()
    qtbot.keyClick(view.canvas, Qt.Key.Key_Home)
    assert view.canvas.rows_on_screen().start == 0


def test_a_text_that_turns_out_to_be_short_is_fetched_as_a_whole(qtbot, selection, monkeypatch):
    monkeypatch.setattr("tests.views.arcs.test_long_texts.TOKENS", make_long_tokens(100))
    view = ArcsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    asked = []
    view.request_changed.connect(asked.append)
    view.set_subject(Subject(INFO, TEXT))
    answer(view, result_of(asked[0]))
    assert asked[1] == AttentionRequest("bert-test", TEXT, "encoder", layers=(0,))
    answer(view, make_attention_result(layers=(0,)))
    assert not isinstance(view.figure(), LongArcsFigure)


def test_a_figure_has_the_rows_on_screen_only(qapp):
    figure = LongArcsFigure(result_of(LinesRequest("", TEXT, "encoder", 1, (), 96, 224, 0.02)), window=range(120, 150))
    texts = texts_of(figure)
    words = [TOKENS.words[position] for position in range(len(TOKENS))]
    assert words[120] in texts
    assert words[149] in texts
    assert words[119] not in texts
    assert words[151] not in texts
    numbers = figure.numbers()
    assert {row[0] for row in numbers.rows} == set(range(120, 150))
    assert numbers.arrays["tokens"].tolist() == words[120:150]


def test_the_feed_asks_for_one_thing_at_a_time(qapp):
    feed = ArcsFeed()
    feed.look_at(ABOUT, range(100, 130))
    (request,) = feed.requests()
    assert request.start <= 70
    assert request.stop >= 160
    feed.look_at(ABOUT, range(102, 132))
    assert feed.requests() == (request,)  # on its way
    feed.point_at(110)
    assert feed.requests() == (request,)  # all lines first
    feed.take(request, result_of(request))
    (row,) = feed.requests()
    assert (row.start, row.stop, row.threshold) == (110, 111, 0.0)
    assert feed.is_more(row)
    assert feed.is_more(replace(request, start=0, stop=20))
    assert not feed.is_more(replace(request, layer=1))
    feed.take(row, result_of(row))
    assert feed.requests() == ()
    feed.forget()
    assert (feed.lines, feed.row, feed.requests()) == (None, None, ())
    assert not feed.is_more(row)


# Of what it is


def test_scrolling_makes_nothing_old_but_another_layer_does(view, qtbot):
    view.engine.answers = False
    with qtbot.waitSignal(view.request_changed):
        view.canvas.verticalScrollBar().setValue(30_000)
    assert view.why_not_current == ""
    view.take_cancellation(view.engine.asked[-1])
    assert not view.is_dimmed
    view.selection.update(layer=1)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert view.findChild(LineLabel, "arcs_read_out").text() == ""
    view.take_result(view.engine.asked[-1], result_of(view.engine.asked[-1]))
    assert view.why_not_current == ""
    assert view.figure().layer == 1


def test_going_back_after_a_cancel_shows_what_is_still_here(view, qtbot):
    view.engine.answers = False
    view.selection.update(layer=1)
    view.take_cancellation(view.engine.asked[-1])
    assert view.is_dimmed
    view.selection.update(layer=0)
    assert view.why_not_current == ""
    assert not view.is_dimmed


def test_until_a_text_that_turned_out_to_be_short_is_shown_the_old_one_keeps_its_name(view, monkeypatch):
    view.engine.answers = False
    view.set_subject(Subject(INFO, text_input("another text " * 200)))
    monkeypatch.setattr("tests.views.arcs.test_long_texts.TOKENS", make_long_tokens(100))
    view.take_result(view.engine.asked[-1], result_of(view.engine.asked[-1]))
    assert view.is_dimmed
    assert "a long text" in view.why_not_current


def test_where_no_weight_is_strong_enough_it_says_how_strong_the_strongest_is(view):
    nothing, figure = np.zeros(0, np.int32), view.figure()
    weak = replace(
        figure.result, query=nothing, key=nothing, head=nothing, weight=np.zeros(0, np.float32), largest=0.00031
    )
    assert "no weight reaches 2.0 %, the largest is 0.031 %" in replace(figure, result=weak).caption
