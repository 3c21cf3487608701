"""Every recipe of a picture model runs a few steps, goes on where it was, and writes a checkpoint with its card."""

from __future__ import annotations

import json
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoTokenizer,
    BeitConfig,
    BeitForMaskedImageModeling,
    BeitImageProcessor,
    CLIPImageProcessorPil,
    CLIPModel,
    ImageGPTForCausalImageModeling,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)
from transformers.models.beit.modeling_beit import BeitRelativePositionBias

from inference.inputs.scene_images import paint_scene
from inference.models.image_tokenizer import ImageTokenizer
from inference.models.lseg.model import LSeg
from inference.models.masked_igpt import MaskedImageGPT
from resources.recipes.clip_scenes.data import describe, make_tokenizer, pairs_at_patches, training_batch
from resources.recipes.igpt_small import N_COLOURS, SIDE, SIZES
from resources.recipes.igpt_small_report import bits_of_baselines, complete
from resources.recipes.scene_data import images, kinds_at_patches, kinds_present
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import HELD_OUT, make_scene


@pytest.fixture
def run(monkeypatch):
    """Run a recipe with its arguments, as from the command line."""

    def call(recipe: str, *arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", [recipe, *map(str, arguments)])
        import_module(f"resources.recipes.{recipe}").main()

    return call


@pytest.fixture(autouse=True)
def _positions_that_can_be_trained_on(monkeypatch):
    """A run has a process of its own; here transformers may remember an index that was made in inference mode."""
    anew = BeitRelativePositionBias.generate_relative_position_index.__wrapped__
    monkeypatch.setattr(BeitRelativePositionBias, "generate_relative_position_index", staticmethod(anew))


@pytest.fixture(autouse=True)
def _two_layers(monkeypatch):
    """What a run does does not depend on how deep its model is, and how long it takes does."""
    monkeypatch.setitem(SIZES, "n_layer", 2)
    for recipe, cls in (("vit_scenes", ViTConfig), ("beit_scenes", BeitConfig)):
        module = import_module(f"resources.recipes.{recipe}")
        monkeypatch.setattr(module, cls.__name__, partial(with_two_layers, cls))


def with_two_layers(cls, **settings):
    return cls(**settings | {"num_hidden_layers": 2})


def check_folder(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()} == {torch.float16}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "nan" not in card
    assert (folder / "preprocessor_config.json").exists()


def test_vit_scenes(run, tmp_path):
    state, out = tmp_path / "vit", tmp_path / "out"
    run("vit_scenes", "--state", state, "--smoke")
    run("vit_scenes_report", "--state", state, "--out", out, "--n-test", 80)
    check_folder(out)
    scenes = [make_scene(seed) for seed in range(3)]
    pixels = ViTImageProcessor.from_pretrained(out)([paint_scene(s, 64) for s in scenes], return_tensors="pt")
    torch.testing.assert_close(pixels["pixel_values"], images(scenes), atol=1e-5, rtol=0)
    config = ViTForImageClassification.from_pretrained(out).config
    assert config.id2label == dict(enumerate(KINDS))
    assert config.num_hidden_layers == 2


def test_beit_scenes(run, tmp_path):
    tokenizer, state, out = tmp_path / "tokenizer", tmp_path / "beit", tmp_path / "out"
    run("beit_scenes_tokenizer", "--state", tokenizer, "--smoke")
    before = load_file(tokenizer / "model" / "model.safetensors")
    run("beit_scenes_tokenizer", "--state", tokenizer, "--decoder-steps", 2)
    after = load_file(tokenizer / "model" / "model.safetensors")
    assert {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])} == {"decoder"}
    run("beit_scenes", "--state", state, "--tokenizer", tokenizer, "--smoke")
    run("beit_scenes_report", "--state", state, "--tokenizer", tokenizer, "--out", out, "--n-test", 20)
    check_folder(out)
    scenes = [make_scene(seed) for seed in range(3)]
    pixels = BeitImageProcessor.from_pretrained(out)([paint_scene(s, 64) for s in scenes], return_tensors="pt")
    torch.testing.assert_close(pixels["pixel_values"], images(scenes), atol=1e-5, rtol=0)
    book = ImageTokenizer.from_pretrained(out / "tokenizer")
    model = BeitForMaskedImageModeling.from_pretrained(out)
    assert book.tokens(pixels["pixel_values"].to(book.dtype)).shape == (3, 16, 16)
    assert model.config.vocab_size == book.config.vocab_size


