"""What every request is, and what a checkpoint must have to answer it."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar, get_args, get_origin

R = TypeVar("R")


class Capability(StrEnum):
    """What a request may need of a checkpoint."""

    ATTENTION = "attention"
    QK = "qk"
    POSITIONS = "positions"
    RESIDUAL_STREAM = "residual_stream"
    UNEMBEDDING = "unembedding"
    LINEAR_UNEMBEDDING = "linear_unembedding"
    NEXT_TOKEN = "next_token"
    TRANSLATION = "translation"
    CAPTION = "caption"
    ANSWER = "answer"
    GENERATION = "generation"
    MASKED_LM = "masked_lm"
    NEXT_SENTENCE = "next_sentence"
    PREDICTION = "prediction"
    PATCHES = "patches"
    CLIP = "clip"
    VISUAL_WORDS = "visual_words"
    ORDER = "order"
    CLASSES = "classes"
    IMAGE_FEATURES = "image_features"
    MASKED_IMAGE = "masked_image"
    NEXT_PIXEL = "next_pixel"
    MASKED_PIXELS = "masked_pixels"
    COMPARISON = "comparison"
    JOINT = "joint"
    SEGMENTS = "segments"
    MESH = "mesh"
    TRAINING_STAGES = "training_stages"

    @property
    def reads(self) -> str | None:
        """The kind of input that a model must read to have it; None where any will do."""
        return _READS.get(self)


_READS = {
    Capability.UNEMBEDDING: "text",
    Capability.LINEAR_UNEMBEDDING: "text",
    Capability.NEXT_TOKEN: "text",
    Capability.TRANSLATION: "text",
    Capability.CAPTION: "image",
    Capability.ANSWER: "image",
    Capability.GENERATION: "text",
    Capability.MASKED_LM: "text",
    Capability.NEXT_SENTENCE: "text",
    Capability.PREDICTION: "text",
    Capability.PATCHES: "image",
    Capability.CLIP: "clip",
    Capability.VISUAL_WORDS: "clip",
    Capability.ORDER: "clip",
    Capability.CLASSES: "image",
    Capability.IMAGE_FEATURES: "image",
    Capability.MASKED_IMAGE: "image",
    Capability.NEXT_PIXEL: "image",
    Capability.MASKED_PIXELS: "image",
    Capability.COMPARISON: "image",
    Capability.JOINT: "image",
    Capability.SEGMENTS: "image",
    Capability.MESH: "mesh",
    Capability.TRAINING_STAGES: "text",
}


class Request(Generic[R]):
    """A question that the engine answers with an `R`. Its subclasses are frozen dataclasses of plain values.

    Attributes
    ----------
    needs
        What the checkpoint must have.
    refines
        Whether it first sends a look at the whole and then makes it exact, going on where it was if it is cancelled
        and asked again: other requests need not wait for that.
    is_light
        Whether it is answered without a model, so that a process for it need not import torch.
    is_online
        Whether answering may ask the network; all others are answered with the network cable out.
    gives_way
        Whether what it shows grows for as long as it takes, and it goes on behind that if it is cancelled and asked
        again: other requests need only wait for its beginning.
    """

    __slots__ = ()

    needs: ClassVar[frozenset[Capability]] = frozenset()
    refines: ClassVar[bool] = False
    gives_way: ClassVar[bool] = False
    is_light: ClassVar[bool] = False
    is_online: ClassVar[bool] = False

    @classmethod
    def result_type(cls) -> type:
        """What answers it: the `R` of its base, which may be a kind of request such as a job."""
        bases = vars(cls)["__orig_bases__"]
        (base,) = (base for base in bases if issubclass(get_origin(base) or object, Request))
        (named,) = get_args(base)
        return getattr(sys.modules[cls.__module__], named.__forward_arg__)
