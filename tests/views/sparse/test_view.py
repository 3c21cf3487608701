"""Sparse patterns: every control changes the picture, theory and measurement stay apart, real maps show their kinds."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QSlider, QSpinBox, QTabBar, QToolButton, QWidget

from inference.results.events import Failure, Progress
from inference.results.job import JobAction, JobPhase, JobRequest, JobState
from inference.results.layer_times import LayerTimesRequest, LayerTimesResult
from inference.results.maps import TILE, MapRequest, MapResult, Tile, TilesRequest, TilesResult
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_long_tokens
from tests.inputs import text_input
from tests.lettering import cut, watched
from tests.places import index_of
from tests.widgets.pointer import move_over
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.sparse.figures.checkpoint import SparseCheckpointFigure
from widgets.views.sparse.figures.complexity import SparseComplexityFigure
from widgets.views.sparse.figures.cost import LENGTHS, SparseCostFigure
from widgets.views.sparse.figures.pattern import SparsePatternFigure
from widgets.views.sparse.figures.patterns import SparsePatternsFigure
from widgets.views.sparse.patterns import PATTERNS, Parameters, Pattern, banded
from widgets.views.sparse.view import SparseView

COST, COMPLEXITY, CHECKPOINT = 1, 2, 3
NAMES = ("hidden", "window", "global")  # as the engine counts Longformer's cells


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = SparseView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    return view


@pytest.fixture
def asked(view):
    requests = []
    view.request_changed.connect(requests.append)
    return requests


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def turn_to(view, page):
    child(view, QTabBar, "sparse_pages").setCurrentIndex(page)


def choose(view, name, data):
    combo = child(view, QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def painted(figure, spot=None):
    image = QImage(900, 500, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    rect = QRectF(0, 0, 900, 500)
    figure.paint(painter, rect, FigureStyle())
    if spot is not None:
        figure.paint_spot(painter, rect, FigureStyle(), spot)
    painter.end()
    return image


# Patterns


@pytest.mark.parametrize(
    ("points", "size"), [(9.0, (660, 430)), (9.0, (820, 560)), (9.0, (1040, 560)), (15.0, (1260, 560))]
)
def test_maps_beside_each_other_fill_the_width(qapp, points, size):
    style = FigureStyle()
    style.font.setPointSizeF(points)
    figure = SparsePatternsFigure(tuple(Pattern.of(name, Parameters()) for name in PATTERNS))
    plots = figure.plots(QRectF(0, 0, *size), style)
    n_columns = len({plot.left() for plot in plots})
    assert sum(plot.width() for plot in plots[:n_columns]) > 0.7 * size[0]
    assert all(plot.height() <= plot.width() <= 2.3 * plot.height() for plot in plots)


def test_all_patterns_stand_side_by_side_without_a_checkpoint(view):
    figure = view.figure()
    assert isinstance(figure, SparsePatternsFigure)
    assert [pattern.name for pattern in figure.patterns] == list(PATTERNS)
    assert view.subject is None


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("n", 100, "n"),
        ("window", 20, "window"),
        ("dilation", 3, "dilation"),
        ("n_global", 5, "n_global"),
        ("n_random", 3, "n_random"),
        ("block_size", 8, "block_size"),
        ("seed", 7, "seed"),
    ],
)
def test_a_slider_changes_the_patterns_that_use_it(view, qtbot, name, value, field):
    before = view.figure().patterns
    with qtbot.waitSignal(view.figure_changed):
        child(view, QSpinBox, f"sparse_{name}_number").setValue(value)
    after = view.figure().patterns
    for old, new in zip(before, after, strict=True):
        uses = field == "n" or field in old.kind.uses
        assert (old != new) == uses
        if uses:
            assert getattr(new.parameters, field) == value


def test_random_blocks_may_be_drawn_as_in_the_code(view):
    child(view, QCheckBox, "sparse_as_in_code").setChecked(True)
    assert view.figure().patterns[-1].parameters.as_in_code


@pytest.mark.parametrize("name", PATTERNS)
def test_one_pattern_large_has_the_controls_that_it_uses(view, name):
    choose(view, "sparse_pattern", name)
    figure = view.figure()
    assert isinstance(figure, SparsePatternFigure)
    assert figure.pattern.name == name
    child(view, QToolButton, "more_controls").setChecked(True)
    for field in ("window", "dilation", "n_global", "n_random", "block_size", "seed"):
        assert child(view, QWidget, f"sparse_{field}").isVisible() == (field in PATTERNS[name].uses)
    child(view, QToolButton, "more_controls").setChecked(False)
    for field in ("window", "dilation", "n_global", "n_random"):
        assert child(view, QWidget, f"sparse_{field}").isVisible() == (field in PATTERNS[name].uses)


def test_all_of_them_side_by_side_have_theirs_behind_more(view):
    choose(view, "sparse_pattern", next(name for name, kind in PATTERNS.items() if "n_random" in kind.uses))
    choose(view, "sparse_pattern", "all")
    assert not child(view, QWidget, "sparse_window").isVisible()
    child(view, QToolButton, "more_controls").setChecked(True)
    assert all(child(view, QWidget, f"sparse_{field}").isVisible() for field in ("window", "n_random", "seed"))


def test_more_layers_reach_more(view):
    child(view, QSpinBox, "sparse_layers_number").setValue(3)
    figure = view.figure()
    assert figure.n_layers == 3
    window = figure.maps[2]
    assert window.reach.count(3) > window.reach.count(1)
    # Cells that more layers reach have tints of their own.
    assert len(np.unique(window.codes)) == 1 + 2 + 1


def test_pointing_at_a_row_tells_how_far_it_reaches_and_a_click_keeps_it(view, qapp):
    child(view, QSpinBox, "sparse_layers_number").setValue(2)
    qapp.processEvents()  # the caption may take another line
    canvas = child(view, QWidget, "sparse_patterns_canvas")
    figure = view.figure()
    plot = figure.plots(canvas.figure_rect(), canvas.style_now)[2]
    at = figure.maps[2].cell_rect(40, 30, plot).center().toPoint()
    QTest.mouseMove(canvas, at)
    text = child(view, QLabel, "sparse_patterns_read_out").text()
    assert text == ("Sliding window: query 40, key 30: not seen. The query knows of 17 of 64 tokens after 2 layers.")
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert view.figure().query == 40
    QTest.mouseMove(canvas, QPoint(1, 1))
    assert "Point at a row" in child(view, QLabel, "sparse_patterns_read_out").text()


def test_a_row_that_is_pointed_at_shows_its_receptive_field_in_every_map(qapp):
    figure = SparsePatternsFigure(tuple(Pattern.of(name, Parameters()) for name in PATTERNS), 3, 5)
    before, after = painted(figure), painted(figure, Cell(0, 50, 0))
    for plot in figure.plots(QRectF(0, 0, 900, 500), FigureStyle())[1:]:
        strip = QRectF(plot.left(), plot.bottom() + 6, plot.width(), 14).toRect()
        assert before.copy(strip) != after.copy(strip)


@pytest.mark.parametrize("size", [(880, 520), (1280, 440), (1900, 800), (500, 1200)])
@pytest.mark.parametrize("points", [9.0, 15.0])
def test_what_stands_above_each_map_is_whole_and_of_one_name(qapp, size, points):
    style = FigureStyle()
    style.font.setPointSizeF(points)
    figure = SparsePatternsFigure(tuple(Pattern.of(name, Parameters()) for name in PATTERNS))
    rect = QRectF(4, 4, size[0] - 8, size[1] - 8)
    image = QImage(*size, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        figure.paint(painter, rect, style)
    assert not cut(words)
    boxes = {word.text: word.box for word in words}
    maps = [plot.toAlignedRect() for plot in figure.plots(rect, style)]
    for kind in (pattern.kind for pattern in figure.patterns):
        assert not any(boxes[kind.title].toAlignedRect().adjusted(2, 2, -2, -2).intersects(each) for each in maps)


def test_a_shorter_text_keeps_the_query_inside(view):
    view._on_row_chosen(Cell(0, 60, 0))
    child(view, QSpinBox, "sparse_n_number").setValue(16)
    assert view.figure().query == 15


def test_arrow_keys_walk_over_the_cells_and_into_the_next_map(view):
    canvas = child(view, QWidget, "sparse_patterns_canvas")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(canvas, key)
    assert canvas.spot == Cell(0, 22, 1)
    figure = view.figure()
    rect, style = canvas.figure_rect(), canvas.style_now
    assert figure.step(Cell(0, 3, 63), 1, 0, rect, style) == Cell(1, 3, 0)
    assert figure.step(Cell(1, 3, 0), -1, 0, rect, style) == Cell(0, 3, 63)


@pytest.mark.parametrize("name", PATTERNS)
def test_one_pattern_says_what_it_costs_and_reaches(qapp, name):
    figure = SparsePatternFigure(Pattern.of(name, Parameters()), 2)
    texts = texts_of(figure)
    cells = Pattern.of(name, Parameters()).cells()
    assert any(text.startswith(f"{cells:,} of 4,096 cells") for text in texts)
    assert PATTERNS[name].title in texts
    assert any("Everything knows" in text or "ever knows" in text or "However many" in text for text in texts)


def test_a_text_that_transformers_would_read_whole_is_told(qapp):
    short = SparsePatternFigure(Pattern.of("bigbird", Parameters(n=36)))
    long = SparsePatternFigure(Pattern.of("bigbird", Parameters(n=37)))
    assert any("transformers reads 36 tokens" in text for text in texts_of(short))
    assert not any("transformers reads" in text for text in texts_of(long))


def test_numbers_of_the_patterns(qapp):
    figure = SparsePatternsFigure(tuple(Pattern.of(name, Parameters()) for name in ("window", "longformer")), 2)
    numbers = figure.numbers()
    np.testing.assert_array_equal(numbers.arrays["kinds_window"], figure.patterns[0].kinds())
    assert numbers.arrays["reached_longformer"].all()
    assert [row[0] for row in numbers.rows] == ["Sliding window", "Global + sliding window"]
    assert numbers.rows[1][2:] == (790, 790 / 4096, 1.0, 2)
    one = SparsePatternFigure(figure.patterns[0]).numbers()
    assert one.rows[0][:6] == (0, "window", "window", "window", "window", "window")
    assert one.header[1:] == tuple(map(str, range(64)))


def test_many_cells_make_no_large_file(qapp):
    from app.export.page.sheet import Sheet
    from app.export.render import svg

    figure = SparsePatternsFigure(tuple(Pattern.of(name, Parameters(n=256)) for name in PATTERNS), 4)
    content = svg(Sheet.of(figure))
    assert len(content) < 500_000
    assert content.count(b"<image") == 2 * len(PATTERNS)


# Cost


def test_cost_stands_beside_that_of_full_attention(view):
    turn_to(view, COST)
    choose(view, "sparse_pattern", "longformer")
    child(view, QSpinBox, "sparse_d_model_number").setValue(128)
    figure = view.figure()
    assert isinstance(figure, SparseCostFigure)
    assert [pattern.name for pattern in figure.patterns] == ["full", "longformer"]
    assert figure.d_model == 128
    assert not child(view, QWidget, "sparse_n").isVisible()
    assert all(curve.is_dashed for plot in figure.plots for curve in plot.series)
    cells, operations, memory = (plot.series[1].y for plot in figure.plots)
    np.testing.assert_array_equal(cells, [Pattern.of("longformer", Parameters()).cells(n) for n in LENGTHS])
    np.testing.assert_array_equal(operations, 4 * 128 * cells)
    np.testing.assert_array_equal(memory, 4 * cells)


def test_pointing_at_a_curve_tells_the_exact_cost(view):
    turn_to(view, COST)
    choose(view, "sparse_pattern", "window")
    canvas = child(view, QWidget, "sparse_cost_canvas")
    plot = canvas.views[0]
    move_over(plot, plot.frame.point(1, 6).toPoint())
    assert canvas.spot == PlotSpot(0, 1, 6)
    text = child(view, QLabel, "sparse_cost_read_out").text()
    assert text.startswith("Sliding window at 4,096 tokens, by the formula: 36,844 cells, 9,432,064 FLOPs, 147 kB")
    assert "1/455" in text


# Complexity


def times(request, n_measured):
    """Milliseconds 1, 2, 3 ..., length by length and in each by layer type, as far as `n_measured`."""
    seconds = 0.001 * (1.0 + np.arange(4 * len(request.lengths)))
    seconds[n_measured:] = np.nan
    return LayerTimesResult("Test device", 2, request, seconds.reshape(-1, 4).T)


def show_times(view, n_measured):
    """What a job found comes without being among what the view asks for of its subject."""
    view.show_result(LayerTimesRequest(), times(LayerTimesRequest(), n_measured), is_partial=n_measured < 20)


def test_nothing_is_measured_until_it_is_asked_for(view, asked):
    turn_to(view, COMPLEXITY)
    figure = view.figure()
    assert isinstance(figure, SparseComplexityFigure)
    assert figure.result is None
    theory, measured = figure.plots
    assert len(theory.series) == 4
    assert measured.series == ()
    assert any("Press Measure" in text for text in texts_of(figure))
    assert asked == []
    child(view, QToolButton, "sparse_measure").click()
    assert asked == [LayerTimesRequest()]


def test_times_appear_one_by_one_and_apart_from_theory(view):
    turn_to(view, COMPLEXITY)
    show_times(view, 6)
    theory, measured = view.figure().plots
    assert [np.isfinite(measured.places(n)[0]).sum() for n in range(4)] == [2, 2, 1, 1]
    assert all(curve.has_dots and not curve.is_dashed for curve in measured.series)
    assert all(curve.is_dashed and not curve.has_dots for curve in theory.series)
    assert "Test device, 2 threads: median of 5 repetitions" in measured.subtitle
    show_times(view, 20)
    measured = view.figure().plots[1]
    assert all(np.isfinite(measured.places(n)[0]).all() for n in range(4))


def test_a_measurement_is_a_job_whose_progress_the_page_shows(view, asked):
    turn_to(view, COMPLEXITY)
    line, measure = child(view, QWidget, "sparse_job"), child(view, QToolButton, "sparse_measure")
    assert not line.isVisible()
    measure.click()
    assert isinstance(asked[0], JobRequest)
    view.show_job(JobState(1, asked[0], JobPhase.RUNNING, Progress(3, 20, "Timing full")))
    assert line.isVisible()
    assert not measure.isEnabled()
    assert child(view, QLabel, "sparse_job_text").text() == "Timing full"
    acted = []
    view.job_action_requested.connect(lambda *event: acted.append(event))
    child(view, QToolButton, "sparse_job_pause").click()
    child(view, QToolButton, "sparse_job_cancel").click()
    assert acted == [(1, JobAction.PAUSE), (1, JobAction.CANCEL)]
    view.show_job(JobState(1, asked[0], JobPhase.CANCELLED))
    assert not line.isVisible()
    assert measure.isEnabled()


def test_other_sizes_have_a_job_of_their_own(view, asked):
    turn_to(view, COMPLEXITY)
    line, measure = child(view, QWidget, "sparse_job"), child(view, QToolButton, "sparse_measure")
    view.show_job(JobState(1, LayerTimesRequest(), JobPhase.RUNNING))
    child(view, QSpinBox, "sparse_table_d_number").setValue(512)
    assert not line.isVisible()
    measure.click()
    assert asked == [LayerTimesRequest(d_model=512)]
    turn_to(view, COST)
    view.show_job(JobState(2, LayerTimesRequest(d_model=512), JobPhase.RUNNING))
    assert not line.isVisible()
    turn_to(view, COMPLEXITY)
    assert line.state.number == 2
    child(view, QSpinBox, "sparse_table_d_number").setValue(256)
    assert line.isVisible()
    assert line.state.number == 1


def test_a_failed_measurement_says_so_until_it_is_removed_or_asked_for_again(view):
    turn_to(view, COMPLEXITY)
    line, measure = child(view, QWidget, "sparse_job"), child(view, QToolButton, "sparse_measure")
    show_times(view, 6)
    view.show_job(JobState(1, LayerTimesRequest(), JobPhase.FAILED, message="It broke."))
    assert child(view, QLabel, "sparse_job_text").text() == "⚠ It broke."
    assert view.figure().result is not None  # what came stays
    assert measure.isEnabled()
    child(view, QToolButton, "sparse_job_cancel").click()
    assert not line.isVisible()


def test_the_end_of_an_old_job_does_not_hide_the_one_that_follows(view):
    turn_to(view, COMPLEXITY)
    for number, phase in ((1, JobPhase.CANCELLING), (2, JobPhase.RUNNING), (1, JobPhase.CANCELLED)):
        view.show_job(JobState(number, LayerTimesRequest(), phase))
    line = child(view, QWidget, "sparse_job")
    assert line.isVisible()
    assert line.state.number == 2


def test_growth_is_the_slope_of_what_was_measured(qapp):
    request = LayerTimesRequest(lengths=(128, 256, 512))
    seconds = np.array([[1, 4, 16], [1, 2, 4], [3, 3, 3], [1, 2, np.nan]]) / 1000
    figure = SparseComplexityFigure(request, LayerTimesResult("CPU", 1, request, seconds))
    labels = [f"{curve.name} {curve.note}".strip() for curve in figure.plots[1].series]
    assert labels == ["self-attention ∝ n^2.0", "recurrent ∝ n^1.0", "convolutional ∝ n^0.0", "restricted"]
    assert "∝ n^2.0" in texts_of(figure)


def test_times_of_other_sizes_are_not_shown(view):
    turn_to(view, COMPLEXITY)
    show_times(view, 20)
    child(view, QSpinBox, "sparse_table_d_number").setValue(512)
    assert view.figure().result is None
    child(view, QSpinBox, "sparse_table_d_number").setValue(256)
    assert view.figure().result is not None


def test_what_is_pointed_at_says_whether_it_was_measured(qapp):
    request = LayerTimesRequest()
    figure = SparseComplexityFigure(request, times(request, 20))
    theory, measured = figure.describe(PlotSpot(0, 1, 0)), figure.describe(PlotSpot(1, 1, 0))
    assert theory.startswith("Theory: Recurrent at length 128: O(n · d²) = 8,388,608 operations")
    assert measured == (
        "Measured: Recurrent at length 128: 2 ms on Test device, 2 threads: median of 5 repetitions, float32, "
        "batch of one."
    )


def test_the_table_is_that_of_the_paper(qapp):
    texts = texts_of(SparseComplexityFigure(LayerTimesRequest()))
    for text in ("O(n² · d)", "O(n · d²)", "O(k · n · d²)", "O(r · n · d)", "O(logₖ(n))", "O(n / r)"):
        assert text in texts
    assert any("Vaswani et al. 2017" in text for text in texts)


def test_the_table_says_in_its_columns_what_is_theory(qapp):
    request = LayerTimesRequest()
    numbers = SparseComplexityFigure(request, times(request, 3)).numbers()
    assert numbers.header[3].endswith("(theory)")
    assert numbers.header[-1] == "median seconds (measured)"
    assert [row[-1] for row in numbers.rows if row[1] == 128] == [0.001, 0.002, 0.003, ""]
    assert np.isnan(numbers.arrays["seconds_measured"]).sum() == 17


# A checkpoint


def longformer(n_tokens=40, name="longformer-test"):
    info = replace(make_checkpoint_info(name=name), architecture="LongformerForMaskedLM")
    return Subject(info, text_input(f"{n_tokens} tokens"))


def result_of(request, n=40, level=0):
    """What the engine says of a map of Longformer's pattern, one value a kind."""
    tokens = make_long_tokens(n)
    side = -(-n >> level)
    kinds = np.array([0, 0, 1, 0, 0, 2])[banded(n, 4, [0])].astype(np.uint8)[:: 1 << level, :: 1 << level]
    values = (kinds / 4).astype(np.float16)
    if isinstance(request, MapRequest):
        return MapResult(
            request.group, request.layer, request.head, request.reduce, tokens, tokens, level, values, is_sampled=False
        )
    assert isinstance(request, TilesRequest)
    assert request.with_kinds
    tiles = tuple(
        Tile(row, column, values[_of(row)][:, _of(column)], kinds[_of(row)][:, _of(column)])
        for row, column in request.tiles
    )
    assert side <= TILE * (max(row for row, _ in request.tiles) + 1)
    return TilesResult(request.group, request.layer, request.head, request.level, request.reduce, tiles, NAMES)


