"""Word vectors: what is asked, what is pointed at, the window, training, and the numbers that files get."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QSpinBox, QTabWidget, QToolButton, QWidget

from inference.results.embedding import (
    GROUPS,
    AnalogyRequest,
    AnalogyResult,
    EmbeddingRequest,
    EmbeddingResult,
    OpenedVectors,
    OpenVectorsRequest,
    SlidingWindowRequest,
    SlidingWindowResult,
    SlidingWindowStep,
    VectorSource,
)
from inference.results.events import Failure
from inference.results.inputs import ImageInput, Input
from inference.results.job import JobPhase, JobState
from inference.results.train_word2vec import (
    TrainWord2VecRequest,
    TrainWord2VecResult,
    Word2VecSettings,
    unfinished_file,
)
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.embedding.analogy_figure import AnalogyFigure
from widgets.views.embedding.map_figure import WordMapFigure
from widgets.views.embedding.training_figure import TrainingFigure
from widgets.views.embedding.view import EmbeddingView
from widgets.views.embedding.window_figure import SlidingWindowFigure, WindowSpot

SENTENCE = text_input("The cat sat on a zebra")


def make_map(word="king", **parts):
    words = ("red", "blue", "tree", "king", "queen", "prince")
    return EmbeddingResult(
        **{
            "name": "The vectors of a test",
            "n_vectors": 900,
            "d_model": 20,
            "words": words,
            "places": np.random.default_rng(0).normal(size=(6, 2)),
            "is_near": np.array([False] * 3 + [True] * 3),
            "explained": np.array([0.3, 0.2]),
            "projection": "pca",
            "word": word,
            "neighbours": ("queen", "prince") if word else (),
            "cosines": np.array([0.8, 0.7]) if word else np.zeros(0),
        }
        | parts
    )


def make_analogy():
    places = np.array([[0, 0], [1, 0], [0.2, 1], [1.2, 1], [0.8, 0.9], [0.3, 0.5]])
    cosines, heights = np.array([0.75, 0.5]), np.array([0.2, 0.6])
    return AnalogyResult("The vectors of a test", ("man", "woman", "king"), ("queen", "lord"), cosines, places, heights)


def make_window():
    """The first word is left out, the last one has no vector; at the second place a noise word is skipped."""
    first = SlidingWindowStep(
        1,
        2,
        (2, 3),
        ("dog", "tree"),
        np.array([[0.0, -1.0, 2.0], [1.0, 0.0, 0.0]]),
        np.array([0.5, -0.5, 1.0]),
        2.5,
        2.0,
    )
    second = SlidingWindowStep(
        2, 1, (1,), ("sat", "tree"), np.array([[2.0, np.nan, -1.0]]), np.array([2.0, np.nan, -1.0]), 0.5, 0.4
    )
    return SlidingWindowResult(
        "The vectors of a test",
        ("The", "cat", "sat", "on", "a", "zebra"),
        np.array([True] * 5 + [False]),
        np.array([0.14, 1.0, 0.99999, 0.4, 0.3, np.nan]),
        np.array([False, True, True, True, False, False]),
        3,
        (first, second),
        ("A note.",),
    )


def make_training(share=0.5, out="/nowhere/v.npz"):
    return TrainWord2VecResult(
        text="book.txt",
        settings=Word2VecSettings(),
        n_words=12_345,
        n_vocabulary=678,
        share=share,
        shares=np.array([0.1, share]),
        losses=np.array([3.0, 2.5]),
        words=("red", "blue", "tree"),
        places=np.array([[0.0, 1], [1, 0], [2, 2]]),
        explained=np.array([0.4, 0.1]),
        watched=("red",),
        neighbours=(("blue", "tree"),),
        cosines=np.array([[0.9, 0.1]]),
        out=out,
    )


RESULTS = {0: make_map, 1: make_analogy, 2: make_window}


@pytest.fixture
def view(qtbot):
    return watched(EmbeddingView(ViewContext()), qtbot, 1100, 700)


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def look_at(view, page=0):
    view.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    child(view, QTabWidget, "embedding_pages").setCurrentIndex(page)
    answer(view, make_map())
    if page in (1, 2):
        answer(view, RESULTS[page]())


def typed(view, name, text):
    line = child(view, QLineEdit, name)
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


# What is asked


def test_the_map_is_asked_first_with_its_groups(view):
    look_at(view)
    (request,) = view.asked
    assert isinstance(request, EmbeddingRequest)
    assert request.words == tuple(word for group in GROUPS.values() for word in group)
    assert (request.source, request.word, request.projection) == (VectorSource(), "king", "pca")


def test_frequent_and_typed_words(view):
    look_at(view)
    combo = child(view, QComboBox, "word_map_show")
    assert not child(view, QLineEdit, "word_map_typed").isVisible()
    combo.setCurrentIndex(1)
    child(view, QSpinBox, "word_map_frequent").setValue(60)
    assert (view.asked[-1].words, view.asked[-1].n_mapped) == ((), 60)
    combo.setCurrentIndex(2)
    typed(view, "word_map_typed", "cat, dog  cow cat")
    assert view.asked[-1].words == ("cat", "dog", "cow")
    typed(view, "word_map_typed", " ")
    assert "Type words" in child(view, QLabel, "word_map_empty").text()


def test_a_click_on_a_word_asks_for_its_neighbours(view, qtbot):
    look_at(view)
    figure = view.figure()
    spot = next(
        PlotSpot(0, series, point)
        for series, members in enumerate(figure.series_members)
        for point, place in enumerate(members)
        if figure.result.words[place] == "tree"
    )
    view._map.plot_canvas.spot_chosen.emit(spot)
    assert view.asked[-1].word == "tree"
    assert child(view, QLineEdit, "word_map_word").text() == "tree"


def test_the_other_pages_ask_when_they_are_opened_and_stay_asked(view):
    look_at(view)
    pages = child(view, QTabWidget, "embedding_pages")
    pages.setCurrentIndex(1)
    assert view.asked[-1] == AnalogyRequest("bert-test", VectorSource(), "man", "woman", "king", 8)
    pages.setCurrentIndex(2)
    assert view.asked[-1] == SlidingWindowRequest("bert-test", SENTENCE, VectorSource())
    n = len(view.asked)
    pages.setCurrentIndex(0)
    assert len(view.asked) == n
    child(view, QComboBox, "embedding_source").setCurrentIndex(1)
    assert [request.source.kind for request in view.asked[n:]] == ["tokens"] * 3


def test_an_analogy_waits_for_three_words(view):
    look_at(view, 1)
    typed(view, "analogy_b", "wife")
    assert view.asked[-1].b == "wife"
    n = len(view.asked)
    answer(view, make_analogy())
    assert isinstance(view.figure(), AnalogyFigure)
    typed(view, "analogy_b", " ")
    assert len(view.asked) == n
    assert view.figure() is None, "the picture is of other words"
    typed(view, "analogy_b", "wife")
    answer(view, make_analogy())
    assert isinstance(view.figure(), AnalogyFigure)


def test_where_nothing_is_typed_a_sentence_is_slid_over(view):
    view.set_subject(Subject(make_checkpoint_info(), Input(image=ImageInput(seed=1))))
    child(view, QTabWidget, "embedding_pages").setCurrentIndex(2)
    assert "king" in view.asked[-1].input.text.text
    answer(view, make_window())
    assert view.figure() is not None


def choose_file(view, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    child(view, QToolButton, "embedding_open").click()
    assert view.asked[-1] == OpenVectorsRequest(path)


def test_a_file_is_looked_at_once_it_opened_and_asked_again_when_it_was_written_anew(view, monkeypatch):
    look_at(view)
    combo = child(view, QComboBox, "embedding_source")
    choose_file(view, monkeypatch, "/tmp/glove.txt")
    assert combo.count() == 2  # it may be no file of vectors
    assert view.why_not_current == ""
    answer(view, OpenedVectors("/tmp/glove.txt", 9, 4))
    assert view.asked[-1].source == VectorSource("file", "/tmp/glove.txt")
    assert combo.currentText() == "glove.txt"
    n = len(view.asked)
    view.open_file("/tmp/glove.txt")
    answer(view, OpenedVectors("/tmp/glove.txt", 9, 4))
    assert [type(request) for request in view.asked[n:]] == [OpenVectorsRequest, EmbeddingRequest]
    assert combo.count() == 3


def test_a_file_that_does_not_open_changes_nothing_and_the_sentence_stays(view, qtbot, monkeypatch):
    look_at(view)
    picture = view.figure()
    choose_file(view, monkeypatch, "/tmp/notes.txt")
    fail(view, Failure("refused", "notes.txt holds no vectors."), OpenedVectors)
    combo, said = child(view, QComboBox, "embedding_source"), child(view, LineLabel, "embedding_said")
    assert (combo.count(), combo.currentData()) == (2, VectorSource())
    assert said.isVisible()
    assert said.text() == "notes.txt holds no vectors."
    assert view.figure() is not None
    assert view.figure().result is picture.result
    assert view.why_not_current == ""
    combo.setCurrentIndex(1)
    assert not said.isVisible()


def test_a_file_of_the_list_that_is_gone_leaves_it(view, monkeypatch):
    look_at(view)
    combo = child(view, QComboBox, "embedding_source")
    choose_file(view, monkeypatch, "/tmp/glove.txt")
    answer(view, OpenedVectors("/tmp/glove.txt", 9, 4))
    answer(view, make_map())
    combo.setCurrentIndex(0)
    answer(view, make_map())
    combo.setCurrentIndex(2)
    fail(view, Failure("refused", "glove.txt is not there."), OpenedVectors)
    assert (combo.count(), combo.currentData()) == (2, VectorSource())
    assert view.why_not_current == ""


def test_opening_can_be_cancelled(view, monkeypatch):
    look_at(view)
    choose_file(view, monkeypatch, "/tmp/glove.txt")
    view.take_cancellation(OpenVectorsRequest("/tmp/glove.txt"))
    assert child(view, LineLabel, "embedding_said").text() == "Opening glove.txt was cancelled."
    assert view.why_not_current == ""
    assert view.source == VectorSource()


def test_where_only_the_vectors_differ_the_old_ones_are_named_and_the_caption_is_dimmed(view, qtbot):
    look_at(view)
    caption = child(view, LineLabel, "word_map_caption")
    assert caption.foregroundRole() == caption.palette().ColorRole.WindowText
    child(view, QComboBox, "embedding_source").setCurrentIndex(1)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert view.why_not_current.startswith("This picture is still of the bundled English words.")
    assert caption.foregroundRole() == caption.palette().ColorRole.PlaceholderText
    answer(view, make_map())
    assert caption.foregroundRole() == caption.palette().ColorRole.WindowText


def test_a_session_keeps_opened_files_and_typed_words(view, qtbot, monkeypatch, tmp_path):
    there, gone = tmp_path / "glove.txt", tmp_path / "gone.txt"
    there.write_text("a 1 2")
    look_at(view, 1)
    for path in (gone, there):
        choose_file(view, monkeypatch, str(path))
        answer(view, OpenedVectors(str(path), 9, 4))
    typed(view, "analogy_b", "wife")
    state = view.options_state()

    other = watched(EmbeddingView(ViewContext()), qtbot, 1100, 700)
    other.set_options_state(state)
    other.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    assert child(other, QLineEdit, "analogy_b").text() == "wife"
    assert other.asked == [OpenVectorsRequest(str(there))]  # nothing else is shown before
    said = child(other, LineLabel, "embedding_said").text()
    assert said == "Word vectors of the last session are not there any more: gone.txt."
    answer(other, OpenedVectors(str(there), 9, 4))
    assert other.asked[-1].source == VectorSource("file", str(there))
    assert other.options_state()["vectors"]["files"] == [str(there)]


@pytest.mark.parametrize("damaged", [{"vectors": 3, "words": []}, {"vectors": {"files": [1, None], "kind": []}}, []])
def test_a_damaged_session_is_left_out(view, damaged):
    view.set_options_state(damaged)
    assert view.options_state() == {}


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [(0, "word_map_near", 4), (1, "analogy_answers", 4), (2, "sliding_window_window", 5)],
)
def test_provenance(view, qtbot, page, name, value):
    look_at(view, page)
    title = ("the bundled English words", "the bundled English words", "The cat sat on a zebra")[page]
    assert title in view.pictured_title()
    other = Subject(replace(make_checkpoint_info(), checkpoint="other", name="other"), SENTENCE)
    if page:
        view._visited.remove(view._map)
        view.refresh()
    check_provenance(
        view,
        qtbot,
        RESULTS[page](),
        change=lambda: child(view, QSpinBox, name).setValue(value),
        other=other,
        title_of=EmbeddingView.pictured_title,
    )


def test_a_failure_says_why_where_there_is_no_picture(view):
    view.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    fail(view, Failure("refused", "v.txt holds no vector."))
    assert child(view, QLabel, "word_map_empty").text() == "v.txt holds no vector."
    assert view.figure() is None


# Figures


def test_the_map_names_words_and_neighbours_and_says_how_much_it_keeps():
    figure = WordMapFigure(make_map())
    shown = texts_of(figure)
    for text in ("king", "queen", "Nearest to king", "0.80", "component 1: 30.0 % of the variance", "colours"):
        assert text in shown
    assert "keep 50 % of their variance" in figure.caption
    assert "0.800 with king" in figure.describe(PlotSpot(1, 0, 1))
    assert figure.describe(PlotSpot(0, 0, 0)) == "tree; click to see its neighbours"
    assert len(WordMapFigure(make_map(word="")).plots) == 1
    of_tsne = WordMapFigure(make_map(projection="tsne", explained=np.full(2, np.nan)))
    assert "variance" not in of_tsne.caption + " ".join(texts_of(of_tsne))
    assert figure.numbers().rows[0][0] == "red"


def test_an_analogy_is_a_parallelogram():
    figure = AnalogyFigure(make_analogy())
    lines = [np.column_stack([one.x, one.y]) for one in figure.plots[0].series[:4]]
    np.testing.assert_allclose(lines[0][1] - lines[0][0], lines[1][1] - lines[1][0])
    np.testing.assert_allclose(lines[2][1] - lines[2][0], lines[3][1] - lines[3][0])
    assert "man is to woman as king to queen" in figure.caption
    assert "cosine 0.500, 0.60 lengths" in figure.describe(PlotSpot(1, 0, 0))
    assert "woman − man + king" in texts_of(figure)


def test_the_window_shows_what_is_left_out_and_both_losses():
    figure = SlidingWindowFigure(make_window())
    shown = texts_of(figure)
    for text in (
        "14 %",
        "40 %",
        "unknown",
        "mean of 2 pairs",
        "window: ±2 of ±3",
        "2.500",
        "2.261",
        "0.500",
        "0.269",
        "mean of the window",
    ):
        assert text in shown, text
    assert "100 %" not in shown
    assert any("red and struck out: it was left out" in text for text in shown)
    assert "Place 1 of 2: “cat”, window shrunk to 2 of 3, 2 pairs" in figure.caption
    # By hand: -log σ(0) - log σ(1) - log σ(-2)
    assert figure.row_loss(0) == pytest.approx(0.693147 + 0.313262 + 2.126928, abs=1e-5)
    assert figure.describe(WindowSpot(0, 1)) == (
        "σ(u·v) of “dog” and “sat” = σ(-1.000) = 0.2689; −log σ(−-1.000) = 0.313"
    )
    assert "left out this time" in figure.describe(WindowSpot(0))
    assert "passed over" in figure.describe(WindowSpot(5))
    skipped = SlidingWindowFigure(make_window(), 1)
    assert "skipped" in texts_of(skipped)
    assert "is the centre itself" in skipped.describe(WindowSpot(0, 1))
    assert skipped.row_loss(0) == pytest.approx(np.logaddexp(0, -2) + np.logaddexp(0, -1))
    assert len(figure.numbers().rows) == 3 * (2 + 1) + 3 * (1 + 1)


def test_a_text_of_which_nothing_is_left_still_shows_its_words():
    unknown = SlidingWindowFigure(replace(make_window(), steps=(), is_known=np.array([True] + [False] * 5)))
    assert unknown.caption.startswith("Fewer than two words of the text have a vector")
    figure = SlidingWindowFigure(replace(make_window(), steps=()))
    assert "another seed" in figure.caption
    assert "zebra" in texts_of(figure)
    assert figure.numbers().rows == []


def test_every_word_and_cell_is_met_by_pointer_and_keys():
    figure, style, rect = SlidingWindowFigure(make_window()), FigureStyle(), QRectF(0, 0, 900, 600)
    cells = [WindowSpot(row, column) for row in (0, 1, -1) for column in range(3)]
    for spot in cells:
        assert figure.spot_at(figure.cell_rect(spot.row, spot.column, rect, style).center(), rect, style) == spot
        assert figure.has_spot(spot, rect, style)
    assert not figure.has_spot(WindowSpot(2, 0), rect, style)
    spot = figure.step(None, 0, 1, rect, style)
    seen = {spot}
    for right, down in [(1, 0)] * 6 + [(0, 1)] * 4 + [(1, 0)] * 3 + [(0, -1)] * 4:
        spot = figure.step(spot, right, down, rect, style)
        assert figure.has_spot(spot, rect, style)
        seen.add(spot)
    assert WindowSpot(-1, 2) in seen


# The player


def test_the_window_is_stepped_and_put_on_a_word(view):
    look_at(view, 2)
    assert view.figure().number == 0
    child(view, QToolButton, "sliding_window_forth").click()
    assert view.figure().number == 1
    child(view, QToolButton, "sliding_window_first").click()
    assert view.figure().number == 0
    canvas = child(view, QWidget, "sliding_window_canvas")
    box = canvas.figure._boxes(canvas.figure_rect().width(), canvas.style_now)[2]
    place = box.translated(canvas.figure_rect().topLeft()).center().toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().number == 1
    QTest.mouseMove(canvas, place)
    assert "kept with a probability" in child(view, LineLabel, "sliding_window_read_out").text()


def test_again_takes_the_next_seed(view):
    look_at(view, 2)
    child(view, QToolButton, "sliding_window_again").click()
    assert view.asked[-1].seed == 1


# Training


def test_training_begins_when_it_is_known_where_the_vectors_go(view, monkeypatch, tmp_path):
    look_at(view, 3)
    n = len(view.asked)
    assert "n-grams" in child(view, QLabel, "word2vec_about").text()
    assert "hides a word and guesses it" in child(view, QLabel, "word2vec_about").text()
    assert "it falls while it learns" in " ".join(texts_of(view._training.plot_canvas.figure))
    assert view.figure() is None  # there is nothing to export yet
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    child(view, QToolButton, "word2vec_train").click()
    assert len(view.asked) == n
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/tmp/book.txt", ""))
    child(view, QToolButton, "word2vec_text").click()
    assert "book.txt" in child(view, LineLabel, "word2vec_caption").text()
    out = tmp_path / "v.npz"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    child(view, QSpinBox, "word2vec_epochs").setValue(2)
    child(view, QComboBox, "word2vec_objective").setCurrentIndex(1)
    child(view, QToolButton, "word2vec_train").click()
    request = view.asked[-1]
    assert isinstance(request, TrainWord2VecRequest)
    assert (request.text, request.out) == ("/tmp/book.txt", str(out))
    assert (request.settings.objective, request.settings.epochs, request.settings.rate) == ("cbow", 2, 0.05)
    assert "king" in request.watched

    line = child(view, QWidget, "word2vec_job")
    view.show_job(JobState(1, request, JobPhase.RUNNING))
    assert line.isVisible()
    assert not child(view, QToolButton, "word2vec_train").isEnabled()
    acted = []
    view.job_action_requested.connect(lambda *args: acted.append(args))
    child(view, QToolButton, "word2vec_job_pause").click()
    assert acted
    view.show_result(request, make_training(0.5, str(out)), is_partial=True)
    assert isinstance(view.figure(), TrainingFigure)
    out.write_bytes(b"vectors")
    view.show_result(request, make_training(1.0, str(out)), is_partial=False)
    view.show_job(JobState(1, request, JobPhase.DONE))
    assert not line.isVisible()
    assert not child(view, QLabel, "word2vec_about").isVisible()
    child(view, QToolButton, "word2vec_open").click()
    answer(view, OpenedVectors(str(out), 9, 4))
    assert view.asked[-1].source == VectorSource("file", str(out))
    assert child(view, QTabWidget, "embedding_pages").currentIndex() == 0


def train(view, monkeypatch, out, kind=""):
    """Say where the vectors go; the request, where one came."""
    look_at(view, 3)
    n = len(view.asked)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), kind))
    child(view, QToolButton, "word2vec_train").click()
    return next(iter(view.asked[n:]), None)


def test_a_run_that_was_stopped_goes_on_also_another_day(view, monkeypatch, tmp_path, qtbot):
    out = tmp_path / "v.npz"
    look_at(view, 3)
    view._training.choose_text("/tmp/book.txt")
    child(view, QSpinBox, "word2vec_epochs").setValue(2)
    request = train(view, monkeypatch, out)
    go_on = child(view, QToolButton, "word2vec_go_on")
    unfinished_file(out).write_bytes(b"run")
    view.show_job(JobState(1, request, JobPhase.RUNNING))
    assert not go_on.isEnabled()
    assert child(view, QToolButton, "word2vec_job_cancel").text() == "Stop"  # nothing is lost
    view.show_job(JobState(1, request, JobPhase.CANCELLED))
    assert go_on.isEnabled()
    child(view, QSpinBox, "word2vec_epochs").setValue(9)  # another run, perhaps
    view._training.choose_text("")
    go_on.click()
    assert view.asked[-1] == request
    assert child(view, QSpinBox, "word2vec_epochs").value() == 2

    another = watched(EmbeddingView(ViewContext()), qtbot, 1000, 700)
    another.set_options_state(view.options_state())
    another.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    assert child(another, LineLabel, "word2vec_caption").text().startswith("v.npz was stopped before its end")
    child(another, QToolButton, "word2vec_go_on").click()
    assert another.asked[-1] == request
    another.show_job(JobState(1, request, JobPhase.CANCELLED))
    unfinished_file(out).unlink()
    n = len(another.asked)
    child(another, QToolButton, "word2vec_go_on").click()
    assert len(another.asked) == n
    assert "is not there any more" in child(another, LineLabel, "word2vec_read_out").text()
    assert not child(another, QToolButton, "word2vec_go_on").isEnabled()


@pytest.mark.parametrize(
    "kept",
    [3, {"begun": []}, {"begun": {"out": 3, "text": ""}}, {"begun": {"out": "v.npz", "text": "", "options": {"x": 1}}}],
)
def test_what_a_session_cannot_have_kept_of_a_run_is_left_out(view, kept):
    view.set_options_state({"training": kept})
    look_at(view, 3)
    assert not child(view, QToolButton, "word2vec_go_on").isEnabled()


@pytest.mark.parametrize(
    ("typed", "kind", "out"),
    [
        ("vectors", "", "vectors.npz"),
        ("vectors", "word2vec, binary (*.bin)", "vectors.bin"),
        ("my.book", "Headlight's vectors (*.npz)", "my.book.npz"),
        ("v.vec", "word2vec, text (*.txt *.vec)", "v.vec"),
    ],
)
def test_a_name_without_an_ending_gets_that_of_its_kind(view, monkeypatch, tmp_path, typed, kind, out):
    assert train(view, monkeypatch, tmp_path / typed, kind).out == str(tmp_path / out)


def test_what_nobody_was_asked_about_is_not_replaced(view, monkeypatch, tmp_path):
    (tmp_path / "v.npz").write_bytes(b"mine")
    assert train(view, monkeypatch, tmp_path / "v") is None
    assert child(view, LineLabel, "word2vec_read_out").text().startswith("v.npz is there already")


def test_the_loss_the_map_and_the_neighbours_are_shown():
    figure = TrainingFigure(make_training())
    shown = texts_of(figure)
    for text in ("red", "blue 0.90,  tree 0.10", "loss of a pair", "2.50"):
        assert text in shown, text
    assert "50 % done, loss 2.500" in figure.caption
    assert figure.describe(PlotSpot(1, 0, 1)) == "50.0 % done: loss 2.5000"
    nothing = replace(make_training(), shares=np.zeros(0), losses=np.zeros(0), watched=(), neighbours=())
    assert "No loss yet." in texts_of(TrainingFigure(replace(nothing, cosines=np.zeros((0, 2)))))
