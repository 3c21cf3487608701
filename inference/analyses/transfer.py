"""What a network that reads images is worth for another task: naming what a portrait shows, from few labelled ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from inference.context import Refused
from inference.family.image_features import GivesImageFeatures
from inference.inputs.images import make_drawing, normalised, paint_for
from inference.results.fine_tuning import MeasuredRuns, MeasuredStudy
from inference.results.transfer import (
    LEAST_IMAGES,
    MOST_IMAGES,
    MOST_LABEL_SCENES,
    MOST_RUNS,
    MOST_TESTED,
    TransferRequest,
    TransferResult,
)
from inference.training.image_tower import TaughtTower, fresh_net, learn
from inference.training.linear_probe import linear_probe
from resources.scene_shapes import COLOURS, KINDS

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from inference.context import Context
    from inference.forward.model import Model
    from resources.scenes import Scene

MOST_TRAINED = 30_000_000  # parameters; larger ones take hours on a processor
_N_BATCH = 32
_SEEDS = 2**29  # portraits are painted from here on, where nobody looks by hand; scenes from twice as far
_STEPS = 10  # of training, times the root of the number of images
_KINDS, _COLOURS = list(KINDS), list(COLOURS)
_METHODS = ("frozen", "labels", "random", "scratch")  # as in the studies that come with checkpoints


def transfer(request: TransferRequest, model: Model, context: Context) -> TransferResult:
    """Accuracy by the number of labelled portraits, of four methods.

    `frozen` is logistic regression on the mean of the places that the checkpoint has read last; `random` the same on
    its network with random weights; `labels` the same on one that has learned, from random weights, which kinds and
    colours of things are in drawn scenes; `scratch` is the whole network trained on the portraits alone.

    Parameters
    ----------
    context
        One checkpoint a batch of images, a step of training and a classifier; a partial result after each number.

    Raises
    ------
    Refused
        A number is out of its range.

    References
    ----------
    Desai and Johnson 2021, "VirTex", sections 4.1 and 4.2: linear probes, and captions against other annotations.
    """
    _check(request)
    work = _Transfer(request, model, context)
    for run in range(request.n_runs):
        work.compare_features(run, "frozen", model.net)
        work.compare_features(run, "random", fresh_net(model, run))
    if work.is_trained:
        for run in range(request.n_runs) if request.n_label_scenes else ():
            work.compare_features(run, "labels", work.net_of_labels(run))
        for size in request.sizes if request.with_scratch else ():  # the longest come last
            for run in range(request.n_runs):
                work.learn_from_scratch(run, size)
    return work.result()


def _check(request: TransferRequest) -> None:
    limits = {
        "labelled portraits": (request.most, LEAST_IMAGES, MOST_IMAGES),
        "portraits to test on": (request.n_tested, 1, MOST_TESTED),
        "runs": (request.n_runs, 1, MOST_RUNS),
        "scenes with labels": (request.n_label_scenes, 0, MOST_LABEL_SCENES),
    }
    for what, (n, low, high) in limits.items():
        if not low <= n <= high:
            raise Refused(f"{n:,} {what} were asked for; {low:,} to {high:,} will do.")


@dataclass
class _Transfer:
    """The work as far as it is done: each batch, step and classifier is a step of its progress."""

    request: TransferRequest
    model: Model
    context: Context
    is_trained: bool = field(init=False)
    done: int = field(default=0, init=False)
    accuracies: dict[tuple[str, int], list[float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        assert isinstance(self.model.family, GivesImageFeatures)
        self.family = self.model.family
        assert self.model.preparation is not None
        self.how = self.model.preparation
        request, n_test = self.request, self.request.n_tested
        self._tested = self._portraits(range(MOST_RUNS * MOST_IMAGES, MOST_RUNS * MOST_IMAGES + n_test))
        self._pools: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        wants_training = bool(request.n_label_scenes) or request.with_scratch
        self.n_parameters = self._n_parameters() if wants_training else 0
        self.is_trained = wants_training and self.n_parameters <= MOST_TRAINED
        self.total = self._n_steps()

    def _n_parameters(self) -> int:
        """Of what would be trained."""
        return sum(part.numel() for part in self._tower(0, 1).parts)

    def _n_steps(self) -> int:
        request = self.request
        n_batches = -(-request.most // _N_BATCH) + -(-request.n_tested // _N_BATCH)
        a_method = n_batches + len(request.sizes)
        steps = 2 * request.n_runs * a_method
        if self.is_trained and request.n_label_scenes:
            steps += request.n_runs * (self._n_label_steps + a_method)
        if self.is_trained and request.with_scratch:
            steps += request.n_runs * sum(map(n_scratch_steps, request.sizes))
        return steps

    @property
    def _n_label_steps(self) -> int:
        return -(-self.request.n_label_scenes // _N_BATCH)

    def _step(self, label: str) -> None:
        self.context.checkpoint(self.done, self.total, label)
        self.done += 1

    # Images

    def _portraits(self, places: range) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [image, row, column, 3] and int64 [image], which kind each shows."""
        seen, kinds = [], []
        for place in places:
            self.context.checkpoint()
            scene = make_drawing("portrait", _SEEDS + place)
            seen.append(paint_for(scene, self.how))
            kinds.append(_KINDS.index(scene.things[0].kind))
        return np.stack(seen), np.array(kinds, np.int64)

    def _pool(self, run: int) -> tuple[np.ndarray, np.ndarray]:
        """What a run learns from: portraits that no other one has."""
        if run not in self._pools:
            self._pools[run] = self._portraits(range(run * MOST_IMAGES, run * MOST_IMAGES + self.request.most))
        return self._pools[run]

    def _pixels(self, seen: np.ndarray) -> Tensor:
        """float32 [image, 3, row, column] of uint8 [image, row, column, 3]."""
        return torch.from_numpy(np.stack([normalised(each, self.how) for each in seen])).to(self.model.device)

    def _labelled_scenes(self, run: int, step: int) -> tuple[Tensor, Tensor]:
        """Scenes, and float32 [image, kind or colour]: 1 where such a thing is in it."""
        first = 2 * _SEEDS + run * MOST_LABEL_SCENES + step * _N_BATCH
        scenes = [make_drawing("scene", seed) for seed in range(first, first + _N_BATCH)]
        told = torch.stack([_present(scene) for scene in scenes])
        return self._pixels(np.stack([paint_for(scene, self.how) for scene in scenes])), told.to(self.model.device)

    # Methods

    def compare_features(self, run: int, method: str, net: PreTrainedModel) -> None:
        """A linear classifier for each number of portraits on what a network makes of them."""
        (images, kinds), (tested, truth) = self._pool(run), self._tested
        learned, seen = (self._features(net, each, method) for each in (images, tested))
        for n in self.request.sizes:
            self._step(f"{_named(method)}: classifier on {n:,} portraits")
            if len(np.unique(kinds[:n])) > 1:
                self._note(method, n, float(linear_probe(learned[:n], kinds[:n]).score(seen, truth)))

    def _features(self, net: PreTrainedModel, images: np.ndarray, method: str) -> np.ndarray:
        """float32 [image, number]."""
        found = []
        for start in range(0, len(images), _N_BATCH):
            self._step(f"{_named(method)}: features of portrait {start + 1:,} of {len(images):,}")
            with torch.inference_mode():
                pixels = self._pixels(images[start : start + _N_BATCH]).to(net.dtype)
                found.append(self.family.image_features(net, pixels).float().cpu().numpy())
        return np.concatenate(found)

    def net_of_labels(self, run: int) -> PreTrainedModel:
        """A network that has learned which kinds and colours of things are in scenes."""
        with self._seeded(run):
            tower = self._tower(run, len(_KINDS) + len(_COLOURS))
            learn(
                tower,
                lambda step: self._labelled_scenes(run, step),
                F.binary_cross_entropy_with_logits,
                self._n_label_steps,
                lambda step: self._step(f"Labels, run {run + 1}: step {step + 1:,} of {self._n_label_steps:,}"),
            )
        return tower.net

    def learn_from_scratch(self, run: int, size: int) -> None:
        """The whole network, trained on so many portraits."""
        images, kinds = (part[:size] for part in self._pool(run))
        truth, n_steps = torch.from_numpy(kinds).to(self.model.device), n_scratch_steps(size)
        rng = np.random.default_rng(run)
        n_batch = min(_N_BATCH, size)
        order = np.concatenate([rng.permutation(size) for _ in range(-(-n_steps * n_batch // size))])

        def batch(step: int) -> tuple[Tensor, Tensor]:
            chosen = order[step * n_batch : (step + 1) * n_batch]
            return self._pixels(images[chosen]), truth[torch.from_numpy(chosen).to(truth.device)]

        with self._seeded(run):
            tower = self._tower(run, len(_KINDS))
            what = f"From scratch on {size:,} portraits, run {run + 1}"
            learn(
                tower,
                batch,
                F.cross_entropy,
                n_steps,
                lambda step: self._step(f"{what}: step {step + 1:,} of {n_steps:,}"),
            )
        tested, expected = self._tested
        told = []
        with torch.inference_mode():
            for start in range(0, len(tested), _N_BATCH):
                self.context.checkpoint()
                told.append(tower(self._pixels(tested[start : start + _N_BATCH])).argmax(-1).cpu().numpy())
        self._note("scratch", size, float((np.concatenate(told) == expected).mean()))

    def _tower(self, run: int, n_labels: int) -> TaughtTower:
        example = self._pixels(self._tested[0][:1])
        return TaughtTower(self.family, fresh_net(self.model, run), example, n_labels)

    @contextmanager
    def _seeded(self, run: int) -> Iterator[None]:
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(run)
            yield

    # What came of it

    def _note(self, method: str, n: int, accuracy: float) -> None:
        self.accuracies.setdefault((method, n), []).append(accuracy)
        self.context.partial(self.result())

    def result(self) -> TransferResult:
        """The numbers so far."""
        request, name = self.request, self.model.info.name
        about = {
            "frozen": f"linear classifier on {name}, as it is",
            "labels": f"the same on weights that learned from labels of {request.n_label_scenes:,} scenes",
            "random": "the same on random weights",
            "scratch": "the whole network trained on these portraits alone",
        }
        found = [(method, n) for method in _METHODS for n in request.sizes if (method, n) in self.accuracies]
        runs = tuple(MeasuredRuns(method, n, np.array(self.accuracies[method, n])) for method, n in found)
        return TransferResult(
            MeasuredStudy(
                name,
                f"which of {len(KINDS)} kinds of thing does a portrait show",
                request.n_tested,
                about,
                runs,
                self._told(),
                "portraits",
            )
        )

    def _told(self) -> tuple[str, ...]:
        request, name = self.request, self.model.info.name
        told = [
            f"Measured on this machine: accuracy on {request.n_tested:,} drawn portraits that no network has seen; "
            f"chance is 1 in {len(KINDS)}."
        ]
        if self.n_parameters > MOST_TRAINED:
            told.append(
                f"Nothing was trained for comparison: what reads images in {name} has {self.n_parameters:,} "
                f"parameters; up to {MOST_TRAINED:,} are trained here."
            )
        elif request.n_label_scenes:
            told.append(
                f"Labels tell which kinds and colours of things are in a scene; what {name} itself was trained on, "
                "mostly far more, stands in its card."
            )
        return tuple(told)


def n_scratch_steps(size: int) -> int:
    """Steps of training on so many images: the more, the fewer times each is seen."""
    return round(_STEPS * size**0.5)


def _present(scene: Scene) -> Tensor:
    present = torch.zeros(len(_KINDS) + len(_COLOURS))
    for thing in scene.things:
        present[_KINDS.index(thing.kind)] = 1
        present[len(_KINDS) + _COLOURS.index(thing.colour)] = 1
    return present


def _named(method: str) -> str:
    return {"frozen": "As it is", "random": "Random weights", "labels": "Labels"}[method]
