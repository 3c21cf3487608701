"""Small images of what is compared, and what is true of generated ones."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from inference.analyses.image import image
from inference.analyses.thumbnails import thumbnails
from inference.context import Cancelled, Context
from inference.forward.opening import load
from inference.inputs.scene_images import thing_masks
from inference.results.image import ImageRequest
from inference.results.inputs import ImageInput
from inference.results.thumbnails import ThumbnailsRequest
from resources.scenes import make_scene
from tests.inference.tiny_pairs import save
from tests.inputs import image_input


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("pairs"), "clip")), Context())


def test_each_image_is_told_and_one_that_cannot_be_read_costs_no_other(model, tmp_path):
    path = tmp_path / "wide.png"
    Image.new("RGB", (300, 100), (10, 200, 30)).save(path)
    asked = (ImageInput(seed=3), ImageInput(path=str(path)), ImageInput(path="/none.png"))
    found = thumbnails(ThumbnailsRequest("", asked), model, Context())
    scene, wide, none = found.thumbnails
    assert scene.captions == tuple(reversed(make_scene(100_000_003).captions()[: len(scene.tags)]))
    assert scene.tags[0] == make_scene(100_000_003).things[-1].tag
    assert wide.captions == ()
    assert (wide.image == (10, 200, 30)).all()
    assert none.why_not.startswith("none.png is no file")
    assert "house" in found.kinds


def test_a_file_that_changes_is_read_again(model, tmp_path):
    path = tmp_path / "a.png"
    for color in ((250, 0, 0), (0, 0, 250)):
        Image.new("RGB", (40 + color[0], 40), color).save(path)
        (found,) = thumbnails(ThumbnailsRequest("", (ImageInput(path=str(path)),)), model, Context()).thumbnails
        assert (found.image == color).all()


def test_it_can_be_cancelled(model):
    with pytest.raises(Cancelled):
        thumbnails(ThumbnailsRequest("", (ImageInput(),)), model, Context(is_cancelled=lambda: True))


def test_the_truth_of_a_scene_is_told_to_the_pixel(model):
    found = image(ImageRequest("", image_input(seed=3)), model, Context())
    scene, side = make_scene(100_000_003), found.original.shape[0]
    masks = thing_masks(scene, side)
    for row, column in np.random.default_rng(0).integers(0, side, (300, 2)):
        there = [i for i in range(len(masks)) if masks[i, row, column]]
        wanted = scene.things[there[0]].phrase if there else ""
        assert found.thing_at((column + 0.5) / side, (row + 0.5) / side) == wanted
    assert found.thing_at(1.0, 0.5) == found.thing_at(-0.1, 0.5) == ""
