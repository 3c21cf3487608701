"""Source above, target below, and lines between what belongs together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.tokens import Tokens
from widgets.figures import chips
from widgets.figures.chips import Chip, ChipKind
from widgets.look.theme import FigureStyle

_GAP, _WIDEST_GAP = 2.2, 13.0  # em between the sentences; where there is room
_LEAST = 0.04  # weights below are not drawn


def _tr(text: str) -> str:
    return QCoreApplication.translate("Sentences", text)


@dataclass(frozen=True)
class Places:
    """Where the tokens are, from (0, 0)."""

    source: list[QRectF]
    target: list[QRectF]
    em: float

    @property
    def height(self) -> float:
        return max(box.bottom() for box in self.target) + 0.4 * self.em


@dataclass(frozen=True)
class Sentences:
    """Two sentences and how strongly each token of the target belongs to each of the source.

    Attributes
    ----------
    n_given
        Tokens of the target that were given.
    n_shown
        Tokens of the target that are shown; the others come later.
    weights
        float [target, source], a row for each token of the target; NaN where nothing is known.
    gap
        Between the sentences, in em.
    """

    source: Tokens
    target: Tokens
    n_given: int
    n_shown: int
    weights: np.ndarray
    gap: float = _GAP

    def spread(self, room: float, em: float) -> Sentences:
        """The same over so much more height than they need, as far as that helps to tell lines apart."""
        return replace(self, gap=min(_GAP + max(room, 0.0) / em, _WIDEST_GAP))

    @cached_property
    def _source(self) -> tuple[Chip, ...]:
        return chips.chips_of(self.source)

    @cached_property
    def _target(self) -> tuple[Chip, ...]:
        kinds: dict[int, ChipKind] = {pos: "kept" for pos in range(1, self.n_given) if not self.target.is_special[pos]}
        return chips.chips_of(self.target, kinds)

    def places(self, width: float, style: FigureStyle) -> Places:
        """Where the tokens are; each sentence wraps, and those of the target do not move while it grows."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        top = 1.3 * em
        source = [box.translated(0, top) for box in chips.lay_out(self._source, width, metrics)]
        below = chips.height_of(source) + (self.gap + 1.3) * em
        target = [box.translated(0, below) for box in chips.lay_out(self._target, width, metrics)]
        return Places(source, target, em)

    def paint(self, painter: QPainter, origin: QPointF, width: float, style: FigureStyle, focus: int | None) -> None:
        """Paint from `origin` on; `focus` is the token of the target whose lines stand out."""
        places = self.places(width, style)
        metrics, em = QFontMetricsF(style.font), places.em
        painter.save()
        painter.translate(origin)
        painter.setFont(style.font)
        painter.setPen(style.theme.faint)
        painter.drawText(QPointF(0, metrics.ascent()), _tr("Source"))
        first = places.target[0].top() - 1.3 * em
        painter.drawText(QPointF(0, first + metrics.ascent()), _tr("Target"))
        self._paint_lines(painter, places, style, focus)
        chips.paint_chips(painter, self._source, places.source, QPointF(0, 0), style)
        shown = self._target[: self.n_shown]
        chips.paint_chips(painter, shown, places.target[: self.n_shown], QPointF(0, 0), style)
        painter.restore()

    def _paint_lines(self, painter: QPainter, places: Places, style: FigureStyle, focus: int | None) -> None:
        n = min(self.n_shown, len(self.weights))
        color = style.theme.series[0]
        for stands_out in (False, True):
            for row in range(n):
                if (row == focus) != stands_out:
                    continue
                below = places.target[row]
                strongest = float(np.nanmax(self.weights[row], initial=0)) or 1.0
                start = QPointF(below.center().x(), below.top())
                for column in np.flatnonzero(self.weights[row] >= _LEAST).tolist():
                    weight = min(float(self.weights[row, column]), 1.0)
                    above = places.source[column]
                    line = QColor(style.theme.accent if stands_out else color)
                    is_seen = weight / strongest if stands_out else weight if focus is None else 0.25 * weight
                    line.setAlphaF(is_seen)
                    pen = QPen(line, (0.05 + 0.2 * weight) * places.em)
                    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                    painter.setPen(pen)
                    painter.drawLine(start, QPointF(above.center().x(), above.bottom()))
