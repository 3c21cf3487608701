"""Options of translations: how tokens are chosen, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.decoding import MOST_BEAMS, MOST_CANDIDATES, MOST_TOKENS, Decoding
from widgets.options import MOST_SEED, Options, choice, number

WhoseAttention = Literal["mean", "layer", "head"]


_ATTENDING = {"mean": "Mean of all heads", "layer": "Mean of a layer", "head": "One head"}
_ABOUT = "of the decoder to the source: the mean of all heads, of the heads of a layer, or one head"


@dataclass(frozen=True)
class AlignmentOptions(Options):
    """Whose attention to the source is shown."""

    attention: WhoseAttention = choice("mean", _ATTENDING, "Attention", _ABOUT)


@dataclass(frozen=True)
class TranslationOptions(Options):
    """How a text is written, and what is shown of it."""

    way: Literal["greedy", "beam", "sample"] = choice(
        "greedy",
        {"greedy": "Greedy", "beam": "Beam search", "sample": "Sampling"},
        "Tokens",
        "how they are chosen: the likeliest one each time, the likeliest of several texts, or at random",
        flag="decoding",
    )
    beams: int | None = number(
        None, 2, MOST_BEAMS, "Beams", "Texts that a beam search follows", otherwise="as the checkpoint says, or 4"
    )
    temperature: float = number(1.0, 0.01, 2, "Temperature", "Of the sampling", step=0.1, decimals=2)
    top_k: int = number(0, 0, 1_000, "Top-k", "Only so many of the likeliest tokens are sampled; 0 for all")
    top_p: float = number(
        1.0, 0.01, 1, "Top-p", "Only the likeliest tokens that together reach this probability are sampled",
        step=0.05, decimals=2,
    )  # fmt: skip
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of the sampling")
    most: int = number(128, 1, MOST_TOKENS, "At most", "Tokens that are written", step=10)
    candidates: int = number(8, 1, MOST_CANDIDATES, "Candidates", "Tokens told of each place")
    show: Literal["lines", "map", "tree"] = choice(
        "lines",
        {"lines": "Lines", "map": "Map", "tree": "Beams"},
        "Show",
        "what the decoder attends to as lines or as a map, or the texts that a beam search has weighed",
    )
    attention: WhoseAttention = choice("mean", _ATTENDING, "Attention", _ABOUT)

    @property
    def decoding(self) -> Decoding:
        """The same for a request; what does not matter for a way is left at its default, so that it asks nothing."""
        if self.way == "beam":
            return Decoding("beam", self.beams or 0)
        if self.way == "sample":
            return Decoding("sample", 0, self.temperature, self.top_k, self.top_p, self.seed)
        return Decoding()
