"""What a model attends to in its example while it learns: heads of a layer after some steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.training import TrainingResult, Validation, WatchedMaps
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_LINE, _BELOW_LINES = 1.2, 0.4  # em for a line of what the model says, and below the last one
_UNKNOWN = ("[UNK]", "<unk>")  # how tokenizers write a word that they do not have
_LEAST_PLACES = 3  # tokens of which one lies between the others
# Titles of heads, by where most of their attention goes.
_MOST_ON = {
    "itself": "Head {}: {:.0f} % on itself",
    "before": "Head {}: {:.0f} % on the one before",
    "behind": "Head {}: {:.0f} % on the next one",
    "first": "Head {}: {:.0f} % on the first",
    "last": "Head {}: {:.0f} % on the last",
}
_PLACES = {
    "mirrored": "the mirrored letter",
    "itself": "the token itself",
    "before": "the token before",
    "behind": "the next token",
    "first": "the first token",
    "last": "the last token",
}
_CAPTIONS: dict[WatchedMaps, str] = {
    "source": "{} after {}: attention to the source in layer {} while “{}” is reversed",
    "text": "{} after {}: attention in layer {} while “{}” is read",
    "tower": "{} after {}: attention in layer {} of the text tower while “{}” is read",
}


def shares(pattern: np.ndarray) -> dict[str, np.ndarray]:
    """float [...] of [..., query_pos, key_pos]: attention on places that lie the same way to every query.

    A mean over the queries that have such a place, the first and the last token for the queries between them.
    """
    n = pattern.shape[-1]
    place = np.arange(n)
    if n < _LEAST_PLACES:
        return {"itself": pattern[..., place, place].mean(-1)}
    return {
        "itself": pattern[..., place, place].mean(-1),
        "before": pattern[..., place[1:], place[:-1]].mean(-1),
        "behind": pattern[..., place[:-1], place[1:]].mean(-1),
        "first": pattern[..., 1:-1, 0].mean(-1),
        "last": pattern[..., 1:-1, -1].mean(-1),
    }


def mirrored_share(pattern: np.ndarray) -> np.ndarray:
    """float [...] of [..., query_pos, key_pos]: attention on the mirrored letter, a mean over the letters.

    The last query writes the end and the last key is the end of the source: neither is a letter.
    """
    letters = pattern[..., :-1, :-1]
    n = min(letters.shape[-2:])
    place = np.arange(n)
    return letters[..., place, letters.shape[-1] - 1 - place].mean(-1)


@dataclass(frozen=True, eq=False)
class TrainingAttentionFigure(PanelFigure):
    """A map a head, rows are what is written, columns what is read. Of a reversed string it is an anti-diagonal.

    Of tasks that read one text, its tokens attend to each other: they are rows and columns.

    Attributes
    ----------
    number
        Which of the validations, from 0.
    layer
        From 0; of reversal of the decoder.
    """

    name: str
    result: TrainingResult
    number: int
    layer: int

    @cached_property
    def looks(self) -> tuple[Validation, ...]:
        """Validations at which attention was looked at."""
        return tuple(one for one in self.result.validations if one.pattern.size)

    @property
    def now(self) -> Validation:
        """The one that is shown."""
        return self.looks[min(self.number, len(self.looks) - 1)]

    @property
    def caption(self) -> str:
        text = _tr(_CAPTIONS[self.result.watching])
        return text.format(clean(self.name), number_of(self.now.step, "steps"), self.layer, clean(self._watched))

    @property
    def _watched(self) -> str:
        return self.result.watched or self.result.example

    @property
    def _is_mirrored(self) -> bool:
        return self.result.watching == "source"

    @property
    def about(self) -> str:
        """What the titles say."""
        if self._is_mirrored:
            return _tr("Mirrored: attention on the letter at the mirrored place. Point at a cell for its number.")
        text = _tr(
            "Rows are tokens that look, columns those looked at. Above a map: of itself, its neighbours, the first "
            "and the last token, what gets most. Point at a cell for its number."
        )
        unknown = next((name for name in self.result.rows if name in _UNKNOWN), "")
        return f"{_tr('{}: not in its vocabulary.').format(unknown)} {text}" if unknown else text

    def _shares(self, pattern: np.ndarray) -> dict[str, np.ndarray]:
        return {"mirrored": mirrored_share(pattern)} if self._is_mirrored else shares(pattern)

    def _title(self, head: int, pattern: np.ndarray) -> str:
        of_places = {name: float(share) for name, share in self._shares(pattern).items()}
        most = max(of_places, key=lambda name: of_places[name])
        text = _tr("Head {}: {:.0f} % mirrored") if self._is_mirrored else _tr(_MOST_ON[most])
        return text.format(head, 100 * of_places[most])

    @cached_property
    def _high(self) -> float:
        """The same at all looks. Of words the highest of all: spread over a sentence, none may come near 1."""
        return 1.0 if self._is_mirrored else max(float(one.pattern.max()) for one in self.looks)

    @cached_property
    def _maps(self) -> list[HeatPanel]:
        patterns = self.now.pattern[self.layer]
        rows, columns = (tuple(map(clean, names)) for names in (self.result.rows, self.result.columns))
        return [
            HeatPanel(
                pattern,
                ColorScale(0.0, self._high, is_signed=False),
                self._title(head, pattern),
                "",
                "",
                row_names=rows,
                column_names=columns,
                turns_names=True,
            )
            for head, pattern in enumerate(patterns)
        ]

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(0, self._top(em), 0, 0)
        n, gap = len(self._maps), 0.8 * em
        even = [k for k in range(1, n + 1) if n % k == 0]
        n_columns = min(even, key=lambda k: abs(math.log(_shape(area, n, k))))
        n_rows = -(-n // n_columns)
        width, height = (area.width() + gap) / n_columns - gap, (area.height() + gap) / n_rows - gap
        return [
            (
                panel,
                QRectF(
                    area.left() + (i % n_columns) * (width + gap),
                    area.top() + (i // n_columns) * (height + gap),
                    width,
                    height,
                ),
            )
            for i, panel in enumerate(self._maps)
        ]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = (1.4 * max(len(self.result.rows), len(self.result.columns)) + 8) * em
        n_columns = math.ceil(math.sqrt(len(self._maps)))
        return QSizeF(n_columns * side * 1.1, -(-len(self._maps) // n_columns) * side + self._top(em))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        painter.setPen(style.theme.ink)
        for number, line in enumerate(self.lines):
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, rect.width())
            top = metrics.ascent() + number * _LINE * metrics.height()
            painter.drawText(rect.topLeft() + QPointF(0, top), shown)
        painter.restore()
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    @property
    def lines(self) -> tuple[str, ...]:
        """After how many steps, how much it can do, and what it makes of the example."""
        said, example = clean(self.now.said) or _tr("(nothing)"), clean(self.result.example)
        step, share = number_of(self.now.step, "steps"), 100 * self.now.measure
        if self._is_mirrored:
            text = _tr("After {}: {} → {}   ({:.0f} % of all strings right)")
            return (text.format(step, example, said, share),)
        text = _tr("After {}: {:.0f} % ({})")
        return (text.format(step, share, clean(self.result.measure)), _tr("{} → {}").format(example, said))

    def _top(self, em: float) -> float:
        return (_LINE * len(self.lines) + _BELOW_LINES) * em

    def describe(self, cell: Cell) -> str:
        """A number of a map in words."""
        panel = self._maps[cell.panel]
        text = _tr("Head {}, to write “{}” (place {}): {} of the attention on “{}” (place {})")
        if not self._is_mirrored:
            text = _tr("Head {}, “{}” (place {}) gives {} of its attention to “{}” (place {})")
        value = short(float(panel.values[cell.row, cell.column]))
        row, column = panel.row_names[cell.row], panel.column_names[cell.column]
        return text.format(cell.panel, row, cell.row + 1, value, column, cell.column + 1)

    # As a film

    @property
    def film_steps(self) -> range:
        """All looks."""
        return range(len(self.looks))

    def film_frame(self, step: int) -> TrainingAttentionFigure:
        """The same at another look."""
        return replace(self, number=step)

    def numbers(self) -> Numbers:
        """A row a look and head; in arrays the patterns of all looks, layers and heads."""
        patterns = np.stack([one.pattern for one in self.looks])
        of_places = self._shares(patterns)
        rows: list[tuple[str | int | float, ...]] = [
            (
                one.step, layer, head, *(float(share[i, layer, head]) for share in of_places.values()), one.loss,
                one.measure, clean(one.said),
            )
            for i, one in enumerate(self.looks)
            for layer in range(patterns.shape[1])
            for head in range(patterns.shape[2])
        ]  # fmt: skip
        arrays = {
            "pattern": patterns,
            "step": np.array([one.step for one in self.looks]),
            **of_places,
            "source": np.array([clean(token) for token in self.result.columns], np.str_),
            "target": np.array([clean(token) for token in self.result.rows], np.str_),
        }
        titles = (f"attention on {_PLACES[name]}" for name in of_places)
        header = ("step", "layer", "head", *titles, "loss in nats", "right", "written")
        return Numbers(arrays, header, rows)


def _shape(area: QRectF, n: int, n_columns: int) -> float:
    return (area.width() / n_columns) / max(area.height() / -(-n // n_columns), 1.0) / 1.15


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingAttentionFigure", text)
