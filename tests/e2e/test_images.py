"""Pictures in the real program, by mouse: scenes, patches, layers and heads, masks, completions, files."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QTabBar

from tests.inference.tiny_images import save
from tests.inputs import image_input
from tests.places import index_of
from widgets.figures.image_geometry import patch_rect

pytestmark = pytest.mark.xvfb


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Tiny ones of random weights."""
    folder = tmp_path_factory.mktemp("images")
    return {
        name: save(folder / name.replace(" ", "-"), name, with_preprocessor=True)
        for name in ("vit", "beit tokens", "imagegpt")
    }


def open_then_show(driver, checkpoint, view):
    """Open another checkpoint, and wait for its first picture in a view."""
    driver.window.open(str(checkpoint))
    driver.wait(lambda: driver.window.controller.checkpoint.checkpoint == str(checkpoint))
    driver.wait(lambda: driver.window.area.has_tab(view))  # it has a tab now
    show(driver, view)


def show(driver, view):
    if driver.window.area.current != view:
        driver.tab(view)
    driver.wait(lambda: driver.figure(view) is not None and not driver.window._runner.is_busy)


def click_patch(driver, canvas_name, box, grid, patch):
    canvas = driver.widget(canvas_name)
    driver.click(canvas, patch_rect(patch, grid, box).center().toPoint())


def click_up(driver, name):
    """The upper arrow of a number field."""
    box = driver.widget(name, QSpinBox)
    driver.click(box, QPoint(box.width() - 8, box.height() // 4))


def test_pictures_by_mouse(start, checkpoints, tmp_path):
    """One program, so that its engine starts once."""
    driver = start(str(checkpoints["vit"]))
    driver.wait(lambda: len(driver.window.area.views) > 0, seconds=240)
    show(driver, "patches")
    look_at_patches_of_a_scene_and_of_a_file(driver, tmp_path)
    open_then_show(driver, checkpoints["beit tokens"], "masked_image")
    mask_and_brush_patches(driver, tmp_path)
    open_then_show(driver, checkpoints["imagegpt"], "complete_image")
    complete_an_image(driver, tmp_path)
    paste_an_image(driver)
    present_an_image(driver)
    probe_layers(driver)


def look_at_patches_of_a_scene_and_of_a_file(driver, tmp_path):
    selection = driver.window.selection
    first = driver.figure("patches").result.seen.copy()

    # A new scene.
    driver.click(driver.widget("image_next"))
    driver.wait(lambda: driver.window.input_panel.input() == image_input(seed=1))
    driver.wait(lambda: not np.array_equal(driver.figure("patches").result.seen, first))

    # A patch, by the mouse and then by the arrow keys.
    canvas = driver.widget("patches_canvas")
    figure = driver.figure("patches")
    place = figure.places(canvas.figure_rect(), canvas.style_now)[0]
    click_patch(driver, "patches_canvas", place.box, figure.result.grid, 0)
    driver.wait(lambda: driver.figure("patches").result.query == 1)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    driver.wait(lambda: driver.figure("patches").result.query == 2)
    assert index_of(selection.now.query) == 2
    assert driver.colors(canvas) > 50

    # Layer and head: another picture without another question.
    before = canvas.image().copy()
    asked = driver.figure("patches").result
    click_up(driver, "patches_layer_number")
    click_up(driver, "patches_head_number")
    assert (selection.now.layer, selection.now.head) == (1, 1)
    assert driver.figure("patches").result is asked
    assert canvas.image() != before

    # A file of another shape, and one that is none.
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 50, 3)).astype(np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    driver.window.input_panel.open_images([str(tmp_path / "a.png")])
    driver.wait(lambda: driver.window.input_panel.input() == image_input(path=str(tmp_path / "a.png")))
    driver.window.input_panel.open_images([str(tmp_path / "b.png")])
    driver.wait(lambda: "b.png is no image" in driver.widget("image_message").text())
    assert driver.window.input_panel.input() == image_input(path=str(tmp_path / "a.png"))

    # Into a file.
    driver.wait(lambda: not driver.window._runner.is_busy)
    driver.export("patches", tmp_path / "patches.svg")
    svg = ET.parse(tmp_path / "patches.svg")
    texts = ["".join(text.itertext()).strip() for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert any("Layer 1" in text for text in texts)
    assert sum(1 for _ in svg.iter("{http://www.w3.org/2000/svg}image")) >= 1

    # What the model calls it.
    show(driver, "classes")
    assert len(driver.figure("classes").ranked) == 3


def mask_and_brush_patches(driver, tmp_path):
    canvas = driver.widget("masked_image_canvas")
    figure = driver.figure("masked_image")
    grid, box = figure.result.grid, figure.boxes(canvas.figure_rect(), canvas.style_now)[0]
    free = next(patch for patch in range(grid[0] * grid[1]) if patch not in figure.masked)
    click_patch(driver, "masked_image_canvas", box, grid, free)
    driver.wait(lambda: free in driver.figure("masked_image").result.masked)
    assert driver.widget("masked_image_how", QComboBox).currentData() is True
    n_before = len(driver.figure("masked_image").result.masked)
    driver.click(driver.widget("masked_image_clear"))
    driver.wait(lambda: len(driver.figure("masked_image").result.masked) == 0)
    first, last = (patch_rect(patch, grid, box).center().toPoint() for patch in (0, grid[1] - 1))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(canvas, last)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=last)
    driver.wait(lambda: driver.figure("masked_image").result.masked.tolist() == list(range(grid[1])))
    assert n_before > 1
    driver.export("masked_image", tmp_path / "masked.npz")
    assert np.load(tmp_path / "masked.npz")["masked"].tolist() == list(range(grid[1]))


def complete_an_image(driver, tmp_path):
    def is_whole():
        figure = driver.figure("complete_image")
        return figure is not None and figure.n_done == 36 and not driver.window._runner.is_busy

    driver.wait(is_whole)
    figure = driver.figure("complete_image")
    assert figure.n_given == 18
    canvas = driver.widget("complete_image_canvas")
    box = figure.boxes(canvas.figure_rect(), canvas.style_now)["own"]
    start_at, end_at = (patch_rect(pixel, (6, 6), box).center().toPoint() for pixel in (20, 32))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start_at)
    QTest.mouseMove(canvas, end_at)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end_at)
    driver.wait(lambda: is_whole() and driver.figure("complete_image").n_given == 36)
    driver.widget("complete_image_keep", QSpinBox).setValue(12)
    driver.wait(lambda: is_whole() and driver.figure("complete_image").n_given == 12)
    result = driver.figure("complete_image").result
    assert all((sample.pixels[:12] == result.own[:12]).all() for sample in result.samples)
    driver.export("complete_image", tmp_path / "completions.png")
    with Image.open(tmp_path / "completions.png") as image:
        assert len(image.convert("RGB").getcolors(1 << 24)) > 20
    driver.export("complete_image", tmp_path / "growth.gif")
    driver.wait(lambda: "growth.gif" in driver.message())
    with Image.open(tmp_path / "growth.gif") as film:
        assert film.n_frames >= 36 - 12


