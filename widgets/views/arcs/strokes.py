"""How the lines of arcs look and where they run: the same for pens and for pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPen

from widgets.look.theme import Theme
from widgets.views.arcs.lines import ArcsLayout, Lines, head_color, head_dash

_LEVELS = 24  # widths and opacities come in steps, so that lines of one pen are drawn in one go
_BATCH = 4  # lines between two looks at the clock of who draws piece by piece; one may take 0.2 ms


def level_of(weight: np.ndarray) -> np.ndarray:
    """The step from 1 to 24 that a weight from 0 to 1 falls into."""
    return np.ceil(weight * _LEVELS)


def order_of_pens(head: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Places from the strongest to the faintest step, in a step by head."""
    # Short whole numbers are sorted by their digits, eight times as quick as by comparing two columns.
    rank = head - level_of(weight) * (head.max(initial=0) + 1)
    is_short = rank.size and rank.min() >= np.iinfo(np.int16).min
    return np.argsort(rank.astype(np.int16 if is_short else np.int64), kind="stable")


class Strokes(NamedTuple):
    """Lines from `x0` to `x1`, strongest first, in points; one value a line.

    Attributes
    ----------
    y0, y1
        Where a line begins and ends.
    head
        The model's number of a head, which its colour and dashes depend on.
    width, alpha
        In points, and from 0 to 1; both by the step that its weight falls into.
    """

    x0: float
    x1: float
    y0: np.ndarray
    y1: np.ndarray
    head: np.ndarray
    width: np.ndarray
    alpha: np.ndarray

    @classmethod
    def of(cls, lines: Lines, strand: np.ndarray, layout: ArcsLayout, *, is_focused: bool) -> Strokes:
        """Strokes of lines; `strand` says for each how far it is moved beside those of other heads, in rows."""
        shift = strand * layout.row
        weight = level_of(lines.weight) / _LEVELS
        # The few lines of one token can be stronger than the many of all, whose weak ones would be a fog together.
        alpha = 0.25 + 0.75 * weight**0.6 if is_focused else 0.03 + 0.95 * weight**1.1
        return cls(
            layout.left + 0.35 * layout.em,
            layout.right - 0.35 * layout.em,
            layout.edge(lines.query + 0.5) + shift,
            layout.edge(lines.key + 0.5) + shift,
            lines.head,
            layout.em * ((0.06 if is_focused else 0.045) + 0.22 * weight),
            alpha,
        )

    def where(self, which: np.ndarray) -> Strokes:
        """Some of them, by number or by yes and no."""
        return Strokes(self.x0, self.x1, *(column[which] for column in self[2:]))

    def batches(self, theme: Theme) -> Iterator[tuple[QPen, list[QLineF]]]:
        """Pens and lines, strongest first: whoever draws them in this order draws each under those before."""
        if not len(self.head):
            return
        pen_ends = np.flatnonzero((np.diff(self.width) != 0) | (np.diff(self.head) != 0)) + 1
        starts = [0, *pen_ends.tolist()]
        for start, end in zip(starts, [*starts[1:], len(self.head)], strict=True):
            pen = _pen(int(self.head[start]), float(self.width[start]), float(self.alpha[start]), theme)
            for batch in range(start, end, _BATCH):
                ends = slice(batch, min(batch + _BATCH, end))
                both = zip(self.y0[ends].tolist(), self.y1[ends].tolist(), strict=True)
                yield pen, [QLineF(self.x0, a, self.x1, b) for a, b in both]


def _pen(head: int, width: float, alpha: float, theme: Theme) -> QPen:
    color = QColor(head_color(head, theme))
    color.setAlphaF(alpha)
    pen = QPen(color, width, head_dash(head, theme))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
