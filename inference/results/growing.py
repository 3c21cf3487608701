"""What every result has in common that a model samples step by step: meshes, images, later texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

MOST_AT_ONCE = 16  # samples of one request


class Growing(Protocol):
    """One sample, finished or as far as it is. A dataclass of results is one by having all of this.

    Attributes
    ----------
    seed
        It was sampled with; the same seed gives the same sample, alone and among others.
    n_given
        Steps that were given, not sampled; they come first.
    n_steps
        Steps there are by now, the given ones included.
    n_expected
        How many there will be, where that is known before the end.
    surprisal
        float32 [step]: bits, -log2 of the probability that the model gave what was taken, at temperature 1 and
        without masks.
    is_finished
        Whether it came to its own end.
    why_unfinished
        Half a sentence where it was cut off; empty while it grows and when it is finished.
    """

    @property
    def seed(self) -> int: ...
    @property
    def n_given(self) -> int: ...
    @property
    def n_steps(self) -> int: ...
    @property
    def n_expected(self) -> int | None: ...
    @property
    def surprisal(self) -> np.ndarray: ...
    @property
    def is_finished(self) -> bool: ...
    @property
    def why_unfinished(self) -> str: ...


def is_growing(sample: Growing) -> bool:
    """Whether more is to come of a sample."""
    return not sample.is_finished and not sample.why_unfinished
