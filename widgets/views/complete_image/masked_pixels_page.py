"""The masked variant of Image GPT: colours for masked pixels."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QStackedWidget, QWidget

from inference.results.masked_pixels import MaskedPixelsRequest, MaskedPixelsResult
from inference.results.request import Request
from widgets.figures.image_geometry import patches_between
from widgets.kit.brush_canvas import BrushCanvas
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import EmptyLabel, LineLabel
from widgets.kit.layouts import fill_column, labelled
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.complete_image.masked_pixels import MaskedPixelsFigure, MaskedPixelSpot

MAX_SEED = 99_999
_SEEN = 1  # the panel that is brushed on


class MaskedPixelsPage(QWidget):
    """The image, what is seen of it, and the colours expected in between. A stroke on what is seen masks pixels.

    Signals
    -------
    changed()
        Other numbers are needed.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: MaskedPixelsFigure | None = None
        self._own: tuple[int, ...] = ()  # the user's masks; none: chosen by the seed
        self._stroke: dict[int, None] = {}
        self._last = 0
        controls = ControlBar(self)
        self._share = QDoubleSpinBox()
        self._share.setRange(1, 95)
        self._share.setDecimals(0)
        self._share.setSuffix(" %")
        self._share.setValue(15)
        self._seed = QSpinBox()
        self._seed.setRange(0, MAX_SEED)
        for box in (self._share, self._seed):
            box.setKeyboardTracking(False)
        controls.add_widget(labelled(self._share, "masked_pixels_share", self.tr("Masked")))
        controls.add_widget(labelled(self._seed, "masked_pixels_seed", self.tr("Seed")))
        self._next = controls.add_button("masked_pixels_next", self.tr("Next seed"), self.tr("Mask other pixels"))
        self._clear = controls.add_button(
            "masked_pixels_clear", self.tr("Drop my masks"), self.tr("Mask pixels by chance again")
        )
        self._caption = LineLabel(self.tr("What is shown"))
        self._canvas = BrushCanvas("masked_pixels_canvas", self.tr("Masked pixels"))
        self._empty = EmptyLabel("masked_pixels_empty")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._canvas)
        self._read_out = LineLabel(self.tr("Masked pixel pointed at"))
        fill_column(self, self._pages, controls, self._caption, self._pages, self._read_out)
        self.setFocusProxy(self._canvas)
        self._clear.setEnabled(False)

        self._share.valueChanged.connect(self._on_chance_changed)
        self._seed.valueChanged.connect(self._on_chance_changed)
        self._next.clicked.connect(self._on_next_clicked)
        self._clear.clicked.connect(self._on_chance_changed)
        self._canvas.stroke_begun.connect(self._on_canvas_stroke)
        self._canvas.stroke_moved.connect(self._on_canvas_stroke)
        self._canvas.stroke_ended.connect(self._on_canvas_stroke_ended)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What it wants to know."""
        if subject.input.image is None:
            return ()
        share, seed = self._share.value() / 100, self._seed.value()
        return (MaskedPixelsRequest(subject.checkpoint.checkpoint, subject.input, self._own, share, seed),)

    @property
    def figure(self) -> MaskedPixelsFigure | None:
        return self._figure

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._figure, self._own = None, ()
        self._pages.setCurrentWidget(self._empty)

    def show_result(self, result: MaskedPixelsResult, style: FigureStyle) -> None:
        """Show what came of a request."""
        self._figure = MaskedPixelsFigure(result)
        self._caption.show_text(self._figure.caption)
        self._pages.setCurrentWidget(self._canvas)
        self.restyle(style)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a image, which stays."""
        self._empty.setText(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)

    @Slot()
    def _on_chance_changed(self) -> None:
        self._own = ()
        self._clear.setEnabled(False)
        self.changed.emit()

    @Slot()
    def _on_next_clicked(self) -> None:
        self._seed.setValue((self._seed.value() + 1) % (MAX_SEED + 1))

    @Slot(object)
    def _on_canvas_stroke(self, spot: MaskedPixelSpot) -> None:
        if self._figure is not None and spot.panel == _SEEN:
            start = self._last if self._stroke else spot.pixel
            self._stroke |= dict.fromkeys(patches_between(start, spot.pixel, self._figure.result.grid))
            self._last = spot.pixel

    @Slot()
    def _on_canvas_stroke_ended(self) -> None:
        if not self._stroke or self._figure is None:
            return
        stroke, self._stroke = list(self._stroke), {}
        before = set(self._figure.result.masked.tolist())
        # Where a stroke begins on a masked pixel, it shows pixels again.
        after = before.difference(stroke) if stroke[0] in before else before.union(stroke)
        self._own = tuple(sorted(after))
        self._clear.setEnabled(True)
        self.changed.emit()

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: MaskedPixelSpot | None) -> None:
        text = self._figure.describe(spot.pixel) if self._figure is not None and spot is not None else ""
        self._read_out.show_text(text or self.tr("Brush the second image to mask pixels or to show them again."))
