"""What families say beside all else whose models read films."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.family.base import ReadsImages

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.results.inputs import ClipInput
    from resources.clips import Clip

_MOST_FRAMES = 512  # that a model is shown


class ReadsClips(ReadsImages):
    """Of a film its models are shown some frames, each made ready as an image is."""

    @abstractmethod
    def n_frames(self, config: PreTrainedConfig) -> int:
        """How many frames of a film its models are shown."""

    @abstractmethod
    def frames_a_step(self, config: PreTrainedConfig) -> int:
        """How many frames go into a patch."""

    @abstractmethod
    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        """Why attention of a group is not rolled out over the layers, as a sentence; empty where it is."""

    def usual_frames(self, clip: Clip, config: PreTrainedConfig) -> tuple[int, ...]:
        """Which frames of a generated clip are shown where none were chosen; empty: spread evenly over it."""
        return ()

    def said(self, clip: Clip, config: PreTrainedConfig) -> str:
        """What is read beside a generated clip where nobody typed anything, as it could be typed; empty: nothing."""
        return ""

    def hides_places(self, config: PreTrainedConfig) -> bool:
        """Whether its models are made to fill in places that are hidden in all frames."""
        return False

    def hidden_places(self, n: int, clip: ClipInput) -> np.ndarray:
        """bool [place]: which of `n` places are hidden in all frames; at least one is, and of two or more one is not.

        References
        ----------
        Tong et al. 2022, "VideoMAE", section 3.3: tubes.
        """
        n_hidden = min(max(round(clip.hidden * n), 1), max(n - 1, 1))
        is_hidden = np.zeros(n, bool)
        is_hidden[np.random.default_rng(clip.hidden_seed).permutation(n)[:n_hidden]] = True
        return is_hidden


def checked_frames(n: object) -> int:
    """A number of frames as a configuration says it.

    Raises
    ------
    Refused
        It is no whole number from 1 to 512.
    """
    if type(n) is not int or not 1 <= n <= _MOST_FRAMES:
        raise Refused(f"config.json says num_frames is {str(n)[:40]}; whole numbers from 1 to {_MOST_FRAMES} are read.")
    return n
