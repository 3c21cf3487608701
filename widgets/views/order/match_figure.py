"""Which frame each sentence belongs to, when both are read alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.order import OrderResult
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_frame, paint_image
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.order.options import OrderOptions
from widgets.views.order.truth import all_numbers

_LEAST_ABOVE, _MOST_ABOVE, _ABOVE_SHARE = 5.0, 12.0, 0.3  # em of the images, and of the height


def _tr(text: str) -> str:
    return QCoreApplication.translate("MatchFigure", text)


@dataclass(frozen=True)
class MatchFigure(PanelFigure):
    """A matrix of sentences and frames; what belongs together is framed."""

    result: OrderResult
    options: OrderOptions = field(default_factory=OrderOptions)

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [sentence, frame]."""
        cosines = self.result.cosines
        if self.options.numbers == "cosine":
            return cosines
        axis = 1 if self.options.numbers == "sentence" else 0
        scaled = cosines / self.options.temperature
        weights = np.exp(scaled - scaled.max(axis, keepdims=True))
        return (weights / weights.sum(axis, keepdims=True)).astype(np.float32)

    @property
    def truth(self) -> tuple[tuple[int, int], ...]:
        """Sentence and place of what belongs together."""
        return tuple((frame, place) for place, frame in enumerate(self.result.order))

    @property
    def n_right(self) -> int:
        """How many sentences, or frames, have their largest number where it belongs."""
        by_frame = self.options.numbers == "frame"
        picked = self.values.argmax(0 if by_frame else 1)
        return sum(int(picked[place] == row if by_frame else picked[row] == place) for row, place in self.truth)

    @property
    def caption(self) -> str:
        n = len(self.result.order)
        if self.options.numbers == "cosine":
            text = _tr("Sentences and frames, each read alone: cosines; {} of {} sentences are nearest to their frame")
            return text.format(self.n_right, n)
        text = (
            _tr("Which frame does a sentence pick? Read alone: softmax of cosines / {:.2f} (training {:.2f}); "
                "{} of {} right")
            if self.options.numbers == "sentence"
            else _tr("Which sentence does a frame pick? Read alone: softmax of cosines / {:.2f} (training {:.2f}); "
                     "{} of {} right")
        )  # fmt: skip
        return text.format(self.options.temperature, self.result.temperature, self.n_right, n)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = len(self.result.order)
        return QSizeF((24 + 7 * n) * em, (_LEAST_ABOVE + 4 + 3 * n) * em)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Rows of one line below the frames."""
        return QSizeF(0, (_LEAST_ABOVE + 4.5 + 1.5 * len(self.result.order)) * QFontMetricsF(style.font).height())

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        room = min(0.4 * rect.width(), 24 * em)
        above = max(_LEAST_ABOVE, min(_ABOVE_SHARE * rect.height() / em, _MOST_ABOVE))
        names = map(clean, self.result.sentences)
        is_signed = self.options.numbers == "cosine"
        panel = HeatPanel(
            self.values,
            ColorScale.signed(self.values, 1.0) if is_signed else ColorScale(0.0, 1.0, False),
            "",
            _tr("sentence"),
            _tr("frame"),
            value_format=".2f",
            row_names=tuple(metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) for name in names),
            column_names=tuple(_tr("frame {}").format(number) for number in self.result.frames),
            lines_above=above,
        )
        width = min(rect.width(), room + (8 + 12 * len(self.result.order)) * em)
        height = min(rect.height(), (above + 4 + 6 * len(self.result.order)) * em)
        return [(panel, QRectF(rect.left(), rect.top(), width, height))]

    def describe(self, cell: Cell) -> str:
        """The numbers of a cell."""
        result = self.result
        text = _tr("“{}” and frame {}: {:.3f}, cosine {:.4f}")
        text = text.format(
            clean(result.sentences[cell.row]), result.frames[cell.column],
            float(self.values[cell.row, cell.column]), float(result.cosines[cell.row, cell.column]),
        )  # fmt: skip
        return _tr("{} · they belong together").format(text) if (cell.row, cell.column) in self.truth else text

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        ((panel, area),) = self.panels(rect, style)
        panel.paint(painter, area, style)
        plot = panel.plot(area, style)
        em = QFontMetricsF(style.font).height()
        painter.save()
        height, width = self.result.seen.shape[1:3]
        for place, image in enumerate(self.result.seen):
            cell = panel.cell_rect(0, place, plot)
            above = QRectF(cell.left(), area.top() + 0.2 * em, cell.width(), plot.top() - area.top() - 0.5 * em)
            box = letterbox(height, width, above.adjusted(0.2 * em, 0, -0.2 * em, 0))
            paint_image(painter, image, box)
            paint_border(painter, box, style)
        for row, place in self.truth:
            box = panel.cell_rect(row, place, plot).adjusted(2, 2, -2, -2)
            paint_frame(painter, box, style.theme.series[2])
        painter.restore()

    def numbers(self) -> Numbers:
        result = self.result
        arrays = all_numbers(result) | {
            "values": self.values,
            "values_axes": np.array(["sentence", "place"]),
        }
        rows: list[tuple[str | int | float, ...]] = [
            (row, result.sentences[row], result.frames[place], float(result.cosines[row, place]), float(value))
            for row, values in enumerate(self.values)
            for place, value in enumerate(values)
        ]
        return Numbers(arrays, ("sentence", "text", "frame", "cosine", self.options.numbers), rows)
