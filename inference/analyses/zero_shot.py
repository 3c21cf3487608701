"""Images named by labels: by the nearest text, and by a linear probe for comparison."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from inference.context import Refused
from inference.forward.pairs.vectors import N_BATCH, image_vectors, scale_and_bias, text_vectors, vectors_of
from inference.inputs.images import prepare
from inference.inputs.read_alike import notes_of_compared
from inference.results.counts import count_of, verb
from inference.results.inputs import MOST_TEXTS, ImageInput
from inference.results.zero_shot import (
    MOST_TEMPLATES,
    MOST_TESTED,
    PLACE,
    ZeroShotRequest,
    ZeroShotResult,
    ZeroShotTestRequest,
    ZeroShotTestResult,
    filled,
)
from inference.training.linear_probe import linear_probe
from resources.scene_shapes import KINDS

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model
    from inference.inputs.images import Prepared

_SEEDS = 2**30  # portraits are painted from here on, where nobody looks by hand
_MOST_TOLD = 3  # files that are named


def zero_shot(request: ZeroShotRequest, model: Model, context: Context) -> ZeroShotResult:
    """Cosines of each image with each label, which is put into templates whose vectors are averaged.

    Parameters
    ----------
    context
        One checkpoint an image that is read, and one a batch.

    Raises
    ------
    Refused
        There is no image or no label, or a template has no place for one; else as `image_vectors`, `text_vectors`.

    References
    ----------
    Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section 3.1.4.
    """
    if not request.images or not request.labels:
        raise Refused("One image and one label are needed at least.")
    images = image_vectors(model, request.images, context)
    labels = label_vectors(model, request.labels, request.templates, context)
    cosines = torch.stack([image.vector for image in images]) @ labels.T
    scale, bias = scale_and_bias(model)
    return ZeroShotResult(
        cosines.numpy().copy(),
        scale,
        bias,
        model.pairs.is_each_pair_judged(model.net.config),
        tuple(image.thumbnail for image in images),
        (
            *dict.fromkeys(note for image in images for note in image.notes),
            *notes_of_compared(model.info.name, model.tokenizer, request.labels),
        ),
    )


def label_vectors(model: Model, labels: tuple[str, ...], templates: tuple[str, ...], context: Context) -> Tensor:
    """float32 [label, number], of length 1: the mean over the templates of vectors of length 1.

    Raises
    ------
    Refused
        There is no template or there are too many, or one has no place for the label.
    """
    if not 1 <= len(templates) <= MOST_TEMPLATES:
        raise Refused(f"There are {len(templates)} templates; 1 to {MOST_TEMPLATES} are allowed.")
    for template in templates:
        if PLACE not in template:
            raise Refused(f"The template “{template}” has no {PLACE} where the label goes.")
    texts = [filled(template, label) for label in labels for template in templates]
    vectors = text_vectors(model, texts, context)
    return F.normalize(vectors.unflatten(0, (len(labels), len(templates))).mean(1), dim=-1)


def zero_shot_test(request: ZeroShotTestRequest, model: Model, context: Context) -> ZeroShotTestResult:
    """Confusion of labels, zero-shot and of logistic regression on the same vectors of images.

    Parameters
    ----------
    context
        One checkpoint an image.

    Raises
    ------
    Refused
        The folder has no two sub-folders with images, or too many; else as `label_vectors`.

    References
    ----------
    Radford et al. 2021, section 3.2 (linear probes beside zero-shot).
    """
    labels, images, truth, notes = _labelled(request)
    assert model.preparation is not None
    vectors: list[Tensor] = []
    prepared: list[Prepared] = []  # that wait for the next pass
    kept: list[int] = []
    unread: list[str] = []
    for number, image in enumerate(images):
        context.checkpoint(number, len(images), f"Image {number + 1:,} of {len(images):,}")
        try:
            prepared.append(prepare(image, model.preparation))
            kept.append(number)
        except Refused as refused:
            unread.append(str(refused))
        if len(prepared) == N_BATCH or number + 1 == len(images):
            vectors += [one.vector for one in vectors_of(model, prepared)]
            prepared = []
    if not kept:
        raise Refused(f"No image can be read, of {len(images):,} that are there: {unread[0]}")
    truth = truth[kept]
    is_test = _every_second(truth)
    features = torch.stack(vectors).numpy()
    texts = label_vectors(model, labels, request.templates, context).numpy()
    told = (features[is_test] @ texts.T).argmax(1)
    context.checkpoint(len(images), len(images), "Linear probe")
    n = len(labels)
    if unread:
        more = f" and {len(unread) - _MOST_TOLD} more" if len(unread) > _MOST_TOLD else ""
        left_out = f"{count_of(len(unread), 'images')} {verb(len(unread), past=True)} left out"
        notes = (*notes, f"{left_out}: {' '.join(unread[:_MOST_TOLD])}{more}")
    return ZeroShotTestResult(
        labels,
        _confusion(truth[is_test], told, n),
        _probe(features, truth, is_test, n),
        int((~is_test).sum()),
        notes,
    )


def _labelled(request: ZeroShotTestRequest) -> tuple[tuple[str, ...], list[ImageInput], np.ndarray, tuple[str, ...]]:
    """Labels, images, int64 [image] label of each, and notes."""
    if request.folder:
        return _of_folder(Path(os.path.expanduser(request.folder)))
    if not 2 <= request.n_portraits <= MOST_TESTED:
        raise Refused(f"{request.n_portraits:,} portraits were asked for; 2 to {MOST_TESTED:,} will do.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")
    from inference.inputs.images import make_drawing

    first = _SEEDS + request.seed % 10_000 * MOST_TESTED
    images = [ImageInput(seed=first + i, kind="portrait") for i in range(request.n_portraits)]
    kinds = tuple(KINDS)
    truth = [kinds.index(make_drawing("portrait", image.seed).things[0].kind) for image in images]
    return kinds, images, np.array(truth, np.int64), ()


def _of_folder(folder: Path) -> tuple[tuple[str, ...], list[ImageInput], np.ndarray, tuple[str, ...]]:
    from PIL import Image

    endings = set(Image.registered_extensions())
    try:
        by_label = {
            place.name.replace("_", " "): sorted(
                file for file in place.iterdir() if file.suffix.lower() in endings and file.is_file()
            )
            for place in sorted(folder.iterdir())
            if place.is_dir() and not place.name.startswith(".")
        }
    except OSError as error:
        raise Refused(f"{folder} cannot be read: {error.strerror}.") from error
    by_label = {label: files for label, files in by_label.items() if files}
    if not 2 <= len(by_label) <= MOST_TEXTS:
        raise Refused(
            f"{folder.name} has {count_of(len(by_label), 'folders')} with images; 2 to {MOST_TEXTS} are needed, "
            "one a label, each called as its label."
        )
    n = sum(map(len, by_label.values()))
    notes: tuple[str, ...] = ()
    if n > MOST_TESTED:
        most = MOST_TESTED // len(by_label)
        by_label = {label: files[:most] for label, files in by_label.items()}
        notes = (f"Of {n:,} images the first {most:,} of each label are looked at.",)
    labels = tuple(by_label)
    images = [ImageInput(path=str(file)) for files in by_label.values() for file in files]
    truth = np.repeat(np.arange(len(labels)), [len(files) for files in by_label.values()])
    return labels, images, truth, notes


def _every_second(truth: np.ndarray) -> np.ndarray:
    """bool [image]: those that are tested, the first, third ... of each label."""
    is_test = np.zeros(len(truth), bool)
    for label in np.unique(truth):
        is_test[np.flatnonzero(truth == label)[::2]] = True
    return is_test


def _probe(features: np.ndarray, truth: np.ndarray, is_test: np.ndarray, n: int) -> np.ndarray:
    """Confusion of logistic regression; nothing where there are not two labels to learn."""
    if len(np.unique(truth[~is_test])) < 2:
        return np.zeros((0, 0), np.int64)
    told = linear_probe(features[~is_test], truth[~is_test]).predict(features[is_test])
    return _confusion(truth[is_test], told, n)


def _confusion(truth: np.ndarray, told: np.ndarray, n: int) -> np.ndarray:
    """int64 [true, told]."""
    confusion = np.zeros((n, n), np.int64)
    np.add.at(confusion, (truth, told), 1)
    return confusion
