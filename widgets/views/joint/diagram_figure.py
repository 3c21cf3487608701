"""The layers of one stream or two, and the connections between two, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from inference.results.joint import OF_IMAGE, OF_TEXT, JointResult
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_BLOCK, _STEP, _HEAD = 15.0, 2.9, 2.2  # em: width of a block, height of a row, and of what stands above
_TOLD, _FOOT = 4.4, 2.4  # em: height of what is told of words and image, and of the heads


class DiagramStep(NamedTuple):
    """An attention, by its place among the steps."""

    number: int


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointDiagramFigure", text)


@dataclass(frozen=True)
class JointDiagramFigure:
    """Words on the left, the image on the right, time from top to bottom; arrows say who reads whom.

    What reads both alike, as all layers of a single stream do, reaches over both sides.

    Attributes
    ----------
    selected
        Group and layer of the attention that is framed.
    """

    result: JointResult
    selected: tuple[str, int] = ("", -1)

    @property
    def caption(self) -> str:
        if all(self._is_shared(name) for name, _ in self.result.steps):
            return _tr("This model has one stream: words and image go through the same layers, {} of them").format(
                len(self.result.steps)
            )
        text = _tr("{} attentions in the order in which they run, {} of them between words and image")
        meet = sum(self._is_crossing(name) or self._is_shared(name) for name, _ in self.result.steps)
        return text.format(len(self.result.steps), meet)

    @property
    def told(self) -> str:
        """What the model answers; no heads of attention, which have that name here."""
        return _tr("It tells: {}").format(", ".join(self.result.heads))

    @staticmethod
    def _is_crossing(name: str) -> bool:
        return "_to_" in name

    @staticmethod
    def _is_shared(name: str) -> bool:
        """Whether words and image are one sequence there."""
        return "_and_" in name

    @staticmethod
    def _is_left(name: str) -> bool:
        """Whether it is the words that look."""
        return name.startswith("text")

    def _is_on(self, name: str, is_left: bool) -> bool:
        """Whether it is of the stream of words (`is_left`) or of the image; what is shared is of both."""
        return self._is_shared(name) or self._is_left(name) == is_left

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The row of each step: both directions of a connection share one, and so do layers that need not wait.

        What reads both streams waits for both.
        """
        found: list[int] = []
        free = [0, 0]  # the first free row of either stream
        for name, layer in self.result.steps:
            side = 0 if self._is_left(name) else 1
            before = self.result.steps[len(found) - 1] if found else ("", -1)
            if self._is_crossing(name) and self._is_crossing(before[0]) and before[1] == layer:
                found.append(found[-1])
            elif self._is_crossing(name) or self._is_shared(name):
                found.append(max(free))
                free = [found[-1] + 1] * 2
            else:
                found.append(free[side])
                free[side] += 1
        return tuple(found)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        rows = _STEP * (max(self.rows, default=0) + 1)
        return QSizeF((2 * _BLOCK + 18) * em, (self._head + rows + self._foot + 1) * em)

    @property
    def _head(self) -> float:
        """What stands above the first row, in em."""
        return _HEAD + (_TOLD if self.result.starts else 0)

    @property
    def _foot(self) -> float:
        return _FOOT if self.result.heads else 0

    def started(self, *kinds: str) -> str:
        """How places of these kinds are made before the first layer, a line a kind; empty where that is not told."""
        named = {"word": _tr("Words"), "tag": _tr("Tags"), "region": _tr("Regions"), "patch": _tr("Patches")}
        own = (start for start in self.result.starts if start.kind in kinds)
        return "\n".join(f"{named[start.kind]}: {start.sum.replace('LN(', _tr('LayerNorm('))}" for start in own)

    @staticmethod
    def _columns(rect: QRectF, style: FigureStyle) -> tuple[float, float, float]:
        """The left edge of the words' column, the width of both, and the gap between them."""
        em = QFontMetricsF(style.font).height()
        width = min(_BLOCK * em, 0.38 * rect.width())
        gap = min(10 * em, rect.width() - 2 * width)
        return rect.left() + (rect.width() - 2 * width - gap) / 2, width, gap

    def boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where each step is."""
        em = QFontMetricsF(style.font).height()
        n = max(self.rows, default=0) + 1
        height = min(_STEP * em, (rect.height() - (self._head + self._foot) * em) / n)
        left, width, gap = self._columns(rect, style)
        return [
            QRectF(
                left if self._is_left(name) else left + width + gap,
                rect.top() + self._head * em + row * height + 0.12 * height,
                2 * width + gap if self._is_shared(name) else width,
                0.76 * height,
            )
            for (name, _), row in zip(self.result.steps, self.rows, strict=True)
        ]

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        em = QFontMetricsF(style.font).height()
        boxes = self.boxes(rect, style)
        left, width, gap = self._columns(rect, style)
        is_single = all(self._is_shared(name) for name, _ in self.result.steps)
        for title, at, is_left in ((_tr("Words"), left, True), (_tr("Image"), left + width + gap, False)):
            painter.setPen(style.theme.faint)
            head = QRectF(at, rect.top() + 0.4 * em, width, 1.5 * em)
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, title)
            if self.result.starts:
                head.setHeight(head.height() + _TOLD * em)
                below = head.adjusted(-0.3 * gap, 1.5 * em, 0.3 * gap, 0)
                flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
                painter.setPen(style.theme.ink)
                painter.drawText(below, int(flags), self.started(*(OF_TEXT if is_left else OF_IMAGE)))
            own = [
                QRectF(at, box.top(), width, box.height())
                for box, (name, _) in zip(boxes, self.result.steps, strict=True)
                if self._is_on(name, is_left)
            ]
            ends = self._ends(boxes, is_left)
            self._paint_stream(painter, own, style, (head.bottom() if is_single else None, ends))
        for number, box in enumerate(boxes):
            self._paint_block(painter, number, box, style)
        self._paint_crossings(painter, rect, boxes, style)
        if self.result.heads and boxes:
            last = max(box.bottom() for box in boxes)
            foot = QRectF(rect.left(), last + 0.4 * em, rect.width(), 1.5 * em)
            painter.setPen(style.theme.ink)
            painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, self.told)
        painter.restore()

    def _ends(self, boxes: list[QRectF], is_left: bool) -> float | None:
        """How far down a stream is read from that has no block there itself, as BLIP's image is; None where it has."""
        named = list(zip(boxes, self.result.steps, self.rows, strict=True))
        last = max((row for _, (name, _), row in named if self._is_on(name, is_left)), default=-1)
        read = [
            box.center().y()
            for box, (name, _), row in named
            if self._is_crossing(name) and self._is_left(name) != is_left and row > last
        ]
        return max(read, default=None)

    def _paint_stream(
        self, painter: QPainter, boxes: list[QRectF], style: FigureStyle, ends: tuple[float | None, float | None]
    ) -> None:
        """Lines between blocks, and from and to where they begin and end beside these."""
        ordered, (top, bottom) = sorted(boxes, key=QRectF.top), ends
        painter.setPen(QPen(style.theme.line, 2))
        if bottom is not None and ordered:
            last = ordered[-1]
            painter.drawLine(QLineF(last.center().x(), last.bottom(), last.center().x(), bottom))
        if top is not None and ordered:
            painter.drawLine(QLineF(ordered[0].center().x(), top, ordered[0].center().x(), ordered[0].top()))
        for above, below in pairwise(ordered):
            painter.drawLine(QLineF(above.center().x(), above.bottom(), below.center().x(), below.top()))

    def _paint_block(self, painter: QPainter, number: int, box: QRectF, style: FigureStyle) -> None:
        name, layer = step = self.result.steps[number]
        is_selected = step == self.selected
        painter.setPen(QPen(style.theme.accent if is_selected else style.theme.line, 2.5 if is_selected else 1.2))
        painter.setBrush(style.theme.panel)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(style.theme.ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._title(name, layer))

    def _title(self, name: str, layer: int) -> str:
        if self._is_crossing(name):
            text = _tr("reads the image ({})") if self._is_left(name) else _tr("reads the words ({})")
            return text.format(layer)
        if self._is_shared(name):
            return _tr("words and image read each other, layer {}").format(layer)
        if name.endswith("joint_layers"):
            return (_tr("words among themselves ({})") if self._is_left(name) else _tr("image by itself ({})")).format(
                layer
            )
        return (_tr("text layer {}") if self._is_left(name) else _tr("image layer {}")).format(layer)

    def _paint_crossings(self, painter: QPainter, rect: QRectF, boxes: list[QRectF], style: FigureStyle) -> None:
        """An arrow to what reads from the other stream, at the height of the block."""
        em = QFontMetricsF(style.font).height()
        left, width, gap = self._columns(rect, style)
        taken = {(self._is_left(name), row) for (name, _), row in zip(self.result.steps, self.rows, strict=True)}
        for (name, _), box, row in zip(self.result.steps, boxes, self.rows, strict=True):
            if not self._is_crossing(name):
                continue
            is_left = self._is_left(name)
            has_block = (not is_left, row) in taken
            y = box.center().y() + ((-0.18 if is_left else 0.18) * box.height() if has_block else 0.0)
            inset = 0.0 if has_block else width / 2  # from the line of the stream that is read
            ends = left + width - (0 if is_left else inset), left + width + gap + (inset if is_left else 0)
            start, end = QPointF(ends[1 if is_left else 0], y), QPointF(ends[0 if is_left else 1], y)
            painter.setPen(QPen(style.theme.accent, 1.8))
            painter.setBrush(style.theme.accent)
            painter.drawLine(QLineF(start, end))
            way = -1 if is_left else 1
            tip = [end, end + QPointF(-way * 0.5 * em, -0.24 * em), end + QPointF(-way * 0.5 * em, 0.24 * em)]
            painter.drawPolygon(QPolygonF(tip))

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> DiagramStep | None:
        """The block under a point."""
        under = (i for i, box in enumerate(self.boxes(rect, style)) if box.contains(point))
        return next((DiagramStep(i) for i in under), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a block."""
        return isinstance(spot, DiagramStep) and spot.number < len(self.result.steps)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: DiagramStep) -> None:
        """Frame the block."""
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.ink, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.boxes(rect, style)[spot.number], 5, 5)
        painter.restore()

    def step(
        self, spot: DiagramStep | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> DiagramStep | None:
        """The block before or after; left and right the nearest one of the other stream."""
        steps = self.result.steps
        if not steps:
            return None
        if spot is None:
            return DiagramStep(0)
        is_left = self._is_left(steps[spot.number][0])
        if right:
            others = [i for i, (name, _) in enumerate(steps) if self._is_on(name, not is_left)]
            near = min(others, key=lambda i: abs(self.rows[i] - self.rows[spot.number]), default=spot.number)
            return DiagramStep(near if (right > 0) == is_left else spot.number)
        own = [i for i, (name, _) in enumerate(steps) if self._is_on(name, is_left)]
        return DiagramStep(own[min(max(own.index(spot.number) + down, 0), len(own) - 1)])

    def describe(self, spot: DiagramStep) -> str:
        """What a block does, and what a click does."""
        name, layer = self.result.steps[spot.number]
        return _tr("Step {}: {}; a click shows its map").format(spot.number + 1, self._title(name, layer))

    def level(self, spot: DiagramStep) -> int:
        """The level that has this attention."""
        step = self.result.steps[spot.number]
        return next(i for i, level in enumerate(self.result.levels) if step in level.parts)

    def numbers(self) -> Numbers:
        rows: list[tuple[str | int | float, ...]] = [
            (i + 1, name, layer, row)
            for i, ((name, layer), row) in enumerate(zip(self.result.steps, self.rows, strict=True))
        ]
        arrays = {
            "groups": np.array([name for name, _ in self.result.steps], np.str_),
            "layers": np.array([layer for _, layer in self.result.steps], np.int64),
            "rows": np.array(self.rows, np.int64),
        }
        return Numbers(arrays, ("step", "group", "layer", "row"), rows or [("", "", "", "")])
