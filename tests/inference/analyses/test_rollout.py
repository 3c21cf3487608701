"""Attention rolled out over the layers."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses import measures as measures_module
from inference.analyses import rollout as rollout_module
from inference.analyses.measures import measures
from inference.analyses.patches import patches
from inference.analyses.rollout import rollout
from inference.analyses.scaled_dot import scaled_dot
from inference.context import Context, Refused
from inference.layouts.generic import lay_out
from inference.results.measures import MeasuresRequest
from inference.results.patches import PatchesRequest
from inference.results.rollout import RolloutRequest
from inference.results.scaled_dot import ScaledDotRequest
from tests.factories import make_long_tokens
from tests.inference.captured import build, captured
from tests.inference.image_configurations import IMAGES
from tests.inference.measures_by_hand import measured_by_hand
from tests.inference.planted import model_of
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_images import build as build_image
from tests.inference.tiny_images import model_of as tiny_image
from tests.inference.tiny_models import ids_of, patterns_of
from tests.inputs import image_input, text_input


@pytest.mark.parametrize(("name", "expected"), [("bert", 3), ("gpt2", 3), ("vit", 0), ("swin", 36)])
def test_where_no_query_is_chosen_all_analyses_take_the_same(tmp_path, tiny, name, expected):
    is_image = name in ("vit", "swin")
    model = tiny_image(name, tmp_path, build_image(name)) if is_image else tiny(name)
    given, group = image_input(seed=4) if is_image else text_input(token_ids=tuple(range(5, 12))), model.info.groups[0]
    of = ("tiny", given, group.name)
    few = rollout(RolloutRequest(*of, None), model, Context())
    assert few.queries == (few.default_query,)
    assert rollout(RolloutRequest(*of), model, Context()).default_query == few.default_query
    if is_image:
        assert patches(PatchesRequest(*of), model, Context()).query == few.default_query
    else:
        assert scaled_dot(ScaledDotRequest(*of, 0, 0), model, Context()).query_pos == few.default_query
    assert few.default_query == expected
    assert rollout(RolloutRequest(*of, (1, 2, 5)), model, Context()).default_query == 2


@pytest.mark.parametrize("name", ["longformer", "big_bird", "swin"])
def test_measures_and_rollout_of_sparse_attention(monkeypatch, name):
    """Windows, blocks and parts of an image: the same sums of the expanded patterns."""
    monkeypatch.setattr(measures_module, "_BLOCK", 1000)
    monkeypatch.setattr(rollout_module, "_BLOCK", 1000)
    configuration = (TEXT | IMAGES)[name]
    net, inputs = build(configuration), configuration.inputs()
    _, received = captured(net, inputs)
    calls = list(lay_out(received, net, inputs)[0].calls)
    n = calls[0].n_queries
    model = model_of(calls)
    result = measures(MeasuresRequest("c", text_input(), "planted"), model, Context())
    tokens = make_long_tokens(n)
    for layer, call in enumerate(calls):
        for head, pattern in enumerate(call.patterns().double().numpy()):
            expected = measured_by_hand(pattern, tokens.ids.tolist(), tokens.is_special.tolist())
            for name_, value in expected.items():
                assert result.measures[name_][layer, head] == pytest.approx(value, rel=1e-4, abs=1e-4), name_
    rolled = rollout(RolloutRequest("c", text_input(), "planted", (n - 1, 3)), model, Context())
    product = np.eye(n)
    for layer, call in enumerate(calls):
        product = (call.patterns().double().numpy().mean(0) + np.eye(n)) / 2 @ product
        np.testing.assert_allclose(rolled.rollout[layer], product[[n - 1, 3]], atol=1e-6)


@pytest.mark.parametrize("block", [1, 2**20])
def test_rollout_is_the_product_of_the_layers(tiny, monkeypatch, block):
    monkeypatch.setattr(rollout_module, "_BLOCK", block)
    for name, group in (("bert", "encoder"), ("gpt2", "decoder"), ("t5", "decoder")):
        input = text_input(token_ids=ids_of(11))
        result = rollout(RolloutRequest("tiny", input, group), tiny(name), Context())
        product = np.eye(result.rollout.shape[-1])
        for layer, heads in enumerate(patterns_of(tiny(name), input, group)):
            product = (heads.mean(0) + np.eye(len(product))) / 2 @ product
            np.testing.assert_allclose(result.rollout[layer], product, atol=1e-6)
            np.testing.assert_allclose(result.attention[layer], heads.mean(0), atol=1e-6)
        np.testing.assert_allclose(result.rollout.sum(-1), 1, atol=1e-5)
        few = rollout(RolloutRequest("tiny", input, group, (7, 2)), tiny(name), Context())
        np.testing.assert_allclose(few.rollout, result.rollout[:, [7, 2]], atol=1e-6)
        np.testing.assert_allclose(few.attention, result.attention[:, [7, 2]], atol=1e-6)


def test_rollout_refuses_with_a_sentence(tiny, monkeypatch):
    input = text_input(token_ids=ids_of(9))
    with pytest.raises(Refused, match="joins two sequences"):
        rollout(RolloutRequest("tiny", input, "cross"), tiny("bart"), Context())
    with pytest.raises(Refused, match="Position 9 was asked for; the text has positions 0 to 8"):
        rollout(RolloutRequest("tiny", input, "encoder", (9,)), tiny("bert"), Context())
    monkeypatch.setattr(rollout_module, "MOST_FOR_ALL", 8)
    with pytest.raises(Refused, match="The text has 9 tokens; the rollout of all of them is shown up to 8"):
        rollout(RolloutRequest("tiny", input, "encoder"), tiny("bert"), Context())
