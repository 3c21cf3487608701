"""Models in which some layers attend: they are numbered as the model numbers them, in every answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.attention import attention
from inference.analyses.head_similarity import head_similarity
from inference.analyses.heads import heads
from inference.analyses.lens import lens
from inference.analyses.measures import measures
from inference.analyses.rollout import rollout
from inference.capture.attention_call import AttentionCall
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import AttentionGroup
from inference.results.head_similarity import HeadSimilarityRequest
from inference.results.heads import HeadsRequest
from inference.results.lens import LensRequest
from inference.results.measures import MeasuresRequest
from inference.results.rollout import RolloutRequest
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input

INPUT = text_input(token_ids=ids_of(11))
KINDS = ["conv", "full_attention", "conv", "conv", "full_attention", "conv"]
ATTEND = (1, 4)


@pytest.fixture(scope="module")
def model():
    return build_model("lfm2", build_type("lfm2", layer_types=KINDS, num_hidden_layers=len(KINDS)))


def expected_patterns(model) -> dict[int, torch.Tensor]:
    """By transformers' own eager code: what it gives as attentions has gaps where there is none."""
    model.net.set_attn_implementation("eager")
    with torch.no_grad():
        output = model.net(torch.tensor([INPUT.text.token_ids]), output_attentions=True, use_cache=False)
    model.net.set_attn_implementation("sdpa")
    found = [each[0] for each in output.attentions if each is not None]
    assert len(found) == len(ATTEND)
    return dict(zip(ATTEND, found, strict=True))


def test_the_group_says_which_layers_attend(model):
    (group,) = model.info.groups
    assert (group.n_layers, group.layers) == (6, ATTEND)
    assert group.about_layers == "attention in 2 of 6 layers (1, 4)"
    assert [group.nearest(layer) for layer in range(7)] == [1, 1, 1, 4, 4, 4, 4]
    assert [group.toward(1, 2), group.toward(4, 3), group.toward(4, 5), group.toward(1, 0)] == [4, 1, 4, 1]
    assert [group.stepped(1, 1), group.stepped(1, -1), group.stepped(4, 1), group.stepped(4, -1)] == [4, 1, 4, 1]
    assert "counted from 0, these attend: 1, 4." in " ".join(model.family.notes(model.net.config))


def test_where_no_layer_attends_the_first_one_stands_for_all():
    group = AttentionGroup("decoder", "Recurrent layers", (0, 0))
    assert (group.stepped(1, 1), group.nearest(1), group.layers) == (0, 0, ())


def test_answers_are_of_the_layer_that_was_asked_for(model):
    expected = expected_patterns(model)
    result = attention(AttentionRequest("tiny", INPUT, "decoder"), model, Context())
    assert result.layers == ATTEND
    for at, layer in enumerate(ATTEND):
        np.testing.assert_allclose(result.pattern[at], expected[layer].numpy(), atol=1e-5)
        alone = attention(AttentionRequest("tiny", INPUT, "decoder", (layer,)), model, Context())
        np.testing.assert_array_equal(alone.pattern[0], result.pattern[at])
    run = model.run(INPUT, Context())
    calls = dict(model.each_call(run, "decoder", Context()))
    assert tuple(calls) == ATTEND
    assert all(isinstance(call, AttentionCall) and f"layers.{layer}." in call.path for layer, call in calls.items())


def test_numbers_of_heads_stand_in_the_rows_of_their_layers(model):
    seen = heads(HeadsRequest("tiny", INPUT, "decoder"), model, Context())
    told = measures(MeasuresRequest("tiny", INPUT, "decoder"), model, Context())
    assert seen.layers == ATTEND
    for table in (seen.measures["entropy"], told.measures["entropy"]):
        assert len(table) == 6
        assert [layer for layer, row in enumerate(table) if not np.isnan(row).all()] == [*ATTEND]
    np.testing.assert_allclose(seen.measures["entropy"], told.measures["entropy"], atol=1e-5)
    assert rollout(RolloutRequest("tiny", INPUT, "decoder"), model, Context()).layers == ATTEND
    assert head_similarity(HeadSimilarityRequest("tiny", INPUT, "decoder", 4), model, Context()).layer == 4


def test_a_layer_without_attention_is_refused_in_a_sentence(model):
    with pytest.raises(Refused) as caught:
        attention(AttentionRequest("tiny", INPUT, "decoder", (2,)), model, Context())
    assert str(caught.value).endswith("has no attention; these layers of its 6 have: 1, 4.")
    assert str(caught.value).startswith("Layer 2 of ")


@pytest.mark.parametrize("model_type", ["jamba", "bamba", "granitemoehybrid", "olmo_hybrid", "qwen3_5_text"])
def test_mixtures_open_and_say_which_layers_attend(model_type, tmp_path):
    build_type(model_type).save_pretrained(tmp_path)
    opened = load(str(tmp_path), Context())
    assert [group.layers for group in opened.info.groups] == [(1,)]
    assert "these attend: 1." in " ".join(opened.info.explained)
    assert not [note for note in opened.info.notes if "not used" in note or "lack" in note]
    assert attention(AttentionRequest("tiny", INPUT, "decoder"), opened, Context()).layers == (1,)


def test_the_lens_reads_every_layer_and_ends_with_the_models_answer(model):
    result = lens(LensRequest("tiny", INPUT, top_k=3), model, Context())
    assert len(result.probs) == 1 + len(KINDS)
    with torch.no_grad():
        answer = model.net(torch.tensor([INPUT.text.token_ids])).logits[0].softmax(-1)
    np.testing.assert_allclose(result.probs[-1], answer.topk(3).values.numpy(), atol=1e-5)
