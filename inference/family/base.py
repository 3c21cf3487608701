"""What a family answers about its models, so that analyses are written once.

A family is made of small abstract parts: what it reads, how it attends, where its parts lie, and what there is to say
of it. One that forgets an answer cannot be built.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from inference.results.checkpoint import AttentionGroup
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.components import Components
    from inference.family.opened import Opened
    from inference.inputs.image_preparation import Takes
    from inference.inputs.images import Prepared
    from inference.inputs.patch_grid import PatchGrid
    from inference.results.inputs import Input


@dataclass(frozen=True)
class Encoded:
    """An input made ready for a model.

    Attributes
    ----------
    tensors
        Keyword arguments of the model's `forward`, batch of one, on the model's device.
    sequences
        Tokens by axis name: `text` for most models; `source` and `target` for encoder-decoders.
    notes
        What of the input was left aside or changed, as sentences.
    cells
        Where on a film the positions of an axis lie, see `inference.inputs.clips.axes`; empty for other inputs.
    """

    tensors: dict[str, Tensor]
    sequences: dict[str, Tokens]
    notes: tuple[str, ...] = ()
    cells: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def tokens(self) -> Tokens:
        """The sequence that is looked at first."""
        return next(iter(self.sequences.values()))


class Reads(ABC):
    """What its models read, and how that becomes tensors."""

    # Kinds of input: `text`, `image`, `mesh`, `clip`.
    reads: ClassVar[tuple[str, ...]]

    @staticmethod
    @abstractmethod
    def fits(config: PreTrainedConfig) -> bool:
        """Whether this family can read models of that configuration."""

    @abstractmethod
    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """Lay out what `forward` takes.

        Parameters
        ----------
        input
            All that is given; at least one kind of it is read by this family.
        tokenizer
            For texts; None where the checkpoint has none.
        prepared
            The image of the input, made ready, or its film (a `PreparedClip`); None where it has none.

        Raises
        ------
        Refused
            What is given cannot be read; says which value, and what is allowed.
        """

    @abstractmethod
    def n_ctx(self, config: PreTrainedConfig) -> int:
        """Longest input in tokens; 0 where there is no limit, or where it is told in patches."""

    @abstractmethod
    def position_kind(self, config: PreTrainedConfig) -> str:
        """`learned`, `sinusoidal`, `rotary`, `relative`, `alibi` or `none`: the one that matters of several."""

    def compares(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """Of which kinds its models are given several, to be compared: `image`, `text`."""
        return ()

    def alibi_slopes(self, config: PreTrainedConfig) -> list[float] | None:
        """By how much the scores of each head fall with the distance (Press et al. 2022); None where they do not."""
        return None

    def position_grid(self, config: PreTrainedConfig) -> tuple[int, int] | None:
        """Rows and columns, where positions are places in an image; None where they are in a sequence."""
        return None

    def position_note(self, config: PreTrainedConfig) -> str:
        """How positions are encoded, where the kind alone does not tell; else empty."""
        return ""


class Attends(ABC):
    """Its attentions: in which groups they are, over which sequences, and what they received."""

    @abstractmethod
    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        """The attention groups, from the configuration alone; their axes are names in `Encoded.sequences`."""

    @abstractmethod
    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        """What the units on each axis are: `token`, `patch`, `pixel`, `coordinate`, `vertex`, `face token`."""

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """What a model, or its base alone, makes of tensors; `more` goes to its `forward`."""
        return (net if with_head else net.base_model)(**tensors, **more)

    @abstractmethod
    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """One forward pass through everything that attends. Switches thrown here (`training`) are put back."""

    @abstractmethod
    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """Captured calls by group, in order of the layers that attend, in true positions.

        What was dropped to save memory has shapes, but no numbers; see `Received`.

        Raises
        ------
        RuntimeError
            If a call is missing or one too many: a silent drop would show the wrong layer.
        """


class HasComponents(ABC):
    """Where its models keep their parts."""

    @abstractmethod
    def components(self, net: PreTrainedModel) -> Components:
        """Blocks, embedding, final norm and unembedding of an open model, as paths in its tree of modules."""


class Explains(ABC):
    """What there is to say of its models."""

    name: ClassVar[str]
    # Classes of this family that have a head which an analysis uses, beyond transformers' language models.
    heads: ClassVar[frozenset[str]] = frozenset()
    # Whether the heads of its models that were fine-tuned on texts, such as classifiers, tell what they predict.
    predicts: ClassVar[bool] = False

    @abstractmethod
    def lacks(self, opened: Opened) -> dict[str, str]:
        """Why not, for each capability that this family knows of; empty where it is there."""

    def classes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """Names of the classes that its models are told or tell."""
        return ()

    def check_class(self, label: int | None, config: PreTrainedConfig) -> int | None:
        """The class that a model is told: None where it is told none.

        Raises
        ------
        Refused
            It needs one, or has none such.
        """
        return None

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """What the user should know of how such a model is run, as sentences."""
        return ()


class Family(Reads, Attends, HasComponents, Explains):
    """Adapts one kind of model to common ground. Stateless; families inherit what they do not say themselves."""


class ReadsImages(ABC):
    """What families say beside that whose models read images."""

    @abstractmethod
    def takes(self, config: PreTrainedConfig) -> Takes:
        """What sizes of images its models take."""

    @abstractmethod
    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        """How patches lie in the sequence of a group, for an image of so many rows and columns of pixels."""

    def class_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor], state: Tensor) -> Tensor:
        """Logits [batch, label] of the head that names classes on a state, as if it were the last."""
        raise NotImplementedError(f"{type(net).__name__} has no head that names classes.")

    def classes_read_from(self, net: PreTrainedModel) -> str:
        """What the head that names classes reads, in words."""
        raise NotImplementedError(f"{type(net).__name__} has no head that names classes.")


def check_count(calls: list[AttentionCall], group: AttentionGroup) -> list[AttentionCall]:
    """The calls of a group if there is one for each layer that attends; see `Attends.sort_calls`."""
    if len(calls) != len(group.layers):
        raise RuntimeError(
            f"The {group.name} attends in {len(group.layers)} layers, but {len(calls)} attentions were seen."
        )
    return calls
