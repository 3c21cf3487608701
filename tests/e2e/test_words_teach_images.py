"""Words that teach images, in one window, by mouse and keyboard: labelled folders, labels, a label more, a caption."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QFileDialog, QLabel, QLineEdit, QTabBar, QToolButton

from inference.inputs.scene_images import paint_scene
from inference.results.zero_shot import accuracy
from resources.scenes import make_portrait
from widgets.panels.compared.chip_list import ChipList

pytestmark = pytest.mark.xvfb

KINDS = ("bird", "cup", "house")
FIRST = 5_000  # of seeds that no training has


def portraits(n):
    """So many portraits of each kind, by kind."""
    found = {kind: [] for kind in KINDS}
    seed = FIRST
    while any(len(each) < n for each in found.values()):
        scene, seed = make_portrait(seed), seed + 1
        kind = scene.things[0].kind
        if kind in found and len(found[kind]) < n:
            found[kind].append(scene)
    return found


def choose_file(dialog, path):
    """Put a path into Qt's own dialog, and press its button."""
    assert isinstance(dialog, QFileDialog)
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
    (box,) = dialog.findChildren(QDialogButtonBox)
    (accept,) = (each for each in box.buttons() if box.buttonRole(each) is QDialogButtonBox.ButtonRole.AcceptRole)
    QTest.mouseClick(accept, Qt.MouseButton.LeftButton)


def add_label(driver, text):
    line = driver.widget("compared_new_text", QLineEdit)
    line.setFocus()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def current(driver, name, condition):
    """Wait for the whole answer to what is asked now, of which something is true."""
    views = driver.window.area.views
    driver.wait(
        lambda: (
            driver.figure(name) is not None
            and not views[name].why_not_current
            and not driver.window._runner.is_busy
            and condition(driver.figure(name))
        ),
        seconds=120,
    )
    return driver.figure(name)


def open_and_show(driver, checkpoint, view):
    driver.window.open(checkpoint)
    driver.wait(lambda: driver.window.controller.checkpoint.name == checkpoint, seconds=120)
    driver.wait(lambda: driver.window.area.has_tab(view))
    driver.tab(view)


def test_one_window_from_labels_to_a_caption(start, tmp_path):
    """One program, so that its engine starts once."""
    scenes = portraits(6)
    for kind, each in scenes.items():
        (tmp_path / "things" / kind).mkdir(parents=True)
        for number, scene in enumerate(each):
            paint_scene(scene, 64).save(tmp_path / "things" / kind / f"{number}.png")
    driver = start("clip-scenes")
    driver.wait(lambda: driver.window.area.has_tab("zero_shot"), seconds=240)
    paste_and_open_images(driver, tmp_path, scenes)
    name_images_by_labels(driver, tmp_path)
    look_at_a_folder(driver, tmp_path)
    add_a_label_to_segments(driver, tmp_path)
    grow_a_caption(driver, tmp_path)


def paste_and_open_images(driver, tmp_path, scenes):
    panel = driver.window.input_panel
    driver.wait(lambda: len(panel.input().texts) > 0)
    strip = driver.widget("compared_images", ChipList)
    # A file by the dialog of the menu, and an image from the clipboard.
    driver.answer_dialog(lambda dialog: choose_file(dialog, tmp_path / "things" / "bird" / "0.png"))
    menu = driver.widget("compared_add_images", QToolButton).menu()
    next(action for action in menu.actions() if action.data() == "files").trigger()
    driver.wait(lambda: any(image.path.endswith("0.png") for image in panel.input().images))
    pasted = np.ascontiguousarray(np.asarray(paint_scene(scenes["cup"][0], 64)))
    QGuiApplication.clipboard().setImage(QImage(pasted.data, 64, 64, 3 * 64, QImage.Format.Format_RGB888).copy())
    driver.window.activateWindow()
    driver.wait(driver.window.isActiveWindow)
    driver.keys("Ctrl+V")
    driver.wait(lambda: any("pasted-" in image.path for image in panel.input().images))
    # The four scenes that were there are taken away.
    strip.setFocus()
    driver.click(strip.viewport(), strip.visualItemRect(strip.item(0)).center())
    for _ in range(4):
        QTest.keyClick(strip, Qt.Key.Key_Delete)
    driver.wait(lambda: len(panel.input().images) == 2)


