"""The view Mesh: what it asks, how a mesh grows, and what clicks and keys do; without a model."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QTabWidget, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.inputs import Input, MeshInput
from inference.results.mesh import (
    MeshRequest,
    MeshResult,
    MeshStepRequest,
    MeshStepResult,
    ScoreMeshRequest,
    ScoreMeshResult,
)
from tests.answers import answer, fail
from tests.inputs import mesh_input, text_input
from tests.places import index_of
from tests.views.mesh.mesh_samples import (
    input_of,
    make_furniture_sample,
    make_growing,
    make_mesh_info,
    make_result,
    make_sample,
    tokens_of,
)
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.letters import resized
from widgets.look.theme import DARK, LIGHT
from widgets.player.playback import AS_FAST_AS_IT_GOES
from widgets.selection import Position, Selection
from widgets.subject import Subject
from widgets.views.mesh.class_chips import ClassChips
from widgets.views.mesh.view import MeshView

STEP, ATTENTION, COMPLETE, SURPRISAL = range(4)


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = MeshView(ViewContext(selection), renderer="painted")
    qtbot.addWidget(view)
    view.resize(1000, 760)
    view.show()
    view.asked, view.chosen, view.said = [], [], []
    view.request_changed.connect(view.asked.append)
    view.context.input_requested.connect(view.chosen.append)
    view.noticed.connect(view.said.append)
    yield view
    view._presenter.playback.pause()


def child(view, name, kind=QWidget):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def open_checkpoint(view, input=None, **options):
    view.set_subject(Subject(make_mesh_info(**options), input or mesh_input(0)))


def show(view, result=None):
    """A checkpoint is open and its first mesh is whole; the playback stands at the end."""
    open_checkpoint(view)
    result = result or make_result("chair")
    answer(view, result)
    view.set_subject(Subject(make_mesh_info(), view.chosen[-1]))  # as the window does
    view._presenter.go_to(10_000)
    view.asked.clear()
    return view._presenter.growth


def page(view, number):
    child(view, "mesh_pages", QTabWidget).setCurrentIndex(number)


def click(view, name):
    QTest.mouseClick(child(view, name), Qt.MouseButton.LeftButton)


def shown(view):
    """The meshes in the image."""
    return view._presenter.parts.viewer.scene.objects


def read_out(view):
    return view._presenter.parts.read_out.text()


# What is asked


def test_something_good_is_sampled_without_a_click(view):
    open_checkpoint(view)
    assert view.asked == [MeshRequest("polygen-test", MeshInput(1), seed=0, count=1, temperature=1.0, top_p=0.9)]
    answer(view, MeshResult((make_growing("chair", 30),)))
    assert view._presenter.playback.is_playing


def test_any_input_of_another_kind_samples_too(view):
    open_checkpoint(view, text_input("hello"))
    assert isinstance(view.asked[0], MeshRequest)


def test_a_checkpoint_without_classes_has_no_chips(view):
    open_checkpoint(view, classes=())
    assert view.asked[0].start == MeshInput(None)
    assert view.findChild(QWidget, "mesh_class_0") is None


def test_controls_ask_for_other_meshes(view, qtbot):
    show(view)
    click(view, "mesh_class_2")
    qtbot.waitUntil(lambda: bool(view.asked))
    assert view.asked[-1].start == MeshInput(2)
    click(view, "mesh_next")
    child(view, "mesh_temperature").setValue(0.5)
    child(view, "mesh_top_p").setValue(1.0)
    child(view, "mesh_masks").setChecked(False)
    child(view, "mesh_count", QComboBox).setCurrentIndex(2)
    qtbot.waitUntil(lambda: len(view.asked) == 2)  # one question for all of them
    assert view.asked[-1] == MeshRequest("polygen-test", MeshInput(2), 1, 4, 0.5, 1.0, with_masks=False)


def test_a_finished_mesh_becomes_the_input_of_the_window_and_is_not_sampled_again(view):
    growth = show(view)
    assert view.chosen == [Input(mesh=growth.input())]
    view.set_subject(Subject(make_mesh_info(), view.chosen[0]))
    assert view.asked == []
    assert view.why_not_current == ""  # the input came of the mesh that is shown
    assert len(view.chosen) == 1


def test_a_growing_mesh_is_not_chosen_yet(view):
    open_checkpoint(view)
    answer(view, MeshResult((make_growing("chair", 30),)))
    assert view.chosen == []
    assert not child(view, "mesh_save").isEnabled()


def test_a_mesh_from_elsewhere_is_scored(view):
    show(view)
    other = input_of(make_furniture_sample("lamp", label=2))
    view.set_subject(Subject(make_mesh_info(), Input(mesh=other)))
    assert view.asked == [ScoreMeshRequest("polygen-test", mesh=other, label=2)]


def test_hidden_it_asks_nothing(view):
    view.hide()
    open_checkpoint(view)
    assert view.asked == []
    view.show()
    assert isinstance(view.asked[0], MeshRequest)


# How it grows


def test_it_grows_from_the_floor_up_then_faces_snap_on(view):
    growth = show(view)
    counts = []
    for step in range(growth.n_steps):
        view._presenter.go_to(step)
        counts.append((shown(view)[0].n_vertices, shown(view)[0].n_faces))
    assert counts[2] == (1, 0)
    assert counts[growth.n_coordinates - 1] == (growth.n_vertices, 0)
    assert counts[-1] == (growth.n_vertices, len(growth.faces))
    assert counts == sorted(counts)


def test_live_growth_follows_what_arrives(view):
    open_checkpoint(view)
    playback = view._presenter.playback
    playback.set_speed(AS_FAST_AS_IT_GOES)
    vertices, faces = tokens_of("chair")
    for n in (10, 40, len(vertices)):
        answer(view, MeshResult((make_growing("chair", n),)))
        assert playback.step == n - 1
        assert playback.is_playing
    answer(view, make_result("chair"))
    assert playback.step == len(vertices) + len(faces) - 1
    assert not playback.is_playing


def test_a_new_mesh_is_played_from_its_first_sampled_token(view, qtbot):
    show(view)
    click(view, "mesh_next")
    qtbot.waitUntil(lambda: bool(view.asked))
    vertices, faces = tokens_of("chair")
    answer(view, MeshResult((make_sample(vertices, faces, seed=1, n_given=(12, 0)),)))
    assert view._presenter.playback.is_playing
    assert view._presenter.step >= 12


def test_keys_play_step_and_sample(view, qtbot):
    growth = show(view)
    lanes = child(view, "mesh_lanes")
    for key, step in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Period, 2),
        (Qt.Key.Key_Comma, 1),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_PageDown, growth.n_steps // 10),
        (Qt.Key.Key_End, growth.n_steps - 1),
    ):
        QTest.keyClick(lanes, key)
        assert view._presenter.step == step
    QTest.keyClick(lanes, Qt.Key.Key_Up)
    assert view._presenter.step == growth.n_coordinates - 1
    QTest.keyClick(lanes, Qt.Key.Key_Down)
    assert view._presenter.step == growth.n_steps - 1
    QTest.keyClick(lanes, Qt.Key.Key_Home)
    QTest.keyClick(lanes, Qt.Key.Key_Space)
    assert view._presenter.playback.is_playing
    QTest.keyClick(lanes, Qt.Key.Key_Space)
    assert not view._presenter.playback.is_playing
    QTest.keyClick(lanes, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: bool(view.asked))
    assert view.asked[-1].seed == 1


def test_dragging_in_a_lane_scrubs(view):
    growth = show(view)
    lanes = child(view, "mesh_lanes")
    for step in (0, 7, growth.n_coordinates - 1, growth.n_coordinates, growth.n_steps - 2):
        QTest.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=lanes.place_of(step).toPoint())
        assert view._presenter.step == step


def test_a_click_on_a_token_goes_there(view):
    growth = show(view)
    tokens = child(view, "mesh_tokens")
    view._presenter.go_to(0)
    for step in (4, 8):
        QTest.mouseClick(tokens.viewport(), Qt.MouseButton.LeftButton, pos=tokens.cell(step).center().toPoint())
        assert view._presenter.step == step
    view._presenter.go_to(growth.n_steps - 1)
    assert tokens.viewport().rect().contains(tokens.cell(growth.n_steps - 1).center().toPoint())
    QTest.keyClick(tokens, Qt.Key.Key_Left)
    assert view._presenter.step == growth.n_steps - 2


def test_only_what_is_seen_of_the_tokens_is_painted(view):
    """Half a million tokens cost no more than the few lines that are on screen."""
    show(view)
    tokens = child(view, "mesh_tokens")
    painted = []
    tokens._paint_line = lambda painter, row, *_: painted.append(row)
    tokens.viewport().repaint()
    assert 0 < len(set(painted)) < 40 < len(tokens.lines)


def test_steps_are_shared_with_other_views(view, selection):
    growth = show(view)
    view._presenter.go_to(5)
    assert (selection.now.group, selection.now.query) == ("vertices", Position("coordinates", 5))
    view._presenter.go_to(growth.n_coordinates + 3)
    assert (selection.now.group, selection.now.query) == ("faces", Position("pointers", 3))
    selection.update(group="vertices", query=Position("coordinates", 9))
    assert view._presenter.step == 9
    selection.update(group="faces", query=Position("pointers", 0))
    assert view._presenter.step == growth.n_coordinates


def test_no_step_is_selected_before_all_views_look_at_the_mesh(view, selection, qtbot):
    open_checkpoint(view)
    answer(view, make_result("chair"))
    view._presenter.go_to(5)
    assert selection.now.query is None
    view.set_subject(Subject(make_mesh_info(), view.chosen[-1]))
    assert selection.now.query is None  # the others are told after this one
    qtbot.waitUntil(lambda: index_of(selection.now.query) == 5)


def test_it_selects_nothing_while_it_plays(view, selection):
    show(view)
    view._presenter.go_to(0)
    view._presenter.playback.play()
    before = selection.now
    view._presenter.playback.advance(1000)
    assert view._presenter.step == 20
    assert selection.now == before
    view._presenter.playback.pause()
    assert index_of(selection.now.query) == 20


def test_it_goes_on_when_it_is_shown_again(view):
    show(view)
    view._presenter.go_to(0)
    view._presenter.playback.play()
    view.hide()
    assert not view._presenter.playback.is_playing
    view.show()
    assert view._presenter.playback.is_playing


# Under the pointer


def test_a_click_on_a_vertex_or_face_finds_its_tokens(view):
    growth = show(view)
    viewer, tokens = view._presenter.parts.viewer, child(view, "mesh_tokens")
    viewer.vertex_clicked.emit(0, 3)
    assert tokens._found == growth.steps_of_vertex(3)
    assert read_out(view).startswith("Vertex 3: z ")
    viewer.face_clicked.emit(0, 2)
    assert tokens._found == growth.steps_of_face(2)
    assert shown(view)[0].selected_faces == (2,)
    assert tokens.viewport().rect().contains(tokens.cell(growth.steps_of_face(2)[0]).center().toPoint())


def test_several_grow_side_by_side_and_a_click_chooses_one(view):
    samples = make_result("chair", "table", "lamp").samples
    show(view, MeshResult(samples))
    assert len(shown(view)) == 3
    assert [mesh.n_faces for mesh in shown(view)] == [len(mesh.faces) for mesh in shown(view)]
    view._presenter.parts.viewer.face_clicked.emit(2, 0)
    assert view._presenter.growth.sample is samples[2]
    assert view.chosen[-1] == Input(mesh=input_of(samples[2]))
    assert shown(view)[2].title.startswith("▸ seed 2")
    view._presenter.go_to(1)
    assert [mesh.n_vertices for mesh in shown(view)] == [0, 0, 0]
    view._presenter.go_to(10_000)
    assert [mesh.n_faces for mesh in shown(view)] == [len(mesh.faces) for mesh in shown(view)]


def test_saving_names_the_mesh_that_is_looked_at(view, qtbot):
    samples = make_result("chair", "table").samples
    show(view, MeshResult(samples))
    view._presenter.parts.viewer.face_clicked.emit(1, 0)
    with qtbot.waitSignal(view.context.save_requested) as saved:
        click(view, "mesh_save")
    assert saved.args == [samples[1]]


# Attention


def test_attention_is_asked_for_the_step_and_the_selected_head(view, selection):
    growth = show(view)
    selection.update(layer=2, head=3)
    page(view, ATTENTION)
    assert view.asked[-1] == MeshStepRequest("polygen-test", growth.input(), "faces", 1, 3, growth.n_pointers - 1)
    view._presenter.go_to(7)
    assert view.asked[-1] == MeshStepRequest("polygen-test", growth.input(), "vertices", 1, 3, 7)
    child(view, "mesh_layer", QSpinBox).setValue(2)
    child(view, "mesh_head", QSpinBox).setValue(0)
    assert view.asked[-1] == MeshStepRequest("polygen-test", growth.input(), "vertices", 2, 0, 7)
    assert (selection.now.layer, selection.now.head) == (2, 0)


def test_lines_lead_to_what_the_step_attends_to(view):
    show(view)
    page(view, ATTENTION)
    view._presenter.go_to(7)
    answer(view, MeshStepResult("vertices", 0, 0, 7, np.array([0.1, 0.2, 0.2, 0.1, 0.2, 0.2, 0, 0], np.float32)))
    links = shown(view)[0].links
    assert links.pairs.tolist() == [[2, 0], [2, 1]]
    assert links.widths[0] > links.widths[1]
    assert texts_of(view._presenter.parts.attention.canvas.figure)[0].startswith("Layer 0, head 0: token 8, y ")


def test_a_clicked_vertex_attends_to_all_others_in_the_encoder(view, selection):
    growth = show(view)
    page(view, ATTENTION)
    child(view, "mesh_attention_lines", QComboBox).setCurrentIndex(1)
    view._presenter.parts.viewer.vertex_clicked.emit(0, 4)
    assert view.asked[-1] == MeshStepRequest("polygen-test", growth.input(), "encoder", 0, 0, 6)
    assert (selection.now.group, selection.now.query) == ("encoder", Position("items", 6))
    weights = np.zeros(2 + growth.n_vertices, np.float32)
    weights[[3, 9]] = 0.5
    answer(view, MeshStepResult("encoder", 0, 0, 6, weights))
    assert shown(view)[0].links.pairs.tolist() == [[4, 1], [4, 7]]
    selection.update(group="encoder", query=Position("items", 3))
    assert view.asked[-1].step == 3


# Completing


def test_what_is_above_the_plane_is_written_anew(view):
    growth = show(view)
    page(view, COMPLETE)
    child(view, "mesh_plane").set_value(int(np.median(growth.values[:, 2])))
    (guide,) = shown(view)[0].guides
    assert len(guide.at) == 1
    stays = shown(view)[0].vertex_sizes == shown(view)[0].vertex_sizes.max()
    np.testing.assert_array_equal(stays, growth.values[:, 2] <= child(view, "mesh_plane").value())
    child(view, "mesh_completing_variants", QComboBox).setCurrentIndex(4)
    click(view, "mesh_above")
    asked = view.asked[-1]
    kept = growth.below(child(view, "mesh_plane").value())
    assert (asked.start, asked.count) == (kept, 9)
    assert 0 < len(asked.start.vertex_tokens) < growth.n_coordinates


def test_clicked_faces_and_those_behind_them_are_written_anew(view):
    growth = show(view)
    page(view, COMPLETE)
    assert not child(view, "mesh_faces").isEnabled()
    for face in (9, 5, 9):
        view._presenter.parts.viewer.face_clicked.emit(0, face)
    assert shown(view)[0].selected_faces == (5,)
    click(view, "mesh_faces")
    assert view.asked[-1].start == growth.before_face(5)
    click(view, "mesh_clear")
    assert shown(view)[0].selected_faces == ()


def test_other_seeds_go_on_from_the_same_half_until_a_class_is_clicked(view, qtbot):
    growth = show(view)
    page(view, COMPLETE)
    click(view, "mesh_above")
    kept, n = growth.below(child(view, "mesh_plane").value()), len(view.asked)
    click(view, "mesh_next")
    qtbot.waitUntil(lambda: len(view.asked) > n)
    assert (view.asked[-1].start, view.asked[-1].count, view.asked[-1].seed) == (kept, 4, 4)
    click(view, "mesh_class_1")
    qtbot.waitUntil(lambda: view.asked[-1].start == MeshInput(1))


def test_what_is_chosen_survives_a_session(view, qtbot):
    show(view)
    child(view, "mesh_seed").setValue(7)
    child(view, "mesh_look_color", QComboBox).setCurrentIndex(1)
    child(view, "mesh_look_turn").setChecked(True)
    page(view, ATTENTION)
    child(view, "mesh_attention_lines", QComboBox).setCurrentIndex(1)
    state = view.options_state()
    assert state == {
        "mesh": {"seed": 7},
        "mesh_look": {"color": "order", "turn": True},
        "mesh_attention": {"lines": "encoder"},
    }
    other = MeshView(ViewContext(), renderer="painted")
    qtbot.addWidget(other)
    other.set_options_state(state)
    other.show()
    asked = []
    other.request_changed.connect(asked.append)
    open_checkpoint(other)
    assert (asked[0].checkpoint, asked[0].seed) == ("polygen-test", 7)
    assert other._presenter.parts.look.color_by == "order"
    assert other._presenter.parts.attention.attending == "encoder"
    assert other.options_state() == state


def restarted(qtbot, state, mesh):
    """What a view asks first that is restored, with the mesh of the last session."""
    other = MeshView(ViewContext(), renderer="painted")
    qtbot.addWidget(other)
    other.set_options_state(state)
    other.asked = []
    other.request_changed.connect(other.asked.append)
    other.show()
    open_checkpoint(other, mesh)
    return other


def test_a_sampled_mesh_is_sampled_again_after_a_restart_and_not_just_given(view, qtbot):
    open_checkpoint(view)
    click(view, "mesh_class_2")
    child(view, "mesh_seed").setValue(7)
    qtbot.waitUntil(lambda: view.asked[-1].seed == 7)
    answer(view, MeshResult((make_furniture_sample("table", label=2, seed=7),)))
    view.set_subject(Subject(make_mesh_info(), view.chosen[-1]))
    other = restarted(qtbot, view.options_state(), view.chosen[-1])
    assert other.asked == [MeshRequest("polygen-test", MeshInput(2), seed=7, count=1, temperature=1.0, top_p=0.9)]
    assert child(other, "mesh_class_2", QToolButton).isChecked()
    again = restarted(qtbot, other.options_state(), view.chosen[-1])
    assert again.asked == other.asked  # also where it was not done yet


def test_a_completed_mesh_goes_on_from_its_start_after_a_restart(view, qtbot):
    show(view)
    page(view, COMPLETE)
    click(view, "mesh_above")
    start = view.asked[-1].start
    answer(view, make_result("chair"))
    view.set_subject(Subject(make_mesh_info(), view.chosen[-1]))
    state = view.options_state()
    assert restarted(qtbot, state, view.chosen[-1]).asked == [view._source]
    assert view._source.start == start
    for odd in ("x", [0, 0], [3], [3, -1], None):
        assert restarted(qtbot, state | {"start": odd}, view.chosen[-1]).asked[-1].start.vertex_tokens == ()


def test_undone_a_mesh_is_told_as_it_was_sampled_and_the_controls_say_how(view, qtbot):
    show(view)
    first, source = view.chosen[-1], view._source
    click(view, "mesh_class_2")
    child(view, "mesh_seed").setValue(7)
    qtbot.waitUntil(lambda: bool(view.asked) and view.asked[-1].seed == 7)
    answer(view, MeshResult((make_furniture_sample("table", label=2, seed=7),)))
    second, later = view.chosen[-1], view._source
    view.set_subject(Subject(make_mesh_info(), second))
    view.set_subject(Subject(make_mesh_info(), first))
    assert view.asked[-1] == source
    assert (child(view, "mesh_seed", QSpinBox).value(), child(view, "mesh_class_1", QToolButton).isChecked()) == (
        0,
        True,
    )
    answer(view, make_result("chair"))
    view.set_subject(Subject(make_mesh_info(), second))
    assert view.asked[-1] == later
    assert child(view, "mesh_class_2", QToolButton).isChecked()
    view.set_subject(Subject(make_mesh_info("other"), first))
    assert view._source.checkpoint == "other"


def test_what_the_controls_do_not_sample_is_given_after_a_restart_too(view, qtbot):
    growth = show(view)
    mesh = mesh_input(growth.sample.label, growth.input().vertex_tokens, growth.input().face_tokens)
    child(view, "mesh_seed").setValue(7)  # of which nothing has come
    assert isinstance(restarted(qtbot, view.options_state(), mesh).asked[-1], ScoreMeshRequest)
    assert isinstance(restarted(qtbot, {}, mesh).asked[-1], ScoreMeshRequest)


def test_where_there_is_no_mesh_a_sentence_says_why(view):
    assert view._presenter.parts.empty_text == "Open a checkpoint that samples meshes."
    open_checkpoint(view)
    assert view._presenter.parts.empty_text == "Asking the model …"
    fail(view, Failure("refused", "There is too little memory.", ""))
    assert view._presenter.parts.empty_text == "There is too little memory."
    view.refresh(again=True)
    answer(view, make_result("chair"))
    assert not view._presenter.parts.is_empty


def test_back_at_the_checkpoint_all_views_look_at_the_mesh_again(view, qtbot):
    show(view)
    chosen = view.chosen[-1]
    view.set_subject(None)  # another checkpoint was open in between
    open_checkpoint(view)
    qtbot.waitUntil(lambda: len(view.chosen) == 2)
    assert view.chosen[-1] == chosen


def test_the_mesh_before_comes_back_without_being_sampled(view):
    before = show(view)
    page(view, COMPLETE)
    click(view, "mesh_above")
    assert not child(view, "mesh_undo").isEnabled()
    answer(view, make_result("table", "table"))
    assert len(shown(view)) == 2
    view.asked.clear()
    click(view, "mesh_undo")
    assert view._presenter.growth.sample is before.sample
    assert len(shown(view)) == 1
    assert view.asked == []
    assert view.why_not_current == ""  # nobody waits for what was completed
    assert not child(view, "mesh_undo").isEnabled()


# Surprisal, and meshes of one's own


def test_a_sampled_mesh_is_compared_with_a_compressor_when_asked(view):
    growth = show(view)
    page(view, SURPRISAL)
    assert view.asked == [ScoreMeshRequest("polygen-test", mesh=growth.input(), label=1)]
    answer(view, ScoreMeshResult(growth.sample, "", 9_000))
    words = child(view, "mesh_surprisal_words", QLabel).text()
    assert f"{9_000 / growth.n_vertices:.1f}" in words
    assert "times as many" in words
    assert not child(view, "mesh_scored_as", QComboBox).isVisible()


def test_a_dropped_mesh_is_scored_and_may_be_taken_for_another_class(view, tmp_path):
    show(view)
    path = tmp_path / "my chair.OBJ"
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt")), QUrl.fromLocalFile(str(path))])
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    view.dragEnterEvent(enter)
    assert enter.isAccepted()
    view.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert view.asked[-1] == ScoreMeshRequest("polygen-test", str(path), label=1)
    vertices, faces = tokens_of("lamp")
    sample = make_sample(vertices, faces, n_given=(len(vertices), len(faces)))
    answer(view, ScoreMeshResult(sample, "my chair.OBJ", 9_000, ("2 of 34 vertices fell together.",)))
    words = child(view, "mesh_surprisal_words", QLabel).text()
    assert words.startswith("my chair.OBJ costs the model")
    assert "With its share of its vertices, the most surprising face" in words, (
        "faces alone cost less, which stands before"
    )
    assert words.endswith("2 of 34 vertices fell together.")
    assert not view._presenter.playback.is_playing
    assert shown(view)[0].n_faces == len(shown(view)[0].faces)
    as_class = child(view, "mesh_scored_as", QComboBox)
    assert as_class.isVisible()
    as_class.setCurrentIndex(2)
    assert view.asked[-1] == ScoreMeshRequest("polygen-test", str(path), label=2)


def test_other_files_are_left_to_the_window(view, tmp_path):
    show(view)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    enter.ignore()
    view.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_a_bad_file_leaves_the_mesh_and_says_why(view):
    growth = show(view)
    view.open_file("/nowhere/bad.obj")
    fail(view, Failure("refused", "bad.obj is no mesh.", ""))
    assert view._presenter.growth is growth
    assert read_out(view) == "bad.obj is no mesh."
    assert view.said[-1] == "bad.obj is no mesh."
    score = ScoreMeshRequest("polygen-test", mesh=growth.input(), label=1)
    assert view.asked[-1] == score  # the page that the file was opened on tells of the mesh that stays
    answer(view, ScoreMeshResult(growth.sample, "", 9_000))
    assert view.why_not_current == ""
    view.asked.clear()
    view.refresh()
    assert not any(isinstance(request, ScoreMeshRequest) and request.path for request in view.asked)


# Words, looks and files


def test_corrections_are_counted(view, qtbot):
    sample = make_furniture_sample("chair", n_corrected=7)
    show(view, MeshResult((sample,)))
    assert child(view, "mesh_corrections", QLabel).text() == "7 sampled again"
    child(view, "mesh_masks").setChecked(False)
    qtbot.waitUntil(lambda: bool(view.asked))
    answer(view, MeshResult((sample,)))
    assert child(view, "mesh_corrections", QLabel).text() == "7 forbidden sampled"


def test_a_mesh_that_was_cut_off_says_so(view):
    vertices, faces = tokens_of("table")
    open_checkpoint(view)
    answer(view, MeshResult((make_sample(vertices, faces[:-3], why="its faces did not come to an end"),)))
    view._presenter.go_to(10_000)
    assert view.said == ["Seed 0 was cut off: its faces did not come to an end."]
    assert read_out(view).startswith("Cut off, as its faces did not come to an end")
    assert view.chosen == []


def test_no_number_stands_beside_an_old_mesh(view, qtbot):
    show(view)
    assert read_out(view)
    child(view, "mesh_seed").setValue(7)
    qtbot.waitUntil(lambda: view.is_dimmed)
    view._presenter.go_to(3)
    assert not read_out(view)
    answer(view, make_result("table"))
    assert not view.is_dimmed
    assert read_out(view)


def test_an_old_picture_is_told_by_the_mesh_that_can_be_seen(view):
    grown = []
    view.context.growing_changed.connect(grown.append)
    open_checkpoint(view)  # looks at a table
    answer(view, MeshResult((make_growing("chair", 30),)), is_partial=True)
    assert grown == [1]
    view.take_cancellation(view.asked[-1])
    assert view.why_not_current == "This picture is still of polygen-test  ·  chair. Cancelled; F5 asks again."
    view.refresh(again=True)
    answer(view, make_result("chair"))
    assert grown[-1] is None


def test_while_a_mesh_grows_no_costs_of_the_one_before_are_told(view):
    growth = show(view)
    page(view, SURPRISAL)
    answer(view, ScoreMeshResult(growth.sample, "", 9_000))
    words = child(view, "mesh_surprisal_words", QLabel)
    assert "bits a vertex" in words.text()
    view._set_source(replace(view._source, seed=7))
    answer(view, MeshResult((make_growing("table", 30),)), is_partial=True)
    assert words.text() == "What the mesh costs is told when it is whole."
    assert not child(view, "mesh_bits").isVisible()
    answer(view, make_result("table"))
    assert "bits a vertex" in words.text()
    assert child(view, "mesh_bits").isVisible()


def test_class_chips_follow_the_letters(view):
    show(view)
    font = view.font()
    font.setPointSizeF(2 * font.pointSizeF())
    view.setFont(font)
    assert child(view, "mesh_class_0").font().pointSizeF() == font.pointSizeF()


def test_class_chips_follow_the_theme(view):
    show(view)
    chip = child(view, "mesh_class_0")

    def ground():
        return chip.grab().toImage().pixelColor(chip.width() // 2, 4).lightness()

    for theme, is_dark in ((DARK, True), (LIGHT, False), (DARK, True)):
        view.setPalette(theme.palette())
        assert (ground() < 128) == is_dark


def test_nothing_but_a_stop_is_no_mesh_and_no_crash(view):
    open_checkpoint(view)
    answer(view, MeshResult((make_sample([0], []),)))
    for number in range(4):
        page(view, number)
        view._presenter.go_to(0)
    assert view.figure() is not None


def test_it_says_what_draws(view):
    assert child(view, "mesh_renderer").text() == "Painted, because it was asked to be"


def test_the_figure_tells_colours_and_expectation(view):
    growth = show(view)
    view._presenter.go_to(4)
    texts = texts_of(view.figure())
    assert "Surprisal in bits" in texts
    assert "Vertex 1: y" in texts
    assert len(view.figure().numbers().rows) == growth.n_steps
    page(view, COMPLETE)
    assert "Vertex 1: y" not in texts_of(view.figure())


def test_it_follows_the_theme(view):
    show(view)
    for number in range(4):
        page(view, number)
    view.setPalette(DARK.palette())
    assert view._presenter._style.theme is DARK
    for canvas in (view._presenter.parts.step_panel.canvas, view._presenter.parts.surprisal.canvas):
        assert canvas.style_now.theme is DARK


def test_every_control_has_a_name_and_is_reached(view):
    show(view)
    kinds = ("QToolButton", "QPushButton", "QSpinBox", "QDoubleSpinBox", "QComboBox", "QCheckBox", "QSlider")
    for number in range(4):
        page(view, number)
        for widget in view.findChildren(QWidget):
            if type(widget).__name__ in kinds and widget.isVisible() and widget.objectName() != "ScrollLeftButton":
                assert widget.accessibleName(), widget.objectName()
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()


def test_a_failure_keeps_the_image(view):
    growth = show(view)
    image = view._presenter.parts.viewer.image()
    fail(view, Failure("engine", "It broke.", ""))
    assert view._presenter.growth is growth
    assert view._presenter.parts.viewer.image() == image


def test_another_checkpoint_begins_anew(view):
    show(view)
    open_checkpoint(view, name="another", classes=("sphere",))
    assert view.asked[-1] == replace(view.asked[-1], checkpoint="another", start=MeshInput(0))


def test_is_collected_after_closing(qtbot, assert_collected):
    def make():
        view = MeshView(ViewContext(), renderer="painted")
        view.show()
        open_checkpoint(view)
        answer(view, make_result("chair"))
        view._presenter.go_to(5)
        return view

    assert_collected(make)


def test_chips_whose_letters_change_are_as_those_that_began_so(qtbot):
    def chips(size: float) -> ClassChips:
        made = ClassChips()
        qtbot.addWidget(made)
        made.setFont(resized(made.font(), size))
        made.set_classes(("table", "chair"), 1)
        made.show()
        return made

    def hints(made: ClassChips) -> list[QSize]:
        return [chip.sizeHint() for chip in made.findChildren(QToolButton)]

    changed = chips(1)
    usual, usual_hints = changed.font(), hints(changed)
    changed.setFont(resized(usual, 1.5))
    assert hints(changed) == hints(chips(1.5))
    assert all(hint.width() > 1.4 * old.width() for hint, old in zip(hints(changed), usual_hints, strict=True))
    changed.setFont(usual)
    assert hints(changed) == usual_hints
