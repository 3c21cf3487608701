"""The tree of pretrained language models, and below it what went into one of them, beside the open checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.checkpoint import CheckpointInfo
from widgets.figures.edges import edge
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.pretrained.models import BUNDLED, BY_KEY, MODELS, PretrainedModel, kin_of, model_of
from widgets.views.pretrained.open_card import told_of

_ROW, _BOX = 1.58, 1.35  # em: from row to row, and of a box
_WIDEST_ROW = 2.5  # em, where there is room
_GAP = 0.5  # em between boxes of a row
_FIRST, _SECOND = 2.6, 2.2  # em from column to column, for the curves
_CARD = 1.0  # em between the tree and the card
_CARD_LINES = 10  # of a card of the tree, with those that take two
_CARD_SHARE = 0.52  # of the width, beside the card of the open checkpoint
_MOST_LINES = 20  # of what is said of one thing: as many letters as of a README are kept
_WIDTH = 60.0  # em
_LEAST_WIDTH = 43.0
_ENOUGH, _WIDEST = 52.0, 10.5  # em: in less, what is wider than so much takes two lines
_SMALL = 0.75  # of the letters, for two lines in a row


def _tr(text: str) -> str:
    return QCoreApplication.translate("FamilyTree", text)


@dataclass(frozen=True)
class _Row:
    """Models that changed the same thing in the same parent."""

    parent: str
    change: str
    models: tuple[PretrainedModel, ...]


@dataclass(frozen=True)
class FamilyTree:
    """From left to right in time: the first ones, the four of 2018, and what each of them became.

    Attributes
    ----------
    chosen
        Key of the model whose card stands below.
    checkpoint
        What is open; it stands beside the card, and its model is marked.
    cut_by
        What cuts its texts into tokens, in words; empty where that is not known.
    """

    chosen: str
    checkpoint: CheckpointInfo | None = None
    cut_by: str = ""

    @property
    def model(self) -> PretrainedModel:
        """The chosen one."""
        return BY_KEY[self.chosen]

    @cached_property
    def open_model(self) -> PretrainedModel | None:
        """The one that the open checkpoint is of."""
        return model_of(self.checkpoint.architecture) if self.checkpoint is not None else None

    @cached_property
    def open_kin(self) -> PretrainedModel | None:
        """The one that it is nearest to, where it is of none."""
        is_none = self.checkpoint is not None and self.open_model is None
        return kin_of(self.checkpoint.architecture) if is_none and self.checkpoint is not None else None

    @property
    def caption(self) -> str:
        model = self.model
        return _tr("Pretrained language models, 2015 to 2020; below: {} ({})").format(model.name, model.source)

    # The parts of the tree

    @cached_property
    def _first(self) -> tuple[PretrainedModel, ...]:
        return tuple(model for model in MODELS if not model.parent)

    @cached_property
    def _second(self) -> tuple[PretrainedModel, ...]:
        """They grew out of all the first ones."""
        first = {model.key for model in self._first}
        return tuple(model for model in MODELS if model.parent in first)

    @cached_property
    def _rows(self) -> tuple[_Row, ...]:
        rows: dict[tuple[str, str], list[PretrainedModel]] = {}
        for root in self._second:  # in the order of the roots, so that no curves cross
            later = (model for model in MODELS if model not in (*self._first, *self._second))
            own = [model for model in later if _root_of(model) == root.key]
            for model in own:
                rows.setdefault((model.parent, model.change), []).append(model)
            if not own:
                rows[root.key, ""] = []
        return tuple(_Row(parent, change, tuple(models)) for (parent, change), models in rows.items())

    def _columns(self, width: float, metrics: QFontMetricsF) -> tuple[float, float, float, float]:
        """Widths of the first two columns and of the changes, and where the boxes of the last column begin."""
        em = metrics.height()
        first, second = (
            max(_width(_broken(model.name, width, metrics), metrics) for model in models) + em
            for models in (self._first, self._second)
        )
        changes = (_broken(_change(row), width, metrics) for row in self._rows)
        change = max(_width(text, metrics) * (_SMALL if "\n" in text else 1) for text in changes) + em
        return first, second, change, first + _FIRST * em + second + _SECOND * em + change

    def _wrapped(
        self, width: float, metrics: QFontMetricsF, height: float = _ROW
    ) -> list[list[tuple[PretrainedModel, QRectF]]]:
        """Boxes of the last column, a list for each row; a row that is too long takes several lines of a height."""
        em, left = metrics.height(), self._columns(width, metrics)[3]
        y, found = 0.0, []
        for row in self._rows:
            x, boxes = left, []
            for model in row.models:
                wide = metrics.horizontalAdvance(model.name) + em
                if x > left and x + wide > width:
                    x, y = left, y + height * em
                boxes.append((model, QRectF(x, y, wide, _BOX * em)))
                x += wide + _GAP * em
            found.append(boxes)
            y += height * em
        return found

    def _rows_of(self, root: str) -> list[int]:
        """Numbers of the rows of what a model of 2018 became."""
        roots = [_root_of(row.models[0]) if row.models else row.parent for row in self._rows]
        return [number for number, of in enumerate(roots) if of == root]

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[str, QRectF]:
        """Where each model is, by key."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        room = rect.height() - self._height(rect.width(), style)
        n_lines = self._wrapped(rect.width(), metrics)[-1][-1][1].top() / (_ROW * em)
        line = min(_ROW + max(room, 0.0) / (n_lines * em), _WIDEST_ROW)
        rows = self._wrapped(rect.width(), metrics, line)
        height = rows[-1][-1][1].bottom()
        found = {model.key: box.translated(rect.topLeft()) for boxes in rows for model, box in boxes}
        first, second, _, _ = self._columns(rect.width(), metrics)
        step = height / len(self._first)
        for number, model in enumerate(self._first):
            high = (_BOX + _broken(model.name, rect.width(), metrics).count("\n")) * em
            top = rect.top() + (number + 0.5) * step - 0.5 * high
            found[model.key] = QRectF(rect.left(), top, first, high)
        for root in self._second:
            own = [box for row in self._rows_of(root.key) for _, box in rows[row]]
            top = (own[0].top() + own[-1].top()) / 2 if own else self._rows_of(root.key)[0] * line * em
            found[root.key] = QRectF(rect.left() + first + _FIRST * em, rect.top() + top, second, _BOX * em)
        return found

    # Size

    def _card_lines(self) -> tuple[tuple[str, str], ...]:
        model = self.model
        opens = _tr("opens its checkpoints") if model.prefix else _tr("does not open its checkpoints")
        opens = _tr("a small one comes with it") if model.key in BUNDLED and not model.prefix else opens
        return (
            (_tr("Objective"), model.objective),
            (_tr("Architecture"), model.architecture),
            (_tr("Data"), model.data),
            (_tr("Tokens"), model.tokens),
            (_tr("Source"), model.source),
            (_tr("Headlight"), opens),
        )

    def _height(self, width: float, style: FigureStyle) -> float:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        tree = self._wrapped(width, metrics)[-1][-1][1].bottom()
        # As much for every model, so that nothing moves when another one is chosen.
        n_lines = _CARD_LINES
        if self.checkpoint is not None:
            n_lines = max(n_lines, _n_lines(told_of(self.checkpoint, self.cut_by), metrics, (1 - _CARD_SHARE) * width))
        return tree + (_CARD + 1.6 + 1.35 * n_lines) * em

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        least = _LEAST_WIDTH * QFontMetricsF(style.font).height()
        return QSizeF(least if width < least else 0, self._height(max(width, least), style))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * QFontMetricsF(style.font).height()
        return QSizeF(width, self._height(width, style))

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        boxes = self.boxes(rect, style)
        painter.save()
        painter.setFont(style.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPen(style.theme.line, 0.09 * em)
        for root in self._second:
            for first in self._first:
                _curve(painter, boxes[first.key], boxes[root.key], line)
        self._paint_rows(painter, rect, boxes, style)
        for key, box in boxes.items():
            self._paint_box(painter, key, box, style)
        top = max(box.bottom() for box in boxes.values()) + _CARD * em
        self._paint_card(painter, QRectF(rect.left(), top, rect.width(), rect.bottom() - top), style)
        painter.restore()

    def _paint_rows(self, painter: QPainter, rect: QRectF, boxes: dict[str, QRectF], style: FigureStyle) -> None:
        metrics, em = QFontMetricsF(style.font), QFontMetricsF(style.font).height()
        _, _, change, left = self._columns(rect.width(), metrics)
        for row in filter(lambda row: row.models, self._rows):
            first = boxes[row.models[0].key]
            label = QRectF(rect.left() + left - change, first.top(), change, first.height())
            root = boxes[row.parent if row.parent in {model.key for model in self._second} else _root_of(row.models[0])]
            _curve(painter, root, label.adjusted(0.2 * em, 0, 0, 0), QPen(style.theme.line, 0.09 * em))
            painter.setPen(style.theme.faint)
            text = _broken(_change(row), rect.width(), metrics)
            painter.setFont(resized(style.font, _SMALL if "\n" in text else 1))
            above = (_ROW - _BOX) * em
            painter.drawText(label.adjusted(0.5 * em, -above, 0, above), Qt.AlignmentFlag.AlignVCenter, text)
            painter.setFont(style.font)

    def _paint_box(self, painter: QPainter, key: str, box: QRectF, style: FigureStyle) -> None:
        theme, is_chosen = style.theme, key == self.chosen
        is_open = BY_KEY[key] in (self.open_model, self.open_kin)
        painter.setPen(
            QPen(theme.accent if is_chosen else theme.faint if is_open else theme.line, 2 if is_chosen else 1)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush if style.transparent else theme.panel)
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(resized(style.font, bold=is_chosen or is_open))
        painter.setPen(theme.ink)
        words = int(Qt.TextFlag.TextWordWrap) if BY_KEY[key] in self._first else 0
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | words, BY_KEY[key].name)
        painter.setFont(style.font)

    def _paint_card(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        half = area.width() * (_CARD_SHARE if self.checkpoint is not None else 1.0)
        title = _tr("{} ({})").format(self.model.name, self.model.year)
        _paint_lines(painter, QRectF(area.left(), area.top(), half, area.height()), title, self._card_lines(), style)
        if self.checkpoint is not None:
            right = QRectF(area.left() + half, area.top(), area.width() - half, area.height())
            title = _tr("Open now: {}").format(clean(self.checkpoint.name))
            title += _tr(", {}").format(self.open_model.name) if self.open_model is not None else ""
            title += _tr("; nearest kin: {}").format(self.open_kin.name) if self.open_kin is not None else ""
            _paint_lines(painter, right, title, told_of(self.checkpoint, self.cut_by), style)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> str | None:
        """The model under a point."""
        return next((key for key, box in self.boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a model."""
        return spot in BY_KEY

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: str) -> None:
        """Frame what is pointed at."""
        painter.save()
        painter.setPen(QPen(style.theme.accent, 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.boxes(rect, style)[spot].adjusted(-2, -2, 2, 2), 5, 5)
        painter.restore()

    def step(self, spot: str | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> str:
        """The nearest model in a direction."""
        boxes = self.boxes(rect, style)
        if spot is None:
            return self.chosen
        here = boxes[spot].center()

        def far(key: str) -> float:
            way = boxes[key].center() - here
            along, across = (way.x() * right, abs(way.y())) if right else (way.y() * down, abs(way.x()))
            return along + 2 * across if along > 1 else float("inf")

        best = min(boxes, key=far)
        return best if far(best) < float("inf") else spot

    def describe(self, spot: str) -> str:
        """A model in a line."""
        model = BY_KEY[spot]
        after = _tr(", after {}").format(BY_KEY[model.parent].name) if model.parent in BY_KEY and model.change else ""
        change = _tr("{}{}: {}").format(model.year, after, _tr(model.change)) if model.change else str(model.year)
        return _tr("{} ({}). Objective: {}.").format(model.name, change, model.objective)

    def numbers(self) -> Numbers:
        """A row a model."""
        header = ("model", "year", "after", "change", "objective", "architecture", "data", "tokens", "source")
        rows: list[tuple[str | int | float, ...]] = [
            (
                model.name,
                model.year,
                BY_KEY[model.parent].name if model.parent else "",
                model.change,
                model.objective,
                model.architecture,
                model.data,
                model.tokens,
                model.source,
            )
            for model in MODELS
        ]
        return Numbers({name: np.array([row[i] for row in rows]) for i, name in enumerate(header)}, header, rows)


def _change(row: _Row) -> str:
    """What the models of a row changed; in what, where that is not a model of 2018."""
    is_of_a_root = not row.parent or not BY_KEY[BY_KEY[row.parent].parent].parent
    return _tr(row.change) if is_of_a_root else _tr("{} ({})").format(_tr(row.change), BY_KEY[row.parent].name)


def _broken(text: str, width: float, metrics: QFontMetricsF) -> str:
    """In two lines that are as short as can be, where one is long and the whole figure narrow."""
    words, em = text.split(" "), metrics.height()
    if len(words) == 1 or width >= _ENOUGH * em or _width(text, metrics) <= _WIDEST * em:
        return text
    halves = (f"{' '.join(words[:number])}\n{' '.join(words[number:])}" for number in range(1, len(words)))
    return min(halves, key=lambda both: _width(both, metrics))


def _width(text: str, metrics: QFontMetricsF) -> float:
    return max(map(metrics.horizontalAdvance, text.split("\n")))


def _root_of(model: PretrainedModel) -> str:
    """The one of 2018 that a model comes from."""
    parent = BY_KEY[model.parent]
    return parent.key if not BY_KEY[parent.parent].parent else _root_of(parent)


def _paint_lines(
    painter: QPainter, area: QRectF, title: str, lines: tuple[tuple[str, str], ...], style: FigureStyle
) -> None:
    """A title, and below it names and what is said of them."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    painter.setFont(resized(style.font, bold=True))
    painter.setPen(style.theme.ink)
    bold = QFontMetricsF(painter.font())
    shown = bold.elidedText(title, Qt.TextElideMode.ElideRight, area.width() - em)
    painter.drawText(QPointF(area.left(), area.top() + metrics.ascent()), shown)
    painter.setFont(style.font)
    room = _names_width(lines, metrics)
    baseline = area.top() + 1.6 * em + metrics.ascent()
    for name, text in lines:
        painter.setPen(style.theme.faint)
        painter.drawText(QPointF(area.left(), baseline), name)
        painter.setPen(style.theme.ink)
        for part in _in_lines(text, metrics, area.width() - room - em):
            painter.drawText(QPointF(area.left() + room, baseline), part)
            baseline += 1.35 * em


def _names_width(lines: tuple[tuple[str, str], ...], metrics: QFontMetricsF) -> float:
    return max(metrics.horizontalAdvance(name) for name, _ in lines) + metrics.height()


def _n_lines(lines: tuple[tuple[str, str], ...], metrics: QFontMetricsF, width: float) -> int:
    """How many lines a card takes that is so wide."""
    room = _names_width(lines, metrics) + metrics.height()
    return sum(len(_in_lines(text, metrics, width - room)) for _, text in lines)


def _in_lines(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """A text in as many lines as it needs, up to `_MOST_LINES`; what is still too long is cut."""
    words, lines = text.split(" "), []
    while words and len(lines) < _MOST_LINES - 1:
        line: list[str] = []
        while words and metrics.horizontalAdvance(" ".join((*line, words[0]))) <= width:
            line.append(words.pop(0))
        if not line:  # a word that is longer than a line
            break
        lines.append(" ".join(line))
    rest = metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width)
    return [*lines, rest] if rest else lines or [""]


def _curve(painter: QPainter, start: QRectF, end: QRectF, pen: QPen) -> None:
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(edge(start, end))
