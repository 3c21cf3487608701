"""Numbers of every head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class MeasuresRequest(Request["MeasuresResult"]):
    """What every head of a group does, in numbers."""

    needs = frozenset({Capability.ATTENTION})
    refines = True

    checkpoint: str
    input: Input
    group: str


@dataclass(frozen=True, slots=True)
class MeasuresResult:
    """Measures of every head of a group.

    Attributes
    ----------
    measures
        float32 [layer, head] by name, means over the queries; NaN where it has no meaning, and where a layer has fewer
        heads than the widest. The names, their units and their meaning stand in `MEASURES`; `MARKS` are there, too.
    n_rows
        Over how many queries the mean goes: fewer than all in the first look at a long text.
    n_queries, n_keys
        How many there are.
    axes, is_causal, marks
        As in `HeadsResult`.
    n_repeated
        As in `Tokens`, of the keys.
    """

    group: str
    measures: dict[str, np.ndarray]
    n_rows: int
    n_queries: int
    n_keys: int = 0
    axes: tuple[str, str] = ("text", "text")
    is_causal: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    n_repeated: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a head: what it is called, its unit (empty for a share of the attention, 0-1), and what it says.

    `{one}` in `about` stands for what a place of the sequence is called: a token, a patch.
    """

    name: str
    title: str
    unit: str
    about: str


MEASURES: tuple[Measure, ...] = (
    Measure("entropy", "Entropy", "bits", "How widely a query spreads its attention: 0 on one {one}, log2 n on all."),
    Measure("distance", "Mean distance", "tokens", "How far away what it looks at is, on average."),
    Measure("distance_variance", "Variance of distance", "tokens²", "Whether a query looks near and far at once."),
    Measure("previous", "Previous token", "", "Share on the {one} before."),
    Measure("same", "Same token", "", "Share on the {one} itself: the diagonal."),
    Measure("next", "Next token", "", "Share on the {one} that follows."),
    Measure(
        "induction",
        "Induction",
        "",
        "Share on what followed earlier occurrences of this {one} (Olsson et al. 2022), where there are any.",
    ),
    Measure("special", "Special tokens", "", "Share on [CLS], [SEP] and their like."),
)
MARKS = ("cls", "sep")  # shares on what begins and what ends a text or a sentence: [CLS] and [SEP], or <s> and </s>
