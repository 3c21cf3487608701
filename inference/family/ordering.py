"""What families say whose models tell what comes before what in a film."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

    from inference.family.base import Encoded


@dataclass(frozen=True)
class FrameOrders:
    """What a model says of frames that were given in some order, of which it was not told.

    Attributes
    ----------
    cosines
        float32 [sentence, frame], -1 to 1.
    temperature
        What they are divided by before the softmax.
    text_frame, frame_frame
        float32 [sentence, frame, 4] and [frame, frame, 4]: that the first one is of another film than the second, of
        the same time, before it, or after it. They sum to 1.
    received
        float32 [word]: attention that each is given where the text is read alone, of all words together.
    is_top, is_masked
        bool [word]: among those most attended to, and chosen to be masked.
    """

    cosines: np.ndarray
    temperature: float
    text_frame: np.ndarray
    frame_frame: np.ndarray
    received: np.ndarray
    is_top: np.ndarray
    is_masked: np.ndarray


class OrdersFrames(ABC):
    """Its models read a film and a sentence for each of its frames."""

    # The sequence of the words.
    words_axis = "text"

    @abstractmethod
    def orders(self, net: PreTrainedModel, encoded: Encoded, order: tuple[int, ...], seed: int) -> FrameOrders:
        """What a model says of an input whose frames stand in another order.

        Parameters
        ----------
        order
            Which frame of the input stands at each place.
        seed
            Decides which words are masked.
        """