def name_images_by_labels(driver, tmp_path):
    chips = driver.widget("compared_texts", ChipList)
    for kind in KINDS[1:]:
        add_label(driver, kind)
    while chips.count() > 2:
        driver.click(chips.viewport(), chips.cross_rect(0).center())
    driver.tab("zero_shot")
    before = current(driver, "zero_shot", lambda figure: figure.labels == KINDS[1:])
    assert before.result.cosines.shape == (2, 2)
    add_label(driver, "bird")
    after = current(driver, "zero_shot", lambda figure: figure.labels == (*KINDS[1:], "bird"))
    np.testing.assert_allclose(after.result.cosines[:, :2], before.result.cosines, atol=1e-5)
    assert after.result.probabilities.argmax(1).tolist() == [2, 0]  # the file shows a bird, the clipboard a cup
    driver.export("zero_shot", tmp_path / "labels.npz")
    with np.load(tmp_path / "labels.npz") as arrays:
        np.testing.assert_array_equal(arrays["cosines"], after.result.cosines)
    driver.tab("similarity")
    figure = current(driver, "similarity", lambda figure: figure.texts == (*KINDS[1:], "bird"))
    driver.export("similarity", tmp_path / "similarity.npz")
    with np.load(tmp_path / "similarity.npz") as arrays:
        np.testing.assert_array_equal(arrays["logits_per_image"], figure.result.logits)


def look_at_a_folder(driver, tmp_path):
    driver.tab("zero_shot")
    bar = driver.widget("zero_shot_pages").findChild(QTabBar)
    driver.click(bar, bar.tabRect(1).center())
    driver.answer_dialog(lambda dialog: choose_file(dialog, tmp_path / "things"))
    driver.click(driver.widget("zero_shot_open"))
    figure = current(driver, "zero_shot", lambda figure: hasattr(figure, "confusions"))
    result = figure.result
    assert result.labels == KINDS
    assert (result.n_test, result.n_train) == (9, 9)  # half of each label
    assert result.zero_shot.sum(1).tolist() == result.probe.sum(1).tolist() == [3, 3, 3]
    assert accuracy(result.zero_shot) > 0.75 > result.chance
    assert accuracy(result.probe) > result.chance
    assert "things" in driver.widget("zero_shot_test_caption", QLabel).text()  # of which folder it is
    # A cell of the first matrix.
    canvas = driver.widget("zero_shot_test_canvas")
    shown, area = figure.panels(canvas.figure_rect(), canvas.style_now)[0]
    QTest.mouseMove(canvas, shown.cell_rect(1, 1, shown.plot(area, canvas.style_now)).center().toPoint())
    driver.wait(lambda: "of 3 images of" in driver.widget("zero_shot_test_read_out", QLabel).text())
    driver.export("zero_shot", tmp_path / "folder.npz")
    with np.load(tmp_path / "folder.npz") as arrays:
        np.testing.assert_array_equal(arrays["zero_shot"], result.zero_shot)


def add_a_label_to_segments(driver, tmp_path):
    open_and_show(driver, "lseg-scenes", "segments")
    labels = driver.window.input_panel.input().texts
    before = current(driver, "segments", lambda figure: figure.result.labels == labels)
    add_label(driver, "background")
    after = current(driver, "segments", lambda figure: figure.result.labels == (*labels, "background"))
    np.testing.assert_array_equal(after.before.winners, before.result.winners)
    assert (after.result.winners == len(labels)).mean() > 0.1
    driver.export("segments", tmp_path / "segments.png")
    with Image.open(tmp_path / "segments.png") as image:
        assert len(image.convert("RGB").getcolors(1 << 24)) > 20


def grow_a_caption(driver, tmp_path):
    open_and_show(driver, "virtex-scenes", "caption")
    figure = current(driver, "caption", lambda figure: figure.result.written.is_finished)
    assert figure.result.pattern.shape[2] == figure.result.written.n_steps - 1  # behind the last sign nothing is chosen
    show = driver.widget("caption_show", QComboBox)
    show.setFocus()
    QTest.keyClicks(show, show.itemText(show.findData("words")))
    driver.wait(lambda: driver.figure("caption").show == "words")
    driver.export("caption", tmp_path / "caption.gif")
    driver.wait(lambda: "caption.gif" in driver.message())
    with Image.open(tmp_path / "caption.gif") as film:
        assert film.n_frames == figure.result.written.n_steps - 1  # the last sign has no image of its own
