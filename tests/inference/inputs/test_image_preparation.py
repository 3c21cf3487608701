"""Images are made ready as by transformers' own processors, and what a file asks for is held to limits."""

from __future__ import annotations

import json

import numpy as np
import pytest
import transformers
from PIL import Image

from inference.context import Refused
from inference.inputs.image_preparation import Takes, read_preparation
from inference.inputs.images import FIRST_FRESH_SEED, make_drawing, normalised, prepare
from inference.inputs.scene_images import paint_scene
from inference.results.inputs import ImageInput
from resources.scenes import make_portrait, make_scene
from tests.inference.tiny_images import N_COLOURS, palette
from tests.places import CASES

VIT = transformers.ViTConfig(image_size=16, patch_size=4)
TAKES = Takes((16, 16), (4, 4), is_free=True)


def photo(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def save_photo(folder, width: int, height: int) -> tuple[Image.Image, ImageInput]:
    image = photo(width, height)
    image.save(folder / "photo.png")
    return image, ImageInput(str(folder / "photo.png"))


def write(folder, says) -> None:
    (folder / "preprocessor_config.json").write_text(says if isinstance(says, str) else json.dumps(says))


PROCESSORS = {
    "vit": transformers.ViTImageProcessorPil(size={"height": 16, "width": 24}),
    "deit": transformers.DeiTImageProcessorPil(size={"height": 20, "width": 20}, crop_size={"height": 16, "width": 16}),
    "deit, too small for its crop": transformers.DeiTImageProcessorPil(
        size={"height": 13, "width": 11}, crop_size={"height": 16, "width": 20}
    ),
    "beit": transformers.BeitImageProcessorPil(size={"height": 16, "width": 16}, image_mean=[0.1, 0.2, 0.3]),
    "clip": transformers.CLIPImageProcessorPil(size={"shortest_edge": 17}, crop_size={"height": 16, "width": 16}),
    "bit": transformers.BitImageProcessorPil(
        size={"shortest_edge": 20}, crop_size={"height": 16, "width": 16}, resample=2, image_std=[0.3, 0.2, 0.1]
    ),
    "no normalising": transformers.ViTImageProcessorPil(size={"height": 16, "width": 16}, do_normalize=False),
    "no rescaling": transformers.ViTImageProcessorPil(
        size={"height": 16, "width": 16}, do_rescale=False, image_mean=[100.0, 110.0, 120.0], image_std=[60.0] * 3
    ),
}


@pytest.mark.parametrize("size", [(61, 40), (23, 90), (16, 16)], ids=str)
@pytest.mark.parametrize("name", PROCESSORS)
def test_images_are_those_of_transformers(tmp_path, name, size):
    processor = PROCESSORS[name]
    processor.save_pretrained(tmp_path)
    image, input = save_photo(tmp_path, *size)
    how = read_preparation(tmp_path, VIT, TAKES)
    expected = processor(image, return_tensors="np")["pixel_values"][0]
    prepared = prepare(input, how)
    np.testing.assert_allclose(prepared.values, expected, atol=1e-6)
    np.testing.assert_array_equal(how.to_rgb(prepared.values.transpose(1, 2, 0)), prepared.seen)
    assert prepared.size == size
    assert prepared.about.startswith(f"{size[0]} × {size[1]}")


@pytest.mark.parametrize("size", [(20, 13), (6, 6)], ids=str)
def test_colours_are_those_of_transformers(tmp_path, size):
    processor = transformers.ImageGPTImageProcessorPil(clusters=palette(), size={"height": 6, "width": 6})
    processor.save_pretrained(tmp_path)
    image, input = save_photo(tmp_path, *size)
    takes = Takes((6, 6), n_colours=N_COLOURS)
    prepared = prepare(input, read_preparation(tmp_path, transformers.ImageGPTConfig(), takes))
    np.testing.assert_array_equal(prepared.colours, processor(image, return_tensors="np")["input_ids"][0])


def test_an_image_of_any_shape_is_cut_to_whole_patches(tmp_path):
    write(tmp_path, {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 18}, "do_center_crop": 0})
    _, input = save_photo(tmp_path, 60, 30)
    prepared = prepare(input, read_preparation(tmp_path, VIT, TAKES))
    assert prepared.shape == (16, 36)
    assert prepared.box == (0, 0, 1, 16 / 18)
    assert prepared.about == "60 × 30, resized to 36 × 18, cut to 36 × 16, whole patches"


def test_the_box_is_what_is_seen(tmp_path):
    write(tmp_path, {"image_processor_type": "DeiTImageProcessor", "size": 20, "crop_size": 16})
    _, input = save_photo(tmp_path, 40, 80)
    prepared = prepare(input, read_preparation(tmp_path, VIT, TAKES))
    assert prepared.box == pytest.approx((0.1, 0.1, 0.9, 0.9))
    assert prepared.original.shape == (80, 40, 3)


def test_without_a_file_the_architecture_decides(tmp_path):
    _, input = save_photo(tmp_path, 40, 80)
    how = read_preparation(tmp_path, transformers.SwinConfig(), TAKES)
    assert how.mean == pytest.approx((0.485, 0.456, 0.406))
    assert prepare(input, how).shape == (16, 16)
    (note,) = how.notes
    assert "holds no preprocessor_config.json, so this is assumed" in note
    assert "16 × 16" in note


