"""An answer as far as it is written: where its words look in the image, and what was expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.answer import AnswerResult
from widgets.figures.candidate_bars import CandidateBars
from widgets.figures.chips import Chip, paint_chip
from widgets.figures.image_geometry import part_rect, patch_at, patch_rect, tiles
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_grid, paint_image, paint_overlay
from widgets.figures.image_parts import paint_title as paint_line
from widgets.figures.prediction_cards import percent
from widgets.figures.token_axis import label
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.answer.descriptions import describe_cell, describe_word, given_title, title_of
from widgets.views.answer.looks import looks_title, looks_weights
from widgets.views.answer.numbers import answer_numbers
from widgets.views.answer.options import AnswerOptions
from widgets.views.answer.overlay import TokenOverlay, overlay_of
from widgets.writing.beam_tree import BeamPicture, describe_node, describe_text
from widgets.writing.beside_image import HEAD, TILE_GAP, BesideImage, beside_image
from widgets.writing.expected import describe_candidate, expected_at, room_for_candidates
from widgets.writing.over_image import OverImageFigure
from widgets.writing.spots import nearest

_MOST_PROMPT = 7.0  # em, the most height of the text that the model gets


def _tr(text: str) -> str:
    return QCoreApplication.translate("ChatAnswerFigure", text)


class AnswerSpot(NamedTuple):
    """What the pointer meets: a word, a cell of the image (`place` is the word that looks, `column` the cell), a
    candidate, a node of the beams, or one of the best answers."""

    kind: str
    place: int
    column: int = 0


@dataclass(frozen=True)
class ChatAnswerFigure(OverImageFigure):
    """An answer at one step.

    Attributes
    ----------
    image
        Name of the image.
    n_shown
        Tokens that are there at this step, the last one of the prompt included.
    layer, head
        Whose attention is shown where the options ask for one.
    places
        Words that are looked at; none for the last one that is shown.
    """

    result: AnswerResult
    image: str
    options: AnswerOptions
    n_shown: int
    layer: int = 0
    head: int = 0
    places: tuple[int, ...] = ()

    @property
    def focus(self) -> int:
        """The word whose candidates are shown: the last one, and not the sign behind it."""
        if self.places:
            return min(self.places[0], self.n_shown - 1)
        special = self.result.written.tokens.is_special
        return next((place for place in range(self.n_shown - 1, 0, -1) if not special[place]), self.n_shown - 1)

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """The words whose looks are summed."""
        special = self.result.written.tokens.is_special
        if self.options.words == "all":
            return tuple(place for place in range(1, self.n_shown) if not special[place])
        kept = tuple(place for place in self.places if 0 < place < self.n_shown)
        return kept or ((self.focus,) if self.focus else ())

    @property
    def show(self) -> str:
        """What is shown, as far as there is such a thing."""
        return "image" if self.options.show == "tree" and self.result.tree is None else self.options.show

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 [target, image token]: what was looked at when each token was written; as many rows as are known."""
        return looks_weights(self.result, self.options.attention, self.layer, self.head)

    @property
    def _is_raised(self) -> bool:
        """Whether numbers are what raised words (relevance), not where they looked."""
        return self.options.attention == "relevance"

    def _row(self, places: tuple[int, ...]) -> np.ndarray | None:
        """float32 [image token], summed over words; None where it is not known."""
        if self._is_raised and self.show == "image":
            return self.result.relevance if set(places) == set(self.result.relevance_of) else None
        known = [place for place in places if place < len(self.weights) and not np.isnan(self.weights[place]).any()]
        return self.weights[known].sum(0) if known and len(known) == len(places) else None

    def overlay(self, places: tuple[int, ...]) -> TokenOverlay | None:
        """What some words looked at, summed, on the image; None where it is not known."""
        row = self._row(places)
        if row is None:
            return None
        through = self.result.through
        return overlay_of(self.result.grids, row if through is None else row @ through, self.options.scale)

    @property
    def caption(self) -> str:
        written, result, options = self.result.written, self.result, self.options
        ways = {
            "greedy": _tr("greedy"),
            "beam": _tr("beam search, {} best answers").format(len(result.hypotheses)),
            "sample": _tr("sampled with seed {}, temperature {:g}, top-k {}, top-p {:g}").format(
                options.seed, options.temperature, options.top_k or _tr("off"), options.top_p
            ),
        }
        parts = [
            f"{isolated(self.image)}: “{clean(written.text)}”",
            given_title(result),
            ways[options.way],
            "" if self.show == "tree" else looks_title(result, options.attention, self.layer, self.head),
            self._share(),
            written.why_unfinished,
        ]
        return " · ".join(part for part in parts if part)

    def _share(self) -> str:
        """How much of the attention of the chosen words goes to the image."""
        is_told = self.show == "image" and not self._is_raised and not self.result.is_beside
        row = self._row(self.chosen) if is_told else None
        if row is None:
            return ""
        return _tr("{} of it to the image").format(percent(float(row.sum()) / len(self.chosen)))

    # Its parts

    @cached_property
    def bars(self) -> CandidateBars | None:
        """What was expected where the focus is; None at the first token."""
        return expected_at(self.result.written, self.focus)

    @cached_property
    def _beams(self) -> BeamPicture:
        assert self.result.tree is not None
        written = self.result.written
        last = self.n_shown == written.n_steps
        deepest = int(self.result.tree.depths.max(initial=0))
        depth = deepest if last else self.n_shown - written.n_given
        return BeamPicture(self.result.tree, written.vocabulary, self.result.hypotheses if last else (), depth)

    @property
    def _words(self) -> range:
        return range(1, self.result.written.n_steps)

    def _chip(self, place: int) -> Chip:
        tokens = self.result.written.tokens
        kind = "special" if tokens.is_special[place] else "" if place < self.result.written.n_given else "written"
        return Chip(clean(tokens.words[place]), kind, bool(tokens.starts_word[place]))

    def _shape(self) -> tuple[int, int]:
        height, width = self.result.picture.original.shape[:2]
        return height, width

    def _prompt(self) -> str:
        return _tr("The model gets: {}").format(clean(self.result.prompt.replace("\n", "↵")))

    def _prompt_height(self, width: float, metrics: QFontMetricsF) -> float:
        if not self.result.prompt:
            return 0.0
        box = metrics.boundingRect(QRectF(0, 0, width, 1e4), _WRAPPED, self._prompt())
        return min(box.height(), _MOST_PROMPT * metrics.height()) + 0.8 * metrics.height()

    def _places(self, rect: QRectF, style: FigureStyle) -> BesideImage:
        """Where things are when one image is shown."""
        metrics = QFontMetricsF(style.font)
        room = 0.0, room_for_candidates(self.result.written, metrics.height())
        chips = tuple(map(self._chip, self._words))
        return beside_image(
            rect, self._shape(), chips, room, metrics, lambda w: self._prompt_height(w, metrics), self.focus - 1
        )

    def _panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[tuple[int, ...], QRectF]]:
        """Words and box of each image, its title above it."""
        if self.show == "words":
            special = self.result.written.tokens.is_special
            every = [place for place in self._words if not special[place]]
            height, width = self._shape()
            em = QFontMetricsF(style.font).height()
            boxes = tiles(max(len(every), 1), width / height, rect, HEAD * em, TILE_GAP * em)
            shown = zip(every, boxes[: len(every)], strict=True)
            return [((place,), box) for place, box in shown if place < self.n_shown]
        return [(self.chosen, self._places(rect, style).image)]

    @property
    def _n_tiles(self) -> int:
        return len(self._words)

    # Painting

    def _paint_panels(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for words, box in self._panels(rect, style):
            self._paint_panel(painter, words, box, style)

    def _paint_words(self, painter: QPainter, places: BesideImage, style: FigureStyle) -> None:
        if self.result.prompt:
            painter.setPen(style.theme.faint)
            room = QRectF(places.above)
            room.setHeight(min(room.height(), _MOST_PROMPT * QFontMetricsF(style.font).height()))
            painter.drawText(room, _WRAPPED, self._prompt())  # which is clipped to its room
        for place, box in zip(self._words, places.words, strict=True):
            if place < self.n_shown:
                paint_chip(painter, self._chip(place), box, style)
                if place in self.chosen:
                    paint_border(painter, box.adjusted(-2, -2, 2, 2), style, is_selected=True)

    def _high(self, overlay: TokenOverlay) -> float:
        """Highest number of all words, for one scale, where each has an image; of one image its own."""
        if self.show == "words":
            special = self.result.written.tokens.is_special
            every = (self.overlay((place,)) for place in self._words if not special[place])
            found = max((float(np.nanmax(each.values)) for each in every if each is not None), default=0.0)
            return found or 1.0
        return float(np.nanmax(overlay.values)) or 1.0

    def _paint_panel(self, painter: QPainter, words: tuple[int, ...], box: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        overlay = self.overlay(words)
        high = None if overlay is None else self._high(overlay)
        last = self.options.high or high
        tokens, picture = self.result.written.tokens.words, self.result.picture
        if self.show == "words":
            title = label(tokens[words[0]])
        else:
            title = title_of(tokens, words, high, last, is_raised=self._is_raised) if words else self.image
        paint_line(painter, title, QRectF(box.left(), box.top(), box.width(), HEAD * em), style)
        whole = self._image_box(box, style)
        paint_image(painter, picture.original, whole)
        if overlay is not None and last is not None:
            part = part_rect(overlay.box, whole)
            painter.save()
            painter.setClipRect(whole, Qt.ClipOperation.IntersectClip)
            paint_overlay(painter, overlay.values, last, part, Look(self.options.opacity, self.options.smooth), style)
            paint_grid(painter, (overlay.values.shape[0], overlay.values.shape[1]), part)
            painter.restore()
        paint_border(painter, part_rect(picture.box, whole), style)

    # What the pointer meets

    def _boxes(self, rect: QRectF, style: FigureStyle) -> dict[AnswerSpot, QRectF]:
        """All that can be pointed at but cells, in the order of the arrow keys."""
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            beams = self._beams
            nodes = np.flatnonzero(beams.tree.depths <= beams.n_depths).tolist()
            found = {AnswerSpot("node", node): beams.box(node, em).translated(rect.topLeft()) for node in nodes}
            lines = range(len(beams.hypotheses))
            return found | {
                AnswerSpot("text", number): beams.line(number, rect.width(), em).translated(rect.topLeft())
                for number in lines
            }
        if self.show == "words":
            return {AnswerSpot("word", words[0]): box for words, box in self._panels(rect, style)}
        places = self._places(rect, style)
        found = {AnswerSpot("word", place): places.words[place - 1] for place in self._words if place < self.n_shown}
        if self.bars is not None:
            rows = range(len(self.bars.candidates))
            found |= {AnswerSpot("candidate", row): self.bars.row(row, places.room, style) for row in rows}
        return found

    def _cell_box(self, spot: AnswerSpot, rect: QRectF, style: FigureStyle) -> QRectF | None:
        panels = {words[0] if words else 0: (words, box) for words, box in self._panels(rect, style)}
        if self.show == "tree" or spot.place not in panels:
            return None
        words, box = panels[spot.place]
        overlay = self.overlay(words)
        if overlay is None or not 0 <= spot.column < overlay.values.size:
            return None
        rows, columns = overlay.values.shape
        return patch_rect(spot.column, (rows, columns), part_rect(overlay.box, self._image_box(box, style)))

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> AnswerSpot | None:
        """What lies under a point."""
        for words, box in self._panels(rect, style) if self.show != "tree" else ():
            overlay, whole = self.overlay(words), self._image_box(box, style)
            if overlay is None or not whole.contains(point):
                continue
            rows, columns = overlay.values.shape
            cell = patch_at(point, (rows, columns), part_rect(overlay.box, whole))
            if cell is not None:
                return AnswerSpot("cell", words[0] if words else 0, cell)
        return next((spot for spot, box in self._boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a thing now."""
        if not isinstance(spot, AnswerSpot):
            return False
        return (
            self._cell_box(spot, rect, style) is not None if spot.kind == "cell" else spot in self._boxes(rect, style)
        )

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: AnswerSpot) -> None:
        """Frame what is pointed at."""
        painter.save()
        if spot.kind == "cell":
            if (box := self._cell_box(spot, rect, style)) is not None:
                paint_frame(painter, box, style.theme.accent, Qt.PenStyle.DotLine)
        elif (box := self._boxes(rect, style).get(spot)) is not None:
            paint_border(painter, box.adjusted(-2, -2, 2, 2), style, is_selected=True)
        painter.restore()

    def step(
        self, spot: AnswerSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> AnswerSpot | None:
        """The nearest thing in a direction; from a cell the one beside it."""
        if spot is not None and spot.kind == "cell":
            overlay = self.overlay(self.chosen if self.show == "image" else (spot.place,))
            if overlay is not None:
                n_rows, n_columns = overlay.values.shape
                row, column = divmod(spot.column, n_columns)
                row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
                return spot._replace(column=row * n_columns + column)
        return nearest(self._boxes(rect, style), spot, AnswerSpot("word", self.focus), right, down)

    def describe(self, spot: AnswerSpot) -> str:
        """What is known of it, in a line."""
        click = _tr("a click continues from it")
        if spot.kind == "word":
            return describe_word(self.result, self.weights, spot.place)
        if spot.kind == "cell":
            overlay = self.overlay(self.chosen if self.show == "image" else (spot.place,))
            cell = spot.column
            return describe_cell(self.result, overlay, cell, is_raised=self._is_raised) if overlay is not None else ""
        if spot.kind == "candidate" and self.bars is not None:
            return describe_candidate(self.bars, spot.place, click)
        if spot.kind == "node" and self.result.tree is not None:
            return describe_node(self.result.tree, self.result.written.vocabulary, spot.place, click)
        return describe_text(self.result.hypotheses[spot.place]) if spot.kind == "text" else ""

    # Export

    @property
    def film_steps(self) -> range:
        """From what was given to the last token."""
        return range(self.result.written.n_given, self.result.written.n_steps + 1)

    def film_frame(self, step: int) -> ChatAnswerFigure:
        """The same when so many tokens were there."""
        return replace(self, n_shown=step, places=())

    def numbers(self) -> Numbers:
        """A row a token; beams beside it."""
        return answer_numbers(self.result, self.weights)


_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
