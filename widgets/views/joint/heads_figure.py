"""What every head crosses between words and image: levels against heads, and the heads in order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.joint import KINDS, JointResult
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.image_parts import paint_title
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.joint.maps import arrays_of
from widgets.views.joint.options import ENDS, JointOptions

_ROW, _LIST = 1.5, 18.0  # em: a line of the list, and its width


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointHeadsFigure", text)


@dataclass(frozen=True)
class JointHeadsFigure(PanelFigure):
    """A cell for every head; the heads with the highest numbers are listed beside them.

    Attributes
    ----------
    head
        The one that is framed, in the level of the result.
    """

    result: JointResult
    head: int = 0
    options: JointOptions = field(default_factory=JointOptions)

    @cached_property
    def levels(self) -> np.ndarray:
        """int64: levels in which this can be measured; all where it can in none."""
        found = np.flatnonzero(np.isfinite(self._all).any(1))
        return found if len(found) else np.arange(len(self._all))

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [row, head]; NaN where a level has no such head."""
        return self._all[self.levels]

    @cached_property
    def _all(self) -> np.ndarray:
        """float32 [level, head]: the sum of shares over the kinds; of focus the mean."""
        queries, keys = ([KINDS.index(kind) for kind in end] for end in ENDS[self.options.crossing])
        of = self.result.shares if self.options.measure == "share" else self.result.focus
        found = of[:, :, queries][:, :, :, keys]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing are NaN, as they should be
            by_query = np.nanmean(found, 2)
            if self.options.measure == "focus":
                return np.nanmean(by_query, 2)
            return np.where(np.isfinite(by_query).any(2), np.nansum(by_query, 2), np.nan).astype(np.float32)

    @cached_property
    def ranked(self) -> list[tuple[int, int, float]]:
        """Level, head and number, the highest first."""
        cells = [(int(self.levels[row]), head, float(v)) for (row, head), v in np.ndenumerate(self.values) if v == v]
        return sorted(cells, key=lambda cell: (-cell[2], cell[0], cell[1]))

    @property
    def what(self) -> str:
        """What is measured, in words."""
        texts = {
            "text-image": (_tr("share of the words' attention on the image"), _tr("focus of words within the image")),
            "image-text": (_tr("share of the image's attention on words"), _tr("focus of the image within the words")),
            "text-text": (_tr("share of the words' attention on words"), _tr("focus of words within the words")),
            "image-image": (_tr("share of the image's attention on it"), _tr("focus of the image within itself")),
        }
        return texts[self.options.crossing][self.options.measure == "focus"]

    @property
    def caption(self) -> str:
        if not self.ranked:
            return _tr("No head of this model has such attention")
        level, head, value = self.ranked[0]
        text = _tr("Of every head the {}: highest in {}, head {}, {}")
        return text.format(self.what, self.result.levels[level].title, head, short(value, 3))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        own = np.flatnonzero(self.levels == self.result.level)
        panel = HeatPanel(
            self.values,
            ColorScale(0.0, 1.0, is_signed=False),
            self.what[:1].upper() + self.what[1:],
            _tr("layer"),
            _tr("head"),
            value_format=".2f",
            selected=(int(own[0]), min(self.head, self.values.shape[1] - 1)) if len(own) else None,
            row_names=tuple(self.result.levels[level].title for level in self.levels),
        )
        wide = min(_LIST * em, 0.4 * rect.width())
        return [(panel, rect.adjusted(0, 0, -wide - em, 0))]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n, m = self.values.shape
        return QSizeF((max(3.2 * m, 16) + _LIST + 16) * em, max(1.8 * n + 5, 16) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        ((panel, area),) = self.panels(rect, style)
        panel.paint(painter, area, style)
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        box = QRectF(area.right() + em, rect.top(), rect.right() - area.right() - em, 1.5 * em)
        paint_title(painter, _tr("Highest first"), box, style, is_faint=True)
        n_fit = max(0, int((rect.height() / em - 1.6) / _ROW))
        for line, (level, head, value) in enumerate(self.ranked[:n_fit]):
            top = rect.top() + (1.6 + line * _ROW) * em
            full = QRectF(box.left(), top + 0.15 * em, box.width(), (_ROW - 0.3) * em)
            bar = QRectF(full.left(), full.top(), full.width() * value, full.height())
            fill = style.theme.line
            painter.fillRect(bar, fill)
            text = _tr("{}, head {}: {:.3f}").format(self.result.levels[level].title, head, value)
            paint_title(painter, text, full.adjusted(0.3 * em, 0, 0, 0), style)
        painter.restore()

    def place(self, cell: Cell) -> tuple[int, int]:
        """Level and head of a cell."""
        return int(self.levels[cell.row]), cell.column

    def describe(self, cell: Cell) -> str:
        """One head in words."""
        level, head = self.place(cell)
        value = float(self.values[cell.row, cell.column])
        title = self.result.levels[level].title
        if not np.isfinite(value):
            return _tr("{}, head {}: there is none such").format(title, head)
        return _tr("{}, head {}: {} {}").format(title, head, self.what, short(value, 4))

    def numbers(self) -> Numbers:
        rows: list[tuple[str | int | float, ...]] = [
            (rank, level, self.result.levels[level].title, head, value)
            for rank, (level, head, value) in enumerate(self.ranked, 1)
        ]
        own = {"heads": self.values, "heads_levels": self.levels}
        header = ("rank", "level", "title", "head", f"{self.options.crossing} {self.options.measure}")
        return Numbers(arrays_of(self.result) | own, header, rows or [(0, "", "", "", "")])
