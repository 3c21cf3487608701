"""Labels in templates, and how often the right one is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from inference.analyses.zero_shot import zero_shot, zero_shot_test
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.inputs import ImageInput, Input
from inference.results.zero_shot import ZeroShotRequest, ZeroShotTestRequest, accuracy, filled
from tests.inference.tiny_pairs import save

IMAGES = tuple(ImageInput(seed=seed) for seed in range(3))
LABELS = ("house", "tree", "dog")
TEMPLATES = ("a photo of a {}", "the small {} in a meadow")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("pairs"), "clip")), Context())


def vector_of(model, text):
    with torch.no_grad():
        ids = model.tokenizer(text, return_tensors="pt")["input_ids"]
        return F.normalize(model.net.get_text_features(input_ids=ids).pooler_output[0], dim=0)


def test_the_vectors_of_several_templates_are_averaged(model):
    found = zero_shot(ZeroShotRequest("", IMAGES, LABELS, TEMPLATES), model, Context())
    labels = torch.stack(
        [F.normalize(sum(vector_of(model, t.replace("{}", label)) for t in TEMPLATES), dim=0) for label in LABELS]
    )
    images = []
    for image in IMAGES:
        pixels = torch.from_numpy(model.prepare(Input(image=image)).values)[None]
        with torch.no_grad():
            images.append(F.normalize(model.net.get_image_features(pixel_values=pixels).pooler_output[0], dim=0))
    np.testing.assert_allclose(found.cosines, torch.stack(images) @ labels.T, atol=1e-5)
    np.testing.assert_allclose(found.probabilities.sum(1), 1, atol=1e-5)


def test_no_article_is_said_twice():
    template = "a photo of a {}"
    assert filled(template, "dog") == "a photo of a dog"
    assert filled(template, "a large dog") == "a photo of a large dog"
    assert filled(template, "An apple") == "a photo of An apple"
    assert filled("an {}, painted", "the apple") == "the apple, painted"
    assert filled("{}", "a dog") == "a dog"
    assert filled("a {} or a {}", "a dog") == "a dog or a dog"
    assert filled("a ban {}", "a dog") == "a ban a dog"
    assert filled(template, "antelope") == "a photo of a antelope"


def test_a_template_needs_a_place_for_the_label(model):
    with pytest.raises(Refused, match=r"“a photo” has no \{\} where the label goes"):
        zero_shot(ZeroShotRequest("", IMAGES, LABELS, ("a photo",)), model, Context())
    with pytest.raises(Refused, match="There are 0 templates; 1 to 16 are allowed"):
        zero_shot(ZeroShotRequest("", IMAGES, LABELS, ()), model, Context())
    with pytest.raises(Refused, match="one label are needed"):
        zero_shot(ZeroShotRequest("", IMAGES, (), TEMPLATES), model, Context())


@pytest.fixture
def folder(tmp_path):
    """Two colours, which any vector tells apart, and one file that is no image."""
    rng = np.random.default_rng(0)
    for label, color in (("red", (220, 30, 30)), ("dark_blue", (20, 20, 120))):
        (tmp_path / label).mkdir()
        for i in range(6):
            pixels = np.clip(np.array(color) + rng.integers(-15, 15, (30, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{i}.png")
    (tmp_path / "red" / "9.png").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("not a label")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_a_folder_of_labels_is_tested_beside_a_linear_probe(model, folder):
    found = zero_shot_test(ZeroShotTestRequest("", str(folder), ("a {} house",)), model, Context())
    assert found.labels == ("dark blue", "red")
    assert (found.n_test, found.n_train) == (6, 6)
    assert found.zero_shot.sum(1).tolist() == found.probe.sum(1).tolist() == [3, 3]
    assert accuracy(found.probe) == 1
    assert found.chance == 0.5
    assert "1 image was left out: 9.png" in found.notes[0]
    told = zero_shot(
        ZeroShotRequest(
            "",
            tuple(ImageInput(path=str(folder / "red" / f"{i}.png")) for i in (0, 2, 4)),
            found.labels,
            ("a {} house",),
        ),
        model,
        Context(),
    )
    assert np.bincount(told.cosines.argmax(1), minlength=2).tolist() == found.zero_shot[1].tolist()


def test_portraits_are_tested_where_there_is_no_folder(model):
    found = zero_shot_test(ZeroShotTestRequest("", "", ("a {}",), n_portraits=40), model, Context())
    assert found.n_test + found.n_train == 40
    assert len(found.labels) == 16
    again = zero_shot_test(ZeroShotTestRequest("", "", ("a {}",), n_portraits=40, seed=1), model, Context())
    assert (again.zero_shot != found.zero_shot).any()


def test_what_cannot_be_tested_is_refused_in_a_sentence(model, folder, tmp_path_factory):
    ask = ("a {}",)
    with pytest.raises(Refused, match="has 0 folders with images; 2 to 128 are needed"):
        zero_shot_test(ZeroShotTestRequest("", str(tmp_path_factory.mktemp("none")), ask), model, Context())
    with pytest.raises(Refused, match="cannot be read"):
        zero_shot_test(ZeroShotTestRequest("", str(folder / "gone"), ask), model, Context())
    with pytest.raises(Refused, match="1 portraits were asked for; 2 to 2,000 will do"):
        zero_shot_test(ZeroShotTestRequest("", "", ask, n_portraits=1), model, Context())
    with pytest.raises(Cancelled):
        zero_shot_test(ZeroShotTestRequest("", str(folder), ask), model, Context(is_cancelled=lambda: True))
