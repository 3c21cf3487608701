"""Training tiny models: what is to be trained and how, what came of it step by step, and the runs that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal

from inference.results.job import JobRequest
from inference.results.schedule import Schedule, ScheduleKind

if TYPE_CHECKING:
    import numpy as np

Task = Literal["reversal", "masked", "causal", "classify", "contrastive"]
TASKS: dict[Task, str] = {
    "reversal": "String reversal",
    "masked": "Masked words",
    "causal": "Next word",
    "classify": "Fine-tune on labels",
    "contrastive": "Images and texts",
}
NetworkKind = Literal["transformer", "lstm"]
# What it is called; where a text is written from another one, an LSTM has attention.
NETWORKS: dict[NetworkKind, str] = {"transformer": "Transformer", "lstm": "LSTM"}
WITH_NETWORKS: tuple[Task, ...] = ("reversal", "causal")  # tasks that either can be trained for
NormOrder = Literal["post", "pre"]
# What attention is watched of: of what is written to the source, of a text to itself, of a text in CLIP's text tower.
WatchedMaps = Literal["source", "text", "tower"]
VocabularyKind = Literal["word", "bpe"]
Tuned = Literal["full", "lora", "head"]

# What can be trained in minutes, by the name of the field: the least and the most.
LIMITS: dict[str, tuple[float, float]] = {
    "n_layers": (1, 6),
    "d_model": (16, 256),
    "n_heads": (1, 8),
    "dropout": (0.0, 0.5),
    "n_steps": (1, 20_000),
    "batch": (1, 256),
    "warm_up": (0, 10_000),
    "peak": (0.00001, 0.1),
    "smoothing": (0.0, 0.9),
    "clip": (0.0, 100.0),
    "seed": (0, 2**31 - 1),
    "chosen": (0.01, 0.6),
    "n_vocabulary": (50, 8_000),
    "length": (8, 128),
}
N_CONTRASTED = 120  # portraits that a step of CLIP can have: none is of the colour and the kind of another one
MOST_TEXT_BYTES = 20_000_000
MOST_WATCHED = 300  # letters of the sentence whose attention is watched
MOST_KEPT_BYTES = 2 * 2**30  # of all runs that are kept in one folder


RUN_FILE = PurePath("training") / "run.json"


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, be it done or stopped."""
    return (folder / RUN_FILE).is_file()


@dataclass(frozen=True, slots=True)
class ModelSizes:
    """How large a new model is.

    Attributes
    ----------
    n_layers
        Of the encoder, and of the decoder where there is one.
    norm
        Whether norms stand after the sublayers, as in 2017, or before them. BERT has them after, GPT-2 before.
    architecture
        A Transformer, or a recurrent network, which has neither heads nor norms.
    """

    n_layers: int = 2
    d_model: int = 64
    n_heads: int = 4
    dropout: float = 0.0
    norm: NormOrder = "post"
    architecture: NetworkKind = "transformer"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a run goes.

    Attributes
    ----------
    batch
        Strings, rows or sentences a step.
    peak
        The highest learning rate; the schedule `2017` has its own.
    smoothing
        Label smoothing, 0 to 0.9.
    clip
        Gradients are scaled down to this norm; 0: they are not.
    """

    n_steps: int = 1_000
    batch: int = 64
    schedule: ScheduleKind = "cosine"
    warm_up: int = 100
    peak: float = 0.002
    smoothing: float = 0.1
    clip: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is learned from.

    Attributes
    ----------
    path
        A text file, or a CSV of texts and labels; empty: sentences of Headlight's own.
    vocabulary, n_vocabulary
        Whole words or byte pairs, learned from the text, at most so many.
    length
        Tokens a row; for reversal the most letters.
    watched
        A sentence whose attention is kept while it is learned to be read; empty: one of what is not trained on.
        Reversal has its own.
    """

    path: str = ""
    vocabulary: VocabularyKind = "word"
    n_vocabulary: int = 2_000
    length: int = 12
    watched: str = ""


@dataclass(frozen=True, slots=True)
class MaskShares:
    """Which words BERT is asked for, and what stands in their places (Devlin et al. 2019, section 3.1).

    Attributes
    ----------
    chosen
        Share of the tokens of a row that are asked for.
    masked, random, unchanged
        Shares of these that become [MASK], become any token, and stay; together 1.
    """

    chosen: float = 0.15
    masked: float = 0.8
    random: float = 0.1
    unchanged: float = 0.1

    def why_not(self) -> str:
        """What is wrong with them, in one sentence; empty if nothing is."""
        low, high = LIMITS["chosen"]
        if not low <= self.chosen <= high:
            return (
                f"{100 * self.chosen:g} % of the tokens were to be asked for; {100 * low:g} to {100 * high:g} % can be."
            )
        shares = (self.masked, self.random, self.unchanged)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            told = " + ".join(f"{100 * share:g}" for share in shares)
            return (
                f"[MASK], random and unchanged are {told} = {100 * sum(shares):g} % of the tokens that are asked for; "
                "together they have to be 100 %."
            )
        return ""


RowFate = Literal["", "masked", "random", "unchanged"]


@dataclass(frozen=True, slots=True)
class RowToken:
    """A token of a row, what is read in its place, and why: empty where it is not asked for."""

    token: str
    read: str
    fate: RowFate = ""


