"""One number of every token's state at every sub-layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.norms import QUANTITIES, STAGES, NormsResult
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.places import place_name
from widgets.figures.token_axis import label
from widgets.kit.clean import isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.norms.words import arrangement, norm_kind, numbers_of, outliers_text, step_title, step_words


@dataclass(frozen=True)
class NormsMapFigure(PanelFigure):
    """Rows are sub-layers from the first on, columns are tokens.

    Attributes
    ----------
    quantity, stage
        Names of `QUANTITIES` and `STAGES`.
    is_relative
        Whether every number is a multiple of the median token's.
    selected
        The token whose column is marked by a frame in the row of the selected layer; None for none.
    """

    result: NormsResult
    quantity: str = "norm"
    stage: str = "after"
    is_relative: bool = False
    selected: tuple[int, int] | None = None

    @property
    def caption(self) -> str:
        result = self.result
        of = _tr(", times that of the median {}").format(place_name(result.axis).one) if self._is_times else ""
        text = _tr("{}, {}{}; {}, {}; {}")
        return text.format(
            QUANTITIES[self.quantity], STAGES[self.stage].lower(), of, arrangement(result).lower(),
            norm_kind(result) or _tr("no norm"), outliers_text(result),
        )  # fmt: skip

    @property
    def _is_times(self) -> bool:
        """Means lie about 0: a multiple of one of them says nothing."""
        return self.is_relative and self.quantity != "mean"

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [sub-layer, token]."""
        values = self.result.values[self.quantity][:, list(STAGES).index(self.stage)]
        if not self._is_times:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):
            return values / np.median(values, 1, keepdims=True)

    @cached_property
    def _panel(self) -> HeatPanel:
        values = self.values
        finite = values[np.isfinite(values)]
        is_signed = bool(finite.size) and float(finite.min()) < 0
        scale = ColorScale.signed(values) if is_signed else ColorScale.from_zero(values)
        times = _tr(", times the median {}").format(place_name(self.result.axis).one) if self._is_times else ""
        title = f"{QUANTITIES[self.quantity]}: {STAGES[self.stage].lower()}{times}"
        if not finite.size:
            title = _tr("{}: no sub-layer of this model has that").format(title)
        return HeatPanel(
            values, scale, title, _tr("layer"), "", selected=self.selected,
            row_names=tuple(step_title(step) for step in self.result.sub_layers),
            column_names=tuple(label(word) for word in self.result.tokens.words), turns_names=True,
        )  # fmt: skip

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        return [(self._panel, rect)]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self.values.shape
        return QSizeF(min(14 + 1.5 * n_columns, 110) * em, min(max(8 + 1.4 * n_rows, 16), 70) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    def describe(self, cell: Cell) -> str:
        """A token's number at a sub-layer, with what is before and after it."""
        result, step = self.result, self.result.sub_layers[cell.row]
        word = isolated(result.tokens.words[cell.column])
        numbers = result.values[self.quantity][cell.row, :, cell.column]
        parts = [
            f"{title.lower()} {float(value):.4g}"
            for title, value in zip(STAGES.values(), numbers, strict=True)
            if np.isfinite(value)
        ]
        quantity = QUANTITIES[self.quantity].lower().replace("l2", "L2")
        return f"“{word}”, {step_words(step)}, {quantity}: {', '.join(parts)}"

    def numbers(self) -> Numbers:
        """All that was measured."""
        return numbers_of(self.result)


def _tr(text: str) -> str:
    return QCoreApplication.translate("NormsMap", text)
