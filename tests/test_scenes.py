"""Drawn scenes: what is said of them is what is in the picture."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.inputs.scene_images import paint_scene, thing_boxes, thing_masks
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import HELD_OUT, MOST_OBJECTS, SIZES, Scene, Thing, make_portrait, make_scene

OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), with_held_out=st.booleans())
def test_a_scene_is_well_formed_and_follows_from_its_seed(seed, with_held_out):
    scene = make_scene(seed, with_held_out=with_held_out)
    assert scene == make_scene(seed, with_held_out=with_held_out)
    assert 2 <= len(scene.things) <= MOST_OBJECTS
    held_out = [(thing.colour, thing.kind) in HELD_OUT for thing in scene.things]
    assert sum(held_out) == int(with_held_out)
    for thing in scene.things:
        assert thing.side / 2 <= min(thing.x, thing.y)
        assert max(thing.x, thing.y) <= 1 - thing.side / 2
        assert abs(thing.side / SIZES[thing.size] - 1) <= 0.07
    for i, j in combinations(range(len(scene.things)), 2):
        assert scene.relation(i, j) == OPPOSITE[scene.relation(j, i)]


def test_a_portrait_is_one_thing_that_fills_the_picture():
    scenes = [make_portrait(seed) for seed in range(200)]
    assert scenes == [make_portrait(seed) for seed in range(200)]
    assert {len(scene.things) for scene in scenes} == {1}
    assert {scene.things[0].kind for scene in scenes} == set(KINDS)
    assert min(scene.things[0].side for scene in scenes) > 0.7


def test_every_colour_and_every_kind_is_seen_in_training():
    pairs = {(colour, kind) for colour in COLOURS for kind in KINDS} - HELD_OUT
    assert {colour for colour, _ in pairs} == set(COLOURS)
    assert {kind for _, kind in pairs} == set(KINDS)
    assert len(HELD_OUT) == 8


def test_captions_name_what_is_there():
    scene = make_scene(3)
    captions = scene.captions()
    for i, thing in enumerate(scene.things):
        assert captions[i].startswith(f"a {thing.size} {thing.colour} {thing.kind} ")
        for j, other in enumerate(scene.things):
            if i != j:
                assert f"{thing.phrase} {scene.relation(i, j)} {other.phrase}" in captions
    assert captions[-1].startswith(("two ", "three ", "four ", "five ", "six "))


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_is_where_its_box_and_mask_say(kind):
    thing = Thing(kind, "purple", "large", 0.4, 0.55, 0.38)
    with_it, without = Scene(0, "meadow", (thing,)), Scene(0, "meadow", ())
    changed = (np.asarray(paint_scene(with_it, 96)) != np.asarray(paint_scene(without, 96))).any(-1)
    left, top, right, bottom = thing_boxes(with_it, 96)[0]
    rows, columns = np.nonzero(changed)
    assert left - 2 <= columns.min()
    assert columns.max() <= right + 2
    assert top - 2 <= rows.min()
    assert rows.max() <= bottom + 2
    (mask,) = thing_masks(with_it, 96)
    assert mask.sum() > 0.15 * thing.side**2 * 96**2
    assert not (mask & ~changed).any()


def test_masks_show_who_stands_in_front():
    behind, before = Thing("house", "red", "large", 0.5, 0.45, 0.4), Thing("car", "blue", "large", 0.55, 0.6, 0.4)
    masks = thing_masks(Scene(0, "room", (behind, before)), 64)
    alone = thing_masks(Scene(0, "room", (before,)), 64)
    assert not (masks[0] & masks[1]).any()
    assert np.array_equal(masks[1], alone[0])
