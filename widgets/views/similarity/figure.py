"""How alike images and texts are: a heat map of images against texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.similarity import SimilarityResult
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.pair_panel import PairPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.similarity.options import SimilarityOptions


def _tr(text: str) -> str:
    return QCoreApplication.translate("SimilarityFigure", text)


@dataclass(frozen=True)
class SimilarityFigure(PanelFigure):
    """Rows are images, columns are texts.

    Attributes
    ----------
    images, texts
        Names of the images, and the texts.
    chosen
        Row and column of the pair that is looked at; None for none.
    """

    result: SimilarityResult
    images: tuple[str, ...]
    texts: tuple[str, ...]
    options: SimilarityOptions = field(default_factory=SimilarityOptions)
    chosen: tuple[int, int] | None = None

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [image, text], as they are shown."""
        if self.options.show == "cosine":
            return self.result.cosines
        return self.result.probabilities(self.options.show)

    @property
    def caption(self) -> str:
        scale = short(self.result.scale, 4)
        texts = {
            "cosine": _tr("Cosine of the vectors of image and text"),
            "texts": _tr("Softmax over the texts of {} × cosine: a row sums to 1").format(scale),
            "images": _tr("Softmax over the images of {} × cosine: a column sums to 1").format(scale),
            "pair": _tr("Sigmoid of {} × cosine {}, each pair for itself").format(scale, self._bias),
        }
        return texts[self.options.show] + self._caution

    @property
    def _bias(self) -> str:
        return f"{'+' if self.result.bias >= 0 else '−'} {short(abs(self.result.bias), 4)}"

    @property
    def _caution(self) -> str:
        """What the model was not trained for."""
        if self.result.is_each_pair_judged and self.options.show in ("texts", "images"):
            return _tr(". This model was trained to judge each pair for itself, by a sigmoid")
        if not self.result.is_each_pair_judged and self.options.show == "pair":
            return _tr(". This model was trained to tell which belong together, by softmax")
        return ""

    def describe(self, cell: Cell) -> str:
        """One pair in words."""
        row, column = cell.row, cell.column
        values = self.result.cosines[row, column], self.result.logits[row, column]
        text = _tr("{} and “{}”: cosine {:.4f}, logit {:.3f}")
        shown = text.format(isolated(self.images[row]), isolated(self.texts[column]), *values)
        if self.options.show != "cosine":
            shown += _tr(", {:.2f} %").format(100 * self.values[row, column])
        best = int(self.values[row].argmax())
        return shown + ("" if best == column else _tr("; nearest: “{}”").format(isolated(self.texts[best])))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        is_cosine = self.options.show == "cosine"
        scale = ColorScale.signed(self.values, float(np.abs(self.values).max())) if is_cosine else None
        panel = PairPanel(
            self.values,
            scale or ColorScale(0.0, 1.0, is_signed=False),
            self._hits,
            "",
            "",
            value_format=".2f" if self.options.has_numbers else "",
            selected=self.chosen,
            column_names=tuple(map(clean, self.texts)),
            images=self.result.thumbnails,
            diagonal=self.options.has_diagonal,
        )
        return [(panel, rect)]

    @property
    def _hits(self) -> str:
        """How often the diagonal is the nearest; empty where there is none."""
        n_images, n_texts = self.values.shape
        if n_images != n_texts or n_images < 2 or not self.options.has_diagonal:
            return ""
        cosines = self.result.cosines
        places = np.arange(n_images)
        found = int((cosines.argmax(1) == places).sum()), int((cosines.argmax(0) == places).sum())
        text = _tr("On the diagonal is the nearest text of {} of {} images, and the nearest image of {} of {} texts")
        return text.format(found[0], n_images, found[1], n_texts)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self.values.shape
        return QSizeF((max(4.0, min(7.0, 60 / n_columns)) * n_columns + 12) * em, (3 * n_rows + 10) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    def numbers(self) -> Numbers:
        """All that is known of every pair; the table has what is shown."""
        result = self.result
        header = ("image", *self.texts)
        rows: list[tuple[str | int | float, ...]] = [
            (name, *(float(value) for value in row)) for name, row in zip(self.images, self.values, strict=True)
        ]
        arrays = {
            "cosines": result.cosines,
            "logits_per_image": result.logits,
            "softmax_over_texts": result.probabilities("texts"),
            "softmax_over_images": result.probabilities("images"),
            "sigmoid": result.probabilities("pair"),
            "scale": np.array(result.scale),
            "bias": np.array(result.bias),
            "images": np.array(self.images, np.str_),
            "texts": np.array(self.texts, np.str_),
        }
        return Numbers(arrays, header, rows)
