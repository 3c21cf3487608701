"""Cheaper attention on screen: it asks for the selected head, shows three maps or plots, and exports its numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QComboBox, QLabel

from inference.results.approximation import (
    ERRORS,
    METHOD_BY_NAME,
    N_SEEDS,
    ApproximationErrorsRequest,
    ApproximationErrorsResult,
    ApproximationRequest,
    ApproximationResult,
    ApproximationTimesRequest,
    ApproximationTimesResult,
)
from inference.results.events import Failure
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_pattern, make_tokens
from tests.inputs import text_input
from tests.lettering import watched as watched_letters
from widgets.context import ViewContext
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell
from widgets.kit.labels import EmptyLabel
from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.plots.data import Level, PlotSpot
from widgets.subject import Subject
from widgets.views.approximation.errors_figure import ApproximationErrorsFigure
from widgets.views.approximation.maps_figure import ApproximationMapsFigure, share_text
from widgets.views.approximation.view import ApproximationView

SIZES = (2, 4, 8)
pytestmark = pytest.mark.usefixtures("qapp")  # fonts need it


def make_result(method="favor", *, layer=0, head=0, n=5):
    words = make_tokens("[CLS] the cat sat [SEP]" if n == 5 else " ".join(["word"] * n))
    exact = make_pattern(1, 1, n, n)[0, 0]
    error = {"pattern": 0.25, "output": 0.125, "row_sum": 0.0}
    return ApproximationResult(
        "encoder", words, words, layer, head, method, 8, 0, exact, exact * np.float32(0.75), error, 80, n * n
    )


def make_errors(methods=("favor", "linear", "svd"), *, refused=None, layer=0):
    shape = (len(methods), len(SIZES), N_SEEDS)
    values = np.arange(1, 1 + math.prod(shape), dtype=float).reshape(shape) / 100
    values[-1, -1] = math.nan
    errors = {name: values * factor for name, factor in zip(ERRORS, (1, 2, 3), strict=True)}
    n_cells = np.arange(10, 10 + len(methods) * len(SIZES)).reshape(len(methods), -1)
    return ApproximationErrorsResult("encoder", layer, 0, methods, refused or {}, SIZES, errors, n_cells, 5, 5, 25)


def make_times(methods=("favor", "linear"), *, layer=0):
    seconds = np.full((len(methods), len(SIZES)), 2e-4)
    seconds[0] = (1e-4, 2e-4, 4e-4)
    return ApproximationTimesResult("encoder", layer, 0, methods, SIZES, seconds, 1.5e-4, 1)


@pytest.fixture
def view(qtbot):
    view = watched(ApproximationView(ViewContext()), qtbot, 1000, 600)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def choose(view, field, data):
    combo = view.findChild(QComboBox, f"approximation_{field}")
    combo.setCurrentIndex(combo.findData(data))


def read_out(view):
    return view.findChild(QLabel, "approximation_read_out").text()


def test_it_asks_for_the_selected_head_with_what_is_chosen(view):
    view.selection.update(layer=2, head=1)
    choose(view, "method", "nystroem")
    choose(view, "size", 16)
    asked = view.asked[-1]
    assert isinstance(asked, ApproximationRequest)
    assert (asked.layer, asked.head, asked.method, asked.size) == (2, 1, "nystroem", 16)
    choose(view, "show", "errors")
    assert [type(request) for request in view.asked[-2:]] == [ApproximationErrorsRequest, ApproximationTimesRequest]


def test_another_head_dims_the_old_maps_until_its_own_are_there(view):
    answer(view, make_result())
    assert view.why_not_current == ""
    view.selection.update(layer=2)
    assert "still of" in view.why_not_current
    answer(view, make_result(layer=2))
    assert view.why_not_current == ""
    assert view.figure().result.layer == 2


def test_a_few_weights_far_beyond_all_others_dim_nothing():
    exact = np.full((40, 40), 0.02, np.float32)
    exact[0, 0] = 1.0
    figure = ApproximationMapsFigure(replace(make_result(n=40), exact=exact, approximate=exact))
    first, second, _ = figure.panels(QRectF(0, 0, 900, 400), FigureStyle())
    assert first[0].scale == second[0].scale
    assert first[0].scale.high == pytest.approx(0.02)
    assert first[0].scale.is_clipped


def test_the_three_maps_are_exact_approximate_and_their_difference(view):
    result = make_result()
    answer(view, result)
    figure = view.figure()
    panels = [panel for panel, _ in figure.panels(view._maps.figure_rect(), view._maps.style_now)]
    for panel, wanted in zip(
        panels, (result.exact, result.approximate, result.approximate - result.exact), strict=True
    ):
        np.testing.assert_array_equal(panel.values, wanted)
    assert panels[0].scale == panels[1].scale
    assert panels[2].scale.is_signed
    assert "25.0 %" in figure.summary
    assert "12.5 %" in figure.summary
    assert "80 numbers in place of 25 cells" in figure.summary


@pytest.mark.parametrize(("width", "height"), [(860, 520), (1000, 600)])
def test_every_column_has_its_whole_name_and_rows_have_theirs_once(width, height):
    words = make_tokens("[CLS] the cat sat on the mat because it was tired . [SEP]")
    exact = make_pattern(1, 1, len(words), len(words))[0, 0]
    figure = ApproximationMapsFigure(
        replace(make_result(), query_tokens=words, key_tokens=words, exact=exact, approximate=exact)
    )
    rect, style = QRectF(0, 0, width, height), FigureStyle()
    placed = figure.panels(rect, style)
    sizes = [
        (round(cells.width()), round(cells.height())) for cells in (panel.plot(area, style) for panel, area in placed)
    ]
    assert len(set(sizes)) == 1
    image = QImage(width, height, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched_letters() as letters:
        figure.paint(painter, rect, style)
    written = [letter.text for letter in letters]
    assert written.count("because") == 4  # three maps, and the rows of the first
    assert written.count("tired") == 4
    assert written.count("query") == 1
    assert written.count("key") == 3


@pytest.mark.parametrize(("height", "n_named"), [(340, 13), (268, 13), (180, 7)])
def test_names_of_rows_become_smaller_before_every_other_is_left_out(qapp, height, n_named):
    words = tuple(f"word{number}" for number in range(13))
    panel = HeatPanel(np.eye(13), ColorScale(0, 1, is_signed=False), "", "", "", row_names=words)
    image = QImage(400, height, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched_letters() as letters:
        panel.paint(painter, QRectF(0, 0, 400, height), FigureStyle())
    assert sum(letter.text in words for letter in letters) == n_named


def test_a_bound_says_that_it_needs_the_whole_pattern():
    assert "needs all 25 cells first" in ApproximationMapsFigure(make_result("svd")).summary
    assert ApproximationMapsFigure(make_result("linear")).title == METHOD_BY_NAME["linear"].title
    assert "seed 0" in ApproximationMapsFigure(make_result("favor")).caption
    assert "seed" not in ApproximationMapsFigure(make_result("svd")).caption


def test_a_click_selects_query_and_key_and_frames_them(view, qtbot):
    answer(view, make_result())
    canvas = view._maps
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[1]
    point = panel.cell_rect(3, 2, panel.plot(area, canvas.style_now)).center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point)
    assert (view.query_pos, view.key_pos) == (3, 2)
    assert view.figure().selected == (3, 2)


def test_a_cell_is_described_by_its_three_numbers():
    figure = ApproximationMapsFigure(make_result())
    exact = float(figure.result.exact[1, 2])
    text = figure.describe(Cell(2, 1, 2))
    assert f"exact {exact:.4f}, approximate {0.75 * exact:.4f}" in text
    assert "\N{MINUS SIGN}" in text.rpartition("difference ")[2]


def test_the_method_is_explained_and_only_what_counts_is_offered(view):
    about = view.findChild(PlainLabel, "approximation_about")
    for method, has_size, has_seed in (("favor", True, True), ("svd", True, False), ("linear", False, False)):
        choose(view, "method", method)
        assert about.text() == METHOD_BY_NAME[method].about
        controls = view._options
        view._page.controls.show_all()
        assert controls.control("size").isVisibleTo(view) == has_size
        assert controls.control("seed").isVisibleTo(view) == has_seed
        assert not controls.control("error").isVisibleTo(view)
    choose(view, "show", "errors")
    assert not controls.control("method").isVisibleTo(view)
    assert controls.control("error").isVisibleTo(view)


def test_the_models_own_way_is_offered_only_where_there_is_one(view):
    combo = view.findChild(QComboBox, "approximation_method")
    item = combo.model().item(combo.findData("own"))
    assert not item.isEnabled()
    info = make_checkpoint_info()
    groups = tuple(replace(group, landmarks=("a", "b", "c")) for group in info.groups)
    view.set_subject(Subject(replace(info, groups=groups), text_input("the cat")))
    assert item.isEnabled()


def test_a_refusal_is_said_and_the_old_maps_are_dimmed(view):
    fail(view, Failure("refused", "Linformer: cannot be kept."))
    assert view.findChild(EmptyLabel).text() == "Linformer: cannot be kept."
    view.refresh(again=True)
    answer(view, make_result())
    choose(view, "method", "pooling")
    fail(view, Failure("refused", "Linformer: cannot be kept."))
    assert "cannot be kept" in view.why_not_current
    assert read_out(view) == ""


def test_maps_of_another_checkpoint_are_not_shown_where_there_are_none_of_this_one(view):
    answer(view, make_result())
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="beit"), text_input("the cat")))
    assert view.figure() is not None  # until it is known that none come
    fail(view, Failure("refused", "Performer: cannot be kept."))
    assert view.figure() is None
    assert view.findChild(EmptyLabel).isVisible()
    assert view.findChild(EmptyLabel).text() == "Performer: cannot be kept."
    answer(view, make_result())
    assert view.figure() is not None


IMPOSSIBLE = "“{}” cannot be shown here: it keeps no such mask."


def test_it_goes_on_to_the_first_method_that_is_possible(view):
    about, methods = view.findChild(PlainLabel, "approximation_about"), [*METHOD_BY_NAME]
    for method in methods[:2]:
        fail(view, Failure("refused", IMPOSSIBLE.format(METHOD_BY_NAME[method].title)))
    assert view.asked[-1].method == view._options.value().method == methods[2]
    assert about.text() == METHOD_BY_NAME[methods[2]].about
    answer(view, make_result(methods[2]))
    assert view.figure() is not None
    assert view.why_not_current == ""
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), text_input("the cat")))
    assert view.asked[-1].method == "favor", "it may be possible there"


def test_a_method_of_an_earlier_session_stays_where_it_is_possible(view):
    view._options.set_value(replace(view._options.value(), method="svd"))
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), text_input("the cat")))
    assert view.asked[-1].method == "svd"
    fail(view, Failure("refused", IMPOSSIBLE.format(METHOD_BY_NAME["svd"].title)))
    assert view.asked[-1].method == "favor"


def test_a_method_that_the_user_chose_stays_and_has_no_formula_where_it_is_impossible(view):
    about = view.findChild(PlainLabel, "approximation_about")
    choose(view, "method", "pooling")
    fail(view, Failure("refused", IMPOSSIBLE.format(METHOD_BY_NAME["pooling"].title)))
    assert view.asked[-1].method == view._options.value().method == "pooling"
    assert not about.isVisible()
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), text_input("the cat")))
    assert view.asked[-1].method == "pooling"
    answer(view, make_result("pooling"))
    assert about.isVisible()


def test_what_is_no_fault_of_the_method_is_said_at_once(view):
    fail(view, Failure("refused", "The input has 9,000 tokens."))
    assert view.asked[-1].method == "favor"
    assert view.findChild(EmptyLabel).text() == "The input has 9,000 tokens."


@pytest.mark.parametrize("width", [700, 760, 820, 1000])
def test_no_title_is_cut_and_no_number_of_the_summary(width):
    tokens = make_tokens(" ".join(["balloon"] * 13))
    result = replace(make_result(n=13), query_tokens=tokens, key_tokens=tokens)
    figure = ApproximationMapsFigure(replace(result, n_cells=176_512, n_cells_exact=66_049))
    image = QImage(width, 500, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched_letters() as letters:
        figure.paint(painter, QRectF(0, 0, width, 500), FigureStyle())
    written = [letter.text for letter in letters]
    assert not [text for text in written if "…" in text]
    assert any(text.endswith("176,512 numbers in place of 66,049 cells.") for text in written)


def test_times_come_later_and_never_of_another_head(view):
    choose(view, "show", "errors")
    answer(view, make_errors())
    assert view.figure().times is None
    assert view.figure().plots[2].is_empty
    assert view.why_not_current == ""
    answer(view, make_times(), is_partial=True)
    assert not view.figure().plots[2].is_empty
    view.selection.update(layer=1)
    answer(view, make_errors(layer=1))
    assert view.figure().times is None
    answer(view, make_times(layer=1))
    assert view.figure().times.layer == 1


def test_the_read_out_says_what_is_not_possible_here(view):
    choose(view, "show", "errors")
    answer(view, make_errors(refused={"pooling": "a projected key mixes positions."}))
    assert read_out(view) == "Not possible here: Linformer: mean pooling: a projected key mixes positions."


def test_curves_are_medians_with_all_seeds_in_their_band():
    result = make_errors()
    figure = ApproximationErrorsFigure(result, make_times())
    curve = figure.plots[0].series[0]
    np.testing.assert_allclose(curve.y, np.median(result.errors["pattern"][0], 1))
    np.testing.assert_allclose(curve.low, result.errors["pattern"][0].min(1))
    np.testing.assert_allclose(curve.high, result.errors["pattern"][0].max(1))
    svd = figure.plots[0].series[2]
    assert svd.low is None
    assert len(svd.x) == 2  # the third size is none of its own
    for plot, exact in ((figure.plots[1], 25), (figure.plots[2], 1.5e-4)):
        (level,) = [series for series in plot.series if isinstance(series, Level)]
        assert level.value == exact
    assert "Best of that rank" not in [series.name for series in figure.plots[1].series]
    output = ApproximationErrorsFigure(result, None, "output").plots[0].series[0]
    np.testing.assert_allclose(output.y, 2 * curve.y)


def test_a_point_is_described_with_its_spread():
    figure = ApproximationErrorsFigure(make_errors(), make_times())
    assert figure.describe(PlotSpot(0, 0, 1)) == (
        "Performer: positive features at 4: error of the pattern 8 % (6 % to 10 %)"
    )
    assert figure.describe(PlotSpot(1, 0, 1)) == "Performer: positive features at 4: 11"
    assert figure.describe(PlotSpot(2, 0, 2)) == "Performer: positive features at 8: 400 µs"


def test_numbers_are_those_of_the_results():
    result, times = make_errors(), make_times()
    numbers = ApproximationErrorsFigure(result, times).numbers()
    np.testing.assert_array_equal(numbers.arrays["error_output"], result.errors["output"])
    np.testing.assert_array_equal(numbers.arrays["seconds"], times.seconds)
    assert len(numbers.rows) == 3 * N_SEEDS + 3 + 2
    assert numbers.rows[1][:4] == ("Performer: positive features", 2, 1, 0.02)
    maps = ApproximationMapsFigure(make_result()).numbers()
    np.testing.assert_array_equal(maps.arrays["approximate"], make_result().approximate)
    assert float(maps.arrays["error_pattern"]) == 0.25
    assert len(maps.rows) == 25


@pytest.mark.parametrize(("share", "text"), [(0.1234, "12.3 %"), (25, "25 ×"), (math.nan, "unknown")])
def test_shares_are_written_short(share, text):
    assert share_text(share) == text


def test_it_has_a_size_and_its_choices_survive_a_session(view):
    for figure in (ApproximationMapsFigure(make_result()), ApproximationErrorsFigure(make_errors())):
        assert figure.natural_size(FigureStyle()).width() > 100
    choose(view, "method", "svd")
    choose(view, "show", "errors")
    assert view.options_state() == {"approximation": {"show": "errors", "method": "svd"}}


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: ApproximationView(ViewContext()))
