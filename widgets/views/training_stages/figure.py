"""A sentence at every stage of a training: maps of the attention to the source, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.training_stages import TrainingStage, TrainingStagesResult
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.lettering import fitted
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.training_stages.options import TrainingStagesOptions

_LEAST_WIDTH = 15.0  # of a map, in em
_BELOW = 2.5  # of the lines under a map, in em
_LEAST_LETTERS = 0.75  # of the usual size, so that a translation is whole


@dataclass(frozen=True)
class TrainingStagesFigure(PanelFigure):
    """A map a stage, rows the given translation and columns the source; below it the stage's own translation.

    Attributes
    ----------
    layer, head
        What is selected, counted from 0.
    """

    result: TrainingStagesResult
    options: TrainingStagesOptions
    layer: int = 0
    head: int = 0

    @cached_property
    def shown(self) -> tuple[int, int | None]:
        """Layer and head of the maps; None for the mean of the layer's heads."""
        if self.options.attention == "diagonal":
            last = self.result.stages[-1].on_diagonal
            layer, head = np.unravel_index(int(last.argmax()), last.shape)
            return int(layer), int(head)
        return self.layer, self.head if self.options.attention == "head" else None

    @property
    def caption(self) -> str:
        layer, head = self.shown
        which = _tr("mean of the heads") if head is None else _tr("head {}").format(head)
        text = _tr("Layer {}, {} along training, while “{}” is written for “{}”")
        return text.format(layer, which, clean(self.result.target), clean(self.result.sentences[self.result.sentence]))

    def _of_head(self, numbers: np.ndarray) -> np.ndarray:
        """[layer, head, ...] of what is shown."""
        layer, head = self.shown
        return numbers[layer].mean(0) if head is None else numbers[layer, head]

    @cached_property
    def _maps(self) -> list[HeatPanel]:
        columns, rows = (
            tuple(clean(token) for token in tokens) for tokens in (self.result.source_tokens, self.result.target_tokens)
        )
        return [
            HeatPanel(
                self._of_head(pattern),
                ColorScale(0.0, 1.0, is_signed=False),
                self._title(stage),
                "",
                "",
                row_names=rows,
                column_names=columns,
                turns_names=True,
            )
            for stage, pattern in zip(self.result.stages, self.result.pattern, strict=True)
        ]

    def _title(self, stage: TrainingStage) -> str:
        step = _tr("Step {:,}").format(stage.step) if stage.step else _tr("Before training")
        near = short(100 * float(self._of_head(stage.on_diagonal)), 2)
        return _tr("{} · {} % diagonal").format(step, near)

    def _n_columns(self, width: float, style: FigureStyle) -> int:
        """So many maps beside each other that rows are equally full."""
        n, em = len(self.result.stages), QFontMetricsF(style.font).height()
        most = min(n, max(1, int(width / (_LEAST_WIDTH * em))), 3 if n > 4 else n)
        return -(-n // -(-n // most))

    def _areas(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        n, n_columns = len(self.result.stages), self._n_columns(rect.width(), style)
        n_rows = -(-n // n_columns)
        em = QFontMetricsF(style.font).height()
        gap = 0.8 * em
        width, height = ((rect.width() + gap) / n_columns - gap, (rect.height() + gap) / n_rows - gap)
        places = (divmod(i, n_columns) for i in range(n))
        return [
            QRectF(rect.left() + column * (width + gap), rect.top() + row * (height + gap), width, height)
            for row, column in places
        ]

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        below = _BELOW * QFontMetricsF(style.font).height()
        areas = self._areas(rect, style)
        return [(panel, area.adjusted(0, 0, 0, -below)) for panel, area in zip(self._maps, areas, strict=True)]

    def describe(self, cell: Cell) -> str:
        """A number of a map in words."""
        stage, panel = self.result.stages[cell.panel], self._maps[cell.panel]
        text = _tr("After {}, to write “{}”: {} of the attention on “{}”")
        value = short(float(panel.values[cell.row, cell.column]))
        return text.format(
            number_of(stage.step, "steps"), panel.row_names[cell.row], value, panel.column_names[cell.column]
        )

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Below this tokens cannot be told apart."""
        em = QFontMetricsF(style.font).height()
        n_rows = -(-len(self.result.stages) // self._n_columns(width, style))
        return QSizeF(0, n_rows * (len(self.result.target_tokens) * 1.1 + 5.2 + _BELOW) * em)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_columns = min(3, len(self.result.stages))
        width = max(_LEAST_WIDTH, len(self.result.source_tokens) * 2.6 + 9) * em * n_columns
        return QSizeF(width, 1.2 * self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        for i, (panel, area) in enumerate(self.panels(rect, style)):
            panel.paint(painter, area, style)
            stage = self.result.stages[i]
            plot = panel.plot(area, style)
            numbers = _tr("BLEU {:.1f} · loss {:.2f}").format(stage.bleu, stage.loss)
            said = clean(stage.translation) or _tr("(nothing)")
            painter.save()
            lines = ((f"→ {said}", style.theme.ink), (numbers, style.theme.faint))
            for line, (text, ink) in enumerate(lines):
                painter.setPen(ink)
                # Beneath the map, or as far to the left and as small as it takes to say it all.
                painter.setFont(fitted(style.font, text, area.width(), _LEAST_LETTERS))
                letters = QFontMetricsF(painter.font())
                if letters.horizontalAdvance(text) > area.width():
                    painter.setFont(style.font)
                    letters = metrics
                left = max(area.left(), min(plot.left(), area.right() - letters.horizontalAdvance(text)))
                place = QPointF(left, area.bottom() + (_BELOW + 1.25 * (line - 1) - 0.5) * em)
                painter.drawText(place, letters.elidedText(text, Qt.TextElideMode.ElideRight, area.width()))
            painter.restore()

    def numbers(self) -> Numbers:
        """A row a stage; in arrays all layers and heads."""
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (stage.step, stage.loss, stage.bleu, float(self._of_head(stage.on_diagonal)), clean(stage.translation))
            for stage in result.stages
        ]
        arrays = {
            "pattern": result.pattern,
            "step": np.array([stage.step for stage in result.stages]),
            "loss": np.array([stage.loss for stage in result.stages]),
            "bleu": np.array([stage.bleu for stage in result.stages]),
            "on_diagonal": np.stack([stage.on_diagonal for stage in result.stages]),
            "translation": np.array([clean(stage.translation) for stage in result.stages], np.str_),
            "source": np.array([clean(token) for token in result.source_tokens], np.str_),
            "target": np.array([clean(token) for token in result.target_tokens], np.str_),
        }
        return Numbers(arrays, ("step", "loss in nats", "BLEU", "share near the diagonal", "translation"), rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingStagesFigure", text)