def test_image_gpt_and_its_masked_variant(run, tmp_path):
    state, out = tmp_path / "igpt", tmp_path / "out"
    run("igpt_small", "--state", state, "--smoke")
    run("igpt_small_report", "--state", state, "--out", out, "--n-test", 40)
    check_folder(out)
    masked, masked_out = tmp_path / "masked", tmp_path / "masked-out"
    run("igpt_masked", "--state", masked, "--palette", state, "--smoke")
    run("igpt_masked_report", "--state", masked, "--out", masked_out, "--n-test", 20)
    check_folder(masked_out)
    assert MaskedImageGPT.from_pretrained(masked_out).config.vocab_size == N_COLOURS

    # Sampling with a cache draws what the model says without one.
    model = ImageGPTForCausalImageModeling.from_pretrained(out, dtype=torch.float64).eval()
    prefix = torch.arange(2 * 240).reshape(2, -1) % N_COLOURS
    tokens = complete(model, prefix, seed=1)
    generator = torch.Generator().manual_seed(1)
    start = torch.full((2, 1), N_COLOURS)
    with torch.inference_mode():
        probabilities = model(torch.cat([start, tokens[:, :-1]], 1), use_cache=False).logits.softmax(-1)
    for n in range(240, SIDE * SIDE):
        assert torch.equal(torch.multinomial(probabilities[:, n], 1, generator=generator), tokens[:, n : n + 1])


def test_clip_scenes(run, tmp_path, capsys):
    state, out = tmp_path / "clip", tmp_path / "out"
    run("clip_scenes.train", "--state", state, "--smoke")
    run("clip_scenes.report", "--state", state, "--validation", "--n-test", 30)
    run("clip_scenes.report", "--state", state, "--out", out, "--n-test", 40)
    written = json.loads(capsys.readouterr().out.splitlines()[-1])
    run("clip_scenes.report", "--out", out, "--n-test", 40)  # the same again, of what was written
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {**again, "seconds": 0} == {**written, "seconds": 0}
    check_folder(out)
    scenes = [make_scene(seed) for seed in range(3)]
    pixels = CLIPImageProcessorPil.from_pretrained(out)([paint_scene(s, 64) for s in scenes], return_tensors="pt")
    torch.testing.assert_close(pixels["pixel_values"], images(scenes), atol=1e-5, rtol=0)
    tokenizer = AutoTokenizer.from_pretrained(out)
    ids = tokenizer(["A photo of an orange apple, right?"])["input_ids"][0]
    assert tokenizer.convert_ids_to_tokens(ids) == (
        ["<start>", "a", "photo", "of", "a", "orange", "apple", "right", "<end>"]
    )
    assert tokenizer.convert_ids_to_tokens(tokenizer(["zebra"])["input_ids"][0]) == ["<start>", "<unk>", "<end>"]
    assert CLIPModel.from_pretrained(out).config.text_config.eos_token_id == tokenizer.eos_token_id


def test_the_image_tower_of_clip_starts_as_the_vit_ends():
    """Behind its first norm, which a ViT does not have; the features of patches are then nearly the same."""
    train = import_module("resources.recipes.clip_scenes.train")
    vit = ViTForImageClassification.from_pretrained(train.START, dtype=torch.float32).eval()
    clip = train.build_model(0, make_tokenizer()).eval()
    train.start_from(clip, vit)
    pixels = images([make_scene(seed) for seed in range(4)])
    with torch.inference_mode():
        ours = clip.vision_model.post_layernorm(clip.vision_model(pixels).last_hidden_state)
        theirs = vit.vit(pixels).last_hidden_state
        plain = clip.vision_model.embeddings(pixels)
        torch.testing.assert_close(plain, vit.vit.embeddings(pixels), atol=1e-5, rtol=1e-4)
    assert torch.cosine_similarity(ours, theirs, dim=-1).mean() > 0.5


def test_what_clip_learns_from_holds_no_pair_that_is_held_out():
    held_out = [" ".join(pair) for pair in HELD_OUT]
    for step in range(40):
        batch = training_batch(step, 24, 24)
        assert not {(thing.colour, thing.kind) for scene in batch.scenes for thing in scene.things} & HELD_OUT
        assert not [text for text in batch.captions for pair in held_out if pair in text]
        told = [text for text, owner in zip(batch.captions, batch.owners.tolist(), strict=True) if owner == -1]
        for scene, wrong in zip(batch.scenes, told, strict=True):
            assert wrong != describe(scene)
        for i, owner in enumerate(batch.owners.tolist()):
            if owner >= 0:
                assert batch.captions[i] in (describe(batch.scenes[owner]), *batch.scenes[owner].captions())


