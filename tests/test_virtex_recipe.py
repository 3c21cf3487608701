"""The recipe of virtex-scenes trains, measures and compares; what it calls true is true."""

from __future__ import annotations

import json
import random
import sys
from importlib import import_module

import torch

from inference.analyses.fine_tuning import STUDY
from resources.recipes.scene_data import TEST
from resources.recipes.virtex_scenes.data import make_tokenizer, some_captions, training_batch
from resources.recipes.virtex_scenes.label import pairs_present
from resources.recipes.virtex_scenes.report import Captioner, _last_pattern, truths
from resources.recipes.virtex_scenes.train import build_model
from resources.recipes.virtex_scenes.transfer import METHODS
from resources.recipes.virtex_scenes.truth import Sentence, read
from resources.scenes import make_scene


def main(monkeypatch, name, *options):
    """A recipe, as from the command line."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, options)])
    import_module(f"resources.recipes.virtex_scenes.{name}").main()


def test_every_true_sentence_is_found_true_and_names_what_is_there():
    for seed in range(40):
        scene = make_scene(seed)
        captions = scene.captions()
        assert all(isinstance(read(caption), Sentence) for caption in captions)
        found = truths(captions, [scene] * len(captions))
        assert set(found.values()) == {1.0}
        assert read(captions[-1]).count == len(scene.things)


def test_what_is_not_there_is_found_untrue():
    scene = make_scene(3)
    first, second = scene.things[:2]
    turned = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
    wrong = f"{first.phrase} {turned[scene.relation(0, 1)]} {second.phrase}"
    assert truths([wrong], [scene])["relation"] == 0
    size = next(size for size in ("small", "large") if size != first.size)
    resized = truths([f"a {size} {first.tag} at night"], [scene])
    assert (resized["thing"], resized["size"]) == (1, 0)
    colour = next(c for c in ("red", "blue") if not any((t.colour, t.kind) == (c, first.kind) for t in scene.things))
    recoloured = truths([f"a {first.size} {colour} {first.kind} at night"], [scene])
    assert (recoloured["kind"], recoloured["thing"]) == (1, 0)
    assert read("a red small house at night") is None
    assert truths(["house house"], [scene])["grammar"] == 0


def test_captions_are_cut_into_words_of_the_tokenizer_and_no_step_sees_another_ones_scenes():
    tokenizer = make_tokenizer()
    scenes, captions = training_batch(5, 3, 2)
    assert len(captions) == 6
    assert tokenizer.unk_token_id not in [token for ids in tokenizer(captions)["input_ids"] for token in ids]
    seen = {scene.seed for step in range(3) for scene in training_batch(step, 3, 2)[0]}
    assert len(seen) == 9
    assert not seen & set(TEST)
    assert pairs_present(scenes).sum(1).tolist() == [len(set(scene.tags)) for scene in scenes]
    assert some_captions(scenes[0], 2, random.Random(0))[0] in scenes[0].captions()


def test_the_pattern_that_pointing_is_measured_with_is_the_models_own():
    model = build_model(0, len(make_tokenizer())).eval()
    captioner = Captioner(model, make_tokenizer())
    places = captioner.read([make_scene(1)])
    ids = torch.tensor([[1, 4, 9, 12]])
    with torch.inference_mode():
        found = _last_pattern(model, places, ids)
        layer = model.textual.transformer.layers[-1].multihead_attn
        heard = []
        hook = layer.register_forward_hook(lambda _, args, output: heard.append((args[3], output)))
        model(encoder_outputs=(places,), decoder_input_ids=ids, use_cache=False)
        hook.remove()
        memory, output = heard[0]
        d = memory.shape[-1]
        values = memory @ layer.in_proj_weight[2 * d :].T + layer.in_proj_bias[2 * d :]
        read_of = found @ values.unflatten(-1, (4, -1)).transpose(1, 2)
        expected = layer.out_proj(read_of.transpose(1, 2).flatten(2))
    torch.testing.assert_close(expected, output, atol=1e-5, rtol=1e-4)


def test_it_trains_reports_and_compares(tmp_path, monkeypatch, capsys):
    state, out, labels = tmp_path / "state", tmp_path / "virtex", tmp_path / "labels"
    main(monkeypatch, "train", "--state", tmp_path / "first", "--smoke", "--without-places")
    main(monkeypatch, "train", "--state", state, "--smoke", "--start", tmp_path / "first" / "model")
    main(monkeypatch, "report", "--state", state, "--out", out, "--n-test", 6)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "{" not in card
    main(monkeypatch, "label", "--state", labels, "--smoke")
    main(monkeypatch, "transfer", "--labels", labels, "--state", tmp_path / "runs", "--out", out, "--smoke")
    told = json.loads((out / STUDY).read_text(encoding="utf-8"))
    assert {run["method"] for run in told["runs"]} == set(told["methods"]) == set(METHODS)
    main(monkeypatch, "transfer", "--labels", labels, "--state", tmp_path / "runs", "--out", out, "--smoke")
    assert json.loads((out / STUDY).read_text(encoding="utf-8")) == told  # no run is made twice
    assert all(0 <= run["accuracies"][0] <= 1 for run in told["runs"])
    capsys.readouterr()
    main(monkeypatch, "transfer", "--again", "--out", out, "--smoke")
    *runs, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert {run["method"] for run in runs} == set(METHODS)
    assert all(run["study"] == run["accuracy"] for run in runs)
    assert last["furthest from the study, classifiers"] == last["furthest from the study, from scratch"] == 0
    assert json.loads((out / STUDY).read_text(encoding="utf-8")) == told
