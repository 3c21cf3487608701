"""What the three pictures of a prediction have in common: a sentence, rows of bars, and the tokens of the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from inference.results.prediction import PredictionResult
from widgets.figures import chips
from widgets.figures.lettering import resized
from widgets.figures.token_axis import label
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.letters import LARGE, row_height
from widgets.look.theme import FigureStyle
from widgets.views.prediction.figures.predicted_rows import ROW, TALLEST_ROW, PredictedRow, paint_rows
from widgets.views.prediction.options import PredictionOptions

_HEADING = 1.7  # em


def _tr(text: str) -> str:
    return QCoreApplication.translate("PredictionFigure", text)


class PredictionSpot(NamedTuple):
    """A token, or a row of bars."""

    kind: Literal["token", "row"]
    place: int


class Section(NamedTuple):
    """A part of the text, what stands over it, and how much room (in em) is kept free over each of its tokens."""

    title: str
    positions: tuple[int, ...]
    above: float = 0.0


class PredictionLayout(NamedTuple):
    """Where everything is, from the upper left corner of the figure."""

    rows: list[QRectF]
    tokens: list[QRectF]  # by position
    headings: list[QRectF]  # by section
    top: float
    bottom: float


@dataclass(frozen=True)
class PredictionFigure:
    """A sentence that says what is predicted, rows of bars, and the tokens, wrapping like text.

    Attributes
    ----------
    selected
        Position of the token that is framed.
    """

    result: PredictionResult
    options: PredictionOptions
    selected: int | None = None

    below: ClassVar[float] = 0.0  # em that is kept free under the tokens
    has_rows_first: ClassVar[bool] = True

    # What each kind says of itself

    @property
    def verdict(self) -> str:
        """What the model says, in a line, where the rows do not say it; the numbers are theirs."""
        raise NotImplementedError

    @property
    def caption(self) -> str:
        """See `Figure.caption`."""
        raise NotImplementedError

    @cached_property
    def rows(self) -> tuple[PredictedRow, ...]:
        """Classes, entities or answers."""
        raise NotImplementedError

    def numbers(self) -> Numbers:
        """See `Figure.numbers`."""
        raise NotImplementedError

    def describe_token(self, position: int) -> str:
        """What is said of a token, behind its name; empty for nothing."""
        return ""

    @property
    def row_mark(self) -> float | None:
        """Where a line stands across the bars."""
        return None

    def least_token(self, position: int, metrics: QFontMetricsF) -> float:
        """Width that a token needs for what is written by it."""
        return 0.0

    def paint_token(self, painter: QPainter, position: int, box: QRectF, style: FigureStyle) -> None:
        """Paint a token and what belongs to it."""
        chips.paint_chip(painter, self.chips[position], box, style)

    def paint_tinted(self, painter: QPainter, position: int, box: QRectF, color: QColor, style: FigureStyle) -> None:
        """Paint a token on a ground of a colour."""
        metrics, ground = QFontMetricsF(style.font), QColor(color)
        em = metrics.height()
        ground.setAlphaF(0.3)
        painter.setPen(QPen(color, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
        painter.setPen(style.theme.ink)
        text = metrics.elidedText(self.chips[position].text, Qt.TextElideMode.ElideRight, box.width() - 0.3 * em)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def paint_heading(self, painter: QPainter, section: Section, box: QRectF, style: FigureStyle) -> None:
        """Paint what stands over a part of the text."""
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(style.theme.faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, section.title)
        painter.setFont(style.font)

    # Layout

    @cached_property
    def chips(self) -> tuple[chips.Chip, ...]:
        """All tokens."""
        return chips.chips_of(self.result.tokens)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The text, or both texts of a pair."""
        segment = self.result.tokens.segment
        if not segment.any():
            return (Section("", tuple(range(len(segment)))),)
        titles = (_tr("Sentence A"), _tr("Sentence B"))
        return tuple(
            Section(title, tuple(np.flatnonzero(segment == number).tolist())) for number, title in enumerate(titles)
        )

    @cached_property
    def _last(self) -> list[tuple[QSizeF, QFont, PredictionLayout]]:
        """The last layout with its size and letters: the pointer asks for it at every step."""
        return []

    def _placed(self, size: QSizeF, style: FigureStyle) -> PredictionLayout:
        """With rows as high as there is room for, and what is left over both above and below."""
        if not self._last or self._last[0][:2] != (size, style.font):
            em, width = QFontMetricsF(style.font).height(), size.width()
            left = size.height() - self._lay_out(width, style, ROW, 0.0).bottom
            row = row_height(ROW * len(self.rows) + left / em, len(self.rows), ROW, TALLEST_ROW)
            left -= (row - ROW) * len(self.rows) * em
            self._last[:] = [(size, style.font, self._lay_out(width, style, row, max(left / 2, 0.0)))]
        return self._last[0][2]

    def _lay_out(self, width: float, style: FigureStyle, row: float, top: float) -> PredictionLayout:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        y = top + ((1.4 * LARGE + 0.5) * em if self.verdict else 0.0)
        rows: list[QRectF] = []
        if self.has_rows_first:
            rows, y = self._place_rows(y, width, row * em, em)
        tokens, headings = [QRectF()] * len(self.chips), []
        for section in self.sections:
            heading = QRectF(0, y, width, _HEADING * em if section.title else 0.0)
            headings.append(heading)
            y = self._place_tokens(section, heading.bottom(), width, metrics, tokens) + 0.7 * em
        if not self.has_rows_first:
            rows, y = self._place_rows(y, width, row * em, em)
        return PredictionLayout(rows, tokens, headings, top, y)

    def _place_rows(self, y: float, width: float, height: float, em: float) -> tuple[list[QRectF], float]:
        boxes = [QRectF(0, y + row * height, width, height) for row in range(len(self.rows))]
        return boxes, y + height * len(boxes) + 0.8 * em * bool(boxes)

    def _place_tokens(
        self, section: Section, y: float, width: float, metrics: QFontMetricsF, boxes: list[QRectF]
    ) -> float:
        em, height = metrics.height(), chips.chip_height(metrics)
        x, y = 0.0, y + section.above * em
        for position in section.positions:
            chip = self.chips[position]
            wide = max(metrics.horizontalAdvance(chip.text) + 0.7 * em, 1.2 * em, self.least_token(position, metrics))
            wide = min(wide, max(width, em))
            x += 0 if x == 0 else 0.1 * em if not chip.starts_word else 0.4 * em
            if x + wide > width and x > 0:
                x, y = 0.0, y + height + (section.above + self.below + 0.35) * em
            boxes[position] = QRectF(x, y, wide, height)
            x += wide
        return y + height + self.below * em

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        return QSizeF(0, self._lay_out(width, style, ROW, 0.0).bottom)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = 60 * QFontMetricsF(style.font).height()
        return QSizeF(width, self.least_size(width, style).height())

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.translate(rect.topLeft())
        placed = self._placed(rect.size(), style)
        large = resized(style.font, LARGE, bold=True)
        metrics = QFontMetricsF(large)
        painter.setFont(large)
        painter.setPen(style.theme.ink)
        text = metrics.elidedText(self.verdict, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(QPointF(0, placed.top + metrics.ascent()), text)
        painter.setFont(style.font)
        paint_rows(painter, self.rows, placed.rows, style, self.row_mark)
        for section, heading in zip(self.sections, placed.headings, strict=True):
            if heading.height():
                self.paint_heading(painter, section, heading, style)
        for position, box in enumerate(placed.tokens):
            self.paint_token(painter, position, box, style)
            if position == self.selected:
                _frame(painter, box, style, Qt.PenStyle.SolidLine)
        painter.restore()

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> PredictionSpot | None:
        """The row or token under a point, with what is written over and under it."""
        placed = self._placed(rect.size(), style)
        point, em = point - rect.topLeft(), QFontMetricsF(style.font).height()
        for row, box in enumerate(placed.rows):
            if box.contains(point):
                return PredictionSpot("row", row)
        for section in self.sections:
            for position in section.positions:
                if placed.tokens[position].adjusted(0, -section.above * em, 0, self.below * em).contains(point):
                    return PredictionSpot("token", position)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a row or token."""
        if not isinstance(spot, PredictionSpot):
            return False
        return spot.place < len(self.rows if spot.kind == "row" else self.chips)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: PredictionSpot) -> None:
        """Frame what is pointed at; of a row also the tokens that it is about."""
        placed = self._placed(rect.size(), style)
        boxes = [(placed.rows if spot.kind == "row" else placed.tokens)[spot.place]]
        span = self.rows[spot.place].span if spot.kind == "row" else None
        if span is not None:
            boxes += placed.tokens[span.start : span.stop]
        for box in boxes:
            _frame(painter, box.translated(rect.topLeft()), style, Qt.PenStyle.DashLine)

    def step(
        self, spot: PredictionSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> PredictionSpot:
        """The token beside; or the nearest row, or token of the line, above or below."""
        if spot is None:
            return PredictionSpot("token", 0)
        placed = self._placed(rect.size(), style)
        if right and spot.kind == "token":
            return PredictionSpot("token", min(max(spot.place + right, 0), len(placed.tokens) - 1))
        if not down:
            return spot
        here = (placed.rows if spot.kind == "row" else placed.tokens)[spot.place]
        every = [
            *((PredictionSpot("row", i), box) for i, box in enumerate(placed.rows)),
            *((PredictionSpot("token", i), box) for i, box in enumerate(placed.tokens)),
        ]
        beyond = [(other, box) for other, box in every if (box.top() - here.top()) * down > 1]
        if not beyond:
            return spot
        line = min(beyond, key=lambda each: abs(each[1].top() - here.top()))[1].top()
        on_line = [each for each in beyond if abs(each[1].top() - line) < 1]
        return min(on_line, key=lambda each: abs(each[1].center().x() - here.center().x()))[0]

    def describe(self, spot: PredictionSpot) -> str:
        """What is pointed at, with its numbers."""
        if spot.kind == "row":
            return self.describe_row(self.rows[spot.place])
        said = self.describe_token(spot.place)
        named = _tr("“{}” ({})").format(label(self.result.tokens.words[spot.place]), spot.place)
        return f"{named}: {said}" if said else named

    def describe_row(self, row: PredictedRow) -> str:
        """A row in words."""
        return f"{row.name}: {row.number}"

    # Numbers

    def arrays(self) -> dict[str, np.ndarray]:
        """What NPZ holds of every kind."""
        result = self.result
        return {
            "probs": result.probs,
            "logits": result.logits,
            "labels": np.array([clean(name) for name in result.labels], np.str_),
            "tokens": np.array([clean(word) for word in result.tokens.words], np.str_),
            "spans": np.array([(span.start, span.stop) for span in result.spans], np.int64).reshape(-1, 2),
            "span_labels": np.array([clean(span.label) for span in result.spans], np.str_),
            "span_probs": np.array([span.prob for span in result.spans], np.float64),
            "span_texts": np.array([clean(span.text) for span in result.spans], np.str_),
        }

    def text(self) -> str:
        """All words of what is read, for a caption."""
        return isolated(" ".join(self.result.tokens.words))


def _frame(painter: QPainter, box: QRectF, style: FigureStyle, line: Qt.PenStyle) -> None:
    painter.setPen(QPen(style.theme.accent, 2, line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4)