def _of(place):
    return slice(place * TILE, (place + 1) * TILE)


def open_map(view, asked, subject, **options):
    view.set_subject(subject)
    turn_to(view, CHECKPOINT)
    while asked:
        request = asked.pop(0)
        answer(view, result_of(request, **options))


def test_other_checkpoints_are_told_what_the_page_needs(view, asked):
    turn_to(view, CHECKPOINT)
    empty = child(view, QLabel, "sparse_checkpoint_empty")
    assert empty.text().startswith("Open a Longformer, LED or BigBird checkpoint")
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    text = child(view, QLabel, "sparse_checkpoint_empty").text()
    assert text.startswith("bert-test (BertForPreTraining) has no sparse pattern. This page needs a Longformer, LED")
    assert view.figure() is None
    assert asked == []


def test_asks_only_on_its_page(view, asked):
    view.set_subject(longformer())
    assert asked == []
    turn_to(view, CHECKPOINT)
    assert [type(request) for request in asked] == [MapRequest]


@pytest.mark.parametrize("architecture", ["LongformerModel", "LEDForConditionalGeneration", "BigBirdForMaskedLM"])
def test_every_sparse_model_is_known(view, asked, architecture):
    subject = longformer()
    view.set_subject(replace(subject, checkpoint=replace(subject.checkpoint, architecture=architecture)))
    turn_to(view, CHECKPOINT)
    assert len(asked) == 1


