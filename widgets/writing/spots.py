"""Spots of a figure in which a text is written: which lies in a direction, and the ring around one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from widgets.look.theme import FigureStyle

S = TypeVar("S")


class SpotsInBoxes(Generic[S]):
    """A figure all of whose spots lie in boxes: a subclass says which."""

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[S, QRectF]:
        """All that can be pointed at, in the order of the arrow keys."""
        raise NotImplementedError

    def first_spot(self) -> S:
        """Where the arrow keys begin."""
        raise NotImplementedError

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> S | None:
        """What lies under a point."""
        return next((spot for spot, box in self.boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a thing now."""
        return spot in self.boxes(rect, style)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: S) -> None:
        """Frame what is pointed at."""
        if (box := self.boxes(rect, style).get(spot)) is not None:
            paint_ring(painter, box.adjusted(1, 1, -1, -1), style, Qt.PenStyle.DashLine)

    def step(self, spot: S | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> S | None:
        """The nearest thing in a direction."""
        return nearest(self.boxes(rect, style), spot, self.first_spot(), right, down)


def nearest(boxes: Mapping[S, QRectF], spot: S | None, first: S, right: int, down: int) -> S | None:
    """The nearest spot to the right (-1: left) or down (-1: up), or the same one where there is none.

    Parameters
    ----------
    boxes
        Where the spots are.
    first
        Where one begins that is nowhere yet; the first of all where it is not there.
    """
    if spot is None or spot not in boxes:
        return first if first in boxes else next(iter(boxes), None)
    here = boxes[spot].center()
    found, least = spot, math.inf
    for other, box in boxes.items():
        away = box.center() - here
        along, across = (away.x() * right, abs(away.y())) if right else (away.y() * down, abs(away.x()))
        if along > 1 and (right == 0 or across < box.height()):
            distance = along + 3 * across if right else 1e4 * along + across
            if distance < least:
                found, least = other, distance
    return found


def paint_ring(painter: QPainter, box: QRectF, style: FigureStyle, line: Qt.PenStyle) -> None:
    """Around what is chosen, or with a dashed line around what is pointed at."""
    painter.save()
    painter.setPen(QPen(style.theme.accent, 2, line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4)
    painter.restore()
