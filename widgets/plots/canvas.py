"""A figure with plots on screen. pyqtgraph is imported when such a canvas is first shown, never before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from widgets.kit.figure import Figure
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot, Shown
from widgets.plots.figure import Placed, PlottedFigure, next_spot
from widgets.plots.legend import Legend, named_series

if TYPE_CHECKING:
    from widgets.plots.plot_view import PlotView

_PAUSE = 15  # ms between two plots of a figure that grows, in which the one before is painted


class PlotCanvas(PointedCanvas):
    """Shows a figure whose plots are panned, zoomed and pointed at, and whose legend switches series on and off.

    What the figure has beside its plots is painted and pointed at as on any canvas.

    Signals
    -------
    spot_opened(spot)
        By a double click on a point.
    read_out_changed(str)
        What is pointed at, in words; empty where nothing is.
    shown_changed()
        `figure_now` would give another picture.
    """

    spot_opened = Signal(object)
    read_out_changed = Signal(str)
    shown_changed = Signal()

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(name, title, parent)
        self.views: list[PlotView] = []
        self._waiting: list[tuple[PlotView, Placed]] = []  # of a figure that grows, to be shown yet
        self._growth = QTimer(self, interval=_PAUSE)
        self._growth.timeout.connect(self._show_next)
        self.legend = Legend(self)
        self.legend.setObjectName(f"{name}_legend")
        self.legend.hide()
        self.legend.hidden_changed.connect(self._on_legend_hidden_changed)
        self.spot_changed.connect(self._on_spot_changed)

    # Data in

    def show_figure(self, figure: Figure, style: FigureStyle) -> None:
        assert isinstance(figure, PlottedFigure)
        super().show_figure(figure, style)  # type: ignore[arg-type]
        self._show_plots()

    def grow(self, figure: Figure, style: FigureStyle) -> None:
        """Show the same figure with more numbers: one plot after the other, as all at once would hold the window up."""
        assert isinstance(figure, PlottedFigure)
        old = self._plotted()
        if old is None or len(old.plots) != len(figure.plots) or not (self.views and self.isVisible()):
            self.show_figure(figure, style)
            return
        super().show_figure(figure, style)  # type: ignore[arg-type]
        self.legend.show_series(named_series(figure.plots), figure.legend_title, style)
        self._arrange()
        self._waiting = list(zip(self.views, figure.placed(self.figure_rect(), style), strict=True))
        self._growth.start()  # making the figure was work enough for now

    def _show_next(self) -> None:
        if self._waiting:
            self._show_plot(*self._waiting.pop(0))
        if not self._waiting:
            self._growth.stop()

    def restyle(self, style: FigureStyle) -> None:
        super().restyle(style)
        self._show_plots()

    @property
    def shown(self) -> Shown:
        """What the user looks at."""
        zooms = tuple(view.zoom for view in self.views)
        return Shown(zooms if any(zooms) else (), self.legend.hidden)

    def figure_now(self) -> Any:
        """The figure as it is looked at, for files; None where nothing is shown."""
        return None if self.figure is None else replace(self.figure, shown=self.shown)  # type: ignore[type-var]

    # Plots

    def _plotted(self) -> PlottedFigure | None:
        return self.figure if isinstance(self.figure, PlottedFigure) else None

    def _show_plots(self) -> None:
        """Give each plot of the figure its view, where it is painted in files, too."""
        figure = self._plotted()
        if figure is None or not self.isVisible():
            return
        rect, style = self.figure_rect(), self.style_now
        self.legend.show_series(named_series(figure.plots), figure.legend_title, style)
        placed = figure.placed(rect, style)
        self._have_views(len(placed))
        self._arrange()
        # Tab goes to the plots; to the canvas itself only where it has something to point at.
        is_pointed = type(figure).spot_at is not PlottedFigure.spot_at
        self.setFocusProxy(None if is_pointed or not self.views else self.views[0])  # type: ignore[arg-type]
        self._waiting = []
        for view, plot in zip(self.views, placed, strict=True):
            self._show_plot(view, plot)

    def _show_plot(self, view: PlotView, plot: Placed) -> None:
        view.setAccessibleName(plot.plot.title or self.accessibleName())
        view.show_plot(plot.plot, self.style_now, self.legend.hidden, _sides(plot.sides, plot.rect))

    def _have_views(self, n: int) -> None:
        from widgets.plots.plot_view import PlotView

        while len(self.views) > n:
            view = self.views.pop()
            view.hide()  # it goes when events are next handled, and may be painted once more until then
            view.deleteLater()
        while len(self.views) < n:
            view = PlotView(self)
            view.setObjectName(f"{self.objectName()}_{len(self.views)}")
            view.pointed.connect(self._on_view_pointed)
            view.chosen.connect(self._on_view_chosen)
            view.opened.connect(self._on_view_opened)
            view.step_requested.connect(self._on_view_step_requested)
            view.zoom_changed.connect(self.shown_changed)
            view.show()
            self.views.append(view)

    def _arrange(self) -> None:
        figure = self._plotted()
        if figure is None or not self.views:
            return
        rect, style = self.figure_rect(), self.style_now
        box = figure.legend_rect(rect, style)
        self.legend.setGeometry(box.toAlignedRect())
        self.legend.setVisible(not box.isEmpty())
        for view, plot in zip(self.views, figure.placed(rect, style), strict=False):
            view.setGeometry(plot.rect.toAlignedRect())

    def paint_figure(self, painter: QPainter, figure: Figure) -> None:
        if self.views and isinstance(figure, PlottedFigure):
            figure.paint_around(painter, self.figure_rect(), self.style_now)
        else:
            super().paint_figure(painter, figure)  # type: ignore[arg-type]

    def paint_over(self, painter: QPainter, figure: Any) -> None:
        if not isinstance(self.spot, PlotSpot):
            super().paint_over(painter, figure)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_plots()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_plots()

    # What is pointed at

    def _sender_number(self) -> int:
        return next(number for number, view in enumerate(self.views) if view is self.sender())

    def _on_view_pointed(self, spot: tuple[int, int] | None) -> None:
        self._point_at(None if spot is None else PlotSpot(self._sender_number(), *spot))

    def _on_view_chosen(self, spot: tuple[int, int]) -> None:
        self.spot_chosen.emit(PlotSpot(self._sender_number(), *spot))

    def _on_view_opened(self, spot: tuple[int, int]) -> None:
        self.spot_opened.emit(PlotSpot(self._sender_number(), *spot))

    def _on_view_step_requested(self, right: int, down: int) -> None:
        frames = [view.frame for view in self.views if view.frame is not None]
        self._point_at(next_spot(frames, self.shown, self.spot, right, down))

    def _on_spot_changed(self, spot: object | None) -> None:
        figure = self._plotted()
        for number, view in enumerate(self.views):
            if isinstance(spot, PlotSpot) and spot.plot == number and figure is not None:
                view.show_spot((spot.series, spot.point), figure.label(figure.plots[number], spot))
            else:
                view.show_spot(None)
        text = figure.describe(spot) if figure is not None and spot is not None else ""
        self.read_out_changed.emit(text)

    def _on_legend_hidden_changed(self) -> None:
        for view in self.views:
            view.show_hidden(self.legend.hidden)
        spot = self.spot
        if isinstance(spot, PlotSpot) and not self._is_shown(spot):
            self._point_at(None)
        self.shown_changed.emit()

    def _is_shown(self, spot: PlotSpot) -> bool:
        frame = self.views[spot.plot].frame
        return frame is not None and frame.has(spot.series, spot.point, self.legend.hidden)


def _sides(sides: tuple[float, float] | None, rect: QRectF) -> tuple[float, float] | None:
    """Counted from the plot's own corner, which stands on a whole pixel."""
    left = rect.toAlignedRect().left()
    return None if sides is None else (sides[0] - left, sides[1] - left)
