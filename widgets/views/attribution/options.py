"""Options of logit attribution."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.attribution import MOST_WORDS, AttributionResult
from widgets.options import Options, choice, switch

_WORDS = {"1": "Likeliest", **{str(rank): f"Number {rank}" for rank in range(2, MOST_WORDS + 1)}, "true": "True one"}


@dataclass(frozen=True)
class AttributionOptions(Options):
    """Which logit is taken apart."""

    word: str = choice("1", _WORDS, "Word", "whose logit is taken apart, by its rank, or the one that is true")
    against: str = choice(
        "none", {"none": "Nothing", **_WORDS}, "Minus", "word whose logit is taken off: what tells one from the other"
    )
    has_numbers: bool = switch(True, "Numbers", "Write what each part adds, where there is room.", flag="numbers")

    def place_of(self, word: str, result: AttributionResult) -> int | None:
        """Which word of a result `word` or `against` means; None where it has none such."""
        if word == "true":
            return None if result.target < 0 else result.target
        return int(word) - 1 if word != "none" and int(word) <= len(result.words) else None
