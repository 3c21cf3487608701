"""Attention in windows, blocks, streams and steps, in true positions: against transformers' own output, and by hand."""

from __future__ import annotations

import pytest
import torch
import transformers as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.capture.attention_call import AttentionCall, Received
from inference.context import Context, Refused
from inference.layouts.axis import Stretch, group, tokens
from inference.layouts.funnel import places_by_block, shortest
from inference.layouts.generic import lay_out
from inference.layouts.parts import PartsCall, in_parts
from inference.layouts.swin import window_places
from tests.inference.captured import build, captured, run
from tests.inference.image_configurations import IMAGES
from tests.inference.layout_checks import assert_parts_agree
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_models import D_VOCAB, build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input

# --- windows, time and space ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("swin", "SwinLayer"), ("swinv2", "Swinv2Layer")])
def test_a_patch_is_seen_within_its_window_only(name, kind):
    """A changed patch changes what its window hands on, and nothing else."""
    net, inputs = build(IMAGES[name]).double(), {"pixel_values": IMAGES[name].inputs()["pixel_values"].double()}
    with torch.no_grad():
        for parameter_name, parameter in net.named_parameters():
            if "logit_scale" in parameter_name:
                parameter.zero_()  # or some weights would be too small to see a change
    _, received = captured(net, inputs)
    stage, *_ = lay_out(received, net, inputs)
    layers = [part for part in net.modules() if type(part).__name__ == kind]
    states = torch.randn(1, 64, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for layer, call in zip(layers, stage.calls, strict=False):
        assert isinstance(call, PartsCall)
        (kinds,) = call.kinds([0], torch.arange(64))
        for place in (0, 27, 63):
            changed = states.clone()
            changed[0, place] += torch.randn(16, generator=torch.Generator().manual_seed(2))
            with torch.inference_mode():
                before, after = (layer(each, (8, 8)) for each in (states, changed))
            before, after = (each[0] if isinstance(each, tuple) else each for each in (before, after))
            is_changed = (after != before).any(-1)[0]
            assert torch.equal(is_changed, kinds[:, place] > 0)
        assert_parts_agree(call)
    assert not torch.equal(*(call.kinds([0], torch.arange(64)) for call in stage.calls))  # the second is shifted


def test_windows_at_the_edge_of_an_image_that_is_no_multiple_of_them():
    net, inputs = build(IMAGES["swin"]), {"pixel_values": torch.randn(1, 3, 20, 28)}
    _, received = captured(net, inputs)
    first, second = lay_out(received, net, inputs)
    assert (first.queries, second.queries) == ((Stretch("patches", (12, 16)),), (Stretch("patches", (8, 8)),))
    for call in (*first.calls, *second.calls):
        torch.testing.assert_close(call.patterns().sum(-1), torch.ones(call.n_heads, call.n_queries))


def test_window_places_cover_all():
    places = window_places(4, 6, 2, 1)
    assert sorted(places.flatten().tolist()) == list(range(24))
    assert places[0].tolist() == [7, 8, 13, 14]
    assert places[-1].tolist() == [23, 18, 5, 0]


def test_time_looks_at_one_patch_and_space_at_one_frame():
    net, inputs = build(IMAGES["timesformer"]), IMAGES["timesformer"].inputs()
    _, received = captured(net, inputs)
    time, space = lay_out(received, net, inputs)
    n_frames, n_patches = 3, 4
    (in_time,) = time.calls[0].kinds([0], torch.arange(12))
    (in_space,) = space.calls[0].kinds([0], torch.arange(15))
    for a in range(12):
        assert (in_time[a] > 0).nonzero()[:, 0].tolist() == [f * n_patches + a % n_patches for f in range(n_frames)]
    for a in range(15):
        assert (in_space[a] > 0).nonzero()[:, 0].tolist() == list(range(a // 5 * 5, a // 5 * 5 + 5))
    for call in (*time.calls, *space.calls):
        assert_parts_agree(call)


def test_which_patch_and_frame_a_place_of_timesformer_is():
    """Frames 0 and 2 are the same image, and nothing else tells them apart here."""
    net = build(IMAGES["timesformer"])
    with torch.no_grad():
        net.embeddings.time_embeddings.zero_()
    pixels = torch.randn(1, 3, 3, 16, 16)
    pixels[:, 2] = pixels[:, 0]
    _, received = captured(net, {"pixel_values": pixels})
    time, space = lay_out(received, net, {"pixel_values": pixels})
    in_time, in_space = time.calls[0].patterns(), space.calls[0].patterns()
    for patch in range(4):
        torch.testing.assert_close(in_time[:, 8 + patch], in_time[:, patch])
        assert not torch.allclose(in_time[:, 4 + patch], in_time[:, patch])
    torch.testing.assert_close(in_space[:, 10:, 10:], in_space[:, :5, :5])
    assert not torch.allclose(in_space[:, 5:10, 5:10], in_space[:, :5, :5])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(1, 5), st.booleans(), st.randoms(use_true_random=False))
def test_parts_are_a_matrix_with_blocks(n_parts, n_slots, is_biased, random):
    generator = torch.Generator().manual_seed(random.randrange(1000))
    q, k, v = torch.randn(3, n_parts, 2, n_slots, 4, generator=generator)
    bias = torch.randn(1, 2, n_slots, n_slots, generator=generator) if is_biased else None
    order = [*range(n_parts * n_slots)]
    random.shuffle(order)
    places = torch.tensor(order).reshape(n_parts, n_slots)
    call = in_parts(Received("", 0, False, "interface", 0, q, k, v, 0.5, bias=bias), places)
    whole = torch.zeros(2, n_parts * n_slots, n_parts * n_slots)
    for part in range(n_parts):
        scores = q[part] @ k[part].mT * 0.5 + (0 if bias is None else bias[0])
        whole[:, places[part][:, None], places[part]] = scores.softmax(-1)
    torch.testing.assert_close(call.patterns(), whole)
    rows = torch.tensor(order[:2])
    scores = call.dots([0, 1], rows) * 0.5 + (0 if bias is None else call.added([0, 1], rows))
    torch.testing.assert_close(scores[call.seen([0, 1], rows)], call.scores([0, 1], rows)[call.seen([0, 1], rows)])
    torch.testing.assert_close(call.output()[:, rows], whole[:, rows] @ values_of(v, places))


def values_of(v: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """[head, place, d_head] of [part, head, slot, d_head]."""
    return v.transpose(0, 1).flatten(1, 2)[:, places.flatten().argsort()]


# --- streams ----------------------------------------------------------------------------------------------------------


def test_streams_of_xlnet_are_those_of_the_model():
    net, inputs = build(TEXT["xlnet, two streams"]), TEXT["xlnet, two streams"].inputs()
    _, received = captured(net, inputs)
    content, query = lay_out(received, net, inputs)
    own = run(net, inputs, output_attentions=True)["attentions"]
    for layer, (of_content, of_query) in enumerate(own):
        torch.testing.assert_close(content.calls[layer].patterns(), of_content[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(query.calls[layer].patterns(), of_query[0][:, [8, 4]], atol=1e-5, rtol=0)
        assert not query.calls[layer].patterns()[:, :, [4, 8]].any()  # what is to be predicted is hidden


def test_the_query_stream_leaves_the_content_stream_as_it_is():
    net = build(TEXT["xlnet"])
    run_of = build_model("xlnet", net).run(text_input(token_ids=ids_of(9)), Context())
    own = run(net, {"input_ids": torch.tensor([ids_of(9)])}, output_attentions=True)["attentions"]
    for layer, pattern in enumerate(own):
        torch.testing.assert_close(run_of.calls["content"][layer].patterns(), pattern[0], atol=1e-5, rtol=0)
        assert not run_of.calls["query"][layer].patterns().diagonal(dim1=1, dim2=2).any()


def test_streams_of_future_words_are_those_of_the_model():
    net, inputs = build(TEXT["prophetnet"]), TEXT["prophetnet"].inputs()
    _, received = captured(net, inputs)
    own = run(net, inputs, output_attentions=True)["decoder_ngram_attentions"]
    *_, first, second = lay_out(received, net, inputs)
    for layer, streams in enumerate(own):
        torch.testing.assert_close(first.calls[layer].patterns(), streams[0, 0], atol=1e-5, rtol=0)
        torch.testing.assert_close(second.calls[layer].patterns(), streams[0, 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("separate_cls", [True, False])
@pytest.mark.parametrize("truncate_seq", [True, False])
@pytest.mark.parametrize("n", [5, 6, 13, 16, 17])
def test_pooled_places_are_those_of_funnel(n, separate_cls, truncate_seq):
    """Asked of the model: which tokens the mean at each place is made of."""
    config = tf.FunnelConfig(block_sizes=[1, 1, 1], separate_cls=separate_cls, truncate_seq=truncate_seq)
    from transformers.models.funnel.modeling_funnel import FunnelAttentionStructure

    states = torch.eye(n)[None]
    structure = FunnelAttentionStructure(config)
    for places in places_by_block(n, config):
        assert [state.nonzero()[:, 0].tolist() for state in states[0]] == places
        states = structure.pool_tensor(states)


@pytest.mark.parametrize("n_blocks", [1, 2, 3])
@pytest.mark.parametrize("separate_cls", [True, False])
def test_texts_too_short_to_shrink_are_refused(n_blocks, separate_cls):
    sizes = {"vocab_size": D_VOCAB, "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 48}
    config = tf.FunnelConfig(**sizes, block_sizes=[1] * n_blocks, separate_cls=separate_cls)
    model = build_model("funnel", tf.FunnelModel(config).eval())
    n = shortest(config)
    run = model.run(text_input(token_ids=ids_of(n)), Context())
    assert all(calls for calls in run.calls.values())
    if n > 1:
        with pytest.raises(Refused, match=f"has {n - 1} tokens; .* at least {n}"):
            model.encode(text_input(token_ids=ids_of(n - 1)))
        with torch.inference_mode(), pytest.raises(RuntimeError):  # what the model itself makes of it
            model.net(input_ids=torch.tensor([ids_of(n - 1)]))


def test_words_of_pooled_places():
    model = build_model("funnel", build_type("funnel"))
    sequences = model.encode(text_input(token_ids=ids_of(9))).sequences
    words = sequences["text"].words
    assert sequences["block_2"].words[:3] == (words[0], f"{words[1]} {words[2]}", f"{words[3]} {words[4]}")


# --- groups -----------------------------------------------------------------------------------------------------------


def test_lxmert_looks_from_words_to_boxes_and_back():
    net, inputs = build(IMAGES["lxmert"]), IMAGES["lxmert"].inputs()
    _, received = captured(net, inputs)
    groups = {each.title: each for each in lay_out(received, net, inputs)}
    own = run(net, inputs, output_attentions=True)
    for layer, pattern in enumerate(own["cross_encoder_attentions"]):
        torch.testing.assert_close(groups["Language to vision"].calls[layer].patterns(), pattern[0], atol=1e-5, rtol=0)
    for title in ("Language to vision", "Vision to language"):
        assert all(call.is_cross for call in groups[title].calls)
    assert groups["Vision to language"].queries == (Stretch("boxes", (5,)),)
    assert groups["Vision to language"].keys == tokens(7)


@pytest.mark.parametrize(
    ("name", "title", "axis"),
    [
        ("vit", "Encoder", (Stretch("special", (1,)), Stretch("patches", (4, 4)))),
        ("dinov2 with registers", "Encoder", (Stretch("special", (5,)), Stretch("patches", (4, 4)))),
        ("vit_mae", "Encoder", (Stretch("special", (1,)), Stretch("patches", (4,)))),
        ("videomae", "Encoder", (Stretch("patches", (2, 2, 2)),)),
        ("vivit", "Encoder", (Stretch("special", (1,)), Stretch("patches", (2, 2, 2)))),
        ("siglip", "Vision, head", (Stretch("special", (1,)),)),
        ("clip", "Text", tokens(11)),
        ("git", "Decoder", (Stretch("special", (1,)), Stretch("patches", (4, 4)), *tokens(11))),
        ("vilt", "Encoder", (*tokens(11), Stretch("special", (1,)), Stretch("patches", (16,)))),
        ("visual_bert", "Encoder", (*tokens(11), Stretch("boxes", (5,)))),
        ("flava", "Text and vision", (Stretch("special", (2,)), Stretch("patches", (4, 4)), *tokens(11))),
        ("blip-2", "Queries to vision", (Stretch("queries", (3,)),)),
        ("groupvit", "Stage 2", (Stretch("segments", (6,)), Stretch("group tokens", (3,)))),
        ("x-clip", "Frames", (Stretch("frames", (3,)),)),
        ("imagegpt", "Decoder", (Stretch("pixels", (16,)),)),
    ],
)
def test_axes_say_what_lies_along_them(name, title, axis):
    net, inputs = build(IMAGES[name]), IMAGES[name].inputs()
    _, received = captured(net, inputs)
    assert {each.title: each.queries for each in lay_out(received, net, inputs)}[title] == axis


def test_a_call_of_another_length_is_an_error():
    call = AttentionCall("a.path", 0, is_cross=False, pattern=torch.ones(1, 2, 3))
    with pytest.raises(RuntimeError, match=r"^a\.path attends from 2 places to 3, where Text has 3 and 3\.$"):
        group("Text", tokens(3), tokens(3), [call])
