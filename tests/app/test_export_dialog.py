"""The window exports: one dialog that keeps format and ending together, and a process that writes films."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressDialog,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from app.export import saving_process as saving_module
from app.export.dialog.export_dialog import ExportDialog
from app.export.dialog.exported import Exported
from app.export.exporting import Exporting
from app.export.formats import FORMATS, OF_FIGURES, OF_FILMS, OF_MESHES
from app.export.mesh_look import MeshLook
from app.export.page.look import ExportLook
from app.export.saving_process import Saving
from app.export.worker import mesh_message
from inference.meshes.files import read_mesh
from inference.results.inputs import Input
from tests.app.mesh_samples import make_sample
from tests.factories import make_attention_result
from tests.image_factories import make_complete_image_result, make_probe_result
from tests.views.mesh.mesh_samples import make_furniture_sample, make_growing, make_mesh_info
from widgets.look.theme import DARK, FigureStyle
from widgets.scene3d.camera import Camera
from widgets.scene3d.scene import MeshScene
from widgets.scene3d.scene_figure import MeshFigure
from widgets.views.attention.figure import AttentionFigure
from widgets.views.attention.options import AttentionOptions
from widgets.views.complete_image.figure import CompleteImageFigure
from widgets.views.complete_image.probe import ProbeFigure
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import Growth

SAMPLE = make_sample()
LONG = 60_000  # ms: a process starts, on a machine that may be busy
ALL = (*OF_FIGURES, *OF_MESHES, *OF_FILMS)


@pytest.fixture
def dialog(qtbot, tmp_path):
    dialog = ExportDialog("stool-0", tmp_path, ALL, first="obj", is_scene=True)
    qtbot.addWidget(dialog)
    return dialog


def child(dialog, kind, name):
    found = dialog.findChild(kind, name)
    assert found is not None, name
    return found


def choose(dialog, name, data):
    box = child(dialog, QComboBox, name)
    box.setCurrentIndex(box.findData(data))


# The dialog


def test_the_format_sets_the_ending(dialog, tmp_path):
    box = child(dialog, QComboBox, "export_format")
    assert (dialog.kind(), box.count()) == ("obj", len(FORMATS))
    for index, kind in enumerate(FORMATS):
        box.setCurrentIndex(index)
        assert dialog.kind() == kind
        assert dialog.path() == tmp_path / ("stool-0" if kind == "frames" else f"stool-0.{kind}")


def test_a_typed_ending_sets_the_format(dialog, qtbot):
    file = child(dialog, QLineEdit, "export_file")
    file.clear()
    qtbot.keyClicks(file, "/tmp/film.GIF")
    assert dialog.kind() == "gif"
    file.clear()
    qtbot.keyClicks(file, "/tmp/plain")
    assert dialog.path() == Path("/tmp/plain.gif")


def test_only_what_a_format_follows_is_offered(dialog):
    box = child(dialog, QComboBox, "export_format")
    width, size = child(dialog, QComboBox, "export_unit"), child(dialog, QComboBox, "export_size")
    speed, caption = child(dialog, QDoubleSpinBox, "export_speed"), child(dialog, QCheckBox, "export_caption")
    dpi = child(dialog, QSpinBox, "export_dpi")
    for kind, expected in (
        ("obj", (False, False, False, False, False)),
        ("csv", (False, False, False, False, False)),
        ("svg", (True, True, False, False, False)),
        ("png", (True, True, True, False, False)),
        ("mp4", (False, False, False, True, True)),
        ("frames", (False, False, False, True, True)),
    ):
        box.setCurrentIndex(box.findData(kind))
        assert tuple(one.isEnabled() for one in (width, caption, dpi, size, speed)) == expected, kind


def test_a_film_of_a_figure_has_its_width_and_a_speed(qtbot, tmp_path):
    dialog = ExportDialog("completions", tmp_path, (*OF_FIGURES, *OF_FILMS))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not child(dialog, QComboBox, "export_size").isVisible()
    child(dialog, QComboBox, "export_format").setCurrentIndex(len(OF_FIGURES))
    assert dialog.kind() == "gif"
    assert child(dialog, QComboBox, "export_unit").isEnabled()
    assert child(dialog, QDoubleSpinBox, "export_speed").isEnabled()


def test_what_stands_still_has_no_controls_of_films(qtbot, tmp_path):
    dialog = ExportDialog("heads", tmp_path, OF_FIGURES)
    qtbot.addWidget(dialog)
    dialog.show()
    for name in ("export_size", "export_theme", "export_colors", "export_speed"):
        assert not child(dialog, QWidget, name).isVisible()


def test_what_was_chosen_is_told(dialog):
    assert (dialog.size_wanted(), dialog.theme(), dialog.color_by(), dialog.speed()) == (
        (800, 600),
        "light",
        "plain",
        1,
    )
    child(dialog, QComboBox, "export_theme").setCurrentIndex(1)
    child(dialog, QComboBox, "export_colors").setCurrentIndex(1)
    child(dialog, QComboBox, "export_size").setCurrentIndex(3)
    child(dialog, QDoubleSpinBox, "export_speed").setValue(2.5)
    choose(dialog, "export_unit", "px")
    child(dialog, QDoubleSpinBox, "export_width").setValue(700)
    assert (dialog.size_wanted(), dialog.theme(), dialog.color_by()) == ((1920, 1080), "dark", "bits")
    assert (dialog.speed(), dialog.look().width, dialog.dpi_wanted()) == (2.5, "700px", None)


def test_every_control_has_a_name_and_is_reached_by_tab(dialog):
    for control in dialog.findChildren(QWidget):
        if isinstance(control, QComboBox | QDoubleSpinBox) or (isinstance(control, QLineEdit) and control.objectName()):
            assert control.objectName().startswith(("export_", "qt_")), control


@pytest.fixture
def scale_letters(qapp):
    """Change the size of all letters; afterwards they are as before."""
    before = qapp.font()

    def scale(factor):
        font = QFont(before)
        font.setPointSizeF(before.pointSizeF() * factor)
        qapp.setFont(font)

    yield scale
    qapp.setFont(before)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_it_fits_the_screen_however_large_the_letters_are(qtbot, qapp, tmp_path, shown, scale_letters, factor):
    scale_letters(factor)
    dialog = ExportDialog("stool-0", tmp_path, ALL, shown=shown)
    qtbot.addWidget(dialog)
    dialog.show()
    screen = qapp.primaryScreen().availableGeometry()
    assert dialog.width() <= screen.width()
    assert dialog.height() <= screen.height()
    for name in ("export_caption", "export_unit", "export_browse"):
        control = child(dialog, QWidget, name)
        dialog.findChild(QScrollArea).ensureWidgetVisible(control)
        assert not control.visibleRegion().isEmpty(), name  # where there is no room it scrolls
    for button in dialog.findChild(QDialogButtonBox).buttons():
        assert button.visibleRegion().boundingRect() == button.rect()


def test_a_width_means_the_same_in_every_unit(dialog):
    width = child(dialog, QDoubleSpinBox, "export_width")
    assert dialog.look() == ExportLook("obj")
    assert not width.isEnabled()
    choose(dialog, "export_format", "svg")
    choose(dialog, "export_unit", "column")
    assert (dialog.look().width, width.isEnabled()) == ("column", False)
    choose(dialog, "export_unit", "mm")
    assert (dialog.look().width, width.isEnabled()) == ("85.0mm", True)
    choose(dialog, "export_unit", "in")
    assert dialog.look().width == "3.35in"
    choose(dialog, "export_unit", "px")
    assert dialog.look().width == "322px"


@pytest.fixture
def shown():
    figure = AttentionFigure(make_attention_result(), 0, 0, AttentionOptions())
    return Exported(figure, FigureStyle(), "tiny · attention", ("A note.",))


def test_the_preview_says_how_large_the_file_will_be(qtbot, tmp_path, shown):
    look = ExportLook("pdf", "85mm", 8.0, "dark")
    dialog = ExportDialog("attention", tmp_path, OF_FIGURES, first="pdf", shown=shown, look=look)
    qtbot.addWidget(dialog)
    assert dialog.look() == replace(look, width="85.0mm")
    dialog.show()
    size = child(dialog, QLabel, "export_preview_size")
    qtbot.waitUntil(lambda: size.text().startswith("85.0 × ") and size.text().endswith("mm, letters of 8 pt."))
    paper = child(dialog, QWidget, "export_preview").grab().toImage()
    dark = DARK.paper.rgb()
    assert any(paper.pixel(x, y) == dark for x in range(0, 200, 7) for y in range(0, 200, 7))
    choose(dialog, "export_format", "csv")
    numbers = child(dialog, QLabel, "export_preview_numbers")
    qtbot.waitUntil(numbers.isVisible)
    assert "rows of" in size.text()
    assert shown.figure.numbers().header[0] in numbers.text()


# The process


@pytest.fixture
def parent(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def begin(saving, path, kind, look):
    saving.begin(path, mesh_message(SAMPLE, str(path), kind, look))


def test_a_film_is_written_by_another_process(qtbot, parent, tmp_path):
    saving = Saving(parent, "Save the mesh")
    progress = child(parent, QProgressDialog, "saving_progress")
    with qtbot.waitSignal(saving.done, timeout=LONG) as blocker:
        begin(saving, tmp_path / "a.webp", "webp", MeshLook((64, 48), "dark", seconds=0.5))
    assert blocker.args == [str(tmp_path / "a.webp")]
    with Image.open(tmp_path / "a.webp") as film:
        assert film.n_frames > 5
        assert film.size == (64, 48)
    assert progress.maximum() > 5


def test_a_cancelled_film_leaves_the_old_file_and_says_nothing(qtbot, parent, tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"old")
    saving = Saving(parent, "Save the mesh")
    saving.done.connect(lambda _: pytest.fail("it was cancelled"))
    saving.failed.connect(pytest.fail)
    with qtbot.waitSignal(saving.destroyed, timeout=LONG):
        begin(saving, path, "gif", MeshLook())
        saving.cancel()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.gif"]


def test_a_process_that_does_not_start_is_told(qtbot, parent, tmp_path, monkeypatch):
    monkeypatch.setattr(saving_module.sys, "executable", str(tmp_path / "no-python"))
    saving = Saving(parent, "Save the mesh")
    with qtbot.waitSignal(saving.failed, timeout=LONG) as blocker:
        begin(saving, tmp_path / "a.gif", "gif", MeshLook())
    assert "no process could be started" in blocker.args[0]


# The window's call


class Shown:
    """A view of something that may be exported."""

    why_not_current, is_provisional, notes = "", False, ()

    def __init__(self, figure):
        self.shown = figure
        self.subject = SimpleNamespace(
            checkpoint=replace(make_mesh_info(), classes=("a", "b", "c", "d", "wooden stool")), input=Input()
        )

    def figure(self):
        return self.shown

    def objectName(self):
        return "shown"

    def style_now(self):
        return FigureStyle()


def mesh_figure(*samples, active=0):
    return MeshSampleFigure(
        MeshFigure(MeshScene(()), Camera()), tuple(Growth(sample) for sample in samples), active=active
    )


@pytest.fixture
def exporting(parent, tmp_path):
    exporting = Exporting(parent)
    exporting.folder = tmp_path
    exporting.texts = []
    # An empty one takes the last one back.
    exporting.said.connect(lambda text, is_warning: text and exporting.texts.append(text))
    return exporting


@pytest.fixture
def offered(monkeypatch):
    """Dialogs that were opened and cancelled."""
    dialogs = []
    monkeypatch.setattr(ExportDialog, "exec", lambda dialog: dialogs.append(dialog) or QDialog.DialogCode.Rejected)
    return dialogs


def formats(dialog):
    box = child(dialog, QComboBox, "export_format")
    return tuple(box.itemData(i) for i in range(box.count()))


def accept_as(monkeypatch, kind):
    """The user chooses a format and saves."""

    def choose(dialog):
        box = child(dialog, QComboBox, "export_format")
        box.setCurrentIndex(box.findData(kind))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ExportDialog, "exec", choose)


def test_the_dialog_offers_what_the_shown_thing_has(exporting, offered):
    completions = CompleteImageFigure(make_complete_image_result(), 32)
    for figure, expected in (
        (ProbeFigure(make_probe_result()), OF_FIGURES),
        (completions, (*OF_FIGURES, *OF_FILMS)),
        (mesh_figure(make_furniture_sample()), ALL),
        (mesh_figure(make_growing()), OF_FIGURES),
    ):
        exporting.export(Shown(figure), first="obj")
        assert formats(offered[-1]) == expected
        assert offered[-1].kind() == ("obj" if "obj" in expected else "svg")
    assert not list(exporting.folder.iterdir())
    assert exporting.texts == []


def test_the_mesh_that_is_looked_at_is_saved_under_its_class_and_seed(qtbot, exporting, tmp_path, monkeypatch):
    accept_as(monkeypatch, "obj")
    exporting.export(Shown(mesh_figure(make_furniture_sample(), SAMPLE, active=1)))
    qtbot.waitUntil(lambda: bool(exporting.texts), timeout=LONG)
    assert exporting.texts[-1] == f"Saved {tmp_path / 'polygen-test_wooden-stool-0.obj'}"
    assert len(read_mesh(tmp_path / "polygen-test_wooden-stool-0.obj", merge_degrees=None).faces) == int(
        (SAMPLE.faces.tokens < 2).sum()
    )


def test_a_figure_that_grows_is_saved_as_numbered_images(qtbot, exporting, tmp_path, monkeypatch):
    accept_as(monkeypatch, "frames")
    result = make_complete_image_result(grid=(4, 4), n_given=8, count=1)
    exporting.export(Shown(CompleteImageFigure(result, 8)))
    qtbot.waitUntil(lambda: bool(exporting.texts), timeout=LONG)
    assert exporting.texts[-1] == f"Saved {tmp_path / 'polygen-test_shown'}"
    assert len(list((tmp_path / "polygen-test_shown").glob("*.png"))) > 100


def test_what_cannot_be_written_is_told(exporting, tmp_path, monkeypatch):
    accept_as(monkeypatch, "gif")
    exporting.folder = tmp_path / "none"
    for figure in (mesh_figure(SAMPLE), CompleteImageFigure(make_complete_image_result(), 32)):
        exporting.export(Shown(figure))
        assert exporting.texts.pop().endswith(f"the folder {tmp_path / 'none'} does not exist.")


# What is there already


def answer_question(monkeypatch, role):
    """Press a button of the question whether to replace, and write down that it was asked."""
    asked = []

    def pressed(question):
        asked.append(question.text())
        next(button for button in question.buttons() if question.buttonRole(button) is role).click()

    monkeypatch.setattr(QMessageBox, "exec", pressed)
    return asked


def test_a_name_that_is_taken_gets_a_number_that_follows_the_format(qtbot, tmp_path):
    (tmp_path / "bert_heads.svg").touch()
    dialog = ExportDialog("bert_heads", tmp_path, OF_FIGURES)
    qtbot.addWidget(dialog)
    assert dialog.path().name == "bert_heads-2.svg"
    formats = child(dialog, QComboBox, "export_format")
    formats.setCurrentIndex(formats.findData("png"))
    assert dialog.path().name == "bert_heads.png"
    child(dialog, QLineEdit, "export_file").setText(str(tmp_path / "mine.png"))
    formats.setCurrentIndex(formats.findData("svg"))
    assert dialog.path().name == "mine.svg"


def test_it_asks_before_a_file_is_replaced(dialog, tmp_path, monkeypatch):
    (tmp_path / "mine.obj").touch()
    child(dialog, QLineEdit, "export_file").setText(str(tmp_path / "mine.obj"))
    asked = answer_question(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    dialog.accept()
    assert asked == ["mine.obj exists. Replace it?"]
    assert dialog.result() == QDialog.DialogCode.Rejected
    assert not dialog.may_replace()
    answer_question(monkeypatch, QMessageBox.ButtonRole.AcceptRole)
    dialog.accept()
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.may_replace()


def test_it_does_not_ask_about_a_free_name_and_may_not_replace_what_comes_there_later(dialog, monkeypatch):
    asked = answer_question(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    dialog.accept()
    assert asked == []
    assert not dialog.may_replace()
