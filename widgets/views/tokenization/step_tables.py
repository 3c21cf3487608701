"""The tables of a step: pairs to choose from, or the pieces that stay and those that go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite, isnan

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.tokenization import VocabularyStep, WeighedPiece
from widgets.figures.counts import number_of
from widgets.kit.clean import clean
from widgets.look.theme import FigureStyle

N_ROWS = 12


def _tr(text: str) -> str:
    return QCoreApplication.translate("StepTables", text)


@dataclass(frozen=True)
class _Cell:
    text: str
    is_right: bool = False


@dataclass(frozen=True)
class StepTables:
    """One table of pairs, or two of pieces.

    Attributes
    ----------
    is_weighed
        Whether pieces have probabilities, as those of Unigram.
    has_score
        Whether pairs have a score, as those of WordPiece.
    """

    step: VocabularyStep
    is_weighed: bool
    has_score: bool

    def describe(self, table: int, row: int) -> str:
        if self.step.pairs:
            pair = self.step.pairs[row]
            text = _tr("{} and {}: {} beside each other, score {:.3g}; together {}")
            return text.format(
                clean(pair.left), clean(pair.right), number_of(pair.count, "times"), pair.score, clean(pair.new)
            )
        piece = self._tables[table][row]
        fates = {
            "kept": _tr("stays"),
            "single": _tr("stays: no other pieces make it"),
            "rare": _tr("goes: it is expected less than half a time"),
            "unused": _tr("goes: it is on no best way through a word"),
            "pruned": _tr("goes: its loss is among the least"),
            "left_over": _tr("goes: there are enough pieces"),
        }
        parts = [f"{clean(piece.text)}: {fates[piece.fate]}"]
        if isfinite(piece.log_prob):
            parts.append(_tr("log-probability {:.4f}").format(piece.log_prob))
        if not isnan(piece.expected):
            parts.append(_tr("expected {:.2f} times").format(piece.expected))
        if not isnan(piece.loss):
            parts.append(_tr("a word loses {:.4g} without it").format(piece.loss))
        return "; ".join(parts)

    @property
    def columns(self) -> tuple[float, ...]:
        if self.is_weighed:
            return (0.44, 0.28, 0.28) if self._has_values else (0.6, 0.4)
        return (0.4, 0.16, 0.18, 0.26) if self.has_score else (0.48, 0.2, 0.32)

    @property
    def _has_values(self) -> bool:
        """Whether pieces have more than a probability: what they are expected, or what they are worth."""
        return self.step.kind in ("em", "prune")

    @property
    def n_tables(self) -> int:
        return 2 if self.is_weighed and self._tables[1] else 1

    def heads(self, table: int) -> tuple[str, ...]:
        if self.is_weighed:
            own = ("loss" if self.step.kind == "prune" else "expected",) if self._has_values else ()
            return ("go" if table else "stay", "log p", *own)
        return ("pair", "count", "score", "new piece") if self.has_score else ("pair", "count", "new piece")

    def _head_text(self, name: str) -> str:
        texts = {
            "stay": _tr("stay"),
            "go": _tr("go"),
            "pair": _tr("pair"),
            "count": _tr("count"),
            "score": _tr("score"),
        }
        texts |= {
            "new piece": _tr("new piece"),
            "log p": _tr("log p"),
            "loss": _tr("loss"),
            "expected": _tr("expected"),
        }
        return texts[name]

    @cached_property
    def _tables(self) -> tuple[tuple[WeighedPiece, ...], tuple[WeighedPiece, ...]]:
        gone = tuple(piece for piece in self.step.pieces if piece.fate not in ("kept", "single"))
        return tuple(piece for piece in self.step.pieces if piece not in gone), gone

    def n_rows(self, table: int) -> int:
        return min(len(self._tables[table]) if self.is_weighed else len(self.step.pairs), N_ROWS)

    def paint(self, painter: QPainter, table: int, columns: list[QRectF], style: FigureStyle) -> None:
        theme = style.theme
        painter.setPen(theme.faint)
        for place, (name, area) in enumerate(zip(self.heads(table), columns, strict=True)):
            _paint_cell(painter, _Cell(self._head_text(name), is_right=self._is_number(place)), area, style)
        painter.setPen(QPen(theme.line, 1))
        painter.drawLine(columns[0].bottomLeft(), columns[-1].bottomRight())
        for row in range(self.n_rows(table)):
            area = QRectF(columns[0].topLeft(), columns[-1].bottomRight()).translated(
                0, (row + 1) * columns[0].height()
            )
            is_chosen = not self.is_weighed and row == 0
            if is_chosen:
                painter.fillRect(area, theme.accent)
            painter.setPen(theme.accent_ink if is_chosen else theme.ink)
            for place, (text, column) in enumerate(zip(self._cells(table, row), columns, strict=True)):
                own = QRectF(column.left(), area.top(), column.width(), area.height())
                _paint_cell(painter, _Cell(text, is_right=self._is_number(place)), own, style)

    def _is_number(self, column: int) -> bool:
        return column in (1, 2) if self.is_weighed or self.has_score else column == 1

    def _cells(self, table: int, row: int) -> tuple[str, ...]:
        if not self.is_weighed:
            pair = self.step.pairs[row]
            score = (f"{pair.score:.3g}",) if self.has_score else ()
            return (f"{clean(pair.left)}  {clean(pair.right)}", f"{pair.count:,}", *score, clean(pair.new))
        piece = self._tables[table][row]
        value = piece.loss if self.step.kind == "prune" else piece.expected
        log_prob = f"{piece.log_prob:.3f}" if isfinite(piece.log_prob) else "–"
        own = ("–" if isnan(value) else f"{value:.3g}",) if self._has_values else ()
        return (clean(piece.text), log_prob, *own)


def _paint_cell(painter: QPainter, cell: _Cell, area: QRectF, style: FigureStyle) -> None:
    em = QFontMetricsF(style.font).height()
    inner = area.adjusted(0.3 * em, 0, -0.5 * em, 0)
    side = Qt.AlignmentFlag.AlignRight if cell.is_right else Qt.AlignmentFlag.AlignLeft
    text = QFontMetricsF(style.font).elidedText(cell.text, Qt.TextElideMode.ElideRight, inner.width())
    painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)
