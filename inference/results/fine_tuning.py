"""What pre-training buys, what fine-tuning changes in the attention, and what was published about both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

SIDES = ("before", "after")  # fine-tuning


@dataclass(frozen=True, slots=True)
class LabelledExamplesRequest(Request["LabelledExamplesResult"]):
    """How well a task was learned from few and from many labelled examples, as measured when a checkpoint was made.

    Attributes
    ----------
    study
        Name of the bundled checkpoint beside which the numbers stand; empty for the first one.
    """

    study: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredRuns:
    """Runs of one method on so many labelled examples, which differ in their seed.

    Attributes
    ----------
    accuracies
        float64 [run], 0 to 1.
    """

    method: str
    n_examples: int
    accuracies: np.ndarray


@dataclass(frozen=True, slots=True)
class MeasuredStudy:
    """Accuracy of several methods by the number of labelled examples.

    Attributes
    ----------
    base
        The checkpoint that was fine-tuned, or whose features were learned from.
    task
        What was learned, as half a sentence.
    n_tested, unit
        How many accuracy was measured on, and of what, such as `sentences`.
    methods
        What each method is, in words, by its key; also of those that were not tried, or not yet.
    runs
        By method and number of examples, ascending.
    told
        Where the numbers come from, as sentences.
    """

    base: str
    task: str
    n_tested: int
    methods: dict[str, str]
    runs: tuple[MeasuredRuns, ...]
    told: tuple[str, ...]
    unit: str = "sentences"


@dataclass(frozen=True, slots=True)
class LabelledExamplesResult:
    """What was measured when a bundled checkpoint was made.

    Attributes
    ----------
    name, names
        Beside which checkpoint it stands, and all that come with Headlight beside such numbers.
    """

    name: str
    names: tuple[str, ...]
    study: MeasuredStudy


@dataclass(frozen=True, slots=True)
class FineTuningRequest(Request["FineTuningResult"]):
    """Where the token that a class is read at looks, before and after fine-tuning.

    Attributes
    ----------
    checkpoint
        The fine-tuned one.
    base
        What it was fine-tuned from; empty: an adapter says so itself.
    """

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    base: str = ""


@dataclass(frozen=True, slots=True)
class FineTuningResult:
    """Attention of one token in two checkpoints.

    Attributes
    ----------
    names
        Of the checkpoints before and after fine-tuning.
    tokens
        Of the text, the same in both.
    read_pos
        The token that the class is read at: [CLS], or the last one of a causal model.
    pattern
        float32 [side, layer, head, key_pos]: what that token attends to before (0) and after (1) fine-tuning; rows sum
        to 1.
    layers
        Numbers of the layers, as the model counts them.
    """

    names: tuple[str, str]
    tokens: Tokens
    read_pos: int
    pattern: np.ndarray
    layers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PublishedTableRequest(Request["PublishedTableResult"]):
    """A table that showed what pre-training buys, as published.

    Attributes
    ----------
    table
        `glue`: BERT and those before it; `virtex`: what is learned from captions.
    """

    table: str = "glue"


@dataclass(frozen=True, slots=True)
class PublishedTask:
    """A column of the table.

    Attributes
    ----------
    n_examples
        Labelled ones to train on; 0 where that is no number of the table.
    measure
        What its numbers are.
    about
        What is asked, in half a sentence.
    """

    name: str
    n_examples: int
    measure: str
    about: str


@dataclass(frozen=True, slots=True)
class PublishedTableResult:
    """Published numbers; none was measured here.

    Attributes
    ----------
    source
        Paper and table.
    scores
        float64 [system, task], 0 to 100.
    """

    title: str
    source: str
    tasks: tuple[PublishedTask, ...]
    systems: tuple[str, ...]
    scores: np.ndarray
