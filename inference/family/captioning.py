"""What families answer whose models write captions of images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inference.context import Refused

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


@dataclass(frozen=True)
class CaptionWriting:
    """How a caption is written.

    Attributes
    ----------
    group
        The attention group of the decoder to the image.
    start
        Token that the decoder is given first.
    end
        Token that ends a caption; None for those that the checkpoint says.
    more
        What else `forward` is asked each time.
    """

    group: str
    start: int
    end: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


class WritesCaptions(ABC):
    """An image is read, a caption is written."""

    @abstractmethod
    def caption_writing(self, config: PreTrainedConfig) -> CaptionWriting:
        """From the first word to the last."""

    def caption_writing_from_end(self, config: PreTrainedConfig) -> CaptionWriting:
        """From the last word to the first.

        Raises
        ------
        Refused
            No decoder does so.
        """
        raise Refused("This model writes a caption from its first word to its last; none of its decoders turns round.")
