"""Options of what a fine-tuned model predicts."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.prediction import MOST_ANSWER_TOKENS, MOST_ANSWERS
from widgets.options import Options, number


@dataclass(frozen=True)
class PredictionOptions(Options):
    """What is shown of a prediction."""

    top_k: int = number(10, 1, MOST_ANSWERS, "Bars", "Classes or answers that are shown, at most")
    longest: int = number(30, 1, MOST_ANSWER_TOKENS, "Longest answer", "Tokens that an answer may have")
