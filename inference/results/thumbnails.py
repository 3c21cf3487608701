"""Several images as the checkpoint sees them, small: those that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import ImageInput


@dataclass(frozen=True, slots=True)
class ThumbnailsRequest(Request["ThumbnailsResult"]):
    """How the checkpoint sees each of some images."""

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    images: tuple[ImageInput, ...]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An image as the model sees it, small.

    Attributes
    ----------
    image
        uint8 [row, column, 3]; at most 64 pixels a side. One black pixel where there is none.
    about
        What was done to it, in a line.
    captions
        True sentences, one for each thing that the generator painted, those in front first; empty for files.
    tags
        The same things in two words, such as `red house`.
    why_not
        A sentence where it cannot be read; else empty.
    """

    image: np.ndarray
    about: str = ""
    captions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ThumbnailsResult:
    """One for each image that was asked for, in that order.

    Attributes
    ----------
    kinds
        What things the generator can paint: labels to begin with.
    """

    thumbnails: tuple[Thumbnail, ...]
    kinds: tuple[str, ...] = ()
