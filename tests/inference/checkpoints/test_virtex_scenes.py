"""The bundled VirTex: what its card says of captions, on a few scenes, and what is left of it blind."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses.caption import caption
from inference.analyses.fine_tuning import labelled_examples
from inference.context import Context
from inference.forward.opening import load
from inference.inputs.scene_images import thing_masks
from inference.results.caption import CaptionRequest
from inference.results.fine_tuning import LabelledExamplesRequest
from inference.results.inputs import ImageInput, Input
from resources.recipes.virtex_scenes.report import Captioner, likeliest_relations, truths
from resources.scenes import make_scene

NAME = "virtex-scenes"
SEEDS = range(2_000, 2_040)


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


@pytest.fixture(scope="module")
def captioner(model):
    return Captioner(model.net, model.tokenizer)


@pytest.mark.parametrize("is_from_end", [False, True])
def test_captions_are_true(captioner, is_from_end):
    scenes = [make_scene(seed) for seed in SEEDS]
    found = truths(captioner.captions(captioner.read(scenes), is_from_end=is_from_end), scenes)
    assert found["grammar"] > 0.95
    assert found["thing"] > 0.9
    assert found["relation"] > 0.5


def test_the_true_one_of_four_relations_is_the_likeliest_more_often_than_by_chance(captioner):
    scenes = [make_scene(seed) for seed in SEEDS]
    assert likeliest_relations(captioner, scenes, captioner.read(scenes))[0] > 0.4
    assert likeliest_relations(captioner, scenes, captioner.read(scenes, is_blind=True))[0] < 0.4


def test_blind_nothing_that_is_there_is_named(captioner):
    scenes = [make_scene(seed) for seed in SEEDS]
    (said,) = set(captioner.captions(captioner.read(scenes, is_blind=True)))
    named = truths([said] * len(scenes), scenes)["thing"]
    assert np.isnan(named) or named < 0.2


def test_kinds_are_looked_at_when_they_are_named(model):
    hits = []
    for seed in SEEDS[:12]:
        image = Input(image=ImageInput(seed=seed, kind="scene"))
        found = caption(CaptionRequest(NAME, image), model, Context())
        scene = model.prepare(image).scene
        masks = thing_masks(scene, 64).reshape(-1, 8, 8, 8, 8).any((2, 4)).reshape(-1, 64)
        for place, word in enumerate(found.written.tokens.words):
            things = [i for i, thing in enumerate(scene.things) if thing.kind == word]
            if things:
                looked = int(found.pattern[:, :, place - 1].mean((0, 1)).argmax())
                hits.append(masks[things, looked].any())
    assert len(hits) > 12
    assert np.mean(hits) > 0.6


def test_what_captions_are_worth_stands_beside_it():
    found = labelled_examples(LabelledExamplesRequest(NAME), Context()).study
    assert (found.base, found.unit) == (NAME, "portraits")
    assert set(found.methods) == {run.method for run in found.runs}
