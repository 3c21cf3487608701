"""Regions that the bundled detector finds, and what it says of boxes of others."""

from __future__ import annotations

import numpy as np
import pytest

from inference.context import Refused
from inference.inputs.detected_regions import has_detector, regions_by
from inference.inputs.image_preparation import Takes, read_preparation
from inference.inputs.images import prepare
from inference.inputs.scene_images import thing_boxes
from inference.results.inputs import ImageInput, RegionsInput
from resources import DETECTORS
from resources.scenes import Scene

NAME = "scene-detector"


@pytest.fixture(scope="module")
def prepared():
    how = read_preparation(DETECTORS / NAME, None, Takes((64, 64)))  # type: ignore[arg-type]
    return prepare(ImageInput(seed=3, kind="scene"), how)


def test_only_what_is_bundled_is_at_hand():
    assert has_detector(NAME)
    assert not has_detector("")
    assert not has_detector(["scene-detector"])
    assert not has_detector("../detectors/scene-detector")


def overlap(box, other):
    wide, high = (min(box[2 + i], other[2 + i]) - max(box[i], other[i]) for i in (0, 1))
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (box, other)]
    return max(0, wide) * max(0, high) / (sum(areas) - max(0, wide) * max(0, high))


@pytest.mark.parametrize("input", [None, RegionsInput(), RegionsInput(of_scene=True)])
def test_what_it_finds_lies_on_the_things_in_pixels_of_the_image(input, prepared):
    found = regions_by(NAME, input, prepared)
    scene: Scene = prepared.scene
    assert (found.size, found.features.shape) == ((256, 256), (len(found), 64))
    for box, thing in zip(thing_boxes(scene, 256), scene.things, strict=True):
        best = max(range(len(found)), key=lambda i, box=box: overlap(found.boxes[i], box))
        assert overlap(found.boxes[best], box) > 0.6
        assert found.labels[best] == thing.tag
    assert ((found.scores > 0.3) & (found.scores <= 1)).all()


def test_the_things_of_a_scene_have_vectors_too(prepared):
    found = regions_by(NAME, RegionsInput(of_scene=True, of_detector=False), prepared)
    np.testing.assert_array_equal(found.boxes, thing_boxes(prepared.scene, 256))
    assert found.labels == prepared.scene.tags
    assert np.isnan(found.scores).all()
    assert found.features.shape == (len(prepared.scene.things), 64)


def test_a_drawn_box_comes_behind_them_and_is_called_what_it_holds(prepared):
    thing = tuple(map(float, thing_boxes(prepared.scene, 256)[0]))
    found = regions_by(NAME, RegionsInput(boxes=(thing,)), prepared)
    alone = regions_by(NAME, RegionsInput(boxes=(thing,), of_detector=False), prepared)
    assert found.labels[-1:] == alone.labels == prepared.scene.tags[:1]
    np.testing.assert_allclose(found.features[-1], alone.features[0])
    assert len(found) == len(regions_by(NAME, None, prepared)) + 1


def test_boxes_of_a_file_are_given_vectors_and_vectors_of_a_file_are_kept(prepared, tmp_path):
    boxes = np.array([[10, 10, 90, 90]], np.float32)
    np.savez(tmp_path / "boxes.npz", boxes=boxes)
    found = regions_by(NAME, RegionsInput(str(tmp_path / "boxes.npz")), prepared)
    assert (len(found), found.features.shape, bool(found.labels[0])) == (1, (1, 64), True)
    np.savez(tmp_path / "whole.npz", boxes=boxes, features=np.ones((1, 5), np.float32))
    assert regions_by(NAME, RegionsInput(str(tmp_path / "whole.npz")), prepared).features.shape == (1, 5)


def test_without_any_region_a_sentence_says_how_to_get_one(prepared):
    with pytest.raises(Refused, match="draw a box over it, or take those that the detector finds"):
        regions_by(NAME, RegionsInput(of_detector=False), prepared)


def test_more_than_200_are_refused(prepared):
    boxes = tuple((float(i), 1.0, i + 5.0, 9.0) for i in range(198))
    with pytest.raises(Refused, match=r"There are 20\d regions; at most 200 are read\."):
        regions_by(NAME, RegionsInput(boxes=boxes), prepared)
