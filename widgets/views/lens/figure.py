"""The logit lens: layers by tokens, in each cell what the layer would say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.lens import LensResult
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.token_axis import label
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.lens.options import LensOptions

_N_SAID = 10  # words of a cell that are read out
_DOT = "  \N{MIDDLE DOT}  "


@dataclass(frozen=True)
class LensFigure(PanelFigure):
    """Columns are tokens, rows what leaves each layer, the last layer on top, the embeddings at the bottom.

    Attributes
    ----------
    selected
        Layer (-1: the embeddings) and position of the cell that is framed.
    """

    result: LensResult
    options: LensOptions
    selected: tuple[int, int] | None = None

    @property
    def n_rows(self) -> int:
        """Layers and the embeddings."""
        return len(self.result.probs)

    @property
    def caption(self) -> str:
        result = self.result
        told = _tr("the next token") if result.predicts == "next" else _tr("the token at its place")
        text = _tr("Logit lens: what each layer would say for {}").format(told)
        first, n = result.first, result.probs.shape[1]
        if n < len(result.tokens):
            text += _tr(" – tokens {:,} to {:,} of {:,}; select one beyond them to see those around it").format(
                first, first + n - 1, len(result.tokens)
            )
        return text

    @property
    def _title(self) -> str:
        return {
            "top": _tr("probability of its word"),
            "true": _tr("probability of the true word"),
            "rank": _tr("1/rank of the true word"),
            "entropy": _tr("entropy in bits"),
        }[self.options.shade]

    @property
    def values(self) -> np.ndarray:
        """float32 [layer, pos], what the colours say; NaN where the text does not tell the true word."""
        result = self.result
        if self.options.shade == "top":
            return result.probs[:, :, 0]
        if self.options.shade == "true":
            return result.target_probs
        if self.options.shade == "rank":
            ranks = result.ranks.astype(np.float32)
            return np.divide(1, ranks, out=np.full_like(ranks, np.nan), where=ranks > 0)
        return result.entropy

    @cached_property
    def _panel(self) -> HeatPanel:
        result, options = self.result, self.options
        most = float(np.log2(result.d_vocab)) if options.shade == "entropy" else 1.0
        words = [[label(result.vocabulary[number]) for number in line] for line in result.top[:, :, 0].tolist()]
        selected = None
        if self.selected is not None:
            row, column = self.n_rows - 2 - self.selected[0], self.selected[1] - result.first
            is_there = 0 <= row < self.n_rows and 0 <= column < result.probs.shape[1]
            selected = (row, column) if is_there else None
        stop = result.first + result.probs.shape[1]
        return HeatPanel(
            self.values[::-1],
            ColorScale(0.0, most, is_signed=False),
            self._title,
            "",
            _tr("what the model read"),
            column_start=result.first,
            value_format=".1f" if options.shade == "entropy" else ".2f",
            selected=selected,
            row_names=tuple(layer_title(row - 1) for row in reversed(range(self.n_rows))),
            column_names=tuple(label(word) for word in result.tokens.shown[result.first : stop]),
            texts=tuple(tuple(line) for line in reversed(words)) if options.has_words else (),
        )

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        return [(self._panel, rect)]

    def place(self, cell: Cell) -> tuple[int, int]:
        """Layer (-1: the embeddings) and position of a cell."""
        return self.n_rows - 2 - cell.row, self.result.first + cell.column

    def describe(self, cell: Cell) -> str:
        """What a layer would say at a token, and what is true."""
        place, said, known = self._known_of(cell)
        return _DOT.join((f"{place}: {', '.join(said)}", *known))

    def describe_in_lines(self, cell: Cell) -> str:
        """The same with a line a word: in one line the last ones may have no room."""
        place, said, known = self._known_of(cell)
        return "\n".join((f"{place}:", *said, *known))

    def _known_of(self, cell: Cell) -> tuple[str, list[str], list[str]]:
        """Of a cell its place, the likeliest words, and the rest."""
        result = self.result
        row, column = self.n_rows - 1 - cell.row, cell.column
        words = zip(result.top[row, column].tolist(), result.probs[row, column].tolist(), strict=True)
        said = [f"{label(result.vocabulary[number])} {short(prob)}" for number, prob in list(words)[:_N_SAID]]
        layer, position = self.place(cell)
        read = label(result.tokens.shown[position])
        place, known = _tr("{} at “{}” ({})").format(layer_title(layer), read, position), []
        if result.target[column] >= 0:
            true = label(result.vocabulary[result.target[column]])
            known.append(
                _tr("true: {}, rank {:,} of {:,}, {}").format(
                    true, result.ranks[row, column], result.d_vocab, short(float(result.target_probs[row, column]))
                )
            )
        known.append(_tr("entropy {:.2f} bits").format(result.entropy[row, column]))
        return place, said, known

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Below this no word can be read."""
        em = QFontMetricsF(style.font).height()
        beside = 9 * em  # names of the layers, and the bar of colours
        return QSizeF(self.result.probs.shape[1] * 2.6 * em + beside, self.n_rows * 1.3 * em + 4.2 * em)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(self.result.probs.shape[1] * 4.2 * em + 9 * em, self.n_rows * 1.7 * em + 4.2 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        self._panel.paint(painter, rect, style)

    def numbers(self) -> Numbers:
        """All that is known of each layer and token; `layer` -1 is the embeddings."""
        result = self.result
        vocabulary = np.array([clean(word) for word in result.vocabulary], np.str_)
        stop = result.first + result.probs.shape[1]
        targets = ["" if number < 0 else str(vocabulary[number]) for number in result.target]
        rows: list[tuple[str | int | float, ...]] = [
            (
                row - 1,
                result.first + column,
                clean(result.tokens.shown[result.first + column]),
                str(vocabulary[result.top[row, column, 0]]),
                float(result.probs[row, column, 0]),
                targets[column],
                float(result.target_probs[row, column]),
                int(result.ranks[row, column]),
                float(result.entropy[row, column]),
            )
            for row in range(self.n_rows)
            for column in range(result.probs.shape[1])
        ]
        header = (
            "layer", "position", "token", "word", "probability", "true", "probability of true", "rank of true",
            "entropy in bits",
        )  # fmt: skip
        arrays = {
            "layer": np.arange(self.n_rows) - 1,
            "position": np.arange(result.first, stop),
            "input_tokens": np.array([clean(word) for word in result.tokens.shown[result.first : stop]], np.str_),
            "tokens": vocabulary[result.top],
            "probs": result.probs,
            "true": np.array(targets, np.str_),
            "true_probs": result.target_probs,
            "ranks": result.ranks,
            "entropy": result.entropy,
        }
        return Numbers(arrays, header, rows)


def layer_title(layer: int) -> str:
    """Name of what leaves a layer; -1 is what comes into the first."""
    return _tr("Embeddings") if layer < 0 else _tr("Layer {}").format(layer)


def _tr(text: str) -> str:
    return QCoreApplication.translate("LensFigure", text)
