"""Scaled dot-product attention of one query: every number follows from the one before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.attention import attention
from inference.analyses.scaled_dot import scaled_dot
from inference.context import Context, Refused
from inference.results.attention import AttentionRequest
from inference.results.scaled_dot import ScaledDotRequest
from tests.inference.tiny_models import ARCHITECTURES, build_model

FUSED = [name for name in ARCHITECTURES if build_model(name).info.groups[0].has_qk]


@pytest.mark.parametrize("name", FUSED)
def test_every_step_follows_from_the_one_before(tiny, ids_input, name):
    model = tiny(name)
    for group in model.info.groups:
        whole = attention(AttentionRequest("tiny", ids_input, group.name), model, Context())
        for head, query_pos in ((0, 0), (1, 6), (group.n_heads[1] - 1, 12)):
            request = ScaledDotRequest("tiny", ids_input, group.name, 1, head, query_pos)
            r = scaled_dot(request, model, Context())
            np.testing.assert_allclose(r.dots, r.k @ r.q, rtol=1e-5, atol=1e-5)
            scaled = r.dots * r.scale
            capped = r.soft_cap * np.tanh(scaled / r.soft_cap) if r.soft_cap else scaled
            scores = np.where(r.is_masked, -np.inf, capped + r.bias)
            np.testing.assert_allclose(r.scores, scores, rtol=1e-5, atol=1e-5)
            weights = np.exp(scores - scores.max())
            np.testing.assert_allclose(r.pattern, weights / weights.sum(), atol=1e-6)
            np.testing.assert_allclose(r.pattern, whole.pattern[1, head, query_pos], atol=1e-6)
            np.testing.assert_allclose(r.z, r.pattern @ r.v, rtol=1e-5, atol=1e-5)
            if name not in ("mistral", "gemma2", "gemma3", "modernbert", "gpt_neo"):  # no sliding windows
                hidden = [group.is_causal and key > query_pos for key in range(len(r.key_tokens))]
                assert r.is_masked.tolist() == hidden
            arrays = (r.q, r.k, r.v, r.dots, r.bias, r.scores, r.pattern, r.z)
            assert all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)


@pytest.mark.parametrize(("name", "module"), [("bert", "output.dense"), ("gpt2", "attn.c_proj"), ("llama", "o_proj")])
def test_z_is_what_the_model_passes_on(tiny, ids_input, name, module):
    """Every head of every layer at one place, put together as the output projection receives them."""
    model = tiny(name)
    received: list[np.ndarray] = []
    projections = [
        part
        for path, part in model.net.named_modules()
        if path.endswith(module) and ("attention" in path or "attn" in path)
    ]
    hooks = [
        part.register_forward_pre_hook(lambda _, args: received.append(args[0][0, 5].numpy())) for part in projections
    ]
    with torch.inference_mode():
        model.net(**model.encode(ids_input).tensors)
    for hook in hooks:
        hook.remove()
    assert len(received) == 2
    group = model.info.groups[0].name
    for layer in range(2):
        z = [
            scaled_dot(ScaledDotRequest("tiny", ids_input, group, layer, head, 5), model, Context()).z
            for head in range(4)
        ]
        np.testing.assert_allclose(np.concatenate(z), received[layer], atol=1e-5)


def test_a_result_is_a_copy(tiny, ids_input):
    model = tiny("bert")
    request = ScaledDotRequest("tiny", ids_input, "encoder", 0, 0, 0)
    first = scaled_dot(request, model, Context())
    expected = first.k.copy()
    first.k[:] = 0
    np.testing.assert_array_equal(scaled_dot(request, model, Context()).k, expected)


def test_position_bias_of_t5_is_shown(tiny, ids_input):
    r = scaled_dot(ScaledDotRequest("tiny", ids_input, "encoder", 1, 2, 4), tiny("t5"), Context())
    layer = tiny("t5").net.encoder.block[0].layer[0].SelfAttention
    np.testing.assert_allclose(r.bias, layer.compute_bias(13, 13)[0, 2, 4].detach().numpy(), atol=1e-6)
    assert r.scale == 1


def test_the_soft_cap_of_gemma2_is_shown(tiny, ids_input):
    r = scaled_dot(ScaledDotRequest("tiny", ids_input, "decoder", 1, 2, 4), tiny("gemma2"), Context())
    assert r.soft_cap == 0.5
    assert np.abs(r.scores[~r.is_masked]).max() <= 0.5


def test_a_model_without_queries_says_so(tiny, ids_input):
    with pytest.raises(Refused, match="patterns, but not the queries and keys"):
        scaled_dot(ScaledDotRequest("tiny", ids_input, "encoder", 0, 0, 0), tiny("deberta-v2"), Context())
