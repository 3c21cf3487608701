"""What each place of a decoder attends to in the source, as a map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.translation import TranslationResult
from widgets.figures.heat_panel import HeatPanel
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.translation.alignment import panel
from widgets.views.translation.options import AlignmentOptions
from widgets.writing.attending import attending_title, weights_of
from widgets.writing.expected import words_of


def _tr(text: str) -> str:
    return QCoreApplication.translate("CrossAttentionFigure", text)


@dataclass(frozen=True)
class CrossAttentionFigure:
    """Rows are places of the target, columns tokens of the source."""

    result: TranslationResult
    options: AlignmentOptions
    layer: int = 0
    head: int = 0

    @cached_property
    def _panel(self) -> HeatPanel:
        weights = weights_of(self.result.pattern, self.options.attention, self.layer, self.head)
        title = _tr("Attention to the source")
        return panel(weights, self.result.written.tokens, self.result.source, 0, title, _tr("Target"))

    @property
    def caption(self) -> str:
        title = attending_title(self.result.pattern, self.options.attention, self.layer, self.head, _tr("the source"))
        return title[0].upper() + title[1:]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self._panel.values.shape
        return QSizeF((n_columns * 3.2 + 9) * em, (n_rows * 1.6 + 4.2) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        self._panel.paint(painter, rect, style)

    def numbers(self) -> Numbers:
        """A row a place of the target, a column a token of the source; in arrays all layers and heads."""
        source, target = words_of(self.result.source), words_of(self.result.written.tokens)
        rows: list[tuple[str | int | float, ...]] = [
            (place, str(target[place]), *map(float, row)) for place, row in enumerate(self._panel.values)
        ]
        arrays: dict[str, np.ndarray] = {"pattern": self.result.pattern, "source": source, "target": target}
        return Numbers(arrays, ("place", "token", *source.tolist()), rows)
