"""Options of what a model writes: how tokens are chosen, and whose attention is shown."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from inference.results.decoding import MOST_BEAMS, MOST_CANDIDATES, MOST_TOKENS, Decoding
from widgets.options import MOST_SEED, Options, choice, number

WhoseAttention = Literal["mean", "layer", "head"]

_ATTENDING = {"mean": "Mean of all heads", "layer": "Mean of a layer", "head": "One head"}


def attention_option(about: str) -> Any:
    """Whose attention is shown; `about` says to what."""
    return choice("mean", _ATTENDING, "Attention", about)


@dataclass(frozen=True)
class DecodingOptions(Options):
    """How a text is written."""

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

    @property
    def decoding(self) -> Decoding:
        """The same for a request; what does not matter for a way is left at its default, so that it asks nothing."""
        if self.way == "beam":
            return Decoding("beam", self.beams or 0)
        if self.way == "sample":
            return Decoding("sample", 0, self.temperature, self.top_k, self.top_p, self.seed)
        return Decoding()

    @classmethod
    def of(cls, args: Namespace) -> Self:
        """What was typed on the command line: who names a number of beams wants them."""
        options = super().of(args)
        return replace(options, way="beam") if options.beams is not None and options.way == "greedy" else options
