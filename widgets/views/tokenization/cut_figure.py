"""From a text to ids, stage by stage, and how the tokens of one word come about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.tokenization import ALGORITHMS, CutResult, CutToken, CutWord
from widgets.figures.chips import Chip, chip_height, lay_out, paint_chip
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.views.tokenization.glossary import Term, explained
from widgets.views.tokenization.word_drawing import WordDrawing

_NAMES = 7.0  # em, for the names of the stages
_BELOW = 0.95  # em, for ids beneath tokens
_GAP = 0.7  # em, between stages
_LEAST_WIDTH = 40.0
_LINE = 1.4
_MOST_LINES = 3  # of a text
_OF_ANY_KIND = ("TokenizersBackend", "PreTrainedTokenizerFast")  # classes that say nothing of what is in them


def _tr(text: str) -> str:
    return QCoreApplication.translate("CutFigure", text)


@dataclass(frozen=True)
class PartSpot:
    """A part of the text that is cut by itself, by its number."""

    word: int


@dataclass(frozen=True)
class TokenSpot:
    """A token, by its place."""

    token: int


@dataclass(frozen=True)
class SpanSpot:
    """A piece in the drawing of a word, by its number."""

    span: int


CutSpot = PartSpot | TokenSpot | SpanSpot | Term


def most_telling(result: CutResult) -> int:
    """The word that is cut into most tokens, of several the longest."""
    words = result.words
    return max(range(len(words)), key=lambda i: (words[i].n_tokens, len(words[i].symbols), -i), default=0)


@dataclass(frozen=True)
class CutFigure:
    """Rows: the text as typed, normalised, split, and its tokens with their ids; beneath them one word.

    Attributes
    ----------
    word
        The word that is drawn, counted from 0.
    """

    result: CutResult
    word: int = 0

    # In words

    @property
    def caption(self) -> str:
        result = self.result
        kind = f", {_tr(ALGORITHMS[result.algorithm])}" if result.algorithm else ""
        n_unknown = sum(token.kind == "unknown" for token in result.tokens)
        unknown = _tr(", {} of them unknown").format(n_unknown) if n_unknown else ""
        text = _tr("{}{}, {}: {} as {}{}")
        n_letters = len(result.text)
        name = _tr("A tokenizer") if result.tokenizer in _OF_ANY_KIND else result.tokenizer
        text = text.format(
            name, kind, number_of(result.n_vocabulary, "entries"), number_of(n_letters, "characters"),
            number_of(len(result.tokens), "tokens"), unknown,
        )  # fmt: skip
        return text + (_tr("; a letter of a token stands for a byte, Ġ for a space") if self._is_of_bytes else "")

    @property
    def _is_of_bytes(self) -> bool:
        """Whether the letters of tokens stand for bytes, as in GPT-2."""
        return any("ByteLevel" in name for name in self.result.splitters)

    def spelled(self, word: CutWord) -> str:
        """A part of the text as one reads it: bytes as the letters that they are, with ␣ for a space before it."""
        tokens = self.result.tokens[word.first : word.first + word.n_tokens]
        if not self._is_of_bytes or not tokens or not all(token.octets for token in tokens):
            return word.text
        text = b"".join(bytes(token.octets) for token in tokens).decode(errors="replace")
        return f"␣{text[1:]}" if text.startswith(" ") else text

    def describe(self, spot: CutSpot) -> str:
        """What is pointed at, in words."""
        if isinstance(spot, Term):
            names = {"normalised": self.result.normalizers, "split": self.result.splitters}.get(spot.name, ())
            steps = _tr(" In tokenizer.json: {}.").format(", ".join(names)) if names else ""
            return explained(spot) + steps
        if isinstance(spot, PartSpot):
            word = self.result.words[spot.word]
            text = _tr("{}: {}, {}; a click shows how they come about")
            return text.format(
                clean(self.spelled(word)), number_of(len(word.symbols), "symbols"), number_of(word.n_tokens, "tokens")
            )
        if isinstance(spot, SpanSpot):
            drawing = self._drawing
            return drawing.describe(drawing.word.spans[spot.span]) if drawing is not None else ""
        return self._of_token(self.result.tokens[spot.token])

    def _of_token(self, token: CutToken) -> str:
        kinds = {
            "special": _tr("put there by the tokenizer"),
            "added": _tr("stands for itself and is never cut"),
            "unknown": token.why.rstrip("."),
            "piece": "",
        }
        parts = [_tr("{}: id {}").format(clean(token.piece), token.id), kinds[token.kind]]
        if token.start >= 0:
            typed = clean(self.result.text[token.start : token.end])
            parts.append(_tr("characters {} to {} of the text: “{}”").format(token.start, token.end, typed))
        if token.octets:
            shown = " ".join(f"{byte:02X}" for byte in token.octets[:12])
            parts.append(_tr("bytes {}{}").format(shown, " …" if len(token.octets) > 12 else ""))
        return "; ".join(filter(None, parts))

    def numbers(self) -> Numbers:
        """A row a token."""
        tokens = self.result.tokens
        header = ("place", "piece", "id", "from", "to", "bytes", "kind", "why unknown", "word")
        rows: list[tuple[str | int | float, ...]] = [
            (
                place, token.piece, token.id, token.start, token.end, bytes(token.octets).hex(" "), token.kind,
                token.why, self.word_of(place),
            )
            for place, token in enumerate(tokens)
        ]  # fmt: skip
        spans = self._drawing.word.spans if self._drawing is not None else ()
        arrays = {
            "ids": np.array([token.id for token in tokens], np.int64),
            "pieces": np.array([token.piece for token in tokens], dtype=str),
            "offsets": np.array([(token.start, token.end) for token in tokens], np.int64).reshape(-1, 2),
            "span_pieces": np.array([span.piece for span in spans], dtype=str),
            "span_places": np.array([(span.start, span.end) for span in spans], np.int64).reshape(-1, 2),
            "span_numbers": np.array([span.number for span in spans], np.float64),
            "span_is_token": np.array([span.is_token for span in spans], bool),
        }
        return Numbers(arrays, header, rows)

    def word_of(self, token: int) -> int:
        """The word of a token; -1 for one that belongs to none."""
        words = enumerate(self.result.words)
        return next((n for n, word in words if word.first <= token < word.first + word.n_tokens), -1)

    @cached_property
    def _drawing(self) -> WordDrawing | None:
        if not self.word < len(self.result.words):
            return None
        word = self.result.words[self.word]
        return WordDrawing(word, self.result.algorithm, self.spelled(word))

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(62 * em, self._height(62 * em, style))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Size below which rows would be cut off."""
        em = QFontMetricsF(style.font).height()
        return QSizeF(_LEAST_WIDTH * em, self._height(max(width, _LEAST_WIDTH * em), style))

    def _height(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        top = self._drawing_top(QRectF(0, 0, width, 0), style)
        return top + (_LINE * em + self._drawing.height(em) if self._drawing is not None else 0.0) + 0.3 * em

    def _rows(self, rect: QRectF, style: FigureStyle) -> list[tuple[str, float, float]]:
        """Names of the stages, where each begins and how high it is."""
        em = QFontMetricsF(style.font).height()
        rows: list[tuple[str, float, float]] = []
        y = rect.top()
        for name in ("as typed", "normalised", "split", "tokens"):
            if name in ("as typed", "normalised"):
                lines = self._lines(self._text(name), rect, style)
                height = _LINE * em * len(lines)
            else:
                boxes = self._boxes(name, rect.width(), style)
                height = boxes[-1].bottom() + (_BELOW * em if name == "tokens" else 0.0) if boxes else 0.0
            if not height:
                continue
            rows.append((name, y, height))
            y += height + _GAP * em
        return rows

    def _drawing_top(self, rect: QRectF, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        rows = self._rows(rect, style)
        return (rows[-1][1] + rows[-1][2] if rows else rect.top()) + _GAP * em

    def drawing_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the drawing of the word is, below its title."""
        em = QFontMetricsF(style.font).height()
        top = self._drawing_top(rect, style) + _LINE * em
        height = self._drawing.height(em) if self._drawing is not None else 0.0
        return QRectF(rect.left(), top, rect.width(), height)

    def _text(self, name: str) -> str:
        result = self.result
        return clean(result.text if name == "as typed" else result.normalized if result.words else "")

    def _lines(self, text: str, rect: QRectF, style: FigureStyle) -> list[str]:
        """A text in a few lines."""
        metrics = QFontMetricsF(style.font)
        width = rect.width() - _NAMES * metrics.height()
        lines: list[str] = []
        rest = text
        while rest and len(lines) < _MOST_LINES - 1 and metrics.horizontalAdvance(rest) > width:
            n = _fitting(rest, metrics, width)
            lines.append(rest[:n].rstrip())
            rest = rest[n:].lstrip()
        return [*lines, metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)] if rest else lines

    @cached_property
    def _chips(self) -> dict[str, tuple[Chip, ...]]:
        words = tuple(
            Chip(clean(self.spelled(word)), tint=0.5 if number == self.word else 0.0)
            for number, word in enumerate(self.result.words)
        )
        tokens = []
        before = -1
        for place, token in enumerate(self.result.tokens):
            word = self.word_of(place)
            kind = "special" if token.kind == "special" else "masked" if token.kind == "unknown" else ""
            tint = 0.5 if word == self.word and word >= 0 and kind == "" else 0.0
            tokens.append(Chip(clean(token.piece), kind, word < 0 or word != before, tint))  # type: ignore[arg-type]
            before = word
        return {"split": words, "tokens": tuple(tokens)}

    def _boxes(self, name: str, width: float, style: FigureStyle) -> list[QRectF]:
        metrics = QFontMetricsF(style.font)
        inner = width - _NAMES * metrics.height()
        is_tokens = name == "tokens"
        return lay_out(self._chips[name], inner, metrics, least=2.2 if is_tokens else 1.2, below=_BELOW * is_tokens)

    # Under the pointer

    def _spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[CutSpot, QRectF]]:
        em = QFontMetricsF(style.font).height()
        found: list[tuple[CutSpot, QRectF]] = []
        for name, top, height in self._rows(rect, style):
            found.append((Term(name), QRectF(rect.left(), top, (_NAMES - 0.5) * em, height)))
            if name in self._chips:
                origin = QPointF(rect.left() + _NAMES * em, top)
                kind = TokenSpot if name == "tokens" else PartSpot
                boxes = self._boxes(name, rect.width(), style)
                found += [(kind(number), box.translated(origin)) for number, box in enumerate(boxes)]
        if self._drawing is not None:
            area = self.drawing_rect(rect, style)
            spans = self._drawing.word.spans
            found += [(SpanSpot(i), self._drawing.span_rect(span, area, style)) for i, span in enumerate(spans)]
            if not (best := self._drawing.best_rect(area, style)).isEmpty():
                found.append((Term("best so far"), best))
        return found

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> CutSpot | None:
        """A word, a token, a piece or the name of a stage."""
        return next((spot for spot, area in self._spots(rect, style) if area.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether it is still there."""
        return any(spot == there for there, _ in self._spots(rect, style))

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: CutSpot) -> None:
        """Frame what is pointed at."""
        painter.save()
        painter.setPen(QPen(style.theme.accent, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for there, area in self._spots(rect, style):
            if there == spot:
                painter.drawRect(area)
        painter.restore()

    def step(self, spot: CutSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> CutSpot | None:
        """The next one in reading order."""
        order = [there for there, _ in self._spots(rect, style)]
        if spot not in order:
            return order[0] if order else None
        return order[min(max(order.index(spot) + right + down, 0), len(order) - 1)]

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        names = {
            "as typed": _tr("as typed"),
            "normalised": _tr("normalised"),
            "split": _tr("split"),
            "tokens": _tr("tokens"),
        }
        for name, top, _ in self._rows(rect, style):
            is_text = name in ("as typed", "normalised")
            painter.setPen(theme.faint)
            offset = 0.0 if is_text else 0.5 * (chip_height(metrics) - em)
            painter.drawText(QPointF(rect.left(), top + offset + metrics.ascent()), names[name])
            left = rect.left() + _NAMES * em
            if is_text:
                painter.setPen(theme.ink)
                for number, line in enumerate(self._lines(self._text(name), rect, style)):
                    painter.drawText(QPointF(left, top + number * _LINE * em + metrics.ascent()), line)
            else:
                self._paint_chips(painter, name, QPointF(left, top), rect.width(), style)
        if self._drawing is not None:
            area = self.drawing_rect(rect, style)
            painter.setFont(resized(style.font, bold=True))
            painter.setPen(theme.ink)
            title = QFontMetricsF(painter.font()).elidedText(
                self._drawing.title, Qt.TextElideMode.ElideRight, rect.width()
            )
            painter.drawText(QPointF(rect.left(), area.top() - _LINE * em + metrics.ascent()), title)
            painter.setFont(style.font)
            self._drawing.paint(painter, area, style)
        painter.restore()

    def _paint_chips(self, painter: QPainter, name: str, origin: QPointF, width: float, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        small = resized(style.font, SMALL)
        metrics = QFontMetricsF(small)
        for number, (chip, box) in enumerate(zip(self._chips[name], self._boxes(name, width, style), strict=True)):
            own = box.translated(origin)
            painter.setFont(style.font)
            paint_chip(painter, chip, own, style)
            if name == "tokens":
                painter.setFont(small)
                painter.setPen(style.theme.faint)
                below = QRectF(own.left(), own.bottom(), own.width(), _BELOW * em)
                text = metrics.elidedText(str(self.result.tokens[number].id), Qt.TextElideMode.ElideRight, own.width())
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)


def _fitting(text: str, metrics: QFontMetricsF, width: float) -> int:
    """How many characters fit into a line, up to a space where there is one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if metrics.horizontalAdvance(text[:middle]) <= width else (low, middle - 1)
    space = text.rfind(" ", 0, low + 1)
    return space if space > 0 else low
