"""A text as far as it is written on: what a token attended to, what was expected, and where it could have gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.decoding import Decoding, Written
from inference.results.generation import GenerationResult
from widgets.figures.candidate_bars import CandidateBars
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import short
from widgets.figures.token_axis import label
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.ticks import bytes_text
from widgets.views.generation.branch_list import BranchLine, BranchList
from widgets.views.generation.numbers import generation_numbers
from widgets.views.generation.options import GenerationOptions
from widgets.views.generation.text_row import TextRow
from widgets.writing.attending import weights_of, when_written
from widgets.writing.beam_tree import BeamPicture, describe_node, describe_text
from widgets.writing.decoding_title import decoding_title
from widgets.writing.expected import describe_candidate, describe_token, expected_at, room_for_candidates
from widgets.writing.spots import SpotsInBoxes, paint_ring

_WIDTH = 46.0  # em at which it reads well
_SPACE = 1.0  # em between the parts


def _tr(text: str) -> str:
    return QCoreApplication.translate("GenerationFigure", text)


class WrittenSpot(NamedTuple):
    """What the pointer meets: a `token`, one of the text `beside` it, a `candidate`, a `branch` (by its number), a
    `node` of the beams, or one of the best texts (`best`)."""

    kind: str
    place: int


class Beside(NamedTuple):
    """Another branch that is compared with."""

    name: str
    written: Written


@dataclass(frozen=True)
class GenerationFigure(SpotsInBoxes[WrittenSpot]):
    """A text at one step.

    Attributes
    ----------
    n_shown
        Tokens that are there at this step.
    layer, head
        Whose attention is shown where the options ask for one.
    place
        Token whose candidates are told, and for which the text is tinted; None for the last one that is shown.
    decoding
        How the text was written, which the options may not say any more; None for as the options say.
    name
        Of its branch, where there are several.
    branches
        All that are known; a list is shown of two and more.
    beside
        Another branch, shown beneath; the probability of each token stands under both then.
    """

    result: GenerationResult
    options: GenerationOptions
    n_shown: int
    layer: int = 0
    head: int = 0
    place: int | None = None
    decoding: Decoding | None = None
    name: str = ""
    branches: tuple[BranchLine, ...] = ()
    beside: Beside | None = None

    @property
    def focus(self) -> int:
        """The token whose candidates are told."""
        return self.n_shown - 1 if self.place is None else min(self.place, self.n_shown - 1)

    @property
    def show(self) -> str:
        """What is shown, as far as there is such a thing."""
        return "text" if self.result.tree is None else self.options.show

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 [pos, key_pos]: what was attended to when each token was chosen."""
        layers = self.result.layers
        at = layers.index(self.layer) if self.layer in layers else 0
        weights = weights_of(self.result.pattern, self.options.attention, at, self.head)
        return when_written(weights)[: self.result.written.n_steps]

    @property
    def _n_weights(self) -> int:
        """Tokens of which it is known what was attended to, with the first one, of which it is not."""
        return min(self.result.pattern.shape[2] + 1, self.result.written.n_steps)

    def _weights_at(self, place: int) -> np.ndarray:
        """float32 [key_pos]: a row of `weights` that is not the first one, without making all the others."""
        layers, pattern = self.result.layers, self.result.pattern
        at = layers.index(self.layer) if self.layer in layers else 0
        return weights_of(pattern[:, :, place - 1 : place], self.options.attention, at, self.head)[0]

    @property
    def caption(self) -> str:
        result, decoding = self.result, self.decoding or self.options.decoding
        written = result.written
        bits = written.surprisal[written.n_given : written.n_steps]
        n_shown = max(self.n_shown - written.n_given, 0)
        ended = _tr("ended by “{}”").format(label(written.tokens.words[-1])) if written.is_finished else ""
        kept = _tr("keys and values: {}") if result.layers else _tr("state: {}")  # of a recurrent network
        parts = [
            _tr("{}, {:,} given").format(number_of(written.n_steps, "tokens"), written.n_given),
            decoding_title(decoding, len(result.hypotheses)),
            _tr("{:,.1f} bits for {} written").format(float(bits.sum()), number_of(len(bits), "tokens"))
            if len(bits)
            else "",
            _tr("{:,.1f} of them up to token {:,}").format(float(bits[:n_shown].sum()), self.n_shown)
            if n_shown < len(bits)
            else "",
            written.why_unfinished or ended,
            kept.format(bytes_text(result.cache_bytes)) if result.cache_bytes else "",
            _rate_text(result.tokens_a_second) if result.tokens_a_second else "",
        ]
        return " · ".join(part for part in parts if part)

    @property
    def tint_title(self) -> str:
        """Whose attention the tint is; empty where it is not known."""
        place = self.focus
        if not 0 < place < self._n_weights:
            return ""
        n_heads = self.result.pattern.shape[1]
        heads_are, wanted = self.result.heads_are, self.options.attention
        word = label(self.result.written.tokens.words[place])
        tinted = _tr("tinted by what was attended to when “{}” was chosen: {}")
        if wanted == "mean" or heads_are == "mean":
            return tinted.format(word, _tr("mean of all heads"))
        layer = self.result.layers[self.result.layers.index(self.layer) if self.layer in self.result.layers else 0]
        if wanted == "layer" or heads_are == "layer":
            return tinted.format(word, _tr("mean of the heads of layer {}").format(layer))
        return tinted.format(word, _tr("layer {}, head {}").format(layer, min(self.head, n_heads - 1)))

    # Its parts

    @cached_property
    def _has_probs(self) -> bool:
        return self.options.has_probs or self.beside is not None

    @cached_property
    def _row(self) -> TextRow:
        place = self.focus
        tint = self._weights_at(place)[:place] if 0 < place < self._n_weights else None
        title = "  ·  ".join(filter(None, (self.name, self.tint_title))) or _tr("Text")
        title = title[:1].upper() + title[1:]
        return TextRow(self.result.written, self.n_shown, title, tint, self._has_probs)

    @cached_property
    def _row_beside(self) -> TextRow | None:
        if self.beside is None:
            return None
        return TextRow(self.beside.written, self.beside.written.n_steps, self.beside.name, None, has_probs=True)

    @cached_property
    def _beams(self) -> BeamPicture:
        result = self.result
        assert result.tree is not None
        return BeamPicture.at_step(result.tree, result.written, result.hypotheses, self.n_shown)

    @cached_property
    def bars(self) -> CandidateBars | None:
        """What was expected where the focus is; None at the first token."""
        return expected_at(self.result.written, self.focus, with_cuts=True)

    @cached_property
    def _branches(self) -> BranchList:
        return BranchList(self.branches)

    def _areas(self, rect: QRectF, style: FigureStyle) -> dict[str, QRectF]:
        """Of its parts, one beneath the other; what was expected takes the room that is left over."""
        em = QFontMetricsF(style.font).height()
        found: dict[str, QRectF] = {}
        top, heights = rect.top(), self._heights(rect.width(), style)
        if "bars" in heights:
            rest = rect.height() - sum(heights.values()) - _SPACE * em * (len(heights) - 1)
            heights["bars"] += max(rest, 0.0)
        for name, height in heights.items():
            found[name] = QRectF(rect.left(), top, rect.width(), height)
            top += height + _SPACE * em
        return found

    def _heights(self, width: float, style: FigureStyle) -> dict[str, float]:
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            return {"beams": self._beams.height(em)}
        heights = {"text": self._row.height(width, style)}
        if self._row_beside is not None:
            heights["beside"] = self._row_beside.height(width, style)
        heights["bars"] = room_for_candidates(self.result.written, em)
        if len(self.branches) > 1:
            heights["branches"] = self._branches.height(em)
        return heights

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        em = QFontMetricsF(style.font).height()
        least = self._beams.width(em) if self.show == "tree" else 0.0
        heights = self._heights(max(width, least, em), style).values()
        return QSizeF(least if least > width else 0, sum(heights) + _SPACE * em * (len(heights) - 1))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        width = max(_WIDTH * em, self._beams.width(em) if self.show == "tree" else 0.0)
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        areas = self._areas(rect, style)
        if self.show == "tree":
            self._beams.paint(painter, areas["beams"].topLeft(), rect.width(), style)
            return
        self._row.paint(painter, areas["text"].topLeft(), rect.width(), style)
        box = self._row.boxes(rect.width(), style)[self.focus].translated(areas["text"].topLeft())
        paint_ring(painter, box, style, Qt.PenStyle.SolidLine)
        if self._row_beside is not None:
            self._row_beside.paint(painter, areas["beside"].topLeft(), rect.width(), style)
        if self.bars is not None:
            self.bars.paint(painter, areas["bars"], style)
        if "branches" in areas:
            self._branches.paint(painter, areas["branches"], style)

    # What the pointer meets

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[WrittenSpot, QRectF]:
        areas, width = self._areas(rect, style), rect.width()
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            beams = self._beams.boxes(areas["beams"].topLeft(), width, em)
            return {WrittenSpot("best" if kind == "text" else kind, place): box for (kind, place), box in beams.items()}
        found = {}
        for kind, name, row in (("token", "text", self._row), ("beside", "beside", self._row_beside)):
            if row is not None:
                boxes, origin = row.boxes(width, style)[: row.n_shown], areas[name].topLeft()
                found |= {WrittenSpot(kind, pos): box.translated(origin) for pos, box in enumerate(boxes)}
        if self.bars is not None:
            rows = range(len(self.bars.candidates))
            found |= {WrittenSpot("candidate", row): self.bars.row(row, areas["bars"], style) for row in rows}
        if "branches" in areas:
            found |= {
                WrittenSpot("branch", line.number): self._branches.row(at, areas["branches"], em)
                for at, line in enumerate(self.branches)
            }
        return found

    def first_spot(self) -> WrittenSpot:
        return WrittenSpot("token", self.focus)

    def describe(self, spot: WrittenSpot) -> str:
        """What is known of it, in a line."""
        if spot.kind == "token":
            return self._describe_token(spot.place)
        if spot.kind == "beside" and self.beside is not None:
            written = self.beside.written
            text = _tr("“{}” ({})").format(label(written.tokens.words[spot.place]), spot.place)
            return text + describe_token(written, spot.place) if spot.place else text
        if spot.kind == "candidate" and self.bars is not None:
            return describe_candidate(self.bars, spot.place, _click())
        if spot.kind == "branch":
            line = next(each for each in self.branches if each.number == spot.place)
            return f"{line.name}  {line.text}" + ("" if line.is_now else _tr("; a click goes back to it"))
        if spot.kind == "node" and self.result.tree is not None:
            return describe_node(self.result.tree, self.result.written.vocabulary, spot.place, _click())
        if spot.kind == "best":
            return describe_text(self.result.hypotheses[spot.place])
        return ""

    def _describe_token(self, place: int) -> str:
        written = self.result.written
        text = _tr("“{}” ({})").format(label(written.tokens.words[place]), place)
        if place == 0:
            return text + _tr(": the first token, before which nothing is known")
        text += describe_token(written, place)
        if place >= self._n_weights:
            return text
        weights = self._weights_at(place)
        best = np.argsort(-weights, kind="stable")[: min(3, place)].tolist()
        words = written.tokens.words
        seen = ", ".join(f"“{label(words[pos])}” {short(float(weights[pos]))}" for pos in best)
        return text + _tr(" · attended to {} when it was chosen").format(seen)

    # Export

    @property
    def film_steps(self) -> range:
        """From what was given to the last token."""
        return range(self.result.written.n_given, self.result.written.n_steps + 1)

    def film_frame(self, step: int) -> GenerationFigure:
        """The same when so many tokens were there."""
        return replace(self, n_shown=step, place=None)

    def numbers(self) -> Numbers:
        """A row a token."""
        return generation_numbers(self.result, self.weights)


def _rate_text(rate: float) -> str:
    text = _tr("{:.2g} tokens a second") if rate < 10 else _tr("{:,.0f} tokens a second")
    return text.format(rate)


def _click() -> str:
    return _tr("a click begins a branch with it")
