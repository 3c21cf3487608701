"""What every view does: one test for all of them, with a real model and no window, thread or process."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.export.export import ENDINGS, save
from inference.context import Context, Refused
from inference.results.checkpoint import OpenRequest
from inference.results.events import Failure
from inference.results.inputs import ClipInput, ImageInput, Input, MeshInput, TextInput
from resources import bundled_checkpoints
from tests.explained_words import unexplained, unknown_on
from tests.inference import tiny_chat, tiny_joint
from tests.theme_check import painters_that_ignore_the_theme
from widgets.context import ViewContext
from widgets.kit.delay import Delay
from widgets.kit.labels import EmptyLabel, LineLabel
from widgets.look.focus_ring import FocusRings
from widgets.look.theme import DARK, LIGHT
from widgets.player.playback import Playback
from widgets.registry import VIEWS
from widgets.subject import Subject

# The checkpoint that serves a view, where it is not the one for texts.
CHECKPOINTS = {
    "masked_image": "beit-scenes",
    "complete_image": "igpt-small",
    "masked_pixels": "igpt-masked",
    "patches": "vit-scenes",
    "classes": "vit-scenes",
    "mesh": "polygen-furniture",
    "fine_tuning": "bert-mini-polarity",
    **dict.fromkeys(("similarity", "relevance", "zero_shot"), "clip-scenes"),
    "segments": "lseg-scenes",
    **dict.fromkeys(("clip", "order"), "merlot-clips"),
    "caption": "virtex-scenes",
    "visual_words": "videobert-clips",
}
INPUTS = {
    "text": Input(text=TextInput("the cat sat on the mat", "it was tired", masked=(3,))),
    "image": Input(image=ImageInput(seed=3)),
    "mesh": Input(mesh=MeshInput(0)),
    "clip": Input(clip=ClipInput(seed=3)),
}
COMPARED = Input(
    text=TextInput("a red house"),
    image=ImageInput(seed=3),
    images=(ImageInput(seed=3), ImageInput(seed=4, kind="portrait")),
    texts=("a red house", "a blue car at night"),
)
# Asking takes long: it is done when the user wants it.
ASKS_WHEN_TOLD = ("few_shot",)
SMALL = QSize(420, 320)
SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class Asker:
    """Answers a view's requests at once, as the engine would."""

    def __init__(self, engine, view):
        self.engine, self.view, self.asked = engine, view, []
        view.request_changed.connect(self.on_request_changed)

    def on_request_changed(self, request):
        self.asked.append(request)
        if type(request).__name__ == "LayerTimesRequest":
            return
        context = Context(lambda event: self.report(request, event))
        try:
            result = self.engine.run(request, context)
        except Refused as refusal:
            self.view.take_failure(request, Failure("refused", str(refusal)))
        else:
            self.view.take_result(request, result)

    def report(self, request, event):
        if hasattr(event, "result"):
            self.view.take_result(request, event.result, is_partial=True)


def shown(entry, engine, qtbot, context=None):
    """A visible view that has its answers."""
    view = entry.create(context or ViewContext())
    qtbot.addWidget(view)
    qtbot.kept = view  # behind a test, events are handled once more: collected in one of them, a view would be a crash
    view.asker = Asker(engine, view)
    view.resize(1000, 700)
    view.show()
    view.set_subject(subject_of(entry, engine))
    if entry.name in ASKS_WHEN_TOLD:
        view.findChild(QAbstractButton, f"{entry.name}_measure").click()
    qtbot.waitUntil(lambda: view.figure() is not None and not view.why_not_current, timeout=60_000)
    return view


def unanswered(view):
    """What the view asks from now on, in a list: nobody answers any more."""
    view.request_changed.disconnect(view.asker.on_request_changed)
    asked = []
    view.request_changed.connect(asked.append)
    return asked


def subject_of(entry, engine):
    """What a view can look at."""
    info = engine.run(OpenRequest(CHECKPOINTS.get(entry.name, "bert-mini")), Context())
    if info.compares:
        return Subject(info, COMPARED.chosen, (), COMPARED.images, COMPARED.texts)
    if entry.name == "answer":
        return Subject(info, tiny_chat.asked())
    if entry.name == "joint":
        return Subject(info, tiny_joint.given("a small red house", masked=(3,)))
    input = INPUTS[entry.about_model if entry.about_model in info.reads else info.reads[0]]
    return Subject(info, input if info.mask_token else input.unmasked())


def given_to(view):
    """All words of what a view looks at, classes of its checkpoint and names of the bundled ones included."""
    text = view.subject.input.text
    texts = (text.text, text.text_pair or "") if text else ()
    return " ".join((*texts, *view.subject.texts, *view.subject.checkpoint.classes, *bundled_checkpoints()))


