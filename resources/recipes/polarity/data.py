"""Sentences of film reviews, and whether they praise.

Pang and Lee 2005, "Seeing stars": sentence polarity dataset v1.0, in the split of this collection.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

LABELS = ("negative", "positive")
FILE = Path("classification") / "sentence_polarity.tsv.xz"
N_TRIED = 1_000  # of the train split: epochs and rates are chosen on these, so that val is looked at only once
Split = Literal["train", "val"]


@dataclass(frozen=True)
class Labelled:
    """Sentences and their labels, int64 [n], 1 for praise."""

    texts: tuple[str, ...]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, places: np.ndarray) -> Labelled:
        """Those at some places."""
        return Labelled(tuple(self.texts[place] for place in places), self.labels[places])

    def some(self, n: int, seed: int) -> Labelled:
        """So many of them at random, as many of each label; all where there are no more."""
        rng = np.random.default_rng(seed)
        if n >= len(self):
            return self
        each = [rng.permutation(np.flatnonzero(self.labels == label))[: n // 2] for label in (0, 1)]
        return self.at(rng.permutation(np.concatenate(each)))

    def parted(self, n: int, seed: int) -> tuple[Labelled, Labelled]:
        """All but `n` at random, and those."""
        order = np.random.default_rng(seed).permutation(len(self))
        return self.at(order[n:]), self.at(order[:n])


def read_polarity(folder: Path, split: Split) -> Labelled:
    """The sentences of a split."""
    texts, labels = [], []
    with lzma.open(folder / FILE, "rt", encoding="utf-8") as file:
        for line in file:
            of, label, text = line.rstrip("\n").split("\t")
            if of == split:
                texts.append(text)
                labels.append(int(label))
    return Labelled(tuple(texts), np.array(labels, np.int64))
