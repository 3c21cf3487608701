"""What a model attends to in its example while it learns: heads of a layer after some steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.training import TrainingResult, Validation
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_TOP = 1.6  # em for what the model says


def mirrored_share(pattern: np.ndarray) -> np.ndarray:
    """float [...] of [..., query_pos, key_pos]: attention on the mirrored letter, a mean over the letters.

    The last query writes the end and the last key is the end of the source: neither is a letter.
    """
    letters = pattern[..., :-1, :-1]
    n = min(letters.shape[-2:])
    place = np.arange(n)
    return letters[..., place, letters.shape[-1] - 1 - place].mean(-1)


@dataclass(frozen=True, eq=False)
class TrainingAttentionFigure(PanelFigure):
    """A map a head, rows are what is written, columns what is read. Of a reversed string it is an anti-diagonal.

    Attributes
    ----------
    number
        Which of the validations, from 0.
    layer
        Of the decoder, from 0.
    """

    name: str
    result: TrainingResult
    number: int
    layer: int

    @cached_property
    def looks(self) -> tuple[Validation, ...]:
        """Validations at which attention was looked at."""
        return tuple(one for one in self.result.validations if one.pattern.size)

    @property
    def now(self) -> Validation:
        """The one that is shown."""
        return self.looks[min(self.number, len(self.looks) - 1)]

    @property
    def caption(self) -> str:
        text = _tr("{} after {:,} steps: attention to the source in layer {} while “{}” is reversed")
        return text.format(clean(self.name), self.now.step, self.layer, clean(self.result.example))

    @cached_property
    def _maps(self) -> list[HeatPanel]:
        patterns = self.now.pattern[self.layer]
        shares = mirrored_share(patterns)
        rows, columns = (tuple(map(clean, names)) for names in (self.result.rows, self.result.columns))
        return [
            HeatPanel(
                pattern,
                ColorScale(0.0, 1.0, is_signed=False),
                _tr("Head {}: {:.0f} % mirrored").format(head, 100 * float(share)),
                "",
                "",
                row_names=rows,
                column_names=columns,
                turns_names=True,
            )
            for head, (pattern, share) in enumerate(zip(patterns, shares, strict=True))
        ]

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(0, _TOP * em, 0, 0)
        n, gap = len(self._maps), 0.8 * em
        even = [k for k in range(1, n + 1) if n % k == 0]
        n_columns = min(even, key=lambda k: abs(math.log(_shape(area, n, k))))
        n_rows = -(-n // n_columns)
        width, height = (area.width() + gap) / n_columns - gap, (area.height() + gap) / n_rows - gap
        return [
            (
                panel,
                QRectF(
                    area.left() + (i % n_columns) * (width + gap),
                    area.top() + (i // n_columns) * (height + gap),
                    width,
                    height,
                ),
            )
            for i, panel in enumerate(self._maps)
        ]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = (1.4 * max(len(self.result.rows), len(self.result.columns)) + 8) * em
        n_columns = math.ceil(math.sqrt(len(self._maps)))
        return QSizeF(n_columns * side * 1.1, -(-len(self._maps) // n_columns) * side + _TOP * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        painter.setPen(style.theme.ink)
        text = _tr("{} → {}   ({:.0f} % of all strings right)")
        said = clean(self.now.said) or _tr("(nothing)")
        line = text.format(clean(self.result.example), said, 100 * self.now.measure)
        painter.drawText(rect.topLeft() + QRectF(0, metrics.ascent(), 0, 0).topLeft(), line)
        painter.restore()
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    def describe(self, cell: Cell) -> str:
        """A number of a map in words."""
        panel = self._maps[cell.panel]
        text = _tr("Head {}, to write “{}” (place {}): {} of the attention on “{}” (place {})")
        value = short(float(panel.values[cell.row, cell.column]))
        row, column = panel.row_names[cell.row], panel.column_names[cell.column]
        return text.format(cell.panel, row, cell.row + 1, value, column, cell.column + 1)

    # As a film

    @property
    def film_steps(self) -> range:
        """All looks."""
        return range(len(self.looks))

    def film_frame(self, step: int) -> TrainingAttentionFigure:
        """The same at another look."""
        return replace(self, number=step)

    def numbers(self) -> Numbers:
        """A row a look and head; in arrays the patterns of all looks, layers and heads."""
        shares = np.stack([mirrored_share(one.pattern) for one in self.looks])
        rows: list[tuple[str | int | float, ...]] = [
            (one.step, layer, head, float(shares[i, layer, head]), one.loss, one.measure, clean(one.said))
            for i, one in enumerate(self.looks)
            for layer in range(shares.shape[1])
            for head in range(shares.shape[2])
        ]
        arrays = {
            "pattern": np.stack([one.pattern for one in self.looks]),
            "step": np.array([one.step for one in self.looks]),
            "mirrored": shares,
            "source": np.array([clean(token) for token in self.result.columns], np.str_),
            "target": np.array([clean(token) for token in self.result.rows], np.str_),
        }
        header = ("step", "layer", "head", "attention on the mirrored letter", "loss in nats", "right", "written")
        return Numbers(arrays, header, rows)


def _shape(area: QRectF, n: int, n_columns: int) -> float:
    return (area.width() / n_columns) / max(area.height() / -(-n // n_columns), 1.0) / 1.15


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingAttentionFigure", text)