@pytest.mark.parametrize(("n", "level"), [(40, 0), (600, 0), (600, 1)])
def test_the_kinds_lie_over_the_real_map(view, asked, n, level):
    open_map(view, asked, longformer(n), n=n, level=level)
    figure = view.figure()
    assert isinstance(figure, SparseCheckpointFigure)
    expected = np.array([0, 0, 1, 0, 0, 2])[banded(n, 4, [0])][:: 1 << level, :: 1 << level]
    np.testing.assert_array_equal(figure.kinds, expected)
    np.testing.assert_array_equal(figure.values, expected / 4)
    assert figure.kind_names == NAMES
    assert figure.level == level
    assert "layer 0, head 0" in figure.caption


def test_shares_of_the_attention_are_exact(view, asked):
    open_map(view, asked, longformer())
    kinds = banded(40, 4, [0])
    n_window, n_global = int((kinds == 2).sum()), int((kinds == 5).sum())
    total = n_window / 4 + n_global / 2
    shares = view.figure().shares
    assert shares["window"] == (n_window, pytest.approx(n_window / 4 / total))
    assert shares["global"] == (n_global, pytest.approx(n_global / 2 / total))
    assert any(text.startswith(f"window: {n_window:,} cells") for text in texts_of(view.figure()))


def test_follows_the_selected_layer_and_head(view, asked, selection):
    open_map(view, asked, longformer())
    before = view.figure()
    selection.update(layer=2, head=1)
    assert view.figure().layer == 0  # the old picture stays until the new one is there
    np.testing.assert_array_equal(view.figure().kinds, before.kinds)
    (request,) = asked
    assert isinstance(request, TilesRequest)  # how long the text is, is known
    assert (request.layer, request.head) == (2, 1)
    answer(view, result_of(request))
    assert (view.figure().layer, view.figure().head) == (2, 1)


