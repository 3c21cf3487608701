"""Options of building vocabularies and of comparing tokenizers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.tokenization import LEAST_VOCABULARY, MOST_VOCABULARY
from widgets.options import Options, choice, number

USUAL_MERGED, USUAL_UNIGRAM = 80, 45


@dataclass(frozen=True)
class VocabularyOptions(Options):
    """How a vocabulary is built."""

    algorithm: Literal["bpe", "wordpiece", "unigram"] = choice(
        "bpe",
        {"bpe": "Byte pair encoding", "wordpiece": "WordPiece", "unigram": "Unigram"},
        "Algorithm",
        "merging pairs (byte pair encoding, WordPiece), or removing pieces from too many (Unigram)",
    )
    chosen_by: Literal["count", "score"] = choice(
        "count",
        {"count": "Count", "score": "Score"},
        "Chosen by",
        "which pair WordPiece merges: the most frequent, as tokenizers does, or that with the highest score",
    )
    size: int | None = number(
        None,
        LEAST_VOCABULARY,
        MOST_VOCABULARY,
        "Vocabulary",
        "Pieces that the vocabulary is to have in the end",
        otherwise="80, of Unigram 45",
    )

    @property
    def n_pieces(self) -> int:
        """The size that is wanted; of Unigram a smaller one, as it begins with many and takes away."""
        return self.size or (USUAL_UNIGRAM if self.algorithm == "unigram" else USUAL_MERGED)


@dataclass(frozen=True)
class ComparisonOptions(Options):
    """What is compared of tokenizers."""

    measure: Literal["letter", "word", "unknown"] = choice(
        "letter",
        {"letter": "Tokens a character", "word": "Tokens a word", "unknown": "Unknown share"},
        "Compare",
        "how many tokens a character or a word takes, or which share of the tokens is unknown",
    )
