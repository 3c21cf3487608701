"""Numbers of every head, and attention rolled out over the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.common import Tokens

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class MeasuresRequest:
    """What every head of a group does, in numbers."""

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
        heads than the widest. The names, their units and their meaning stand in `MEASURES`.
    n_rows
        Over how many queries the mean goes: fewer than all in the first look at a long text.
    n_queries
        How many there are.
    """

    group: str
    measures: dict[str, np.ndarray]
    n_rows: int
    n_queries: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a head: what it is called, its unit (empty for a share of the attention, 0-1), and what it says."""

    name: str
    title: str
    unit: str
    about: str


MEASURES: tuple[Measure, ...] = (
    Measure("entropy", "Entropy", "bits", "How widely a query spreads its attention: 0 on one token, log2 n on all."),
    Measure("distance", "Distance", "tokens", "How far away what it looks at is, on average."),
    Measure("distance_variance", "Variance of distance", "tokens²", "Whether a query looks near and far at once."),
    Measure("previous", "Previous token", "", "Share on the token before."),
    Measure("same", "Same token", "", "Share on the token itself: the diagonal."),
    Measure("next", "Next token", "", "Share on the token behind."),
    Measure(
        "induction",
        "Induction",
        "",
        "Share on tokens that followed earlier occurrences of this token (Olsson et al. 2022), where there are any.",
    ),
    Measure("special", "Special tokens", "", "Share on [CLS], [SEP] and their like."),
)


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """Attention rolled out over the layers, for chosen queries; an empty tuple means all."""

    checkpoint: str
    input: Input
    group: str
    queries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """Attention rollout (Abnar and Zuidema 2020, section 3).

    Attributes
    ----------
    queries
        Which ones the axis of `rollout` holds.
    rollout
        float32 [layer, query, key_pos]: how much of what is at the query's place above a layer comes from each place of
        the input; the mean over the heads, half of it the residual stream. Rows sum to 1.
    attention
        float32 [layer, query, key_pos]: the mean over the heads of each layer by itself, for comparison.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    queries: tuple[int, ...]
    rollout: np.ndarray
    attention: np.ndarray
