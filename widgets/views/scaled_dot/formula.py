"""The formula of scaled dot-product attention, with the step that is explained in colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.look.letters import LARGE
from widgets.look.theme import FigureStyle
from widgets.views.scaled_dot.steps import steps_of

if TYPE_CHECKING:
    from inference.results.scaled_dot import ScaledDotResult


class _Piece(NamedTuple):
    """Text of the formula and the steps it belongs to; with `below` it is a fraction."""

    text: str
    steps: tuple[str, ...] = ()
    below: str = ""
    steps_below: tuple[str, ...] = ()


def _is_usual(result: ScaledDotResult) -> bool:
    """Whether the scale is the one of the lecture; T5, for one, has none."""
    return math.isclose(result.scale, 1 / math.sqrt(len(result.q)), rel_tol=1e-3)


def _pieces(result: ScaledDotResult) -> list[_Piece]:
    names = [step.name for step in steps_of(result)]
    top = ("vectors", "dots")
    pieces = [_Piece("Attention(q, K, V)  =  ", ("sum",)), _Piece("softmax", ("softmax",)), _Piece("( ", ("softmax",))]
    if _is_usual(result):
        pieces.append(_Piece("q Kᵀ", top, "√dₖ", ("scaled",)))
    else:
        pieces.append(_Piece("q Kᵀ", top))
        if result.scale != 1:
            pieces.append(_Piece(f" × {result.scale:.3g}", ("scaled",)))
    if "bias" in names:
        pieces.append(_Piece(" + B", ("bias",)))
    if "mask" in names:
        pieces.append(_Piece(" + M", ("mask",)))
    pieces += [_Piece(" )", ("softmax",)), _Piece(" V", ("weighted", "sum"))]
    return pieces


def live_numbers(result: ScaledDotResult) -> str:
    """What the letters of the formula stand for here."""
    d_head = len(result.q)
    scale = "1/√dₖ" if _is_usual(result) else "scale"
    return f"dₖ = {d_head}        {scale} = {result.scale:.3f}"


def paint_formula(painter: QPainter, rect: QRectF, style: FigureStyle, result: ScaledDotResult, current: str) -> None:
    """From the left edge of `rect`, in its middle; the numbers of now at its right. `current` names a step, or none."""
    theme = style.theme
    plain = painter.font()
    painter.save()
    large = resized(plain, LARGE)
    painter.setFont(large)
    metrics = QFontMetricsF(large, painter.device())
    middle = rect.center().y()
    baseline = middle + 0.35 * metrics.ascent()
    x = rect.left()
    for piece in _pieces(result):
        width = metrics.horizontalAdvance(piece.text)
        painter.setPen(theme.accent if current in piece.steps else theme.ink)
        if not piece.below:
            painter.drawText(QPointF(x, baseline), piece.text)
        else:
            below = metrics.horizontalAdvance(piece.below)
            inner, width = width, max(width, below)
            painter.drawText(QPointF(x + (width - inner) / 2, middle - 0.35 * metrics.height()), piece.text)
            painter.setPen(theme.accent if current in piece.steps_below else theme.ink)
            painter.drawText(QPointF(x + (width - below) / 2, middle + 0.95 * metrics.ascent()), piece.below)
            painter.setPen(QPen(theme.ink, 0.06 * metrics.height()))
            painter.drawLine(QPointF(x, middle), QPointF(x + width, middle))
        x += width
    painter.setFont(plain)
    painter.setPen(theme.faint)
    painter.drawText(QPointF(x + 3 * metrics.height(), baseline), live_numbers(result))
    painter.restore()
