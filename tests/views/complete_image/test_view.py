"""Image GPT: completions that grow, a line that is dragged, masked pixels, and the linear probe."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QSlider, QSpinBox, QTabWidget, QToolButton, QWidget

from inference.results.complete_image import CompleteImageRequest
from inference.results.events import Failure
from inference.results.image import ImageRequest, ImageResult
from inference.results.job import JobPhase, JobRequest, JobState
from inference.results.masked_pixels import MaskedPixelsRequest
from inference.results.patches import PatchesRequest
from inference.results.probe import ProbeRequest
from tests.answers import answer, fail, watched
from tests.image_factories import (
    make_complete_image_result,
    make_image,
    make_image_info,
    make_masked_pixels_result,
    make_patches_result,
    make_probe_result,
)
from tests.inputs import image_input
from tests.places import at, index_of
from tests.widgets.pointer import move_over
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import patch_rect
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.complete_image.figure import CompleteImageFigure, PixelAttention, PixelSpot
from widgets.views.complete_image.masked_pixels import MaskedPixelsFigure
from widgets.views.complete_image.probe import ProbeFigure
from widgets.views.complete_image.view import CompleteImageView

INPUT = image_input(seed=1)
CAUSAL = ("attention", "patches", "next_pixel")
MASKED = ("attention", "patches", "masked_pixels")


@pytest.fixture
def selection(qapp):
    return Selection()


def make_view(qtbot, selection, capabilities):
    view = watched(CompleteImageView(ViewContext(selection)), qtbot, 1100, 700)
    view.set_subject(Subject(make_image_info(name="igpt-test", capabilities=capabilities), INPUT))
    return view


@pytest.fixture
def view(qtbot, selection):
    view = make_view(qtbot, selection, CAUSAL)
    answer(view, ImageResult(make_image(), make_image(), (0, 0, 1, 1), (64, 48), (8, 8), 1, ""))
    answer(view, make_complete_image_result())
    return view


@pytest.fixture
def masked_view(qtbot, selection):
    view = make_view(qtbot, selection, MASKED)
    answer(view, make_masked_pixels_result())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def place_of(view, panel, pixel, canvas_name="complete_image_canvas"):
    canvas = child(view, QWidget, canvas_name)
    box = view.figure().boxes(canvas.figure_rect(), canvas.style_now)[panel]
    return canvas, patch_rect(pixel, (8, 8), box).center().toPoint()


def drag(canvas, *places):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def tabs_of(view):
    pages = child(view, QTabWidget, "complete_image_pages")
    return [pages.tabText(i) for i in range(pages.count()) if pages.isTabVisible(i)]


# What is asked


def test_first_the_number_of_pixels_then_the_lower_half(view):
    assert view.asked == [
        ImageRequest("igpt-test", INPUT),
        CompleteImageRequest("igpt-test", INPUT, 32, 4, 0, 1.0, 1.0),
    ]


def test_every_control_samples_others(view):
    child(view, QSpinBox, "complete_image_keep").setValue(13)
    child(view, QSpinBox, "complete_image_count").setValue(2)
    child(view, QDoubleSpinBox, "complete_image_temperature").setValue(0.7)
    child(view, QDoubleSpinBox, "complete_image_top_p").setValue(0.9)
    child(view, QToolButton, "complete_image_next").click()
    assert view.asked[-1] == CompleteImageRequest("igpt-test", INPUT, 13, 2, 2, 0.7, 0.9)


def test_the_line_is_dragged(view):
    canvas, start = place_of(view, "own", 32 + 4)  # the row below the line
    end = place_of(view, "own", 6 * 8 + 4)[1]
    drag(canvas, start, end)
    assert view.asked[-1].n_given == 56
    assert child(view, QSpinBox, "complete_image_keep").value() == 56


def test_while_it_is_dragged_only_the_line_moves(view):
    view.asked.clear()
    canvas, start = place_of(view, "own", 32 + 4)
    end = place_of(view, "own", 8 + 4)[1]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, end)
    assert view.figure().n_given == 8
    assert view.asked == []
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    assert [request.n_given for request in view.asked] == [8]


def test_the_attention_of_a_pixel_is_asked_for_when_it_is_wanted(view, selection):
    view.asked.clear()
    canvas, place = place_of(view, "seen", 10)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert index_of(selection.now.query) == 11  # behind the start token
    assert view.asked == []
    child(view, QCheckBox, "complete_image_attention").setChecked(True)
    assert view.asked == [PatchesRequest("igpt-test", INPUT, "encoder", 11)]
    answer(view, make_patches_result(grid=(8, 8), specials=("start",), query=11))
    assert "attention" in view.figure().panels
    selection.update(query=at(64))  # the last pixel has no token
    assert view.asked[-1] == PatchesRequest("igpt-test", INPUT, "encoder", 63)


def test_another_head_only_repaints(view, selection):
    child(view, QCheckBox, "complete_image_attention").setChecked(True)
    answer(view, make_patches_result(grid=(8, 8), specials=("start",), query=11))
    view.asked.clear()
    selection.update(layer=2, head=1)
    assert view.asked == []
    assert (view.figure().attention.layer, view.figure().attention.head) == (2, 1)


def test_coming_back_to_a_page_does_not_begin_again(view):
    pages = child(view, QTabWidget, "complete_image_pages")
    view.asked.clear()
    pages.setCurrentIndex(2)
    pages.setCurrentIndex(0)
    assert view.asked == []


# Growing


def test_partial_results_are_followed(view):
    answer(view, make_complete_image_result(n_done=40))
    assert view.figure().n_done == 40
    slider = child(view, QSlider, "complete_image_slider")
    assert (slider.value(), slider.minimum(), slider.maximum()) == (40, 32, 64)
    answer(view, make_complete_image_result(n_done=50))
    assert slider.value() == 50


def test_paused_it_stays_and_the_scrubber_goes_over_what_is_known(view):
    answer(view, make_complete_image_result(n_done=40))
    child(view, QToolButton, "complete_image_play").click()
    answer(view, make_complete_image_result(n_done=50))
    slider = child(view, QSlider, "complete_image_slider")
    assert slider.value() == 40
    assert view.figure().n_shown == 40
    slider.setValue(60)  # not drawn yet
    assert slider.value() == 50
    slider.setValue(35)
    assert view.figure().n_shown == 35


def test_the_whole_is_played_again(view):
    playback = view._completions.playback
    assert (playback.step, playback.is_playing) == (64, False)
    child(view, QToolButton, "complete_image_play").click()
    assert (playback.step, playback.is_playing) == (32, True)
    playback.advance(1_000)  # of four, from the first sampled pixel to the last
    assert playback.step == 40
    assert view.figure().n_shown == 40
    playback.advance(3_000)
    assert (playback.step, playback.is_playing) == (64, False)
    assert view.figure().n_shown is None


def test_keys_play_and_step(view):
    keep = child(view, QWidget, "complete_image_canvas")
    for key, shown in (
        (Qt.Key.Key_Comma, 63),
        (Qt.Key.Key_Home, 32),
        (Qt.Key.Key_Period, 33),
        (Qt.Key.Key_End, None),
    ):
        QTest.keyClick(keep, key)
        assert view.figure().n_shown == shown
    QTest.keyClick(keep, Qt.Key.Key_Space)
    assert view._completions.playback.is_playing
    QTest.keyClick(keep, Qt.Key.Key_Space)
    assert not view._completions.playback.is_playing


def test_others_are_followed_from_their_start(view):
    child(view, QToolButton, "complete_image_first").click()
    assert view.figure().n_shown == 32
    child(view, QToolButton, "complete_image_next").click()
    answer(view, make_complete_image_result(n_done=40, seed=4))
    answer(view, make_complete_image_result(n_done=45, seed=4))
    assert view.figure().n_shown == 45
    assert view._completions.playback.is_playing
    answer(view, make_complete_image_result(seed=4))
    assert not view._completions.playback.is_playing


# What is shown


def test_pointing_tells_colour_surprisal_and_what_was_expected(view):
    result = make_complete_image_result()
    canvas, place = place_of(view, 1, 40)
    QTest.mouseMove(canvas, place)
    text = child(view, QLabel, "complete_image_read_out").text()
    color = int(result.samples[1].pixels[40])
    best = int(result.samples[1].probabilities[40].astype(np.float32).argmax())
    assert "Pixel (5, 0)" in text
    assert f"colour {color} (#{'{:02X}{:02X}{:02X}'.format(*result.palette[color])})" in text
    assert f"{result.samples[1].surprisal[40]:.3f} bits" in text
    assert f"expected: {best} (" in text


def test_surprisal_replaces_colours(view):
    child(view, QCheckBox, "complete_image_surprisal").setChecked(True)
    assert view.figure().shows_surprisal


def test_titles_say_the_mean_surprisal(qapp):
    result = make_complete_image_result(seed=5)
    texts = texts_of(CompleteImageFigure(result, 32))
    assert f"Seed 5 · {result.samples[0].surprisal[32:].mean():.2f} bits" in texts
    assert f"Surprisal · {result.own_surprisal.mean():.2f} bits" in texts
    assert "In 8 colours" in texts


def test_the_colours_of_surprisal_have_a_scale_where_there_is_room(qapp):
    figure = CompleteImageFigure(make_complete_image_result(count=4), 32)
    assert "Surprisal in bits" in texts_of(figure, QRectF(0, 0, 900, 500))
    assert "Surprisal in bits" not in texts_of(figure, QRectF(0, 0, 330, 900))
    full = CompleteImageFigure(make_complete_image_result(count=3), 32)  # whose upper row has no free place
    for width in range(700, 740, 3):
        assert "Surprisal in bits" in texts_of(full, QRectF(0.5, 0, width + 0.3, 700)), width


def test_completions_are_painted_pixel_by_pixel(qapp):
    result = make_complete_image_result(n_done=40)
    figure = CompleteImageFigure(result, 0)  # without the line
    style = FigureStyle()
    image = figure._colored(figure.pixels[2], style)
    np.testing.assert_array_equal(image.reshape(-1, 3)[:40], result.palette[result.samples[2].pixels])
    line = style.theme.line
    assert (image.reshape(-1, 3)[40:] == (line.red(), line.green(), line.blue())).all()


def test_the_line_has_a_step_within_a_row(qapp):
    figure = CompleteImageFigure(make_complete_image_result(), 35)
    box = QRectF(0, 0, 80, 80)
    points = [(point.x(), point.y()) for point in figure.keep_line(box)]
    assert points == [(0, 50), (30, 50), (30, 40), (80, 40)]
    whole = CompleteImageFigure(make_complete_image_result(), 32).keep_line(box)
    assert [(point.x(), point.y()) for point in whole] == [(0, 40), (80, 40)]


@pytest.mark.parametrize("count", [1, 4, 7, 16])
@pytest.mark.parametrize("is_alone", [True, False])
def test_panels_do_not_overlap(qapp, count, is_alone):
    figure = CompleteImageFigure(make_complete_image_result(count=count), 32, is_alone=is_alone)
    style = FigureStyle()
    rect = QRectF(QPointF(3, 4), figure.natural_size(style))
    boxes = figure.boxes(rect, style)
    assert len(boxes) == count + 3 * (not is_alone)
    values = list(boxes.values())
    assert all(rect.adjusted(-1, -1, 1, 1).contains(box) for box in values)
    assert not any(a.intersects(b) for i, a in enumerate(values) for b in values[:i])
    for panel, box in boxes.items():
        assert figure.spot_at(patch_rect(9, (8, 8), box).center(), rect, style) == PixelSpot(panel, 9)


def test_the_film_grows_from_the_kept_part_to_the_whole(qapp):
    figure = CompleteImageFigure(make_complete_image_result(), 32)
    steps = figure.film_steps
    assert (steps[0], steps[-1]) == (32, 64)
    assert list(steps) == sorted(set(steps))
    frames = [figure.film_frame(step) for step in steps]
    assert all(frame.is_alone and frame.n_shown == step for frame, step in zip(frames, steps, strict=True))
    assert len(CompleteImageFigure(make_complete_image_result(grid=(32, 32)), 512).film_steps) <= 96


def test_attention_of_a_pixel_goes_to_pixels(qapp):
    result = make_patches_result(grid=(8, 8), specials=("start",), query=11)
    attention = PixelAttention(result, 1, 2)
    assert attention.pixel == 10
    np.testing.assert_array_equal(attention.values().ravel(), result.pattern[1, 2, 1:])


def test_numbers_are_one_row_a_pixel(qapp):
    result = make_complete_image_result(seed=3)
    numbers = CompleteImageFigure(result, 32).numbers()
    assert len(numbers.rows) == 5 * 64
    assert numbers.rows[64][:3] == ("seed 3", 0, 0)
    np.testing.assert_array_equal(numbers.arrays["samples"], [sample.pixels for sample in result.samples])
    np.testing.assert_array_equal(numbers.arrays["bits"], [sample.surprisal for sample in result.samples])
    assert numbers.arrays["probabilities"].shape == (4, 64, 8)
    part = CompleteImageFigure(make_complete_image_result(n_done=40), 32).numbers().arrays
    assert (part["samples"][:, 40:] == -1).all()
    assert np.isnan(part["bits"][:, 40:]).all()
    assert part["probabilities"].shape == (0, 0, 0)


def test_a_failure_keeps_the_old_image(view, qtbot):
    before = view.figure()
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("error", "It broke."))
    assert view.figure() is before


# Masked pixels


def test_only_pages_that_the_checkpoint_serves_are_there(view, masked_view):
    assert tabs_of(view) == ["Completions", "Linear probe"]
    assert tabs_of(masked_view) == ["Masked pixels", "Linear probe"]


def test_pixels_are_masked_by_chance_or_by_a_brush(masked_view, qtbot):
    view = masked_view
    assert view.asked == [MaskedPixelsRequest("igpt-test", INPUT, (), 0.15, 0)]
    child(view, QToolButton, "masked_pixels_next").click()
    assert view.asked[-1].seed == 1
    canvas, start = place_of(view, 1, 1, "masked_pixels_canvas")
    drag(canvas, start, place_of(view, 1, 3, "masked_pixels_canvas")[1])
    before = make_masked_pixels_result().masked.tolist()
    assert view.asked[-1].masked == tuple(sorted({*before, 1, 2, 3}))
    brushed = view.options_state()
    with qtbot.waitSignal(view.options.changed):
        child(view, QToolButton, "masked_pixels_clear").click()
    assert view.asked[-1].masked == ()
    cleared = view.options_state()
    assert view.options.titles(brushed, cleared) == ("Masks",)
    view.set_options_state(brushed)  # as it is undone
    assert view.asked[-1].masked == tuple(sorted({*before, 1, 2, 3}))
    assert child(view, QToolButton, "masked_pixels_clear").isEnabled()
    view.set_options_state(cleared)
    assert view.asked[-1].masked == ()


def test_masked_pixels_tell_their_numbers(qapp):
    result = make_masked_pixels_result()
    figure = MaskedPixelsFigure(result)
    assert "the model sees it" in figure.describe(1)
    best = int(result.probabilities[1].argmax())
    assert f"expected: {best} " in figure.describe(7)
    assert len(figure.numbers().rows) == len(result.masked)
    assert f"{len(result.masked)} of 64 pixels masked" in figure.caption
    assert "With the expected colours" in texts_of(figure)


@pytest.mark.parametrize("shade", [0, 96, 200, 213, 255])
def test_masked_pixels_are_seen_in_an_image_of_any_shade(qapp, shade):
    """They are hatched: one grey alone was the sky of some images."""
    result = replace(make_masked_pixels_result(), palette=np.full_like(make_masked_pixels_result().palette, shade))
    figure, style = MaskedPixelsFigure(result), FigureStyle()
    sheet = QImage(900, 300, QImage.Format.Format_RGB32)
    with QPainter(sheet) as painter:
        figure.paint(painter, QRectF(0, 0, 900, 300), style)
    box = patch_rect(int(result.masked[0]), result.grid, figure.boxes(QRectF(0, 0, 900, 300), style)[1]).toRect()
    inside = box.adjusted(1, 1, -1, -1)
    across, along = range(inside.left(), inside.right()), range(inside.top(), inside.bottom())
    found = {sheet.pixelColor(x, y).lightness() for x in across for y in along}
    assert max(abs(lightness - shade) for lightness in found) > 60
    assert len(found) > 1


# The linear probe


PROBE = ProbeRequest("igpt-test", 1200, 400, 0)


def test_the_probe_is_measured_on_demand_while_other_things_are_looked_at(view):
    view.asked.clear()
    child(view, QTabWidget, "complete_image_pages").setCurrentIndex(2)
    assert view.asked == []
    assert view.figure() is None
    measure, line = child(view, QToolButton, "probe_measure"), child(view, QWidget, "probe_job")
    measure.click()
    assert view.asked == [PROBE]
    assert isinstance(PROBE, JobRequest), "nothing waits behind it"
    view.show_job(JobState(1, PROBE, JobPhase.RUNNING))
    assert line.isVisible()
    assert not measure.isEnabled(), "a second press would measure the same"
    view.show_result(PROBE, make_probe_result(n_done=3), is_partial=True)
    assert view.figure().best == 2
    view.show_result(PROBE, make_probe_result(), is_partial=False)
    view.show_job(JobState(1, PROBE, JobPhase.DONE))
    assert view.figure().best == 3
    assert not line.isVisible()
    assert measure.isEnabled()


def test_of_a_probe_that_was_cancelled_no_half_of_a_curve_stays(view):
    child(view, QTabWidget, "complete_image_pages").setCurrentIndex(2)
    view.show_job(JobState(1, PROBE, JobPhase.RUNNING))
    view.show_result(PROBE, make_probe_result(n_done=3), is_partial=True)
    view.show_job(JobState(1, PROBE, JobPhase.CANCELLED))
    assert view.figure() is None
    assert "Press Measure" in child(view, QLabel, "probe_empty").text()


def test_the_probe_of_another_checkpoint_is_its_own(view):
    child(view, QTabWidget, "complete_image_pages").setCurrentIndex(2)
    view.show_result(PROBE, make_probe_result(), is_partial=False)
    other = Subject(make_image_info(name="igpt-other", capabilities=CAUSAL), INPUT)
    view.set_subject(other)
    assert view.figure() is None
    view.set_subject(Subject(make_image_info(name="igpt-test", capabilities=CAUSAL), INPUT))
    assert view.figure().best == 3


def test_pointing_at_a_layer_tells_its_accuracy(view):
    child(view, QTabWidget, "complete_image_pages").setCurrentIndex(2)
    view.show_result(PROBE, make_probe_result(), is_partial=False)
    canvas = child(view, QWidget, "probe_canvas")
    (plot,) = canvas.views
    move_over(plot, plot.frame.point(0, 3))
    assert child(view, QLabel, "probe_read_out").text() == "Layer 2: 80.0 % of the test images"
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    assert view.figure().shown.zoom(0) is not None
    assert len(view.figure().numbers().rows) == 9  # and the two levels


def test_the_curve_has_lines_for_chance_and_pixels(qapp):
    texts = texts_of(ProbeFigure(make_probe_result()))
    assert "chance 10.0 %" in texts
    assert "pixels 55.0 %" in texts
    assert "80.0 %" in texts


def test_a_curve_without_layers_yet_is_drawn(qapp):
    figure = ProbeFigure(make_probe_result(n_done=0))
    assert figure.best is None
    assert "Embeddings" in texts_of(figure)
    assert np.isnan(figure.numbers().rows[0][1])


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = CompleteImageView(ViewContext(selection))
        view.set_subject(Subject(make_image_info(capabilities=CAUSAL), INPUT))
        view.show()
        answer(view, ImageResult(make_image(), make_image(), (0, 0, 1, 1), (64, 48), (8, 8), 1, ""))
        answer(view, make_complete_image_result())
        return view

    assert_collected(make)


def test_a_stroke_outside_is_no_stroke(view):
    view.asked.clear()
    canvas = child(view, QWidget, "complete_image_canvas")
    drag(canvas, QPoint(1, 1), QPoint(2, 3))
    assert view.asked == []


# Options


def test_what_is_kept_is_the_upper_half_until_the_user_chooses(view, qtbot, selection):
    assert view.options_state() == {}
    child(view, QSpinBox, "complete_image_keep").setValue(13)
    child(view, QCheckBox, "complete_image_attention").setChecked(True)
    state = view.options_state()
    assert state == {"complete_image": {"keep": 13, "attention": True}}
    other = CompleteImageView(ViewContext(selection))
    qtbot.addWidget(other)
    other.set_options_state(state)
    other.show()
    asked = []
    other.request_changed.connect(asked.append)
    other.set_subject(Subject(make_image_info(name="igpt-test", capabilities=CAUSAL), INPUT))
    answer(other, ImageResult(make_image(), make_image(), (0, 0, 1, 1), (64, 48), (8, 8), 1, ""))
    assert next(request for request in asked if isinstance(request, CompleteImageRequest)).n_given == 13
    assert other.options_state() == state


def test_another_checkpoint_keeps_its_own_upper_half(view):
    child(view, QSpinBox, "complete_image_keep").setValue(13)
    view.set_subject(Subject(make_image_info(name="igpt-other", capabilities=CAUSAL), INPUT))
    answer(view, ImageResult(make_image(), make_image(), (0, 0, 1, 1), (64, 48), (4, 4), 1, ""))
    assert view.asked[-1].n_given == 8
    assert view.options_state() == {}


def test_old_numbers_are_cleared_and_come_back_with_the_answer(view, qtbot):
    read_out = child(view, QLabel, "complete_image_read_out")
    assert read_out.text()
    child(view, QSpinBox, "complete_image_seed").setValue(7)
    qtbot.waitUntil(lambda: view.is_dimmed)
    canvas, place = place_of(view, "own", 10)
    QTest.mouseMove(canvas, place)
    assert not read_out.text()
    answer(view, make_complete_image_result(seed=7))
    assert not view.is_dimmed
    assert read_out.text()
