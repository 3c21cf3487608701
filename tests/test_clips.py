"""Clips: the same for a seed, true to the pixel, and told in sentences that fit one order alone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from inference.inputs.scene_images import paint_scene, thing_boxes
from resources.clips import MOST_CLIP_FRAMES, make_clip, n_orders
from resources.scenes import BACKGROUNDS, HELD_OUT, Scene

CLIPS = [make_clip(seed) for seed in range(40)]


def test_a_seed_makes_the_same_clip_again():
    assert make_clip(7) == CLIPS[7]
    assert len({clip.events for clip in CLIPS}) == len(CLIPS)


def test_all_that_can_happen_happens_to_one_to_three_things():
    kinds = {event.kind for seed in range(150) for event in make_clip(seed).events}
    assert kinds == {"enter", "join", "move", "grow", "shrink", "turn", "meet", "recolour", "leave"}
    assert {len(clip.actors) for clip in CLIPS} == {1, 2, 3}
    assert max(clip.n_frames for clip in CLIPS) <= MOST_CLIP_FRAMES


def test_the_sentences_fit_one_order_alone():
    for clip in CLIPS:
        assert n_orders(clip.events) == 1, clip.seed
    free = [replace(event, kind="turn", named=()) for event in clip.events]
    assert n_orders(free) == math.factorial(len(free))


def test_no_sentence_speaks_of_what_is_held_out_from_training():
    seen = {(colour, kind) for clip in CLIPS for event in clip.events for kind, _, colour in event.named}
    assert seen
    assert not seen & HELD_OUT


@pytest.mark.parametrize("seed", range(6))
def test_boxes_and_tags_are_true_of_each_frame(seed):
    clip, side = CLIPS[seed], 48
    for frame in range(0, clip.n_frames, 3):
        scene = clip.scene_at(frame)
        image = np.asarray(paint_scene(scene, side)).astype(int)
        empty = np.asarray(paint_scene(Scene(0, clip.background, ()), side)).astype(int)
        boxes = thing_boxes(scene, side)
        assert len(boxes) == len(scene.tags)
        outside = np.ones((side, side), bool)
        for left, top, right, bottom in boxes:
            outside[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = False
        assert not np.abs(image - empty)[outside].any(), frame
        for thing, (left, top, right, bottom) in zip(scene.things, boxes, strict=True):
            if (right - left) * (bottom - top) > 30 and thing.colour != "white":
                assert np.abs(image - empty)[int(top) : int(bottom) + 1, int(left) : int(right) + 1].any()


def test_a_thing_is_what_the_sentences_before_say():
    for clip in CLIPS:
        for event in clip.events:
            tags = clip.scene_at(event.start - 1).tags if event.start else ()
            assert all(f"{colour} {kind}" in tags for kind, _, colour in event.named), (clip.seed, event.sentence)
            if event.kind == "leave":
                assert event.actor not in {thing.kind for thing in clip.scene_at(event.end - 1).things}


def test_a_turned_thing_is_painted_turned():
    clip, event = next((c, e) for c in CLIPS for e in c.events if e.kind == "turn" and e.actor not in ("star",))
    still, turned = (np.asarray(paint_scene(clip.scene_at(f), 64)) for f in (event.start - 1, event.start + 2))
    assert (still != turned).any()


def test_what_is_said_has_no_capitals_and_tells_every_event_early_or_late():
    late = set()
    for clip in CLIPS:
        told = [said for said in clip.narration if said.event >= 0]
        assert [said.event for said in told] == list(range(len(clip.events)))
        for said in told:
            assert said.text.endswith(clip.events[said.event].sentence)
            late.add(np.sign(said.start - clip.events[said.event].start))
        starts = [said.start for said in clip.narration]
        assert starts == sorted(starts)
        assert all(0 <= said.start < said.end <= clip.n_frames for said in clip.narration)
        assert all(said.text == said.text.lower() for said in clip.narration)
    assert late == {-1, 0, 1}
    assert any(said.event < 0 for clip in CLIPS for said in clip.narration)


def test_backgrounds_are_those_of_scenes():
    assert {clip.background for clip in CLIPS} == set(BACKGROUNDS)
