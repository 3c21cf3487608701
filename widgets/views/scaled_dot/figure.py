"""Scaled dot-product attention of one query with all its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from inference.results.scaled_dot import ScaledDotResult
from widgets.figures.lettering import measure, points_font, resized
from widgets.figures.token_axis import names_explained
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle, Theme
from widgets.views.scaled_dot.formula import paint_formula
from widgets.views.scaled_dot.options import ScaledDotOptions
from widgets.views.scaled_dot.steps import MINUS, FormulaStep, decimals_of, number, steps_of
from widgets.views.scaled_dot.strips import (
    CELL,
    end_of_bars,
    largest,
    paint_scale,
    paint_weight,
    scale_width,
    strip_image,
)
from widgets.views.scaled_dot.table import Column, TableLayout, widths_of

_LATER = 0.16  # opacity of what comes after the step that is explained


@dataclass(frozen=True, eq=False)
class ScaledDotFigure:
    """softmax(q Kᵀ / √dₖ) V with the numbers of one query: a row a key, a column a step, the result at the foot.

    Parameters
    ----------
    selected
        The key that is marked.
    """

    result: ScaledDotResult
    options: ScaledDotOptions = field(default_factory=ScaledDotOptions)
    selected: int | None = None

    @property
    def step(self) -> int | None:
        """Counted from 1: the step that is explained; later ones are pale. None: all alike."""
        return self.options.step if 1 <= self.options.step <= len(self.steps) else None

    @property
    def caption(self) -> str:
        result = self.result
        parts = [
            "Scaled dot-product attention",
            f"layer {result.layer}, head {result.head}",
            f"query “{isolated(result.query_tokens.words[result.query_pos])}” (position {result.query_pos})",
        ]
        if self.options.by_weight:
            parts.append("keys sorted by weight")
        named = names_explained((*result.query_tokens.words, *result.key_tokens.words))
        return "; ".join(filter(None, (", ".join(parts), named)))

    @cached_property
    def steps(self) -> tuple[FormulaStep, ...]:
        """The steps that can be explained."""
        return steps_of(self.result)

    @cached_property
    def order(self) -> np.ndarray:
        """Which key stands in which row."""
        n_keys = len(self.result.key_tokens)
        return np.argsort(-self.result.pattern, kind="stable") if self.options.by_weight else np.arange(n_keys)

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """The numbers of each column, as they are shown, by key."""
        result = self.result
        scaled = result.dots * result.scale
        columns = {"dots": result.dots, "scaled": scaled, "softmax": result.pattern}
        names = [step.name for step in self.steps]
        if "bias" in names:
            columns["bias"] = result.bias
        if "cap" in names:
            columns["cap"] = result.soft_cap * np.tanh((scaled + result.bias) / result.soft_cap)
        if "mask" in names:
            columns["mask"] = np.where(result.is_masked, -np.inf, 0.0)
        decimals = dict.fromkeys(columns, 3) | {"softmax": self._decimals}
        return {name: [number(value, decimals[name]) for value in values.tolist()] for name, values in columns.items()}

    @cached_property
    def _decimals(self) -> int:
        return decimals_of(float(self.result.pattern.max()))

    @property
    def _no_weight(self) -> str:
        """As wide as every weight."""
        return number(0.0, self._decimals)

    @property
    def _sum_label(self) -> str:
        return f"{len(self.steps)}   z = Σ"

    @cached_property
    def _bar_end(self) -> float:
        """The weight that is as long as there is room."""
        return end_of_bars(float(self.result.pattern.max()))

    @cached_property
    def _weighted(self) -> np.ndarray:
        return self.result.pattern[:, None] * self.result.v

    # Geometry

    def layout(self, style: FigureStyle, rect: QRectF) -> TableLayout:
        """Columns side by side; the strips take the room that the numbers leave, within reason."""
        metrics = measure(style.font)
        em = metrics.height()
        result = self.result
        bold = measure(resized(style.font, bold=True))
        query = bold.horizontalAdvance("q  " + isolated(result.query_tokens.words[result.query_pos]))
        widest_word = max(query, *(metrics.horizontalAdvance(clean(word)) for word in result.key_tokens.words))
        # The heads of columns have a disc with the step's number before them.
        titles = {s.name: bold.horizontalAdvance(s.title) + 1.7 * em for s in self.steps}
        fixed: dict[str, float] = {"token": min(max(widest_word, 4 * em), 11 * em)}
        for name, texts in self.texts.items():
            if name != "softmax":
                longest = max(map(len, texts))
                fixed[name] = max(metrics.horizontalAdvance("0" * longest), titles[name])
        digits = metrics.horizontalAdvance(self._no_weight) + 0.5 * em
        total = digits + bold.horizontalAdvance(self._sum_label)  # in the foot
        n = len(result.q)
        scale = scale_width(metrics, self._limits["weighted"], em)
        strips = (max(titles["vectors"], 0.12 * em * n), max(titles["weighted"], scale, 0.12 * em * n))
        widths = widths_of(rect.width() - 2 * em, em, fixed, (digits, max(titles["softmax"], total)), strips, n)
        left = rect.left() + max(em, (rect.width() - widths.total) / 2)
        step_of = {s.name: number for number, s in enumerate(self.steps, 1)} | {"k": 1, "token": 0}
        title_of = {s.name: s.title for s in self.steps} | {"k": "q and k", "token": "key"}
        columns, x = [], left
        for name, width in widths.of.items():
            columns.append(Column(name, title_of[name], step_of[name], x, width))
            x += width + widths.gap
        head, foot = 9.4 * em, 3.6 * em
        n_rows = len(result.key_tokens)
        row = min(max((rect.height() - head - foot - 0.5 * em) / n_rows, 1.45 * em), 3.6 * em)
        return TableLayout(em, tuple(columns), left, left + widths.total, head, row, foot)

    def least_width(self, style: FigureStyle) -> float:
        """All columns, as narrow as may be."""
        layout = self.layout(style, QRectF())
        return layout.right - layout.left + 2 * layout.em

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = measure(style.font).height()
        layout = self.layout(style, QRectF(0, 0, 76 * em, 0))
        width = layout.right - layout.left + 2 * em
        return QSizeF(width, layout.head + len(self.order) * layout.row + layout.foot + 0.5 * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        layout = self.layout(style, rect)
        painter.save()
        painter.setFont(points_font(style.font, painter.device()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(0, rect.top())
        self.paint_head(painter, layout, style)
        painter.translate(0, layout.head)
        self.paint_rows(painter, layout, style, range(len(self.order)))
        painter.translate(0, len(self.order) * layout.row)
        self.paint_foot(painter, layout, style)
        painter.restore()

    def paint_head(self, painter: QPainter, layout: TableLayout, style: FigureStyle) -> None:
        """The formula, a sentence, the heads of the columns, and the query's vector."""
        em, theme, result = layout.em, style.theme, self.result
        height = 3.2 * em
        area = QRectF(layout.left, 0.2 * em, layout.right - layout.left, height)
        current = self.steps[self.step - 1].name if self.step else ""
        paint_formula(painter, area, style, self.result, current)
        painter.setPen(theme.faint if self.step is None else theme.ink)
        query = isolated(result.query_tokens.words[result.query_pos])
        about = "A strip is a vector: a cell is a number, blue below 0 and orange above."
        if self.step is not None:
            about = f"{self.step}   {self.steps[self.step - 1].about}"
        painter.drawText(QRectF(layout.left, height + 0.3 * em, layout.right - layout.left, 1.4 * em), _LEFT, about)
        top = 5.2 * em
        self._paint_tint(painter, layout, theme, top, layout.head)
        for column in layout.columns:
            self._fade(painter, column.step)
            self._paint_title(painter, column, top, layout, style)
        painter.setOpacity(1.0)
        token, strip = layout.column("token"), layout.column("k")
        row = QRectF(0, layout.head - 2.2 * em, 0, 1.8 * em)
        painter.setPen(theme.accent)
        plain = painter.font()
        painter.setFont(resized(plain, bold=True))
        metrics = QFontMetricsF(painter.font(), painter.device())
        text = metrics.elidedText("q  " + query, Qt.TextElideMode.ElideRight, token.width)
        painter.drawText(QRectF(token.left, row.top(), token.width, row.height()), _RIGHT, text)
        painter.setFont(plain)
        self._paint_strip(painter, QRectF(strip.left, row.top(), strip.width, row.height()), "q", 0, style)
        self._paint_scales(painter, layout, row, style)
        painter.setPen(QPen(theme.line, 0.1 * em))
        painter.drawLine(QPointF(layout.left, layout.head - 0.1 * em), QPointF(layout.right, layout.head - 0.1 * em))

    def _paint_title(
        self, painter: QPainter, column: Column, top: float, layout: TableLayout, style: FigureStyle
    ) -> None:
        em, theme = layout.em, style.theme
        plain = painter.font()
        title = QRectF(column.left, top, column.width, 1.5 * em)
        is_current = column.step == self.step
        if column.step:
            disc = QRectF(column.left, top + 0.15 * em, 1.2 * em, 1.2 * em)
            painter.setPen(QPen(theme.accent, 0.08 * em))
            painter.setBrush(theme.accent if is_current else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(disc)
            painter.setPen(theme.accent_ink if is_current else theme.accent)
            painter.setFont(resized(plain, SMALL, bold=True))
            painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(column.step))
            title.setLeft(disc.right() + 0.4 * em)
        painter.setFont(resized(plain, bold=True))
        painter.setPen(theme.ink)
        painter.drawText(title, _LEFT if column.step else _RIGHT, column.title)
        painter.setFont(plain)

    def _paint_scales(self, painter: QPainter, layout: TableLayout, row: QRectF, style: FigureStyle) -> None:
        """In the query's row, where no other column says anything: what the colours of both strips stand for."""
        em = layout.em
        strip, weighted = layout.column("k"), layout.column("weighted")
        beside = strip.left + strip.width + 0.6 * em
        softmax = layout.column("softmax")
        room = QRectF(beside, row.top(), softmax.left - beside, row.height())
        paint_scale(painter, room, self._limits["k"], em, style)
        if self._bar_end < 1:
            self._fade(painter, softmax.step)
            painter.setPen(style.theme.faint)
            cell = QRectF(softmax.left, row.top(), softmax.width, row.height())
            painter.drawText(cell, _RIGHT, f"0 to {self._bar_end:g}")
        own = QRectF(weighted.left, row.top(), weighted.width, row.height())
        self._fade(painter, weighted.step)
        paint_scale(painter, own, self._limits["weighted"], em, style)
        painter.setOpacity(1.0)

    def paint_rows(
        self, painter: QPainter, layout: TableLayout, style: FigureStyle, rows: range, hovered: int | None = None
    ) -> None:
        """Some rows, the first of all at the top; `hovered` is a key."""
        em, theme = layout.em, style.theme
        self._paint_tint(painter, layout, theme, rows.start * layout.row, rows.stop * layout.row)
        metrics = QFontMetricsF(painter.font(), painter.device())
        token = layout.column("token")
        for row in rows:
            key = int(self.order[row])
            top = row * layout.row
            if key in (hovered, self.selected):
                self._paint_mark(painter, layout, theme, top, key == self.selected)
            painter.setPen(theme.ink)
            text = clean(self.result.key_tokens.words[key])
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, token.width)
            painter.drawText(QRectF(token.left, top, token.width, layout.row), _RIGHT, text)
            for column in layout.columns[1:]:
                self._fade(painter, column.step)
                cell = QRectF(column.left, top, column.width, layout.row)
                if column.name in ("k", "weighted"):
                    self._paint_strip(painter, cell.adjusted(0, 0.16 * em, 0, -0.16 * em), column.name, key, style)
                    continue
                text = self.texts[column.name][key]
                if column.name == "softmax":
                    digits = metrics.horizontalAdvance(self._no_weight)
                    room = cell.adjusted(digits + 0.5 * em, 0.28 * em, 0, -0.28 * em)
                    paint_weight(painter, room, float(self.result.pattern[key]) / self._bar_end, theme)
                    cell.setWidth(digits)
                is_nothing = column.name == "mask" and not self.result.is_masked[key]
                painter.setPen(theme.faint if is_nothing or self.result.is_masked[key] else theme.ink)
                painter.drawText(cell, _RIGHT, "0" if is_nothing else text)
            painter.setOpacity(1.0)

    def paint_foot(self, painter: QPainter, layout: TableLayout, style: FigureStyle) -> None:
        """The sum of the weights, and of the weighted values."""
        em, theme = layout.em, style.theme
        n_steps = len(self.steps)
        painter.setPen(QPen(theme.line, 0.1 * em))
        painter.drawLine(QPointF(layout.left, 0.1 * em), QPointF(layout.right, 0.1 * em))
        weights, strip = layout.column("softmax"), layout.column("weighted")
        top = 0.5 * em
        plain = painter.font()
        metrics = QFontMetricsF(plain, painter.device())
        self._fade(painter, weights.step)
        painter.setPen(theme.faint)
        digits = metrics.horizontalAdvance(self._no_weight)
        total = number(float(self.result.pattern.sum()), self._decimals)
        painter.drawText(QRectF(weights.left, top, digits, 1.8 * em), _RIGHT, total)
        self._fade(painter, n_steps)
        if self.step == n_steps:
            tint = QRectF(strip.left, top, strip.width, 1.8 * em).adjusted(-0.4 * em, -0.3 * em, 0.4 * em, 0.3 * em)
            painter.fillRect(tint, _alpha(theme.accent, 0.16))
        painter.setFont(resized(plain, bold=True))
        painter.setPen(theme.accent)
        label = QRectF(weights.left, top, strip.left - weights.left - 0.6 * em, 1.8 * em)
        painter.drawText(label, _RIGHT, self._sum_label)
        painter.setFont(plain)
        painter.setPen(theme.faint)
        below = QRectF(strip.left, top + 1.8 * em, strip.width, 1.2 * em)
        limit = f"{self._limits['z']:.2g}"
        painter.drawText(below, _RIGHT, f"{MINUS}{limit} to {limit}")
        self._paint_strip(painter, QRectF(strip.left, top, strip.width, 1.8 * em), "z", 0, style)
        painter.setOpacity(1.0)

    def _fade(self, painter: QPainter, step: int) -> None:
        is_later = self.step is not None and step > self.step
        painter.setOpacity(_LATER if is_later else 1.0)

    def _paint_tint(self, painter: QPainter, layout: TableLayout, theme: Theme, top: float, bottom: float) -> None:
        for column in layout.columns:
            if column.step and column.step == self.step:
                wide = QRectF(column.left - 0.4 * layout.em, top, column.width + 0.8 * layout.em, bottom - top)
                painter.fillRect(wide, _alpha(theme.accent, 0.12))

    def _paint_mark(self, painter: QPainter, layout: TableLayout, theme: Theme, top: float, is_selected: bool) -> None:
        em = layout.em
        box = QRectF(layout.left - 0.5 * em, top, layout.right - layout.left + em, layout.row)
        painter.setBrush(_alpha(theme.accent, 0.16))
        painter.setPen(QPen(theme.accent, 0.1 * em) if is_selected else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)

    # Strips: signed numbers as colours

    @cached_property
    def _limits(self) -> dict[str, float]:
        """What the ends of the colours stand for: query and keys share them; the sum is often far above its terms."""
        vectors = max(largest(self.result.q), largest(self.result.k))
        return {"q": vectors, "k": vectors, "weighted": largest(self._weighted), "z": largest(self.result.z)}

    @cached_property
    def _images(self) -> dict[tuple[str, str], QImage]:
        return {}

    def _paint_strip(self, painter: QPainter, rect: QRectF, name: str, row: int, style: FigureStyle) -> None:
        rows = {"q": self.result.q[None], "k": self.result.k, "weighted": self._weighted, "z": self.result.z[None]}
        image = self._images.get((name, style.theme.name))
        if image is None:
            image = strip_image(rows[name], self._limits[name], style.theme)
            self._images[name, style.theme.name] = image
        # An image of its own: Qt's SVG shows the whole one where only a part of it is asked for.
        painter.drawImage(rect, image.copy(0, row * CELL, image.width(), CELL))
        painter.setPen(QPen(style.theme.line, 0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        names = ("q", "k", "v", "dots", "bias", "is_masked", "scores", "pattern", "z")
        arrays: dict[str, np.ndarray] = {name: getattr(result, name) for name in names}
        arrays["scale"], arrays["soft_cap"] = np.array(result.scale), np.array(result.soft_cap)
        arrays["layer"], arrays["head"] = np.array(result.layer), np.array(result.head)
        arrays["query_pos"] = np.array(result.query_pos)
        arrays["tokens"] = np.array(result.query_tokens.words, dtype=str)
        arrays["key_tokens"] = np.array(result.key_tokens.words, dtype=str)
        scaled = result.dots * result.scale
        rows: list[tuple[str | int | float, ...]] = [
            (
                key,
                result.key_tokens.words[key],
                float(result.dots[key]),
                float(scaled[key]),
                float(result.bias[key]),
                int(result.is_masked[key]),
                float(result.scores[key]),
                float(result.pattern[key]),
            )
            for key in self.order.tolist()
        ]
        return Numbers(arrays, ("key", "token", "dot", "scaled", "bias", "masked", "score", "weight"), rows)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _alpha(color: QColor, alpha: float) -> QColor:
    thin = QColor(color)
    thin.setAlphaF(alpha)
    return thin
