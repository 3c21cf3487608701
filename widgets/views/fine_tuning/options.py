"""What can be chosen about the attention before and after fine-tuning."""

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
