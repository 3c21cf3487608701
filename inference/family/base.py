"""What a family answers about its models, so that analyses are written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from inference.results.checkpoint import AttentionGroup
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
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
    """

    tensors: dict[str, Tensor]
    sequences: dict[str, Tokens]

    @property
    def tokens(self) -> Tokens:
        """The sequence that is looked at first."""
        return next(iter(self.sequences.values()))


class Family(Protocol):
    """Adapts one kind of model to common ground. Stateless; families inherit what they do not say themselves."""

    name: str
    # Kinds of input: `text`, `picture`, `mesh`.
    reads: tuple[str, ...] = ("text",)
    # Classes of this family that have a head which an analysis uses, beyond transformers' language models.
    heads: frozenset[str] = frozenset()

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        """Whether this family can read models of that configuration."""
        ...

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        """The attention groups, from the configuration alone."""
        ...

    def axes(self, group: str) -> tuple[str, str]:
        """Names in `Encoded.sequences` of the query and the key axis of a group."""
        ...

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

    def lacks(self, opened: Opened) -> dict[str, str]:
        """Why not, for each capability that this family knows of; empty where it is there."""
        # Late: the tables of transformers take a second.
        from inference.family.text_heads import why_no_masked_lm, why_no_next_sentence

        return {"masked_lm": why_no_masked_lm(opened), "next_sentence": why_no_next_sentence(opened)}

    def encode(self, input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """Tokenize, mask, and lay out what `forward` takes.

        Raises
        ------
        Refused
            No tokenizer for text, an id outside the vocabulary, a text too long, a mask where there is no mask token.
        """
        ...

    # Of families that read pictures:

    def takes(self, config: PreTrainedConfig) -> Takes:
        """What sizes of pictures its models take."""
        ...

    def encode_image(self, prepared: Prepared, config: PreTrainedConfig) -> Encoded:
        """The same as `encode` for a picture that was made ready."""
        ...

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        """How patches lie in the sequence of a group, for a picture of so many rows and columns of pixels."""
        ...

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """What a model, or its base alone, makes of tensors; `more` goes to its `forward`."""
        return (net if with_head else net.base_model)(**tensors, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """One forward pass through everything that attends. Switches thrown here (`training`) are put back."""
        net(**encoded.tensors)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """Captured calls by group, in order of the layers, in true positions.

        What was dropped to save memory has shapes, but no numbers; see `Received`.

        Raises
        ------
        RuntimeError
            If a call is missing or one too many: a silent drop would show the wrong layer.
        """
        ...


def check_count(calls: list[AttentionCall], group: AttentionGroup) -> list[AttentionCall]:
    """The calls of a group if there is one a layer; see `Family.sort_calls`."""
    if len(calls) != group.n_layers:
        raise RuntimeError(f"The {group.name} has {group.n_layers} layers, but {len(calls)} attentions were seen.")
    return calls
