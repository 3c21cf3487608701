"""Regions of an image are read as they were written, or refused with a sentence that says what is wrong."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from inference.context import Refused
from inference.inputs.images import Preparation, prepare
from inference.inputs.regions import features_of, regions_of
from inference.results.inputs import ImageInput, RegionsInput

HOW = Preparation((64, 64), None, 2, 1 / 255, (0.5,) * 3, (0.5,) * 3)
BOXES = np.array([[0, 0, 100, 50], [20.5, 30, 256, 256]], np.float32)


@pytest.fixture(scope="module")
def prepared():
    return prepare(ImageInput(seed=3, kind="scene"), HOW)  # shown with 256 pixels a side


def written(tmp_path, **arrays):
    np.savez(tmp_path / "regions.npz", **arrays)
    return RegionsInput(str(tmp_path / "regions.npz"))


def test_boxes_alone_are_enough_to_be_shown(tmp_path, prepared):
    regions = regions_of(written(tmp_path, boxes=BOXES), prepared)
    np.testing.assert_array_equal(regions.boxes, BOXES)
    assert (len(regions), regions.labels, regions.features) == (2, ("", ""), None)
    assert np.isnan(regions.scores).all()


def test_all_that_is_told_is_read(tmp_path, prepared):
    given = written(
        tmp_path, boxes=BOXES.astype(np.float64) / 2, features=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        labels=np.array(["a car", "b" * 300]), scores=np.array([0.25, 1]), size=np.array([128, 128]),
    )  # fmt: skip
    regions = regions_of(given, prepared)
    np.testing.assert_allclose(regions.boxes, BOXES)  # in pixels of the image that is open
    np.testing.assert_array_equal(features_of(regions, 3, "X"), [[0, 1, 2], [3, 4, 5]])
    assert regions.labels == ("a car", "b" * 100)
    assert regions.scores.tolist() == [0.25, 1]


def test_nothing_that_is_asked_for_is_nothing(prepared):
    assert regions_of(None, prepared) is None
    assert regions_of(RegionsInput(), prepared) is None


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"features": np.ones((2, 3))}, "regions.npz holds no boxes"),
        ({"boxes": np.ones((2, 3))}, "regions.npz holds no boxes"),
        ({"boxes": np.ones((0, 4))}, "regions.npz holds 0 regions; 1 to 200 are read."),
        ({"boxes": np.ones((201, 4))}, "regions.npz holds 201 regions; 1 to 200 are read."),
        ({"boxes": BOXES[:, ::-1]}, "The boxes of regions.npz: number 0 is 50, 100, 0, 0; x0 < x1"),
        ({"boxes": BOXES * np.nan}, "The boxes of regions.npz: number 0 is nan"),
        ({"boxes": BOXES, "features": np.ones((3, 4))}, "regions.npz holds features of the shape [3, 4]; a row of 1"),
        ({"boxes": BOXES, "features": np.full((2, 4), np.inf)}, "regions.npz holds features that are no finite"),
        ({"boxes": BOXES, "labels": np.array(["a"])}, "regions.npz holds labels of the shape [1]; one text a box"),
        ({"boxes": BOXES, "scores": np.ones(5)}, "regions.npz holds scores of the shape [5]; one number a box"),
        ({"boxes": BOXES, "size": np.array([10])}, "regions.npz says size is [10]; width and height"),
        ({"boxes": BOXES, "size": np.array([640, 480])}, "regions.npz holds regions of an image of 640 × 480 pixels"),
        ({"boxes": np.array([object()] * 8).reshape(2, 4)}, "regions.npz is no NPZ file of regions, or is damaged."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused(arrays, said, tmp_path, prepared):
    with pytest.raises(Refused) as refused:
        regions_of(written(tmp_path, **arrays), prepared)
    assert str(refused.value).startswith(said)
    assert str(refused.value).endswith(".")


def test_a_size_in_a_header_is_not_believed(tmp_path, prepared):
    """A file of a few bytes that says that it is huge costs no memory."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 4)})
    with zipfile.ZipFile(tmp_path / "regions.npz", "w") as archive:
        archive.writestr("boxes.npy", header.getvalue())
    with pytest.raises(Refused, match="is damaged"):
        regions_of(RegionsInput(str(tmp_path / "regions.npz")), prepared)
    (tmp_path / "regions.npz").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(Refused, match="is damaged"):
        regions_of(RegionsInput(str(tmp_path / "regions.npz")), prepared)
    with pytest.raises(Refused, match="cannot be read"):
        regions_of(RegionsInput(str(tmp_path / "none.npz")), prepared)


def test_an_array_that_is_too_large_is_not_read(tmp_path, prepared, monkeypatch):
    given = written(tmp_path, boxes=BOXES, features=np.zeros((2, 100)))
    monkeypatch.setattr("inference.inputs.regions._MOST_BYTES", 1000)
    with pytest.raises(Refused, match="is damaged"):
        regions_of(given, prepared)


def test_drawn_boxes_lie_in_the_image(prepared):
    assert regions_of(RegionsInput(boxes=((1, 2, 3, 4),)), prepared).boxes.tolist() == [[1, 2, 3, 4]]
    for boxes, said in (
        (((1.0, 2.0, 3.0),), "A box has 3 numbers; it has four"),
        (((9.0, 2.0, 3.0, 4.0),), "The drawn boxes: number 0 is 9, 2, 3, 4"),
        (((1.0, 2.0, 3.0, 4.0),) * 201, "There are 201 boxes; at most 200 are read."),
    ):
        with pytest.raises(Refused) as refused:
            regions_of(RegionsInput(boxes=boxes), prepared)  # type: ignore[arg-type]
        assert str(refused.value).startswith(said)


def test_of_a_file_nobody_knows_the_things(tmp_path):
    from PIL import Image

    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    image = prepare(ImageInput(str(tmp_path / "a.png")), HOW)
    assert regions_of(RegionsInput(of_scene=True), image) is None
    assert regions_of(RegionsInput(boxes=((1, 2, 3, 4),), of_scene=True), image).labels == ("",)
