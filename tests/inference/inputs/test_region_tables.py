"""Lines of detectors' tables are read as they were written, or refused with a sentence that says which and why."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from PIL import Image

from inference.context import Context, Refused
from inference.forward.opening import load
from inference.inputs import region_tables
from inference.inputs.images import Preparation, prepare
from inference.inputs.regions import features_of, image_path, regions_of
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from tests.inference.tiny_joint import save

HOW = Preparation((64, 64), None, 2, 1 / 255, (0.5,) * 3, (0.5,) * 3)
BOXES = np.array([[0, 0, 128, 64], [64, 32, 256, 256]], np.float32)  # in pixels of the drawn scene
VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def of_oscar(boxes=BOXES, vectors=VECTORS):
    shares = boxes / 256
    return np.concatenate([vectors, shares, shares[:, 2:] - shares[:, :2]], 1)


BOTTOM_UP = f"7\t128\t128\t2\t{packed(BOXES / 2)}\t{packed(VECTORS)}"
OSCAR = f"7\t2\t{packed(of_oscar())}"
VINVL = "7\t" + json.dumps({"num_boxes": 2, "features": packed(of_oscar())})


@pytest.fixture(scope="module")
def prepared():
    return prepare(ImageInput(seed=3, kind="scene"), HOW)  # shown with 256 pixels a side


def read(tmp_path, prepared, text, image=""):
    (tmp_path / "regions.tsv").write_text(text)
    return regions_of(RegionsInput(str(tmp_path / "regions.tsv")), prepared, image)


@pytest.mark.parametrize("line", [OSCAR, VINVL, BOTTOM_UP], ids=["oscar", "vinvl", "bottom-up"])
def test_each_way_tells_the_same_regions(line, tmp_path, prepared):
    regions = read(tmp_path, prepared, line + "\n")
    np.testing.assert_allclose(regions.boxes, BOXES, atol=1e-4)
    np.testing.assert_array_equal(features_of(regions, 3, "X"), VECTORS)


def test_of_many_images_the_line_of_this_one_is_read(tmp_path, prepared):
    other = f"8\t2\t{packed(of_oscar(vectors=VECTORS + 10))}"
    regions = read(tmp_path, prepared, f"{OSCAR}\n\n{other}\n", "/photos/8.jpg")
    np.testing.assert_array_equal(regions.features, VECTORS + 10)
    with pytest.raises(Refused, match=r"has lines of 2 images \(7, 8\); none is called 9\."):
        read(tmp_path, prepared, f"{OSCAR}\n{other}\n", "9.png")


def test_the_image_that_is_open_is_the_one_that_is_looked_for(tmp_path):
    (tmp_path / "regions.tsv").write_text(
        f"7\t1\t{packed(of_oscar(BOXES[:1], VECTORS[:1]))}\n{OSCAR.replace('7', '8', 1)}"
    )
    Image.fromarray(np.zeros((256, 256, 3), np.uint8)).save(tmp_path / "8.png")
    model = load(str(save(tmp_path / "lxmert", "lxmert")), Context())
    image, regions = ImageInput(str(tmp_path / "8.png")), RegionsInput(str(tmp_path / "regions.tsv"))
    input = Input(text=TextInput("a cup"), image=image, regions=regions)
    assert len(model.family.regions(input, model.net.config, model.prepare(input))) == 2
    assert image_path(Input(image=ImageInput(seed=3))) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "regions.tsv is empty."),
        ("\n\n", "regions.tsv is empty."),
        ("7\n", "Line 1 of regions.tsv has 1 column; 2, 3 or 6 are read"),
        ("7\tnot json\n", "Line 1 of regions.tsv is damaged"),
        ("7\t{}\n", "Line 1 of regions.tsv is damaged"),
        (f"7\t0\t{packed(of_oscar())}", "Line 1 of regions.tsv holds 0 regions; 1 to 200 are read."),
        (f"7\t{10**9}\t{packed(of_oscar())}", "holds 1,000,000,000 regions"),
        (OSCAR[:-3], "holds numbers that are no base64, or are cut off."),
        (OSCAR[:-8], "bytes of numbers, which are not 2 rows of float32."),
        (f"7\t2\t{packed(np.ones((2, 9)))}", "does not end each region with left, top, right, bottom"),
        (f"7\t2\t{packed(np.full((2, 9), np.nan))}", "does not end each region with left, top, right, bottom"),
        (f"7\t2\t{packed(np.ones((2, 6)))}", "holds 6 numbers a region; a vector and six numbers"),
        (BOTTOM_UP.replace("\t128\t128", "\t0\t128"), "width and height in pixels are needed"),
        (BOTTOM_UP.replace("\t128\t128", "\t128\t300"), "holds regions of an image of 128 × 300 pixels"),
        ("7\t{\ufffd\t\ud7ff", "Line 1 of regions.tsv is damaged"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text, said, tmp_path, prepared):
    with pytest.raises(Refused) as refusal:
        read(tmp_path, prepared, text)
    assert said in str(refusal.value)


def test_a_line_without_end_is_not_read(tmp_path, prepared, monkeypatch):
    monkeypatch.setattr(region_tables, "_MOST_LINE", 50)
    with pytest.raises(Refused, match=r"Line 1 of regions\.tsv is longer than 50 bytes"):
        read(tmp_path, prepared, OSCAR)
