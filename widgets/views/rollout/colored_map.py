"""The cells of one map of the rollout, and what their colours stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QPainter

from widgets.figures.color_bar import ColorBar, bright_end
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.views.rollout.options import RolloutOptions

_MOST_EMBEDDED = 4 * raster.EMBEDDED  # pixels of a row in a vector file


@dataclass(frozen=True, eq=False)
class ColoredMap:
    """Numbers as colours.

    Attributes
    ----------
    values
        float32 [row, key_pos], what the colours stand for; NaN where a query's own place is left out.
    """

    values: np.ndarray
    bar: ColorBar

    @staticmethod
    def of(table: np.ndarray, own: list[int] | int, options: RolloutOptions, name: str) -> ColoredMap:
        """`table` float32 [row, key_pos] as the options want it; `own` is the own place of each row, or of all."""
        others = table.copy()
        others[np.arange(len(table)), own] = np.nan
        values = others if options.hide_own else table
        scale: raster.RasterScale = "log" if options.scale == "log" else "raw"
        if options.scale == "row":
            highest = np.fmax.reduce(values, axis=-1, keepdims=True, initial=0.0)
            values, name = values / np.where(highest > 0, highest, 1), _tr("share of row maximum")
        largest = float(np.fmax.reduce(values, axis=None, initial=0.0)) or 1.0
        # Half of a rollout and more is a query's own: beside that all else would be dark.
        high = bright_end(values, others) if options.scale == "raw" else largest
        missing = _tr("own place") if options.hide_own else _tr("no value")
        missing = missing if np.isnan(values).any() else ""
        return ColoredMap(values, ColorBar(high, scale, name, missing, is_clipped=largest > high))

    @property
    def beyond(self) -> str:
        """Up to which number the last colour goes, for a caption; empty where only the largest has it."""
        if not self.bar.is_clipped:
            return ""
        largest = float(np.fmax.reduce(self.values, axis=None))
        return _tr("{} up to {:.3g}").format(self.bar.title, largest)

    def paint(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """Paint the cells; the bar is beside them."""
        values = self.values
        n_rows, n_keys = values.shape
        height, width = raster.pixels_in(painter, plot, values.shape)
        if raster.is_vector(painter):
            width = min(width, _MOST_EMBEDDED)
        # Fewer numbers first: the maximum of those that meet in a pixel.
        cells = raster.resample(values, min(height, n_rows), min(width, n_keys))
        colors = raster.pixels(cells, style.color_map, style.theme.missing, high=self.bar.high, scale=self.bar.scale)
        painter.save()
        raster.paint_cells(painter, plot, colors, height, width)
        painter.restore()


def _tr(text: str) -> str:
    return QCoreApplication.translate("RolloutFigure", text)
