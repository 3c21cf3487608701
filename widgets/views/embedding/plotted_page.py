"""What the pages with plots of word vectors have in common."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, QSize, Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from widgets.kit.layouts import labelled
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas


class CaptionedFigure(Protocol):
    """A plotted figure with a caption."""

    @property
    def caption(self) -> str: ...


class PlottedPage(Page):
    """A figure with plots, its caption, and a line that says what is pointed at, or else notes or what can be done.

    Signals
    -------
    changed()
        Other things are to be asked.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, name: str, title: str, hint: str, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas(f"{name}_canvas", title)
        super().__init__(name, canvas, _tr("What is shown"), _tr("What is pointed at"), parent)
        self.plot_canvas = canvas
        self._hint, self._notes = hint, ()
        self._shown: CaptionedFigure | None = None
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)

    def show_plots(self, figure: CaptionedFigure, style: FigureStyle, notes: tuple[str, ...] = ()) -> None:
        """Show another figure."""
        self._shown, self._notes = figure, notes
        self.veil.lift()
        self.caption.show_text(figure.caption)
        self.show_canvas()
        self.restyle(style)
        self.figure_changed.emit()

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._shown is not None:
            self.plot_canvas.show_figure(self._shown, style)  # type: ignore[arg-type]
            self._on_canvas_read_out_changed("")

    def figure_now(self) -> Any | None:
        """The figure as it is looked at; None where nothing is shown."""
        return None if self._shown is None or self.is_empty else self.plot_canvas.figure_now()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self._shown is None:
            self.show_empty(sentence)

    def _on_canvas_read_out_changed(self, text: str) -> None:
        if self.veil.is_dimmed:
            self.clear_numbers()
        else:
            self.read_out.show_text(text or " ".join(self._notes) or self._hint)


class _WordField(QLineEdit):
    """As wide as a number of letters, in letters of any size."""

    def __init__(self, text: str, width: int) -> None:
        super().__init__(text)
        self._width = width
        self.setClearButtonEnabled(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.home(False)

    def sizeHint(self) -> QSize:
        return QSize(self._width * self.fontMetrics().height(), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def word_field(
    page: Page, name: str, title: str, tip: str, text: str = "", width: int = 9
) -> tuple[QLineEdit, QWidget]:
    """A field for words in the controls of a page, `width` em wide; and both with its title, to hide them."""
    field = _WordField(text, width)
    field.setPlaceholderText(tip)
    pair = labelled(field, name, title)
    page.controls.add_widget(pair)
    return field, pair


def _tr(text: str) -> str:
    return QCoreApplication.translate("PlottedPage", text)
