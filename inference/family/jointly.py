"""What families say whose models read words and an image together: attention goes from one to the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from inference.inputs.regions import image_path, regions_of

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.family.base import Encoded
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input
    from inference.results.joint import JointLevel, JointStart
    from inference.results.regions import Regions


@dataclass(frozen=True)
class OfKind:
    """What a sequence holds at some places.

    Attributes
    ----------
    kind
        `word`, `tag`, `region`, `patch`, or `other` for places without any, such as [CLS] of an image.
    places
        Positions in the sequence, in the order of regions or patches.
    """

    kind: str
    places: tuple[int, ...] = field(default=())


@dataclass(frozen=True)
class PairScore:
    """What a head says of a text and an image that belong together.

    Attributes
    ----------
    value
        A probability, or a logit that only compares pairs with each other.
    """

    value: float
    is_probability: bool


class ReadsJointly(ABC):
    """Words beside patches or regions, in one stream or in two."""

    # What of `Encoded.tensors` is the image: set to zero, it is hidden.
    image_tensors: ClassVar[tuple[str, ...]] = ("pixel_values",)
    # What of them is the text, and the sequence that it lies in.
    text_tensor: ClassVar[str] = "input_ids"
    text_axis: ClassVar[str] = "text"

    def detector(self, config: PreTrainedConfig) -> str:
        """Name of the bundled detector whose regions it reads; empty where it reads none, or those of another one."""
        return ""

    def told_beside(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """What it can be told beside words and image; see `CheckpointInfo.told_beside`."""
        return ()

    def regions(self, input: Input, config: PreTrainedConfig, prepared: Prepared) -> Regions | None:
        """The regions of the image that are read or framed; None where there are none.

        Raises
        ------
        Refused
            As `regions_of`.
        """
        return regions_of(input.regions, prepared, image_path(input))

    @abstractmethod
    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """Its attentions, by depth."""

    @abstractmethod
    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """What lies on each sequence, without special tokens of the text; each place in one stretch at most."""

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """Group and layer of all its attentions in the order in which they run: that of the levels, if not told."""
        return tuple(part for level in self.levels(config) for part in level.parts)

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        """How words, tags, regions and patches are made before the first layer; none where that is not told."""
        return ()

    def transport_plan(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor | None:
        """How much of each token of the text goes to each region, float [token, region], 1 in all.

        None for models that were not trained to bring words to regions.
        """
        return None

    def states(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor] | None:
        """States behind the last layer, [token, d] of the text and [place, d] of the image, which ends with
        its regions or patches.

        None for models that do not tell them.
        """
        return None

    def why_no_words(self, opened: Opened) -> str:
        """Half a sentence where it fills no masks in the text; empty where it does."""
        return f"{opened.name} has no head that fills in words"

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        """Logits [token, word] of the tokens of the text.

        Raises
        ------
        NotImplementedError
            It has no such head; see `why_no_words`.
        """
        raise NotImplementedError(f"{type(net).__name__} fills in no words.")

    def why_no_regions(self, opened: Opened) -> str:
        """Half a sentence where it does not tell what a hidden region is; empty where it does."""
        return f"{opened.name} has no head that tells what a hidden region is"

    def region_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """What the classes of regions are called; by their numbers where that is not known."""
        return ()

    def region_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor], region: int) -> Tensor:
        """Logits [class] of a region, counted from 0, whose vector is hidden as it was in training.

        Raises
        ------
        NotImplementedError
            It has no such head; see `why_no_regions`.
        """
        raise NotImplementedError(f"{type(net).__name__} tells of no region what it is.")

    def why_no_score(self, opened: Opened) -> str:
        """Half a sentence where it does not tell whether a text fits an image; empty where it does."""
        return f"{opened.name} has no head that tells whether a text fits an image"

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """Whether the text fits the image.

        Raises
        ------
        NotImplementedError
            It has no such head; see `why_no_score`.
        """
        raise NotImplementedError(f"{type(net).__name__} tells of no pair whether it fits.")
