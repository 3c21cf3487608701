"""What the axes of a map show: tokens or whole words, with or without the special ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.tokens import Tokens
from widgets.kit.clean import clean, isolated

_N = r"(0|[1-9]\d*)"
COORDINATE = f"([zyx]) {_N}"  # the name of a vertex's coordinate, such as "x 67"
POOLED = " \N{BLACK LEFT-POINTING SMALL TRIANGLE}"  # behind the token from which the vector of all is read


@dataclass(frozen=True)
class TokenAxis:
    """Units along an axis, each a token or the pieces of a word.

    Attributes
    ----------
    labels
        What to write beside each unit.
    starts, ends
        int64 [unit]; the unit is the tokens `starts .. ends - 1`.
    n_hidden
        Special tokens that are left out.
    """

    labels: tuple[str, ...]
    starts: np.ndarray
    ends: np.ndarray
    n_hidden: int

    @staticmethod
    def of(tokens: Tokens, *, hide_special: bool = False, merge_words: bool = False) -> TokenAxis:
        """The units of a sequence. If all its tokens are special, none is hidden."""
        is_special = np.asarray(tokens.is_special, bool)
        is_start = np.ones(len(tokens), bool)
        if merge_words:
            # A special token is a word by itself, and so is what follows it.
            is_start = tokens.starts_word | is_special | np.append(True, is_special[:-1])
            is_start[:1] = True
        is_hidden = is_special if hide_special and not is_special.all() else np.zeros(len(tokens), bool)
        return _axis(tokens.words, is_start.tobytes(), is_hidden.tobytes(), tokens.pooled)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def is_plain(self) -> bool:
        """Whether each token is a unit."""
        return self.n_hidden == 0 and bool((self.ends - self.starts == 1).all())

    def unit_of(self, position: int | None) -> int | None:
        """The unit that a token is part of; None where it is hidden."""
        if position is None:
            return None
        unit = int(np.searchsorted(self.starts, position, side="right")) - 1
        return unit if unit >= 0 and position < self.ends[unit] else None


@lru_cache(maxsize=32)
def _axis(words: tuple[str, ...], is_start: bytes, is_hidden: bytes, pooled: int | None) -> TokenAxis:
    """Every head and layer of a text has the same axes, which are made once; bool [token] as bytes."""
    starts = np.flatnonzero(np.frombuffer(is_start, bool))
    ends = np.append(starts[1:], len(words))
    is_kept = ~np.frombuffer(is_hidden, bool)[starts]
    starts, ends = starts[is_kept], ends[is_kept]
    labels = tuple(
        label("".join(words[start:end])) + (POOLED if pooled in range(start, end) else "")
        for start, end in zip(starts, ends, strict=True)
    )
    return TokenAxis(labels, starts, ends, len(words) - int((ends - starts).sum()))


@lru_cache(maxsize=2**16)
def label(word: str) -> str:
    """A token as it is written beside a map; what would be blank has a sign."""
    return clean(word).strip() or "\N{OPEN BOX}"


def quoted(tokens: Tokens, position: int) -> str:
    """A token in the middle of a sentence, such as “king”: without the quotes its word would read as one of ours."""
    return f"“{isolated(label(tokens.words[position]))}”"


def names_explained(words: Iterable[str]) -> str:
    """How the names of places that are no words are read, by an example of each kind; empty where all are words."""
    return _explained(tuple(words))


@lru_cache(maxsize=32)
def _explained(words: tuple[str, ...]) -> str:
    """Every head and layer of a text has the same words, which are read once."""
    kinds = (
        (f"{_N},{_N},{_N}", _tr("“{}” is frame {} of those read, row {}, column {}")),
        (f"{_N},{_N}", _tr("“{}” is row {}, column {}")),
        (COORDINATE, _tr("“{}” is a vertex's {} = {}")),
        (f"v{_N}", _tr("“{}” is vertex {}")),
    )
    parts = []
    for kind, text in kinds:
        found = [match for word in words if (match := re.fullmatch(kind, word.removesuffix(POOLED)))]
        # Which number is which is seen where they differ.
        example = next((match for match in found if len(set(match.groups())) == len(match.groups())), None)
        if example is not None:
            parts.append(text.format(example.group(), *example.groups()))
    if any(word.endswith(POOLED) for word in words):
        parts.append(_tr("{} marks the token whose state stands for the whole").format(POOLED.strip()))
    return "; ".join(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TokenAxis", text)


def by_unit(pattern: np.ndarray, queries: TokenAxis, keys: TokenAxis) -> np.ndarray:
    """Attention between units: the sum over the pieces of a key, the mean over the pieces of a query.

    So a row still says which share of a word's attention goes where. Rows are not brought back to 1 where special
    keys are hidden. `pattern` is [..., query_pos, key_pos].
    """
    if not keys.is_plain:
        pattern = _sums(pattern, keys)
    if not queries.is_plain:
        pattern = (_sums(pattern.swapaxes(-1, -2), queries) / (queries.ends - queries.starts)).swapaxes(-1, -2)
    return pattern


def _sums(values: np.ndarray, axis: TokenAxis) -> np.ndarray:
    """Sum over the tokens of each unit, along the last axis."""
    # Hidden tokens lie between units: every second slice is dropped.
    bounds = np.stack([axis.starts, axis.ends], axis=-1).ravel()
    padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1), values.dtype)], axis=-1)
    return np.add.reduceat(padded, bounds, axis=-1)[..., ::2]
