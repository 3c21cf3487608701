"""Options of the order of frames, for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import MOST_SEED, Options, choice, number

OrderPage = Literal["order", "match", "words"]
OrderAgainst = Literal["sentences", "frames"]
MatchNumbers = Literal["sentence", "frame", "cosine"]


@dataclass(frozen=True)
class OrderOptions(Options):
    """What is shown of frames and sentences, and how."""

    show: OrderPage = choice(
        "order",
        {"order": "Order", "match": "Match", "words": "Masked words"},
        "Show",
        "what comes before what, which frame each sentence belongs to, or which words are masked",
    )
    against: OrderAgainst = choice(
        "sentences",
        {"sentences": "Sentences", "frames": "Frames"},
        "Against",
        "what each frame is compared with in time",
    )
    numbers: MatchNumbers = choice(
        "sentence",
        {"sentence": "Frame of each sentence", "frame": "Sentence of each frame", "cosine": "Cosines"},
        "Numbers",
        "softmax over the frames of a sentence, over the sentences of a frame, or the cosines themselves",
    )
    temperature: float = number(
        0.05, 0.01, 1.0, "Temperature", "cosines are divided by it before the softmax", step=0.01, decimals=2
    )
    mask_seed: int = number(0, 0, MOST_SEED, "Seed", "decides which words are masked", flag="mask-seed")
