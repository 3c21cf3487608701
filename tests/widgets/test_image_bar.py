"""The image bar: what it asks, and that an image becomes the input only when it was read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton

from inference.results.events import Failure
from inference.results.image import ImageRequest
from inference.results.inputs import ImageInput
from tests.answers import answer, fail
from tests.image_factories import make_image_info, make_image_result
from tests.inputs import image_input
from widgets.context import ViewContext
from widgets.kit.labels import CaptionLabel
from widgets.kit.veil import Veil
from widgets.panels.media.image_bar import ImageBar
from widgets.panels.media.pasted_images import LONGEST_SIDE, PastedImages
from widgets.panels.media.thumbnails import Thumbnails


@pytest.fixture
def bar(qtbot):
    bar = ImageBar(ViewContext())
    qtbot.addWidget(bar)
    bar.asked, bar.chosen = [], []
    bar.request_changed.connect(bar.asked.append)
    bar.input_changed.connect(bar.chosen.append)
    bar.show()
    bar.set_checkpoint(make_image_info())
    answer(bar, make_image_result())
    return bar


def child(bar, kind, name):
    found = bar.findChild(kind, name)
    assert found is not None, name
    return found


def veil(bar):
    return bar.findChild(Veil)


def text(bar, name):
    return child(bar, QLabel, name).text()


def image_of(color, width=30, height=20):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(color)
    return image


def test_it_asks_how_the_checkpoint_sees_the_first_scene(bar):
    assert bar.asked == [ImageRequest("vit-test", image_input())]
    assert bar.input() == ImageInput()
    assert bar.chosen == []  # nobody chose it


def test_it_says_what_was_done_and_what_is_in_it(bar):
    assert "middle square, resized to 64 × 64" in text(bar, "image_about")
    assert "a red house" in text(bar, "image_about")


def test_a_new_scene_is_the_input_once_it_was_read(bar):
    child(bar, QToolButton, "image_next").click()
    assert bar.asked[-1] == ImageRequest("vit-test", image_input(seed=1))
    assert bar.input() == ImageInput()
    answer(bar, make_image_result())
    assert bar.input() == ImageInput(seed=1)
    assert bar.chosen == [ImageInput(seed=1)]
    assert child(bar, QSpinBox, "image_seed").value() == 1


def test_each_of_several_quick_presses_counts(bar):
    for _ in range(3):
        child(bar, QToolButton, "image_next").click()
    assert [request.input.image.seed for request in bar.asked] == [0, 1, 2, 3]


def test_what_is_still_to_come_is_asked_of_another_checkpoint(bar):
    child(bar, QToolButton, "image_next").click()
    bar.set_checkpoint(replace(make_image_info(), checkpoint="other"))
    assert bar.asked[-1] == ImageRequest("other", image_input(seed=1))
    answer(bar, make_image_result())
    assert bar.chosen == [ImageInput(seed=1)]
    bar.set_input(ImageInput(seed=5))
    assert bar.asked[-1] == ImageRequest("other", image_input(seed=5)), "nothing is to come any more"


def test_seed_and_kind_choose_the_scene(bar):
    child(bar, QSpinBox, "image_seed").setValue(12)
    answer(bar, make_image_result())
    kind = child(bar, QComboBox, "image_kind")
    kind.setCurrentIndex(kind.findData("portrait"))
    kind.activated.emit(kind.currentIndex())
    answer(bar, make_image_result())
    assert bar.chosen == [ImageInput(seed=12), ImageInput(seed=12, kind="portrait")]


def test_a_size_is_kept_from_image_to_image_where_the_model_takes_it(bar):
    side = child(bar, QSpinBox, "image_side")
    side.setValue(96)
    assert bar.asked[-1] == ImageRequest("vit-test", image_input(side=96))
    answer(bar, make_image_result())
    child(bar, QToolButton, "image_next").click()
    assert bar.asked[-1] == ImageRequest("vit-test", image_input(seed=1, side=96))
    answer(bar, make_image_result())
    side.setValue(5)
    fail(bar, Failure("refused", "The side of the image is 5 pixels; it is 8 to 1,024."))
    assert (side.value(), bar.input()) == (96, ImageInput(seed=1, side=96))
    bar.set_checkpoint(replace(make_image_info(name="swin-test"), image_step=0))
    assert not side.isEnabled()
    assert bar.asked[-1] == ImageRequest("swin-test", image_input(seed=1))


def test_a_file_is_opened(bar):
    bar.open_file("/images/cat.png")
    assert bar.asked[-1] == ImageRequest("vit-test", image_input(path="/images/cat.png"))
    assert "cat.png" in text(bar, "image_message")
    answer(bar, make_image_result(caption=""))
    assert bar.chosen == [ImageInput(path="/images/cat.png")]
    assert text(bar, "image_about").startswith("cat.png")
    assert text(bar, "image_message") == ""


def test_a_bad_file_is_told_in_a_sentence_and_the_old_picture_stays(bar):
    before = text(bar, "image_about")
    bar.open_file("/images/broken.png")
    fail(bar, Failure("refused", "broken.png is damaged."))
    assert text(bar, "image_message") == "broken.png is damaged."
    answer(bar, make_image_result())  # the old one is asked for again, so that it is known to be the one that is seen
    assert text(bar, "image_message") == "broken.png is damaged."
    assert text(bar, "image_about") == before
    assert bar.input() == ImageInput()
    assert bar.chosen == []
    assert not veil(bar).is_dimmed
    bar.open_file("/images/broken.png")  # it was made whole meanwhile
    assert bar.asked[-1] == bar.asked[1]
    answer(bar, make_image_result())
    assert bar.chosen == [ImageInput(path="/images/broken.png")]


def test_a_file_that_is_open_already_is_not_read_for_ever(bar):
    bar.open_file("/images/cat.png")
    answer(bar, make_image_result())
    bar.open_file("/images/cat.png")
    assert text(bar, "image_message") == ""


def test_a_cancel_leaves_the_image_that_was_there(bar):
    child(bar, QSpinBox, "image_seed").setValue(12)
    bar.take_cancellation(bar.asked[-1])
    assert text(bar, "image_message") == "Cancelled."
    assert child(bar, QSpinBox, "image_seed").value() == 0
    answer(bar, make_image_result())
    assert (bar.input(), bar.chosen) == (ImageInput(), [])
    assert not veil(bar).is_dimmed


def test_what_another_checkpoint_saw_is_dimmed_until_this_one_has_seen_it(bar):
    bar.set_checkpoint(make_image_info(name="beit-test"))
    assert veil(bar).is_dimmed
    assert "vit-test" in veil(bar).text
    assert text(bar, "image_about") == ""
    assert child(bar, QToolButton, "image_open").isEnabled()
    bar.grab()
    answer(bar, make_image_result())
    assert not veil(bar).is_dimmed
    assert "64 × 64" in text(bar, "image_about")


def test_a_scene_after_a_file_is_the_one_that_was_there_before(bar):
    child(bar, QSpinBox, "image_seed").setValue(7)
    answer(bar, make_image_result())
    bar.open_file("/images/cat.png")
    answer(bar, make_image_result())
    child(bar, QToolButton, "image_next").click()
    assert bar.asked[-1].input == image_input(seed=7)


def test_another_checkpoint_sees_the_same_image(bar):
    bar.open_file("/images/cat.png")
    answer(bar, make_image_result())
    bar.set_checkpoint(make_image_info(name="beit-test"))
    assert bar.asked[-1] == ImageRequest("beit-test", image_input(path="/images/cat.png"))
    answer(bar, make_image_result())
    assert len(bar.chosen) == 1


def test_a_pasted_image_becomes_a_file_named_by_its_content(bar):
    data = QMimeData()
    data.setImageData(image_of("#336699"))
    bar.open_mime(data)
    path = Path(bar.asked[-1].input.image.path)
    assert QImage(str(path)).pixelColor(3, 3).name() == "#336699"
    answer(bar, make_image_result(caption=""))
    bar.open_mime(data)
    assert bar.asked[-1].input.image.path == str(path)
    assert "from the clipboard" in text(bar, "image_about")


def test_a_pasted_file_is_opened(bar):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/images/cat.png")])
    bar.open_mime(data)
    assert bar.asked[-1].input == image_input(path="/images/cat.png")


def test_ctrl_v_pastes_wherever_the_focus_is(bar, qtbot, qapp):
    bar.activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    qapp.clipboard().setImage(image_of(0x102030))
    QTest.keySequence(bar.focusProxy(), "Ctrl+V")
    assert Path(bar.asked[-1].input.image.path).name.startswith("pasted-")
    QTest.keySequence(child(bar, QSpinBox, "image_seed"), "Ctrl+A")  # keys that are not the bar's do no harm


def test_a_clipboard_without_image_is_told(bar):
    data = QMimeData()
    data.setText("words")
    bar.open_mime(data)
    assert text(bar, "image_message") == "There is no image on the clipboard."
    assert len(bar.asked) == 1


def test_set_input_is_silent(bar):
    bar.set_input(ImageInput(seed=5, kind="scene"))
    assert bar.input() == ImageInput(seed=5, kind="scene")
    assert bar.asked[-1].input == image_input(seed=5, kind="scene")
    assert child(bar, QSpinBox, "image_seed").value() == 5
    answer(bar, make_image_result())
    assert bar.chosen == []


def test_what_is_not_seen_is_dimmed(bar):
    thumbnails = bar.findChild(type(bar._thumbnails), "image_thumbnails")
    grabbed = thumbnails.grab().toImage()
    area, _ = thumbnails.areas()
    ratio = grabbed.devicePixelRatio()
    image = make_image_result().original
    middle = grabbed.pixelColor(round(area.center().x() * ratio), round(area.center().y() * ratio))
    beside = grabbed.pixelColor(round(6 * ratio), round(area.center().y() * ratio))
    at_left, at_middle = image[48, 4].astype(int), image[48, 64].astype(int)
    seen = np.array(middle.getRgb()[:3])
    dimmed = np.array(beside.getRgb()[:3])
    assert np.abs(seen - at_middle).max() < 60
    assert np.abs(dimmed - at_left).max() > 20


def test_the_folder_of_pasted_images_goes_with_the_program(qapp):
    pasted = PastedImages()
    path = Path(pasted.save(image_of("#000000", 3 * LONGEST_SIDE, LONGEST_SIDE)))
    assert QImage(str(path)).width() == LONGEST_SIDE
    assert pasted.save(image_of("#FFFFFF")) != str(path)
    del pasted
    assert not path.parent.exists()


def test_is_collected_after_closing(assert_collected):
    def make():
        bar = ImageBar(ViewContext())
        bar.set_checkpoint(make_image_info())
        answer(bar, make_image_result())
        return bar

    assert_collected(make)


def test_where_images_are_compared_it_is_low_and_hides_only_what_cannot_be_chosen(bar):
    thumbnails = child(bar, Thumbnails, "image_thumbnails")
    high = thumbnails.sizeHint().height()
    compares = replace(make_image_info(), compares=("image", "text"), image_step=0)
    bar.set_checkpoint(compares)
    assert thumbnails.sizeHint().height() < high
    side = child(bar, QSpinBox, "image_side")
    assert not side.isVisible()
    assert all(child(bar, QToolButton, name).isVisible() for name in ("image_open", "image_paste", "image_next"))
    bar.set_checkpoint(replace(compares, image_step=8))
    assert side.isVisible()
    bar.set_checkpoint(replace(compares, compares=()))
    assert not side.isVisible()  # what takes one size has no control for it, and the row is short
    assert thumbnails.sizeHint().height() == high


def test_what_an_image_shows_takes_a_second_line(bar, qapp):
    answer(bar, replace(make_image_result(), caption="a large purple bird left of a small yellow balloon, " * 3))
    bar.resize(800, 200)
    qapp.processEvents()
    about = child(bar, CaptionLabel, "image_about")
    assert about.height() > 2 * about.fontMetrics().height()
