"""Nyströmformer: what is shown is what its module computes, with landmarks and without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as tf
from transformers.models.nystromformer import modeling_nystromformer

from inference.analyses.approximation import approximation, errors, times
from inference.analyses.attention import attention
from inference.context import Context, Refused
from inference.forward.masked_lm import masked_logits
from inference.results.approximation import (
    ApproximationErrorsRequest,
    ApproximationRequest,
    ApproximationTimesRequest,
)
from inference.results.attention import AttentionRequest
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input

N = 13
INPUT = text_input(token_ids=ids_of(N))


def build(**more):
    torch.manual_seed(0)
    config = tf.NystromformerConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, conv_kernel_size=5, **{"num_landmarks": 4, "segment_means_seq_len": 20, **more},
    )  # fmt: skip
    net = tf.NystromformerForMaskedLM(config).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    return build_model("nystromformer", net)


@pytest.fixture(scope="module")
def by_landmarks():
    return build()


def heard(model):
    """What the attention module of each layer returned, and its convolution and values: [layer] each."""
    outputs, convolutions, values = [], [], []
    hooks = []
    for layer in model.net.nystromformer.encoder.layer:
        own = layer.attention.self
        hooks.append(own.register_forward_hook(lambda _, __, output: outputs.append(output[0][0])))
        hooks.append(own.conv.register_forward_hook(lambda _, __, output: convolutions.append(output[0])))
        hooks.append(own.value.register_forward_hook(lambda _, __, output: values.append(output[0])))
    encoded = model.encode(INPUT)
    with torch.inference_mode():
        model.family.output(model.net, encoded.tensors)
    for hook in hooks:
        hook.remove()
    return outputs, convolutions, values


def test_its_own_pattern_times_the_values_is_what_its_module_returns(by_landmarks):
    """Beside the convolution: for every layer and head, from the three softmaxes that were caught."""
    outputs, convolutions, values = heard(by_landmarks)
    for layer in (0, 1):
        for head in range(4):
            result = approximation(
                ApproximationRequest("tiny", INPUT, "to_landmarks", layer, head, "own", 0, 0), by_landmarks, Context()
            )
            columns = slice(8 * head, 8 * head + 8)
            made = torch.from_numpy(result.approximate) @ values[layer][:N, columns]
            whole = made + convolutions[layer][head, :N]
            torch.testing.assert_close(whole, outputs[layer][:N, columns], atol=2e-4, rtol=1e-3)


def test_the_exact_pattern_is_the_softmax_of_its_queries_and_keys(by_landmarks):
    own = by_landmarks.net.nystromformer.encoder.layer[0].attention.self
    caught = {}
    hooks = [
        getattr(own, name).register_forward_hook(lambda _, __, output, name=name: caught.update({name: output[0]}))
        for name in ("query", "key")
    ]
    with torch.inference_mode():
        by_landmarks.family.output(by_landmarks.net, by_landmarks.encode(INPUT).tensors)
    for hook in hooks:
        hook.remove()
    request = ApproximationRequest("tiny", INPUT, "from_landmarks", 0, 1, "nystroem", 4, 0)
    exact = approximation(request, by_landmarks, Context()).exact
    q, k = (caught[name][:N, 8:16] for name in ("query", "key"))
    np.testing.assert_allclose(exact, (q @ k.T * 8**-0.5).softmax(-1), atol=1e-5)


def test_the_three_patterns_are_softmaxes_in_true_positions(by_landmarks):
    sizes = {"to_landmarks": (N, 4), "between_landmarks": (4, 4), "from_landmarks": (4, N)}
    assert [group.name for group in by_landmarks.info.groups] == list(sizes)
    for name, size in sizes.items():
        result = attention(AttentionRequest("tiny", INPUT, name), by_landmarks, Context())
        assert result.pattern.shape == (2, 4, *size)
        np.testing.assert_allclose(result.pattern.sum(-1), 1, atol=1e-5)
    assert result.query_tokens.words[-1] == "padding"


def test_running_it_through_its_family_is_running_it_padded(by_landmarks, monkeypatch):
    """Against transformers with the mask as its version 4 made it: one row for all queries."""
    encoded = by_landmarks.encode(INPUT)
    ids = torch.nn.functional.pad(encoded.tensors["input_ids"], (0, 7), value=1)
    hidden = torch.where(torch.arange(20) < N, 0.0, torch.finfo(torch.float32).min)[None, None, None]
    with torch.inference_mode():
        found = by_landmarks.family.output(by_landmarks.net, encoded.tensors).logits
        monkeypatch.setattr(modeling_nystromformer, "create_bidirectional_mask", lambda **_: hidden)
        wanted = by_landmarks.net(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, :N]
    torch.testing.assert_close(found, wanted)


def test_with_as_many_landmarks_as_tokens_it_has_one_whole_pattern():
    model = build(num_landmarks=16, segment_means_seq_len=16)
    assert [group.name for group in model.info.groups] == ["encoder"]
    encoded = model.encode(INPUT)
    with torch.inference_mode():
        wanted = model.net(**encoded.tensors, output_attentions=True).attentions
    found = attention(AttentionRequest("tiny", INPUT, "encoder"), model, Context()).pattern
    np.testing.assert_allclose(found, torch.stack(wanted)[:, 0], atol=1e-6)
    with pytest.raises(Refused, match="attends by its whole pattern"):
        approximation(ApproximationRequest("tiny", INPUT, "encoder", 0, 0, "own", 0, 0), model, Context())


def test_errors_and_times_are_told_of_its_own_way_too(by_landmarks):
    asked = ("tiny", INPUT, "to_landmarks", 0, 0)
    result = errors(ApproximationErrorsRequest(*asked), by_landmarks, Context())
    at = result.methods.index("own")
    assert np.isfinite(result.errors["pattern"][at]).all()
    assert (result.n_cells[at] == (N + N + 4) * 4).all()
    assert "own" not in times(ApproximationTimesRequest(*asked), by_landmarks, Context()).methods


def test_what_it_cannot_read_is_refused(by_landmarks):
    with pytest.raises(Refused, match="at most 20"):
        by_landmarks.encode(text_input(token_ids=ids_of(21)))
    with pytest.raises(Refused, match="3 landmarks for 20 tokens"):
        build(num_landmarks=3).encode(INPUT)


def test_a_text_that_fills_it_needs_no_padding(by_landmarks):
    encoded = by_landmarks.encode(text_input(token_ids=ids_of(20)))
    with torch.inference_mode():
        wanted = by_landmarks.net(**encoded.tensors).logits
        found = by_landmarks.family.output(by_landmarks.net, encoded.tensors).logits
    torch.testing.assert_close(found, wanted)


def test_words_under_masks_are_those_of_the_padded_run(by_landmarks):
    tensors = by_landmarks.encode(INPUT).tensors
    with torch.inference_mode():
        wanted = by_landmarks.family.output(by_landmarks.net, tensors).logits[0, [2, 7]]
    found = masked_logits(by_landmarks, tensors, np.array([2, 7]), Context())
    torch.testing.assert_close(found, wanted)