@dataclass(frozen=True, slots=True)
class TrainingRequest(JobRequest["TrainingResult"]):
    """Train a tiny model, or go on with a run that was stopped, in a process of its own.

    Attributes
    ----------
    folder
        Where the run lives; if a run with the same wishes is there, it goes on.
    base
        The checkpoint that is fine-tuned; empty for a model that begins anew.
    tuned
        Which of its weights: all, low-rank additions to them (LoRA), or only those of the new head.
    comparison
        Name of the runs that it is compared with, which train one after the other; empty: it stands alone.
    masks
        What becomes of the words that BERT is asked for.
    """

    keeps_what_is_done = True

    folder: str
    task: Task = "reversal"
    sizes: ModelSizes = ModelSizes()
    plan: TrainingPlan = TrainingPlan()
    data: TrainingData = TrainingData()
    base: str = ""
    tuned: Tuned = "full"
    comparison: str = ""
    masks: MaskShares = MaskShares()

    @property
    def name(self) -> str:
        """Of the run."""
        return PurePath(self.folder).name

    @property
    def title(self) -> str:
        return f"Training {self.name}"

    @property
    def queue(self) -> str:
        return self.comparison

    @property
    def schedule(self) -> Schedule:
        """The learning rate by step."""
        plan = self.plan
        return Schedule(plan.schedule, plan.warm_up, plan.n_steps, plan.peak, self.sizes.d_model)


def beyond_limits(request: TrainingRequest) -> str:
    """Which wish is out of bounds, in one sentence; empty if none is."""
    for part in (request.sizes, request.plan, request.data):
        for name, (low, high) in LIMITS.items():
            value = getattr(part, name, low)
            if not low <= value <= high:
                return f"{name} is {value:,}; {low:,} to {high:,} can be trained."
    if (n := len(request.data.watched)) > MOST_WATCHED:
        return f"The sentence that is watched has {n:,} letters; {MOST_WATCHED:,} are allowed."
    if request.task == "contrastive" and not 2 <= request.plan.batch <= N_CONTRASTED:
        return (
            f"batch is {request.plan.batch:,}; images and texts are learned from 2 to {N_CONTRASTED} a step: so many "
            "pairs of a colour and a kind there are, and each is in a step but once."
        )
    return ""


@dataclass(frozen=True, slots=True)
class StepTerm:
    """A number of each step beside its loss, such as a part of it: the title of its plot, its name, its unit."""

    plot: str
    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class StepLog:
    """Numbers of steps one after the other.

    Attributes
    ----------
    first
        Number of the first of these steps, from 0; a partial result begins where the one before ended.
    loss
        float32 [n], nats a token (a text, where texts are classified), with label smoothing as it was trained.
    rate
        float64 [n], learning rate.
    gradient
        float32 [n, layer]: norm of the gradient of each layer, before it was scaled down.
    seconds
        float64 [n]: training behind each step since the beginning of the run; pauses and validation do not count.
        NaN for steps of a version that did not keep it.
    terms
        float32 [n, term]: see `TrainingResult.terms`.
    """

    first: int
    loss: np.ndarray
    rate: np.ndarray
    gradient: np.ndarray
    seconds: np.ndarray
    terms: np.ndarray


@dataclass(frozen=True, slots=True)
class Validation:
    """What the model could do after some steps of training, on what it never saw.

    Attributes
    ----------
    step
        Steps done.
    loss
        Nats a token or text, without label smoothing.
    measure
        Share that is right, 0 to 1: see `TrainingResult.measure`.
    said
        What it made of the example.
    pattern
        float32 [layer, head, query_pos, key_pos]: what it attended to in the sentence that is watched; of reversal
        when `query_pos` of the target is to be written. Of no size where nothing is kept.
    seconds
        As of `StepLog`, behind `step` steps.
    by_distance
        int32 [2, 2, place]: of strings as long as in training, and of longer ones, how many letters it wrote right,
        and how many there were, by their place in the target. Of no size where that is not measured.
    parts
        Share that is right of each of `TrainingResult.parts`, NaN of those that were not asked for; may be empty.
    """

    step: int
    loss: float
    measure: float
    said: str
    pattern: np.ndarray
    seconds: float
    by_distance: np.ndarray
    parts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A run so far.

    Attributes
    ----------
    n_done
        Steps done.
    seconds
        Spent on them; pauses and validation do not count.
    layers
        Names of what `StepLog.gradient` is told of, from the input to the output.
    log
        Partial results have what is new, the whole result has all.
    validations
        The same; by steps, ascending.
    measure
        What `Validation.measure` is, in words.
    example
        What the model is asked each time.
    rows, columns
        Tokens by `query_pos` and by `key_pos`: of reversal those of the target and of the source of the example, else
        twice those of the sentence that is watched.
    baselines
        Names and numbers that `measure` is to be compared with.
    facts
        What was learned from, in sentences.
    parts
        Names of what `measure` is told apart by; may be empty.
    row
        A row of what is not trained on, as it is asked for masked words; may be empty.
    terms
        What `StepLog.terms` has; may be empty.
    watched
        The sentence whose attention is kept if the network has any between its tokens, as it is read; empty for
        reversal, whose example it is, and in runs of versions that kept none.
    watching
        What its maps are of.
    """

    n_done: int
    seconds: float
    layers: tuple[str, ...]
    log: StepLog
    validations: tuple[Validation, ...]
    measure: str
    example: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    baselines: tuple[tuple[str, float], ...] = ()
    facts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    row: tuple[RowToken, ...] = ()
    terms: tuple[StepTerm, ...] = ()
    watched: str = ""
    watching: WatchedMaps = "source"
