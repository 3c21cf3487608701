"""The recipes of the detector and of models of words and regions train, measure and write what can be opened."""

from __future__ import annotations

import json
import random
import sys
from importlib import import_module

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import ViTModel

from inference.inputs.scene_images import thing_boxes
from inference.models.scene_detector import SceneDetector, SceneDetectorConfig, overlaps
from inference.models.streams.in_order import InOrder
from resources import CHECKPOINTS, DETECTORS
from resources.recipes.joint_scenes.card import RunCurve, side_by_side
from resources.recipes.joint_scenes.data import (
    ATTRIBUTES,
    MASK,
    NOT_ASKED,
    PAD,
    a_wrong_sentence,
    make_tokenizer,
    see,
    training_batch,
    with_word_changed,
)
from resources.recipes.joint_scenes.systems import SYSTEMS, PatchTeacher, build, inputs_of, losses_of, reads_pixels
from resources.recipes.scene_data import SIDE, images
from resources.recipes.scene_detector.report import _average_precision, matched
from resources.scenes import make_scene, sentences_of


@pytest.fixture
def run(monkeypatch):
    """Run a recipe with its arguments, as from the command line."""

    def call(recipe: str, *arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", [recipe, *map(str, arguments)])
        import_module(f"resources.recipes.{recipe}").main()

    return call


@pytest.fixture(scope="module")
def detector():
    return SceneDetector.from_pretrained(DETECTORS / "scene-detector", dtype=torch.float32).eval()


def test_the_detector_finds_what_is_there(detector):
    """Its card says 0.997 of the things, and 0.996 of their tags."""
    scenes = [make_scene(seed) for seed in range(3_000, 3_024)]
    found = detector.detect(images(scenes))
    n = n_found = n_right = 0
    for each, scene in zip(found, scenes, strict=True):
        hits = matched(each, scene)
        n += len(scene.things)
        n_found += len(hits)
        n_right += sum(each.tags[box] == scene.things[thing].tag for thing, box in hits.items())
        assert ((each.boxes >= 0) & (each.boxes <= 1)).all()
        torch.testing.assert_close(each.vectors.square().mean(-1), torch.ones(len(each.tags)))
        torch.testing.assert_close(each.pairs.sum(-1), torch.ones(len(each.tags)))
        assert each.scores.tolist() == sorted(each.scores.tolist(), reverse=True)
    assert n_found / n > 0.95
    assert n_right / n_found > 0.95


def test_a_box_that_is_drawn_is_described_as_what_it_holds(detector):
    scene = make_scene(3_001)
    boxes = torch.from_numpy(thing_boxes(scene, SIDE) / SIDE)
    vectors, tags = detector.describe(images([scene]), boxes)
    assert sum(tag == thing.tag for tag, thing in zip(tags, scene.things, strict=True)) >= len(scene.things) - 1
    found = detector.detect(images([scene]))[0]
    alike = torch.nn.functional.cosine_similarity(vectors[:, None], found.vectors[None], dim=-1)
    assert (alike.argmax(1) == overlaps(boxes, found.boxes).argmax(1)).all()


def test_nothing_found_is_told_all_the_same(detector):
    """A model of regions needs one."""
    (found,) = detector.detect(torch.zeros(1, 3, SIDE, SIDE), least=1.0)
    assert len(found.tags) == 1


@pytest.mark.parametrize(
    ("marked", "n", "wanted"),
    [
        ([(0.9, True), (0.8, True)], 2, 1.0),
        ([(0.9, False), (0.8, True)], 1, 0.5),
        ([(0.9, True), (0.8, False), (0.7, True)], 2, (1 + 2 / 3) / 2),
        ([], 3, 0.0),
    ],
)
def test_average_precision(marked, n, wanted):
    assert _average_precision(marked, n) == pytest.approx(wanted)


def test_sentences_say_which_things_they_are_about():
    for seed in range(5):
        scene = make_scene(seed)
        for sentence in sentences_of(scene):
            phrases = [scene.things[i].phrase for i in sentence.things]
            assert sentence.text.startswith(phrases[0])
            assert sentence.text.endswith(phrases[-1]) or len(phrases) == 1


def test_wrong_sentences_are_wrong():
    rng = random.Random(0)
    for seed in range(30):
        scene, other = make_scene(seed), make_scene(seed + 100)
        assert a_wrong_sentence(scene, other, rng) not in scene.captions()
        text = sentences_of(scene)[0].text
        changed = with_word_changed(text, rng).split()
        assert sum(a != b for a, b in zip(changed, text.split(), strict=True)) == 1


@pytest.mark.parametrize("has_tags", [False, True])
def test_a_batch_masks_words_and_hides_regions(detector, has_tags):
    tokenizer = make_tokenizer()
    batch = training_batch(3, 6, detector, tokenizer, has_tags=has_tags)
    is_asked = batch.labels != NOT_ASKED
    assert is_asked.any(1).tolist() == [True, True, False, False] * 6
    assert 0.5 < (batch.ids[is_asked] == MASK).float().mean() < 1
    words = {tokenizer.convert_tokens_to_ids(word) for word in ATTRIBUTES}
    assert all(words & set(row[row != NOT_ASKED].tolist()) for row in batch.labels[is_asked.any(1)])
    assert set(batch.matches[3::4].tolist()) <= ({0, 2} if has_tags else {0})
    assert not (batch.is_hidden & ~batch.seen.is_region[batch.owners]).any()
    assert bool((batch.types == 1).any()) is has_tags
    again = training_batch(3, 6, detector, tokenizer, has_tags=has_tags)
    assert torch.equal(again.ids, batch.ids)
    assert torch.equal(again.seen.vectors, batch.seen.vectors)


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_is_padded_changes_nothing(detector, name):
    """A scene of few regions beside one of many is what it is alone; so is a short sentence beside a long one."""
    tokenizer = make_tokenizer()
    seeing = None if reads_pixels(name) else detector
    batch = training_batch(3, 6, seeing, tokenizer, has_tags=SYSTEMS[name])
    model = build(name, 0, len(tokenizer), detector.config).eval()
    whole = model(**inputs_of(model, batch))
    owner = int(batch.seen.is_region.sum(1).argmin())
    alone = see(seeing, [make_scene(seed) for seed in [1_000_000 + 3 * 6 + owner]])
    n = int((batch.ids[4 * owner] != PAD).sum())
    one = batch.__class__(
        alone, torch.zeros(1, dtype=torch.long), batch.ids[4 * owner][None, :n], batch.types[4 * owner][None, :n],
        batch.labels[:1, :n], batch.matches[:1], torch.zeros_like(alone.is_region),
    )  # fmt: skip
    single = model(**inputs_of(model, one))
    torch.testing.assert_close(single.word_logits[0], whole.word_logits[4 * owner, :n], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(single.match_logits[0], whole.match_logits[4 * owner], atol=1e-4, rtol=1e-4)
    losses = losses_of(model, batch)
    assert {"words", "pairs"} <= losses.keys()
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_the_detector_is_trained_and_measured(run, tmp_path, capsys):
    state, out = tmp_path / "state", tmp_path / "out"
    run("scene_detector.train", "--state", state, "--smoke")
    run("scene_detector.report", "--state", state, "--out", out, "--n-test", 6)
    assert {t.dtype for t in load_file(out / "model.safetensors").values() if t.is_floating_point()} == {torch.float16}
    assert "license: apache-2.0" in (out / "README.md").read_text(encoding="utf-8")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["n_test"] == 6


@pytest.mark.parametrize("name", ["uniter-scenes", "oscar-scenes", "vilt-scenes"])
def test_a_model_is_trained_and_measured(run, tmp_path, capsys, name):
    state, out = tmp_path / "state", tmp_path / name
    run("joint_scenes.train", "--system", name, "--state", state, "--smoke")
    run("joint_scenes.report", "--state", state, "--out", out, "--n-test", 6)
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "nan" not in card
    assert ("Transport:" in card) is (name != "oscar-scenes")
    assert ("patch" in card) is (name == "vilt-scenes")
    assert ("tags" in card) is (name == "oscar-scenes")
    assert 0 <= figures["grounding"] <= 1
    assert np.isfinite([value for value in figures.values() if isinstance(value, float)]).all()


def test_vilt_begins_with_the_layers_of_a_vit():
    """Patches of an image alone go through the very layers of `vit-scenes`: only the sign of an image is added."""
    model = build("vilt-scenes", 0, 55, SceneDetectorConfig())
    vit = ViTModel.from_pretrained(CHECKPOINTS / "vit-scenes", dtype=torch.float32, add_pooling_layer=False).eval()
    embeddings = model.vilt.embeddings
    pixels = images([make_scene(7)])
    sign = embeddings.token_type_embeddings.weight[1]
    with torch.no_grad():
        places = vit.embeddings(pixels) + sign
        with InOrder():
            own = embeddings.visual_embed(pixels, torch.ones(1, 64, 64), max_image_length=-1)[0] + sign
        wanted = places
        for layer in vit.layers:
            wanted = layer(wanted)
            wanted = wanted[0] if isinstance(wanted, tuple) else wanted
        found = model.vilt.encoder(own)[0]
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_patches_of_vilt_say_what_they_show_while_it_learns_and_are_shipped_without(detector):
    tokenizer = make_tokenizer()
    model = build("vilt-scenes", 0, len(tokenizer), detector.config)
    names = model.state_dict().keys()
    teacher = PatchTeacher(model, 16)
    batch = training_batch(0, 2, None, tokenizer, has_tags=False)
    model.patch_head.weight.data.zero_()
    model.patch_head.bias.data.fill_(-20)
    losses_of(model, batch)
    share = batch.seen.kinds[batch.owners].mean()
    assert teacher.loss(batch).item() == pytest.approx(4 * 20 * share.item(), rel=1e-4)
    teacher.leave()
    assert model.state_dict().keys() == names


def test_curves_stand_side_by_side_and_say_who_is_ahead():
    ahead = RunCurve("with", 200, {500: _points(0.5), 900: _points(0.9)})
    behind = RunCurve("without", 200, {700: _points(0.6), 900: _points(0.8)})
    text = side_by_side([ahead, behind])
    assert "| 700 |  | 0.600 |" in text
    assert "Ahead in the end: of masked sizes, colours and kinds with (with 0.900, without 0.800)" in text
    assert side_by_side([]) == ""


def _points(value: float) -> dict[str, float]:
    return dict.fromkeys(("attribute", "pairs", "changed"), value)
