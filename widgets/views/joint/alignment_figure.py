"""Which of several texts belongs to which of several images: scores, and the ranks of the right ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.alignment import AlignmentResult
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_image, paint_title
from widgets.figures.lettering import fitting
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_THUMBNAIL, _LIST, _ROW = 2.6, 0.44, 1.5  # em; share of the width; em
_WRAPS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointAlignmentFigure", text)


@dataclass(frozen=True)
class JointAlignmentFigure(PanelFigure):
    """A row an image, a column a text; the right pairs lie on the diagonal. Beside it the texts with their ranks."""

    result: AlignmentResult

    @property
    def caption(self) -> str:
        result = self.result
        n = len(result.texts)
        images, texts = int((result.image_ranks == 1).sum()), int((result.text_ranks == 1).sum())
        text = _tr("The right image is first for {} of {} texts, the right text for {} of {} images; chance {}")
        return text.format(images, n, texts, n, short(1 / n, 3))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        scores = self.result.scores
        low, high = (0.0, 1.0) if self.result.is_probability else (float(scores.min()), float(scores.max()))
        scale = ColorScale(low, max(high, low + 1e-6), is_signed=False)
        values = scores if self.result.is_probability else scores - low
        if not self.result.is_probability:
            scale = ColorScale(0.0, max(high - low, 1e-6), is_signed=False)
        title = (
            _tr("Probability that image and text belong together")
            if self.result.is_probability
            else _tr("Logit of the pair, above the lowest one")
        )
        names = tuple(str(i + 1) for i in range(len(scores)))
        panel = HeatPanel(
            values, scale, title, _tr("image"), _tr("text"), value_format=".2f", row_names=names, column_names=names
        )
        area = rect.adjusted((_THUMBNAIL + 0.4) * em, 0, -_LIST * rect.width() - em, 0)
        return [(panel, area)]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = len(self.result.texts)
        return QSizeF((3.4 * n + 44) * em, max(2.9 * n + 5, 16) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        ((panel, area),) = self.panels(rect, style)
        panel.paint(painter, area, style)
        painter.save()
        painter.setFont(style.font)
        em, plot = QFontMetricsF(style.font).height(), panel.plot(area, style)
        for i, image in enumerate(self.result.thumbnails):
            row = panel.cell_rect(i, 0, plot)
            place = QRectF(rect.left(), row.top() + 1, _THUMBNAIL * em, row.height() - 2)
            box = letterbox(image.shape[0], image.shape[1], place)
            paint_image(painter, image, box)
            paint_border(painter, box, style)
        left = area.right() + em
        box = QRectF(left, rect.top(), rect.right() - left, 1.5 * em)
        paint_title(
            painter, _tr("Texts: rank of the right image, and of the text for its image"), box, style, is_faint=True,
            shrinks=True,
        )  # fmt: skip
        height = self._list_height(box.width(), rect.height() - 1.8 * em, style)
        for i, text in enumerate(self.listed):
            line = QRectF(left, rect.top() + 1.8 * em + i * height, box.width(), height)
            painter.setPen(style.theme.ink)
            painter.drawText(line, _WRAPS, fitting(text, line, style))
        painter.restore()

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The texts with their ranks, line by line."""
        ranks = zip(self.result.image_ranks.tolist(), self.result.text_ranks.tolist(), self.result.texts, strict=True)
        line = _tr("{}: ranks {} and {}: {}")
        return tuple(
            line.format(i, of_image, of_text, clean(text)) for i, (of_image, of_text, text) in enumerate(ranks, 1)
        )

    def _list_height(self, width: float, height: float, style: FigureStyle) -> float:
        """Of a text of the list: a line, or as many as the longest takes, as far as there is height."""
        metrics = QFontMetricsF(style.font)
        longest = max(metrics.boundingRect(QRectF(0, 0, width, 1e4), _WRAPS, text).height() for text in self.listed)
        return min(longest + (_ROW - 1) * metrics.height(), height / len(self.listed))

    def describe(self, cell: Cell) -> str:
        """One pair in words."""
        score = short(float(self.result.scores[cell.row, cell.column]), 4)
        text = isolated(clean(self.result.texts[cell.column]))
        is_right = cell.row == cell.column
        told = _tr("Image {}, text {}, a right pair: {} {}") if is_right else _tr("Image {}, text {}: {} {}")
        return told.format(cell.row + 1, cell.column + 1, score, text)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (i + 1, j + 1, clean(result.texts[j]), float(score)) for (i, j), score in np.ndenumerate(result.scores)
        ]
        arrays = {
            "scores": result.scores,
            "scores_axes": np.array(["image", "text"]),
            "texts": np.array(tuple(map(clean, result.texts)), np.str_),
            "image_ranks": result.image_ranks,
            "text_ranks": result.text_ranks,
        }
        return Numbers(arrays, ("image", "text", "words", "score"), rows)
