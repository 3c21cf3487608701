"""What is shown of the logit of a word, or of what tells two words apart: its parts in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.attribution import AttributionResult
from widgets.figures.heat_panel import fixed
from widgets.figures.token_axis import label
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.views.attribution.options import AttributionOptions

_TOLD = 0.005  # of a remainder that is more than nothing to two digits


class LogitPart(NamedTuple):
    """A part with its name, the colour of its bar as a number in the theme's series, and what it adds."""

    title: str
    series: int
    value: float


@dataclass(frozen=True)
class LogitParts:
    """The parts of the logit that the options choose, in the order of the forward pass."""

    result: AttributionResult
    options: AttributionOptions

    @cached_property
    def word(self) -> int:
        """Whose logit is taken apart: the likeliest word where the chosen one is not there."""
        return self.options.place_of(self.options.word, self.result) or 0

    @cached_property
    def against(self) -> int | None:
        """Whose logit is taken off."""
        return self.options.place_of(self.options.against, self.result)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Of the chosen word, or the difference of two."""
        return values[self.word] if self.against is None else values[self.word] - values[self.against]

    @cached_property
    def logit(self) -> float:
        """The whole, of which the bars are the parts."""
        return float(self.of(self.result.logits))

    @property
    def title(self) -> str:
        """What is taken apart, in words."""
        word = _tr("the logit of “{}”").format(self.word_text(self.word))
        if self.against is None:
            return word
        return _tr("{} minus that of “{}”").format(word, self.word_text(self.against))

    def word_text(self, word: int) -> str:
        """A word as it is read."""
        return label(self.result.words[word])

    @property
    def caption(self) -> str:
        result = self.result
        read = label(result.tokens.shown[result.position])
        told = _tr("to follow “{}” ({})") if result.predicts == "next" else _tr("in the place of “{}” ({})")
        text = _tr("Logit attribution: {}, {}, is {}").format(
            self.title, told.format(read, result.position), signed(self.logit)
        )
        text += _tr("; direct parts only, norms as they scaled this text")
        if result.cap is not None:
            text += _tr("; before the cap at {:g}").format(result.cap)
        if self.options.word == "true" and result.target < 0:
            text += _tr("; the text does not say the true word, the likeliest is shown")
        return text

    @cached_property
    def rows(self) -> tuple[tuple[str, tuple[LogitPart, ...]], ...]:
        """Name and parts of each row of bars."""
        result = self.result
        rows: list[tuple[str, tuple[LogitPart, ...]]] = []
        rows.append((_tr("Embedding"), (LogitPart(_tr("The token's embedding"), 9, float(self.of(result.embed))),)))
        if result.positions.any():
            value = float(self.of(result.positions))
            rows.append((_tr("Position"), (LogitPart(_tr("The embedding of its position"), 9, value),)))
        attn, mlp = self.of(result.attn), self.of(result.mlp)
        titles = (_tr("Attention of layer {}"), _tr("Cross-attention of layer {}"))
        for layer in range(result.n_layers):
            parts = [
                LogitPart(titles[i].format(layer), 2 * i, float(attn[i, layer])) for i in range(len(result.groups))
            ]
            parts.append(LogitPart(_tr("MLP of layer {}").format(layer), 1, float(mlp[layer])))
            rows.append((_tr("Layer {}").format(layer), tuple(parts)))
        rows.append((_tr("Biases"), (LogitPart(_tr("Biases, whatever is read"), 9, float(self.of(result.bias))),)))
        remainder = float(self.of(result.remainder))
        if abs(remainder) >= _TOLD:
            rows.append((_tr("Rounding"), (LogitPart(_tr("What rounding leaves over"), 9, remainder),)))
        return tuple(rows)

    @property
    def first_layer(self) -> int:
        """The row of layer 0."""
        return 2 if self.result.positions.any() else 1

    def numbers(self) -> Numbers:
        """All parts of what is shown, and the words that there are."""
        result = self.result
        attn, heads, mlp = self.of(result.attn), self.of(result.heads), self.of(result.mlp)
        names = ("", "cross_")
        arrays = {
            "logit": np.array(self.logit, np.float32),
            "embed": self.of(result.embed),
            "position": self.of(result.positions),
            "mlp": mlp,
            "bias": self.of(result.bias),
            "remainder": self.of(result.remainder),
        }
        for i in range(len(result.groups)):
            arrays[f"{names[i]}attn"] = attn[i]
            arrays[f"{names[i]}heads"] = heads[i]
        words = [clean(word) for word in result.words]
        chosen = [self.word] if self.against is None else [self.word, self.against]
        arrays |= {
            "chosen": np.array([words[word] for word in chosen], np.str_),
            "words": np.array(words, np.str_),
            "word_logits": result.logits,
            "word_probs": result.probs,
        }
        rows: list[tuple[str | int | float, ...]] = [
            ("logit", "", "", self.logit),
            ("embedding", "", "", float(arrays["embed"])),
            ("position", "", "", float(arrays["position"])),
        ]
        for layer in range(result.n_layers):
            for i in range(len(result.groups)):
                kind = f"{names[i]}attention".replace("_", "-")
                rows.append((kind, layer, "", float(attn[i, layer])))
                rows += [(f"{kind} head", layer, head, float(value)) for head, value in enumerate(heads[i, layer])]
            rows.append(("mlp", layer, "", float(mlp[layer])))
        rows += [("bias", "", "", float(arrays["bias"])), ("remainder", "", "", float(arrays["remainder"]))]
        return Numbers(arrays, ("part", "layer", "head", "adds"), rows)


def signed(value: float) -> str:
    """A number that is added, to two digits, with its sign; none where nothing is left of it."""
    return fixed(value, "+.2f")


def _tr(text: str) -> str:
    return QCoreApplication.translate("AttributionFigure", text)
