"""Options of a text that is written on: how tokens are chosen, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.decoding import MOST_TOKENS
from inference.results.generation import TASK_TITLES, TextTask
from widgets.options import choice, number, switch, words
from widgets.writing.options import DecodingOptions, WhoseAttention, attention_option


@dataclass(frozen=True)
class GenerationOptions(DecodingOptions):
    """How a text is written on, and what is shown of it."""

    task: TextTask = choice(
        "text",
        TASK_TITLES,
        "Task",
        "what the model is to do with the text, put as a text that it goes on with",
    )
    system: str = words(
        "",
        "System message",
        "What the model is told before the message, where its chat template takes that",
        most=10_000,
        otherwise="none",
    )
    thinking: Literal["usual", "on", "off"] = choice(
        "usual",
        {"usual": "As usual", "on": "On", "off": "Off"},
        "Thinking",
        "whether the model thinks aloud before it answers, where its chat template has a switch for that; as usual: as "
        "the template has it",
    )
    most: int = number(50, 1, MOST_TOKENS, "At most", "Tokens that are written", step=10)
    show: Literal["text", "tree"] = choice(
        "text",
        {"text": "Text", "tree": "Beams"},
        "Show",
        "the text with what each token attended to, or the texts that a beam search has weighed",
    )
    attention: WhoseAttention = attention_option(
        "of the chosen token to the text: the mean of all heads, of the heads of a layer, or one head"
    )
    has_probs: bool = switch(False, "Probabilities", "Write under each token how likely it was.", flag="probabilities")

    @property
    def thinks(self) -> bool | None:
        """The same for a request."""
        return {"usual": None, "on": True, "off": False}[self.thinking]
