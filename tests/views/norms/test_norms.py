"""The residual stream on screen: curves and a drawing that says where the norms stand, or a map of every token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QComboBox, QLabel

from inference.results.events import Failure
from inference.results.norms import QUANTITIES, STAGES, NormsRequest, NormsResult, SubLayer
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_tokens
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell
from widgets.kit.labels import EmptyLabel
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.plots.frame import SMALL, Frame, extents
from widgets.subject import Subject
from widgets.views.norms.curves_figure import NormsCurvesFigure
from widgets.views.norms.diagram import LayerDiagram
from widgets.views.norms.map_figure import NormsMapFigure
from widgets.views.norms.view import NormsView
from widgets.views.norms.words import arrangement, formula, norm_formula, outliers_text

N_TOKENS, N_LAYERS = 5, 3
PRE, POST, SANDWICH = ("before",), ("on_stream",), ("before", "behind")
pytestmark = pytest.mark.usefixtures("qapp")  # fonts need it


def make_result(places=PRE, norm_kind="LayerNorm", *, kinds=("attention", "mlp"), is_parallel=False, outliers=()):
    steps = tuple(
        SubLayer(layer, kind, places, norm_kind if places else "", is_parallel and kind == "mlp")
        for layer in range(N_LAYERS)
        for kind in kinds
    )
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(1, 9, (len(steps), len(STAGES), N_TOKENS)).astype(np.float32) for name in QUANTITIES}
    lacking = {"normed": "before" not in places, "computed": "behind" not in places}
    for name in QUANTITIES:
        for stage, is_lacking in lacking.items():
            if is_lacking:
                values[name][:, list(STAGES).index(stage)] = np.nan
        values["mean"] -= 5
    has_final = "on_stream" not in places
    first = {name: np.linspace(1, 2, N_TOKENS, dtype=np.float32) for name in QUANTITIES}
    final = {name: np.full((2, N_TOKENS), 3 if has_final else np.nan, np.float32) for name in QUANTITIES}
    ratios = np.linspace(20, 7, len(outliers), dtype=np.float32)[None].repeat(N_LAYERS, 0)
    tokens = make_tokens("[CLS] the cat sat [SEP]")
    return NormsResult(
        "encoder", "encoder", tokens, steps, values, first, final, norm_kind if has_final else "",
        np.array(outliers, np.int64), ratios, 64,
    )  # fmt: skip


@pytest.fixture
def view(qtbot):
    view = watched(NormsView(ViewContext()), qtbot, 1000, 600)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def choose(view, field, data):
    combo = view.findChild(QComboBox, f"norms_{field}")
    combo.setCurrentIndex(combo.findData(data))


# Where the norms stand, in words and drawn


@pytest.mark.parametrize(
    ("places", "kind", "parallel", "name", "written"),
    [
        (PRE, "LayerNorm", False, "Pre-norm", "x + SubLayer(LN(x))"),
        (POST, "LayerNorm", False, "Post-norm", "LN(x + SubLayer(x))"),
        (SANDWICH, "RMSNorm", False, "Norms before and after", "x + RMS(SubLayer(RMS(x)))"),
        (("behind",), "RMSNorm", False, "Norm on what is added", "x + RMS(SubLayer(x))"),
        (PRE, "LayerNorm", True, "Pre-norm, in parallel", "x + Attention(LN(x)) + MLP(LN(x))"),
        ((), "", False, "No norms", "x + SubLayer(x)"),
    ],
)
def test_where_the_norms_stand_is_said(places, kind, parallel, name, written):
    result = make_result(places, kind, is_parallel=parallel)
    assert arrangement(result) == name
    assert formula(result) == written
    assert {"LayerNorm": "σ", "RMSNorm": "mean(x²)"}.get(kind, "") in norm_formula(result)


def boxes_of(result):
    """Texts from below, and whether each stands on the stream, which runs at the left."""
    boxes, lines, sums = LayerDiagram(result).laid_out(QRectF(0, 0, 300, 600), FigureStyle())
    stream = sums[0].x()
    boxes = sorted(boxes, key=lambda box: -box.rect.center().y())
    return [(box.text, box.rect.left() < stream < box.rect.right()) for box in boxes], sums, lines


def test_the_drawing_has_norms_where_they_stand():
    boxes, sums, _ = boxes_of(make_result(PRE))
    assert boxes == [("LayerNorm", False), ("Attention", False), ("LayerNorm", False), ("MLP", False)]
    assert len(sums) == 2
    boxes, _, _ = boxes_of(make_result(POST))
    assert boxes == [("Attention", False), ("LayerNorm", True), ("MLP", False), ("LayerNorm", True)]
    boxes, _, _ = boxes_of(make_result(SANDWICH, "RMSNorm"))
    assert boxes == [(text, False) for text in ("RMSNorm", "Attention", "RMSNorm", "RMSNorm", "MLP", "RMSNorm")]
    boxes, sums, _ = boxes_of(make_result(POST, kinds=("attention", "cross", "mlp")))
    assert [text for text, _ in boxes][::2] == ["Attention", "Cross-attention", "MLP"]
    assert len(sums) == 3


def test_parallel_sub_layers_leave_at_one_place_and_meet_in_one_sum():
    boxes, sums, lines = boxes_of(make_result(PRE, is_parallel=True))
    assert len(sums) == 1
    assert sorted(text for text, _ in boxes) == ["Attention", "LayerNorm", "LayerNorm", "MLP"]
    taps = {line.y1() for line in lines if line.dy() == 0 and line.dx() > 0}
    assert len(taps) == 1


def test_the_drawing_fits_its_place():
    for places in (PRE, POST, SANDWICH):
        diagram, style = LayerDiagram(make_result(places)), FigureStyle()
        size = diagram.size(style)
        boxes, lines, _ = diagram.laid_out(QRectF(0, 0, size.width(), size.height()), style)
        for box in boxes:
            assert box.rect.left() >= 0
            assert box.rect.right() <= size.width()
            assert box.rect.top() > 0
        assert min(line.y2() for line in lines) >= 0


def test_dimensions_that_stand_out_are_named_with_how_much():
    assert outliers_text(make_result()) == "no dimension stands out"
    told = "dimensions that stand out: no. 12 (20 × the median), no. 5 (7 × the median)"
    assert outliers_text(make_result(outliers=(12, 5))) == told
    assert outliers_text(make_result(outliers=(1, 2, 3, 4, 5, 6))).endswith(" and 2 more")


# Curves


def test_curves_lead_from_what_comes_in_to_the_final_norm():
    result = make_result()
    figure = NormsCurvesFigure(result, "norm", 2)
    stream, added = figure.plots
    assert stream.x.labels[0] == "in"
    assert stream.x.labels[1:3] == ("attention 0", "MLP 0")
    assert stream.x.labels[-1] == "final norm"
    median, first, selected, normed = stream.series
    after = result.values["norm"][:, 5]
    np.testing.assert_allclose(median.y[1:-1], np.median(after, 1))
    np.testing.assert_allclose((median.y[0], median.y[-1]), (1.5, 3))
    np.testing.assert_allclose(median.low[1:-1], after.min(1))
    np.testing.assert_allclose(first.y[1:-1], after[:, 0])
    assert "[CLS]" in first.name
    np.testing.assert_allclose(selected.y[1:-1], after[:, 2])
    assert normed.name == "After the norm"
    np.testing.assert_allclose(normed.y, np.median(result.values["norm"][:, 1], 1))
    by_name = {series.name: series for series in added.series}
    np.testing.assert_allclose(by_name["MLP adds"].y, np.median(result.values["norm"][1::2, 3], 1))
    np.testing.assert_allclose(by_name["Attention adds"].high, result.values["norm"][::2, 3].max(1))
    np.testing.assert_allclose(by_name["Stream before the layer"].y, np.median(result.values["norm"][::2, 0], 1))


@pytest.mark.parametrize("kinds", [("attention", "mlp"), ("attention", "cross", "mlp")])
@pytest.mark.parametrize("width", [300, 420, 640, 1900])
def test_the_axis_names_whole_layers_and_the_last_norm_where_not_all_names_have_room(kinds, width):
    figure, style = NormsCurvesFigure(make_result(kinds=kinds)), FigureStyle()
    frame = Frame.of(figure.plots[0], QRectF(0, 0, width, 300), style)
    names = [tick.text for tick in frame.x_ticks]
    if len(names) < len(figure.places):
        assert all(name in ("in", "MLP 0", "MLP 1", "MLP 2", "final norm") for name in names)
    assert (names[0], names[-1]) == ("in", "final norm")
    metrics = QFontMetricsF(resized(style.font, SMALL))
    middles = [
        float(frame.x.pixels(np.array(tick.at), frame.inner.left(), frame.inner.right())) for tick in frame.x_ticks
    ]
    halves = [metrics.horizontalAdvance(name) / 2 for name in names]
    ends = [middle + half for middle, half in zip(middles, halves, strict=True)]
    assert all(end < middle - half for end, middle, half in zip(ends, middles[1:], halves[1:], strict=False))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_curves_fill_the_plot(quantity):
    result = make_result()
    farther = {  # from 6 to 30: nowhere near whole powers of ten
        field: {name: 3 * values + 3 for name, values in getattr(result, field).items()}
        for field in ("values", "first", "final")
    }
    for plot in NormsCurvesFigure(replace(result, **farther), quantity).plots:
        _, y = extents(plot)
        units = np.concatenate(
            [plot.y.units(one) for curve in plot.series for one in (curve.y, curve.low, curve.high) if one is not None]
        )
        assert np.nanmax(units) - np.nanmin(units) > 0.6 * (y.high - y.low)


def test_of_post_norm_the_sum_before_the_norm_is_shown_and_no_final_norm():
    result = make_result(POST)
    stream = NormsCurvesFigure(result).plots[0]
    assert stream.x.labels[-1] == "MLP 2"
    before = stream.series[-1]
    assert before.name == "Before the norm"
    np.testing.assert_allclose(before.y, np.median(result.values["norm"][:, 4], 1))


def test_means_lie_on_a_plain_axis():
    assert NormsCurvesFigure(make_result(), "norm").plots[0].y.is_log
    assert not NormsCurvesFigure(make_result(), "mean").plots[0].y.is_log


def test_special_tokens_are_no_patches():
    of_words, of_patches = make_result(), replace(make_result(), axis="patches")
    assert "of the residual stream of 5 tokens and" in NormsCurvesFigure(of_words, "norm").caption
    assert "of 3 patches with 2 special tokens and" in NormsCurvesFigure(of_patches, "norm").caption


def test_a_point_is_described():
    result = make_result()
    figure = NormsCurvesFigure(result)
    after = result.values["norm"][1, 5]
    assert figure.describe(PlotSpot(0, 0, 2)) == (
        f"Median token, layer 0 MLP: {np.median(after):.4g} ({after.min():.4g} to {after.max():.4g})"
    )
    assert figure.describe(PlotSpot(1, 0, 1)).startswith("Attention adds, layer 1: ")


# The map


def test_the_map_shows_what_is_chosen_and_multiples_of_the_median():
    result = make_result()
    plain = NormsMapFigure(result, "std", "added").values
    np.testing.assert_array_equal(plain, result.values["std"][:, 3])
    times = NormsMapFigure(result, "std", "added", is_relative=True).values
    np.testing.assert_allclose(np.median(times, 1), 1, rtol=1e-6)
    means = NormsMapFigure(result, "mean", "added", is_relative=True).values
    np.testing.assert_array_equal(means, result.values["mean"][:, 3])


def test_what_no_sub_layer_has_is_said():
    panel = NormsMapFigure(make_result(POST), stage="normed").panels(QRectF(0, 0, 400, 300), FigureStyle())[0][0]
    assert panel.title == "L2 norm: read by the sub-layer: no sub-layer of this model has that"


def test_a_cell_is_described_with_all_its_stages():
    result = make_result()
    text = NormsMapFigure(result).describe(Cell(0, 1, 2))
    assert text.startswith(
        "“⁨cat⁩”, layer 0 MLP, L2 norm: stream before " if "⁨" in text else "“cat”, layer 0 MLP, L2 norm: "
    )
    assert "added" in text
    assert "its own norm" not in text


def test_numbers_are_all_that_was_measured():
    result = make_result(outliers=(3,))
    for figure in (NormsCurvesFigure(result), NormsMapFigure(result)):
        numbers = figure.numbers()
        np.testing.assert_array_equal(numbers.arrays["std"], result.values["std"])
        np.testing.assert_array_equal(numbers.arrays["outliers"], [3])
        assert len(numbers.rows) == len(result.sub_layers) * (len(STAGES) - 1) * N_TOKENS
        assert numbers.rows[0][:5] == (0, "attention", "before", 0, "[CLS]")
        assert figure.natural_size(FigureStyle()).width() > 100


# The view


def test_it_asks_once_whatever_head_is_selected(view):
    answer(view, make_result())
    assert [type(request) for request in view.asked] == [NormsRequest]
    view.selection.update(layer=1, head=1)
    assert len(view.asked) == 1
    assert view.why_not_current == ""


def test_a_selected_token_has_a_curve_of_its_own(view):
    answer(view, make_result())
    assert len(view.figure().plots[0].series) == 3
    view.choose(query_pos=2)
    assert "cat" in view.figure().plots[0].series[2].name


def test_a_click_in_the_map_selects_token_and_layer(view, qtbot):
    answer(view, make_result())
    choose(view, "show", "map")
    canvas = view._map
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[0]
    point = panel.cell_rect(3, 2, panel.plot(area, canvas.style_now)).center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point)
    assert (view.query_pos, view.selection.now.layer) == (2, 1)
    assert view.figure().selected == (2, 2)
    qtbot.mouseMove(canvas, point + QPoint(1, 1))
    qtbot.waitUntil(lambda: "cat" in view.findChild(QLabel, "norms_read_out").text())


def test_only_what_counts_is_offered_and_choices_survive_a_session(view):
    assert not view._options.control("stage").isVisibleTo(view)
    choose(view, "show", "map")
    choose(view, "stage", "added")
    assert view._options.control("stage").isVisibleTo(view)
    assert view.options_state() == {"norms": {"show": "map", "stage": "added"}}


def test_what_cannot_be_told_is_said(view):
    fail(view, Failure("refused", "Where the norms stand could not be told."))
    assert view.findChild(EmptyLabel).text() == "Where the norms stand could not be told."


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: NormsView(ViewContext()))
