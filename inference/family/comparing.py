"""What families answer whose models compare images with texts: a tower for each, and one number for a pair."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.results.inputs import TextInput
    from inference.results.tokens import Tokens


class ComparesPairs(ABC):
    """Two towers that make a vector each, and what their cosine becomes."""

    @abstractmethod
    def text_tokens(
        self, text: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None
    ) -> Tokens:
        """A text as its tower receives it.

        Raises
        ------
        Refused
            As `inference.inputs.tokens.tokenize`.
        """

    @abstractmethod
    def image_vectors(self, net: PreTrainedModel, pixel_values: Tensor) -> Tensor:
        """Vectors [image, number] of length 1, of images [image, 3, row, column]."""

    @abstractmethod
    def text_vectors(self, net: PreTrainedModel, input_ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Vectors [text, number] of length 1, of texts [text, token]; `mask` is 1 on text where some are padded."""

    @abstractmethod
    def patch_vectors(self, net: PreTrainedModel, states: Tensor) -> Tensor:
        """What the image's vector would be if a patch alone were pooled, [patch, number], of length 1.

        Parameters
        ----------
        states
            [token, d_model], what leaves the image tower, special tokens included.
        """

    @abstractmethod
    def scale_and_bias(self, net: PreTrainedModel) -> tuple[Tensor, Tensor]:
        """What a cosine is multiplied with, the inverse of a temperature, and what is added: a logit then."""

    @abstractmethod
    def is_each_pair_judged(self, config: PreTrainedConfig) -> bool:
        """Whether the sigmoid of a logit is the probability of that pair; else only a softmax over several is."""

    @abstractmethod
    def pooled_text_row(self, config: PreTrainedConfig, ids: Tensor) -> int:
        """The token, of ids [token], whose state becomes the vector of the text."""
