"""What a fine-tuned model predicts of a text: its class, a label for each token, or where in it an answer lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

MOST_ANSWERS = 100
MOST_ANSWER_TOKENS = 512

# Of the whole text, of every token, or of the places where an answer begins and ends.
Predicts = Literal["text", "tokens", "answer"]
# Classes that exclude each other, classes each by itself, or numbers that are no probabilities (regression).
Activation = Literal["softmax", "sigmoid", "none"]


@dataclass(frozen=True, slots=True)
class PredictionRequest(Request["PredictionResult"]):
    """What the checkpoint was fine-tuned to tell of a text.

    Attributes
    ----------
    n_answers
        Of a model that answers questions: the most probable ones, 1 to `MOST_ANSWERS`.
    longest_answer
        In tokens, 1 to `MOST_ANSWER_TOKENS`.
    """

    needs = frozenset({Capability.PREDICTION})

    checkpoint: str
    input: Input
    n_answers: int = 5
    longest_answer: int = 30


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens that belong together: an entity, or an answer.

    Attributes
    ----------
    start, stop
        The first token, and the one after the last.
    label
        What it is called, without the mark of its scheme (`PER` of `B-PER`); empty for an answer.
    prob
        Of an entity the mean of the probabilities of its words' labels; of an answer that of its first token times
        that of its last.
    text
        As it was typed, where that is known; else its tokens.
    """

    start: int
    stop: int
    label: str
    prob: float
    text: str


@dataclass(frozen=True, slots=True)
class PredictionResult:
    """What the model's own head says.

    Attributes
    ----------
    predicts
        What it is of.
    tokens, axis
        The sequence that is read, and its name.
    labels
        Names of the classes by number, as the checkpoint has them; `start` and `end` of answers.
    logits
        float32 [label], or [pos, label] where it is of tokens or of answers: what the head gives.
    probs
        The same by `activation`. Of answers: among the tokens of the context, and [CLS] where there is one; NaN at the
        others.
    read_pos
        The token that the head reads; None where it is not known, or more than one.
    has_entities
        Whether the labels of tokens mark entities: `B-PER` and its like, or any beside an `O`.
    spans
        Entities in order of the text; answers, most probable first.
    no_answer
        Probability that the text holds no answer: that of [CLS] as first and last token, as models trained on
        SQuAD 2.0 say it (Devlin et al. 2019, section 4.3). NaN where the model has no [CLS], or gives no answers.
    notes
        Sentences for the user.
    """

    predicts: Predicts
    tokens: Tokens
    axis: str
    labels: tuple[str, ...]
    logits: np.ndarray
    probs: np.ndarray
    activation: Activation
    read_pos: int | None = None
    has_entities: bool = False
    spans: tuple[Span, ...] = ()
    no_answer: float = float("nan")
    notes: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether `probs` are numbers of a regression, and no probabilities."""
        return self.activation == "none"
