"""Images named by labels that a model was never trained on as classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.results.request import Capability, Request
from inference.results.similarity import probabilities

if TYPE_CHECKING:
    from inference.results.inputs import ImageInput

MOST_TEMPLATES = 16
MOST_TESTED = 2_000  # images of a folder
PLACE = "{}"  # of the label in a template


def filled(template: str, label: str) -> str:
    """A template with a label in its place: an article of the label takes that of the template's place."""
    if label.lower().startswith(("a ", "an ", "the ")):
        template = re.sub(rf"\ban? {re.escape(PLACE)}", PLACE, template)
    return template.replace(PLACE, label)


@dataclass(frozen=True, slots=True)
class ZeroShotRequest(Request["ZeroShotResult"]):
    """Which of some labels each image is given.

    Attributes
    ----------
    templates
        Sentences with `{}` where the label goes, see `filled`; the vectors of several are averaged.
    """

    needs = frozenset({Capability.COMPARISON})

    checkpoint: str
    images: tuple[ImageInput, ...]
    labels: tuple[str, ...]
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ZeroShotResult:
    """Every image with every label.

    Attributes
    ----------
    cosines
        float32 [image, label].
    scale, bias, is_each_pair_judged, thumbnails, notes
        As in `SimilarityResult`.
    """

    cosines: np.ndarray
    scale: float
    bias: float
    is_each_pair_judged: bool
    thumbnails: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()

    @property
    def logits(self) -> np.ndarray:
        """float32 [image, label]."""
        return np.float32(self.scale) * self.cosines + np.float32(self.bias)

    @property
    def probabilities(self) -> np.ndarray:
        """float32 [image, label]: softmax over the labels, or of each pair by itself where it is judged so."""
        return probabilities(self.logits, "pair" if self.is_each_pair_judged else "texts")


@dataclass(frozen=True, slots=True)
class ZeroShotTestRequest(Request["ZeroShotTestResult"]):
    """How often the right label is told, of images whose labels are known, beside a linear probe.

    Attributes
    ----------
    folder
        With a folder of images for each label, which is called as it is; empty for generated portraits of one thing.
    n_portraits, seed
        Of these; 2 to 2,000.
    """

    needs = frozenset({Capability.COMPARISON})

    checkpoint: str
    folder: str
    templates: tuple[str, ...]
    n_portraits: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ZeroShotTestResult:
    """On the same held-out half of the images: every second one of each label.

    Attributes
    ----------
    labels
        Names of the classes.
    zero_shot, probe
        int64 [true, told] label: counts of images. The probe is logistic regression on the image vectors of the other
        half; it is empty where that has fewer than two labels.
    n_train
        Images that the probe learned from.
    """

    labels: tuple[str, ...]
    zero_shot: np.ndarray
    probe: np.ndarray
    n_train: int
    notes: tuple[str, ...] = ()

    @property
    def n_test(self) -> int:
        """Images that both were tested on."""
        return int(self.zero_shot.sum())

    @property
    def chance(self) -> float:
        """Share of the most frequent label among them."""
        return float(self.zero_shot.sum(1).max() / self.n_test)


def accuracy(confusion: np.ndarray) -> float:
    """Share of images that were told right; NaN of none."""
    n = int(confusion.sum())
    return float(np.trace(confusion) / n) if n else float("nan")
