"""The window saves a mesh: a dialog that keeps format and ending together, and a process that writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QComboBox, QDialog, QDoubleSpinBox, QLineEdit, QProgressDialog, QWidget

from app.export import saving as saving_module
from app.export.exporting import Exporting
from app.export.mesh_dialog import MeshDialog
from app.export.mesh_export import MeshSaving
from app.export.mesh_formats import FORMATS
from app.export.mesh_look import MeshLook
from inference.meshes.files import read_mesh
from tests.app.mesh_samples import make_sample
from widgets.scene3d.camera import Camera

SAMPLE = make_sample()
LONG = 60_000  # ms: a process starts, on a machine that may be busy


@pytest.fixture
def dialog(qtbot, tmp_path):
    dialog = MeshDialog("stool-0", tmp_path)
    qtbot.addWidget(dialog)
    return dialog


def child(dialog, kind, name):
    found = dialog.findChild(kind, name)
    assert found is not None
    return found


# The dialog


def test_the_format_sets_the_ending(dialog, tmp_path):
    box = child(dialog, QComboBox, "mesh_format")
    for index, kind in enumerate(FORMATS):
        box.setCurrentIndex(index)
        assert dialog.kind() == kind
        assert dialog.path() == tmp_path / ("stool-0" if kind == "frames" else f"stool-0.{kind}")


def test_a_typed_ending_sets_the_format(dialog, qtbot):
    file = child(dialog, QLineEdit, "mesh_file")
    file.clear()
    qtbot.keyClicks(file, "/tmp/film.GIF")
    assert dialog.kind() == "gif"
    file.clear()
    qtbot.keyClicks(file, "/tmp/plain")
    assert dialog.path() == Path("/tmp/plain.gif")


def test_only_what_a_format_follows_is_offered(dialog):
    box = child(dialog, QComboBox, "mesh_format")
    size, speed = child(dialog, QComboBox, "mesh_size"), child(dialog, QDoubleSpinBox, "mesh_speed")
    for kind, has_size, has_speed in (("obj", False, False), ("png", True, False), ("mp4", True, True)):
        box.setCurrentIndex(box.findData(kind))
        assert (size.isEnabled(), speed.isEnabled()) == (has_size, has_speed)


def test_the_look_is_what_was_chosen(dialog):
    assert dialog.look() == MeshLook()
    child(dialog, QComboBox, "mesh_theme").setCurrentIndex(1)
    child(dialog, QComboBox, "mesh_colors").setCurrentIndex(1)
    child(dialog, QComboBox, "mesh_size").setCurrentIndex(3)
    child(dialog, QDoubleSpinBox, "mesh_speed").setValue(2.5)
    assert dialog.look() == MeshLook((1920, 1080), "dark", "bits", speed=2.5)


def test_every_control_has_a_name_and_is_reached_by_tab(dialog):
    for control in dialog.findChildren(QWidget):
        if isinstance(control, QComboBox | QDoubleSpinBox) or (isinstance(control, QLineEdit) and control.objectName()):
            assert control.objectName().startswith(("mesh_", "qt_")), control


# The process


@pytest.fixture
def parent(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_a_film_is_written_by_another_process(qtbot, parent, tmp_path):
    saving = MeshSaving(parent)
    progress = child(parent, QProgressDialog, "saving_progress")
    with qtbot.waitSignal(saving.done, timeout=LONG) as blocker:
        saving.start(SAMPLE, tmp_path / "a.webp", "webp", MeshLook((64, 48), "dark", seconds=0.5))
    assert blocker.args == [str(tmp_path / "a.webp")]
    with Image.open(tmp_path / "a.webp") as film:
        assert film.n_frames > 5
        assert film.size == (64, 48)
    assert progress.maximum() > 5


def test_what_cannot_be_written_is_told(qtbot, parent, tmp_path):
    saving = MeshSaving(parent)
    with qtbot.waitSignal(saving.failed) as blocker:
        saving.start(SAMPLE, tmp_path / "none" / "a.gif", "gif", MeshLook())
    assert blocker.args[0].endswith(f"the folder {tmp_path / 'none'} does not exist.")


def test_a_cancelled_film_leaves_the_old_file_and_says_nothing(qtbot, parent, tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"old")
    saving = MeshSaving(parent)
    saving.done.connect(lambda _: pytest.fail("it was cancelled"))
    saving.failed.connect(pytest.fail)
    with qtbot.waitSignal(saving.destroyed, timeout=LONG):
        saving.start(SAMPLE, path, "gif", MeshLook())
        saving.cancel()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.gif"]


def test_a_process_that_does_not_start_is_told(qtbot, parent, tmp_path, monkeypatch):
    monkeypatch.setattr(saving_module.sys, "executable", str(tmp_path / "no-python"))
    saving = MeshSaving(parent)
    with qtbot.waitSignal(saving.failed, timeout=LONG) as blocker:
        saving.start(SAMPLE, tmp_path / "a.gif", "gif", MeshLook())
    assert "no process could be started" in blocker.args[0]


# The window's call


@pytest.fixture
def exporting(parent, tmp_path):
    exporting = Exporting(parent)
    exporting.folder = tmp_path
    return exporting


def test_the_window_saves_what_the_dialog_says(qtbot, exporting, tmp_path, monkeypatch):
    monkeypatch.setattr(MeshDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    with qtbot.waitSignal(exporting.said, timeout=LONG) as blocker:
        exporting.save_mesh(SAMPLE, ("a", "b", "c", "d", "wooden stool"), Camera(azimuth=20.0))
    assert blocker.args == [f"Saved {tmp_path / 'wooden-stool-0.obj'}", False]
    assert len(read_mesh(tmp_path / "wooden-stool-0.obj", merge_degrees=None).faces) == int(
        (SAMPLE.faces.tokens < 2).sum()
    )


def test_nothing_is_saved_without_the_user(qtbot, exporting, tmp_path, monkeypatch):
    monkeypatch.setattr(MeshDialog, "exec", lambda _: QDialog.DialogCode.Rejected)
    with qtbot.assertNotEmitted(exporting.said):
        exporting.save_mesh(SAMPLE)
    assert not list(tmp_path.iterdir())
