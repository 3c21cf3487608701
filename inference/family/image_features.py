"""What families answer whose models make a vector of an image, whatever stands behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


class GivesImageFeatures(ABC):
    """An image is read by itself; what is known of its places in the end can be averaged, and learned from."""

    @abstractmethod
    def image_features(self, net: PreTrainedModel, pixel_values: Tensor) -> Tensor:
        """[image, number] of images [image, 3, row, column]: the mean of the last states of all places.

        Gradients reach all that reads the image.
        """