def paste_an_image(driver):
    image = QImage(70, 40, QImage.Format.Format_RGB32)
    image.fill(0x3060C0)
    QGuiApplication.clipboard().setImage(image)
    driver.window.activateWindow()  # nothing else does after a dialog where there is no window manager
    driver.wait(driver.window.isActiveWindow)
    driver.keys("Ctrl+V")
    driver.wait(lambda: "from the clipboard" in driver.widget("image_about", QLabel).text())
    driver.wait(lambda: len(set(driver.figure("complete_image").result.own.tolist())) == 1)


def present_an_image(driver):
    """On a projector the image stands beside the view, which has the whole height; another one is chosen there."""
    area, images = driver.window.area, driver.widget("image_thumbnails")
    before = images.mapTo(driver.window, QPoint(0, 0)), images.width(), area.height()
    driver.keys("F11")
    driver.wait(lambda: images.mapTo(driver.window, QPoint(images.width(), 0)).x() <= area.x())
    assert images.width() > before[1]
    assert area.mapTo(driver.window, QPoint(0, 0)).y() == 0  # nothing is above it
    driver.click(driver.widget("image_next"))
    driver.wait(lambda: not driver.window.input_panel.input().image.path)
    driver.wait(lambda: not driver.window._runner.is_busy)
    driver.keys("F11")
    driver.wait(lambda: (images.mapTo(driver.window, QPoint(0, 0)), images.width(), area.height()) == before)


def probe_layers(driver):
    view = driver.window.area.views["complete_image"]
    (bar,) = view.findChildren(QTabBar)
    (tab,) = (index for index in range(bar.count()) if bar.tabText(index) == "Linear probe")
    driver.click(bar, bar.tabRect(tab).center())
    for name in ("probe_train", "probe_test"):
        driver.type_text(name, "100")
    driver.click(driver.widget("probe_measure"))
    driver.wait(lambda: view.figure() is not None and not np.isnan(view.figure().numbers().arrays["accuracy"]).any())
    accuracy = view.figure().numbers().arrays["accuracy"]
    assert accuracy.shape == (3,)  # what comes into the first of two layers, and what leaves each
    assert ((accuracy >= 0) & (accuracy <= 1)).all()
