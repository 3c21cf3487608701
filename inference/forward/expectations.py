"""What a model that writes expected at each place, put together for whoever looks at it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.inputs.languages import language_ids
from inference.inputs.tokens import piece
from inference.results.decoding import Cut, Written

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
    cuts
        int8 [k], of `Cut`: why one could not be chosen.
    taken
        Place of the token that is there among them.
    surprisal
        Of the token that is there, in bits.
    """

    ids: np.ndarray
    probs: np.ndarray
    chances: np.ndarray
    cuts: np.ndarray
    taken: int
    surprisal: float


def expectations(
    logits: Tensor, tokens: Sequence[int], k: int, *, scores: Tensor | None = None, ruled: Tensor | None = None,
    top_k: int = 0,
) -> list[Expectation]:  # fmt: skip
    """What was expected at each of some places, all at once: a place alone costs as much as many.

    A token that is there takes the last place where it is none of the likeliest.

    Parameters
    ----------
    logits
        float32 [place, d_vocab], as the model gave them.
    tokens
        What is there.
    scores
        float32 [place, d_vocab], from which it was chosen, whose softmax is the chance of each; None for the logits.
    ruled
        The same before temperature, top-k and top-p; None where there was no such.
    top_k
        By which it was chosen; 0 for none.
    """
    log_probs = logits.log_softmax(-1)
    there = torch.tensor(tokens, dtype=torch.int64, device=logits.device)[:, None]
    ids = log_probs.topk(min(k, logits.shape[-1])).indices
    is_among = (ids == there).any(-1, keepdim=True)
    ids[:, -1:] = torch.where(is_among, ids[:, -1:], there)
    told = log_probs.gather(-1, ids)
    probs = told.exp()
    chances = probs if scores is None else scores.softmax(-1).gather(-1, ids)
    cuts = torch.zeros_like(ids, dtype=torch.int8) if scores is None else _cuts(ids, scores, ruled, top_k)
    taken = (ids == there).int().argmax(-1)
    surprisal = -told.gather(-1, taken[:, None])[:, 0] / math.log(2)
    arrays = (each.cpu().numpy() for each in (ids, probs, chances, cuts, taken, surprisal))
    return [
        Expectation(*row, taken=int(at), surprisal=float(bits))
        for *row, at, bits in zip(*arrays, strict=True)
    ]  # fmt: skip


def _cuts(ids: Tensor, scores: Tensor, ruled: Tensor | None, top_k: int) -> Tensor:
    """int8 [place, k], of `Cut`: why a token could not be chosen."""
    is_out = scores.gather(-1, ids) == -torch.inf
    before = scores if ruled is None else ruled
    told = before.gather(-1, ids)
    cuts = torch.where(told == -torch.inf, Cut.FORBIDDEN, Cut.TOP_P)
    if top_k:
        least = before.topk(min(top_k, before.shape[-1])).values[:, -1:]
        cuts = torch.where((told < least) & (told != -torch.inf), Cut.TOP_K, cuts)
    return torch.where(is_out, cuts, Cut.NONE).to(torch.int8)


def of_given(logits: Tensor, tokens: Tensor, k: int) -> list[Expectation]:
    """What was expected at each given token but the first one.

    Parameters
    ----------
    logits
        float32 [n, d_vocab], behind each.
    tokens
        int64 [n].
    """
    return expectations(logits[:-1], tokens[1:].tolist(), k) if len(tokens) > 1 else []


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
    cuts = np.zeros((n, k), np.int8)
    for place, each in enumerate(expected, 1):
        ids[place], probs[place], chances[place] = each.ids, each.probs, each.chances
        taken[place], surprisal[place], cuts[place] = each.taken, each.surprisal, each.cuts
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
        cuts=cuts,
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
    if model.info.languages:  # of some tokenizers these are no special ones
        languages = set(language_ids(model.tokenizer))
        ids = [token for token in ids if token not in languages]
    return str(model.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()
