"""Images and texts in the real program, by mouse and keyboard: eight of each, a cell, and why both are alike."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from inference.results.inputs import TextInput
from tests.inference.tiny_pairs import save
from widgets.figures.image_geometry import patch_rect
from widgets.panels.compared.chip_list import ChipList

pytestmark = pytest.mark.xvfb

TEXTS = ("a red house", "a dog", "a cat", "the blue car", "a green tree", "the small dog", "a large cat", "a tree")


def drop(window, paths):
    """Let go of files over the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), action, data, left, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), action, data, left, none))


def test_eight_images_and_eight_texts(start, tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.png" for i in range(8)]
    for i, path in enumerate(paths):
        Image.fromarray(rng.integers(0, 255, (30 + 5 * i, 80, 3)).astype(np.uint8)).save(path)
    driver = start(str(save(tmp_path / "clip-tiny", "clip")))
    driver.wait(lambda: len(driver.window.area.views) > 0, seconds=240)
    panel = driver.window.input_panel

    # Four scenes with a caption of each are there; files are dropped, and what was there is taken away by keys.
    driver.wait(lambda: len(panel.input().texts) > 0)
    drop(driver.window, paths)
    driver.wait(lambda: len(panel.input().images) == 12)
    strip, chips = driver.widget("compared_images", ChipList), driver.widget("compared_texts", ChipList)
    driver.click(strip.viewport(), strip.visualItemRect(strip.item(0)).center())
    strip.setFocus()
    for _ in range(4):
        QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert [image.path for image in panel.input().images] == [str(path) for path in paths]
    line = driver.widget("compared_new_text")
    line.setFocus()
    for text in TEXTS:
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)
    while chips.count() > len(TEXTS):
        driver.click(chips.viewport(), chips.cross_rect(0).center())
    assert panel.input().texts == TEXTS

    # The matrix of them, and the pair of a cell.
    driver.tab("similarity")
    driver.wait(lambda: driver.figure("similarity") is not None and driver.figure("similarity").texts == TEXTS)
    driver.wait(lambda: driver.window.area.views["similarity"].why_not_current == "")
    figure, canvas = driver.figure("similarity"), driver.widget("similarity_canvas")
    assert figure.values.shape == (8, 8)
    shown, area = figure.panels(canvas.figure_rect(), canvas.style_now)[0]
    cell = shown.cell_rect(2, 5, shown.plot(area, canvas.style_now)).center().toPoint()
    driver.click(canvas, cell)
    driver.wait(lambda: driver.window.area.current == "relevance")
    assert panel.input().text == TextInput(TEXTS[5])
    assert panel.input().image.path == str(paths[2])
    driver.wait(lambda: driver.figure("relevance") is not None and driver.figure("relevance").text == TEXTS[5])
    driver.wait(lambda: driver.window.area.views["relevance"].why_not_current == "")
    assert driver.figure("relevance").result.logit == pytest.approx(float(figure.result.logits[2, 5]), abs=1e-3)

    # A patch of an image that is not square.
    canvas, figure = driver.widget("relevance_canvas"), driver.figure("relevance")
    box = figure.maps(canvas.figure_rect(), canvas.style_now)[0].box
    QTest.mouseMove(canvas, patch_rect(4, (3, 3), figure.seen_part(box)).center().toPoint())
    driver.wait(lambda: driver.widget("relevance_read_out", QLabel).text().startswith("patch 1,1: relevance"))
    driver.export("relevance", tmp_path / "relevance.npz")
    with np.load(tmp_path / "relevance.npz") as arrays:
        np.testing.assert_array_equal(arrays["relevance"], figure.result.relevance)

    # The same texts as labels.
    driver.tab("zero_shot")
    driver.wait(lambda: driver.figure("zero_shot") is not None)
    assert driver.figure("zero_shot").labels == TEXTS
