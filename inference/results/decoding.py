"""How a model that writes chooses its tokens, and what it has written: translations and plain texts alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from inference.results.tokens import Tokens

WAYS = ("greedy", "beam", "sample")
MOST_BEAMS = 16
USUAL_BEAMS = 4  # where a checkpoint says nothing
MOST_TOKENS = 2_000  # that are written at once
MOST_CANDIDATES = 50  # that are told of each place


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the next token is chosen.

    Attributes
    ----------
    way
        `greedy` (the likeliest one), `beam` (the likeliest of several whole texts) or `sample`.
    n_beams
        Texts that are written at once by `beam`; 0 for as many as the checkpoint says, or 4 where it says none.
    temperature, top_k, top_p, seed
        Of `sample`: above 0 to 2; only so many of the likeliest tokens, 0 for all; only the likeliest tokens that
        together reach this probability; 0 and up.
    """

    way: str = "greedy"
    n_beams: int = 0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0


class Cut(IntEnum):
    """Why a token could not be chosen."""

    NONE = 0  # it could
    FORBIDDEN = 1  # by the checkpoint
    TOP_K = 2
    TOP_P = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A text as far as it is written: a `Growing`, whose steps are its tokens.

    Nothing is known of the first place, before which there is nothing.

    Attributes
    ----------
    tokens
        What the decoder was given, its start token first, and what it has written since.
    n_given
        Tokens at the front that were given.
    text
        The same as it would be typed, without special tokens.
    vocabulary
        Tokens as text, by the numbers in `candidates`.
    candidates, candidate_ids
        int32 and int64 [pos, k]: what was expected at each place, the likeliest first, as number in `vocabulary` and
        as token id; -1 at the first place.
    probs, chances
        float32 [pos, k]: probability of each as the model gave it, and that with which it was chosen, after what the
        checkpoint forbids, temperature, top-k and top-p; NaN at the first place.
    cuts
        int8 [pos, k], of `Cut`: why one could not be chosen.
    taken
        int32 [pos]: place of the token that is there among the candidates; -1 where it is none of them.
    surprisal
        float32 [pos], bits: -log2 of the model's own probability of the token that is there; NaN at the first place.
    """

    tokens: Tokens
    n_given: int
    seed: int
    text: str
    vocabulary: tuple[str, ...]
    candidates: np.ndarray
    candidate_ids: np.ndarray
    probs: np.ndarray
    chances: np.ndarray
    cuts: np.ndarray
    taken: np.ndarray
    surprisal: np.ndarray
    is_finished: bool
    why_unfinished: str = ""

    @property
    def n_steps(self) -> int:
        return len(self.tokens)

    @property
    def n_expected(self) -> None:
        """It ends with a token of its own."""
        return None


class NodeKind(IntEnum):
    """What became of a token in a beam search."""

    KEPT = 0  # it was gone on with
    PRUNED = 1  # others were likelier
    ENDED = 2  # a text ended with it


@dataclass(frozen=True, slots=True)
class BeamTree:
    """All texts that a beam search has begun: a node for each token that it weighed, in the order of the steps.

    Attributes
    ----------
    parents
        int32 [node]: the node before; -1 for what was given.
    depths
        int32 [node]: tokens since what was given, from 1.
    ids, numbers
        int64 and int32 [node]: the token, and its number in `Written.vocabulary`.
    log_probs
        float32 [node]: natural logarithm of the probability of all tokens since what was given.
    kinds
        int8 [node], of `NodeKind`.
    """

    parents: np.ndarray
    depths: np.ndarray
    ids: np.ndarray
    numbers: np.ndarray
    log_probs: np.ndarray
    kinds: np.ndarray

    def path(self, node: int) -> list[int]:
        """The nodes from what was given to this one."""
        found = []
        while node >= 0:
            found.append(node)
            node = int(self.parents[node])
        return found[::-1]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One of the best texts of a beam search.

    Attributes
    ----------
    node
        Its last token in the tree.
    log_prob, score
        Natural logarithm of its probability; the same divided by its length to the power of the length penalty, by
        which texts are ranked.
    is_finished
        Whether it came to its own end.
    """

    text: str
    node: int
    n_tokens: int
    log_prob: float
    score: float
    is_finished: bool
