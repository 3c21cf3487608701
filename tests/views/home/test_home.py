"""Home: its cards open what they promise, and are walked by mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from inference.context import Context
from inference.results.checkpoint import InspectRequest, OpenRequest
from inference.results.film_strip import FilmStripRequest
from inference.results.tokenize import TokenizeRequest
from inference.service.engine import Engine
from resources import HOME_PICTURES, bundled_checkpoints
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from tests.without_a_card import WITHOUT
from widgets.context import ViewContext
from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.registry import VIEWS
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.home.cards import BY_NAME, CHECKPOINTS, LECTURE, CheckpointCard, parts_at_hand
from widgets.views.home.figure import HomeFigure, wrapped
from widgets.views.home.pictures import CardPictures
from widgets.views.home.view import HomeView

ENTRIES = {entry.name: entry for entry in VIEWS}
AT_HAND = [card for part in parts_at_hand(bundled_checkpoints()) for card in part.cards]
MOST_BYTES, MOST_OF_ALL = 32 * 2**10, 3 * 2**20
AGAIN = "run docs/home_pictures.py"

cards = pytest.mark.parametrize("card", AT_HAND, ids=lambda card: card.name)


# The table


@pytest.fixture(scope="module")
def engine():
    return Engine()


@cards
def test_a_cards_view_is_there_with_its_checkpoint(card, engine):
    entry, info = ENTRIES[card.example.view], engine.run(InspectRequest(card.example.checkpoint), Context())
    assert entry.why_missing(info) == ""
    assert entry.is_about(info)
    assert set(card.example.input.kinds) <= set(info.reads)
    selected = card.example.selected
    if selected is not None:
        group = next(group for group in info.groups if group.name == selected.group)
        assert selected.head < group.n_heads[selected.layer]


@cards
def test_its_checkpoint_reads_its_input(card, engine):
    example = card.example
    engine.run(OpenRequest(example.checkpoint), Context())
    result = engine.run(TokenizeRequest(example.checkpoint, example.input), Context())
    text, selected = example.input.text, example.selected
    n = len(result.tokens)
    assert all(0 <= place < n for place in (text.masked if text else ()))
    assert selected is None or all(place is None or place.index < n for place in (selected.query, selected.key))


def test_what_is_said_of_a_film_is_what_its_model_reads_by_itself(engine):
    example = BY_NAME["order"].example
    engine.run(OpenRequest(example.checkpoint), Context())
    strip = engine.run(FilmStripRequest(example.checkpoint, replace(example.input, text=None)), Context())
    assert strip.text == example.input.text.text


@cards
def test_its_options_are_those_of_the_view(card, qtbot):
    """A page by what stands on its tab: others may have come before it."""
    view = ENTRIES[card.example.view].create(ViewContext())
    qtbot.addWidget(view)
    view.set_options_state(card.example.options)
    assert view.options_state() == card.example.options


@cards
def test_it_has_small_pictures_for_both_themes(card):
    for theme in (LIGHT, DARK):
        file = HOME_PICTURES / theme.name / f"{card.name}.png"
        assert file.exists(), AGAIN
        assert file.stat().st_size <= MOST_BYTES
        image = QImage(str(file)).scaled(40, 25)
        assert len({image.pixel(x, y) for x in range(40) for y in range(25)}) > 3, "it is empty"


def test_lines_are_of_one_head_rollout_is_of_the_last_layer_and_attribution_of_the_first_word(engine):
    """As their sentences and their pages of help say."""
    assert BY_NAME["arcs"].example.options == {"arcs_only": {"head": True}}
    rollout = BY_NAME["rollout"].example
    layers = engine.run(InspectRequest(rollout.checkpoint), Context()).group("encoder").n_heads
    assert rollout.selected.layer == len(layers) - 1
    assert BY_NAME["attribution"].example.selected.query == Position("target", 0)
    assert BY_NAME["joint"].example.selected.query == Position("target", 3)  # a word whose look is seen at once


def test_no_picture_is_of_a_card_that_is_gone():
    files = list(HOME_PICTURES.glob("*/*.png"))
    assert {file.stem for file in files} <= set(BY_NAME)
    assert sum(file.stat().st_size for file in files) <= MOST_OF_ALL


def test_every_view_has_a_card_or_a_reason():
    shown = {card.example.view for part in LECTURE for card in part.cards}
    assert shown | set(WITHOUT) == set(ENTRIES)
    assert shown & set(WITHOUT) == set()
    assert all(WITHOUT.values())


def test_every_bundled_checkpoint_has_a_card_that_tells_its_size(engine):
    listed = {card.example.checkpoint: card for card in CHECKPOINTS.cards}
    assert set(bundled_checkpoints()) <= set(listed)
    for name in bundled_checkpoints():
        card = listed[name]
        assert isinstance(card, CheckpointCard)
        assert card.n_parameters == engine.run(InspectRequest(name), Context()).n_parameters


def test_names_are_told_apart_and_texts_are_short():
    assert len(BY_NAME) == sum(len(part.cards) for part in (*LECTURE, CHECKPOINTS))
    for card in BY_NAME.values():
        assert card.title
        assert card.about.endswith((".", "?"))
        assert len(card.about) <= 64, "it would not fit into three lines"


def test_cards_of_a_checkpoint_appear_with_it():
    without = parts_at_hand(("bert-mini",))
    assert "generation" not in [card.name for part in without for card in part.cards]
    assert {card.example.checkpoint for part in without for card in part.cards} == {"bert-mini"}
    both = parts_at_hand(("bert-mini", "gpt-mini"))
    names = [card.name for part in both for card in part.cards]
    assert {"generation", "surprisal", "few_shot", "gpt-mini"} <= set(names)


# What is on screen


@pytest.fixture
def view(qtbot):
    context = ViewContext()
    context.set_checkpoints((*bundled_checkpoints(), "/data/mine"))
    view = HomeView(context)
    qtbot.addWidget(view)
    view.resize(780, 520)
    view.opened = []
    context.example_requested.connect(view.opened.append)
    view.show()
    view.activateWindow()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def box_of(view, name):
    return view.figure().boxes(view._canvas.figure_rect(), view._canvas.style_now)[name]


def test_a_click_opens_what_the_card_shows(view):
    QTest.mouseClick(view._canvas, Qt.MouseButton.LeftButton, pos=box_of(view, "heads").center().toPoint())
    assert view.opened == [BY_NAME["heads"].example]


def test_the_keys_walk_through_the_cards_and_enter_opens_one(view):
    view._canvas.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(view._canvas, key)
    first, second = AT_HAND[:2]
    assert view.opened == [second.example]
    QTest.keyClick(view._canvas, Qt.Key.Key_Left)
    QTest.keyClick(view._canvas, Qt.Key.Key_Space)
    assert view.opened[-1] == first.example


def test_down_goes_to_the_row_below_and_what_it_meets_comes_into_sight(view):
    QTest.keyClick(view._canvas, Qt.Key.Key_Right)
    rows = [box_of(view, view._canvas.spot).top()]
    while True:
        QTest.keyClick(view._canvas, Qt.Key.Key_Down)
        top = box_of(view, view._canvas.spot).top()
        if top == rows[-1]:
            break
        rows.append(top)
        seen = view._canvas.visibleRegion().boundingRect()
        assert QRectF(seen).contains(box_of(view, view._canvas.spot))
    assert rows == sorted(rows)
    assert rows[-1] == max(box_of(view, card.name).top() for card in AT_HAND)


def test_the_card_that_is_met_is_told(view):
    QTest.keyClick(view._canvas, Qt.Key.Key_Right)
    assert view._page.read_out.text() == "The Transformer. An encoder reads English, a decoder writes French."
    assert view._canvas.accessibleDescription() == view._page.read_out.text()
    QTest.mouseMove(view._canvas, box_of(view, "scaled_dot").center().toPoint())
    assert view._page.read_out.text().startswith("Scaled dot product.")


def test_only_pictures_in_sight_are_read_one_after_another(view, qtbot):
    read = view._pictures._images
    qtbot.waitUntil(lambda: view._pictures.at_hand(view.style_now().theme.name, "heads") is not None)
    qtbot.waitUntil(lambda: not view._pictures._wanted)
    assert 3 <= len(read) < len(AT_HAND) / 2
    assert "polygen-furniture" not in {card for _, card in read}
    view._scroll.verticalScrollBar().setValue(view._scroll.verticalScrollBar().maximum())
    view.repaint()
    qtbot.waitUntil(lambda: "polygen-furniture" in {card for _, card in read})


def test_a_card_without_a_picture_is_a_card_all_the_same(qapp, tmp_path):
    pictures = CardPictures(tmp_path)
    figure = HomeFigure(parts_at_hand(("gpt-mini",)), pictures, is_whole=True)
    image = QImage(600, 800, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        figure.paint(painter, QRectF(image.rect()), FigureStyle())
    assert pictures.read("light", "generation").isNull()


def test_recent_folders_are_at_hand(view):
    opened = []
    view.context.checkpoint_requested.connect(opened.append)
    recent = view.findChild(QComboBox, "home_recent")
    assert [recent.itemText(n) for n in range(recent.count())] == ["choose one", "mine"]
    recent.setFocus()
    QTest.keyClick(recent, Qt.Key.Key_Down)
    recent.activated.emit(recent.currentIndex())
    assert opened[0] == "/data/mine"
    assert recent.currentIndex() == 0


def test_the_open_checkpoint_is_marked(view):
    info = replace(make_checkpoint_info(), checkpoint="vit-scenes", name="vit-scenes")
    view.set_subject(Subject(info, text_input("the cat")))
    assert view.figure().open_checkpoint == "vit-scenes"


@pytest.mark.parametrize(("width", "points", "least"), [(780, 10, 3), (1420, 10, 5), (780, 16, 2), (300, 16, 1)])
def test_the_grid_has_as_many_columns_as_fit_and_no_card_hangs_over(qapp, tmp_path, width, points, least):
    font = QFont("DejaVu Sans")
    font.setPointSize(points)
    style = FigureStyle(LIGHT, font)
    figure = HomeFigure(parts_at_hand(bundled_checkpoints()), CardPictures(tmp_path))
    size = figure.least_size(width, style)
    rect = QRectF(0, 0, max(size.width(), width), size.height())
    boxes = list(figure.boxes(rect, style).values())
    assert sum(box.top() == boxes[0].top() for box in boxes) >= least
    assert all(rect.adjusted(-1, -1, 1, 1).contains(box) for box in boxes)
    assert not any(one.intersects(other) for one in boxes for other in boxes if one is not other)


def test_it_has_a_table_and_a_whole_picture_for_files(view):
    numbers = view.figure().numbers()
    assert [row[1] for row in numbers.rows] == [card.title for card in AT_HAND]
    assert view.figure().is_whole
    assert view.figure().spot_at(QPoint(-5, -5).toPointF(), QRectF(0, 0, 700, 900), FigureStyle()) is None


@pytest.mark.parametrize("width", [60, 120, 300, 2000])
def test_a_sentence_takes_no_more_lines_and_no_more_width_than_there_are(qapp, width):
    metrics = QFontMetricsF(QFont("DejaVu Sans", 10))
    lines = wrapped("Windows, dilation, global and random cells: Longformer, BigBird.", metrics, width, 3)
    assert len(lines) <= 3
    assert max(map(metrics.horizontalAdvance, lines[1:]), default=0) <= width
    assert (lines == ["Windows, dilation, global and random cells: Longformer, BigBird."]) == (width == 2000)
