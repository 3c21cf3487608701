"""The bundled LSeg: what its card says of pixels, on a few scenes, and that its labels can be any."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses.segments import segments
from inference.context import Context
from inference.forward.opening import load
from inference.inputs.scene_images import thing_masks
from inference.results.inputs import ImageInput, Input
from inference.results.segments import SegmentsRequest
from resources.scene_shapes import COLOURS, KINDS

NAME = "lseg-scenes"
PAIRS = tuple(f"{colour} {kind}" for colour in COLOURS for kind in KINDS)
# All that the program can draw; 127 of them with the background, which is as many as are compared at once.
LABELS = (*PAIRS[:-1], "background")


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


def ask(model, seed, labels):
    input = Input(image=ImageInput(seed=seed, kind="scene"))
    return segments(SegmentsRequest(NAME, input, labels), model, Context()), model.prepare(input).scene


def test_pixels_of_things_are_told_among_all_pairs(model):
    """The card says 0.898 of the pixels of things, 0.972 of the background's union; chance is below 0.01."""
    right, n, background = 0, 0, []
    for seed in range(12):
        result, scene = ask(model, seed, LABELS)
        masks = thing_masks(scene, 64)
        for thing, mask in zip(scene.things, masks, strict=True):
            if thing.tag in LABELS:
                right += int((result.winners[mask] == LABELS.index(thing.tag)).sum())
                n += int(mask.sum())
        called, is_background = result.winners == LABELS.index("background"), ~masks.any(0)
        background.append((called & is_background).sum() / (called | is_background).sum())
    assert n > 3_000
    assert right / n > 0.8
    assert np.mean(background) > 0.94


def test_kinds_and_colours_alone_are_labels_too(model):
    """What it was told apart by: words that are no pair."""
    right = []
    for seed in range(12):
        result, scene = ask(model, seed, (*KINDS, "background"))
        for thing, mask in zip(scene.things, thing_masks(scene, 64), strict=True):
            right.append((result.winners[mask] == list(KINDS).index(thing.kind)).mean())
    assert np.mean(right) > 0.8


def test_labels_in_another_order_give_the_same_map(model):
    result, _ = ask(model, 3, LABELS)
    order = np.random.default_rng(0).permutation(len(LABELS))
    permuted, _ = ask(model, 3, tuple(LABELS[i] for i in order))
    assert np.array_equal(order[permuted.winners], result.winners)
    np.testing.assert_array_equal(permuted.scores, result.scores[order])


def test_its_text_tower_is_that_of_clip_scenes(model):
    clip = load("clip-scenes", Context())
    ids = model.tokenizer(["red house", "a photo of a cup"], padding=True, return_tensors="pt")["input_ids"]
    ours = model.net.clip_pretrained(ids).detach().numpy()
    np.testing.assert_allclose(ours, clip.net.get_text_features(ids).pooler_output.detach().numpy(), atol=1e-4)
