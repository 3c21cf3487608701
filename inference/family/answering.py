"""What families say whose models answer questions about an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    import numpy as np
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.base import Encoded
    from inference.inputs.images import Prepared
    from inference.results.answer import TokenGrid


class AnswersQuestions(ABC):
    """An image and a question are read, an answer is written behind them."""

    # Whether no place of the text is the image's: the tokens of the question stand for what they saw of it.
    reads_beside: ClassVar[bool] = False

    @abstractmethod
    def prompt(self, question: str, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """The text that the model gets, with one `placeholder` where its image tokens go.

        Raises
        ------
        Refused
            The question holds a sign of the model's own, or its chat template cannot be used.
        """

    @abstractmethod
    def placeholder(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """What stands for the image in a prompt; empty where it is read beside the text."""

    @abstractmethod
    def answer_path(self, config: PreTrainedConfig) -> str:
        """Regular expression of the modules in which the words of the answer look at the image tokens."""

    @abstractmethod
    def image_places(self, encoded: Encoded, config: PreTrainedConfig) -> np.ndarray:
        """int64 [image token]: their places in the sequence of that group's keys."""

    @abstractmethod
    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """Where the image tokens lie in the image, or the patches that they look at."""

    def generation(self, net: PreTrainedModel) -> GenerationConfig:
        """What a checkpoint says of how it writes."""
        return cast("Any", net).generation_config

    def looks_through(self, config: PreTrainedConfig) -> tuple[str, int]:
        """Where image tokens have no place of their own, the attention group in which they look at patches, and how
        many places stand before the first patch; an empty name where they have places."""
        return "", 0

    def state(self, net: PreTrainedModel) -> Any:
        """What an open model remembers of the prompt outside of its cache; None for nothing."""
        return None

    def put_state(self, net: PreTrainedModel, state: Any) -> None:
        """Let it remember that again, which is not None: other passes may have come between."""
        raise NotImplementedError(f"{type(net).__name__} remembers nothing outside of its cache.")
