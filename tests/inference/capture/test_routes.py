"""Every way in which a model may attend, also several in one model."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inference.capture.capture import capture
from inference.context import Context
from tests.inference.routes import (
    ROUTES,
    made,
    run,
    torch_encoder,
)
from tests.inference.tiny_models import build, ids_of


@pytest.mark.parametrize("build", ROUTES)
def test_every_attention_is_caught_once_and_nothing_changes(build):
    net, inputs = made(build)
    plain = run(net, inputs)
    with capture(net, Context()) as received:
        captured = run(net, inputs)
    torch.testing.assert_close(captured, plain, atol=5e-6, rtol=1e-5)
    assert [each.source for each in received] == ROUTES[build]
    assert [each.number for each in received] == list(range(len(received)))
    assert all(each.v is not None for each in received)
    for call in (call for each in received for call in each.split()):
        sums = call.patterns().sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums))


def test_a_pattern_times_the_values_is_what_multi_head_attention_hands_on():
    """Of torch's own module, behind its output projection; some keys are padding."""
    net, inputs = made(torch_encoder)
    outputs: list[Tensor] = []
    layers = [layer.self_attn for layer in net.layers]
    hooks = [layer.register_forward_hook(lambda _m, _a, output: outputs.append(output[0])) for layer in layers]
    with capture(net, Context()) as received:
        run(net, inputs)
    for hook in hooks:
        hook.remove()
    for each, layer, output in zip(received, layers, outputs, strict=True):
        states = torch.stack([call.output() for call in each.split()]).transpose(1, 2).flatten(2)
        with torch.inference_mode():
            torch.testing.assert_close(layer.out_proj(states), output, atol=1e-5, rtol=1e-5)
        assert not each.split()[1].patterns()[:, :, 6:].any()


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "gptj", "falcon", "bloom", "bart", "t5"])
def test_rows_with_a_cache_are_those_of_the_whole_text(name):
    """Read a few tokens first, then one at a time: keys are all those so far, after rotary embedding."""
    net, n, n_first = build(name), 9, 5
    ids = torch.tensor([ids_of(n)])
    source = {"input_ids": torch.tensor([ids_of(7, seed=2)])} if net.config.is_encoder_decoder else {}
    key = "decoder_input_ids" if source else "input_ids"
    with torch.inference_mode(), capture(net, Context()) as whole:
        net(**source, **{key: ids}, use_cache=False)
    with torch.inference_mode(), capture(net, Context()) as parts:
        output, past = {}, None
        for start, stop in [(0, n_first), *((i, i + 1) for i in range(n_first, n))]:
            if source and output:
                source = {"encoder_outputs": (output.encoder_last_hidden_state,)}
            output = net(**source, **{key: ids[:, start:stop]}, past_key_values=past, use_cache=True)
            past = output.past_key_values
    by_path: dict[str, list[Tensor]] = {}
    for each in parts:
        assert each.q is not None
        by_path.setdefault(each.path, []).append(each.one().patterns())
    for each in whole:
        pattern = each.one().patterns()
        steps = by_path[each.path]
        if "decoder" in each.path or not source:
            assert [step.shape[1] for step in steps] == [n_first, 1, 1, 1, 1]
        start = 0
        for step in steps:
            n_queries, n_keys = step.shape[1:]
            rows = pattern[:, start : start + n_queries]
            start += n_queries
            first = 0 if each.is_cross else start - n_keys  # a sliding window's cache forgets what is behind it
            torch.testing.assert_close(step, rows[..., first : first + n_keys], atol=1e-5, rtol=0)
            assert not rows[..., :first].any()
            assert not rows[..., first + n_keys :].any()  # the future
