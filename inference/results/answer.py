"""An answer to a question about an image, word by word, and where in the image each word looked."""

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

MOST_IMAGE_TOKENS = 16_384  # that one image may become
MOST_EXPLAINED = 32  # words of which relevance is told at once
USUAL_QUESTION = "What is in this image?"


@dataclass(frozen=True, slots=True)
class AnswerRequest(Request["AnswerResult"]):
    """Let the model answer a question about an image; the answer grows in partial results.

    Attributes
    ----------
    input
        The image, and the question as its text; an answer that is there already is left aside.
    prefix, prefix_ids
        What the answer begins with, as words or as token ids, which count where there are any.
    most
        Tokens that are written at most, the end token included; 0 only looks at what is given.
    n_candidates
        Tokens told of each place.
    looks
        Layer and head (None for the mean of the layer) that are told in full where all heads take too much room.
    relevance_of
        Places of the answer, from 1, whose relevance is told as well, summed; none for no relevance.
    """

    needs = frozenset({Capability.ANSWER})
    gives_way = True

    checkpoint: str
    input: Input
    decoding: Decoding = field(default_factory=Decoding)
    prefix: str = ""
    prefix_ids: tuple[int, ...] = ()
    most: int = 64
    n_candidates: int = 8
    looks: tuple[int, int | None] | None = None
    relevance_of: tuple[int, ...] = ()

    def plain(self) -> AnswerRequest:
        """The same answer, without what is looked at in it beside."""
        return replace(self, looks=None, relevance_of=())


@dataclass(frozen=True, slots=True)
class TokenGrid:
    """Image tokens that lie in rows and columns over a part of the image.

    Attributes
    ----------
    title
        What the part is, such as `the whole image`.
    tokens
        int32 [row, column]: the number of each among the image tokens.
    box
        left, top, right, bottom in shares of the original; may reach beyond 0-1 where edges were padded.
    """

    title: str
    tokens: np.ndarray
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """An answer, or as much as is written of it.

    Attributes
    ----------
    written
        The last token of the prompt, then the answer.
    prompt
        The text that the model gets, its image tokens folded into one sign.
    n_prompt, n_image
        Tokens of the whole prompt, and those among them that stand for the image.
    layers
        Numbers of the layers that attend.
    pattern
        float32 [layer, head, target, image token]: what each place attends to in the image; row t was there when token
        t + 1 was chosen. Has as many rows as are known. Where it would take too much room there is one head, the mean
        of all, or one layer, too; see `heads_are`.
    first
        float32 [layer, head, target]: how much goes to the very first token of the prompt, where heads rest.
    heads_are
        `heads`, `layer` (means of layers) or `mean` (one of all).
    looked
        float32 [target, image token]: of the layer or head that `AnswerRequest.looks` names; None without one.
    relevance
        float32 [image token]: attention weighted by the gradient of the chosen words' logits, through all layers of
        the language model; None where none was asked for.
    relevance_of
        The words that it is of.
    grids
        Where the image tokens lie; a token that is in none of them shows no part of the image.
    through
        float32 [image token, patch], where image tokens have no place of their own: what each of them looked at, the
        mean of heads and layers; `grids` are of patches then. None where they have places.
    is_beside
        Whether the image is read beside the question, whose tokens are the image tokens then, as in BLIP.
    picture
        The image, and which part of it is seen.
    n_read
        Tokens of image and question that an encoder reads; 0 where they stand before the answer, as its prompt.
    cache_bytes
        That keys and values of the prompt and the answer take.
    seconds
        Spent on writing, without reading the image and the question.
    tree, hypotheses
        Of a beam search, the best answer first; None and empty for others.
    notes
        What was left aside or assumed, as sentences.
    """

    written: Written
    prompt: str
    n_prompt: int
    n_image: int
    layers: tuple[int, ...]
    pattern: np.ndarray
    first: np.ndarray
    grids: tuple[TokenGrid, ...]
    picture: ImageResult
    heads_are: str = "heads"
    looked: np.ndarray | None = None
    relevance: np.ndarray | None = None
    relevance_of: tuple[int, ...] = ()
    through: np.ndarray | None = None
    is_beside: bool = False
    n_read: int = 0
    cache_bytes: int = 0
    seconds: float = 0.0
    tree: BeamTree | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[str, ...] = ()


def with_answer(input: Input, ids: tuple[int, ...] | None) -> Input:
    """The same question and image with an answer behind them: its very token ids; None for none."""
    text = TextInput() if input.text is None else input.text
    return replace(input, text=replace(text, target_ids=ids))