def test_another_text_is_another_map(view, asked):
    open_map(view, asked, longformer())
    view.set_subject(longformer(30))
    assert view.figure() is None
    assert "Computing" in child(view, QLabel, "sparse_checkpoint_empty").text()
    (request,) = asked
    late = TilesRequest("longformer-test", text_input("40 tokens"), "encoder", 0, 0, 0, ((0, 0),), with_kinds=True)
    view.take_result(late, result_of(late))  # of the other text
    assert view.figure() is None
    answer(view, result_of(request, n=30))
    answer(view, result_of(asked[-1], n=30))
    assert len(view.figure().queries) == 30


def test_pointing_and_clicking_in_the_map(view, asked, selection):
    open_map(view, asked, longformer())
    canvas = child(view, QWidget, "sparse_checkpoint_canvas")
    figure = view.figure()
    at = figure.cell_rect(6, 4, figure.plot(canvas.figure_rect(), canvas.style_now)).center().toPoint()
    QTest.mouseMove(canvas, at)
    assert child(view, QLabel, "sparse_checkpoint_read_out").text() == "From “word5” (6) to “word3” (4): 0.25, window"
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (6, 4)
    assert (view.figure().query_pos, view.figure().key_pos) == (6, 4)


def test_pixels_of_several_cells_name_all_of_them(view, asked, selection):
    open_map(view, asked, longformer(600), n=600, level=1)
    figure = view.figure()
    assert figure.describe(Cell(0, 10, 11)) == "Queries 20–21, keys 22–23: at most 0.25, window"
    view._on_cell_chosen(Cell(0, 10, 11))
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (20, 22)