def test_patches_of_clip_show_the_thing_that_covers_most_of_them():
    scenes = [make_scene(seed) for seed in range(20)]
    shown = pairs_at_patches(scenes)
    for scene, patches in zip(scenes, shown, strict=True):
        pairs = {(list(COLOURS).index(thing.colour), list(KINDS).index(thing.kind)) for thing in scene.things}
        found = {(colour, kind) for colour, kind in patches.tolist() if colour >= 0}
        assert found <= pairs
        assert found
    assert ((shown == -2).all(-1).float().mean() > 0.5).item()  # most of a scene is background


def test_lseg_scenes(run, tmp_path, capsys):
    state, out = tmp_path / "lseg", tmp_path / "out"
    run("lseg_scenes.train", "--state", state, "--smoke")
    run("lseg_scenes.report", "--state", state, "--validation", "--n-test", 6)
    run("lseg_scenes.report", "--state", state, "--out", out, "--n-test", 6)
    written = json.loads(capsys.readouterr().out.splitlines()[-1])
    run("lseg_scenes.report", "--out", out, "--n-test", 6)
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {**again, "seconds": 0} == {**written, "seconds": 0}
    check_folder(out)
    train = import_module("resources.recipes.lseg_scenes.train")
    clip = CLIPModel.from_pretrained(train.CHECKPOINTS / "clip-scenes", dtype=torch.float32).eval()
    lseg = LSeg.from_pretrained(out, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)
    ids = tokenizer(["red house", "a photo of a blue car"], padding=True, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        wanted = clip.get_text_features(ids).pooler_output
        torch.testing.assert_close(lseg.clip_pretrained(ids), wanted, atol=1e-4, rtol=1e-3)  # frozen


def test_intersection_over_union_is_counted_by_pixels():
    report = import_module("resources.recipes.lseg_scenes.report")
    n = len(report.LABELS)
    perfect = np.diag(np.arange(1, n + 1))
    assert report.scores(perfect) == dict.fromkeys(report.scores(perfect), 1.0)
    all_background = np.zeros((n, n), int)
    all_background[:, -1] = 10
    scores = report.scores(all_background)
    assert (scores["miou_seen"], scores["miou_unseen"], scores["accuracy_things"]) == (0, 0, 0)
    assert scores["iou_background"] == pytest.approx(1 / n)
    half = np.diag([20] * n)
    half[1, 1], half[1, -1] = 10, 10  # half of the red trees is called background
    assert report.scores(half)["miou_seen"] == pytest.approx((119 + 0.5) / 120)
    assert report.scores(half)["miou_unseen"] == 1
    assert report.scores(half)["iou_background"] == pytest.approx(20 / 30)


def test_an_interrupted_run_ends_as_one_that_was_not(run, tmp_path, monkeypatch):
    training = import_module("resources.recipes.training")
    run("vit_scenes", "--state", tmp_path / "whole", "--steps", 2)
    monkeypatch.setattr(training, "SAVE_EVERY", -1.0)

    class Interrupted(Exception):
        pass

    save = training._save

    def save_and_stop(model, optimizers, step, file):
        save(model, optimizers, step, file)
        if step == 1:
            raise Interrupted

    monkeypatch.setattr(training, "_save", save_and_stop)
    with pytest.raises(Interrupted):
        run("vit_scenes", "--state", tmp_path / "parts", "--steps", 2)
    run("vit_scenes", "--state", tmp_path / "parts", "--steps", 2)
    whole, parts = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor)


def test_patches_show_the_kinds_of_the_whole():
    scenes = [make_scene(seed) for seed in range(50)]
    at_patches = kinds_at_patches(scenes, 8).any(1)
    present = kinds_present(scenes) > 0
    assert not (at_patches & ~present).any()
    assert at_patches.sum() > 0.97 * present.sum()  # hardly a thing is so small or so hidden that no patch shows it


def test_baselines_know_what_they_have_counted():
    """Of stripes the previous pixel says all, the unigram one bit."""
    stripes = np.tile(np.arange(SIDE * SIDE) % 2, (60, 1))
    bits = bits_of_baselines(stripes, stripes)
    assert abs(bits["bits_unigram"] - 1) < 0.01
    assert bits["bits_previous"] < 0.05
    assert bits["bits_neighbours"] <= bits["bits_previous"]
