"""What can be chosen about the stages of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice


@dataclass(frozen=True)
class TrainingStagesOptions(Options):
    """What is shown of the stages."""

    attention: Literal["head", "mean", "diagonal"] = choice(
        "diagonal",
        {"diagonal": "Most diagonal head", "head": "Selected head", "mean": "Mean of the layer"},
        "Attention",
        "of the head that is nearest to the diagonal in the end, of the selected one, or the mean of the layer",
    )
