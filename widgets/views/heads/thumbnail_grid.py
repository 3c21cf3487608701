"""Where the thumbnails of heads are: rows and columns, in one stack or in several beside each other."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF


class ThumbnailGrid(NamedTuple):
    """Where the thumbnails are; `step` is from one to the next, `width` and `height` their size.

    `n_rows` of them stand below each other in a stack; the next stack begins `stride` further right. `has_numbers` says
    whether there is room for numbers beside the bars, `n_lines` how many lines of words stand below each thumbnail.
    """

    origin: QPointF
    width: float
    height: float
    step: QSizeF
    n_columns: int
    n_rows: int
    stride: float
    has_numbers: bool
    n_lines: int

    def box(self, index: int) -> QRectF:
        row, column = divmod(index, self.n_columns)
        stack, row = divmod(row, self.n_rows)
        x = self.origin.x() + stack * self.stride + column * self.step.width()
        return QRectF(x, self.origin.y() + row * self.step.height(), self.width, self.height)

    def index_at(self, point: QPointF) -> int | None:
        """The place under a point, the line beneath the thumbnail included; whether one is there is not known here."""
        x, y = point.x() - self.origin.x(), point.y() - self.origin.y()
        stack = int(x // self.stride)
        column, row = int((x - stack * self.stride) // self.step.width()), int(y // self.step.height())
        if stack < 0 or not (0 <= column < self.n_columns and 0 <= row < self.n_rows):
            return None
        index = (stack * self.n_rows + row) * self.n_columns + column
        return index if point.x() < self.box(index).right() else None
