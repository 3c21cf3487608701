"""Frames in the order that the user gave them, what they are to each sentence in time, and the likeliest orders."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.order import AFTER, BEFORE, DIFFERENT, SAME, OrderResult
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_image, paint_title
from widgets.figures.lettering import fitting, resized
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle, Theme
from widgets.views.order.options import OrderOptions
from widgets.views.order.truth import all_numbers, named, pairs_in_order, put_back, rank_of_shown, shares

_CLASSES: Final = (BEFORE, SAME, AFTER, DIFFERENT)  # as they stand in a bar
_MOST_RANKS: Final = 6
_HEAD, _LEGEND, _RANK = 1.5, 2.2, 1.5  # em: title of a frame, the line below, a line of an order
_ABOVE_LEGEND = 0.8  # em
_ROW, _LEAST_SIDE = 2.25, 5.5  # em: two lines of a sentence, and how small frames may be for these


def _tr(text: str) -> str:
    return QCoreApplication.translate("OrderFigure", text)


def class_title(kind: int) -> str:
    """What the first of two is to the second."""
    return {DIFFERENT: _tr("other film"), SAME: _tr("same time"), BEFORE: _tr("before"), AFTER: _tr("after")}[kind]


def class_color(kind: int, theme: Theme) -> QColor:
    """Its colour in bars."""
    return {DIFFERENT: theme.line, SAME: theme.series[2], BEFORE: theme.series[0], AFTER: theme.series[1]}[kind]


class OrderSpot(NamedTuple):
    """What is pointed at: a `frame` by its place, a `cell` by its row and place, or an `order` by its rank."""

    kind: str
    row: int
    place: int


class OrderLayout(NamedTuple):
    """Where things are.

    Attributes
    ----------
    images, titles
        Of every frame.
    cells
        [row][place].
    labels
        Of every row, at its left.
    ranks
        A line for each of the likeliest orders; none where there is no room.
    legend
        Beneath all.
    """

    images: tuple[QRectF, ...]
    titles: tuple[QRectF, ...]
    cells: tuple[tuple[QRectF, ...], ...]
    labels: tuple[QRectF, ...]
    ranks: tuple[QRectF, ...]
    ranks_title: QRectF
    legend: QRectF


@dataclass(frozen=True)
class OrderFigure:
    """A table with the frames above it; each cell is a bar of what the sentence, or the frame, of its row is to the
    frame above: before it, of the same time, after it, or of another film."""

    result: OrderResult
    options: OrderOptions = field(default_factory=OrderOptions)

    @cached_property
    def probs(self) -> np.ndarray:
        """float32 [row, place, class]."""
        return self.result.text_frame if self.options.against == "sentences" else self.result.frame_frame

    @cached_property
    def shares(self) -> np.ndarray:
        """float64 [rank]: of all orders."""
        return shares(self.result)

    @cached_property
    def shown_rank(self) -> int:
        """Of the order in which the frames stand."""
        return rank_of_shown(self.result)

    @property
    def n(self) -> int:
        """How many frames there are."""
        return len(self.result.order)

    @property
    def caption(self) -> str:
        right, n_pairs = pairs_in_order(self.result.order)
        best, _ = pairs_in_order(put_back(self.result))
        text = _tr(
            "The model is not told the order of the frames: as shown, {} of {} pairs are as in the film; in the "
            "likeliest order, {}"
        )
        return text.format(right, n_pairs, best)

    def row_title(self, row: int) -> str:
        """The sentence, or the frame, of a row."""
        if self.options.against == "frames":
            return _tr("frame {}").format(self.result.frames[row])
        return clean(self.result.sentences[row])

    # Layout

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((17 + 8.5 * self.n + 16) * em, (9.5 + 3.2 * self.n + _LEGEND) * em)

    def least_width(self, style: FigureStyle) -> float:
        """Sentences beside what is said of each frame."""
        return 14 * self.n * QFontMetricsF(style.font).height()

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Rows of two lines below small frames."""
        em = QFontMetricsF(style.font).height()
        return QSizeF(0, (_HEAD + _LEAST_SIDE + 0.5 + _ROW * self.n + _LEGEND) * em)

    def layout(self, rect: QRectF, style: FigureStyle) -> OrderLayout:
        """Where things are in a rectangle."""
        em, n = QFontMetricsF(style.font).height(), self.n
        label_width = min(max(0.26 * rect.width(), 8 * em), 20 * em)
        rank_width = min(max(0.24 * rect.width(), 11 * em), 20 * em)
        if rect.width() - label_width - rank_width < 4.5 * n * em:
            rank_width = 0.0
        column = min((rect.width() - label_width - rank_width) / n, 20 * em)
        rest = rect.height() - (_HEAD + 0.5 + _ROW * n + _LEGEND) * em  # of what rows need
        most = min(column - 0.6 * em, 0.42 * rect.height(), 19 * em)
        side = max(1.0, min(most, max(rest, _LEAST_SIDE * em)))
        left, top = rect.left() + label_width, rect.top() + _HEAD * em
        height = min((rect.bottom() - top - side - (0.5 + _LEGEND) * em) / n, 6 * em)
        images, titles = [], []
        seen_height, seen_width = self.result.seen.shape[1:3]
        for place in range(n):
            area = QRectF(left + place * column, top, column - 0.6 * em, side)
            image = letterbox(seen_height, seen_width, area)
            image.moveLeft(math.ceil(area.left()))  # below its title, above its bars
            images.append(image)
            titles.append(QRectF(area.left(), rect.top(), area.width(), _HEAD * em))
        first = top + side + 0.5 * em
        rows = [first + row * height for row in range(n)]
        cells = tuple(
            tuple(QRectF(left + place * column, y, column - 0.6 * em, height - 0.2 * em) for place in range(n))
            for y in rows
        )
        labels = tuple(QRectF(rect.left(), y, label_width - 0.8 * em, height - 0.2 * em) for y in rows)
        ranks_left = left + n * column + 0.8 * em
        ranks_title = QRectF(ranks_left, rect.top(), max(0.0, rect.right() - ranks_left), _HEAD * em)
        n_ranks = min(_MOST_RANKS, len(self.result.scores)) if rank_width else 0
        ranks = tuple(
            QRectF(ranks_left, top + rank * _RANK * em, ranks_title.width(), (_RANK - 0.15) * em)
            for rank in range(n_ranks)
        )
        legend = QRectF(rect.left(), first + n * height, rect.width(), _LEGEND * em)
        return OrderLayout(tuple(images), tuple(titles), cells, labels, ranks, ranks_title, legend)

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> OrderSpot | None:
        """What is under a point."""
        laid = self.layout(rect, style)
        for place, (image, title) in enumerate(zip(laid.images, laid.titles, strict=True)):
            if image.contains(point) or title.contains(point):
                return OrderSpot("frame", 0, place)
        for row, cells in enumerate(laid.cells):
            for place, cell in enumerate(cells):
                if cell.contains(point):
                    return OrderSpot("cell", row, place)
        found = (rank for rank, line in enumerate(laid.ranks) if line.contains(point))
        return next((OrderSpot("order", rank, 0) for rank in found), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a place; there is none of another kind of figure."""
        return isinstance(spot, OrderSpot) and max(spot.row if spot.kind == "cell" else 0, spot.place) < self.n

    def box_of(self, spot: OrderSpot, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where it is; empty for an order that is not listed."""
        laid = self.layout(rect, style)
        if spot.kind == "frame":
            return laid.images[spot.place]
        if spot.kind == "cell":
            return laid.cells[spot.row][spot.place]
        return laid.ranks[spot.row] if spot.row < len(laid.ranks) else QRectF()

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: OrderSpot) -> None:
        """Frame what is pointed at."""
        painter.save()
        paint_border(painter, self.box_of(spot, rect, style), style, is_selected=True)
        painter.restore()

    def step(self, spot: OrderSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> OrderSpot | None:
        """What lies beside: frames, below them the cells, at their right the orders."""
        if spot is None:
            return OrderSpot("frame", 0, 0)
        n_ranks = len(self.layout(rect, style).ranks)
        if spot.kind == "order":
            if right < 0:
                return OrderSpot("frame", 0, self.n - 1)
            return OrderSpot("order", min(max(spot.row + down, 0), n_ranks - 1), 0)
        if spot.place + right >= self.n and n_ranks:
            return OrderSpot("order", min(spot.row, n_ranks - 1) if spot.kind == "cell" else 0, 0)
        place = min(max(spot.place + right, 0), self.n - 1)
        row = down - 1 if spot.kind == "frame" else spot.row + down
        return OrderSpot("frame", 0, place) if row < 0 else OrderSpot("cell", min(row, self.n - 1), place)

    def describe(self, spot: OrderSpot) -> str:
        """What there is to say of it."""
        result = self.result
        if spot.kind == "frame":
            text = _tr("Frame {} of the film. Drag it to another place, or press Alt and an arrow.")
            return text.format(result.frames[spot.place])
        if spot.kind == "order":
            right, n_pairs = pairs_in_order(put_back(result, spot.row))
            text = _tr("Order {}: {} of all, score {:.2f}; {} of {} pairs are as in the film. A click shows it.")
            score = float(result.scores[spot.row])
            return text.format(named(result, spot.row), percent(float(self.shares[spot.row])), score, right, n_pairs)
        probs = self.probs[spot.row, spot.place]
        each = ", ".join(f"{class_title(kind)} {percent(float(probs[kind]))}" for kind in _CLASSES)
        return _tr("{} → frame {}: {}").format(self.row_title(spot.row), result.frames[spot.place], each)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        laid, result = self.layout(rect, style), self.result
        for place, (image, title) in enumerate(zip(laid.images, laid.titles, strict=True)):
            paint_image(painter, result.seen[place], image)
            paint_border(painter, image, style)
            paint_title(painter, _tr("frame {}").format(result.frames[place]), title, style)
        for row, label in enumerate(laid.labels):
            painter.setPen(style.theme.ink)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
            painter.drawText(label, int(flags), fitting(self.row_title(row), label, style))
            for place, cell in enumerate(laid.cells[row]):
                self._paint_cell(painter, row, place, cell, style)
        self._paint_ranks(painter, laid, style)
        self._paint_legend(painter, laid.legend, style)
        painter.restore()

    def _paint_cell(self, painter: QPainter, row: int, place: int, cell: QRectF, style: FigureStyle) -> None:
        theme, metrics = style.theme, QFontMetricsF(style.font)
        probs = self.probs[row, place]
        likeliest = int(probs.argmax())
        bar_height = min(1.6 * metrics.height(), max(2.0, 0.4 * cell.height()))
        bar = QRectF(cell.left(), cell.bottom() - bar_height, cell.width(), bar_height)
        x = bar.left()
        for kind in _CLASSES:
            width = bar.width() * float(probs[kind])
            painter.fillRect(QRectF(x, bar.top(), width, bar.height()), class_color(kind, theme))
            x += width
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.line, 1))
        painter.drawRect(bar)
        words = QRectF(cell.left(), cell.top(), cell.width(), cell.height() - bar_height)
        if words.height() >= 0.9 * metrics.height():
            own = self.result.order[row] if self.options.against == "frames" else row
            painter.setFont(resized(style.font, bold=own == self.result.order[place]))
            painter.setPen(theme.ink)
            text = f"{probs[likeliest]:.0%}".replace("%", " %")
            titles = {
                kind: _tr("same") if kind == SAME else class_title(kind) for kind in set(self.probs.argmax(2).flat)
            }
            bold = QFontMetricsF(resized(style.font, bold=True))
            # In every cell or in none: where there is no room for words, the colour tells them.
            if max(bold.horizontalAdvance(f"{title} 100 %") for title in titles.values()) <= words.width():
                text = f"{titles[likeliest]} {text}"
            painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)
            painter.setFont(style.font)

    def _paint_ranks(self, painter: QPainter, laid: OrderLayout, style: FigureStyle) -> None:
        if not laid.ranks:
            return
        theme, metrics = style.theme, QFontMetricsF(style.font)
        em = metrics.height()
        paint_title(painter, _tr("Likeliest orders"), laid.ranks_title, style, is_faint=True)
        orders = [named(self.result, rank) for rank in range(len(laid.ranks))]
        bold = resized(style.font, bold=True)
        width = max(map(QFontMetricsF(bold).horizontalAdvance, orders)) + 0.8 * em
        for rank, (line, order) in enumerate(zip(laid.ranks, orders, strict=True)):
            painter.setFont(bold if rank == self.shown_rank else style.font)
            painter.setPen(theme.ink)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, order)
            text = percent(float(self.shares[rank]))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            full = line.adjusted(width, 0.3 * em, -4.4 * em, -0.3 * em)
            if full.width() > 0:
                painter.fillRect(full, theme.line)
                full.setWidth(full.width() * float(self.shares[rank]))
                painter.fillRect(full, theme.series[5])
        painter.setFont(style.font)
        text = _tr("The order that is shown has rank {} of {}.").format(self.shown_rank + 1, len(self.result.scores))
        below = QRectF(laid.ranks_title.left(), laid.ranks[-1].bottom() + 0.3 * em, laid.ranks_title.width(), 3 * em)
        painter.setPen(theme.faint)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap), text)

    def _paint_legend(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        of_rows = _tr("The sentence is, to the frame:") if self.options.against == "sentences" else _tr(
            "The frame of the row is, to the frame above:"
        )  # fmt: skip
        x, baseline = area.left(), area.top() + _ABOVE_LEGEND * em + metrics.ascent()
        painter.setPen(style.theme.faint)
        painter.drawText(QPointF(x, baseline), of_rows)
        x += metrics.horizontalAdvance(of_rows) + 0.9 * em
        for kind in _CLASSES:
            painter.fillRect(QRectF(x, baseline - 0.75 * em, 0.8 * em, 0.8 * em), class_color(kind, style.theme))
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(x + 1.1 * em, baseline), class_title(kind))
            x += 1.1 * em + metrics.horizontalAdvance(class_title(kind)) + 1.2 * em
        painter.setPen(style.theme.faint)
        for bold in (_tr("bold: they belong together"), _tr("bold: a pair")):
            if x + metrics.horizontalAdvance(bold) <= area.right():
                painter.drawText(QPointF(x, baseline), bold)
                break

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (row, self.row_title(row), place, result.frames[place], *self.probs[row, place].tolist())
            for row in range(self.n)
            for place in range(self.n)
        ]
        header = ("row", self.options.against, "place", "frame", "other_film", "same", "before", "after")
        return Numbers(all_numbers(result), header, rows)
