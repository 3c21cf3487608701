"""Theme, letters and colour maps change live, and never add up."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QListWidget, QListWidgetItem, QSlider

from app.window.appearance import LARGEST, SMALLEST, Appearance, theme_named
from widgets.context import Looks
from widgets.look.theme import DARK, LIGHT, FigureStyle


@pytest.fixture
def appearance(qapp):
    palette, font, style = qapp.palette(), qapp.font(), qapp.style().objectName()
    yield Appearance(qapp)
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


def test_a_theme_reaches_widgets_that_are_there(appearance, qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    label.show()
    for name, theme in (("dark", DARK), ("light", LIGHT), ("dark", DARK)):
        appearance.apply(name, 1.0)
        qtbot.waitUntil(lambda panel=theme.panel: label.palette().window().color() == panel)


def test_letters_are_scaled_from_the_systems_size_each_time(appearance):
    points = QApplication.font().pointSizeF()
    for scale in (1.5, 1.5, 1.0, 2.0):
        appearance.apply("light", scale)
        assert QApplication.font().pointSizeF() == pytest.approx(max(points, 9.0) * scale)


@pytest.mark.parametrize(("scale", "right"), [(0.01, SMALLEST), (99, LARGEST)])
def test_letters_stay_readable(appearance, scale, right):
    points = max(QApplication.font().pointSizeF(), 9.0)
    appearance.apply("light", scale)
    assert QApplication.font().pointSizeF() == pytest.approx(points * right)


def test_the_systems_theme_is_one_of_ours(qapp):
    assert theme_named("system", qapp) in (LIGHT, DARK)


def test_looks_tell_of_a_change_and_of_nothing_else(qtbot):
    looks = Looks()
    with qtbot.assertNotEmitted(looks.changed):
        looks.set_color_map(looks.color_map)
    with qtbot.waitSignal(looks.changed):
        looks.set_color_map("magma")
    assert looks.color_map == "magma"


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_the_edge_of_a_check_box_can_be_seen(appearance, qtbot, name, theme):
    appearance.apply(name, 1.0)
    box = QCheckBox("")
    qtbot.addWidget(box)
    image = box.grab().toImage()
    assert theme.faint in [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_so_can_that_of_an_item_of_a_list(appearance, qtbot, name, theme):
    appearance.apply(name, 1.0)
    boxes = QListWidget()
    qtbot.addWidget(boxes)
    item = QListWidgetItem("a run", boxes)
    item.setCheckState(Qt.CheckState.Unchecked)
    image = boxes.viewport().grab(boxes.visualItemRect(item)).toImage()  # without the frame of the list
    assert theme.faint in [image.pixelColor(x, y) for x in range(image.height()) for y in range(image.height())]


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_so_can_the_groove_of_a_slider(appearance, qtbot, name, theme):
    appearance.apply(name, 1.0)
    slider = QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(slider)
    slider.resize(200, 20)
    image = slider.grab().toImage()
    ground = theme.panel.lightnessF()
    assert max(abs(image.pixelColor(150, y).lightnessF() - ground) for y in range(6, 14)) > 0.2


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
@pytest.mark.parametrize("kind", [QLabel, QCheckBox, QListWidget])
@pytest.mark.parametrize("is_enabled", [True, False])
def test_what_is_painted_on_a_widget_has_the_colours_of_its_theme(appearance, qtbot, name, theme, kind, is_enabled):
    """Boxes and lists have palettes of their own, and chips are items of a list."""
    appearance.apply(name, 1.0)
    widget = kind()
    qtbot.addWidget(widget)
    widget.setEnabled(is_enabled)
    widget.grab()  # only now it has the palette of its kind
    assert FigureStyle.of(widget).theme == theme
