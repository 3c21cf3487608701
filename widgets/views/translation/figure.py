"""A translation as far as it is written: sentences with lines, a map or the beams, and what was expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.translation import TranslationResult
from widgets.figures.candidate_bars import CandidateBars
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import HeatPanel, short
from widgets.figures.token_axis import label
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.translation.alignment import panel
from widgets.views.translation.numbers import translation_numbers
from widgets.views.translation.options import TranslationOptions
from widgets.views.translation.sentences import Sentences
from widgets.writing.attending import attending_title, weights_of, when_written
from widgets.writing.beam_tree import BeamPicture, describe_node, describe_text
from widgets.writing.decoding_title import decoding_title
from widgets.writing.expected import describe_candidate, describe_token, expected_at, room_for_candidates
from widgets.writing.spots import SpotsInBoxes, paint_ring

_WIDTH = 46.0  # em at which it reads well
_SPACE = 1.0  # em between the picture and the candidates
_ROW, _LEAST_ROW, _AROUND_MAP = 1.5, 1.1, 4.2  # em of a row of the map, and of what is above and beneath the rows


def _tr(text: str) -> str:
    return QCoreApplication.translate("TranslationFigure", text)


class Spot(NamedTuple):
    """What the pointer meets: a token of the source or target, a cell of the map (by its target), a candidate, a node
    of the beams, or one of the best texts."""

    kind: str
    place: int
    column: int = 0


@dataclass(frozen=True)
class TranslationFigure(SpotsInBoxes[Spot]):
    """A translation at one step.

    Attributes
    ----------
    n_shown
        Tokens of the target that are there at this step.
    layer, head
        Whose attention is shown where the options ask for one.
    place
        Token of the target whose lines stand out and whose candidates are told; None for the last one that is shown.
    """

    result: TranslationResult
    options: TranslationOptions
    n_shown: int
    layer: int = 0
    head: int = 0
    place: int | None = None

    @property
    def focus(self) -> int:
        """The token whose candidates are told."""
        return self.n_shown - 1 if self.place is None else min(self.place, self.n_shown - 1)

    @property
    def show(self) -> str:
        """What is shown, as far as there is such a thing."""
        return "lines" if self.options.show == "tree" and self.result.tree is None else self.options.show

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 [target, source]: what was attended to when each token was written."""
        options = self.options
        weights = when_written(weights_of(self.result.pattern, options.attention, self.layer, self.head))
        return weights[: self.result.written.n_steps]

    @property
    def caption(self) -> str:
        written, options = self.result.written, self.options
        bits = written.surprisal[written.n_given : written.n_steps]
        n_shown = max(self.n_shown - written.n_given, 0)
        parts = [
            f"“{clean(written.text)}”" if written.text else number_of(written.n_steps, "tokens"),
            decoding_title(options.decoding, len(self.result.hypotheses)),
            self._bits_title(float(bits.sum())) if len(bits) else "",
            _tr("{:.1f} of them up to token {}").format(float(bits[:n_shown].sum()), self.n_shown)
            if n_shown < len(bits)
            else "",
            "" if self.show == "tree" else self._attending_title(),
            written.why_unfinished,
        ]
        return " · ".join(part for part in parts if part)

    def _bits_title(self, bits: float) -> str:
        """Of what was written; a part of a text says so, as it has fewer than the whole one."""
        n_begun = self.result.written.n_given - 1  # without the start token
        text = _tr("{:.1f} bits after the {} tokens it begins with") if n_begun > 1 else _tr("{:.1f} bits")
        text = _tr("{:.1f} bits after the token it begins with") if n_begun == 1 else text
        return text.format(bits, n_begun)

    def _attending_title(self) -> str:
        pattern, attention = self.result.pattern, self.options.attention
        return attending_title(pattern, attention, self.layer, self.head, _tr("the source"))

    # Its parts

    @cached_property
    def _sentences(self) -> Sentences:
        written = self.result.written
        return Sentences(self.result.source, written.tokens, written.n_given, self.n_shown, self.weights)

    @cached_property
    def _map(self) -> HeatPanel:
        n_rows = max(len(self.weights) - 1, 1)
        values = np.full((n_rows, len(self.result.source)), np.nan, np.float32)
        values[: len(self.weights) - 1] = self.weights[1:]
        values[max(self.n_shown - 1, 0) :] = np.nan
        title = _tr("Attended to when each token was written")
        drawn = panel(values, self.result.written.tokens, self.result.source, 1, title, _tr("Target"))
        names = tuple(name if row < self.n_shown - 1 else "" for row, name in enumerate(drawn.row_names))
        return replace(drawn, row_names=(*names, *("",) * (n_rows - len(names))))

    @cached_property
    def _beams(self) -> BeamPicture:
        result = self.result
        assert result.tree is not None
        return BeamPicture.at_step(result.tree, result.written, result.hypotheses, self.n_shown)

    @cached_property
    def bars(self) -> CandidateBars | None:
        """What was expected where the focus is; None at the start token."""
        return expected_at(self.result.written, self.focus)

    def _spread(self, rect: QRectF, style: FigureStyle) -> Sentences:
        """The sentences with the room that is left over between them."""
        room = rect.height() - self.least_size(rect.width(), style).height()
        return self._sentences.spread(room, QFontMetricsF(style.font).height())

    def _height_above(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        if self.show == "lines":
            return self._sentences.places(width, style).height
        if self.show == "map":
            return (len(self._map.values) * _LEAST_ROW + _AROUND_MAP) * em
        return self._beams.height(em)

    def _areas(self, rect: QRectF, style: FigureStyle) -> tuple[QRectF, QRectF]:
        """Of the picture, and of the candidates beneath."""
        em = QFontMetricsF(style.font).height()
        if self.show == "lines":
            height = self._spread(rect, style).places(rect.width(), style).height
        else:
            height = self._height_above(rect.width(), style)
            if self.show == "map":  # rows as high as there is room for
                room = max(rect.height() - self.least_size(rect.width(), style).height(), 0.0)
                height += min(room, len(self._map.values) * (_ROW - _LEAST_ROW) * em)
        above = QRectF(rect.left(), rect.top(), rect.width(), height)
        top = above.bottom() + _SPACE * em
        return above, QRectF(rect.left(), top, rect.width(), max(rect.bottom() - top, 0))

    def _bars_height(self, em: float) -> float:
        return room_for_candidates(self.result.written, em) if self.show != "tree" else 0.0

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        em = QFontMetricsF(style.font).height()
        least = self._beams.width(em) if self.show == "tree" else 0.0
        height = self._height_above(max(width, least, em), style) + _SPACE * em + self._bars_height(em)
        return QSizeF(least if least > width else 0, height)

    def grown_to(self, rect: QRectF, style: FigureStyle) -> float:
        """Down to the target: the candidates may wait, the source is to be seen."""
        return rect.bottom() if self.show == "tree" else self._areas(rect, style)[0].bottom()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        width = max(_WIDTH * em, self._beams.width(em) if self.show == "tree" else 0.0)
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        above, below = self._areas(rect, style)
        if self.show == "lines":
            is_pointed = self.place is not None or self.n_shown < self.result.written.n_steps
            focus = self.focus if is_pointed else None
            sentences = self._spread(rect, style)
            sentences.paint(painter, above.topLeft(), above.width(), style, focus)
            box = sentences.places(above.width(), style).target[self.focus].translated(above.topLeft())
            paint_ring(painter, box, style, Qt.PenStyle.SolidLine)
        elif self.show == "map":
            self._map.paint(painter, above, style)
            if self.focus >= 1:
                plot = self._map.plot(above, style)
                row = self.focus - 1
                first, last = (self._map.cell_rect(row, column, plot) for column in (0, len(self.result.source) - 1))
                paint_ring(painter, first.united(last), style, Qt.PenStyle.SolidLine)
        else:
            self._beams.paint(painter, above.topLeft(), above.width(), style)
            return
        if self.bars is not None:
            self.bars.paint(painter, below, style)

    # What the pointer meets

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[Spot, QRectF]:
        above, below = self._areas(rect, style)
        em, origin = QFontMetricsF(style.font).height(), above.topLeft()
        found: dict[Spot, QRectF] = {}
        if self.show == "lines":
            places = self._spread(rect, style).places(above.width(), style)
            found |= {Spot("source", pos): box.translated(origin) for pos, box in enumerate(places.source)}
            shown = places.target[: self.n_shown]
            found |= {Spot("target", pos): box.translated(origin) for pos, box in enumerate(shown)}
        elif self.show == "map":
            plot = self._map.plot(above, style)
            found |= {
                Spot("cell", row + 1, column): self._map.cell_rect(row, column, plot)
                for row in range(min(self.n_shown, len(self.weights)) - 1)
                for column in range(len(self.result.source))
            }
        else:
            return {Spot(*key): box for key, box in self._beams.boxes(origin, above.width(), em).items()}
        if self.bars is not None:
            rows = range(len(self.bars.candidates))
            found |= {Spot("candidate", row): self.bars.row(row, below, style) for row in rows}
        return found

    def first_spot(self) -> Spot:
        return Spot("target", self.focus)

    def describe(self, spot: Spot) -> str:
        """What is known of it, in a line."""
        written, source = self.result.written, self.result.source
        if spot.kind == "source":
            by = [pos for pos in range(1, len(self.weights)) if int(np.nanargmax(self.weights[pos])) == spot.place]
            named = ", ".join(f"“{label(written.tokens.words[pos])}”" for pos in by if pos < self.n_shown)
            of = _tr("“{}” ({})").format(label(source.words[spot.place]), spot.place)
            return _tr("{}: attended to most when {} was written").format(of, named) if named else of
        if spot.kind in ("target", "cell"):
            return self._describe_target(spot)
        if spot.kind == "candidate" and self.bars is not None:
            return describe_candidate(self.bars, spot.place, _click())
        if spot.kind == "node" and self.result.tree is not None:
            return describe_node(self.result.tree, written.vocabulary, spot.place, _click())
        if spot.kind == "text":
            return describe_text(self.result.hypotheses[spot.place])
        return ""

    def _describe_target(self, spot: Spot) -> str:
        written, source, place = self.result.written, self.result.source, spot.place
        text = _tr("“{}” ({})").format(label(written.tokens.words[place]), place)
        if place == 0:
            return text + _tr(": the decoder's start token")
        text += describe_token(written, place)
        if place >= len(self.weights) or np.isnan(self.weights[place]).any():
            return text
        row = self.weights[place]
        best = [spot.column] if spot.kind == "cell" else np.argsort(-row, kind="stable")[:3].tolist()
        seen = ", ".join(f"“{label(source.words[pos])}” {short(float(row[pos]))}" for pos in best)
        return text + _tr(" · attended to {} when it was written").format(seen)

    # Export

    @property
    def film_steps(self) -> range:
        """From what was given to the last token."""
        return range(self.result.written.n_given, self.result.written.n_steps + 1)

    def film_frame(self, step: int) -> TranslationFigure:
        """The same when so many tokens were there."""
        return replace(self, n_shown=step, place=None)

    def numbers(self) -> Numbers:
        """A row a token of the target; beams beside it."""
        return translation_numbers(self.result, self.weights)


def _click() -> str:
    return _tr("a click continues from it")
