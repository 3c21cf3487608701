"""How often a head finds, in the image, what a word is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.joint import JointLevel

MOST_SCENES = 500


@dataclass(frozen=True, slots=True)
class GroundingRequest(Request["GroundingResult"]):
    """Where every head looks from the words that name things, in drawn scenes whose truth is known.

    Attributes
    ----------
    n_scenes
        1 to 500; each with one sentence of two of its things.
    of_detector
        As in `RegionsInput`.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    n_scenes: int = 40
    of_detector: bool = True


@dataclass(frozen=True, slots=True)
class GroundingResult:
    """A number for every head that words look at the image with.

    Attributes
    ----------
    scores
        float32 [level, head], 0-1: the share of words whose strongest region or patch shows a thing of that size,
        colour and kind. NaN where there is no such head, or where no word looks at the image.
    chance
        The share that a place at random would have.
    n_words
        How many words of sizes, colours and kinds are counted.
    n_left_out
        Words that are not, because the regions miss their thing, or the tokenizer cuts them.
    through_tags
        float32 [level, head], 0-1: the same of where words look by way of the tags of regions: at tags with this head,
        and these at regions with the mean of the heads of the layer before. NaN in the first layer. None where a model
        reads no tags.
    """

    levels: tuple[JointLevel, ...]
    scores: np.ndarray
    chance: float
    n_words: int
    n_left_out: int
    n_scenes: int
    notes: tuple[str, ...] = ()
    through_tags: np.ndarray | None = None

    @property
    def best(self) -> tuple[int, int]:
        """Level and head of the highest number; 0, 0 where there is none."""
        import numpy as np

        if not np.isfinite(self.scores).any():
            return 0, 0
        level, head = np.unravel_index(int(np.nanargmax(self.scores)), self.scores.shape)
        return int(level), int(head)
