"""The learning rate by step: warm-up, then decay. Plain formulas, which training and figures share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

ScheduleKind = Literal["linear", "cosine", "inverse_sqrt", "constant", "2017"]
SCHEDULES: dict[ScheduleKind, str] = {
    "linear": "Linear decay",
    "cosine": "Cosine decay",
    "inverse_sqrt": "Inverse square root",
    "2017": "Formula of 2017",
    "constant": "Constant",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning rate that rises for some steps and then falls.

    All but `2017` are transformers' `get_<kind>_schedule_with_warmup` (`get_inverse_sqrt_schedule`) times the peak,
    step for step: steps count from 0, and the first of a warm-up has a rate of 0. `2017` is section 5.3 of Vaswani et
    al. 2017, whose steps count from 1; its own height takes the place of `peak`.

    Attributes
    ----------
    warm_up
        Steps over which the rate rises from 0 in equal parts; 0: it begins at its peak.
    n_steps
        Where linear and cosine decay have come to 0.
    peak
        The highest rate.
    d_model
        Width of the model, on which the height of `2017` depends.
    """

    kind: ScheduleKind
    warm_up: int
    n_steps: int
    peak: float
    d_model: int = 64

    @property
    def highest(self) -> float:
        """The rate behind the warm-up."""
        return (self.d_model * max(1, self.warm_up)) ** -0.5 if self.kind == "2017" else self.peak

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if self.kind == "2017":
            place = step + 1
            return self.d_model**-0.5 * min(place**-0.5, place * max(1, self.warm_up) ** -1.5)
        return self.peak * self._share(step)

    def _share(self, step: int) -> float:
        if step < self.warm_up:
            return step / max(1, self.warm_up)
        if self.kind == "constant":
            return 1.0
        if self.kind == "inverse_sqrt":  # transformers decays over 10,000 steps where there is no warm-up
            scale = self.warm_up or 10_000
            return 1.0 / math.sqrt((step + scale - self.warm_up) / scale)
        left = max(1, self.n_steps - self.warm_up)
        done = (step - self.warm_up) / left
        if self.kind == "linear":
            return max(0.0, (self.n_steps - step) / left)
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * done)))
