"""Answers whose tokens, labels and texts are written in signs that are no letters: what has letters then is ours."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace

from inference.context import Context
from inference.results.events import Partial

# Where results hold what models and users said. What is forgotten here is found as a word of ours that nobody explains.
_SAID = {
    "words", "pieces", "sources", "vocabulary", "labels", "text", "texts", "truth", "original", "layer_words",
    "guesses", "neighbours", "candidates", "word", "sentences", "translation", "target", "source_tokens",
    "target_tokens", "said", "answer", "asked", "shots", "events", "narration", "symbols", "left", "right", "new",
    "cuts", "only_here", "only_there", "normalized", "piece", "prompt", "caption", "sentence", "things", "negatives",
    "watched",
}  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_OURS = re.compile(r"(\[[A-Z]+\])")  # [MASK]: views know it when they see it


def disguised(answer: object, *, is_said: bool = False) -> object:
    """The same with other signs for the letters of what was said, equal ones for equal letters."""
    if isinstance(answer, str) and is_said:
        parts = _OURS.split(answer)
        return "".join(part if _OURS.fullmatch(part) else _LETTER.sub(_sign, part) for part in parts)
    if isinstance(answer, tuple | list) and not hasattr(answer, "_fields"):
        return type(answer)(disguised(part, is_said=is_said) for part in answer)
    if isinstance(answer, dict):
        return {key: disguised(value, is_said=is_said) for key, value in answer.items()}
    if is_dataclass(answer) and not isinstance(answer, type):
        told = [(each.name, getattr(answer, each.name)) for each in fields(answer) if each.init]
        return replace(answer, **{name: disguised(value, is_said=name in _SAID) for name, value in told})
    return answer


def _sign(letter: re.Match[str]) -> str:
    return chr(0x2800 + ord(letter[0]) % 256)  # Braille


class DisguisingEngine:
    """Answers as another engine does, disguised."""

    def __init__(self, engine) -> None:
        self._engine = engine

    def run(self, request, context: Context):
        def tell(event) -> None:
            if isinstance(event, Partial):
                context.partial(disguised(event.result), is_whole=event.is_whole)

        return disguised(self._engine.run(request, Context(tell)))
