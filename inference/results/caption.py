"""A caption that a model writes of an image, word by word, and where it looked meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inference.results.decoding import BeamTree, Decoding, Hypothesis, Written
from inference.results.inputs import TextInput
from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.image import ImageResult
    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class CaptionRequest(Request["CaptionResult"]):
    """Let the model write what it sees; the caption grows in partial results.

    Attributes
    ----------
    input
        The image; a text beside it is left aside.
    is_from_end
        Whether it is written from its last word to its first, by the twin of the decoder that a VirTex has.
    is_blind
        The control: whether all that was read of the image is set to zero.
    prefix
        What the caption begins with, or ends with where it is written from its end.
    prefix_ids
        The same as all token ids that the decoder is given first, in the order of writing, the sign of the beginning
        (or of the end) among them; None for `prefix`.
    most
        Tokens that are written at most, the last sign included; 0 only looks at what is given.
    n_candidates
        Tokens told of each place.
    """

    needs = frozenset({Capability.CAPTION})
    gives_way = True

    checkpoint: str
    input: Input
    decoding: Decoding = field(default_factory=Decoding)
    is_from_end: bool = False
    is_blind: bool = False
    prefix: str = ""
    prefix_ids: tuple[int, ...] | None = None
    most: int = 64
    n_candidates: int = 8


@dataclass(frozen=True, slots=True)
class CaptionResult:
    """A caption, or as much as is written of it.

    Attributes
    ----------
    written
        Tokens in the order of writing: of a caption that is written from its end the last word comes first.
    pattern
        float32 [layer, head, target, patch]: what each place of the decoder attends to in the image; row t was there
        when token t + 1 was chosen. May have fewer rows than there are tokens while the caption grows, and no layer
        where there is nothing to tell.
    blind_surprisal
        float32 [pos], bits: that of the same tokens where all that was read of the image is set to zero; NaN at the
        first place. Empty while the caption grows, and of a caption that was itself written so.
    picture
        The image, and which part of it is seen.
    other_way
        What the model writes from the other end, greedily; empty where it has no such decoder, or where another
        caption was asked for than the likeliest words.
    tree, hypotheses
        Of a beam search, the best text first; None and empty for others.
    notes
        What was left aside or assumed, as sentences.
    """

    written: Written
    pattern: np.ndarray
    blind_surprisal: np.ndarray
    picture: ImageResult
    is_from_end: bool = False
    is_blind: bool = False
    other_way: str = ""
    tree: BeamTree | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[str, ...] = ()


def with_caption(input: Input, text: str, ids: tuple[int, ...] | None = None) -> Input:
    """The same image with a caption; `ids` are the very tokens of it that a decoder is given, as one reads them."""
    return replace(input, text=TextInput(text, target_ids=ids))
