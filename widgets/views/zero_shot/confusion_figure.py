"""Which labels were told for which: zero-shot, and by a linear probe."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.zero_shot import ZeroShotTestResult, accuracy
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.zero_shot.options import ZeroShotTestOptions


def _tr(text: str) -> str:
    return QCoreApplication.translate("ZeroShotTestFigure", text)


@dataclass(frozen=True)
class ZeroShotTestFigure(PanelFigure):
    """Two confusion matrices of the same images, side by side: rows are true labels, columns what was told.

    Attributes
    ----------
    folder
        Its name; empty for generated portraits.
    """

    result: ZeroShotTestResult
    folder: str = ""
    options: ZeroShotTestOptions = field(default_factory=ZeroShotTestOptions)

    @property
    def confusions(self) -> list[tuple[str, np.ndarray]]:
        """What is shown, with a title; without a probe one only."""
        result = self.result
        shown = [(_tr("Zero-shot"), result.zero_shot)]
        if result.probe.size:
            shown.append((_tr("Linear probe, learned from {:,} images").format(result.n_train), result.probe))
        return shown

    @property
    def caption(self) -> str:
        result = self.result
        of = _tr("images of {}").format(isolated(self.folder)) if self.folder else _tr("generated portraits")
        text = _tr(
            "Right labels of {:,} {}: zero-shot {:.1f} %{}; the most frequent label {:.1f} %. Columns: what was told"
        )
        probe = ""
        if result.probe.size:
            probe = _tr(", linear probe on the same vectors {:.1f} %").format(100 * accuracy(result.probe))
        return text.format(result.n_test, of, 100 * accuracy(result.zero_shot), probe, 100 * result.chance)

    def describe(self, cell: Cell) -> str:
        """One cell in words."""
        title, confusion = self.confusions[cell.panel]
        true, told = (isolated(self.result.labels[i]) for i in (cell.row, cell.column))
        n = int(confusion[cell.row].sum())
        text = _tr("{}: of {} of “{}”, {} told “{}”")
        return text.format(
            title.partition(",")[0], number_of(n, "images"), true, int(confusion[cell.row, cell.column]), told
        )

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        shown = self.confusions
        em = QFontMetricsF(style.font).height()
        width = (rect.width() - (len(shown) - 1) * em) / len(shown)
        names = tuple(map(clean, self.result.labels))
        high = float(max(int(confusion.max()) for _, confusion in shown)) or 1.0
        found = []
        for place, (title, confusion) in enumerate(shown):
            name, comma, more = title.partition(",")  # the number first: where there is little room the end is left out
            panel = HeatPanel(
                confusion.astype(np.float32),
                ColorScale(0.0, high, is_signed=False),
                f"{name}: {100 * accuracy(confusion):.1f} %{comma}{more}",
                _tr("true"),
                "",
                keeps_square=True,
                texts=_counts(confusion) if self.options.has_numbers else (),
                row_names=names,
                column_names=names,
                turns_names=True,
            )
            found.append((panel, QRectF(rect.left() + place * (width + em), rect.top(), width, rect.height())))
        return found

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = max(12.0, 1.5 * len(self.result.labels)) * em
        return QSizeF(len(self.confusions) * (side + 12 * em), side + 8 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "zero_shot": result.zero_shot,
            "probe": result.probe,
            "labels": np.array(result.labels, np.str_),
            "accuracy": np.array([accuracy(result.zero_shot), accuracy(result.probe)], np.float32),
            "n_train": np.array(result.n_train),
        }
        rows: list[tuple[str | int | float, ...]] = [
            (name.partition(",")[0], result.labels[true], *(int(value) for value in row))
            for name, confusion in self.confusions
            for true, row in enumerate(confusion)
        ]
        return Numbers(arrays, ("by", "true", *result.labels), rows)


def _counts(confusion: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """Counts for the cells; none where nothing was counted."""
    return tuple(tuple(str(n) if n else "" for n in row) for row in confusion.tolist())
