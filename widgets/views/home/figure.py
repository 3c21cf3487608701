"""Cards in a grid, part by part: a picture, a title and a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.letters import LARGE
from widgets.look.theme import FigureStyle
from widgets.views.home.cards import CheckpointCard, HomeCard, LecturePart
from widgets.views.home.pictures import CardPictures

ASPECT = 1.6  # of a picture, width to height
_LEAST_CARD = 13.0  # em, its width
_GAP, _PADDING = 0.8, 0.5  # em between cards, and within them
_HEADING, _BELOW_PART = 2.0, 0.8  # em, of a part's title and behind its last row
_TEXT = 4.5  # em: a title and three lines
_N_LINES = 3
_WIDTH = 62.0  # em of a file


def _tr(text: str) -> str:
    return QCoreApplication.translate("Home", text)


@dataclass(frozen=True)
class HomeFigure:
    """The lecture and the checkpoints, as cards.

    Attributes
    ----------
    parts
        What there is, in order; those without cards are left out.
    pictures
        Where the pictures come from.
    open_checkpoint
        Its card is marked.
    is_whole
        Whether it waits for pictures; else they may come later, as on screen.
    """

    parts: tuple[LecturePart, ...]
    pictures: CardPictures
    open_checkpoint: str = ""
    is_whole: bool = False

    @property
    def caption(self) -> str:
        return _tr("{} cards: the lecture, and the checkpoints").format(len(self._cards))

    @cached_property
    def _cards(self) -> dict[str, HomeCard]:
        return {card.name: card for part in self.parts for card in part.cards}

    # Where everything is

    def _laid_out(self, rect: QRectF, style: FigureStyle) -> Iterator[tuple[LecturePart | HomeCard, QRectF]]:
        """Titles of parts and cards, from top to bottom."""
        em = QFontMetricsF(style.font).height()
        n = max(int((rect.width() + _GAP * em) / ((_LEAST_CARD + _GAP) * em)), 1)
        width = (rect.width() - (n - 1) * _GAP * em) / n
        height = (width - 2 * _PADDING * em) / ASPECT + (2 * _PADDING + _TEXT) * em
        y = rect.top()
        for part in self.parts:
            if not part.cards:
                continue
            yield part, QRectF(rect.left(), y, rect.width(), _HEADING * em)
            y += _HEADING * em
            for number, card in enumerate(part.cards):
                row, column = divmod(number, n)
                left = rect.left() + column * (width + _GAP * em)
                yield card, QRectF(left, y + row * (height + _GAP * em), width, height)
            y += -(-len(part.cards) // n) * (height + _GAP * em) + _BELOW_PART * em

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[str, QRectF]:
        """Where each card is, by name."""
        return {what.name: box for what, box in self._laid_out(rect, style) if isinstance(what, HomeCard)}

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        em = QFontMetricsF(style.font).height()
        least = (_LEAST_CARD - 1) * em
        places = self._laid_out(QRectF(0, 0, max(width, least), 0), style)
        height = max((box.bottom() for _, box in places), default=0.0)
        return QSizeF(least if width < least else 0, height + _BELOW_PART * em)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * QFontMetricsF(style.font).height()
        return QSizeF(width, self.least_size(width, style).height())

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """All that lies within the painter's clip."""
        clip = painter.clipBoundingRect() if painter.hasClipping() else None
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        for what, box in self._laid_out(rect, style):
            if clip is None or clip.intersects(box):
                if isinstance(what, HomeCard):
                    self._paint_card(painter, what, box, style)
                else:
                    painter.setFont(resized(style.font, LARGE, bold=True))
                    painter.setPen(style.theme.ink)
                    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, _tr(what.title))
        painter.restore()

    def _paint_card(self, painter: QPainter, card: HomeCard, box: QRectF, style: FigureStyle) -> None:
        theme, metrics = style.theme, QFontMetricsF(style.font)
        em = metrics.height()
        is_open = isinstance(card, CheckpointCard) and card.example.checkpoint == self.open_checkpoint
        painter.setPen(QPen(theme.accent if is_open else theme.line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush if style.transparent else theme.panel)
        painter.drawRoundedRect(box, 0.4 * em, 0.4 * em)
        inside = box.adjusted(_PADDING * em, _PADDING * em, -_PADDING * em, -_PADDING * em)
        picture = QRectF(inside.left(), inside.top(), inside.width(), inside.width() / ASPECT)
        self._paint_picture(painter, card.name, picture, style)
        bold = resized(style.font, bold=True)
        painter.setFont(bold)
        painter.setPen(theme.ink)
        lines = QRectF(inside.left(), picture.bottom() + 0.3 * em, inside.width(), inside.bottom() - picture.bottom())
        title = QFontMetricsF(bold).elidedText(_tr(card.title), Qt.TextElideMode.ElideRight, lines.width())
        painter.drawText(QPointF(lines.left(), lines.top() + metrics.ascent()), title)
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        kind = metrics.elidedText(kind_of(card), Qt.TextElideMode.ElideRight, lines.width())
        said = [kind] if kind else []
        said += wrapped(_tr(card.about), metrics, lines.width(), _N_LINES - len(said))
        for number, line in enumerate(said):
            painter.drawText(QPointF(lines.left(), lines.top() + (number + 1.1) * em + metrics.ascent()), line)

    def _paint_picture(self, painter: QPainter, name: str, box: QRectF, style: FigureStyle) -> None:
        theme = style.theme
        if self.is_whole:
            image = self.pictures.read(theme.name, name)
        else:
            box = QRectF(box.toRect())
            size = (box.size() * painter.device().devicePixelRatioF()).toSize()
            image = self.pictures.scaled(theme.name, name, size)
        painter.save()
        if image is None or image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if style.transparent else theme.paper)
        else:
            painter.drawImage(box, image, QRectF(image.rect()))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.line, 1))
        painter.drawRect(box)
        painter.restore()

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> str | None:
        """The card under a point."""
        return next((name for name, box in self.boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a card."""
        return spot in self._cards

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: str) -> None:
        """Frame what is pointed at."""
        em = QFontMetricsF(style.font).height()
        painter.save()
        painter.setPen(QPen(style.theme.accent, 0.16 * em))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.boxes(rect, style)[spot], 0.4 * em, 0.4 * em)
        painter.restore()

    def step(self, spot: str | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> str | None:
        """The card beside; in the row above or below the nearest one. Right of a row's last one the next row begins."""
        boxes = self.boxes(rect, style)
        names = list(boxes)
        if spot not in boxes:
            return next(iter(names), None)
        if right:
            return names[min(max(names.index(spot) + right, 0), len(names) - 1)]
        here = boxes[spot].center()
        beyond = {name: box.center() for name, box in boxes.items() if (box.center().y() - here.y()) * down > 1}
        if not beyond:
            return spot
        row = min((center.y() for center in beyond.values()), key=lambda y: abs(y - here.y()))
        in_row = {name: abs(center.x() - here.x()) for name, center in beyond.items() if abs(center.y() - row) < 1}
        return min(in_row, key=lambda name: in_row[name])

    def describe(self, spot: str) -> str:
        """A card in a line."""
        card = self._cards[spot]
        return " ".join(filter(None, (f"{_tr(card.title)}.", kind_of(card) and f"{kind_of(card)}.", _tr(card.about))))

    def numbers(self) -> Numbers:
        """A row a card."""
        header = ("part", "card", "about", "view", "checkpoint")
        rows: list[tuple[str | int | float, ...]] = [
            (part.title, clean(card.title), card.about, card.example.view, card.example.checkpoint)
            for part in self.parts
            for card in part.cards
        ]
        return Numbers({name: np.array([row[i] for row in rows]) for i, name in enumerate(header)}, header, rows)


def kind_of(card: HomeCard) -> str:
    """Of a checkpoint: what it is and how large; empty for others."""
    if not isinstance(card, CheckpointCard):
        return ""
    n = card.n_parameters
    return _tr("{}, {:.1f} M parameters").format(_tr(card.kind), n / 1e6) if n else _tr(card.kind)


def wrapped(text: str, metrics: QFontMetricsF, width: float, most: int) -> list[str]:
    """A sentence in so many lines at most; what has no room is cut off with a mark."""
    words, lines = text.split(), []
    while words and len(lines) < most - 1:
        n = 1
        while n < len(words) and metrics.horizontalAdvance(" ".join(words[: n + 1])) <= width:
            n += 1
        lines.append(" ".join(words[:n]))
        words = words[n:]
    rest = " ".join(words)
    return [*lines, metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)] if rest else lines
