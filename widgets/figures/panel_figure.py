"""Figures made of heat maps: what the pointer and the arrow keys meet on them."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from widgets.figures.heat_panel import HeatPanel
from widgets.look.theme import FigureStyle


class Cell(NamedTuple):
    """A cell of one of a figure's panels, rows and columns counted from 0."""

    panel: int
    row: int
    column: int


class PanelFigure:
    """Finds, frames and steps through cells; a subclass says where its panels are."""

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        """The heat maps, and where they are painted."""
        raise NotImplementedError

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell under a point."""
        for number, (panel, area) in enumerate(self.panels(rect, style)):
            place = panel.cell_at(point, area, style)
            if place is not None:
                return Cell(number, *place)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a cell; there is none of another kind of figure."""
        if not isinstance(spot, Cell):
            return False
        panels = self.panels(rect, style)
        if spot.panel >= len(panels):
            return False
        n_rows, n_columns = panels[spot.panel][0].values.shape
        return spot.row < n_rows and spot.column < n_columns

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Cell) -> None:
        """Frame the cell that is pointed at."""
        panel, area = self.panels(rect, style)[spot.panel]
        panel.paint_pointed(painter, area, style, (spot.row, spot.column))

    def step(self, spot: Cell | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell beside; across the edge of a panel into the next one."""
        panels = self.panels(rect, style)
        if spot is None:
            return Cell(0, 0, 0)
        number, row, column = spot.panel, spot.row + down, spot.column + right
        n_columns = panels[number][0].values.shape[1]
        if column >= n_columns and number + 1 < len(panels):
            number, column = number + 1, 0
        elif column < 0 and number > 0:
            number -= 1
            column = panels[number][0].values.shape[1] - 1
        n_rows, n_columns = panels[number][0].values.shape
        return Cell(number, min(max(row, 0), n_rows - 1), min(max(column, 0), n_columns - 1))
