"""What can be chosen in the training lab."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from inference.results.schedule import SCHEDULES, Schedule, ScheduleKind
from inference.results.training import (
    LIMITS,
    MOST_WATCHED,
    NETWORKS,
    TASKS,
    WITH_NETWORKS,
    MaskShares,
    ModelSizes,
    NetworkKind,
    NormOrder,
    Task,
    TrainingData,
    TrainingPlan,
    TrainingRequest,
    Tuned,
    VocabularyKind,
)
from widgets.options import MOST_SEED, Options, choice, number, share, words

Against = Literal["steps", "seconds"]
_WIDTHS = (16, 32, 64, 96, 128, 192, 256)
_HEADS = (1, 2, 4, 8)


@dataclass(frozen=True)
class RunOptions(Options):
    """What is trained, and how."""

    task: Task = choice(
        "reversal",
        TASKS,
        "Task",
        "Reversal by the Transformer of 2017, masks by BERT, the next word by GPT-2, images and texts by CLIP",
    )
    architecture: NetworkKind = choice(
        "transformer",
        NETWORKS,
        "Architecture",
        "a Transformer, or a recurrent network: an LSTM, for reversal with additive attention",
    )
    layers: int = number(2, *LIMITS["n_layers"], "Layers", "Layers (of the encoder, and of the decoder)")
    width: int = choice(64, {n: str(n) for n in _WIDTHS}, "Width", "Numbers a token is told by (d_model)")
    heads: int = choice(4, {n: str(n) for n in _HEADS}, "Heads", "Heads of attention in each layer")
    norm: NormOrder = choice(
        "post",
        {"post": "After (2017)", "pre": "Before"},
        "Norms",
        "after the sublayers, as in 2017 (post-norm), or before them (pre-norm)",
    )
    dropout: float = share(0.0, "Dropout", "Share of numbers that are left out in training", high=LIMITS["dropout"][1])
    length: int = number(12, *LIMITS["length"], "Length", "Letters of the longest string; tokens of the longest text")
    vocabulary: VocabularyKind = choice(
        "word",
        {"word": "Words", "bpe": "Byte pairs"},
        "Vocabulary",
        "of whole words, or of byte pairs, learned from it",
    )
    n_vocabulary: int = number(
        2_000, *LIMITS["n_vocabulary"], "Tokens", "Most tokens of the vocabulary", step=100, flag="tokens"
    )
    chosen: float = share(
        0.15, "Asked for", "Share of the words of a text that BERT is asked for", low=LIMITS["chosen"][0],
        high=LIMITS["chosen"][1],
    )  # fmt: skip
    masked: float = share(0.8, "of these [MASK]", "Share of the words asked for that [MASK] stands for", flag="to-mask")
    random: float = share(
        0.1, "any word", "Share of them for which any word of the vocabulary stands", flag="to-random"
    )
    unchanged: float = share(0.1, "stay", "Share of them that stay; all three together are 100 %", flag="to-stay")
    watched: str = words(
        "",
        "Watched",
        "Sentence whose attention is kept while it is learned to be read, to watch it form on the page Attention",
        most=MOST_WATCHED,
        otherwise="one that is not trained on",
    )
    tuned: Tuned = choice(
        "full",
        {"full": "All weights", "lora": "LoRA", "head": "Head only"},
        "Train",
        "all weights, low-rank additions to them (LoRA), or only those of the new head",
    )
    steps: int = number(1_000, *LIMITS["n_steps"], "Steps", "Steps in all", step=100)
    batch: int = number(64, *LIMITS["batch"], "Batch", "Strings or texts a step", step=8)
    schedule: ScheduleKind = choice("cosine", SCHEDULES, "Rate", "How the learning rate goes")
    warm_up: int = number(100, *LIMITS["warm_up"], "Warm-up", "Steps over which the rate rises", step=50)
    peak: float = number(0.002, *LIMITS["peak"], "Peak", "Highest learning rate", step=0.0005, decimals=5)
    smoothing: float = share(0.1, "Label smoothing", "What the other tokens get of the target", high=0.9)
    clip: float = number(1.0, *LIMITS["clip"], "Clip", "Gradients are scaled down to this norm; 0: never", decimals=1)
    seed: int = number(0, 0, MOST_SEED, "Seed", "Seed of weights, batches and dropout")

    def request(self, folder: str, path: str = "", base: str = "") -> TrainingRequest:
        """The same as the engine is asked.

        Parameters
        ----------
        path
            A text file or a CSV; see `TrainingData`.
        base
            The checkpoint that is fine-tuned.
        """
        architecture, heads = self.architecture if self.task in WITH_NETWORKS else "transformer", self.heads
        watched = self.watched if self.task in ONLY_FOR["watched"] else ""
        norm: NormOrder = {"masked": "post", "causal": "pre", "contrastive": "pre"}.get(self.task, self.norm)  # type: ignore[assignment]
        if architecture == "lstm":  # what it has not is the same in all requests
            heads, norm, watched = 1, "post", ""
        return TrainingRequest(
            folder,
            self.task,
            ModelSizes(self.layers, self.width, heads, self.dropout, norm, architecture),
            TrainingPlan(
                self.steps,
                self.batch,
                self.schedule,
                self.warm_up,
                self.peak,
                self.smoothing,
                self.clip,
                self.seed,
            ),
            TrainingData(
                path if self.task in WITH_FILES else "",
                self.vocabulary,
                self.n_vocabulary,
                self.length,
                watched,
            ),
            base if self.task == "classify" else "",
            self.tuned if self.task == "classify" else "full",
            masks=self.masks if self.task == "masked" else MaskShares(),
        )

    @classmethod
    def of_request(cls, request: TrainingRequest) -> RunOptions:
        """What is chosen for such a request; what does not matter for it has its default."""
        sizes, plan, data, masks = request.sizes, request.plan, request.data, request.masks
        return cls(
            task=request.task,
            architecture=sizes.architecture,
            layers=sizes.n_layers,
            width=sizes.d_model,
            heads=sizes.n_heads,
            norm=sizes.norm,
            dropout=sizes.dropout,
            length=data.length,
            vocabulary=data.vocabulary,
            n_vocabulary=data.n_vocabulary,
            chosen=masks.chosen,
            masked=masks.masked,
            random=masks.random,
            unchanged=masks.unchanged,
            watched=data.watched,
            tuned=request.tuned,
            steps=plan.n_steps,
            batch=plan.batch,
            schedule=plan.schedule,
            warm_up=plan.warm_up,
            peak=plan.peak,
            smoothing=plan.smoothing,
            clip=plan.clip,
            seed=plan.seed,
        )

    @property
    def masks(self) -> MaskShares:
        """What becomes of the words that BERT is asked for."""
        return MaskShares(self.chosen, self.masked, self.random, self.unchanged)

    def for_task(self, was: Task, task: Task) -> RunOptions:
        """What does well for another task, but for what was chosen otherwise than does well for the old one."""
        old, new = _USUAL[was], _USUAL[task]
        changed = {name: value for name in self.declared() if (value := getattr(self, name)) != getattr(old, name)}
        return replace(new, **changed | {"task": task})

    @staticmethod
    def usual(task: Task) -> RunOptions:
        """What does well for a task."""
        return _USUAL[task]


ANEW: tuple[Task, ...] = ("reversal", "masked", "causal", "contrastive")  # whose models begin with random weights
# Options that matter for some tasks only.
ONLY_FOR: dict[str, tuple[Task, ...]] = {
    "architecture": WITH_NETWORKS,
    "layers": ANEW,
    "width": ANEW,
    "heads": ANEW,
    "norm": ("reversal",),
    "dropout": ANEW,
    "length": ("reversal", "masked", "causal", "classify"),
    "vocabulary": ("masked", "causal"),
    "n_vocabulary": ("masked", "causal"),
    "watched": ("masked", "causal", "classify", "contrastive"),
    "tuned": ("classify",),
    "chosen": ("masked",),
    "masked": ("masked",),
    "random": ("masked",),
    "unchanged": ("masked",),
}
# Options of a Transformer alone, and why an LSTM has none.
ONLY_TRANSFORMER = {
    "heads": "An LSTM has no heads; its decoder attends with one.",
    "norm": "An LSTM has no norms.",
    "watched": "An LSTM that goes on with a text has no attention to watch.",
}
WITH_FILES: tuple[Task, ...] = ("masked", "causal", "classify")  # the others make what they learn from
_USUAL: dict[Task, RunOptions] = {
    "reversal": RunOptions(),
    "masked": RunOptions(task="masked", length=32, steps=1_000, batch=32, smoothing=0.0),
    "causal": RunOptions(task="causal", length=32, steps=600, batch=32, smoothing=0.0),
    "classify": RunOptions(
        task="classify", length=64, steps=200, batch=16, warm_up=20, peak=0.0003, smoothing=0.0, dropout=0.1
    ),
    "contrastive": RunOptions(task="contrastive", steps=600, peak=0.001, smoothing=0.0, norm="pre"),
}


@dataclass(frozen=True)
class LabOptions(Options):
    """What is shown of runs."""

    show: Literal["curves", "gradients"] = choice(
        "curves",
        {"curves": "Step by step", "gradients": "Gradients by layer"},
        "Show",
        "Numbers step by step, or the norm of each layer's gradient",
    )
    against: Against = choice(
        "steps",
        {"steps": "Steps", "seconds": "Seconds"},
        "Against",
        "the steps of training, or its seconds on this machine, without pauses and validation",
    )


@dataclass(frozen=True)
class ScheduleOptions(Options):
    """A learning rate by step."""

    kind: ScheduleKind = choice("2017", SCHEDULES, "Rate", "How the learning rate goes")
    warm_up: int = number(400, 0, 10_000, "Warm-up", "Steps over which the rate rises", is_slider=True, step=10)
    steps: int = number(2_000, 10, 20_000, "Steps", "Steps in all", is_slider=True, step=10)
    peak: float = number(0.002, *LIMITS["peak"], "Peak", "Highest learning rate", step=0.0005, decimals=5)
    d_model: int = number(64, 16, 1_024, "Width", "Width of the model, for 2017's formula", is_slider=True, step=16)

    @property
    def schedule(self) -> Schedule:
        """The formula."""
        return Schedule(self.kind, self.warm_up, self.steps, self.peak, self.d_model)


@dataclass(frozen=True)
class SmoothingOptions(Options):
    """A target that is smoothed."""

    smoothing: float = share(0.1, "Label smoothing", "What is taken from the right token and shared by all", high=0.9)
    classes: int = number(8, 2, 40, "Tokens", "Tokens that there are to choose from", is_slider=True)
    given: float = number(
        0.9, 0.01, 0.999, "Model's probability", "What the model gives the right token", decimals=3, step=0.01
    )