def test_the_tint_of_the_kinds_can_be_chosen(view, asked):
    open_map(view, asked, longformer())
    strong = painted(view.figure())
    child(view, QSlider, "sparse_kinds_tint_slider").setValue(0)
    assert view.figure().strength == 0
    assert painted(view.figure()) != strong


def test_an_old_map_is_dimmed_until_the_next_is_there(view, asked, selection, qtbot):
    open_map(view, asked, longformer())
    assert view.why_not_current == ""
    before = view.figure()
    selection.update(layer=1)
    qtbot.waitUntil(lambda: view._page(CHECKPOINT).veil.is_dimmed)
    assert child(view, QLabel, "sparse_checkpoint_read_out").text() == ""
    assert view.figure().layer == before.layer
    QTest.keyClick(child(view, QWidget, "sparse_checkpoint_canvas"), Qt.Key.Key_Right)
    assert child(view, QLabel, "sparse_checkpoint_read_out").text() == ""
    answer(view, replace(result_of(asked[-1]), tiles=()), is_partial=True)  # the first of its tiles
    assert view.figure().layer == before.layer
    assert view._page(CHECKPOINT).veil.is_dimmed
    answer(view, result_of(asked[-1]))
    assert view.figure().layer == 1
    assert view.why_not_current == ""
    assert not view._page(CHECKPOINT).veil.is_dimmed


