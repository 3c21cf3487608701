"""Biases that are told by the distance alone are kept as a number for each distance."""

from __future__ import annotations

import pytest
import torch
import transformers as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.capture.attention_call import AttentionCall
from inference.capture.relative_bias import RelativeBiases, by_distance
from inference.context import Context
from tests.inference.configurations import T5
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.integers(2, 8), st.integers(2, 8), st.data())
def test_a_bias_by_distance_is_found_and_is_the_same(n_heads, n_queries, n_keys, data):
    generator = torch.Generator().manual_seed(n_heads)
    of_distance = torch.randn(n_heads, n_queries + n_keys - 1, generator=generator)
    distance = torch.arange(n_keys) - torch.arange(n_queries)[:, None] + n_queries - 1
    bias = of_distance[:, distance]
    relative = by_distance(bias[None])
    assert torch.equal(relative[0], of_distance)
    q, k = (torch.zeros(n_heads, n, 1) for n in (n_queries, n_keys))
    call = AttentionCall("", 0, False, q=q, k=k, relative=relative[0])
    rows = torch.tensor(data.draw(st.lists(st.integers(0, n_queries - 1), min_size=1, max_size=3)))
    heads = data.draw(st.lists(st.integers(0, n_heads - 1), min_size=1, max_size=3))
    assert torch.equal(call.scores(heads, rows, slice(1, None)), bias[heads][:, rows, 1:])
    # One cell of one head that is not like the others of its distance.
    if n_queries > 2 and n_keys > 2:
        bias[-1, 1, 1] += 1
        assert by_distance(bias[None]) is None


@pytest.mark.parametrize("shape", [(1, 2, 1, 7), (1, 2, 7, 1)])
def test_one_row_is_kept_as_it_is(shape):
    """The key-value cache leaves one query at a time."""
    assert by_distance(torch.ones(shape)) is None


def test_layers_that_share_a_bias_have_it_looked_at_once(monkeypatch):
    looked_at: list[torch.Tensor] = []
    module = "inference.capture.relative_bias.by_distance"
    monkeypatch.setattr(module, lambda bias: looked_at.append(bias) or by_distance(bias))
    biases = RelativeBiases()
    first, second = torch.ones(1, 2, 3, 3), torch.randn(1, 2, 3, 3)
    assert biases.split(first)[1] is biases.split(first)[1]
    assert biases.split(second) == (second, None)
    assert len(looked_at) == 2
    assert biases.split(torch.zeros(1, 2, 3, 3)) == (None, None)  # it adds nothing


@pytest.mark.parametrize("name", ["t5", "mt5"])
def test_buckets_of_t5_take_no_room(tiny, ids_input, name):
    model = tiny(name)
    run = model.run(ids_input, Context())
    for group, owner in (("encoder", model.net.encoder), ("decoder", model.net.decoder)):
        for call in run.calls[group]:
            assert call.bias is None
            assert call.relative.shape == (call.n_heads, 2 * call.n_queries - 1)
            bias = owner.block[0].layer[0].SelfAttention.compute_bias(call.n_queries, call.n_keys)[0].detach()
            every = [*range(call.n_heads)], torch.arange(call.n_queries)
            torch.testing.assert_close(call.added(*every), bias, atol=0, rtol=0)
    for call in run.calls["cross"]:
        assert call.bias is call.relative is None


def test_every_layer_of_umt5_has_its_own_buckets():
    torch.manual_seed(0)
    model = build_model("umt5", tf.UMT5ForConditionalGeneration(tf.UMT5Config(**T5)).eval())
    first, second = model.run(text_input(token_ids=ids_of(9)), Context()).calls["encoder"]
    assert not torch.equal(first.relative, second.relative)
