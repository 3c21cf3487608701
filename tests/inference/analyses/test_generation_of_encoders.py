"""An encoder that hides what comes behind goes on with a text like any decoder (Rothe et al. 2020)."""

from __future__ import annotations

import pytest
import torch
import transformers as tf

from inference.analyses.generation import generation
from inference.analyses.lens import lens
from inference.analyses.reading import reading
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.decoding import Decoding
from inference.results.generation import GenerationRequest
from inference.results.lens import LensRequest
from inference.results.reading import ReadingRequest
from inference.results.request import Capability
from tests.inference.tiny_checkpoints import save
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import config_of
from tests.inputs import text_input

N_GIVEN, N_WRITTEN = 6, 8


def decoder_of(model_type, cls):
    torch.manual_seed(1)
    net = cls(config_of(model_type, is_decoder=True)).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)
    net.generation_config = tf.GenerationConfig(eos_token_id=None, pad_token_id=1)
    return build_model(f"{model_type} decoder", net)


def write(model, decoding=None):
    request = GenerationRequest("", text_input(token_ids=ids_of(N_GIVEN, 1)), decoding or Decoding(), most=N_WRITTEN)
    return generation(request, model, Context()).written.tokens.ids.tolist()


@pytest.mark.parametrize(
    ("model_type", "cls"),
    [("bert", "BertLMHeadModel"), ("bert-generation", "BertGenerationDecoder"), ("roformer", "RoFormerForCausalLM")],
)
def test_it_writes_what_transformers_writes(model_type, cls):
    model = decoder_of(model_type, getattr(tf, cls))
    given = torch.tensor([ids_of(N_GIVEN, 1)])
    for decoding, n_beams in ((Decoding(), 1), (Decoding("beam", 3), 3)):
        settings = {"max_new_tokens": N_WRITTEN, "do_sample": False, "num_beams": n_beams}
        with torch.inference_mode():
            own = model.net.generate(given, attention_mask=torch.ones_like(given), **settings)
        assert write(model, decoding) == own[0].tolist()


def test_positions_that_start_behind_the_padding_token_are_those_of_training():
    """`generate` of transformers counts them from 0."""
    model = decoder_of("roberta", tf.RobertaForCausalLM)
    ids = torch.tensor([ids_of(N_GIVEN, 1)])
    with torch.inference_mode():
        for _ in range(N_WRITTEN):
            ids = torch.cat([ids, model.net(ids).logits[:, -1:].argmax(-1)], 1)
    assert write(model) == ids[0].tolist()
    (note,) = model.family.notes(model.net.config)
    assert "generate() of transformers" in note


def test_it_is_read_and_looked_into():
    model = decoder_of("bert-generation", tf.BertGenerationDecoder)
    text = text_input(token_ids=ids_of(N_GIVEN, 1))
    told = lens(LensRequest("", text), model, Context())
    with torch.inference_mode():
        own = model.net(torch.tensor([ids_of(N_GIVEN, 1)])).logits[0].softmax(-1).max(-1).values
    torch.testing.assert_close(torch.from_numpy(told.probs[-1][:, 0]), own)
    assert reading(ReadingRequest("", text), model, Context()).surprisal.shape == (N_GIVEN,)


def test_a_layer_that_answers_with_a_list_is_read(tmp_path):
    save(tmp_path, config_of("openai-gpt"), "OpenAIGPTLMHeadModel")
    text = text_input(token_ids=ids_of(N_GIVEN, 1))
    assert len(lens(LensRequest("", text), load(str(tmp_path), Context()), Context()).probs) == 3


def test_a_type_that_the_class_of_another_runs_keeps_its_head(tmp_path):
    save(tmp_path, config_of("internlm3"), "LlamaForCausalLM")
    info = inspect(str(tmp_path))
    assert Capability.GENERATION in info.capabilities
    assert info.notes == ()


@pytest.mark.parametrize(
    ("model_type", "cls", "more", "why"),
    [
        ("bart", "BartForCausalLM", {"is_decoder": True, "is_encoder_decoder": False}, "a decoder without its encoder"),
        ("bert", "BertLMHeadModel", {"is_decoder": True, "add_cross_attention": True}, "there is no encoder with it"),
        ("gpt2", "GPT2LMHeadModel", {"add_cross_attention": True}, "there is no encoder with it"),
        ("big_bird", "BigBirdForCausalLM", {"is_decoder": True}, "of this kind only encoders are laid out"),
        ("xlm", "XLMWithLMHeadModel", {"causal": True}, "of this kind only what reads both sides is laid out"),
    ],
)
def test_a_decoder_that_is_not_laid_out_says_why(tmp_path, model_type, cls, more, why):
    save(tmp_path, config_of(model_type, **more), cls)
    with pytest.raises(Refused, match=why):
        inspect(str(tmp_path))
