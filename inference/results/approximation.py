"""Attention that does without the whole pattern: how far it is from the exact one, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

MOST_TOKENS = 1024  # of queries and of keys: beside an approximation the exact pattern is worked out
MOST_SIZE = 1024
MOST_SEED = 9999
N_SEEDS = 5  # of random numbers, over which errors are spread
N_REPEATS = 5  # of which the median is taken
OWN = "own"


@dataclass(frozen=True, slots=True)
class ApproximationMethod:
    """A way to do without the whole pattern.

    Attributes
    ----------
    unit
        What its size counts: `rank`, `features` or `landmarks`; empty where it has none to choose.
    about
        What it computes, in a sentence.
    is_random
        Whether random numbers go in.
    is_bound
        Whether it needs the whole pattern first, and so saves nothing: it says what is possible.
    """

    name: str
    title: str
    unit: str
    about: str
    is_random: bool = False
    is_bound: bool = False


_M = "\N{MINUS SIGN}"
METHODS: tuple[ApproximationMethod, ...] = (
    ApproximationMethod(
        "favor",
        "Performer: positive features",
        "features",
        f"FAVOR+: exp(q·k) is the mean over random w of exp(w·q {_M} |q|²/2) · exp(w·k {_M} |k|²/2), so that keys "
        "are summed up once, for all queries (Choromanski et al. 2021).",
        is_random=True,
    ),
    ApproximationMethod(
        "favor_trig",
        "Performer: sines and cosines",
        "features",
        f"exp(q·k) is the mean over random w of exp(|q|²/2 + |k|²/2) cos(w·(q {_M} k)): it may be negative, and errs "
        "most where little is attended to (Rahimi and Recht 2007).",
        is_random=True,
    ),
    ApproximationMethod(
        "linear",
        "Linear attention: elu + 1",
        "",
        "A key's weight is (elu(q) + 1)·(elu(k) + 1), with as many features as a head has dimensions: another "
        "attention, not meant to be near the softmax (Katharopoulos et al. 2020).",
    ),
    ApproximationMethod(
        "pooling",
        "Linformer: mean pooling",
        "rank",
        "softmax(Q (E K)ᵀ/√d) (E V), where E takes means of neighbouring positions: a query attends to means "
        "(Wang et al. 2020).",
    ),
    ApproximationMethod(
        "gaussian",
        "Linformer: Gaussian, not trained",
        "rank",
        "softmax(Q (E K)ᵀ/√d) (E V), where E holds random normal numbers: Linformer before its E is trained "
        "(Wang et al. 2020).",
        is_random=True,
    ),
    ApproximationMethod(
        "gaussian_pattern",
        "Gaussian on the pattern",
        "rank",
        "P Rᵀ R V, where R holds random normal numbers: the argument of Johnson and Lindenstrauss that a low rank is "
        "enough; it needs the pattern P first (Wang et al. 2020, theorem 1).",
        is_random=True,
        is_bound=True,
    ),
    ApproximationMethod(
        "nystroem",
        "Nyström: six steps",
        "landmarks",
        "softmax(Q K̃ᵀ) A⁺ softmax(Q̃ Kᵀ), where the landmarks Q̃ and K̃ are means of segments, A = softmax(Q̃ K̃ᵀ), and six "
        "steps of an iteration go toward its inverse A⁺ (Xiong et al. 2021).",
    ),
    ApproximationMethod(
        "nystroem_exact",
        "Nyström: exact inverse",
        "landmarks",
        "softmax(Q K̃ᵀ) A⁺ softmax(Q̃ Kᵀ) as above, with A⁺ worked out from the singular values of A.",
    ),
    ApproximationMethod(
        "svd",
        "Best of that rank",
        "rank",
        "The largest singular values of the pattern: no matrix of that rank is nearer to it, but it needs the pattern "
        "first (Eckart and Young 1936).",
        is_bound=True,
    ),
)
OWN_METHOD = ApproximationMethod(
    OWN,
    "This model's landmarks",
    "",
    "What this Nyströmformer itself computes: its own landmarks, padding included, and the six steps of its inverse.",
)
METHOD_BY_NAME = {method.name: method for method in (*METHODS, OWN_METHOD)}

# How wrong it is.
ERRORS: dict[str, str] = {
    "pattern": "Pattern",
    "output": "Output",
    "row_sum": "Row sums",
}


@dataclass(frozen=True, slots=True)
class ApproximationRequest(Request["ApproximationResult"]):
    """One head's pattern beside what stands in for it.

    Attributes
    ----------
    size
        Rank, features or landmarks, as the method counts; ignored where it has none.
    seed
        Of random numbers.
    """

    needs = frozenset({Capability.QK})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    method: str
    size: int
    seed: int


@dataclass(frozen=True, slots=True)
class ApproximationResult:
    """The exact pattern of a head, the approximate one, and how far they are apart.

    Attributes
    ----------
    size
        What was taken: d_head for linear attention.
    exact, approximate
        float32 [query_pos, key_pos]; rows of the exact one sum to 1.
    error
        By the names of `ERRORS`: of pattern and output the norm of the difference over that of the exact one (of all
        numbers squared, summed up, rooted); of row sums the largest distance from 1. Output is NaN where the values
        were not caught.
    n_cells, n_cells_exact
        Numbers of scores and features that it works out, and cells of the pattern that are seen.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    layer: int
    head: int
    method: str
    size: int
    seed: int
    exact: np.ndarray
    approximate: np.ndarray
    error: dict[str, float]
    n_cells: int
    n_cells_exact: int


@dataclass(frozen=True, slots=True)
class ApproximationErrorsRequest(Request["ApproximationErrorsResult"]):
    """How wrong each method is at each size, over several seeds."""

    needs = frozenset({Capability.QK})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int


@dataclass(frozen=True, slots=True)
class ApproximationErrorsResult:
    """Errors against size.

    Attributes
    ----------
    methods
        Names, those that this head allows.
    refused
        Why not, by the names of the others.
    sizes
        Rising.
    errors
        By the names of `ERRORS`: float64 [method, size, seed], NaN where the method has no such size.
    n_cells
        int64 [method, size]; as of `ApproximationResult`, 0 where the method has no such size.
    n_queries, n_keys, n_cells_exact
        Of the exact pattern.
    """

    group: str
    layer: int
    head: int
    methods: tuple[str, ...]
    refused: dict[str, str]
    sizes: tuple[int, ...]
    errors: dict[str, np.ndarray]
    n_cells: np.ndarray
    n_queries: int
    n_keys: int
    n_cells_exact: int


@dataclass(frozen=True, slots=True)
class ApproximationTimesRequest(Request["ApproximationTimesResult"]):
    """How long each method takes at each size on this machine."""

    needs = frozenset({Capability.QK})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int


@dataclass(frozen=True, slots=True)
class ApproximationTimesResult:
    """Measured times: from queries, keys and values to the head's output, in float32 on the processor.

    Attributes
    ----------
    methods, sizes
        As of `ApproximationErrorsResult`.
    seconds
        float64 [method, size], median of `N_REPEATS`; NaN where the method has no such size.
    seconds_exact
        Of the same by scores, softmax and product written out, on as many threads.
    n_threads
        That the processor used.
    """

    group: str
    layer: int
    head: int
    methods: tuple[str, ...]
    sizes: tuple[int, ...]
    seconds: np.ndarray
    seconds_exact: float
    n_threads: int
