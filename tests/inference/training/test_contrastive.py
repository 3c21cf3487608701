"""A tiny CLIP in the lab: its loss is CLIP's own, its data is split by pair, and what comes of it opens as any CLIP."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from inference.context import Cancelled, Context, Refused
from inference.results.checkpoint import OpenRequest
from inference.results.events import Partial
from inference.results.inputs import ImageInput
from inference.results.similarity import SimilarityRequest
from inference.results.training import ModelSizes, TrainingPlan, TrainingRequest
from inference.service.engine import Engine
from inference.training import contrastive
from inference.training.contrastive import PAIRS, SEEN, UNSEEN, ContrastiveTask
from inference.training.run import build_task, check, train
from inference.training.run_files import read_result
from inference.training.task import layers_of

CPU = torch.device("cpu")


def make_request(folder, n_steps=3, batch=4, seed=0):
    plan = TrainingPlan(n_steps, batch, warm_up=1, smoothing=0.0, seed=seed)
    return TrainingRequest(str(folder), "contrastive", ModelSizes(1, 16, 2, norm="pre"), plan)


@pytest.fixture(autouse=True)
def _few_are_validated(monkeypatch):
    monkeypatch.setattr(contrastive, "_N_VALIDATED", 8)
    monkeypatch.setattr(contrastive, "_N_UNSEEN", 8)


@pytest.fixture
def task(tmp_path):
    found = build_task(make_request(tmp_path), CPU)
    assert isinstance(found, ContrastiveTask)
    return found


def test_the_loss_is_transformers_own(task, monkeypatch):
    """The mean of both cross-entropies is what `CLIPModel` returns for the same batch."""
    kept = {}
    whole = task._cross_entropies

    def noted(pixels, captions, smoothing):
        kept.update(pixels=pixels, captions=captions)
        return whole(pixels, captions, smoothing)

    monkeypatch.setattr(task, "_cross_entropies", noted)
    task.net.eval()
    with torch.no_grad():
        task.net.logit_scale.fill_(9.0)  # more than the paper allows
        ours = task.loss()
        theirs = task.net(pixel_values=kept["pixels"], **task._encoded(kept["captions"]), return_loss=True)
    assert float(ours) == pytest.approx(float(theirs.loss), rel=1e-5)
    of_images, of_texts, temperature = task.terms_now
    assert (of_images + of_texts) / 2 == pytest.approx(float(ours), rel=1e-6)
    assert temperature == pytest.approx(0.01, rel=1e-5)
    own = torch.arange(4)
    assert of_images == pytest.approx(float(torch.nn.functional.cross_entropy(theirs.logits_per_image, own)), rel=1e-5)
    assert of_texts == pytest.approx(float(torch.nn.functional.cross_entropy(theirs.logits_per_text, own)), rel=1e-5)


def test_a_batch_has_each_pair_once_and_none_that_is_held_out(task, monkeypatch):
    seen = []
    monkeypatch.setattr(
        task, "_cross_entropies", lambda _, captions, __: seen.append(captions) or (torch.zeros(()),) * 2
    )
    for _ in range(30):
        task.loss()
    named = [[pair for caption in captions for pair in PAIRS if " ".join(pair) in caption] for captions in seen]
    assert all(len(set(pairs)) == len(pairs) == 4 for pairs in named)
    assert {pair for pairs in named for pair in pairs} <= set(SEEN)
    texts = [caption for captions in seen for caption in captions]
    assert not any(" ".join(pair) in text for pair in UNSEEN for text in texts)
    ids = task.tokenizer(texts).input_ids
    assert task.tokenizer.unk_token_id not in {token for row in ids for token in row}
    assert max(map(len, ids)) <= contrastive._LONGEST


def test_validation_is_zero_shot_by_what_was_seen_and_what_was_not(task):
    task.net.eval()
    task._zero_shot = lambda pixels: torch.eye(len(PAIRS))[task._truth[: len(pixels)]]
    with torch.inference_mode():
        loss, right = task.validate()
    assert (right, task.parts_right) == (1.0, (1.0, 1.0))
    assert loss == pytest.approx(math.log(4), rel=0.3)  # of a batch of four, before anything was learned
    told = torch.eye(len(PAIRS))[task._truth]
    told[:8] = told[:8].roll(1, -1)
    task._zero_shot = lambda pixels: told
    with torch.inference_mode():
        assert task.validate()[1] == 0.5
    assert task.parts_right == (0.0, 1.0)
    assert all((PAIRS[i] in UNSEEN) == (n >= 8) for n, i in enumerate(task._truth.tolist()))


def test_layers_of_both_towers_have_names_of_their_own(task):
    parts = layers_of(task.net)
    assert list(parts) == ["text embedding", "text layer 0", "image embedding", "image layer 0", "head"]
    assert sum(p.numel() for group in parts.values() for p in group) == sum(p.numel() for p in task.net.parameters())


def test_a_run_goes_on_as_if_it_had_not_been_stopped_and_opens_as_any_clip(tmp_path):
    at_once = train(make_request(tmp_path / "whole"), Context())
    looks = []
    context = Context(lambda event: looks.append(event), lambda: any(isinstance(one, Partial) for one in looks))
    with pytest.raises(Cancelled):
        train(make_request(tmp_path / "run"), context)
    later = train(make_request(tmp_path / "run"), Context())
    np.testing.assert_array_equal(later.log.loss, at_once.log.loss)
    np.testing.assert_array_equal(later.log.terms, at_once.log.terms)
    assert later.log.terms.shape == (3, 3)
    np.testing.assert_allclose(later.log.terms[:, :2].mean(1), later.log.loss, rtol=1e-5)
    kept = read_result(tmp_path / "run")
    assert kept.terms == later.terms
    np.testing.assert_array_equal(kept.log.terms, later.log.terms)

    folder, engine = str(tmp_path / "run"), Engine()
    info = engine.run(OpenRequest(folder), Context())
    assert (info.architecture, info.notes, info.cautions) == ("CLIPModel", (), ())
    image = tmp_path / "a.png"
    contrastive.paint_scene(contrastive.portrait(5, SEEN[0]), 48).save(image)
    request = SimilarityRequest(folder, (ImageInput(str(image)),), ("a red house", "a blue car"))
    found = engine.run(request, Context())
    assert np.isfinite(found.cosines).all()
    card = (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    assert "never occur in training" in card


@pytest.mark.parametrize("batch", [1, 121])
def test_a_batch_that_pairs_do_not_fill_is_refused(tmp_path, batch):
    with pytest.raises(Refused, match=f"batch is {batch}; images and texts are learned from 2 to 120 a step"):
        check(make_request(tmp_path, batch=batch))