def pixels(view):
    return view.grab().toImage().scaled(200, 140)


views = pytest.mark.parametrize("entry", VIEWS, ids=lambda entry: entry.name)


@views
def test_it_declares_what_its_requests_need(entry, engine, qtbot):
    asked = shown(entry, engine, qtbot).asker.asked
    assert entry.needs in {frozenset(), *(request.needs for request in asked)}


@views
def test_words_that_a_student_may_not_know_are_explained_where_they_stand(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    found = unexplained(view) + unknown_on(view, given_to(view))
    assert found == [], "\n".join(found)


@views
def test_a_choice_of_one_is_no_control(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    combos = [combo for combo in view.findChildren(QComboBox) if combo.isVisibleTo(view)]
    assert [combo.objectName() for combo in combos if combo.count() < 2] == []


@views
def test_it_names_what_it_needs_and_says_why_it_is_off(entry):
    from tests.factories import make_checkpoint_info

    nothing = replace(make_checkpoint_info(), capabilities=(), missing=(), reads=("text",))
    why = nothing.why_missing(entry.needs)
    assert bool(why) == bool(entry.needs)
    assert entry.title
    assert entry.about.endswith(".")
    assert len(entry.about) <= 70, "on a projector of 1280 pixels its end would be cut off"


@views
def test_it_shows_repaints_exports_and_comes_back(entry, engine, qtbot, tmp_path):
    view = shown(entry, engine, qtbot)
    seen = [pixels(view)]

    # Theme, font and colour map
    assert painters_that_ignore_the_theme(view) == []
    seen.append(pixels(view))
    font = QFont(view.font())
    font.setPointSizeF(1.5 * font.pointSizeF())
    view.setFont(font)
    seen.append(pixels(view))
    assert seen[-1] != seen[-2], "it ignores the font"
    view.context.looks.set_color_map("magma")
    assert view.style_now().color_map == "magma"
    view.setPalette(LIGHT.palette())

    # Every format
    for ending in ENDINGS:
        path = tmp_path / f"figure{ending}"
        save(view.figure(), path, style=view.style_now())
        first = path.read_bytes()
        assert len(first) > 50
        save(view.figure(), path, style=view.style_now())
        assert path.read_bytes() == first, f"two {ending} files of the same figure differ"

    # Smallest size
    view.resize(SMALL)
    QApplication.processEvents()
    assert pixels(view) is not None

    # Options: what is chosen survives a session
    state = view.options_state()
    other = entry.create(ViewContext())
    qtbot.addWidget(other)
    other.set_options_state(state)
    assert other.options_state() == state


@views
def test_a_view_that_ignores_the_theme_is_found(entry, engine, qtbot, monkeypatch):
    view = shown(entry, engine, qtbot)
    monkeypatch.setattr(type(view), "restyle", lambda self: None)
    assert painters_that_ignore_the_theme(view) != []


@views
def test_an_old_picture_is_dimmed_when_another_checkpoint_comes(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    view.request_changed.disconnect(view.asker.on_request_changed)
    subject = view.subject
    view.set_subject(Subject(replace(subject.checkpoint, checkpoint="other", name="other-checkpoint"), subject.input))
    if not view._shows_subject():
        return  # a page of theory depends on no checkpoint
    veils = [veil for veil in view._veils() if veil.is_dimmed]
    assert veils or view.figure() is None, "another checkpoint's picture stands as this one's"
    # Word vectors are of no checkpoint, but where they are a checkpoint's own.
    name = "the bundled English words" if entry.name == "embedding" else subject.checkpoint.name
    for veil in veils:
        assert name in veil.text
    if veils:
        assert name in view.why_not_current


@views
def test_where_there_is_nothing_to_see_no_old_picture_comes_back(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    asked = unanswered(view)
    info = view.subject.checkpoint
    view.set_subject(Subject(info, Input(text=TextInput("") if "text" in info.reads else None)))
    empty = [page for page in view._own_pages if page.is_empty]
    view.setPalette(DARK.palette())
    view.context.looks.set_color_map("magma")
    view.selection.update(layer=1, head=1)
    view.selection.update(layer=0, head=0)
    assert asked or [page.objectName() for page in empty if not page.is_empty] == []
    assert view.figure() is None or len(empty) < len(view._own_pages)


@views
def test_nothing_plays_on_beneath_a_veil(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    players = view.findChildren(Playback)
    if not view._shows_subject():
        return  # what depends on no checkpoint is never old
    view.request_changed.disconnect(view.asker.on_request_changed)
    for player in players:
        player.restart(player.first)
    view.refresh(again=True)
    for request in view._asked:
        view.take_cancellation(request)
    assert [player for player in players if player.is_playing] == []


@views
def test_after_a_cancel_it_asks_nothing_by_itself(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    asked = unanswered(view)
    view.refresh(again=True)
    for request in view._asked:
        view.take_cancellation(request)
    n = len(asked)
    view.resize(view.width() + 60, view.height() + 60)
    QApplication.processEvents()
    view.selection.update(layer=1, head=1)
    for delay in view.findChildren(Delay):
        if delay._timer.isActive():  # the others wait for what the user does
            delay.elapsed.emit()
    assert asked[n:] == []
    view.refresh(again=True)
    assert asked[n:] or not view._asked


@views
def test_while_it_waits_for_its_first_answer_it_says_so(entry, engine, qtbot):
    view = entry.create(ViewContext())
    qtbot.addWidget(view)
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    view.set_subject(subject_of(entry, engine))
    said = [label.text() for label in view.findChildren(EmptyLabel) if label.isVisible()]
    assert not asked or view.figure() is not None or said
    assert not asked or [text for text in said if not text.endswith("…")] == []  # what asks nothing says what to do
    for request in asked:
        view.take_cancellation(request)
    said = [label.text() for label in view.findChildren(EmptyLabel) if label.isVisible()]
    assert [text for text in said if text.endswith("…")] == []


@views
def test_what_is_read_out_can_be_selected(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    for label in view.findChildren(QLabel):
        if label.objectName().endswith(("_read_out", "_caption")):
            assert isinstance(label, LineLabel) or label.textInteractionFlags() & SELECTABLE, label.objectName()


@views
def test_a_failure_leaves_it_alive(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    view.request_changed.disconnect(view.asker.on_request_changed)
    view.refresh(again=True)
    for request in view._asked:
        view.take_failure(request, Failure("refused", "The text has 9 tokens; at most 5 are allowed."))
    QApplication.processEvents()
    view.request_changed.connect(view.asker.on_request_changed)
    view.refresh(again=True)
    qtbot.waitUntil(lambda: not view.why_not_current, timeout=60_000)


@views
def test_it_stands_on_its_own(entry, engine, qtbot):
    """Torn off into a window of its own, it still follows the looks of its context."""
    view = shown(entry, engine, qtbot)
    alone = QWidget()
    qtbot.addWidget(alone)
    QVBoxLayout(alone).addWidget(view)
    alone.resize(900, 600)
    alone.show()
    view.context.looks.set_color_map("viridis")
    assert view.style_now().color_map == "viridis"
    assert view.figure() is not None
    view.setParent(None)


def look_of(stop):
    """What is on screen where a widget is, with what lies round it."""
    window = stop.window()
    QApplication.processEvents()
    return window.grab(QRect(stop.mapTo(window, QPoint()), stop.size()).adjusted(-3, -3, 3, 3)).toImage()


def problems_of(stop):
    """Why a user who comes to a widget by Tab would be lost there."""
    seen = stop.viewport() if isinstance(stop, QAbstractScrollArea) else stop
    if isinstance(stop, QLineEdit):
        stop.deselect()  # what is selected is no ring
    with_focus = look_of(stop)
    stop.clearFocus()
    without = look_of(stop)
    stop.setFocus(Qt.FocusReason.TabFocusReason)
    found = {
        "hidden": not stop.isVisible() or seen.visibleRegion().isEmpty(),
        "off": not stop.isEnabled(),
        "without a name": not (stop.accessibleName() or (isinstance(stop, QAbstractButton) and stop.text())),
        "without a ring": with_focus == without,
    }
    return [problem for problem, is_so in found.items() if is_so]


@views
def test_wherever_the_tab_key_goes_there_is_something_with_a_name_and_a_ring(entry, engine, qtbot):
    view = shown(entry, engine, qtbot)
    page = QWidget()
    qtbot.addWidget(page)
    button = QPushButton("first")
    layout = QVBoxLayout(page)
    layout.addWidget(button)
    layout.addWidget(view)
    FocusRings(page)
    page.resize(1200, 800)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    button.setFocus()
    stops, problems = [], {}
    now = button
    while now not in stops:
        stops.append(now)
        if now is not button and (found := problems_of(now)):
            problems[now.objectName() or type(now).__name__] = found
        QTest.keyClick(now, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
    assert problems == {}
    assert len(stops) > 1
    assert now is button, "it does not come back to where it began"
    page.layout().removeWidget(view)
    view.setParent(None)


@views
def test_it_is_collected_after_closing(entry, assert_collected):
    assert_collected(lambda: entry.create(ViewContext()))
