"""Labels of pixels by mouse and keyboard: typed ones, what a new one takes, cosines at the pointer, a file."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from widgets.panels.compared.chip_list import ChipList

pytestmark = pytest.mark.xvfb

THINGS = ("purple bird", "yellow balloon", "green cup", "purple car", "yellow bird", "background")


def labels_of(driver):
    figure = driver.figure("segments")
    return figure.result.labels if figure is not None else ()


def test_labels_by_mouse(start, tmp_path):
    driver = start("lseg-scenes")
    driver.wait(lambda: driver.window.area.has_tab("segments"), seconds=240)
    driver.tab("segments")
    driver.wait(lambda: labels_of(driver) == THINGS)  # of the first scene, in front those that are in front

    # A label is taken away by its cross, and typed again: what it takes is seen.
    chips = driver.widget("compared_texts", ChipList)
    driver.click(chips.viewport(), chips.cross_rect(4).center())
    driver.wait(lambda: labels_of(driver) == (*THINGS[:4], "background"))
    driver.type_text("compared_new_text", "yellow bird")
    driver.wait(lambda: labels_of(driver) == (*THINGS[:4], "background", "yellow bird"))
    show = driver.widget("segments_show", QComboBox)
    show.setFocus()
    while show.currentData() != "change":
        QTest.keyClick(show, Qt.Key.Key_Down)
    figure = driver.figure("segments")
    taken = figure.result.winners == 5
    assert 20 < taken.sum() < 0.2 * taken.size
    # Where it takes nothing, all is as it was before it.
    np.testing.assert_array_equal(figure.before.winners[~taken], figure.result.winners[~taken])
    canvas = driver.widget("segments_canvas")
    assert len(figure.boxes(canvas.figure_rect(), canvas.style_now)) >= 2
    assert driver.colors(canvas) > 50

    # A pixel of the new label is pointed at, and clicked.
    while show.currentData() != "map":
        QTest.keyClick(show, Qt.Key.Key_Up)
    row, column = np.argwhere(taken)[len(np.argwhere(taken)) // 2]
    figure = driver.figure("segments")
    box = figure.boxes(canvas.figure_rect(), canvas.style_now)[0]
    at = figure._pixel_box((int(row), int(column)), box).center().toPoint()
    QTest.mouseMove(canvas, at)
    driver.wait(lambda: "yellow bird" in driver.widget("segments_read_out").text())
    driver.click(canvas, at)
    assert driver.figure("segments").pixel == (row, column)

    # Kept, and exported.
    driver.click(driver.widget("segments_labels_keep"))
    driver.wait(lambda: not driver.window._runner.is_busy)
    driver.export("segments", tmp_path / "segments.npz")
    with np.load(tmp_path / "segments.npz") as arrays:
        assert arrays["cosines"].shape == (6, *taken.shape)
        np.testing.assert_array_equal(arrays["labels"], arrays["cosines"].argmax(0))
        assert arrays["names"][5] == "yellow bird"
        assert arrays["cosines"][5, row, column] == arrays["cosines"][:, row, column].max()
