"""What a model that writes expected at each place, put together for whoever looks at it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.inputs.tokens import piece
from inference.results.decoding import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from inference.forward.model import Model
    from inference.results.tokens import Tokens


@dataclass(frozen=True)
class Expectation:
    """What was expected at one place, and what is there.

    Attributes
    ----------
    ids, probs, chances
        int64 [k], float32 [k], float32 [k]: the likeliest tokens and the one that is there, the likeliest first; their
        probability as the model gave it, and that with which they were chosen.
    taken
        Place of the token that is there among them.
    surprisal
        Of the token that is there, in bits.
    """

    ids: np.ndarray
    probs: np.ndarray
    chances: np.ndarray
    taken: int
    surprisal: float


class Outlook:
    """What is expected behind one text, before it is known what is taken.

    Parameters
    ----------
    logits, scores
        float32 [d_vocab]: as the model gave them, and as it was chosen from them, whose softmax is the chance of each.
    k
        Tokens that are told.
    """

    def __init__(self, logits: Tensor, scores: Tensor, k: int) -> None:
        self._log_probs = logits.log_softmax(-1)
        self._chances = scores.softmax(-1)
        self._ids = self._log_probs.topk(min(k, len(logits))).indices

    def at(self, token: int) -> Expectation:
        """The same, now that `token` is there; it takes the last place where it is none of the likeliest."""
        ids = self._ids
        if token not in ids.tolist():
            ids = torch.cat([ids[:-1], torch.tensor([token], device=ids.device)])
        log_probs = self._log_probs[ids]
        taken = ids.tolist().index(token)
        surprisal = -float(log_probs[taken]) / math.log(2)
        arrays = (each.cpu().numpy() for each in (ids, log_probs.exp(), self._chances[ids]))
        return Expectation(*arrays, taken=taken, surprisal=surprisal)


def of_given(logits: Tensor, tokens: Tensor, k: int) -> list[Expectation]:
    """What was expected at each given token but the first one.

    Parameters
    ----------
    logits
        float32 [n, d_vocab], behind each.
    tokens
        int64 [n].
    """
    return [Outlook(row, row, k).at(token) for row, token in zip(logits[:-1], tokens[1:].tolist(), strict=True)]


class TokenPieces:
    """Tokens as text, each looked up once."""

    def __init__(self, model: Model) -> None:
        self._tokenizer = model.tokenizer
        self._known: dict[int, str] = {}

    def of(self, token: int) -> str:
        """A token with the marks of its tokenizer: `␣cat` is another one than `cat`."""
        if token not in self._known:
            self._known[token] = piece(token, self._tokenizer)
        return self._known[token]


def written(
    model: Model,
    tokens: Tokens,
    expected: Sequence[Expectation],
    pieces: TokenPieces,
    *,
    n_given: int,
    seed: int = 0,
    is_finished: bool = False,
    why_unfinished: str = "",
    also: Sequence[int] = (),
) -> tuple[Written, dict[int, int]]:
    """A text with what was expected at each of its places, and the numbers of token ids in its vocabulary.

    Parameters
    ----------
    expected
        At each place but the first.
    also
        More ids that the vocabulary is to hold.
    """
    k = max((len(each.ids) for each in expected), default=0)
    n = len(tokens)
    ids = np.full((n, k), -1, np.int64)
    probs, chances = np.full((n, k), np.nan, np.float32), np.full((n, k), np.nan, np.float32)
    taken, surprisal = np.full(n, -1, np.int32), np.full(n, np.nan, np.float32)
    for place, each in enumerate(expected, 1):
        ids[place], probs[place], chances[place] = each.ids, each.probs, each.chances
        taken[place], surprisal[place] = each.taken, each.surprisal
    every = sorted({*ids[1:].ravel().tolist(), *also})
    numbers = {token: number for number, token in enumerate(every)}
    found = Written(
        tokens=tokens,
        n_given=n_given,
        seed=seed,
        text=text_of(model, tokens.ids.tolist()),
        vocabulary=tuple(map(pieces.of, every)),
        candidates=np.array([[numbers.get(token, -1) for token in row] for row in ids.tolist()], np.int32).reshape(
            n, k
        ),
        candidate_ids=ids,
        probs=probs,
        chances=chances,
        taken=taken,
        surprisal=surprisal,
        is_finished=is_finished,
        why_unfinished=why_unfinished,
    )
    return found, numbers


def text_of(model: Model, ids: Sequence[int]) -> str:
    """Tokens as they would be typed, without special ones; empty where there is no tokenizer."""
    if model.tokenizer is None:
        return ""
    return str(model.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()
