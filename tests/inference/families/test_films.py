"""Models of films: their frames and patches are where the names say, and attention is that of transformers."""

import copy

import numpy as np
import pytest
import torch

from inference.analyses.clip import clip
from inference.analyses.film_strip import film_strip
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.clip import ClipRequest
from inference.results.film_strip import FilmStripRequest
from inference.results.inputs import ClipInput
from inference.results.request import Capability
from tests.inference import tiny_films
from tests.inference.captured import CLOSE
from tests.inference.published import Softmaxes
from tests.inference.tiny_films import PATCH, given


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    kept = {}

    def open_named(name):
        if name not in kept:
            kept[name] = load(str(tiny_films.save(tmp_path_factory.mktemp("films"), name)), Context())
        return kept[name]

    return open_named


def ask(model, group, clip_input=None, **more):
    return clip(ClipRequest("x", given(clip_input), group, **more), model, Context())


@pytest.mark.parametrize("name", tiny_films.NAMES)
def test_it_reads_films_and_says_of_how_many_frames(name, opened):
    info = opened(name).info
    assert "clip" in info.reads
    assert Capability.CLIP in info.capabilities
    assert "frames of 24 × 24 pixels in 3 × 3 patches" in info.images


@pytest.mark.parametrize("name", tiny_films.NAMES)
def test_every_position_has_a_word_a_cell_and_a_unit(name, opened):
    model = opened(name)
    run = model.run(given(), Context())
    for group in model.info.groups:
        for axis, calls in ((group.query_axis, "n_queries"), (group.key_axis, "n_keys")):
            assert axis in model.family.units(model.net.config)
            for call in run.calls[group.name]:
                assert len(run.encoded.sequences[axis]) == getattr(call, calls)
            if axis != "text":
                assert run.encoded.cells[axis].shape == (len(run.encoded.sequences[axis]), 3)


@pytest.mark.parametrize("name", ["videomae", "vivit", "timesformer space", "timesformer joint", "videomae fills in"])
def test_attention_is_that_of_transformers(name, opened):
    model = opened(name)
    run = model.run(given(), Context())
    own = [call.patterns() for group in model.info.groups for _, call in model.each_call(run, group.name, Context())]
    theirs = eager(model, run.encoded.tensors)
    assert len(theirs) >= model.info.groups[0].n_layers
    for pattern, expected in zip(own, theirs, strict=False):  # of a decoder they return none
        if len(expected) == 1:
            torch.testing.assert_close(pattern, expected[0], atol=CLOSE, rtol=0)
        else:
            n = expected.shape[-1]
            for frame, block in enumerate(expected):
                at = slice(frame * n, frame * n + n)
                torch.testing.assert_close(pattern[:, at, at], block, atol=CLOSE, rtol=0)


def eager(model, tensors):
    net = copy.deepcopy(model.net)
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    with torch.inference_mode():
        return net(**tensors, output_attentions=True).attentions


@pytest.mark.parametrize("name", ["videomae", "vivit", "timesformer", "timesformer joint"])
def test_a_changed_block_of_a_frame_changes_the_tokens_that_are_named_so(name, opened):
    """Before the first layer no other position knows of it."""
    model = opened(name)
    encoded = model.run(given(), Context()).encoded
    group = model.info.groups[0]
    words = encoded.sequences[group.query_axis].words
    step = model.clips.frames_a_step(model.net.config)
    frame, row, column = 3, 2, 1
    changed = dict(encoded.tensors)
    pixels = changed["pixel_values"] = changed["pixel_values"].clone()
    pixels[0, frame, :, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH] += 1
    queries = []
    for tensors in (encoded.tensors, changed):
        run = model._new_run(type(encoded)(tensors, encoded.sequences, cells=encoded.cells), Context(), None)
        queries.append(first_queries(model.call(run, group.name, 0, Context()), len(words)))
    differs = (queries[0] - queries[1]).abs().amax((0, 2)) > 1e-6
    first = frame // step * step
    named = f"{first},{row},{column}" if step == 1 else f"{first}-{first + step - 1},{row},{column}"
    assert [words[i] for i in differs.nonzero()[:, 0].tolist()] == [named]


def first_queries(call, n):
    """[head, position, d_head], of parts in the places of the whole."""
    if not hasattr(call, "by_part") or not call.by_part:
        return call.q
    whole = torch.empty(call.n_heads, n, call.by_part[0].q.shape[-1])
    for places, part in zip(call.places, call.by_part, strict=True):
        whole[:, places] = part.q
    return whole


