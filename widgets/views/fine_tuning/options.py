"""What can be chosen about the attention before and after fine-tuning, and about what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, switch


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

    table: Literal["glue", "virtex"] = choice(
        "glue",
        {"glue": "GLUE: BERT and those before it", "virtex": "VirTex: learning from captions"},
        "Table",
        "what was published of pre-training on texts, or on captions of images",
    )
