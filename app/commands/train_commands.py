"""`headlight train`: what can be trained, a module each."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Protocol

from app.commands import train_word2vec
from app.commands.train_lab import CAUSAL, CLASSIFY, CONTRASTIVE, MASKED, REVERSAL

if TYPE_CHECKING:
    from app.commands.train_place import TrainPlace

ABOUT = "train a model on data of yours"


class TrainCommand(Protocol):
    """A module that trains something."""

    @property
    def ABOUT(self) -> str: ...  # noqa: N802 (a constant of a module)
    def add_options(self, parser: ArgumentParser) -> None: ...
    def run(self, args: Namespace, place: TrainPlace) -> str: ...


TRAIN: dict[str, TrainCommand] = {
    "reversal": REVERSAL,
    "masked": MASKED,
    "causal": CAUSAL,
    "classify": CLASSIFY,
    "contrastive": CONTRASTIVE,
    "word2vec": train_word2vec,
}
