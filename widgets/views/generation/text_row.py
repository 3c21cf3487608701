"""A text as chips: what was given, what was written, what one token attended to, how likely each was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.decoding import Written
from widgets.figures import chips
from widgets.figures.chips import Chip, ChipKind
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_NUMBER = 3.2  # em of a chip that has room for one
_HEAD = 1.4  # em


@dataclass(frozen=True)
class TextRow:
    """One text.

    Attributes
    ----------
    n_shown
        Tokens that are there; the others come later, and their places are kept free.
    title
        Stands above; empty for none.
    weights
        float32 [pos]: how strongly each token is tinted; None for none.
    """

    written: Written
    n_shown: int
    title: str = ""
    weights: np.ndarray | None = None
    has_probs: bool = False

    @cached_property
    def _chips(self) -> tuple[Chip, ...]:
        written = self.written
        kinds: dict[int, ChipKind] = {
            pos: "written" for pos in range(written.n_given, written.n_steps) if not written.tokens.is_special[pos]
        }
        return chips.chips_of(written.tokens, kinds)

    @cached_property
    def _tints(self) -> list[float]:
        """Of the first tokens."""
        if self.weights is None:
            return []
        # The root lets weak ones be seen beside the first token, to which most heads attend most.
        strongest = float(self.weights.max(initial=0)) or 1.0
        return np.sqrt(self.weights / strongest).tolist()

    def _tint(self, place: int) -> float:
        return self._tints[place] if place < len(self._tints) else 0.0

    @cached_property
    def _laid_out(self) -> dict[tuple[float, str], list[QRectF]]:
        return {}

    def boxes(self, width: float, style: FigureStyle) -> list[QRectF]:
        """Where all tokens are, from (0, 0); for all that ask, which must not change it."""
        known = self._laid_out.get((width, style.font.key()))
        if known is None:
            known = self._laid_out[width, style.font.key()] = self._lay_out(width, style)
        return known

    def _lay_out(self, width: float, style: FigureStyle) -> list[QRectF]:
        metrics = QFontMetricsF(style.font)
        top = _HEAD * metrics.height() if self.title else 0.0
        if self.has_probs:
            boxes = chips.lay_out(self._chips, width, metrics, least=_NUMBER, below=0.9)
        else:
            boxes = chips.lay_out(self._chips, width, metrics)
        for box in boxes:
            box.translate(0, top)
        return boxes

    def height(self, width: float, style: FigureStyle) -> float:
        """Of all of it."""
        em = QFontMetricsF(style.font).height()
        return self.boxes(width, style)[-1].bottom() + (1.2 if self.has_probs else 0.4) * em

    def paint(self, painter: QPainter, origin: QPointF, width: float, style: FigureStyle) -> None:
        """Paint from `origin` on."""
        metrics, em = QFontMetricsF(style.font), QFontMetricsF(style.font).height()
        boxes = self.boxes(width, style)[: self.n_shown]
        painter.save()
        painter.translate(origin)
        if self.title:
            painter.setFont(style.font)
            painter.setPen(style.theme.faint)
            shown = metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QPointF(0, metrics.ascent()), shown)
        chips.paint_chips(painter, self._chips, boxes, QPointF(0, 0), style, self._tint)
        if self.has_probs:
            painter.setFont(resized(style.font, SMALL))
            painter.setPen(style.theme.faint)
            surprisal = self.written.surprisal[: len(boxes)].tolist()
            for place in chips.in_clip(painter, boxes, QPointF(0, em)):  # they stand beneath
                if place < len(surprisal) and np.isfinite(bits := surprisal[place]):
                    box = boxes[place]
                    below = QRectF(box.left() - em, box.bottom(), box.width() + 2 * em, em)
                    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, percent(2.0**-bits))
        painter.restore()
