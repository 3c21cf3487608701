"""How well a linear classifier tells things apart by the features of each layer (Chen et al. 2020, figure 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.layer_outputs import blocks_of, layer_outputs, names_of
from inference.inputs.images import Prepared, make_drawing, normalised, paint_for
from inference.results.inputs import ImageInput, Input
from inference.results.probe import MOST_IMAGES, ProbeRequest, ProbeResult
from inference.training.linear_probe import linear_probe
from resources.scene_shapes import KINDS

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

_N_BATCH = 16
_SIDE_OF_PIXELS = 32  # the pixels themselves are looked at in no finer image
_CLASS_OF = {kind: i for i, kind in enumerate(KINDS)}


def probe(request: ProbeRequest, model: Model, context: Context) -> ProbeResult:
    """Accuracy of logistic regression on what leaves each layer, averaged over the patches or pixels of an image.

    The images are portraits of one thing, drawn afresh, and the classifier is to name its kind. Image GPT's layers
    are read behind the norm that the next one begins with, as in the paper.

    Parameters
    ----------
    context
        One checkpoint a batch of images, and before each layer's classifier; a partial result behind each.

    Raises
    ------
    Refused
        Fewer than two images a class to learn from, fewer than one to test on, too many, or a seed out of range.

    References
    ----------
    Chen et al. 2020, "Generative Pretraining from Pixels", section 2.4 and figure 2.
    """
    _check(request)
    names = names_of(model)
    n = request.n_train + request.n_test
    labels, features, pixels = _features(request, model, context)
    train, test = slice(0, request.n_train), slice(request.n_train, n)
    accuracy = np.full(len(names), np.nan, np.float32)
    chance = float(np.bincount(labels[test], minlength=len(KINDS)).max() / request.n_test)

    def score(values: np.ndarray) -> float:
        return float(linear_probe(values[train], labels[train]).score(values[test], labels[test]))

    context.checkpoint(n, n, "Classifier on pixels")
    on_pixels = score(pixels)

    def result() -> ProbeResult:
        return ProbeResult(names, accuracy.copy(), chance, on_pixels, request.n_train, request.n_test)

    context.partial(result())
    for layer, name in enumerate(names):
        context.checkpoint(layer, len(names), f"Classifier on {name.lower()}")
        accuracy[layer] = score(features[layer])
        context.partial(result())
    return result()


def _check(request: ProbeRequest) -> None:
    least = 2 * len(KINDS)
    if not least <= request.n_train <= MOST_IMAGES:
        raise Refused(f"{request.n_train:,} images to learn from were asked for; {least} to {MOST_IMAGES:,} will do.")
    if not 1 <= request.n_test <= MOST_IMAGES:
        raise Refused(f"{request.n_test:,} images to test on were asked for; 1 to {MOST_IMAGES:,} will do.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")


def _features(request: ProbeRequest, model: Model, context: Context) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes int64 [image], features float32 [layer, image, d_model], and pixels float32 [image, number]."""
    n = request.n_train + request.n_test
    labels = np.empty(n, np.int64)
    features: list[np.ndarray] = []
    pixels: list[np.ndarray] = []
    start = 0
    for prepared in _batches(n, request.seed, model, context):
        for i, one in enumerate(prepared):
            assert one.scene is not None
            labels[start + i] = _CLASS_OF[one.scene.things[0].kind]
            pixels.append(_coarse(one.values))
        features.append(_means(prepared, model, context))
        start += len(prepared)
        context.checkpoint(start, n, f"Features of image {start:,} of {n:,}")
    return labels, np.concatenate(features, 1), np.stack(pixels)


def _batches(n: int, seed: int, model: Model, context: Context) -> Iterator[list[Prepared]]:
    how = model.preparation
    assert how is not None
    for start in range(0, n, _N_BATCH):
        batch = []
        for i in range(start, min(start + _N_BATCH, n)):
            context.checkpoint()
            # A run of seeds for each probe, none of which is in another's.
            scene = make_drawing("portrait", (seed * 2 * MOST_IMAGES + i) % 2**30)
            seen = paint_for(scene, how)
            size = (seen.shape[1], seen.shape[0])
            batch.append(
                Prepared(seen, size, seen, normalised(seen, how), (0.0, 0.0, 1.0, 1.0), "", how.palette, scene)
            )
        yield batch


def _means(prepared: list[Prepared], model: Model, context: Context) -> np.ndarray:
    """Mean over the patches, float32 [layer, image, d_model]."""
    image = Input(image=ImageInput())
    encoded = [model.family.encode(image, model.net.config, prepared=one) for one in prepared]
    tensors: dict[str, Tensor] = {
        name: torch.cat([one.tensors[name] for one in encoded]).to(model.device) for name in encoded[0].tensors
    }
    tensors = {name: t.to(model.net.dtype) if t.is_floating_point() else t for name, t in tensors.items()}
    states = layer_outputs(model, tensors, context)
    grid = model.images.grid(model.info.groups[0].name, model.net.config, prepared[0].shape)
    with torch.inference_mode():
        means = [_normed(i, state, model)[:, grid.first_about :].mean(1) for i, state in enumerate(states)]
    return np.stack([np.array(mean.float().cpu().numpy()) for mean in means])


def _normed(layer: int, state: Tensor, model: Model) -> Tensor:
    """After the norm that comes next, where the family says that features are read there; else as it is."""
    blocks = blocks_of(model)
    final = model.components.stacks[model.components.of_features].final_norm
    path = blocks[layer].feature_norm if layer < len(blocks) else final if blocks[0].feature_norm else None
    return state if path is None else model.net.get_submodule(path)(state)


def _coarse(values: np.ndarray) -> np.ndarray:
    """The image's own numbers, float32; means of squares of a large one."""
    step = max(1, min(values.shape[1:]) // _SIDE_OF_PIXELS)
    rows, columns = (length // step * step for length in values.shape[1:])
    squares = values[:, :rows, :columns].reshape(3, rows // step, step, columns // step, step)
    return squares.mean((2, 4)).ravel()
