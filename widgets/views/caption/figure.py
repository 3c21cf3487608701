"""A caption as far as it is written: where its words look in the image, and what was expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.caption import CaptionResult
from widgets.figures.candidate_bars import CandidateBars
from widgets.figures.chips import Chip, paint_chip
from widgets.figures.heat_panel import short
from widgets.figures.image_geometry import part_rect, patch_at, patch_rect, tiles
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_grid, paint_image, paint_overlay
from widgets.figures.image_parts import paint_title as paint_line
from widgets.figures.token_axis import label
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.caption.numbers import caption_numbers, thing_at_patch
from widgets.views.caption.options import CaptionOptions
from widgets.writing.attending import attending_title, weights_of, when_written
from widgets.writing.beam_tree import BeamPicture, describe_node, describe_text
from widgets.writing.beside_image import HEAD, TILE_GAP, BesideImage, beside_image
from widgets.writing.decoding_title import decoding_title
from widgets.writing.expected import describe_candidate, describe_token, expected_at, room_for_candidates
from widgets.writing.over_image import OverImageFigure
from widgets.writing.spots import nearest


def _tr(text: str) -> str:
    return QCoreApplication.translate("CaptionFigure", text)


class CaptionSpot(NamedTuple):
    """What the pointer meets: a word, a patch (`place` is the word that looks, `column` the patch), a candidate, a node
    of the beams, or one of the best captions."""

    kind: str
    place: int
    column: int = 0


@dataclass(frozen=True)
class CaptionFigure(OverImageFigure):
    """A caption at one step.

    Attributes
    ----------
    image
        Name of the image.
    n_shown
        Tokens that are there at this step.
    layer, head
        Whose attention is shown where the options ask for one.
    place
        Token that is looked at, in the order of writing; None for the last one that is shown.
    """

    result: CaptionResult
    image: str
    options: CaptionOptions
    n_shown: int
    layer: int = 0
    head: int = 0
    place: int | None = None

    @property
    def focus(self) -> int:
        """The token whose attention and candidates are shown: the last word, and not the sign behind it."""
        if self.place is not None:
            return min(self.place, self.n_shown - 1)
        special = self.result.written.tokens.is_special
        return next((place for place in range(self.n_shown - 1, 0, -1) if not special[place]), self.n_shown - 1)

    @property
    def show(self) -> str:
        """What is shown, as far as there is such a thing."""
        return "image" if self.options.show == "tree" and self.result.tree is None else self.options.show

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 [target, patch]: what was attended to when each token was written; as many rows as are known."""
        weights = weights_of(self.result.pattern, self.options.attention, self.layer, self.head)
        return when_written(weights)[: self.result.written.n_steps]

    @property
    def caption(self) -> str:
        written, result, options = self.result.written, self.result, self.options
        bits, blind = written.surprisal[written.n_given :], result.blind_surprisal[written.n_given :]
        begins_with_words = written.n_given > 1  # which the model did not choose
        surprisal = (
            _tr("surprisal after the given words {:.1f} bits") if begins_with_words else _tr("surprisal {:.1f} bits")
        )
        parts = [
            f"{isolated(self.image)}: “{clean(written.text)}”",
            _tr("written from its end") if result.is_from_end else "",
            _tr("written without the image") if result.is_blind else "",
            decoding_title(options.decoding, len(self.result.hypotheses)),
            surprisal.format(float(bits.sum())) if len(bits) else "",
            _tr("{:.1f} bits without the image").format(float(blind.sum())) if len(blind) else "",
            "" if self.show == "tree" else self._attending_title(),
            written.why_unfinished,
        ]
        return " · ".join(part for part in parts if part)

    def _attending_title(self) -> str:
        if self.result.is_blind:
            return _tr("no place of the image differs from another one")
        pattern, options = self.result.pattern, self.options
        return attending_title(pattern, options.attention, self.layer, self.head, _tr("the image"))

    # Its parts

    @property
    def _order(self) -> list[int]:
        """Tokens but the first, as one reads them."""
        places = list(range(1, self.result.written.n_steps))
        return places[::-1] if self.result.is_from_end else places

    @cached_property
    def _highest(self) -> float:
        """Highest number of all words, for one scale; of one word alone its own."""
        known = self.weights[1:] if self.show == "words" else self.weights[self.focus : self.focus + 1]
        return float(np.nan_to_num(known).max(initial=0.0)) or 1.0

    @property
    def _high(self) -> float:
        """The number that has the last colour."""
        return self._highest if self.options.high is None else self.options.high

    @cached_property
    def bars(self) -> CandidateBars | None:
        """What was expected where the focus is; None at the first token."""
        return expected_at(self.result.written, self.focus)

    @cached_property
    def _beams(self) -> BeamPicture:
        result = self.result
        assert result.tree is not None
        return BeamPicture.at_step(result.tree, result.written, result.hypotheses, self.n_shown)

    def _chip(self, place: int) -> Chip:
        tokens = self.result.written.tokens
        kind = "special" if tokens.is_special[place] else "" if place < self.result.written.n_given else "written"
        return Chip(clean(tokens.words[place]), kind)

    def _shape(self) -> tuple[int, int]:
        height, width = self.result.picture.original.shape[:2]
        return height, width

    def _places(self, rect: QRectF, style: FigureStyle) -> BesideImage:
        """Where things are when one word is shown."""
        em = QFontMetricsF(style.font).height()
        chips = tuple(map(self._chip, self._order))
        beneath = HEAD * em if self.result.other_way else 0.0, room_for_candidates(self.result.written, em)
        found = beside_image(rect, self._shape(), chips, beneath, QFontMetricsF(style.font))
        return found._replace(words=found.words[::-1]) if self.result.is_from_end else found

    def _tile_boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        em = QFontMetricsF(style.font).height()
        height, width = self._shape()
        n = sum(not special for special in self.result.written.tokens.is_special[1:])
        return tiles(max(n, 1), width / height, rect, HEAD * em, TILE_GAP * em)

    def _panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[int, QRectF]]:
        """Token and box of each image, its title above it."""
        if self.show == "words":
            boxes = self._tile_boxes(rect, style)
            is_special = self.result.written.tokens.is_special
            every = [place for place in self._order if not is_special[place]]
            shown = zip(every, boxes[: len(every)], strict=True)
            return [(place, box) for place, box in shown if place < self.n_shown]
        return [(self.focus, self._places(rect, style).image)]

    @property
    def _n_tiles(self) -> int:
        return len(self._order)

    # Painting

    def _paint_panels(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for place, box in self._panels(rect, style):
            self._paint_panel(painter, place, box, style)

    def _paint_words(self, painter: QPainter, places: BesideImage, style: FigureStyle) -> None:
        for place, box in enumerate(places.words, 1):
            if place < self.n_shown:
                paint_chip(painter, self._chip(place), box, style)
        if self.focus:
            paint_border(painter, places.words[self.focus - 1].adjusted(-2, -2, 2, 2), style, is_selected=True)
        if self.result.other_way and self.n_shown == self.result.written.n_steps:
            way = _tr("From the start: “{}”") if self.result.is_from_end else _tr("From the end: “{}”")
            paint_line(painter, way.format(clean(self.result.other_way)), places.other, style, is_faint=True)

    def _paint_panel(self, painter: QPainter, place: int, box: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        word = label(self.result.written.tokens.words[place])
        row = self.weights[place] if place < len(self.weights) else None
        is_known = row is not None and not np.isnan(row).any()
        title = word if place else self.image
        if self.show == "image" and place and is_known:
            title = _tr("Where “{}” looked, 0 to {}").format(word, short(self._highest, 3))
            if self.options.high is not None:
                title += _tr("; colours to {}").format(short(self._high, 3))
        paint_line(painter, title, QRectF(box.left(), box.top(), box.width(), HEAD * em), style)
        picture = self.result.picture
        whole = self._image_box(box, style)
        part = part_rect(picture.box, whole)
        paint_image(painter, picture.original, whole)
        if is_known and row is not None:
            look = Look(self.options.opacity, self.options.smooth)
            paint_overlay(painter, row.reshape(picture.grid), self._high, part, look, style)
            paint_grid(painter, picture.grid, part)
        paint_border(painter, part, style)

    # What the pointer meets

    def _boxes(self, rect: QRectF, style: FigureStyle) -> dict[CaptionSpot, QRectF]:
        """All that can be pointed at but patches, in the order of the arrow keys."""
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            boxes = self._beams.boxes(rect.topLeft(), rect.width(), em)
            return {CaptionSpot(*key): box for key, box in boxes.items()}
        if self.show == "words":
            return {CaptionSpot("word", place): box for place, box in self._panels(rect, style)}
        places = self._places(rect, style)
        found = {CaptionSpot("word", place): places.words[place - 1] for place in self._order if place < self.n_shown}
        if self.bars is not None:
            rows = range(len(self.bars.candidates))
            found |= {CaptionSpot("candidate", row): self.bars.row(row, places.room, style) for row in rows}
        return found

    def _patch_box(self, spot: CaptionSpot, rect: QRectF, style: FigureStyle) -> QRectF | None:
        boxes = dict(self._panels(rect, style)) if self.show != "tree" else {}
        if spot.place not in boxes or not 0 <= spot.column < int(np.prod(self.result.picture.grid)):
            return None
        part = part_rect(self.result.picture.box, self._image_box(boxes[spot.place], style))
        return patch_rect(spot.column, self.result.picture.grid, part)

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> CaptionSpot | None:
        """What lies under a point."""
        if self.show != "tree":
            for place, box in self._panels(rect, style):
                part = part_rect(self.result.picture.box, self._image_box(box, style))
                patch = patch_at(point, self.result.picture.grid, part)
                if patch is not None:
                    return CaptionSpot("patch", place, patch)
        return next((spot for spot, box in self._boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a thing now."""
        if not isinstance(spot, CaptionSpot):
            return False
        if spot.kind == "patch":
            return self._patch_box(spot, rect, style) is not None
        return spot in self._boxes(rect, style)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: CaptionSpot) -> None:
        """Frame what is pointed at; a patch in the images of all words."""
        painter.save()
        if spot.kind == "patch":
            for place, _ in self._panels(rect, style):
                if (box := self._patch_box(spot._replace(place=place), rect, style)) is not None:
                    paint_frame(painter, box, style.theme.accent, Qt.PenStyle.DotLine)
        elif (box := self._boxes(rect, style).get(spot)) is not None:
            paint_border(painter, box.adjusted(-2, -2, 2, 2), style, is_selected=True)
        painter.restore()

    def step(
        self, spot: CaptionSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> CaptionSpot | None:
        """The nearest thing in a direction; from a patch the one beside it."""
        if spot is not None and spot.kind == "patch":
            n_rows, n_columns = self.result.picture.grid
            row, column = divmod(spot.column, n_columns)
            row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
            return spot._replace(column=row * n_columns + column)
        boxes = self._boxes(rect, style)
        return nearest(boxes, spot, CaptionSpot("word", self.focus), right, down)

    def describe(self, spot: CaptionSpot) -> str:
        """What is known of it, in a line."""
        written = self.result.written
        if spot.kind == "word":
            return self._describe_word(spot.place)
        if spot.kind == "patch":
            return self._describe_patch(spot)
        if spot.kind == "candidate" and self.bars is not None:
            return describe_candidate(self.bars, spot.place, _click())
        if spot.kind == "node" and self.result.tree is not None:
            return describe_node(self.result.tree, written.vocabulary, spot.place, _click())
        return describe_text(self.result.hypotheses[spot.place]) if spot.kind == "text" else ""

    def _describe_word(self, place: int) -> str:
        written = self.result.written
        text = _tr("“{}” ({})").format(label(written.tokens.words[place]), place) + describe_token(written, place)
        if place < len(self.result.blind_surprisal):
            bits = float(self.result.blind_surprisal[place])
            text += _tr(", {:.2f} bits without the image").format(bits)
        if place < len(self.weights) and not np.isnan(self.weights[place]).any():
            best = int(np.argmax(self.weights[place]))
            row, column = divmod(best, self.result.picture.grid[1])
            text += _tr(" · looked most at patch {},{}").format(row, column)
            if thing := thing_at_patch(self.result, best):
                text += _tr(", where there is {}").format(thing)
        return text

    def _describe_patch(self, spot: CaptionSpot) -> str:
        row, column = divmod(spot.column, self.result.picture.grid[1])
        text = _tr("patch {},{}").format(row, column)
        if spot.place < len(self.weights) and not np.isnan(self.weights[spot.place]).any():
            word = label(self.result.written.tokens.words[spot.place])
            weight = short(float(self.weights[spot.place, spot.column]), 3)
            text += _tr(": {} of the attention when “{}” was written").format(weight, word)
        thing = thing_at_patch(self.result, spot.column)
        return text + (_tr("; there is {}").format(thing) if thing else "")

    # Export

    @property
    def film_steps(self) -> range:
        """From what was given to the last token."""
        return range(self.result.written.n_given, self.result.written.n_steps + 1)

    def film_frame(self, step: int) -> CaptionFigure:
        """The same when so many tokens were there."""
        return replace(self, n_shown=step, place=None)

    def numbers(self) -> Numbers:
        """A row a token; beams beside it."""
        return caption_numbers(self.result, self.weights)


def _click() -> str:
    return _tr("a click continues from it")
