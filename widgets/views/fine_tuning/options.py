"""What can be chosen about the attention before and after fine-tuning, and about what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.transfer import LEAST_IMAGES, MOST_IMAGES, MOST_LABEL_SCENES, MOST_RUNS, MOST_TESTED
from widgets.options import Options, choice, number, switch


@dataclass(frozen=True)
class FineTuningOptions(Options):
    """Which heads are shown, and which tokens."""

    heads: Literal["mean", "head"] = choice(
        "mean",
        {"mean": "Mean of the heads", "head": "One head"},
        "Attention",
        "of each layer: the mean of its heads, or one of them",
    )
    hide_special: bool = switch(
        False,
        "Hide special tokens",
        "Leave out [CLS], [SEP] and their like. The other numbers stay as they are.",
    )


@dataclass(frozen=True)
class PublishedOptions(Options):
    """Which table is shown."""

    table: Literal["glue", "virtex", "vilbert", "vilt"] = choice(
        "glue",
        {
            "glue": "GLUE: BERT and those before it",
            "virtex": "VirTex: learning from captions",
            "vilbert": "ViLBERT: five tasks of words and images",
            "vilt": "ViLT: retrieval, and its time",
        },
        "Table",
        "what was published of pre-training on texts, on captions of images, or on words and images together",
    )


@dataclass(frozen=True)
class TransferOptions(Options):
    """How much is measured of what a network is worth for naming portraits."""

    most: int = number(
        128, LEAST_IMAGES, MOST_IMAGES, "Labelled portraits", "The curve goes from 16 in steps of twice as many to this"
    )
    tested: int = number(400, 10, MOST_TESTED, "tested on", "Portraits that accuracy is measured on", step=100)
    runs: int = number(3, 1, MOST_RUNS, "Runs", "Each learns from other portraits, with other random weights")
    label_scenes: int = number(
        3_200,
        0,
        MOST_LABEL_SCENES,
        "Label scenes",
        "Drawn scenes from whose labels the same network learns first, for comparison; 0: it is left out",
        step=800,
    )
    scratch: bool = switch(
        True, "From scratch", "Also train the whole network on the portraits alone; takes most of the time"
    )
