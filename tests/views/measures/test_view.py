"""Measures of the heads: sorted, drawn against each other, and a way to each head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSplitter

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.measures import MEASURES, MeasuresRequest
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_measures_result
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.pointer import move_over
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.head_measures import HeadIndex, ordered, why_none
from widgets.kit.labels import LineLabel
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.measures.figure import COLUMNS, HEADING_LINES, MOST_ROWS, MeasuresFigure, header_lines
from widgets.views.measures.head_scatter import HeadScatter
from widgets.views.measures.head_table import HeadTable
from widgets.views.measures.view import MeasuresView

TEXT = text_input("the cat")
STYLE = FigureStyle()


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder", layer=1, head=2)
    return selection


@pytest.fixture
def view(qtbot, selection):
    view = MeasuresView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    answer(view, make_measures_result())
    return view


def table(view) -> HeadTable:
    return view.findChild(HeadTable)


def scatter(view):
    return view.findChild(object, "measures_scatter")


def choose(view, name, data):
    combo = view.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def click_row(view, place, act=QTest.mouseClick):
    widget = table(view)
    rect = widget.visualRect(widget.model().index(widget.places.index(place), 0))
    act(widget.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def plot(view):
    """Return the one plot of the scatter, which pyqtgraph draws."""
    (plot,) = scatter(view).views
    return plot


def point_of(view, place) -> QPoint:
    spot = scatter(view).figure.spot_of(place)
    return plot(view).frame.point(spot.series, spot.point).toPoint()


def test_asks_for_the_selected_group(qtbot, selection):
    groups = (AttentionGroup("encoder", "Encoder", (4,)), AttentionGroup("cross", "Cross", (4,)))
    view = MeasuresView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    with qtbot.waitSignal(view.request_changed) as asked:
        view.set_subject(Subject(make_checkpoint_info(groups=groups), TEXT))
    assert asked.args == [MeasuresRequest("bert-test", TEXT, "encoder")]
    combo = view.findChild(QComboBox, "measures_group")
    assert combo.isVisible()
    with qtbot.waitSignal(view.request_changed) as asked:
        combo.setCurrentIndex(1)
        combo.activated.emit(1)
    assert asked.args == [MeasuresRequest("bert-test", TEXT, "cross")]


@pytest.mark.parametrize("measure", [measure.name for measure in MEASURES])
def test_the_highest_come_first_and_what_has_no_number_last(measure):
    result = make_measures_result()
    result.measures[measure][0, 0] = np.nan
    places = ordered(result, measure, is_falling=True)
    values = [float(result.measures[measure][place]) for place in places]
    assert places[-1] == HeadIndex(0, 0)
    assert values[:-1] == sorted(values[:-1], reverse=True)
    assert ordered(result, measure, is_falling=False)[:-1] == places[-2::-1]


def test_a_heading_sorts_and_the_choice_follows(view, qtbot):
    header = table(view).horizontalHeader()
    column = COLUMNS.index("induction")
    where = QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)
    with qtbot.waitSignal(view.figure_changed):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    highest = np.unravel_index(np.argmax(view.figure().result.measures["induction"]), (4, 4))
    assert table(view).places[0] == highest
    assert view.findChild(QComboBox, "measures_sort").currentData() == "induction"
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert table(view).places[-1] == highest
    assert view.figure().numbers().rows[-1][:2] == highest


def test_a_row_selects_its_head_and_a_double_click_or_enter_opens_it(view, selection, qtbot):
    click_row(view, HeadIndex(3, 1))
    assert (selection.now.layer, selection.now.head) == (3, 1)
    with qtbot.waitSignal(view.context.view_requested) as opened:
        click_row(view, HeadIndex(3, 1), QTest.mouseDClick)
    assert opened.args == ["attention"]
    assert (view.selection.now.layer, view.selection.now.head) == (3, 1)
    QTest.keyClick(table(view), Qt.Key.Key_Up)
    assert (selection.now.layer, selection.now.head) == (3, 0)
    with qtbot.waitSignal(view.context.view_requested) as opened:
        QTest.keyClick(table(view), Qt.Key.Key_Return)
    assert opened.args == ["attention"]
    assert (view.selection.now.layer, view.selection.now.head) == (3, 0)


def test_a_point_selects_its_head_and_a_double_click_opens_it(view, selection, qtbot):
    place = HeadIndex(2, 3)
    QTest.mouseClick(plot(view).viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, place))
    assert (selection.now.layer, selection.now.head) == place
    assert table(view).currentIndex().row() == table(view).places.index(place)
    with qtbot.waitSignal(view.context.view_requested) as opened:
        QTest.mouseDClick(plot(view).viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, place))
    assert opened.args == ["attention"]
    assert (selection.now.layer, selection.now.head) == place


def test_pointing_at_a_head_tells_its_two_numbers(view):
    read_out = view.findChild(LineLabel, "measures_read_out")
    move_over(plot(view), point_of(view, HeadIndex(2, 3)))
    figure = scatter(view).figure
    x, y = figure.points[HeadIndex(2, 3)]
    assert figure.place_of(scatter(view).spot) == HeadIndex(2, 3)
    assert read_out.text().startswith("Layer 2, head 3")
    assert f"Entropy {x:.2f} bits" in read_out.text()
    assert f"{y:.1f}" in read_out.text()
    move_over(plot(view), QPoint(1, 1))
    assert read_out.text().startswith("Layer 1, head 2")


def test_the_keyboard_walks_over_the_points(view, selection):
    canvas = scatter(view)
    figure, shift = canvas.figure, Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(plot(view), Qt.Key.Key_Right, shift)
    assert figure.place_of(canvas.spot) == HeadIndex(1, 2)  # the selected one first
    before = figure.points[HeadIndex(1, 2)][0]
    QTest.keyClick(plot(view), Qt.Key.Key_Right, shift)
    there = figure.place_of(canvas.spot)
    assert figure.points[there][0] > before
    QTest.keyClick(plot(view), Qt.Key.Key_Return)
    assert (selection.now.layer, selection.now.head) == there


def test_a_layer_that_is_switched_off_is_left_out_of_files_too(view, qtbot):
    canvas = scatter(view)
    entry = canvas.legend.entries()[2]
    with qtbot.waitSignal(view.figure_changed):
        QTest.mouseClick(canvas.legend, Qt.MouseButton.LeftButton, pos=entry.box.center().toPoint())
    assert canvas.legend.hidden == {"2"}
    assert view.figure().scatter.shown.hidden == {"2"}
    move_over(plot(view), point_of(view, HeadIndex(2, 3)))
    assert canvas.spot is None or canvas.figure.place_of(canvas.spot).layer != 2
    assert len(view.figure().numbers().rows) == 16


def test_selecting_elsewhere_marks_row_and_point(view, selection):
    selection.update(layer=0, head=3)
    assert table(view).currentIndex().row() == table(view).places.index(HeadIndex(0, 3))
    assert view.figure().scatter.selected == HeadIndex(0, 3)
    assert view.findChild(LineLabel, "measures_read_out").text().startswith("Layer 0, head 3")


def test_the_axes_can_be_chosen(view):
    choose(view, "measures_across", "previous")
    choose(view, "measures_up", "special")
    shown = view.figure().scatter
    assert shown.caption.startswith("Special tokens against Previous token of 16 heads")
    measures = shown.result.measures
    assert shown.points[HeadIndex(1, 1)] == (float(measures["previous"][1, 1]), float(measures["special"][1, 1]))


def test_headings_of_an_image_speak_of_its_patches_on_hover_too(view):
    answer(view, replace(make_measures_result(), axes=("patches", "patches")))
    model = table(view).model()
    headings = (COLUMNS.index(name) for name in ("entropy", "previous", "same", "next", "induction"))
    tips = [
        model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole).partition("<br><br>")[0]
        for column in headings
    ]
    assert [tip for tip in tips if "token" in tip or "patch" not in tip] == []


def test_what_has_no_meaning_is_a_dash_that_says_why(view):
    result = make_measures_result(without=("next",))
    answer(view, result)
    index = table(view).model().index(0, COLUMNS.index("next"))
    assert index.data() == "–"
    assert "future is hidden" in index.data(Qt.ItemDataRole.ToolTipRole)
    choose(view, "measures_across", "next")
    assert view.figure().scatter.points == {}
    assert "future is hidden" in " ".join(texts_of(view.figure()))


@pytest.mark.parametrize(
    ("without", "name", "said"),
    [
        (("special",), "special", "no special tokens"),
        (("induction",), "induction", "occurs twice"),
        (("distance", "next"), "next", "two sequences"),
    ],
)
def test_each_measure_says_why_it_is_missing(without, name, said):
    assert said in why_none(make_measures_result(without=without), name)
    assert "single token" in why_none(make_measures_result(n_rows=1, n_queries=1), "previous")


def test_a_sample_is_marked_until_the_exact_numbers_come(view):
    label = view.findChild(LineLabel, "measures_sample")
    answer(view, make_measures_result(n_rows=64, n_queries=4096))
    assert label.isVisible()
    assert label.text().startswith("Sampled: 64 of 4,096 queries")
    assert "sampled: 64 of 4,096 queries" in view.figure().caption
    answer(view, make_measures_result(n_rows=4096, n_queries=4096, seed=1))
    assert not label.isVisible()
    assert "sampled" not in view.figure().caption


def test_layers_with_fewer_heads_have_fewer_rows(view):
    result = make_measures_result()
    for values in result.measures.values():
        values[3, 2:] = np.nan
    answer(view, result)
    assert len(table(view).places) == 14
    assert HeadIndex(3, 3) not in view.figure().scatter.points


def test_an_old_table_is_dimmed_until_the_next_is_there(qtbot, selection):
    groups = (AttentionGroup("encoder", "Encoder", (4,) * 4), AttentionGroup("cross", "Cross", (4,) * 4))
    view = MeasuresView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(groups=groups), TEXT))
    answer(view, make_measures_result())
    check_provenance(
        view,
        qtbot,
        make_measures_result(),
        change=lambda: selection.update(group="cross"),
        other=Subject(replace(make_checkpoint_info(name="other"), checkpoint="other"), TEXT),
        partial=make_measures_result(n_rows=64, n_queries=4096),
    )


def test_the_numbers_of_a_head_are_not_written_beside_an_old_table(view, selection):
    view.set_subject(Subject(make_checkpoint_info(name="other"), text_input("a dog")))
    selection.update(layer=0, head=3)
    assert view.findChild(LineLabel, "measures_read_out").text() == ""
    answer(view, make_measures_result(n_rows=64, n_queries=4096), is_partial=True)
    assert view.findChild(LineLabel, "measures_read_out").text().startswith("Layer 0, head 3")


def test_a_first_failure_is_told_in_place(qtbot, selection):
    view = MeasuresView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    fail(view, Failure("refused", "The text is too long."))
    assert view.findChild(object, "measures_empty").text() == "The text is too long."


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure().result
    with qtbot.waitSignal(view.noticed) as noticed:
        fail(view, Failure("refused", "There is no such group."))
    assert noticed.args == ["There is no such group."]
    assert view.figure().result is before


def test_the_figure_has_both_and_its_numbers_all_heads(qapp):
    figure = MeasuresFigure(HeadScatter(make_measures_result(n_layers=12, n_heads=12)), "entropy", True)
    texts = texts_of(figure)
    assert "Entropy (bits)" in texts
    assert f"the first {MOST_ROWS} of 144 heads" in texts
    numbers = figure.numbers()
    assert len(numbers.rows) == 144
    assert numbers.header == COLUMNS
    entropies = [row[2] for row in numbers.rows]
    assert entropies == sorted(entropies, reverse=True)
    assert numbers.arrays["induction"].shape == (12, 12)


def test_a_column_of_the_figure_is_as_wide_as_what_stands_in_it_so_that_letters_stay_large(qapp):
    figure = MeasuresFigure(HeadScatter(make_measures_result()), "entropy", True)
    metrics = QFontMetricsF(STYLE.font)
    headings = [header_lines(name) for name in COLUMNS]
    letters = [max(map(metrics.horizontalAdvance, (*lines, "88.8 %"))) for lines in headings]
    assert figure.natural_size(STYLE).width() <= sum(letters) + metrics.height() * len(COLUMNS)


def test_on_narrow_paper_the_table_goes_on_below_itself_and_letters_keep_their_size(qapp):
    figure = MeasuresFigure(HeadScatter(make_measures_result()), "entropy", True)
    wide, narrow = figure.natural_size(STYLE), figure.least_size(300, STYLE)
    assert narrow.width() <= 300 < wide.width()
    assert narrow.height() > wide.height()
    texts = texts_of(figure, QRectF(0, 0, 300, narrow.height()))
    assert texts.count("Layer") > texts_of(figure).count("Layer")
    assert {line for name in COLUMNS for line in header_lines(name) if line} <= set(texts)


def test_the_title_of_an_axis_takes_the_height_of_the_whole_plot_before_it_is_cut(qapp):
    font = QFont("DejaVu Sans")
    font.setPixelSize(14)
    rect = QRectF(0, 0, 400, 1.17 * QFontMetricsF(font).horizontalAdvance("Mean distance (tokens)"))
    assert "Mean distance (tokens)" in texts_of(HeadScatter(make_measures_result()), rect, FigureStyle(font=font))


def test_beside_an_axis_too_short_for_its_title_stands_what_is_measured_without_the_unit(qapp):
    em = QFontMetricsF(STYLE.font).height()
    texts = texts_of(HeadScatter(make_measures_result()), QRectF(0, 0, 40 * em, 6.5 * em))
    assert "Mean distance" in texts
    assert not any("…" in text for text in texts)


def test_a_heading_says_the_unit_of_its_numbers():
    names = ("entropy", "distance", "distance_variance", "induction", "previous")
    assert [header_lines(name) for name in names] == [
        ("Entropy", "bits"),
        ("Mean", "distance", "tokens"),
        ("Variance", "of distance", "tokens²"),
        ("Induction", "share"),
        ("Previous", "token"),
    ]
    assert header_lines("distance_variance", "image")[-1] == "patches²"
    assert header_lines("distance", "image") == ("Mean distance", "patches", "in reading order")
    assert max(len(header_lines(name)) for name in COLUMNS) == HEADING_LINES


def test_numbers_have_room_however_narrow_the_table(view):
    result, column, shown = make_measures_result(), COLUMNS.index("next"), table(view)
    result.measures["next"][:] = 1e-9
    shown.resize(100, 400)
    shown.show_result(result, "layer", is_falling=False, selected=None)
    assert shown.model().index(0, column).data() == "< 0.01 %"
    assert shown.model().index(0, column).data(Qt.ItemDataRole.ToolTipRole).startswith("<qt>1e-07 %")
    assert shown.sizeHintForColumn(column) <= shown.columnWidth(column)


def test_columns_stand_closer_before_the_last_one_is_out_of_sight(view):
    shown = table(view)
    shown.resize(shown.columns_width(), 200)
    easy = shown.columnWidth(COLUMNS.index("entropy"))
    shown.resize(round(0.9 * shown.columns_width()), 200)
    assert shown.horizontalScrollBar().maximum() == 0
    assert shown.columnWidth(COLUMNS.index("entropy")) < easy


def test_an_axis_is_titled_no_longer_than_it_must_be(qapp):
    scatter = HeadScatter(replace(make_measures_result(), axes=("image", "image")))
    assert scatter.plots[0].y.title == "Mean distance (patches)"  # how they are counted, the table says
    assert scatter.describe(PlotSpot(0, 0, 0)).endswith("patches in reading order")


def test_a_column_of_dashes_is_explained_once(view):
    answer(view, make_measures_result(without=("next", "induction")))
    caption = view.findChild(LineLabel, "measures_caption").text()
    why = "Next token (the future is hidden: no token can look at the one that follows it)"
    assert f"without a number: {why}, Induction (no token that was measured occurs twice)" in caption
    assert why in view.figure().caption
    header = table(view).horizontalHeader()
    assert [name for at, name in enumerate(COLUMNS) if header.isSectionHidden(at)] == ["next", "induction"]
    answer(view, make_measures_result())
    assert header.hiddenSectionCount() == 0
    assert "Next token" not in view.findChild(LineLabel, "measures_caption").text()


def test_the_read_out_says_what_the_row_does_not_and_the_two_numbers_of_the_point(view, selection):
    choose(view, "measures_across", "distance_variance")
    parts = view.findChild(LineLabel, "measures_read_out").text().split("  \N{MIDDLE DOT}  ")
    assert (parts[0], len(parts)) == ("Layer 1, head 2", 4)
    assert parts[2].startswith("Variance of distance ")
    assert parts[2].endswith(" tokens²")
    assert parts[3].startswith("Mean distance ")


def test_other_colours_and_letters_are_taken_over(view):
    view.changeEvent(QEvent(QEvent.Type.PaletteChange))
    assert view.figure().natural_size(STYLE).width() > 0
    assert scatter(view).image().width() > 0


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in ("measures_sort", "measures_across", "measures_up", "measures_table", "measures_scatter_0"):
        control = view.findChild(object, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_points_are_where_the_numbers_are(qapp):
    figure = HeadScatter(make_measures_result())
    (frame,) = figure.laid_out(QRectF(0, 0, 500, 300), STYLE)
    at = {}
    for place in figure.points:
        spot = figure.spot_of(place)
        at[place] = frame.point(spot.series, spot.point)
    right = max(figure.points, key=lambda place: figure.points[place][0])
    assert at[right].x() == max(point.x() for point in at.values())
    assert all(frame.inner.contains(point) for point in at.values())
    series, point = frame.nearest(at[right], (), STYLE)
    assert figure.place_of(PlotSpot(0, series, point)) == right
    assert frame.nearest(QPointF(1, 1), (), STYLE) is None


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: MeasuresView(ViewContext()))


@pytest.mark.parametrize("n_layers", [2, 12])
def test_table_and_plot_share_the_room_of_a_large_window_without_a_void(view, qtbot, n_layers):
    view.resize(1500, 700)
    answer(view, make_measures_result(n_layers=n_layers))
    split, shown = view.findChild(QSplitter, "measures_split"), table(view)
    has_few = n_layers == 2
    assert (split.orientation() == Qt.Orientation.Vertical) == has_few
    void = shown.viewport().height() - 4 * n_layers * shown.verticalHeader().defaultSectionSize()
    assert void < 8
    view.resize(1500, 800)
    if has_few:
        void = shown.viewport().height() - 4 * n_layers * shown.verticalHeader().defaultSectionSize()
        assert abs(void) < 8  # all rows, and the plot has what the window grew
    split.splitterMoved.emit(200, 1)
    split.setSizes([200, 500])
    before = split.sizes()
    view.resize(1500, 801)
    assert abs(split.sizes()[0] - before[0]) < 5  # as the user left it


def test_a_table_of_few_rows_is_no_higher_than_they_are_when_a_line_above_it_leaves_more_room(view, qapp):
    answer(view, make_measures_result(n_layers=2))
    split = view.findChild(QSplitter, "measures_split")
    split.resize(split.width(), 400)
    split.resize(split.width(), 600)  # as by its layout: the view has the size that it had
    void = table(view).viewport().height() - 8 * table(view).verticalHeader().defaultSectionSize()
    assert abs(void) < 8
