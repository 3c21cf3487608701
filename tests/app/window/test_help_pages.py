"""Each view has a page of help with an example that opens; the lecture's contents are Home's cards; a tour points."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from app.window.help.help_window import HelpWindow
from app.window.help.pages import CHECKPOINTS, LECTURE, WORDS, cards_of, page_names, page_text
from app.window.help.tour import Tour, TourStop
from resources import HELP
from tests.without_a_card import WITHOUT
from widgets.glossary.lookup import entries, sentence, terms_in
from widgets.kit.plain import OwnPage
from widgets.registry import VIEWS
from widgets.views.home.cards import BY_NAME
from widgets.views.home.cards import LECTURE as CARDS
from widgets.views.home.outline import OUTLINE

views = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@views
def test_every_view_has_a_page_that_says_how_it_is_read(view):
    text = (HELP / f"{view.name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {view.title}\n")
    parts = re.findall("^## (.+)$", text, re.MULTILINE)
    wanted = ["What it shows", "How to read it", "Formula", "Try it", "References"]
    assert parts == wanted or (parts == [part for part in wanted if part != "Formula"] and view.name in NO_FORMULA)
    assert len(terms_in(text)) >= 2, "words of the glossary"
    assert "<" not in text.replace("w_<", ""), "no HTML"
    assert "http" not in text, "nothing remote"


NO_FORMULA = ("home", "pretrained")


def test_checkpoints_have_a_page_that_explains_its_words():
    text = page_text(CHECKPOINTS)
    assert {entry.term for entry in terms_in(text)} >= {"gated", "GGUF", "pickle", "safetensors", "hub"}
    assert "http" not in text
    assert set(cards_of(text)) <= set(BY_NAME)


def test_no_other_page_is_of_no_view():
    assert {file.stem for file in HELP.iterdir()} == {CHECKPOINTS, *(view.name for view in VIEWS)}


@views
def test_its_examples_are_cards_of_that_view(view):
    names = cards_of(page_text(view.name))
    assert set(names) <= set(BY_NAME)
    of_views = {BY_NAME[name].example.view for name in names}
    assert view.is_home or of_views == (set() if view.name in WITHOUT else {view.name})


def test_the_words_of_a_page_stand_below_it_with_what_they_mean():
    text = page_text("rollout")
    entry = next(entry for entry in entries() if entry.term == "rollout")
    assert sentence(entry) in text.partition("## Words on this page")[2]
    assert all(f"**{term}" in page_text(WORDS) for term in ("BLEU", "top-p", "low rank"))


def test_the_outline_has_every_card_of_the_lecture_in_the_same_order():
    told = [[name for topic in part.topics for name in topic.cards] for part in OUTLINE]
    assert told == [[card.name for card in part.cards] for part in CARDS]
    assert cards_of(page_text(LECTURE)) == tuple(name for names in told for name in names)


@pytest.fixture
def window(qtbot):
    window = HelpWindow()
    qtbot.addWidget(window)
    return window


def test_a_page_is_chosen_from_the_list_and_its_button_opens_the_example(window, qtbot):
    window.show_page("measures")
    assert window.windowTitle() == "Measures – Help"
    assert window.findChild(OwnPage).toPlainText().startswith("Measures\n")
    with qtbot.waitSignal(window.card_requested) as blocker:
        window.findChild(QPushButton, "help_example").click()
    assert blocker.args == ["measures"]
    listed = window.findChild(QWidget, "help_pages")
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_Down)
    assert window.page == page_names()[page_names().index("measures") + 1]
    window.show_page(WORDS)
    assert not window.findChild(QPushButton, "help_example").isVisible()


def test_links_open_cards_and_pages_and_nothing_else(window, qtbot):
    window.show_page(LECTURE)
    page = window.findChild(OwnPage)
    with qtbot.waitSignal(window.card_requested) as blocker:
        page.anchorClicked.emit(QUrl("card:cross_attention"))
    assert blocker.args == ["cross_attention"]
    with qtbot.assertNotEmitted(window.card_requested):
        page.anchorClicked.emit(QUrl("https://example.org/card:heads"))
        page.anchorClicked.emit(QUrl("card:nothing"))
    page.anchorClicked.emit(QUrl("page:heads"))
    assert window.page == "heads"
    assert page.loadResource(2, QUrl("file:///etc/hostname")) is None


@pytest.fixture
def tour(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    first, second = QPushButton("first", root), QPushButton("second", root)
    layout.addWidget(first)
    layout.addStretch(1)
    layout.addWidget(second)
    root.resize(800, 600)
    stops = TourStop("One", "This.", lambda: first, "F2 shows it."), TourStop("Two", "That.", lambda: second)
    tour = Tour(stops, root)
    root.first = first
    root.show()
    return tour


def test_the_tour_points_at_real_parts_and_never_stands_on_them(tour):
    root = tour.parent()
    tour.begin()
    callout = root.findChild(QWidget, "tour")
    for name in ("first", "second"):
        part = next(button for button in root.findChildren(QPushButton) if button.text() == name)
        assert callout.isVisible()
        assert not callout.geometry().intersects(part.geometry())
        assert root.rect().contains(callout.geometry())
        if name == "first":
            QTest.keyClick(QApplication.focusWidget() or root.findChild(QPushButton, "tour_forth"), Qt.Key.Key_Space)
    assert tour.at == 1
    root.findChild(QPushButton, "tour_back").click()
    assert tour.at == 0
    for _ in range(2):
        root.findChild(QPushButton, "tour_forth").click()
    assert tour.at == -1
    assert not callout.isVisible()


def test_its_buttons_show_that_they_have_the_focus_and_enter_presses_them(tour, qtbot):
    root = tour.parent()
    root.activateWindow()
    qtbot.waitUntil(root.isActiveWindow)
    tour.begin()
    forth = root.findChild(QPushButton, "tour_forth")
    assert QApplication.focusWidget() is forth
    with_focus = forth.grab().toImage()
    forth.clearFocus()
    assert forth.grab().toImage() != with_focus
    QTest.keyClick(forth, Qt.Key.Key_Return)
    assert tour.at == 1
    QTest.keyClick(root.findChild(QPushButton, "tour_leave"), Qt.Key.Key_Return)
    assert tour.at == -1


def test_arrows_and_the_pages_of_a_presenters_remote_lead_on_and_end_nothing(tour):
    tour.begin()
    forth = tour.parent().findChild(QPushButton, "tour_forth")
    keys = (
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Left,
        Qt.Key.Key_Left,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_PageUp,
    )
    stops = []
    for key in keys:
        QTest.keyClick(forth, key)
        stops.append(tour.at)
    assert stops == [1, 1, 0, 0, 1, 0]


def test_the_callout_is_as_wide_as_its_letters_ask_for_when_they_change(tour):
    root = tour.parent()
    tour.begin()
    callout = root.findChild(QWidget, "tour")
    before, font = callout.width(), root.font()
    for factor in (2, 1):
        font.setPointSizeF(factor * 9)
        root.setFont(font)
        QApplication.sendPostedEvents()
        widths = callout.width(), 22 * callout.fontMetrics().height()
        assert 0 <= widths[0] - widths[1] < 60
    assert callout.width() < 1.2 * before


def test_the_window_can_be_used_meanwhile_and_a_part_that_is_hidden_is_told_of_in_the_middle(tour, qtbot):
    root = tour.parent()
    tour.begin()
    with qtbot.waitSignal(root.first.clicked):
        QTest.mouseClick(root.first, Qt.MouseButton.LeftButton)
    callout = root.findChild(QWidget, "tour")
    assert callout.accessibleName() == "One. This."
    root.first.hide()
    assert callout.accessibleName() == "One. This. F2 shows it."
    root.first.show()
    assert callout.accessibleName() == "One. This."
    root.first.hide()
    assert (callout.geometry().center() - root.rect().center()).manhattanLength() < 4
    root.resize(500, 400)
    assert root.rect().contains(callout.geometry())
    root.first.setParent(None)
    qtbot.addWidget(root.first)
    root.first.show()
    root.findChild(QPushButton, "tour_forth").click()
    root.findChild(QPushButton, "tour_back").click()
    assert callout.accessibleName() == "One. This. It has a window of its own now."
    root.findChild(QPushButton, "tour_leave").click()
    assert tour.at == -1
