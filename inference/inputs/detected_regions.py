"""Regions that a bundled detector finds in an image, and the vectors that it has for boxes of others."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.inputs.regions import regions_of
from inference.results.inputs import MOST_REGIONS
from inference.results.regions import Regions
from resources import DETECTORS

if TYPE_CHECKING:
    from inference.inputs.images import Prepared
    from inference.models.scene_detector import SceneDetector
    from inference.results.inputs import RegionsInput


def has_detector(name: object) -> bool:
    """Whether a detector of that name comes with Headlight."""
    return isinstance(name, str) and name in {path.parent.name for path in DETECTORS.glob("*/config.json")}


@lru_cache(maxsize=1)
def detector_image_side(name: str) -> int:
    """Pixels a side of the images that a bundled detector looks at; its weights are not read for it."""
    from inference.models.scene_detector import SceneDetectorConfig

    says = json.loads((DETECTORS / name / "config.json").read_text(encoding="utf-8"))
    return SceneDetectorConfig(**says).image_size


@lru_cache(maxsize=4)
def class_names(name: str, n_classes: int) -> tuple[str, ...]:
    """What the classes are called that hidden regions are told by, the first of which is no thing.

    Parameters
    ----------
    name
        Of a bundled detector; of another one, or where the numbers do not fit, classes are called by their numbers.
    """
    if has_detector(name):
        from inference.models.scene_detector import SceneDetectorConfig

        config = SceneDetectorConfig.from_pretrained(DETECTORS / name, local_files_only=True)
        found = ("no thing", *(f"{colour} {kind}" for kind in config.kinds for colour in config.colours))
        if len(found) == n_classes:
            return found
    return tuple(f"class {i}" for i in range(n_classes))


@lru_cache(maxsize=1)
def load_detector(name: str) -> SceneDetector:
    """A bundled detector, ready to look."""
    from inference.models.scene_detector import SceneDetector

    return SceneDetector.from_pretrained(DETECTORS / name, dtype=torch.float32, local_files_only=True).eval()


def regions_by(name: str, input: RegionsInput | None, prepared: Prepared, image: str = "") -> Regions:
    """The regions that are asked for, each with a vector of the detector's.

    Parameters
    ----------
    input
        None and `of_detector` stand for those that the detector finds; boxes that are drawn come behind them. What a
        file holds counts as it is, and boxes without vectors and labels are given them.
    image
        See `regions_of`.

    Raises
    ------
    Refused
        There are none, or more than 200; else as `regions_of`.
    """
    if input is not None and input.path:
        given = regions_of(input, prepared, image)
    elif input is None or not input.of_detector:
        given = None if input is None else regions_of(input, prepared)
    else:
        given = regions_of(replace(input, of_scene=False), prepared)
    if input is None or (input.of_detector and not input.path):
        found = _detected(name, prepared)
        given = found if given is None else _joined(found, _described(name, given, prepared))
    if given is None:
        raise Refused("No region of the image is chosen; draw a box over it, or take those that the detector finds.")
    if len(given) > MOST_REGIONS:
        raise Refused(f"There are {len(given)} regions; at most {MOST_REGIONS} are read.")
    return given if given.features is not None else _described(name, given, prepared)


def _detected(name: str, prepared: Prepared) -> Regions:
    found = load_detector(name).detect(torch.from_numpy(prepared.values)[None])[0]
    corner, extent = _seen(prepared)
    boxes = found.boxes.numpy() * np.tile(extent, 2) + np.tile(corner, 2)
    return Regions(boxes.astype(np.float32), found.vectors.numpy(), found.tags, found.scores.numpy(), prepared.size)


def _described(name: str, given: Regions, prepared: Prepared) -> Regions:
    corner, extent = _seen(prepared)
    shares = ((given.boxes - np.tile(corner, 2)) / np.tile(extent, 2)).astype(np.float32)
    values = torch.from_numpy(prepared.values)[None]
    vectors, tags = load_detector(name).describe(values, torch.from_numpy(shares))
    labels = tuple(label or tag for label, tag in zip(given.labels, tags, strict=True))
    return replace(given, features=vectors.numpy(), labels=labels)


def _seen(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Left and top of what is seen of the image, and its width and height, in pixels of the image."""
    left, top, right, bottom = prepared.box
    size = np.array(prepared.size)
    return np.array([left, top]) * size, np.array([right - left, bottom - top]) * size


def _joined(first: Regions, then: Regions) -> Regions:
    assert first.features is not None
    assert then.features is not None
    return Regions(
        np.concatenate([first.boxes, then.boxes]),
        np.concatenate([first.features, then.features]),
        (*first.labels, *then.labels),
        np.concatenate([first.scores, then.scores]),
        first.size,
    )
