"""The bar of regions says where they come from, and hands on what is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

from inference.results.events import Failure
from inference.results.inputs import Input, RegionsInput
from inference.results.read_regions import ReadRegionsRequest, ReadRegionsResult
from tests.answers import answer, fail
from tests.image_factories import make_image_info
from tests.inputs import image_input
from widgets.context import ViewContext
from widgets.panels.regions_bar import RegionsBar

OF_PATCHES = replace(make_image_info(), reads=("text", "image"))
OF_REGIONS = replace(OF_PATCHES, reads=("text", "image", "regions"))
WITH_DETECTOR = replace(OF_REGIONS, detector="scene-detector")


@pytest.fixture
def bar(qtbot):
    bar = RegionsBar(ViewContext(), lambda: Input(image=image_input(seed=3)))
    qtbot.addWidget(bar)
    bar.asked, bar.chosen = [], []
    bar.request_changed.connect(bar.asked.append)
    bar.input_changed.connect(bar.chosen.append)
    bar.show()
    return bar


def line(bar):
    return bar.findChild(QLabel, "regions_line").text()


def message(bar):
    found = bar.findChild(QLabel, "regions_message")
    assert found.isVisible() is bool(found.text())
    return found.text()


def box(bar, name):
    return bar.findChild(QCheckBox, f"regions_{name}")


def test_only_where_a_detector_is_at_hand_it_can_be_asked(bar):
    for info, is_shown in ((OF_PATCHES, False), (OF_REGIONS, False), (WITH_DETECTOR, True)):
        bar.set_checkpoint(info)
        assert box(bar, "of_detector").isVisible() is is_shown
        assert box(bar, "of_scene").isEnabled() is (info is OF_PATCHES)  # else there are no features to read
    assert line(bar) == "Regions: found by the detector"
    bar.set_checkpoint(OF_REGIONS)
    assert line(bar).startswith("Regions: none that this model can read")
    assert "no features, which this model reads" in box(bar, "of_scene").toolTip()


def test_what_was_painted_can_be_read_in_place_of_what_is_found(bar, qtbot):
    bar.set_checkpoint(WITH_DETECTOR)
    with qtbot.waitSignal(bar.input_changed) as changed:
        box(bar, "of_detector").click()
    assert changed.args == [RegionsInput(of_scene=True, of_detector=False)]
    assert box(bar, "of_scene").isEnabled()
    assert line(bar) == "Regions: the things of the scene"
    with qtbot.waitSignal(bar.input_changed) as changed:
        box(bar, "of_scene").click()
    assert changed.args == [RegionsInput(of_detector=False)]
    assert line(bar) == "Regions: none yet; draw a box over the image in Words and image."


def test_drawn_boxes_are_counted_beside_what_is_found(bar, qtbot):
    bar.set_checkpoint(WITH_DETECTOR)
    bar.set_input(RegionsInput(boxes=((1.0, 2.0, 3.0, 4.0),), of_scene=True))
    assert line(bar) == "Regions: found by the detector, and 1 drawn"
    with qtbot.waitSignal(bar.input_changed) as changed:
        bar.findChild(QPushButton, "regions_clear").click()
    assert changed.args == [RegionsInput(of_scene=True)]


def test_a_file_is_read_before_its_regions_are_looked_at(bar):
    bar.set_checkpoint(WITH_DETECTOR)
    assert not bar.asked
    bar.open_file("/regions/a.npz")
    of_file = RegionsInput("/regions/a.npz", of_scene=True)
    whole = Input(image=image_input(seed=3), regions=of_file)
    assert bar.asked == [ReadRegionsRequest(WITH_DETECTOR.checkpoint, whole)]
    assert not bar.chosen
    assert message(bar) == "Reading a.npz …"
    answer(bar, ReadRegionsResult())
    assert bar.chosen == [of_file]
    assert line(bar) == "Regions: a.npz"
    assert not message(bar)


@pytest.mark.parametrize("before", [RegionsInput(boxes=((1.0, 2.0, 3.0, 4.0),)), RegionsInput("/regions/a.npz")])
def test_a_file_that_cannot_be_read_takes_nothing_away(bar, before):
    """All views refused until the regions were cleared, and drawn boxes with them."""
    bar.set_checkpoint(WITH_DETECTOR)
    bar.set_input(before)
    told = line(bar)
    for _ in range(2):  # mended or not, the same file is read again
        bar.open_file("/regions/notes.npz")
        fail(bar, Failure("refused", "notes.npz is no NPZ file of regions, or is damaged."))
        assert message(bar) == "notes.npz is no NPZ file of regions, or is damaged."
    assert len(bar.asked) == 2
    assert bar.input() == before
    assert line(bar) == told
    assert not bar.chosen
    bar.findChild(QPushButton, "regions_clear").click()
    assert not message(bar)
