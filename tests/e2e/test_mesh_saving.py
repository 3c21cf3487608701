"""A sampled mesh is saved as every kind of file, and read back."""

from __future__ import annotations

import av
import numpy as np
import pytest
import trimesh
from PIL import Image
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QPushButton

from app.export.formats import FORMATS, ending_of
from inference.meshes.files import read_mesh
from tests.e2e.test_meshes import checkpoint, mesh  # noqa: F401 (fixtures)

pytestmark = pytest.mark.xvfb


def save(driver, path, kind):
    """Save the mesh as the user does: the button, a format, a path, Save."""

    def fill(dialog):
        box = dialog.findChild(QComboBox, "export_format")
        box.setCurrentIndex(box.findData(kind))
        dialog.findChild(QDoubleSpinBox, "export_speed").setValue(20)
        dialog.findChild(QComboBox, "export_size").setCurrentIndex(0)
        field = dialog.findChild(QLineEdit, "export_file")
        field.setFocus()
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, str(path))
        driver.click(next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == "Save"))

    driver.answer_dialog(fill)
    driver.click(driver.widget("mesh_save"))
    driver.wait(lambda: driver.message() == f"Saved {path}", seconds=120)


def test_every_kind_is_saved_and_read_back(mesh, tmp_path):  # noqa: F811
    growth = mesh.view._presenter.growth
    for kind, about in FORMATS.items():
        path = tmp_path / f"thing{ending_of(kind)}"
        save(mesh, path, kind)
        if about.holds == "mesh":
            assert len(trimesh.load_mesh(path).faces) >= len(growth.faces)
        elif kind in ("mp4", "webm"):
            with av.open(str(path)) as film:
                assert sum(1 for _ in film.decode(video=0)) > 30
        elif kind in ("gif", "webp", "png"):
            with Image.open(path) as image:
                assert (getattr(image, "n_frames", 1) > 1) == (kind != "png")
        elif kind == "frames":
            assert len(list(path.glob("*.png"))) > 30
        elif kind == "csv":
            assert len(path.read_text(encoding="utf-8").splitlines()) == 1 + growth.n_steps
        elif kind == "npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert arrays["face_tokens"].tolist() == growth.sample.faces.tokens.tolist()
        else:
            assert path.read_bytes()[:5] in (b"%PDF-", b"<?xml")
    assert read_mesh(tmp_path / "thing.obj", merge_degrees=None).faces == growth.faces
