"""The class of a text, as bars; of a regression the numbers that it gives."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.figures.heat_panel import short
from widgets.figures.prediction_cards import percent
from widgets.figures.token_axis import label
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.views.prediction.figures.predicted_rows import PredictedRow
from widgets.views.prediction.figures.prediction import PredictionFigure

_EVEN = 0.5  # from which on a class that is told by itself is given
_GRAY = 9  # of the series


def _tr(text: str) -> str:
    return QCoreApplication.translate("TextClassFigure", text)


class TextClassFigure(PredictionFigure):
    """Bars of the classes, most probable first, over the text."""

    @cached_property
    def _order(self) -> list[int]:
        """Numbers of the classes that are shown; those of a regression in their own order."""
        probs = self.result.probs
        order = range(len(probs)) if self.result.is_regression else np.argsort(-probs, kind="stable").tolist()
        return list(order)[: self.options.top_k]

    @cached_property
    def _given(self) -> frozenset[int]:
        """Numbers of the classes that the model gives the text."""
        if self.result.is_regression:
            return frozenset()
        if self.result.activation == "sigmoid":
            return frozenset(np.flatnonzero(self.result.probs >= _EVEN).tolist())
        return frozenset([int(self.result.probs.argmax())])

    @property
    def verdict(self) -> str:
        has_none = not self.result.is_regression and not self._given
        return _tr("No class reaches 50 %") if has_none else ""

    @property
    def caption(self) -> str:
        how = {
            "softmax": _tr("probabilities of all classes sum to 1"),
            "sigmoid": _tr("each class by itself, given from 50 % on"),
            "none": _tr("a regression: numbers, not probabilities"),
        }[self.result.activation]
        parts = [_tr("The model's own head on the text"), how]
        if self.result.read_pos is not None:
            word = isolated(label(self.result.tokens.words[self.result.read_pos]))
            parts.append(_tr("read at the last token, “{}” ({})").format(word, self.result.read_pos))
        n, n_shown = len(self.result.labels), len(self._order)
        if n_shown < n:
            parts.append(_tr("{} of {:,} classes").format(n_shown, n))
        return ", ".join(parts)

    @cached_property
    def rows(self) -> tuple[PredictedRow, ...]:
        values = self.result.probs
        largest = float(np.abs(values).max()) or 1.0
        is_value = self.result.is_regression
        return tuple(
            PredictedRow(
                clean(self.result.labels[number]),
                float(values[number]) / (largest if is_value else 1),
                short(float(values[number]), 4) if is_value else percent(float(values[number])),
                number in self._given,
                0 if number in self._given or is_value else _GRAY,
            )
            for number in self._order
        )

    @property
    def row_mark(self) -> float | None:
        return _EVEN if self.result.activation == "sigmoid" else None

    def describe_row(self, row: PredictedRow) -> str:
        number = self._order[self.rows.index(row)]
        named = isolated(self.result.labels[number])
        if self.result.is_regression:
            return _tr("{} (number {}): {}").format(named, number, self.result.probs[number])
        text = _tr("{} (number {}): {}, logit {}")
        return text.format(named, number, self.result.probs[number], short(float(self.result.logits[number]), 5))

    def numbers(self) -> Numbers:
        """A row a class, all of them, by number."""
        result = self.result
        value = "value" if result.is_regression else "probability"
        rows: list[tuple[str | int | float, ...]] = [
            (number, clean(result.labels[number]), float(result.logits[number]), float(result.probs[number]))
            for number in range(len(result.labels))
        ]
        return Numbers(self.arrays(), ("number", "label", "logit", value), rows)
