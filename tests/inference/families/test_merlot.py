"""MERLOT in the program: frames and words where the names say, sentences of the user's or of the clip, all orders."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

from inference.analyses.clip import clip
from inference.analyses.film_strip import film_strip
from inference.analyses.order import order, scored_orders
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.inputs.clips.segments import END, clip_segments
from inference.models.merlot.layers import MerlotLayer
from inference.results.clip import ClipRequest
from inference.results.film_strip import FilmStripRequest
from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.order import AFTER, BEFORE, SAME, OrderRequest, mixed
from inference.results.request import Capability
from resources.clips import make_clip
from tests.inference.captured import CLOSE
from tests.inference.tiny_films import frames_of, save_webp
from tests.merlot_checkpoints import save

FOUR = "a red cup enters. the red cup grows; the red cup turns around! the red cup leaves"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("merlot"))), Context())


def given(text="", *, masked=(), **clip_input):
    return Input(text=TextInput(text, masked=masked), clip=ClipInput(**({"seed": 3} | clip_input)))


def ask(model, input, *args, **kwargs):
    return order(OrderRequest("x", input, *args, **kwargs), model, Context())


def test_it_says_what_it_reads_and_can(model):
    assert model.info.reads == ("text", "clip")
    assert {Capability.CLIP, Capability.ORDER} <= set(model.info.capabilities)
    assert [group.title for group in model.info.groups] == ["Words and frames", "Words alone", "Frames"]


def test_every_group_is_the_pattern_that_its_layers_make(model):
    """Layers are the same for words with frames and words alone; which is which is seen at what they were given."""
    run = model.run(given(FOUR), Context())
    heard = []
    layers = [part for part in model.net.modules() if isinstance(part, MerlotLayer)]
    hooks = [layer.register_forward_hook(lambda layer, args, _: heard.append((layer, *args))) for layer in layers]
    with torch.inference_mode():
        model.net(**run.encoded.tensors)
    for hook in hooks:
        hook.remove()
    wanted = {"both": [], "text": [], "patches": []}
    for layer, x, mask in heard:
        axis = "patches" if len(x) == 4 else "both" if x.shape[1] > 40 else "text"
        with torch.inference_mode():
            wanted[axis].append(layer.received(x, mask))
    for group in model.info.groups:
        for own, theirs in zip(model.each_call(run, group.name, Context()), wanted[group.query_axis], strict=True):
            pattern = own[1].patterns().mean(0)
            n = theirs.shape[-1]
            assert len(run.encoded.sequences[group.key_axis]) == len(pattern)
            for frame, block in enumerate(theirs):
                at = slice(frame * n, frame * n + n)
                torch.testing.assert_close(pattern[at, at], block, atol=CLOSE, rtol=0)


def test_words_attend_to_places_of_frames(model):
    found = clip(ClipRequest("x", given(FOUR), "words_and_frames", query=3), model, Context())
    assert found.query_tokens.words[3] == "cup"
    n_words = 1 + found.key_tokens.words[::-1].index("leaves")
    n_words = len(found.key_tokens) - n_words + 1
    assert (found.key_cells[:n_words] == -1).all()
    assert found.key_cells[n_words:].tolist() == [
        cell for frame in range(4)
        for cell in [[frame, -1, -1], *([frame, row, column] for row in range(2) for column in range(2))]
    ]  # fmt: skip
    np.testing.assert_allclose(found.pattern.sum(-1), 1, atol=1e-5)


def test_a_generated_clip_is_seen_once_in_each_event_and_read_by_its_narration(model):
    prepared = model.prepare(given())
    assert prepared.frames == tuple(segment.frame for segment in clip_segments(prepared.clip, 4))[:4]
    for frame, event in zip(prepared.frames, prepared.clip.events, strict=False):
        assert event.start <= frame < event.end
    found = ask(model, given())
    assert found.sentences == tuple(segment.text for segment in clip_segments(prepared.clip, 4))[:4]
    assert found.notes == ()
    assert "4 sentences are needed, the text has 1 sentence" in ask(model, given("The cat sat.")).notes[0]
    assert ask(model, given(FOUR)).sentences[2] == "the red cup turns around"
    typed = model.clips.said(prepared.clip, model.net.config)
    assert ask(model, given(typed)).sentences == found.sentences
    assert ask(model, given(typed)).notes == ()


def test_a_clip_of_three_events_ends_with_its_last_frame():
    short = next(found for found in map(make_clip, range(100)) if len(found.events) == 3)
    assert clip_segments(short, 4)[3] == (short.n_frames - 1, END)
    assert len(clip_segments(short, 3)) == 3


def test_the_order_that_is_asked_for_turns_the_columns_and_no_order_is_told(model):
    """The same frames in another order: what is said of each stays with it, but for rounding."""
    first, second = ask(model, given(), (0, 1, 2, 3)), ask(model, given(), (2, 0, 3, 1))
    assert second.frames == tuple(first.frames[i] for i in (2, 0, 3, 1))
    np.testing.assert_array_equal(second.seen, first.seen[[2, 0, 3, 1]])
    np.testing.assert_allclose(second.cosines, first.cosines[:, [2, 0, 3, 1]], atol=1e-5)
    assert ask(model, given()).order == mixed(4) == (1, 3, 0, 2)
    np.testing.assert_allclose(first.text_frame.sum(-1), 1, atol=1e-5)


def test_a_masked_word_is_hidden_from_the_joint_layers_alone(model):
    plain, masked = model.encode(given(FOUR)), model.encode(given(FOUR, masked=(3,)))
    assert masked.sequences["both"].words[3] == "[MASK]"
    assert masked.sequences["text"].words[3] == "cup"
    assert torch.equal(plain.tensors["input_ids"], masked.tensors["input_ids"])
    assert masked.tensors["masked_ids"][0, 3] == 1


@pytest.mark.parametrize(
    ("input", "kwargs", "why"),
    [
        (given(), {"order": (0, 1, 1, 2)}, "names each of the frames 0 to 3 once"),
        (given(frames=(1, 2)), {}, "2 frames were chosen; the model takes 4"),
        (Input(text=TextInput(token_ids=(5, 6)), clip=ClipInput()), {}, "no token ids: type 4 sentences"),
        (given("a " * 20 + "." + "b. c. d"), {}, "20|21"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(model, input, kwargs, why):
    with pytest.raises(Refused, match=why):
        ask(model, input, **kwargs)


def test_a_film_of_the_users_needs_a_sentence_for_each_frame(model, tmp_path):
    film = save_webp(tmp_path / "a.webp", frames_of(12))
    with pytest.raises(Refused, match=r"4 sentences are needed, .* the text has 2 sentences"):
        ask(model, Input(text=TextInput("one. two"), clip=ClipInput(str(film))))
    found = ask(model, Input(text=TextInput(FOUR), clip=ClipInput(str(film))), (0, 1, 2, 3))
    assert found.frames == (1, 4, 7, 10)
    strip = film_strip(FilmStripRequest("x", Input(clip=ClipInput(str(film)))), model, Context())
    assert strip.text == ""
    assert strip.notes == ("What is said of a film from a file is not known: type it.",)


def test_orders_are_scored_as_by_trying_them_all():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 5, 4))
    probs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    wanted = {}
    for times in permutations(range(5)):
        score = 0.0
        for sentence in range(5):
            for frame, time in enumerate(times):
                kind = SAME if sentence == time else BEFORE if sentence < time else AFTER
                score += np.log(probs[sentence, frame, kind])
        wanted[times] = score
    places, scores = scored_orders(probs)
    assert len(places) == 120
    assert (np.diff(scores) <= 1e-6).all()
    for times, score in zip(places.tolist(), scores, strict=True):
        assert score == pytest.approx(wanted[tuple(times)], abs=1e-4)
