"""A text that an encoder-decoder writes token by token from one that it has read, and where it looked meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inference.results.decoding import BeamTree, Decoding, Hypothesis, Written
from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class TranslationRequest(Request["TranslationResult"]):
    """Let the model write; the text grows in partial results.

    Attributes
    ----------
    input
        The source; what else stands in it as a target is left aside.
    prefix
        What the text begins with.
    prefix_ids
        The same as all token ids that the decoder is given first, its start token among them; None for `prefix`.
    most
        Tokens that are written at most, the end token included; 0 only looks at the prefix.
    n_candidates
        Tokens told of each place.
    """

    needs = frozenset({Capability.TRANSLATION})
    gives_way = True

    checkpoint: str
    input: Input
    decoding: Decoding = field(default_factory=Decoding)
    prefix: str = ""
    prefix_ids: tuple[int, ...] | None = None
    most: int = 128
    n_candidates: int = 8


@dataclass(frozen=True, slots=True)
class TranslationResult:
    """A translation, or as much as is written of it.

    Attributes
    ----------
    pattern
        float32 [layer, head, target, source]: what each place of the decoder attends to in the source; row t was
        there when token t + 1 was chosen. May have fewer rows than there are tokens while the text grows, and no
        layer where it would take too much room.
    tree, hypotheses
        Of a beam search, the best text first; None and empty for others.
    notes
        What was left aside or assumed, as sentences.
    """

    source: Tokens
    written: Written
    pattern: np.ndarray
    tree: BeamTree | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[str, ...] = ()


def with_target(input: Input, text: str, ids: tuple[int, ...]) -> Input:
    """The same source with a target, both as text and as the very tokens that the decoder is given."""
    assert input.text is not None
    return replace(input, text=replace(input.text, text_pair=text or None, target_ids=ids))
