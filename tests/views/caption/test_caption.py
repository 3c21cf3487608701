"""A caption is what the model's own `generate` writes; its controls are what the plain model says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers.modeling_outputs import BaseModelOutput

from inference.analyses.caption import caption
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.caption import CaptionRequest
from inference.results.decoding import Decoding
from inference.results.inputs import ImageInput, Input, TextInput
from resources.recipes.virtex_scenes.data import END, START
from tests.inference.families.test_virtex import save_virtex

SCENE = Input(image=ImageInput(seed=1, kind="scene"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(save_virtex(tmp_path_factory.mktemp("virtex"))), Context())


def write(model, **asked):
    return caption(CaptionRequest("x", asked.pop("input", SCENE), **asked), model, Context())


def pixels(model):
    return model.encode(Input(text=TextInput("a"), image=SCENE.image)).tensors["pixel_values"]


@pytest.mark.parametrize("beams", [1, 3])
def test_it_writes_what_generate_writes(model, beams):
    found = write(model, decoding=Decoding("beam", beams) if beams > 1 else Decoding(), most=9)
    expected = model.net.generate(pixel_values=pixels(model), max_length=10, num_beams=beams, do_sample=False)
    assert found.written.tokens.ids.tolist() == expected[0].tolist()


def test_from_the_end_it_writes_what_the_second_decoder_says(model):
    found = write(model, is_from_end=True, most=9)
    ids = [END]
    while len(ids) < 10 and (len(ids) == 1 or ids[-1] != START):
        with torch.inference_mode():
            output = model.net(pixels(model), torch.tensor([ids]), backward=True, use_cache=False)
        ids.append(int(output.logits[0, -1].argmax()))
    assert found.written.tokens.ids.tolist() == ids
    tokens = found.written.tokens
    words = [tokens.words[place] for place in range(len(tokens)) if not tokens.is_special[place]]
    assert found.written.text.split() == words[::-1]
    assert write(model, most=9).other_way == found.written.text
    assert found.other_way == write(model, most=9).written.text


@pytest.mark.parametrize("is_from_end", [False, True])
def test_the_pattern_is_that_of_the_decoder_that_wrote(model, is_from_end):
    found = write(model, is_from_end=is_from_end, most=6)
    n = found.written.n_steps
    is_ended = found.written.is_finished
    assert found.pattern.shape == (2, 4, n - is_ended, 8 * 8)
    np.testing.assert_allclose(found.pattern.sum(-1), 1, atol=1e-5)
    ids = found.written.tokens.ids.tolist()
    heard = []
    head = model.net.backward_textual if is_from_end else model.net.textual
    layer = head.transformer.layers[0].multihead_attn
    hook = layer.register_forward_hook(lambda module, args, _: heard.append(args))
    with torch.inference_mode():
        model.net(pixels(model), torch.tensor([ids]), backward=is_from_end, use_cache=False)
    hook.remove()
    query, memory = heard[0][0].transpose(0, 1), heard[0][3].transpose(0, 1)
    with torch.inference_mode():
        _, expected = torch.nn.functional.multi_head_attention_forward(
            query, memory, memory, 32, 4, layer.in_proj_weight, layer.in_proj_bias, None, None, False, 0.0,
            torch.eye(32), torch.zeros(32), average_attn_weights=False,
        )  # fmt: skip
    np.testing.assert_allclose(found.pattern[0], expected[0, :, : n - is_ended].numpy(), atol=1e-5)


def test_blind_it_says_the_same_of_every_image_and_attends_to_nothing(model):
    one = write(model, is_blind=True)
    other = write(model, is_blind=True, input=Input(image=ImageInput(seed=2, kind="scene")))
    assert one.written.tokens.ids.tolist() == other.written.tokens.ids.tolist()
    assert one.pattern.size == 0
    assert one.notes
    assert one.blind_surprisal.size == 0


def test_the_control_is_the_surprisal_of_the_same_words_without_the_image(model):
    found = write(model, most=6)
    ids = found.written.tokens.ids
    nothing = BaseModelOutput(last_hidden_state=torch.zeros(1, 64, model.net.visual.cnn.d_out))
    with torch.inference_mode():
        logits = model.net(encoder_outputs=nothing, decoder_input_ids=torch.from_numpy(ids)[None]).logits[0]
    bits = -logits.log_softmax(-1)[range(len(ids) - 1), ids[1:]].numpy() / math.log(2)
    np.testing.assert_allclose(found.blind_surprisal[1:], bits, atol=1e-4)
    assert np.isnan(found.blind_surprisal[0])


@pytest.mark.parametrize("is_from_end", [False, True])
def test_a_prefix_comes_first_or_last(model, is_from_end):
    found = write(model, prefix="a red house", is_from_end=is_from_end, most=3)
    words = found.written.text.split()
    assert (words[-3:] if is_from_end else words[:3]) == ["a", "red", "house"]
    assert found.written.n_given == 4


def test_what_cannot_be_written_is_refused_with_a_sentence(tmp_path_factory, model):
    with pytest.raises(Refused, match="needs an image"):
        write(model, input=Input(text=TextInput("a")))
    with pytest.raises(Refused, match="begins with 17 tokens; the decoder takes 16"):
        write(model, prefix_ids=(START,) * 17)
    with pytest.raises(Refused, match="seed is -1"):
        write(model, decoding=Decoding("sample", seed=-1))
    one_way = load(str(save_virtex(tmp_path_factory.mktemp("one"), has_backward=False)), Context())
    with pytest.raises(Refused, match="none of its decoders turns round"):
        write(one_way, is_from_end=True)
    assert write(one_way, most=3).other_way == ""
