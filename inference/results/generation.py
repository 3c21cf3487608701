"""A text that a language model writes on, token by token, and what it looked at in what was there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from inference.results.decoding import BeamTree, Decoding, Hypothesis, Written
from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


TextTask = Literal["text", "message", "to-fr", "summary", "question"]

TO_FRENCH = "<to-fr>"
TASK_TITLES: dict[TextTask, str] = {
    "text": "Go on with it",
    "message": "Answer it (chat template)",
    "to-fr": f"Translate it: … {TO_FRENCH}",
    "summary": "Summarise it: … TL;DR:",
    "question": "Answer it: Q: … A:",
}

# How a task is put as text that the model only has to go on with, where no chat template of its own says so.
# "TL;DR:" is of Radford et al. 2019, section 3.6; "Q: … A:" of Brown et al. 2020, appendix G; the sign of translation
# of Alammar 2019, "The Illustrated GPT-2", part 3.
TASK_TEXTS: dict[TextTask, tuple[str, str]] = {
    "to-fr": ("", f" {TO_FRENCH}"),
    "summary": ("", "\nTL;DR:"),
    "question": ("Q: ", "\nA:"),
}


@dataclass(frozen=True, slots=True)
class GenerationRequest(Request["GenerationResult"]):
    """Let the model go on with a text; it grows in partial results.

    Attributes
    ----------
    input
        The text; what else stands in it as written is left aside. An empty one begins with the token that begins texts.
    system
        Of a message: what the model is told before it; empty for nothing.
    thinks
        Of a message: whether the model is to think aloud before it answers; None leaves that to the chat template.
    task
        A key of `TASK_TITLES`: the text as it is, a message that is put into the checkpoint's chat template, or a task
        that is put as text; what is given first is all that comes of that.
    prefix_ids
        Token ids that the model is given first in place of those of the text; None for those.
    most
        Tokens that are written at most, the end token included; 0 only looks at what is given.
    n_candidates
        Tokens told of each place.
    """

    needs = frozenset({Capability.GENERATION})
    gives_way = True

    checkpoint: str
    input: Input
    decoding: Decoding = field(default_factory=Decoding)
    prefix_ids: tuple[int, ...] | None = None
    most: int = 50
    n_candidates: int = 8
    task: TextTask = "text"
    system: str = ""
    thinks: bool | None = None


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """A text with what was written behind it, or as much of that as there is.

    Attributes
    ----------
    layers
        Numbers of the layers that attend.
    pattern
        float32 [layer, head, query_pos, key_pos]: what each place attends to in the text, itself included; row t was
        there when token t + 1 was chosen. Of so many places as are known by now. Where it would take too much room
        there is one head, the mean of all, or one layer, too.
    heads_are
        What the heads of `pattern` are: `heads`, means of a `layer`, or one `mean` of all.
    cache_bytes
        Of the keys and values that the model keeps of the text; 0 for a model that keeps none.
    seconds
        That writing took, without reading what was given.
    tree, hypotheses
        Of a beam search, the best text first; None and empty for others.
    prompt
        Of a task: all of the text that the model was given for it; else empty.
    notes
        What was left aside or assumed, as sentences.
    """

    written: Written
    layers: tuple[int, ...]
    pattern: np.ndarray
    heads_are: str
    cache_bytes: int
    seconds: float
    tree: BeamTree | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    prompt: str = ""
    notes: tuple[str, ...] = ()

    @property
    def n_written(self) -> int:
        """Tokens that were written."""
        return self.written.n_steps - self.written.n_given

    @property
    def tokens_a_second(self) -> float:
        """Measured; 0 where nothing was written."""
        return self.n_written / self.seconds if self.seconds > 0 else 0.0


def with_written(input: Input, ids: tuple[int, ...] | None) -> Input:
    """The same text with what was written behind it, as the very ids of both; None for the text alone."""
    assert input.text is not None
    return replace(input, text=replace(input.text, target_ids=ids))
