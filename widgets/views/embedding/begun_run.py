"""The run of word2vec that was begun last, as a session keeps it: stopped, it can go on another day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.results.embedding import GROUPS
from inference.results.train_word2vec import TrainWord2VecRequest, unfinished_file
from widgets.views.embedding.options import TrainingOptions

_MOST_WATCHED = 8
_MAPPED = tuple(word for group in GROUPS.values() for word in group)


@dataclass(frozen=True)
class BegunRun:
    """What was asked for.

    Attributes
    ----------
    out
        File for the vectors.
    text
        A text file; empty for the drawn text.
    """

    out: str
    text: str
    options: TrainingOptions

    def request(self, watched: tuple[str, ...]) -> TrainWord2VecRequest:
        """The same for the engine; neighbours of the first of these words are told."""
        words = tuple(word.lower() for word in watched)[:_MOST_WATCHED]
        options = self.options
        return TrainWord2VecRequest(
            self.text, self.out, options.settings, options.min_count, watched=words, mapped=_MAPPED
        )

    @property
    def can_go_on(self) -> bool:
        """Whether it was stopped before its end, and what it needs to go on is there."""
        try:
            return unfinished_file(Path(self.out)).is_file()
        except (OSError, ValueError):
            return False

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"out": self.out, "text": self.text, "options": self.options.to_json()}

    @classmethod
    def from_json(cls, stored: object) -> BegunRun | None:
        """The same from what a session kept; None where it cannot be read, or is not allowed any more."""
        if not isinstance(stored, dict):
            return None
        out, text = stored.get("out"), stored.get("text")
        options, unknown = TrainingOptions.from_json(stored.get("options"))
        if unknown or not isinstance(out, str) or not isinstance(text, str) or not Path(out).name:
            return None
        return cls(out, text, options)
