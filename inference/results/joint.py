"""Words and an image in one model: who attends to whom, head by head, and what the image changes in its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.image import ImageResult
    from inference.results.inputs import Input
    from inference.results.regions import Regions
    from inference.results.tokens import Tokens

# What a place of a joint sequence holds. `special` is a token of the text such as [SEP], `other` a place that stands
# for no part of the image, such as its [CLS].
KINDS = ("word", "special", "tag", "region", "patch", "other")
OF_TEXT = ("word", "tag")
OF_IMAGE = ("region", "patch")

# The tasks of 12-in-1 by the number of their vector, in the spelling of its `vilbert_tasks.yml`; 0 and 19 have no name.
TASKS = {
    1: "VQA", 2: "GenomeQA", 3: "VisualDialog", 4: "Visual7w", 5: "VCR_Q-A", 6: "VCR_QA-R", 7: "RetrievalCOCO",
    8: "RetrievalFlickr30k", 9: "refcoco", 10: "refcoco+", 11: "refcocog", 12: "NLVR2", 13: "VisualEntailment",
    14: "GuessWhat", 15: "GQA", 16: "Foil", 17: "GuessWhatPointing", 18: "FlickrGrounding",
}  # fmt: skip
OF_12_IN_1 = (1, 2, 4, 7, 8, 9, 10, 11, 12, 13, 15, 17)  # those that the published weights were trained for
USUAL_TASK = 8


@dataclass(frozen=True, slots=True)
class JointLevel:
    """Attentions of one depth that are shown as one map: each says what one sequence reads of one.

    Attributes
    ----------
    parts
        Group and layer of each; no two of them have the same sequences of queries and of keys.
    """

    title: str
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class JointStart:
    """How places of a kind are made before the first layer.

    Attributes
    ----------
    kind
        In `KINDS`.
    sum
        What is added up, in words, such as `word + place + sentence`.
    """

    kind: str
    sum: str


@dataclass(frozen=True, slots=True)
class JointStream:
    """What a group of attentions lets read what.

    Attributes
    ----------
    name, title
        Of the group.
    reader, read
        What its queries and what its keys stand for: `text`, `image`, or `both` where these are one sequence.
    """

    name: str
    title: str
    reader: str
    read: str


@dataclass(frozen=True, slots=True)
class JointRequest(Request["JointResult"]):
    """The maps of one level, and how much every head of the model crosses between words and image.

    Attributes
    ----------
    level
        Counted from 0, in the order that the family tells them: those first in which words and image meet.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    input: Input
    level: int = 0


@dataclass(frozen=True, slots=True)
class JointResult:
    """One joint sequence with its maps.

    Attributes
    ----------
    levels, level
        All of them, and which one the maps are of.
    axes
        Name, start and stop of each sequence that the joint one is made of.
    tokens
        The joint sequence: words as they are, patches as `row,column`, regions by their labels.
    kinds
        uint8 [pos], places in `KINDS`.
    boxes
        float32 [pos, 4]: x0, y0, x1, y1 in pixels of the image, of patches and regions; NaN elsewhere.
    pattern
        float32 [head, query_pos, key_pos], 0-1; NaN where queries of a sequence have no attention to the other one.
        Rows sum to 1, or to 1 in each sequence of keys where these are read by attentions of their own.
    rollout
        float32 [query_pos, key_pos]: the means over the heads of all levels up to this one, rolled out (Abnar and
        Zuidema 2020); None where the level is made of several attentions.
    shares
        float32 [level, head, kind, kind]: of what queries of the first kind attend to, the share that lies on keys of
        the second, the mean over these queries. NaN where there is none such, or no such head.
    focus
        float32 [level, head, kind, kind]: how much of that lies on few keys, 1 - entropy / ln(keys), 0-1; 1 where all
        of it lies on one. NaN as above, and where there is one key only.
    regions
        Boxes with their labels, whether the model reads them or not; without features. None for none.
    picture
        The image, and which part of it is seen.
    transport
        float32 [query_pos, key_pos]: which regions each token of the text is brought to at least cost, and which tokens
        each region, whatever the level; rows sum to 1. NaN between places of the text, and between regions. None for
        models that were not trained by it, as UNITER was (Chen et al. 2020, section 3.2).
    through_tags
        float32 [head, query_pos, key_pos]: of words (queries) and regions (keys) what goes by way of the tags, at which
        a word looks with this head, and these at the region with the mean of the heads of the level before; a row sums
        to the share that goes so. NaN elsewhere. None where there are no tags, and for the first level.
    steps
        Group and layer of all attentions in the order in which they run.
    streams
        What each group of these is.
    starts
        How words, tags, regions and patches are made; empty where that is not told.
    heads
        What the model's own heads tell, in words; empty for none.
    """

    levels: tuple[JointLevel, ...]
    level: int
    axes: tuple[tuple[str, int, int], ...]
    tokens: Tokens
    kinds: np.ndarray
    boxes: np.ndarray
    pattern: np.ndarray
    rollout: np.ndarray | None
    shares: np.ndarray
    focus: np.ndarray
    regions: Regions | None
    picture: ImageResult
    notes: tuple[str, ...] = ()
    transport: np.ndarray | None = None
    through_tags: np.ndarray | None = None
    steps: tuple[tuple[str, int], ...] = ()
    streams: tuple[JointStream, ...] = ()
    starts: tuple[JointStart, ...] = ()
    heads: tuple[str, ...] = ()

    @property
    def n_heads(self) -> int:
        """Of the level."""
        return len(self.pattern)

    def places(self, *kinds: str) -> np.ndarray:
        """int64: positions that hold one of these."""
        return is_of(self.kinds, *kinds).nonzero()[0]


def is_of(kinds: np.ndarray, *names: str) -> np.ndarray:
    """bool [pos]: whether places hold one of these kinds."""
    found = kinds == 255
    for name in names:
        found = found | (kinds == KINDS.index(name))
    return found


@dataclass(frozen=True, slots=True)
class JointWordsRequest(Request["JointWordsResult"]):
    """The words under the masks, and whether text and image belong together; with the image, and with it hidden.

    Attributes
    ----------
    top_k
        Words at each mask, 1 and up.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    input: Input
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class JointWordsResult:
    """Answers of the model's own heads: with the image, with all its numbers set to zero, and with another image.

    Attributes
    ----------
    given
        What was given, of each pass: `image`, `image hidden`, `no tags` of models that read them, which stay where the
        image is hidden, and `another image`, a drawn scene, as far as the model can read one.
    tokens
        The text with the masks in place.
    positions
        int64 [mask].
    original
        What was there before; empty where a mask was typed.
    words, probs
        [pass][mask][k] text and float32 [pass, mask, k], most probable first.
    original_probs
        float32 [pass, mask]: probability of the word that was there; NaN where a mask was typed.
    scores
        float32 [pass]: a probability that text and image belong together, or a logit that compares pairs; NaN for none.
    is_probability
        Which of both the scores are.
    why_no_words, why_no_score
        Half a sentence where the model has no such head; else empty.
    """

    tokens: Tokens
    positions: np.ndarray
    original: tuple[str, ...]
    words: tuple[tuple[tuple[str, ...], ...], ...]
    probs: np.ndarray
    original_probs: np.ndarray
    scores: np.ndarray
    is_probability: bool
    why_no_words: str = ""
    why_no_score: str = ""
    notes: tuple[str, ...] = ()
    given: tuple[str, ...] = ("image", "image hidden")
