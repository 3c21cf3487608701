"""The sinusoidal position encoding of 2017, as heat map and as curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.heat_panel import MINUS, ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Points, Series, Shown
from widgets.plots.figure import Placed, PlottedFigure
from widgets.views.positions import encoding as sinusoids

_CURVE_SAMPLES = 1024
_MANY_WAVES = 40
_FEW = 128  # positions whose dots have room
_MAP_AROUND, _CURVES_AROUND = 4.1, 5.0  # em of height that titles, legend and axes of the two take
_MAP_SHARE = 0.56  # of the rest
_ROOM = 1.15  # of the upright axis, so that dots at 1 are whole


def _tr(text: str) -> str:
    return QCoreApplication.translate("SinusoidsFigure", text)


@dataclass(frozen=True)
class SinusoidsFigure(PanelFigure, PlottedFigure):
    """Positions run to the right in the heat map and in the curves beneath, on one scale.

    Attributes
    ----------
    d_model
        Number of dimensions, even.
    length
        Number of positions.
    pair
        The pair of dimensions 2i and 2i + 1 that is framed and drawn as curves.
    """

    d_model: int = 128
    length: int = 64
    pair: int = 0
    shown: Shown = ALL_SHOWN

    @property
    def table(self) -> np.ndarray:
        """float32 [position, dimension]."""
        return sinusoids.encoding(self.d_model, self.length)

    @property
    def caption(self) -> str:
        text = _tr(
            "Sinusoidal position encoding (Vaswani et al. 2017): {} dimensions, {} positions; below, pair i = {}"
        )
        return text.format(self.d_model, self.length, self.pair)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(50 * em, 32 * em)

    def numbers(self) -> Numbers:
        header = ("position", *(f"dimension {dimension}" for dimension in range(self.d_model)))
        rows: list[tuple[str | int | float, ...]] = [
            (position, *values) for position, values in enumerate(self.table.tolist())
        ]
        return Numbers({"table": self.table}, header, rows)

    # The heat map

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        # What titles and axes leave of the height is shared out, so that the curves have theirs in a short window, too.
        em = QFontMetricsF(style.font).height()
        height = _MAP_AROUND * em + _MAP_SHARE * max(rect.height() - (_MAP_AROUND + _CURVES_AROUND) * em, 0.0)
        return [(self._panel, QRectF(rect.left(), rect.top(), rect.width(), height))]

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    @cached_property
    def _panel(self) -> HeatPanel:
        return HeatPanel(
            self.table.T,
            ColorScale(-1.0, 1.0, is_signed=True),
            "PE(pos, 2i) = sin(pos / 10000^(2i/d_model)),  PE(pos, 2i+1) = cos(…)",
            _tr("Dimension"),
            _tr("Position"),
            band=(2 * self.pair, 2 * self.pair + 1),
        )

    # The curves

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        _, area = self.panels(rect, style)[0]
        top = area.bottom() + 0.4 * QFontMetricsF(style.font).height()
        return QRectF(rect.left(), top, rect.width(), max(rect.bottom() - top, 0.0))

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """Position beneath position."""
        panel, area = self.panels(rect, style)[0]
        cells = panel.plot(area, style)
        return [Placed(plot, box, (cells.left(), cells.right())) for plot, box, _ in super().placed(rect, style)]

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        step = max(1 / 16, self.length / _CURVE_SAMPLES)
        between, positions = np.arange(0, self.length - 1 + step / 2, step), np.arange(self.length, dtype=float)
        rate = sinusoids.rates(self.d_model)[self.pair]
        is_dense = self.length / sinusoids.wavelength(self.d_model, self.pair) > _MANY_WAVES
        series: list[Series] = []
        # Told apart by strength, too; both as fine as can be where waves stand close.
        for odd, (function, wave, width) in enumerate((("sin", np.sin, 2.6), ("cos", np.cos, 1.4))):
            name = f"PE(pos, {2 * self.pair + odd}) = {function}(pos / {short(1 / rate, 5)})"
            values = self.table[:, 2 * self.pair + odd].astype(float)
            width = 1.0 if is_dense else width
            series.append(Curve(name, between, wave(between * rate), odd, width=width, is_guide=True))
            # The positions themselves: the curve between them is only meant.
            series.append(Points(name, positions, values, odd, size=0.46 if self.length <= _FEW else 0.16))
        x, y = Axis(low=-0.5, high=self.length - 0.5), Axis(low=-_ROOM, high=_ROOM)
        return (Plot(tuple(series), x, y, subtitle=_tr("wavelength {} positions").format(self._wavelength())),)

    # Under the pointer

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        kind = PlottedFigure if isinstance(spot, PlotSpot) else PanelFigure
        return kind.has_spot(self, spot, rect, style)

    def describe(self, spot: Cell | PlotSpot) -> str:
        """How the number of a cell or of a point comes about."""
        if isinstance(spot, PlotSpot):
            dimension, position = 2 * self.pair + spot.series // 2, spot.point
        else:
            dimension, position = spot.row, spot.column
        function = "sin" if dimension % 2 == 0 else "cos"
        angle = sinusoids.angle(self.d_model, position, dimension)
        value = self.table[position, dimension]
        text = f"PE({position}, {dimension}) = {function}({position} / 10000^({dimension // 2 * 2}/{self.d_model}))"
        return f"{text} = {function}({angle:.6g}) = {value:.6f}".replace("-", MINUS)

    def _wavelength(self) -> str:
        return f"{sinusoids.wavelength(self.d_model, self.pair):,.1f}"