@pytest.mark.parametrize("page", [0, COST, COMPLEXITY])
def test_what_is_computed_by_formula_never_grows_old(view, asked, page):
    open_map(view, asked, longformer())
    turn_to(view, page)
    view.set_subject(longformer(30))
    assert view.why_not_current == ""
    assert not view._page(page).veil.is_dimmed


def test_a_failure_keeps_the_old_picture(view, asked, qtbot):
    open_map(view, asked, longformer())
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("error", "It broke."))
    assert blocker.args == ["It broke."]
    assert view.figure() is before


def test_a_first_failure_is_told_in_the_page(view, asked):
    view.set_subject(longformer())
    turn_to(view, CHECKPOINT)
    fail(view, Failure("refused", "The text is too long."))
    assert child(view, QLabel, "sparse_checkpoint_empty").text() == "The text is too long."


def test_numbers_of_a_real_map(view, asked):
    open_map(view, asked, longformer())
    numbers = view.figure().numbers()
    assert numbers.rows[0] == (0, 0, 0.5, "global")
    assert len(numbers.rows) == np.count_nonzero(banded(40, 4, [0]))
    np.testing.assert_array_equal(numbers.arrays["kinds"], view.figure().kinds)


# All pages


def test_every_control_has_a_name_and_is_reached_by_tab(view, asked):
    open_map(view, asked, longformer())
    view.show_job(JobState(1, LayerTimesRequest(), JobPhase.RUNNING))
    sliders = ("n", "layers", "d_model", "window", "dilation", "n_global", "n_random", "block_size", "seed")
    names = [f"sparse_{name}_{kind}" for name in (*sliders, "table_d", "table_r") for kind in ("slider", "number")]
    names += ["sparse_pages", "sparse_pattern", "sparse_as_in_code", "sparse_table_lengths", "sparse_table_k"]
    names += ["sparse_table_repeats", "sparse_measure", "sparse_kinds_tint_slider"]
    names += ["sparse_job_pause", "sparse_job_cancel"]
    names += [f"sparse_{page}_canvas" for page in ("patterns", "checkpoint")]
    for page, name in ((COST, "cost"), (COMPLEXITY, "complexity")):
        turn_to(view, page)
        names += [f"sparse_{name}_canvas_{plot}" for plot in ("0", "1", "legend")]
    for name in names:
        control = child(view, QWidget, name)
        assert control.accessibleName(), name
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = SparseView(ViewContext(selection))
        view.set_subject(longformer())
        for page in (COST, COMPLEXITY, CHECKPOINT, 0):
            turn_to(view, page)
        return view

    assert_collected(make)
