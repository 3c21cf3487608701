"""Export and copy, as the window offers them: a dialog, a file, a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSizeF, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from app.export.dialog.export_dialog import ExportDialog
from app.export.exporting import Exporting
from app.export.page.look import ExportLook
from app.window.menus.export_all import ExportAll, ExportStop
from tests.factories import make_checkpoint_info, make_heads_result
from tests.inputs import text_input
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.heads.figure import HeadsFigure


class ShownView(QWidget):
    """As much of a view as an export needs."""

    standing_changed = Signal()

    def __init__(self, figure):
        super().__init__()
        self.setObjectName("heads")
        self.subject = Subject(make_checkpoint_info(), text_input("a cat"))
        self._figure, self.notes = figure, ()
        self.why_not_current, self.is_provisional, self.is_growing = "", False, False

    def figure(self):
        return self._figure

    def style_now(self):
        return FigureStyle(color_map="magma")


@pytest.fixture
def exporting(qtbot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    exporting = Exporting(parent)
    exporting.folder = tmp_path
    exporting.texts, exporting.standing = [], []

    def note(text, is_warning, about):
        assert about.split()[0] == "export"
        exporting.standing = [text] if text else []
        if text:
            exporting.texts.append((text, is_warning))

    exporting.said.connect(note)
    return exporting


@pytest.fixture
def view(qtbot):
    view = ShownView(HeadsFigure(make_heads_result()))
    qtbot.addWidget(view)
    return view


@pytest.fixture
def answer(monkeypatch):
    """Answer the dialog: a file, or none."""

    def set_answer(path=None):
        def answered(dialog):
            if path is None:
                return QDialog.DialogCode.Rejected
            dialog.findChild(QLineEdit, "export_file").setText(str(path))
            return QDialog.DialogCode.Accepted

        monkeypatch.setattr(ExportDialog, "exec", answered)

    return set_answer


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png", "csv", "npz"])
def test_what_is_shown_is_saved(exporting, view, answer, tmp_path, suffix):
    (tmp_path / "deep").mkdir()
    answer(tmp_path / "deep" / f"heads.{suffix}")
    exporting.export(view)
    assert exporting.texts == [(f"Saved {tmp_path / 'deep' / f'heads.{suffix}'}", False)]
    assert (tmp_path / "deep" / f"heads.{suffix}").stat().st_size > 100
    assert exporting.folder == tmp_path / "deep"


class WideFigure:
    """Cannot be laid out in less than 400 points."""

    caption = "Measures of all heads"

    def least_width(self, style):
        return 400

    def natural_size(self, style):
        return QSizeF(500, 100)

    def paint(self, painter, rect, style):
        painter.drawText(rect, "letters")

    def numbers(self):
        return Numbers({}, ("layer",), [])


SMALL_LETTERS = ExportLook("svg", "column", 8.0)


def test_letters_that_are_not_as_large_as_they_were_asked_for_are_told(exporting, qtbot, answer, tmp_path, monkeypatch):
    view = ShownView(WideFigure())
    qtbot.addWidget(view)
    monkeypatch.setattr(exporting, "_look", lambda: SMALL_LETTERS)
    answer(tmp_path / "measures.svg")
    exporting.export(view)
    ((text, is_warning),) = exporting.texts
    said = "Letters are of 4.5 pt: with those of 8 pt the figure needs 147 mm. Saved"
    assert (text, is_warning) == (f"{said} {tmp_path / 'measures.svg'}", False)


def test_of_all_views_those_with_smaller_letters_are_named(exporting, view, qtbot, tmp_path, monkeypatch):
    wide = ShownView(WideFigure())
    qtbot.addWidget(wide)
    for one in (wide, view):
        one.is_waiting = False
    monkeypatch.setattr(exporting, "_look", lambda: SMALL_LETTERS)
    task = ExportAll(exporting, "Export all views", "views", exporting.parent())
    stops = [ExportStop("Measures", lambda: wide), ExportStop("Heads", lambda: view)]
    with qtbot.waitSignal(task.done) as done:
        task.begin(stops, tmp_path, "svg", lambda: None)
    assert done.args == [
        f"2 of 2 views saved in {tmp_path}. "
        "Letters are smaller than asked for in 1, for want of room: Measures; a larger width helps.",
        True,
    ]


def test_the_caption_says_what_was_looked_at(exporting, view, answer, tmp_path):
    exporting.has_caption = True
    answer(tmp_path / "heads.svg")
    exporting.export(view)
    svg = (tmp_path / "heads.svg").read_text(encoding="utf-8")
    assert "bert-test" in svg
    assert "a cat" in svg


def test_nothing_is_saved_without_the_user(exporting, view, answer, tmp_path):
    answer(None)
    exporting.export(view)
    assert exporting.texts == []
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_told(exporting, view, answer, tmp_path):
    answer(tmp_path / "none" / "a.svg")
    exporting.export(view)
    ((text, is_warning),) = exporting.texts
    assert is_warning
    assert "does not exist" in text


@pytest.mark.parametrize("act", ["export", "copy"])
def test_without_a_figure_a_sentence_says_so(exporting, qtbot, act):
    empty = ShownView(None)
    qtbot.addWidget(empty)
    for nothing in (None, empty):
        getattr(exporting, act)(nothing)
    what = {"export": "save", "copy": "copy"}[act]
    assert exporting.texts == 2 * [(f"There is no picture to {what}: this view shows nothing yet.", True)]


@pytest.mark.parametrize("act", ["export", "copy"])
def test_where_a_sentence_stands_instead_of_the_picture_that_is_why_there_is_none(exporting, view, act):
    view.why_not_current = "This picture is still of bert-mini."  # which nobody sees
    getattr(exporting, act)(view, why_none="The text is too long.")
    what = {"export": "save", "copy": "copy"}[act]
    assert exporting.texts == [(f"There is no picture to {what}: The text is too long.", True)]


@pytest.mark.parametrize("act", ["export", "copy"])
def test_a_refusal_is_taken_back_when_the_picture_is_what_was_asked_for(exporting, view, act):
    view.why_not_current = "This picture is still of bert-mini."
    getattr(exporting, act)(view)
    view.standing_changed.emit()
    assert exporting.standing == ["This picture is still of bert-mini."]
    view.why_not_current = ""
    view.standing_changed.emit()
    assert exporting.standing == []


def test_what_could_not_be_written_is_no_matter_once_something_else_is_tried(exporting, view, answer, tmp_path):
    answer(tmp_path / "none" / "a.svg")
    exporting.export(view)
    assert "does not exist" in exporting.standing[0]
    answer(None)
    exporting.export(view)
    assert exporting.standing == []


@pytest.mark.parametrize("act", ["export", "copy"])
def test_what_is_not_what_was_asked_for_is_not_exported(exporting, view, act):
    view.why_not_current = "This picture is still of bert-mini."
    getattr(exporting, act)(view)
    assert exporting.texts == [("This picture is still of bert-mini.", True)]


def test_an_export_of_a_first_look_waits_for_the_exact_picture(exporting, view, answer, tmp_path):
    answer(tmp_path / "heads.svg")
    view.why_not_current, view.is_provisional = "This is a first look.", True
    exporting.export(view)
    view.standing_changed.emit()  # another part came
    assert exporting.texts == [("The picture is a first look; this goes on when it is exact.", False)]
    assert not (tmp_path / "heads.svg").exists()
    view.why_not_current, view.is_provisional = "", False
    view.standing_changed.emit()
    assert (tmp_path / "heads.svg").exists()
    view.standing_changed.emit()
    assert len(exporting.texts) == 2


def test_a_first_look_that_is_cancelled_is_not_saved_after_all(exporting, view, answer, tmp_path):
    answer(tmp_path / "heads.svg")
    view.why_not_current, view.is_provisional = "This is a first look.", True
    exporting.export(view)
    view.why_not_current, view.is_provisional = "Cancelled; F5 asks again.", False
    view.standing_changed.emit()
    assert exporting.texts[-1] == ("Cancelled; F5 asks again.", True)
    assert not (tmp_path / "heads.svg").exists()


def test_what_grows_is_saved_as_far_as_it_is(exporting, view, answer, tmp_path):
    answer(tmp_path / "heads.svg")
    view.why_not_current, view.is_provisional, view.is_growing = "This is a first look.", True, True
    exporting.export(view)
    assert (tmp_path / "heads.svg").exists()


def test_the_figure_can_be_copied(exporting, view):
    exporting.copy(view)
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert data.hasFormat("image/svg+xml")
    assert exporting.texts == [("The picture is on the clipboard.", False)]


@pytest.fixture
def dragged(exporting, view):
    """Drag what the view shows; what a program gets where it is dropped."""
    taken = []

    def drag():
        exporting.drag(view, taken.append)
        return taken[-1]

    yield drag
    exporting.shutdown()


def test_a_figure_is_dragged_out_as_a_file_that_is_written_when_it_is_taken_and_goes_at_the_end(dragged, exporting):
    data = dragged()
    assert data.hasUrls()
    folder = Path(exporting._dragged.path())
    assert list(folder.iterdir()) == []  # nobody has taken it
    (url,) = data.urls()
    file = Path(url.toLocalFile())
    assert file.name == "bert-test_heads.svg"
    assert file.read_bytes() == data.data("image/svg+xml").data()
    (again,) = data.urls()
    assert again == url
    assert Path(dragged().urls()[0].toLocalFile()) != file  # it stays as it was
    exporting.shutdown()
    assert not folder.exists()


def test_the_file_that_is_dragged_out_is_of_the_kind_that_was_saved_last(dragged, exporting, monkeypatch):
    monkeypatch.setattr(exporting, "_look", lambda: ExportLook(kind="png"))
    assert Path(dragged().urls()[0].toLocalFile()).read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(exporting, "_look", lambda: ExportLook(kind="csv"))
    assert dragged().urls()[0].toLocalFile().endswith(".svg")  # it is a picture that is dragged


def test_what_is_dragged_out_is_picture_vectors_and_numbers_too(dragged):
    data = dragged()
    assert data.hasImage()
    assert data.imageData().width() == QImage.fromData(data.data("image/png")).width()
    assert data.data("application/pdf").startsWith(b"%PDF")
    assert data.text().startswith("layer\thead")
    assert max(data.thumbnail(90).width(), data.thumbnail(90).height()) == 90


def test_a_dragged_file_that_cannot_be_written_is_told(dragged, exporting):
    data = dragged()
    Path(exporting._dragged.path()).joinpath("1").write_text("in the way")
    assert data.urls() == []
    assert "could not be written" in exporting.standing[0]


def test_a_file_that_is_there_stays_unless_the_user_was_asked(exporting, view, answer, tmp_path):
    (tmp_path / "heads.svg").write_text("mine")
    answer(tmp_path / "heads.svg")  # it came while the dialog was open
    exporting.export(view)
    assert (tmp_path / "heads.svg").read_text() == "mine"
    assert "exists" in exporting.texts[-1][0]
    assert exporting.texts[-1][1]


def test_the_name_says_what_is_in_the_file(exporting, view, monkeypatch):
    proposed = []
    monkeypatch.setattr(ExportDialog, "exec", lambda dialog: proposed.append(dialog.path().name))
    exporting.export(view)
    assert proposed == ["bert-test_heads.svg"]