def test_a_size_that_the_model_does_not_take_is_not_used(tmp_path):
    write(tmp_path, {"image_processor_type": "BeitImageProcessor", "size": 32, "crop_size": 24, "do_center_crop": True})
    how = read_preparation(tmp_path, VIT, Takes((16, 16), (4, 4)))
    assert (how.size, how.crop) == ((16, 16), None)
    assert "of 24 × 24, but the model takes 16 × 16 only" in how.notes[-1]
    assert read_preparation(tmp_path, VIT, TAKES).crop == (24, 24)


def test_what_is_drawn_is_new_and_drawn_in_the_models_size(tmp_path):
    how = read_preparation(tmp_path, VIT, TAKES)
    prepared = prepare(ImageInput(seed=3), how)
    np.testing.assert_array_equal(prepared.seen, np.asarray(paint_scene(make_scene(FIRST_FRESH_SEED + 3), 16)))
    np.testing.assert_allclose(prepared.values, normalised(prepared.seen, how))
    np.testing.assert_allclose(prepared.values, prepared.seen.transpose(2, 0, 1) / 127.5 - 1, atol=1e-6)
    portrait = prepare(ImageInput(seed=3, kind="portrait"), how)
    assert portrait.caption == make_portrait(FIRST_FRESH_SEED + 3).things[0].tag
    assert len(prepared.caption.split(", ")) == len(make_scene(FIRST_FRESH_SEED + 3).things)


@pytest.mark.parametrize(
    ("kind", "seed", "sentence"),
    [("film", 0, "'film'.*scene and portrait"), ("scene", -1, "seed of the image is -1")],
)
def test_what_cannot_be_drawn_is_refused(kind, seed, sentence):
    with pytest.raises(Refused, match=sentence):
        make_drawing(kind, seed)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("[]", "not a JSON object"),
        ("{", "not valid JSON"),
        ({"size": 100_000}, "size is 100000; whole numbers from 1 to 2,048"),
        ({"size": {"height": 16, "width": True}}, "size is True"),
        ({"size": {"longest_edge": 16}}, "shortest_edge are understood"),
        ({"crop_size": "16"}, "crop_size is 16"),
        ({"resample": 9}, "resample is 9"),
        ({"image_mean": [0.5, 0.5]}, "image_mean"),
        ({"image_std": [0.5, 0, 0.5]}, "none of it may be 0"),
        ({"rescale_factor": "x"}, "rescale_factor is x"),
    ],
    ids=str,
)
def test_bad_values_are_refused_with_a_sentence(tmp_path, says, sentence):
    write(tmp_path, says)
    with pytest.raises(Refused, match=sentence):
        read_preparation(tmp_path, VIT, TAKES)


@pytest.mark.parametrize("clusters", [[[1, 2]], "x", [[0.1] * 3] * 5, [[float("nan")] * 3] * N_COLOURS])
def test_a_palette_of_another_model_is_refused(tmp_path, clusters):
    write(tmp_path, {"clusters": clusters})
    with pytest.raises(Refused, match=f"palette .* has {N_COLOURS} colours"):
        read_preparation(tmp_path, transformers.ImageGPTConfig(), Takes((6, 6), n_colours=N_COLOURS))


@pytest.mark.parametrize("takes", [Takes((100_000, 100_000), (50_000, 50_000)), Takes((8, 8), (16, 16))])
def test_images_out_of_all_proportion_are_refused(tmp_path, takes):
    with pytest.raises(Refused, match=r"config\.json describes images of"):
        read_preparation(tmp_path, VIT, takes)


# The file of transformers 5, and what files leave open


def test_the_processor_of_transformers_5_is_read(tmp_path):
    content = (CASES / "checkpoints" / "clip5_processor_config.json").read_text()
    (tmp_path / "processor_config.json").write_text(content)
    how = read_preparation(
        tmp_path, transformers.CLIPVisionConfig(image_size=32, patch_size=8), Takes((32, 32), (8, 8))
    )
    assert (how.mean, how.std) == ((0.1, 0.2, 0.3), (0.9, 0.8, 0.7))
    assert (how.size, how.crop, how.notes) == (32, (32, 32), ())
    write(tmp_path, {"image_processor_type": "CLIPImageProcessor"})
    both = read_preparation(tmp_path, VIT, Takes((32, 32), (8, 8)))
    assert both.mean == (0.1, 0.2, 0.3)
    assert both.notes == ("preprocessor_config.json says otherwise than processor_config.json, which counts.",)


def test_what_a_file_leaves_open_is_said(tmp_path):
    whole = {"size": 16, "resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    write(tmp_path, {"image_processor_type": "ViTImageProcessor", **whole})
    assert read_preparation(tmp_path, VIT, TAKES).notes == ()
    write(tmp_path, {"image_processor_type": "BeitImageProcessor", "size": 16, "do_pad": True, "do_flip": False})
    assert read_preparation(tmp_path, VIT, TAKES).notes == (
        "preprocessor_config.json leaves open what is assumed as Beit has it: "
        "resample 3, image_mean 0.5, image_std 0.5.",
        "preprocessor_config.json says what is not followed: do_pad.",
    )


def test_a_wrong_value_names_its_file(tmp_path):
    (tmp_path / "processor_config.json").write_text('{"image_processor": {"size": -1}}')
    with pytest.raises(Refused, match=r"^processor_config\.json says size is -1; whole numbers"):
        read_preparation(tmp_path, VIT, TAKES)