def test_time_stays_at_a_place_and_space_in_a_frame(opened):
    model = opened("timesformer")
    assert [group.title for group in model.info.groups] == ["Time", "Space"]
    time = ask(model, "time", query=9 + 4)
    assert time.query_cells[13].tolist() == [1, 1, 1]
    seen = time.key_cells[time.pattern[0, 0] > 0]
    assert seen.tolist() == [[frame, 1, 1] for frame in range(4)]
    space = ask(model, "space", query=10 + 5)
    assert space.query_tokens.words[15] == "1,1,1"
    assert set(space.key_cells[space.pattern[0, 0] > 0][:, 0].tolist()) == {1}
    np.testing.assert_allclose(space.pattern.sum(-1), 1, atol=1e-5)
    assert "take turns" in space.why_no_rollout
    assert not ask(model, "space", with_rollout=True).rollout.size


def test_hidden_tubes_go_through_all_frames_and_stand_behind_in_the_decoder(opened):
    model = opened("videomae fills in")
    chosen = ClipInput(seed=2, hidden=0.5, hidden_seed=3)
    encoder, decoder = ask(model, "encoder", chosen), ask(model, "decoder", chosen)
    n_hidden, n_steps = 4, 3
    assert len(encoder.key_tokens) == n_steps * (9 - n_hidden)
    assert len(decoder.key_tokens) == n_steps * 9
    assert decoder.key_tokens.words[: len(encoder.key_tokens)] == encoder.key_tokens.words
    places = {tuple(cell) for cell in decoder.key_cells[len(encoder.key_tokens) :, 1:].tolist()}
    assert len(places) == n_hidden
    assert not places & {tuple(cell) for cell in encoder.key_cells[:, 1:].tolist()}
    strip = film_strip(FilmStripRequest("x", given(chosen)), model, Context())
    assert strip.hides_places
    assert {tuple(place) for place in np.argwhere(strip.is_hidden).tolist()} == places
    other = ask(model, "encoder", ClipInput(seed=2, hidden=0.5, hidden_seed=4))
    assert other.key_tokens.words != encoder.key_tokens.words


def test_what_x_clip_attends_to_are_frames_messages_and_places(opened):
    model = opened("x-clip")
    strip = film_strip(FilmStripRequest("x", given(ClipInput(seed=2))), model, Context())
    assert strip.text == strip.events[0][2]
    frames = ask(model, "frames", query=1)
    assert frames.key_cells.tolist() == [[i, -1, -1] for i in range(3)]
    image = ask(model, "image")
    assert image.key_tokens.words[:2] == ("[CLS]", "0,0,0")
    assert image.key_tokens.words[10] == "message"
    words = ask(model, "text_to_image")
    assert words.key_cells[:, 0].tolist() == [-1] * 9
    with pytest.raises(Refused, match="attends to words alone, not to the film"):
        ask(model, "text")


def test_rollout_is_the_product_of_the_layers(opened):
    model = opened("vivit")
    result = ask(model, "encoder", query=4, with_rollout=True)
    run = model.run(given(), Context())
    product = torch.eye(len(result.key_tokens))
    for layer, call in model.each_call(run, "encoder", Context()):
        mean = (call.patterns().mean(0) + torch.eye(len(product))) / 2
        product = mean @ product
        np.testing.assert_allclose(result.rollout[layer], product[4].numpy(), atol=1e-5)


def test_the_query_is_cls_or_the_patch_in_the_middle(opened):
    assert ask(opened("vivit"), "encoder").query == 0
    middle = ask(opened("videomae"), "encoder")
    assert middle.query_tokens.words[middle.query] == "2-3,1,1"
    with pytest.raises(Refused, match="has positions 0 to 26"):
        ask(opened("videomae"), "encoder", query=27)


@pytest.mark.parametrize("name", ["timesformer", "x-clip", "videomae fills in"])
def test_each_softmax_of_transformers_is_a_part_of_what_is_shown(name, opened):
    """Maps that transformers does not return, too: in time, of messages, and of a decoder."""
    model = opened(name)
    run = model.run(given(), Context())
    net = copy.deepcopy(model.net)
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    with torch.inference_mode(), Softmaxes(net) as softmaxes:
        model.family.forward(net, run.encoded)
    for group in model.info.groups:
        for _, call in model.each_call(run, group.name, Context()):
            (raw,) = (one for one in softmaxes.found[call.path] if one.ndim == 4)
            pattern = call.patterns()
            parts = call.places if getattr(call, "by_part", ()) else [torch.arange(n) for n in (raw.shape[-1],)]
            assert len(parts) == len(raw)
            for at, expected in zip(parts, raw, strict=True):
                rows = torch.arange(raw.shape[-2]) if len(raw) == 1 else at
                torch.testing.assert_close(pattern[:, rows[:, None], at], expected, atol=CLOSE, rtol=0)
