"""Options of zero-shot classification, and how its templates are typed."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.zero_shot import MOST_TESTED
from widgets.options import MOST_SEED, Options, number, switch, words

_PARTED = "|"


@dataclass(frozen=True)
class ZeroShotOptions(Options):
    """How labels become texts, and how many are shown."""

    templates: str = words(
        "a photo of a {}", "Templates", "sentences with {} where the label goes; several parted by | are averaged"
    )
    top_k: int = number(5, 1, 20, "Labels", "labels that are shown for each image", flag="top")

    @property
    def each_template(self) -> tuple[str, ...]:
        """The templates one by one."""
        return templates_of(self.templates)


@dataclass(frozen=True)
class ZeroShotTestOptions(Options):
    """What is tested, and how its counts are shown."""

    portraits: int = number(
        200, 2, MOST_TESTED, "Portraits", "generated images of one thing, where no folder is given", step=50
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "decides which portraits are painted")
    has_numbers: bool = switch(True, "Numbers", "Write the counts into cells that have room.", flag="numbers")


def templates_of(text: str) -> tuple[str, ...]:
    """Templates that were typed in one line; blank ones are left out."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(_PARTED) if part.strip()))


def typed(templates: tuple[str, ...]) -> str:
    """Templates in one line, as one would type them."""
    return f" {_PARTED} ".join(templates)
