"""A figure on its paper: how it is laid out, what stands beneath it, and how small it becomes where room is short.

Text is cleaned here on the way into a file: `CleaningPainter` cleans whatever a figure draws, so no figure has to think
of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPicture

from app.export.page.lengths import MM_AN_INCH, POINTS_AN_INCH
from widgets.figures.lettering import measure, points_font, resized
from widgets.kit.clean import clean, shown
from widgets.kit.figure import Figure, FileLegend, HasLegend, NeedsWidth
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

MAX_CAPTION_LINES = 4
GAP = 8.0  # points between figure and caption, and around both
_AS_ASKED = 0.99  # of the size of letters: nobody sees the rest


class CleaningPainter(QPainter):
    """Cleans all text that a figure draws; line breaks stay, a label may have two lines."""

    def drawText(self, *args: Any, **options: Any) -> Any:
        return super().drawText(*map(_clean_if_text, args), **options)


@runtime_checkable
class _Wraps(Protocol):
    """A figure that says how high it is at a width; see `widgets.kit.figure_scroll.SizedFigure`."""

    def least_size(self, width: float, style: FigureStyle) -> QSizeF: ...


@dataclass(frozen=True)
class Sheet:
    """A figure on its paper, with its caption beneath; sizes in points.

    Attributes
    ----------
    figure, style
        What is painted, and how.
    caption
        Drawn under the figure, wrapped to its width; may be empty.
    n_lines
        That the caption may take.
    width
        Of the paper, in points, for letters of a fixed size: the figure is laid out in that room, or, if it needs
        more, made smaller as a whole. None: as it is by itself.
    """

    figure: Figure
    style: FigureStyle
    caption: str = ""
    n_lines: int = MAX_CAPTION_LINES
    width: float | None = None

    @staticmethod
    def of(
        figure: Figure,
        style: FigureStyle | None = None,
        *,
        transparent: bool = False,
        caption: str = "",
        notes: tuple[str, ...] = (),
        width: float | None = None,
    ) -> Sheet:
        """The sheet of a figure, light by default; the notes stand behind the caption."""
        style = style or FigureStyle()
        font = QFont(style.font)
        if font.pointSizeF() > 0:  # units are points here: a size in them means the same on every device
            font.setPixelSize(max(1, round(font.pointSizeF())))
        # Hinted letters are as wide as whole pixels of the screen: scaled up, they would stand unevenly.
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        style = replace(style, font=font, transparent=style.transparent or transparent)
        said = " ".join((f"{caption.rstrip('.')}." if caption and notes else caption, *notes))
        n_lines = MAX_CAPTION_LINES * (bool(caption) + len(notes))
        return Sheet(figure, style, shown(" ".join(said.split())), n_lines, width)

    @property
    def title(self) -> str:
        return shown(" ".join(self.figure.caption.split()))

    def size(self) -> QSize:
        """Width and height in whole points."""
        inner = self._inner
        height = inner.height() + self._legend_height + (GAP + self._caption_height() if self.caption else 0.0)
        return QSize(ceil(inner.width() + 2 * GAP), ceil(height + 2 * GAP))

    def paint(self, painter: QPainter) -> None:
        """Paint everything; painter coordinates are points."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        inner = self._inner
        if not self.style.transparent:
            painter.fillRect(QRectF(QPointF(), QSizeF(self.size())), self.style.theme.paper)
        painter.setFont(self.style.font)
        painter.save()
        try:
            painter.scale(self.shrink, self.shrink)
            self.figure.paint(painter, QRectF(QPointF(GAP, GAP) / self.shrink, self._laid_out), self.style)
        finally:
            painter.restore()
        if self._legend is not None:
            below = QRectF(GAP, GAP + inner.height(), inner.width(), self._legend_height)
            self._legend.paint(painter, below, self.style)
        if self.caption:
            metrics = measure(self._caption_font())
            painter.setFont(points_font(self._caption_font(), painter.device()))
            painter.setPen(self.style.theme.faint)
            top = inner.height() + self._legend_height + 2 * GAP + metrics.ascent()
            for number, line in enumerate(self._caption_lines):
                painter.drawText(QPointF(GAP, top + number * metrics.lineSpacing()), line)

    @cached_property
    def _legend(self) -> FileLegend | None:
        return self.figure.legend_beneath() if isinstance(self.figure, HasLegend) else None

    @cached_property
    def _legend_height(self) -> float:
        return self._legend.height(self._inner.width(), self.style) if self._legend is not None else 0.0

    @cached_property
    def _inner(self) -> QSizeF:
        """What the figure takes of the paper."""
        return self._laid_out * self.shrink

    @cached_property
    def _laid_out(self) -> QSizeF:
        """The figure before it is made smaller."""
        size = self.figure.natural_size(self.style)
        if self.width is not None:
            width = max(self.width - 2 * GAP, 1.0) / self.shrink
            least = self.figure.least_size(width, self.style) if isinstance(self.figure, _Wraps) else QSizeF()
            # What needs more width, such as a grid of maps, becomes smaller as a whole.
            height = least.height() * min(1.0, width / max(least.width(), 1.0)) if least.isValid() else 0.0
            size = QSizeF(width, height or self._painted_height(width, size))
        return QSizeF(max(1.0, size.width()), max(1.0, size.height()))

    @cached_property
    def shrink(self) -> float:
        """How large letters are of those that were asked for, at most 1: what lies over itself in less room shrinks."""
        if self.width is None:
            return 1.0
        room = max(self.width - 2 * GAP, 1.0)
        return min(1.0, room / max(self._needed(room), 1.0))

    def _needed(self, room: float) -> float:
        if isinstance(self.figure, NeedsWidth):
            return self.figure.least_width(self.style)
        return self.figure.least_size(room, self.style).width() if isinstance(self.figure, _Wraps) else 0.0

    @property
    def room_needed(self) -> str:
        """Half a sentence where letters are smaller than they were asked for: what room would do; else empty."""
        if self.width is None or self.shrink > _AS_ASKED:
            return ""
        needed = (self._needed(self.width - 2 * GAP) + 2 * GAP) * MM_AN_INCH / POINTS_AN_INCH
        return f"with those of {self.style.font.pixelSize()} pt the figure needs {ceil(needed):,} mm"

    @property
    def why_smaller(self) -> str:
        """The same as a sentence, with the size that they have."""
        letters = self.shrink * self.style.font.pixelSize()
        return f"Letters are of {letters:.2g} pt: {self.room_needed}." if self.room_needed else ""

    def _painted_height(self, width: float, natural: QSizeF) -> float:
        """Of what a figure paints there. Squares, such as a grid of maps, leave some room empty; rows of text go on
        below it, as they do not become lower."""
        room = natural.height() * width / max(natural.width(), 1.0)
        picture = QPicture()
        painter = CleaningPainter(picture)
        try:
            self.figure.paint(painter, QRectF(0, 0, width, room), self.style)
        finally:
            painter.end()
        painted = picture.boundingRect()
        bottom = float(painted.y() + painted.height()) if painted.isValid() else room
        return min(bottom + GAP, room) if bottom <= room + 1 else min(bottom, max(room, natural.height()))

    def _caption_font(self) -> QFont:
        return resized(self.style.font, SMALL)

    def _caption_height(self) -> float:
        metrics = measure(self._caption_font())
        return (len(self._caption_lines) - 1) * metrics.lineSpacing() + metrics.height()

    @cached_property
    def _caption_lines(self) -> list[str]:
        return wrapped(self.caption, measure(self._caption_font()), self._inner.width(), self.n_lines)


def wrapped(text: str, metrics: QFontMetricsF, width: float, n_lines: int) -> list[str]:
    """The words in at most `n_lines` lines of a width; what does not fit is elided."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < n_lines - 1:
        n = 1
        while n < len(words) and metrics.horizontalAdvance(" ".join(words[: n + 1])) <= width:
            n += 1
        lines.append(" ".join(words[:n]))
        words = words[n:]
    if words:
        lines.append(" ".join(words))
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


def _clean_if_text(value: Any) -> Any:
    return "\n".join(map(clean, value.split("\n"))) if isinstance(value, str) else value
