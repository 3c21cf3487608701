"""The recipe of merlot-clips trains and measures; what is bundled knows what comes first, and noise does not help."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import numpy as np
import pytest
import torch

from resources import checkpoint_path
from resources.clips import make_clip
from resources.recipes.merlot_clips.data import (
    LONGEST,
    N_FRAMES,
    TEST_CLIPS,
    make_tokenizer,
    token_ids,
    training_batch,
    training_stories,
)
from resources.recipes.merlot_clips.report import Told, measure, told_clips
from resources.recipes.merlot_clips.train import order_labels
from resources.recipes.scene_data import TRAIN


def main(monkeypatch, name, *options):
    """A recipe, as from the command line."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, options)])
    import_module(f"resources.recipes.merlot_clips.{name}").main()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        main(patch, "train", "--state", folder, "--smoke", "--threads", 1)
    return folder


def test_it_trains_goes_on_and_is_measured(trained, monkeypatch, tmp_path, capsys):
    assert json.loads((trained / "run.json").read_text())["steps"] == 3
    frames = (trained / "frames.npy").stat().st_mtime_ns
    main(monkeypatch, "train", "--state", trained, "--smoke", "--threads", 1)
    assert (trained / "frames.npy").stat().st_mtime_ns == frames  # painted once
    main(monkeypatch, "report", "--state", trained, "--out", tmp_path / "out", "--n-test", 16, "--threads", 1)
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"pairs", "noise_pairs", "other_pairs", "to_frame", "words", "top_telling"} <= set(figures)
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"| {figures['pairs']:.3f} | {figures['noise_pairs']:.3f} |" in card


def test_steps_are_the_same_again_and_groups_are_of_events_that_follow_each_other(trained):
    stories, tokenizer = training_stories(trained, 6), make_tokenizer()
    first, again = (training_batch(4, 8, stories, tokenizer, 16) for _ in range(2))
    assert torch.equal(first.pixel_values, again.pixel_values)
    assert torch.equal(first.frame_places, again.frame_places)
    assert first.input_ids.shape == (8, N_FRAMES * LONGEST)
    assert tokenizer.unk_token_id not in first.input_ids
    for places in first.frame_places.tolist():
        told = [place for place in places if place < 16]
        assert told == sorted(told)
        assert len(set(places)) == N_FRAMES
        assert len(places) - len(told) != 1


def test_what_comes_first_is_told_within_a_clip_alone():
    labels = order_labels(torch.tensor([[7, 7, 9]]))[0].tolist()
    assert labels == [[1, 2, 0], [3, 1, 0], [0, 0, 1]]


def test_the_tokenizer_knows_all_that_is_said():
    tokenizer = make_tokenizer()
    said = [utterance.text for seed in range(60) for utterance in make_clip(seed).narration if utterance.event >= 0]
    ids = token_ids(said, tokenizer).reshape(-1, LONGEST)
    assert tokenizer.unk_token_id not in ids
    assert not ids[:, -1].any()  # none was cut


def test_no_clip_that_is_measured_was_trained_with():
    assert TEST_CLIPS.stop <= TRAIN.start


def test_what_is_bundled_puts_frames_in_order_and_finds_them_and_noise_is_of_no_use():
    from inference.models.merlot.model import Merlot

    tokenizer = make_tokenizer()
    model = Merlot.from_pretrained(checkpoint_path("merlot-clips"), dtype=torch.float32).eval()
    told = told_clips(TEST_CLIPS, 16, tokenizer)
    found = measure(model, told, tokenizer)
    noise = torch.rand(told.pixel_values.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    blind = measure(model, Told(noise, told.input_ids), tokenizer)
    assert found["pairs"] > 0.7
    assert found["to_frame"] > 0.35
    assert found["within"] > 0.6
    assert 0.3 < blind["pairs"] < 0.7
    assert blind["to_frame"] < 0.1
    assert blind["words"] < found["words"]
    assert np.isclose(blind["top_telling"], found["top_telling"])  # the text alone is read for it
