"""What all requests and results share. Plain values and NumPy arrays only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class TextInput:
    """What the user typed: a sentence, a pair of sentences, or token ids.

    Attributes
    ----------
    text
        The sentence; for encoder-decoder models the source.
    text_pair
        Sentence B; for encoder-decoder models what the decoder has written so far.
    token_ids
        Ids instead of text, used as they are, without special tokens being added.
    masked
        Positions, counted after tokenizing, that are replaced by the mask token.
    """

    text: str = ""
    text_pair: str | None = None
    token_ids: tuple[int, ...] | None = None
    masked: tuple[int, ...] = ()

    def unmasked(self) -> TextInput:
        """The same input without masks."""
        return replace(self, masked=())


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized sequence, as the model receives it.

    Attributes
    ----------
    ids
        int64 [n].
    words
        What to show for each token, without the tokenizer's own marks (`##`, `Ġ`, `▁`).
    starts_word
        bool [n]; False where a token goes on with the word of the token before it.
    is_special
        bool [n]; [CLS], [SEP], padding and their like (not [MASK]).
    segment
        int8 [n]; 0 for the first sentence, 1 for the second.
    """

    ids: np.ndarray
    words: tuple[str, ...]
    starts_word: np.ndarray
    is_special: np.ndarray
    segment: np.ndarray

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, slots=True)
class TokenizeRequest:
    """Split the input into tokens; runs no model."""

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class TokenizeResult:
    """`tokens`: the sequence that is looked at first (an encoder-decoder's source)."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps (0 of 0: not known), and what is being done, for the user."""

    done: int
    total: int
    label: str


@dataclass(frozen=True, slots=True)
class Partial:
    """A first part of a result, shown until the whole arrives.

    Attributes
    ----------
    is_whole
        Whether it shows something everywhere, so that what would make it exact can wait for other work.
    """

    result: object
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result. Text only, so that no frame keeps activations alive.

    Attributes
    ----------
    kind
        `refused` (the input was bad, `message` says why), `error` (a fault of ours), or `engine` (it died or hung).
    message
        One sentence for the user.
    details
        The traceback, for the log; may be empty.
    """

    kind: str
    message: str
    details: str = ""
