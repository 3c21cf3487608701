"""The linear probe: measured when it is asked for."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSpinBox, QStackedWidget, QWidget

from inference.results.probe import ProbeRequest, ProbeResult
from inference.results.request import Request
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import EmptyLabel, LineLabel
from widgets.kit.layouts import fill_column, labelled
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.subject import Subject
from widgets.views.complete_image.probe import ProbeFigure


class ProbePage(QWidget):
    """Accuracy of a linear classifier on each layer's features; the button measures it, layer by layer.

    Signals
    -------
    changed()
        It is to be measured.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: ProbeFigure | None = None
        self._wanted: tuple[int, int, int] | None = None
        controls = ControlBar(self)
        self._train, self._test, self._seed = QSpinBox(), QSpinBox(), QSpinBox()
        for box, name, title, low, high, value in (
            (self._train, "train", self.tr("Pictures to learn"), 100, 10_000, 1_200),
            (self._test, "test", self.tr("to test"), 50, 5_000, 400),
            (self._seed, "seed", self.tr("Seed"), 0, 99_999, 0),
        ):
            box.setRange(low, high)
            box.setSingleStep(100 if low else 1)
            box.setValue(value)
            controls.add_widget(labelled(box, f"probe_{name}", title))
        self._measure = controls.add_button(
            "probe_measure", self.tr("Measure"), self.tr("Make pictures, read features, and learn; takes a while")
        )
        self._caption = LineLabel(self.tr("What is shown"))
        self._canvas = PlotCanvas("probe_canvas", self.tr("Accuracy by layer"))
        self._empty = EmptyLabel("probe_empty")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._canvas)
        self._read_out = LineLabel(self.tr("What is pointed at"))
        self._read_out.setObjectName("probe_read_out")
        fill_column(self, self._pages, controls, self._caption, self._pages, self._read_out)
        self.setFocusProxy(self._measure)
        self.forget()
        self._measure.clicked.connect(self._on_measure_clicked)
        self._canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self._canvas.shown_changed.connect(self.figure_changed)

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What is to be measured; nothing before the button was pressed."""
        return () if self._wanted is None else (ProbeRequest(subject.checkpoint.checkpoint, *self._wanted),)

    @property
    def figure(self) -> ProbeFigure | None:
        return None if self._figure is None else self._canvas.figure_now()

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._figure = self._wanted = None
        self._pages.setCurrentWidget(self._empty)
        self._caption.hide()
        self._read_out.hide()
        self._empty.setText(
            self.tr(
                "How much of what is in a picture can be read from each layer by a linear classifier? "
                "Press Measure: it learns on generated pictures, and is tested on others."
            )
        )

    def show_result(self, result: ProbeResult, style: FigureStyle) -> None:
        """Show the layers so far."""
        self._figure = ProbeFigure(result)
        self._caption.show_text(self._figure.caption)
        self._caption.show()
        self._read_out.show()
        self._pages.setCurrentWidget(self._canvas)
        self.restyle(style)
        self.figure_changed.emit()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        self._empty.setText(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)
            self._on_canvas_read_out_changed("")

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self._read_out.show_text(text or self.tr("Point at a layer to see its number; drag or wheel to pan and zoom."))

    @Slot()
    def _on_measure_clicked(self) -> None:
        self._wanted = (self._train.value(), self._test.value(), self._seed.value())
        if self._figure is None:
            self._empty.setText(self.tr("Making pictures and reading features …"))
        self.changed.emit()
