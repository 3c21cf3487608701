"""What patches of a picture look at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSlider, QStackedWidget, QWidget

from inference.results.events import Failure
from inference.results.patches import PatchesRequest, PatchesResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.image_parts import Look
from widgets.kit.availability import offer, set_available
from widgets.kit.column import fill_column
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.group_choice import GroupChoice
from widgets.kit.labelled import labelled
from widgets.kit.line_label import LineLabel
from widgets.kit.number_slider import NumberSlider
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.patches.figure import PatchesFigure, Spot, Weights, beside, weights_title

_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class PatchCanvas(PointedCanvas):
    """Maps over pictures; arrow keys move the query itself.

    Signals
    -------
    query_moved(int, int)
        Patches to the right, and down.
    spot_opened(Spot)
        Double-clicked.
    """

    query_moved = Signal(int, int)
    spot_opened = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS and self.figure is not None:
            self.query_moved.emit(*_ARROWS[key])
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if spot is not None:
            self.spot_opened.emit(spot)


class PatchesView(View):
    """The picture, and over it what a query patch (or [CLS]) looks at: one head, all heads of a layer, or all layers.

    A click on a patch or a token chip makes it the query, arrow keys move on from there; among several maps a click
    selects that head too, and a double click shows it alone.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: PatchesResult | None = None
        self._kept: PatchesResult | None = None
        self._late = 0  # a token in the middle, as soon as it is known how many there are
        controls = ControlBar(self)
        self._group = GroupChoice(controls, "patches_group", context.selection)
        self._layer = NumberSlider("patches_layer", self.tr("Layer"), 0, 0)
        self._head = NumberSlider("patches_head", self.tr("Head"), 0, 0)
        controls.add_widget(self._layer)
        controls.add_widget(self._head)
        self._show = controls.add_choice(
            "patches_show",
            self.tr("Show"),
            (
                (self.tr("One head"), "head"),
                (self.tr("All heads of the layer"), "heads"),
                (self.tr("All layers of the head"), "layers"),
            ),
        )
        self._weights = controls.add_choice(
            "patches_weights",
            self.tr("Numbers"),
            (
                (self.tr("Attention weights"), "raw"),
                (self.tr("Weights × value length"), "weighted"),
                (self.tr("Rollout"), "rollout"),
            ),
        )
        self._paint = controls.add_choice(
            "patches_paint", self.tr("Overlay"), ((self.tr("Colours"), False), (self.tr("Spotlight"), True))
        )
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setValue(60)
        self._opacity.setMinimumWidth(6 * self.fontMetrics().height())
        controls.add_widget(labelled(self._opacity, "patches_opacity", self.tr("Opacity")))
        self._smooth = controls.add_check(
            "patches_smooth", self.tr("Smooth"), self.tr("Linear between the centres of the patches")
        )
        self._grid = controls.add_check("patches_grid", self.tr("Grid"), self.tr("Lines between the patches"))
        self._grid.setChecked(True)
        self._shared = controls.add_check(
            "patches_shared", self.tr("One scale"), self.tr("The same colours for the same numbers in all maps")
        )
        self._keep = controls.add_button(
            "patches_keep", self.tr("Keep this one"), self.tr("Leave this picture and query standing beside the next")
        )
        self._drop = controls.add_button(
            "patches_drop", self.tr("Drop kept one"), self.tr("Show the present picture alone")
        )
        self._caption = LineLabel(self.tr("What is shown"), self)
        self._caption.setObjectName("patches_caption")
        self._canvas = PatchCanvas("patches_canvas", self.tr("Attention on the picture"), self)
        self._empty = EmptyLabel("patches_empty")
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._canvas)
        self._read_out = LineLabel(self.tr("Number pointed at"), self)
        self._read_out.setObjectName("patches_read_out")
        fill_column(self, self._pages, controls, self._caption, self._pages, self._read_out)
        self.setFocusProxy(self._canvas)
        self._drop.hide()
        self._show_page()

        self._layer.value_changed.connect(self._on_layer_value_changed)
        self._head.value_changed.connect(self._on_head_value_changed)
        for choice in (self._show, self._weights, self._paint):
            choice.currentIndexChanged.connect(self._rebuild)
        self._opacity.valueChanged.connect(self._rebuild)
        for check in (self._smooth, self._grid, self._shared):
            check.toggled.connect(self._rebuild)
        self._keep.clicked.connect(self._on_keep_clicked)
        self._drop.clicked.connect(self._on_drop_clicked)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.spot_opened.connect(self._on_canvas_spot_opened)
        self._canvas.query_moved.connect(self._on_canvas_query_moved)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        self._group.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        self._show_sliders()
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint, now, image = self.subject.checkpoint, self.selection.now, self.subject.input
        if image.image is None or not checkpoint.groups:
            return ()
        group = checkpoint.group(now.group)
        query = self.query_pos
        if query is None:
            # The first token of a causal model sees nothing but itself.
            query = self._late if group.is_causal else 0
        return (PatchesRequest(checkpoint.checkpoint, image, group.name, query),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if not isinstance(result, PatchesResult) or self.subject is None:
            return
        if self._late != (late := len(result.tokens) // 2):
            self._late = late
            self.refresh()
        figure, self._result = self.figure(), result
        is_first_part = (
            figure is not None
            and figure.weights == "rollout"
            and not result.rollout.size
            and np.array_equal(figure.result.seen, result.seen)
        )
        if not is_first_part:  # of a rollout the old picture stays until the new one is there
            self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._empty.setText(failure.message)

    def figure(self) -> PatchesFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, PatchesFigure) and self._is_shown() else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group or now.query != old.query:
            self.refresh()
        if (now.group, now.layer, now.head) != (old.group, old.layer, old.head):
            self._show_sliders()
            self._rebuild()

    # The picture

    def _rebuild(self) -> None:
        result = self._result
        if result is None:
            return
        self._offer(result)
        now = self.selection.now
        n_layers, n_heads = result.pattern.shape[:2]
        look = Look(
            self._opacity.value() / 100, self._smooth.isChecked(), self._grid.isChecked(), self._paint.currentData()
        )
        figure = PatchesFigure(
            result,
            min(now.layer, n_layers - 1),
            min(now.head, n_heads - 1),
            self._weights_shown(result),
            self._show.currentData(),
            look,
            self._shared.isChecked(),
            self._kept,
        )
        self._canvas.show_figure(figure, self.style_now())
        self._caption.show_text("  ·  ".join((figure.caption, *result.notes)))
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _offer(self, result: PatchesResult) -> None:
        """Only what is known can be chosen."""
        notes = " ".join(result.notes)
        why = notes or self.tr("This is not known for this checkpoint.")
        offer(self._weights, "weighted", bool(result.weighted.size), why)
        offer(self._weights, "rollout", bool(result.rollout.size), why)
        is_rollout = self._weights_shown(result) == "rollout"
        why_no_heads = self.tr("A rollout goes over all heads: {}.").format(weights_title("rollout"))
        offer(self._show, "heads", not is_rollout, why_no_heads)
        set_available(self._head, not is_rollout, why_no_heads)
        if is_rollout and self._show.currentData() == "heads":
            with QSignalBlocker(self._show):
                self._show.setCurrentIndex(0)

    def _weights_shown(self, result: PatchesResult) -> Weights:
        """Those that are chosen, if they are known."""
        chosen: Weights = self._weights.currentData()
        is_known = {"raw": True, "weighted": bool(result.weighted.size), "rollout": bool(result.rollout.size)}
        return chosen if is_known[chosen] else "raw"

    def _show_sliders(self) -> None:
        if self.subject is None or not self.subject.checkpoint.groups:
            return
        now = self.selection.now
        group = self.subject.checkpoint.group(now.group)
        layer = min(now.layer, group.n_layers - 1)
        for slider, value, n in ((self._layer, layer, group.n_layers), (self._head, now.head, group.n_heads[layer])):
            with QSignalBlocker(slider):
                slider.set_range(0, n - 1)
                slider.set_value(min(value, n - 1))

    def _is_shown(self) -> bool:
        """Whether what is known is of the selected group."""
        if self._result is None or self.subject is None or self.subject.input.image is None:
            return False
        return self._result.group == self.subject.checkpoint.group(self.selection.now.group).name

    def _show_page(self) -> None:
        is_shown = self._is_shown()
        if not is_shown:
            has_image = self.subject is not None and self.subject.input.image is not None
            self._empty.setText(self.tr("Looking at the picture …") if has_image else self.tr("Open a picture."))
        self._pages.setCurrentWidget(self._canvas if is_shown else self._empty)
        for widget in (self._caption, self._read_out):
            widget.setVisible(is_shown)
        self._keep.setEnabled(is_shown)

    # What the user does

    def _on_layer_value_changed(self, layer: int) -> None:
        self.selection.update(layer=layer)

    def _on_head_value_changed(self, head: int) -> None:
        self.selection.update(head=head)

    def _on_keep_clicked(self) -> None:
        self._kept = self._result
        self._drop.show()
        self._rebuild()

    def _on_drop_clicked(self) -> None:
        self._kept = None
        self._drop.hide()
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: Spot | None) -> None:
        figure = self._canvas.figure
        if isinstance(figure, PatchesFigure) and spot is not None:
            text = figure.describe(spot, self._canvas.figure_rect(), self._canvas.style_now)
        else:
            text = self.tr("Click a patch or a token to ask what it looks at; point at one for its number.")
        self._read_out.show_text(text)

    def _on_canvas_spot_chosen(self, spot: Spot) -> None:
        figure = self._canvas.figure
        if not isinstance(figure, PatchesFigure):
            return
        place = figure.places(self._canvas.figure_rect(), self._canvas.style_now)[spot.place]
        is_kept = place.side < len(figure.sides) - 1
        head = {} if figure.weights == "rollout" else {"head": place.head}
        # What was kept stays as it is: its positions may mean other patches.
        query = {} if is_kept else {"query_pos": spot.key}
        self.selection.update(layer=place.layer, **head, **query)

    def _on_canvas_spot_opened(self, _spot: Spot) -> None:
        self._show.setCurrentIndex(0)

    def _on_canvas_query_moved(self, right: int, down: int) -> None:
        if self._result is not None:
            asked = self.query_pos
            n = len(self._result.tokens)
            start = asked if asked is not None and asked < n else self._result.query
            self.choose(query_pos=beside(self._result, start, right, down))

    def restyle(self) -> None:
        self._rebuild()
