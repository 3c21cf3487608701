"""What a head does, in numbers: sums over rows of its pattern, block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.results.measures import MARKS, MEASURES

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from inference.results.tokens import Tokens

NAMES = (*(measure.name for measure in MEASURES), *MARKS)


@dataclass(frozen=True)
class Around:
    """What lies around some queries, the same for all heads.

    Attributes
    ----------
    distance
        float [row, key_pos], in tokens.
    follows
        int64 [2, pair]: rows, counted within the block, and keys that follow an earlier occurrence of the row's token.
    n_with_one
        How many of the rows have such a key.
    neighbours
        int64 [2, row] by the names of measures: rows that have a key before, behind, or at their own place, and that
        key.
    """

    distance: Tensor
    follows: Tensor
    n_with_one: int
    neighbours: dict[str, Tensor]


class KeyPlaces:
    """What measures need to know of the places in a sequence, the same for all heads and layers.

    Parameters
    ----------
    key_tokens
        Of the sequence that is attended to.
    is_cross
        Whether queries are of another sequence; what compares places is NaN then.
    is_causal
        Whether the future is hidden; `next` is NaN then.
    marks
        Positions of the [CLS] and of the [SEP] tokens, as `marks_of` finds them.
    """

    def __init__(
        self,
        key_tokens: Tokens,
        device: torch.device,
        *,
        is_cross: bool,
        is_causal: bool,
        marks: Mapping[str, np.ndarray],
    ) -> None:
        self.device, self.is_cross, self.is_causal = device, is_cross, is_causal
        of_keys = {**marks, "special": np.flatnonzero(key_tokens.is_special)}
        self.of_keys = {name: torch.from_numpy(keys).to(device) for name, keys in of_keys.items() if len(keys)}
        self.keys = torch.arange(len(key_tokens), device=device)
        # -1 stands before the first token, and for tokens that repeat without meaning anything by it.
        ids = np.where(key_tokens.is_special, -1, key_tokens.ids)
        self._ids = torch.from_numpy(ids).to(device)
        self._id_before = torch.from_numpy(np.concatenate([[-1], ids[:-1]])).to(device)

    def around(self, rows: Tensor, dtype: torch.dtype) -> Around | None:
        """For `HeadMeasures.add`, of patterns of that type; None between two sequences."""
        if self.is_cross:
            return None
        distance = (rows.to(dtype)[:, None] - self.keys).abs_()
        ids = self._ids[rows, None]
        follows = ((self._id_before == ids) & (ids >= 0) & (self.keys <= rows[:, None])).nonzero().T
        return Around(distance, follows, len(follows[0].unique()), self._neighbours(rows))

    def _neighbours(self, rows: Tensor) -> dict[str, Tensor]:
        found = {}
        for name, shift in (("previous", -1), ("same", 0), ("next", 1)):
            keys = rows + shift
            there = ((keys >= 0) & (keys < len(self.keys))).nonzero()[:, 0]
            if len(there) and not (self.is_causal and name == "next"):
                found[name] = torch.stack([there, keys[there]])
        return found


class HeadMeasures:
    """Means over the queries of some heads of a layer; no whole pattern is ever needed.

    Parameters
    ----------
    names
        The measures that are wanted.
    """

    def __init__(self, n_heads: int, places: KeyPlaces, names: Sequence[str] = NAMES) -> None:
        self._places, self._names = places, tuple(names)
        # On the device of the patterns, so that a block costs no wait for a GPU.
        self._sums = torch.zeros(len(self._names), n_heads, dtype=torch.float64, device=places.device)
        self._counts = np.zeros((len(self._names), n_heads))

    def add(self, pattern: Tensor, heads: slice, around: Around | None) -> None:
        """Take in some rows of some heads.

        Parameters
        ----------
        pattern
            float [head, row, key_pos].
        heads
            Which ones these are.
        around
            Of the rows.
        """

        def add(name: str, values: Tensor, n_rows: int) -> None:  # [head, row], or of several parts of a row
            index = self._names.index(name)
            self._sums[index, heads] += values.sum(-1, dtype=torch.float64)
            self._counts[index, heads] += n_rows

        n_rows = pattern.shape[1]

        spare = torch.empty_like(pattern)
        add("entropy", entropy(pattern, spare), n_rows)
        for name, keys in self._places.of_keys.items():
            add(name, pattern[:, :, keys].sum(-1), n_rows)
        if around is None:
            return
        mean = torch.mul(pattern, around.distance, out=spare).sum(-1)
        add("distance", mean, n_rows)
        if "distance_variance" in self._names:
            # About the mean: a difference of squares would lose all digits in a long text.
            variance = torch.sub(around.distance, mean[..., None], out=spare).square_().mul_(pattern).sum(-1)
            add("distance_variance", variance, n_rows)
        if around.n_with_one:
            add("induction", pattern[:, *around.follows], around.n_with_one)
        for name, cells in around.neighbours.items():
            add(name, pattern[:, *cells], cells.shape[1])

    def means(self) -> dict[str, np.ndarray]:
        """float32 [head] by name; NaN for what has no meaning."""
        with np.errstate(invalid="ignore"):
            means = (self._sums.cpu().numpy() / self._counts).astype(np.float32)
        return dict(zip(self._names, means, strict=True))


def marks_of(tokens: Tokens, tokenizer: PreTrainedTokenizerBase | None) -> dict[str, np.ndarray]:
    """Positions, int64 [n], of the tokens that begin and end a text, by the names of their measures.

    Where a tokenizer has no [CLS] or [SEP], what begins or ends a text stands for it, such as <s> and </s>. Beside what
    is seen they have no ids.
    """
    words = np.array(tokens.words, object)
    found: dict[str, np.ndarray] = {}
    for name, instead in zip(MARKS, ("bos", "eos"), strict=True):
        ids = (getattr(tokenizer, f"{each}_token_id", None) for each in (name, instead))
        token = next((token for token in ids if token is not None), None)
        is_one = tokens.is_special & (tokens.ids < 0) & (words == f"[{name.upper()}]")
        found[name] = np.flatnonzero(is_one if token is None else is_one | (tokens.is_special & (tokens.ids == token)))
    if np.array_equal(found["cls"], found["sep"]):  # one token for both, such as GPT-2's
        found["sep"] = np.empty(0, np.int64)
    return found


def words_of(marks: Mapping[str, np.ndarray], tokens: Tokens) -> dict[str, str]:
    """How the text writes them; none where it has none."""
    return {name: tokens.words[int(places[0])] for name, places in marks.items() if len(places)}


def entropy(pattern: Tensor, spare: Tensor) -> Tensor:
    """Bits of each row, [head, row], of float [head, row, key_pos]; `spare`, of the same shape, is written over.

    torch.special.entr takes four times as long; the least number stands for 0, whose share is 0.
    """
    torch.clamp_min(pattern, torch.finfo(pattern.dtype).tiny, out=spare)
    return spare.log_().mul_(pattern).sum(-1) / -math.log(2)
