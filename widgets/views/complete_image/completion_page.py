"""Completions of an image that grow pixel by pixel."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QStackedWidget, QWidget

from inference.results.checkpoint import AttentionGroup
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.growing import is_growing
from inference.results.image import ImageRequest, ImageResult
from inference.results.patches import PatchesRequest, PatchesResult
from inference.results.request import Request
from widgets.kit.brush_canvas import BrushCanvas
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import EmptyLabel, LineLabel
from widgets.kit.layouts import fill_column, labelled
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.complete_image.figure import CompleteImageFigure, PixelAttention, PixelSpot

MAX_SEED = 99_999
MOST_COMPLETIONS = 16
_N_SPECIAL = 1  # the start token
_SECONDS = 4  # from the first sampled pixel to the last, at speed 1


class CompletionPage(QWidget):
    """The image, the line up to which it is kept, and completions behind it. The line is dragged; a click on a pixel
    of the image asks what its token attends to.

    Keys: those of the player.

    Signals
    -------
    changed()
        Other numbers are needed.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._result: CompleteImageResult | None = None
        self._attention: PatchesResult | None = None
        self._figure: CompleteImageFigure | None = None
        self._asked: CompleteImageRequest | None = None
        self._shown: CompleteImageRequest | None = None  # what the result answers
        self._group: AttentionGroup | None = None  # whose attention is shown
        self._n_pixels = 0  # of this model's images; 0: not known yet
        self._is_dragging = False
        self._style = FigureStyle.of(self)
        controls = ControlBar(self)
        self._keep = QSpinBox()
        self._keep.setSuffix(self.tr(" pixels"))
        self._count = QSpinBox()
        self._count.setRange(1, MOST_COMPLETIONS)
        self._count.setValue(4)
        self._temperature = QDoubleSpinBox()
        self._temperature.setRange(0.05, 2.0)
        self._temperature.setSingleStep(0.1)
        self._temperature.setValue(1.0)
        self._top_p = QDoubleSpinBox()
        self._top_p.setRange(0.05, 1.0)
        self._top_p.setSingleStep(0.05)
        self._top_p.setValue(1.0)
        self._seed = QSpinBox()
        self._seed.setRange(0, MAX_SEED)
        for box, name, title in (
            (self._keep, "keep", self.tr("Keep")),
            (self._count, "count", self.tr("Completions")),
            (self._temperature, "temperature", self.tr("Temperature")),
            (self._top_p, "top_p", self.tr("Top-p")),
            (self._seed, "seed", self.tr("Seed")),
        ):
            box.setKeyboardTracking(False)
            controls.add_widget(labelled(box, f"complete_image_{name}", title))
            box.valueChanged.connect(self.changed)
        self._next = controls.add_button(
            "complete_image_next", self.tr("Others"), self.tr("Sample other completions: the next seeds")
        )
        self._surprisal = controls.add_check(
            "complete_image_surprisal", self.tr("Surprisal"), self.tr("Show how surprising the sampled pixels were")
        )
        self._attends = controls.add_check(
            "complete_image_attention",
            self.tr("Attention"),
            self.tr("What the token of the chosen pixel attends to, in the selected layer and head"),
        )
        self._caption = LineLabel(self.tr("What is shown"))
        self._canvas = BrushCanvas("complete_image_canvas", self.tr("Completions of the image"))
        self._empty = EmptyLabel("complete_image_empty")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._canvas)
        self.playback = Playback(self)
        self._slider = StepSlider("complete_image", self.tr("Pixel"))
        self._player = Player("complete_image", self.playback, self._slider)
        self._read_out = LineLabel(self.tr("Pixel pointed at"))
        self._read_out.setObjectName("complete_image_read_out")
        fill_column(self, self._pages, controls, self._caption, self._pages, self._player, self._read_out)
        self.setFocusProxy(self._canvas)
        self.show_sentence(self.tr("Open an image."))

        self._next.clicked.connect(self._on_next_clicked)
        self._surprisal.toggled.connect(self.rebuild)
        self._attends.toggled.connect(self._on_attends_toggled)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self.playback.go_to)
        self._canvas.stroke_begun.connect(self._on_canvas_stroke_begun)
        self._canvas.stroke_moved.connect(self._on_canvas_stroke_moved)
        self._canvas.stroke_ended.connect(self._on_canvas_stroke_ended)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._result = self._shown = self._attention = self._figure = None
        self._n_pixels = 0
        self._group = None
        self._pages.setCurrentWidget(self._empty)
        self._show_rest()

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What it wants to know."""
        if subject.input.image is None:
            return ()
        checkpoint = subject.checkpoint
        group = self._group = checkpoint.group(self._selection.now.group) if checkpoint.groups else None
        if not self._n_pixels:
            return (ImageRequest(checkpoint.checkpoint, subject.input),)
        self._asked = CompleteImageRequest(
            checkpoint.checkpoint,
            subject.input,
            self._keep.value(),
            self._count.value(),
            self._seed.value(),
            self._temperature.value(),
            self._top_p.value(),
        )
        if not self._attends.isChecked() or group is None:
            return (self._asked,)
        chosen = self._selection.now.query_pos(group)
        # The last pixel is guessed, but never read: it has no token.
        query = min(_N_SPECIAL if chosen is None else chosen, self._n_pixels - 1)
        return (
            self._asked,
            PatchesRequest(checkpoint.checkpoint, subject.input, group.name, query),
        )

    def show_image(self, result: ImageResult) -> None:
        """Now it is known how many pixels there are: the upper half is kept."""
        if self._n_pixels:
            return
        n_rows, n_columns = result.grid
        self._n_pixels = n_rows * n_columns
        with QSignalBlocker(self._keep):
            self._keep.setRange(0, self._n_pixels)
            self._keep.setSingleStep(n_columns)
            self._keep.setValue((n_rows // 2) * n_columns)
        self.changed.emit()

    def show_result(self, result: CompleteImageResult) -> None:
        """Completions, or those so far."""
        if self._asked is None:
            return
        known = min(sample.n_steps for sample in result.samples)
        is_new = self._asked != self._shown or known < self.playback.last
        self._result, self._shown = result, self._asked
        first, n = self._shown.n_given, len(result.own)
        self._slider.set_range(first, known, n)
        self.playback.set_rate((n - first) / _SECONDS)
        self.playback.set_range(first, known, is_open=any(is_growing(sample) for sample in result.samples))
        if is_new:
            self.playback.follow()
        self._player.show_step(self.playback.step)
        self.rebuild()

    def show_attention(self, result: PatchesResult) -> None:
        """What a pixel's token attends to."""
        self._attention = result
        self.rebuild()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is an image, which stays."""
        self._empty.setText(sentence)
        if self._figure is None:
            self._pages.setCurrentWidget(self._empty)
        self._show_rest()

    @property
    def figure(self) -> CompleteImageFigure | None:
        return self._figure

    # The image

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._style = style
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)

    @Slot()
    def rebuild(self) -> None:
        """Show what is known with the controls as they are."""
        if self._result is None or self._shown is None:
            return
        now = self._selection.now
        attention = None
        if self._attends.isChecked() and self._attention is not None:
            attention = PixelAttention(self._attention, now.layer, now.head)
        n = len(self._result.own)
        self._figure = CompleteImageFigure(
            self._result,
            self._keep.value() if self._is_dragging else self._shown.n_given,
            self.playback.step if self.playback.step < n else None,
            self._surprisal.isChecked(),
            attention,
        )
        self._caption.show_text(self._figure.caption)
        self._pages.setCurrentWidget(self._canvas)
        self.restyle(self._style)
        self._show_rest()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _show_rest(self) -> None:
        for widget in (self._caption, self._player, self._read_out):
            widget.setVisible(self._figure is not None)

    # What the user does

    @Slot()
    def _on_next_clicked(self) -> None:
        self._seed.setValue((self._seed.value() + self._count.value()) % (MAX_SEED + 1))

    @Slot(int)
    def _on_playback_moved(self, step: int) -> None:
        self._player.show_step(step)
        self.rebuild()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    @Slot()
    def _on_attends_toggled(self) -> None:
        self.changed.emit()
        self.rebuild()

    @Slot(object)
    def _on_canvas_stroke_begun(self, spot: PixelSpot) -> None:
        if self._figure is None or spot.panel != "own":
            return
        n_columns = self._figure.result.grid[1]
        # Within a row of the line it is the line that is dragged.
        self._is_dragging = -n_columns <= spot.pixel // n_columns * n_columns - self._figure.n_given <= 0

    @Slot(object)
    def _on_canvas_stroke_moved(self, spot: PixelSpot) -> None:
        if self._is_dragging and self._figure is not None and spot.panel == "own":
            n_columns = self._figure.result.grid[1]
            row = spot.pixel // n_columns
            # Going down, the row under the pointer is kept too.
            is_below = (row + 1) * n_columns > self._figure.n_given
            with QSignalBlocker(self._keep):
                self._keep.setValue((row + is_below) * n_columns)
            self.rebuild()

    @Slot()
    def _on_canvas_stroke_ended(self) -> None:
        if self._is_dragging:
            self._is_dragging = False
            if self._shown is not None and self._keep.value() != self._shown.n_given:
                self.changed.emit()

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: PixelSpot | None) -> None:
        text = self._figure.describe(spot) if self._figure is not None and spot is not None else ""
        self._read_out.show_text(
            text or self.tr("Drag the line to keep more or less of the image; point at a pixel for its numbers.")
        )

    @Slot(object)
    def _on_canvas_spot_chosen(self, spot: PixelSpot) -> None:
        if isinstance(spot.panel, str) and not self._is_dragging and self._group is not None:
            self._selection.choose(self._group, query_pos=_N_SPECIAL + spot.pixel)
