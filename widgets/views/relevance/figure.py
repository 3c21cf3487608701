"""Relevance laid over an image, and over the words of its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.relevance import RelevanceResult
from widgets.figures.chips import Chip, height_of, lay_out, paint_chips
from widgets.figures.color_bar import ColorBar
from widgets.figures.heat_panel import short
from widgets.figures.image_geometry import letterbox, part_rect, patch_at, patch_rect, tiles
from widgets.figures.image_parts import (
    Look,
    dim_rest,
    paint_border,
    paint_frame,
    paint_grid,
    paint_image,
    paint_overlay,
    paint_title,
)
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.relevance.options import RelevanceOptions

_HEAD, _GAP = 1.6, 1.0  # em: a title, and the space between images
_LEVELS = 1.0  # of an overlay whose numbers were brought to 0-1


def _tr(text: str) -> str:
    return QCoreApplication.translate("RelevanceFigure", text)


class RelevanceSpot(NamedTuple):
    """A patch of one of the maps, or a token, whose map is -1."""

    map: int
    pos: int


class _Map(NamedTuple):
    title: str
    values: np.ndarray  # [row, column]
    bar: ColorBar
    box: QRectF  # of the whole image


@dataclass(frozen=True)
class RelevanceFigure:
    """One or two maps over the image, and the words beneath; what the model does not see of the image is dimmed.

    Attributes
    ----------
    image, text
        Name of the image, and the text.
    """

    result: RelevanceResult
    image: str
    text: str
    options: RelevanceOptions = field(default_factory=RelevanceOptions)

    @property
    def look(self) -> Look:
        """How numbers are laid over the image."""
        options = self.options
        return Look(options.opacity, options.smooth, options.grid, options.spotlight)

    @property
    def caption(self) -> str:
        result = self.result
        text = _tr(
            "Relevance of {} for “{}”: attention × gradient of the logit {} (cosine {}), from {}; Chefer et al. 2021"
        )
        if self.options.show == "patches":
            text = _tr(
                "Each patch of {} alone against “{}”, by cosine; words: attention × gradient of the logit {} "
                "(cosine {}), from {}; Chefer et al. 2021"
            )
        return text.format(
            isolated(self.image), isolated(self.text), short(result.logit, 4), short(result.cosine, 3),
            result.pooled_from,
        )  # fmt: skip

    def maps(self, rect: QRectF, style: FigureStyle) -> list[_Map]:
        """The maps, and where their images are."""
        metrics = QFontMetricsF(style.font)
        em, result, show = metrics.height(), self.result, self.options.show
        wanted: list[tuple[str, np.ndarray, ColorBar]] = []
        if show != "patches":
            high, last = float(result.relevance.max()), self.options.high
            bar = ColorBar(
                (high or 1.0) if last is None else last, "raw", "", is_clipped=last is not None and last < high
            )
            wanted.append((_tr("Relevance"), result.relevance, bar))
        if show != "relevance":
            low, high = float(result.patch_similarity.min()), float(result.patch_similarity.max())
            bar = ColorBar(high if high > low else low + 1.0, "raw", "", low=low)
            wanted.append((_tr("Cosine of each patch alone"), result.patch_similarity, bar))
        height, width = result.picture.original.shape[:2]
        # Darkness has no colours to explain.
        beside = 0.0 if self.options.spotlight else max(bar.width(metrics) for _, _, bar in wanted)
        area = rect.adjusted(0, 0, -beside, -self._words_height(rect, style) - 0.8 * em)
        boxes = tiles(len(wanted), width / height, area, _HEAD * em, _GAP * em + beside)
        return [
            _Map(title, values, bar, letterbox(height, width, box.adjusted(0, _HEAD * em, 0, 0)))
            for (title, values, bar), box in zip(wanted, boxes, strict=True)
        ]

    def seen_part(self, box: QRectF) -> QRectF:
        """The part of an image's box that the model sees."""
        return part_rect(self.result.picture.box, box)

    def chips(self, rect: QRectF, style: FigureStyle) -> tuple[tuple[Chip, ...], list[QRectF]]:
        """The tokens, tinted by their relevance, and where they are."""
        result = self.result
        shown = self._shown_tokens()
        values = result.text_relevance[shown]
        high = float(values[~result.tokens.is_special[shown]].max(initial=0.0)) or 1.0
        chips = tuple(
            Chip(
                clean(result.tokens.words[i]),
                "special" if result.tokens.is_special[i] else "",
                bool(result.tokens.starts_word[i]),
                0.0 if result.tokens.is_special[i] else float(min(result.text_relevance[i] / high, 1)),
            )
            for i in shown
        )
        boxes = lay_out(chips, rect.width(), QFontMetricsF(style.font))
        top = rect.bottom() - height_of(boxes)
        return chips, [box.translated(rect.left(), top) for box in boxes]

    def _shown_tokens(self) -> list[int]:
        """Without the padding behind the last word; the pooled token is always among them."""
        tokens = self.result.tokens
        last = int(np.flatnonzero(~tokens.is_special)[-1]) + 1 if (~tokens.is_special).any() else 0
        return sorted({*range(min(last + 1, len(tokens))), self.result.pooled_token})

    def _words_height(self, rect: QRectF, style: FigureStyle) -> float:
        _, boxes = self.chips(rect, style)
        em = QFontMetricsF(style.font).height()
        return (boxes[-1].bottom() - boxes[0].top() if boxes else 0.0) + 1.4 * em

    def least_width(self, style: FigureStyle) -> float:
        """Titles of the maps beside each other."""
        n = 2 if self.options.show == "both" else 1
        return (n * 20 + (n - 1) * _GAP) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = 2 if self.options.show == "both" else 1
        height, width = self.result.picture.original.shape[:2]
        return QSizeF(n * (24 * em * width / height + 6 * em) + (n - 1) * _GAP * em, 24 * em + (_HEAD + 5) * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        picture = self.result.picture
        for one in self.maps(rect, style):
            title = QRectF(one.box.left(), one.box.top() - _HEAD * em, max(one.box.width(), 16 * em), _HEAD * em)
            paint_title(painter, one.title, title, style, shrinks=True)
            paint_image(painter, picture.original, one.box)
            part = self.seen_part(one.box)
            dim_rest(painter, part, one.box, style, 0.6)  # what is cut off the model does not see at all
            paint_overlay(painter, _levels(one), _LEVELS, part, self.look, style)
            if self.options.grid:
                paint_grid(painter, picture.grid, part)
            paint_border(painter, part, style)
            if not self.options.spotlight:
                one.bar.paint(painter, one.box, style)
        chips, boxes = self.chips(rect, style)
        painter.setPen(style.theme.faint)
        if boxes:
            line = QRectF(rect.left(), boxes[0].top() - 1.4 * em, rect.width(), 1.2 * em)
            text = _tr("Words by their relevance; the vector of the text is read from the framed token")
            paint_title(painter, text, line, style, is_faint=True)
        paint_chips(painter, chips, boxes, QPointF(0, 0), style)
        pooled = self._shown_tokens().index(self.result.pooled_token)
        paint_border(painter, boxes[pooled].adjusted(-2, -2, 2, 2), style, is_selected=True)
        painter.restore()

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> RelevanceSpot | None:
        """The patch or the token under a point."""
        for number, one in enumerate(self.maps(rect, style)):
            patch = patch_at(point, self.result.picture.grid, self.seen_part(one.box))
            if patch is not None:
                return RelevanceSpot(number, patch)
        _, boxes = self.chips(rect, style)
        found = (i for i, box in zip(self._shown_tokens(), boxes, strict=True) if box.contains(point))
        index = next(found, None)
        return None if index is None else RelevanceSpot(-1, index)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a place."""
        if not isinstance(spot, RelevanceSpot):
            return False
        if spot.map < 0:
            return spot.pos in self._shown_tokens()
        return spot.map < len(self.maps(rect, style)) and spot.pos < self.result.relevance.size

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: RelevanceSpot) -> None:
        """Frame the patch in all maps, or the token."""
        painter.save()
        if spot.map < 0:
            _, boxes = self.chips(rect, style)
            paint_border(painter, boxes[self._shown_tokens().index(spot.pos)], style, is_selected=True)
        else:
            for one in self.maps(rect, style):
                box = patch_rect(spot.pos, self.result.picture.grid, self.seen_part(one.box))
                paint_frame(painter, box, style.theme.accent, Qt.PenStyle.DotLine)
        painter.restore()

    def step(
        self, spot: RelevanceSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> RelevanceSpot | None:
        """The patch beside; below the last row, and from there up again, the tokens."""
        n_rows, n_columns = self.result.relevance.shape
        tokens = self._shown_tokens()
        if spot is None:
            return RelevanceSpot(0, int(self.result.relevance.argmax()))
        if spot.map < 0:
            if down < 0:
                return RelevanceSpot(0, (n_rows - 1) * n_columns)
            return RelevanceSpot(-1, tokens[min(max(tokens.index(spot.pos) + right, 0), len(tokens) - 1)])
        row, column = divmod(spot.pos, n_columns)
        if row + down >= n_rows:
            return RelevanceSpot(-1, tokens[0])
        row, column = max(row + down, 0), min(max(column + right, 0), n_columns - 1)
        return RelevanceSpot(spot.map, row * n_columns + column)

    def describe(self, spot: RelevanceSpot) -> str:
        """The numbers of a place, and what is truly there if that is wanted."""
        result = self.result
        if spot.map < 0:
            text = _tr("token {}, “{}”: relevance {:.4f}")
            shown = text.format(spot.pos, clean(result.tokens.words[spot.pos]), result.text_relevance[spot.pos])
            return shown + (_tr("; the vector is read here") if spot.pos == result.pooled_token else "")
        row, column = divmod(spot.pos, result.relevance.shape[1])
        text = _tr("patch {},{}: relevance {:.4f}, cosine of the patch alone {:.3f}")
        shown = text.format(row, column, result.relevance[row, column], result.patch_similarity[row, column])
        if self.options.truth and (thing := self.thing_in(row, column)):
            shown += _tr("; there is {}").format(thing)
        return shown

    def thing_in(self, row: int, column: int) -> str:
        """What was painted in the middle of a patch; empty where nothing was, or where nobody knows."""
        n_rows, n_columns = self.result.relevance.shape
        part = part_rect(self.result.picture.box, QRectF(0, 0, 1, 1))
        return self.result.picture.thing_at(
            part.left() + (column + 0.5) / n_columns * part.width(), part.top() + (row + 0.5) / n_rows * part.height()
        )

    def numbers(self) -> Numbers:
        result = self.result
        words = tuple(map(clean, result.tokens.words))
        arrays = {
            "relevance": result.relevance,
            "patch_similarity": result.patch_similarity,
            "text_relevance": result.text_relevance,
            "tokens": np.array(words, np.str_),
            "pooled_token": np.array(result.pooled_token),
            "logits_per_image": np.array([[result.logit]], np.float32),
            "cosines": np.array([[result.cosine]], np.float32),
        }
        rows: list[tuple[str | int | float, ...]] = [
            ("patch", row, column, "", float(value), float(result.patch_similarity[row, column]))
            for (row, column), value in np.ndenumerate(result.relevance)
        ]
        rows += [("token", i, "", word, float(result.text_relevance[i]), "") for i, word in enumerate(words)]
        return Numbers(arrays, ("kind", "row or position", "column", "token", "relevance", "cosine"), rows)


def _levels(one: _Map) -> np.ndarray:
    """Numbers of a map brought to 0-1, from its lowest to its highest colour."""
    return np.clip((one.values - one.bar.low) / (one.bar.high - one.bar.low), 0, 1)
