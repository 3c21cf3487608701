"""The picture bar: what it asks, and that a picture becomes the input only when it was read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton

from inference.results import Failure, PictureInput, PictureRequest
from tests.picture_factories import make_picture_info, make_picture_result
from widgets.pasted_pictures import LONGEST_SIDE, PastedPictures
from widgets.picture_bar import PictureBar
from widgets.selection import Selection


@pytest.fixture
def bar(qtbot):
    bar = PictureBar(Selection())
    qtbot.addWidget(bar)
    bar.asked, bar.chosen = [], []
    bar.request_changed.connect(bar.asked.append)
    bar.input_changed.connect(bar.chosen.append)
    bar.show()
    bar.set_checkpoint(make_picture_info())
    bar.show_result(make_picture_result())
    return bar


def child(bar, kind, name):
    found = bar.findChild(kind, name)
    assert found is not None, name
    return found


def text(bar, name):
    return child(bar, QLabel, name).text()


def picture_of(color, width=30, height=20):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(color)
    return image


def test_it_asks_how_the_checkpoint_sees_the_first_scene(bar):
    assert bar.asked == [PictureRequest("vit-test", PictureInput())]
    assert bar.input() == PictureInput()
    assert bar.chosen == []  # nobody chose it


def test_it_says_what_was_done_and_what_is_in_it(bar):
    assert "middle square, resized to 64 × 64" in text(bar, "picture_about")
    assert "a red house" in text(bar, "picture_about")


def test_a_new_scene_is_the_input_once_it_was_read(bar):
    child(bar, QToolButton, "picture_next").click()
    assert bar.asked[-1] == PictureRequest("vit-test", PictureInput(seed=1))
    assert bar.input() == PictureInput()
    bar.show_result(make_picture_result())
    assert bar.input() == PictureInput(seed=1)
    assert bar.chosen == [PictureInput(seed=1)]
    assert child(bar, QSpinBox, "picture_seed").value() == 1


def test_seed_and_kind_choose_the_scene(bar):
    child(bar, QSpinBox, "picture_seed").setValue(12)
    bar.show_result(make_picture_result())
    kind = child(bar, QComboBox, "picture_kind")
    kind.setCurrentIndex(kind.findData("portrait"))
    kind.activated.emit(kind.currentIndex())
    bar.show_result(make_picture_result())
    assert bar.chosen == [PictureInput(seed=12), PictureInput(seed=12, kind="portrait")]


def test_a_size_is_kept_from_picture_to_picture_where_the_model_takes_it(bar):
    side = child(bar, QSpinBox, "picture_side")
    side.setValue(96)
    assert bar.asked[-1] == PictureRequest("vit-test", PictureInput(side=96))
    bar.show_result(make_picture_result())
    child(bar, QToolButton, "picture_next").click()
    assert bar.asked[-1] == PictureRequest("vit-test", PictureInput(seed=1, side=96))
    bar.show_result(make_picture_result())
    side.setValue(5)
    bar.show_failure(Failure("refused", "The side of the picture is 5 pixels; it is 8 to 1,024."))
    assert (side.value(), bar.input()) == (96, PictureInput(seed=1, side=96))
    bar.set_checkpoint(replace(make_picture_info(name="swin-test"), picture_step=0))
    assert not side.isEnabled()
    assert bar.asked[-1] == PictureRequest("swin-test", PictureInput(seed=1))


def test_a_file_is_opened(bar):
    bar.open_file("/pictures/cat.png")
    assert bar.asked[-1] == PictureRequest("vit-test", PictureInput(path="/pictures/cat.png"))
    assert "cat.png" in text(bar, "picture_message")
    bar.show_result(make_picture_result(caption=""))
    assert bar.chosen == [PictureInput(path="/pictures/cat.png")]
    assert text(bar, "picture_about").startswith("cat.png")
    assert text(bar, "picture_message") == ""


def test_a_bad_file_is_told_in_a_sentence_and_the_old_picture_stays(bar):
    before = text(bar, "picture_about")
    bar.open_file("/pictures/broken.png")
    bar.show_failure(Failure("refused", "broken.png is damaged."))
    assert text(bar, "picture_message") == "broken.png is damaged."
    assert text(bar, "picture_about") == before
    assert bar.input() == PictureInput()
    assert bar.chosen == []
    bar.open_file("/pictures/broken.png")  # it was made whole meanwhile
    assert bar.asked[-1] == bar.asked[-2]
    bar.show_result(make_picture_result())
    assert bar.chosen == [PictureInput(path="/pictures/broken.png")]


def test_a_scene_after_a_file_is_the_one_that_was_there_before(bar):
    child(bar, QSpinBox, "picture_seed").setValue(7)
    bar.show_result(make_picture_result())
    bar.open_file("/pictures/cat.png")
    bar.show_result(make_picture_result())
    child(bar, QToolButton, "picture_next").click()
    assert bar.asked[-1].input == PictureInput(seed=7)


def test_another_checkpoint_sees_the_same_picture(bar):
    bar.open_file("/pictures/cat.png")
    bar.show_result(make_picture_result())
    bar.set_checkpoint(make_picture_info(name="beit-test"))
    assert bar.asked[-1] == PictureRequest("beit-test", PictureInput(path="/pictures/cat.png"))
    bar.show_result(make_picture_result())
    assert len(bar.chosen) == 1


def test_a_pasted_picture_becomes_a_file_named_by_its_content(bar):
    data = QMimeData()
    data.setImageData(picture_of("#336699"))
    bar.open_mime(data)
    path = Path(bar.asked[-1].input.path)
    assert QImage(str(path)).pixelColor(3, 3).name() == "#336699"
    bar.show_result(make_picture_result(caption=""))
    bar.open_mime(data)
    assert bar.asked[-1].input.path == str(path)
    assert "from the clipboard" in text(bar, "picture_about")


def test_a_pasted_file_is_opened(bar):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/pictures/cat.png")])
    bar.open_mime(data)
    assert bar.asked[-1].input == PictureInput(path="/pictures/cat.png")


def test_ctrl_v_pastes_wherever_the_focus_is(bar, qtbot, qapp):
    bar.activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    qapp.clipboard().setImage(picture_of(0x102030))
    QTest.keySequence(bar.focusProxy(), "Ctrl+V")
    assert Path(bar.asked[-1].input.path).name.startswith("pasted-")
    QTest.keySequence(child(bar, QSpinBox, "picture_seed"), "Ctrl+A")  # keys that are not the bar's do no harm


def test_a_clipboard_without_picture_is_told(bar):
    data = QMimeData()
    data.setText("words")
    bar.open_mime(data)
    assert text(bar, "picture_message") == "There is no picture on the clipboard."
    assert len(bar.asked) == 1


def test_set_input_is_silent(bar):
    bar.set_input(PictureInput(seed=5, kind="scene"))
    assert bar.input() == PictureInput(seed=5, kind="scene")
    assert bar.asked[-1].input == PictureInput(seed=5, kind="scene")
    assert child(bar, QSpinBox, "picture_seed").value() == 5
    bar.show_result(make_picture_result())
    assert bar.chosen == []


def test_what_is_not_seen_is_dimmed(bar):
    thumbnails = bar.findChild(type(bar._thumbnails), "picture_thumbnails")
    image = thumbnails.grab().toImage()
    area, _ = thumbnails.areas()
    ratio = image.devicePixelRatio()
    picture = make_picture_result().original
    middle = image.pixelColor(round(area.center().x() * ratio), round(area.center().y() * ratio))
    beside = image.pixelColor(round(6 * ratio), round(area.center().y() * ratio))
    at_left, at_middle = picture[48, 4].astype(int), picture[48, 64].astype(int)
    seen = np.array(middle.getRgb()[:3])
    dimmed = np.array(beside.getRgb()[:3])
    assert np.abs(seen - at_middle).max() < 60
    assert np.abs(dimmed - at_left).max() > 20


def test_the_folder_of_pasted_pictures_goes_with_the_program(qapp):
    pasted = PastedPictures()
    path = Path(pasted.save(picture_of("#000000", 3 * LONGEST_SIDE, LONGEST_SIDE)))
    assert QImage(str(path)).width() == LONGEST_SIDE
    assert pasted.save(picture_of("#FFFFFF")) != str(path)
    del pasted
    assert not path.parent.exists()


def test_is_collected_after_closing(assert_collected):
    def make():
        bar = PictureBar(Selection())
        bar.set_checkpoint(make_picture_info())
        bar.show_result(make_picture_result())
        return bar

    assert_collected(make)
