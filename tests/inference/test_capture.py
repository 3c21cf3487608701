"""What is captured is what the model did, and the model is afterwards as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference import attention_call
from inference import capture as capture_module
from inference.attention_call import AttentionCall
from inference.capture import capture
from inference.context import Cancelled, Context
from inference.results import Progress, TextInput
from tests.inference.tiny_models import ARCHITECTURES, ENCODER_DECODERS, build, build_model, ids_of

# In these the fused attention and the written-out one of transformers differ by themselves: it scales other sums.
EAGER_DIFFERS = {"falcon-alibi"}
FUSED = [name for name in ARCHITECTURES if build_model(name).info.groups[0].has_qk]
MAPS = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}


def eager_maps(net: Any, tensors: dict[str, Tensor], group: str) -> tuple[Tensor, ...]:
    """[head, query_pos, key_pos] of each layer, as transformers' plain code computes them."""
    net = copy.deepcopy(net)
    for part in net.modules():
        if hasattr(part, "config") and hasattr(part.config, "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    with torch.inference_mode():
        output = net(**tensors, output_attentions=True)
    maps = output[MAPS[group]] if net.config.is_encoder_decoder else output["attentions"]
    return tuple(layer[0] for layer in maps)


def state(net: Any) -> list[Any]:
    """Everything that a capture touches."""
    configs = [part.config._attn_implementation for part in net.modules() if hasattr(part, "config")]
    hooks = [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in net.modules()]
    return [configs, hooks, torch.overrides._get_current_function_mode_stack()]


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in EAGER_DIFFERS])
def test_patterns_are_those_of_the_model(tiny, ids_input, name):
    model = tiny(name)
    run = model.run(ids_input, Context())
    for group in model.info.groups:
        expected = eager_maps(model.net, run.encoded.tensors, group.name)
        calls = run.calls[group.name]
        assert len(calls) == len(expected) == group.n_layers
        for call, pattern, n_heads in zip(calls, expected, group.n_heads, strict=True):
            assert (call.n_heads, call.has_qk, call.is_cross) == (n_heads, group.has_qk, group.name == "cross")
            torch.testing.assert_close(call.patterns(), pattern, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_the_difference_is_rounding(ids_input, name):
    """It shrinks with the precision."""
    model = build_model(name, build(name, torch.float64))
    run = model.run(ids_input, Context())
    for group in model.info.groups:
        expected = eager_maps(model.net, run.encoded.tensors, group.name)
        for call, pattern in zip(run.calls[group.name], expected, strict=True):
            torch.testing.assert_close(call.patterns(), pattern, atol=1e-10, rtol=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_rows_sum_to_one(tiny, ids_input, name):
    for calls in tiny(name).run(ids_input, Context()).calls.values():
        for call in calls:
            sums = call.patterns().sum(-1)
            torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_model_computes_the_same_under_capture(tiny, ids_input, name):
    model = tiny(name)
    tensors = model.encode(ids_input).tensors
    with torch.inference_mode():
        plain = model.net(**tensors)
        with capture(model.net, Context()):
            captured = model.net(**tensors)
    logits = "prediction_logits" if "prediction_logits" in plain else "logits"
    torch.testing.assert_close(captured[logits], plain[logits], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", FUSED)
def test_pattern_times_v_is_what_the_model_goes_on_with(tiny, ids_input, name, monkeypatch):
    """What the fused attention returned; or what goes into the output projection, where that cannot be overheard."""
    results: list[Tensor] = []  # [1, head, query_pos, d_head]
    fused = torch.nn.functional.scaled_dot_product_attention
    projection = {"falcon": "dense", "falcon-alibi": "dense", "gemma2": "o_proj"}.get(name)

    def spy(*args: Any, **kwargs: Any) -> Tensor:
        results.append(fused(*args, **kwargs))
        return results[-1]

    def overhear(_: Any, args: tuple[Tensor]) -> None:
        results.append(args[0].unflatten(-1, (4, -1)).transpose(1, 2))

    model = tiny(name)
    tensors = model.encode(ids_input).tensors
    hooks = []
    if projection is None:
        monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
    else:
        modules = [part for path, part in model.net.named_modules() if path.endswith(f".{projection}")]
        hooks = [part.register_forward_pre_hook(overhear) for part in modules]
    with torch.inference_mode(), capture(model.net, Context()) as calls:
        model.net(**tensors)
    for hook in hooks:
        hook.remove()
    assert len(results) == len(calls)
    for call, result in zip(calls, results, strict=True):
        v = call.v[[call.kv_head(head) for head in range(call.n_heads)]]
        torch.testing.assert_close(call.patterns() @ v, result[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["llama", "mistral", "qwen3", "gemma2", "gemma3"])
def test_shared_key_heads_are_kept_once(tiny, ids_input, name):
    for call in tiny(name).run(ids_input, Context()).calls["decoder"]:
        assert (len(call.q), len(call.k), len(call.v)) == (4, 2, 2)


@pytest.mark.parametrize(("name", "window"), [("mistral", 5), ("gemma2", 5)])
def test_a_sliding_window_hides_what_is_far(tiny, ids_input, name, window):
    pattern = tiny(name).run(ids_input, Context()).calls["decoder"][0].patterns()
    distance = torch.arange(13)[:, None] - torch.arange(13)
    is_seen = (distance >= 0) & (distance < window)
    assert bool((pattern[:, ~is_seen] == 0).all())
    assert bool((pattern[:, is_seen] > 0).all())


def test_one_module_called_for_every_layer_is_told_apart(tiny, ids_input):
    first, second = tiny("albert").run(ids_input, Context()).calls["encoder"]
    assert first.path == second.path
    assert (first.call, second.call) == (0, 1)
    assert not torch.equal(first.patterns(), second.patterns())


# --- restored ---------------------------------------------------------------------------------------------------------


class Planted(Exception):
    pass


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "bloom", "falcon"])
@pytest.mark.parametrize("ending", [None, Planted, Cancelled])
def test_the_model_is_left_as_it_was(name, ending):
    net = build(name)
    model = build_model(name, net)
    tensors = model.encode(TextInput(token_ids=ids_of(9))).tensors
    before = state(net)
    with torch.inference_mode():
        plain = net(**tensors)

    n_checked = 0

    def is_cancelled() -> bool:
        nonlocal n_checked
        n_checked += 1
        if ending is Planted and n_checked == 2:
            raise Planted
        return ending is Cancelled and n_checked == 2

    seen: list[AttentionCall] = []

    def forward() -> None:
        with torch.inference_mode(), capture(net, Context(is_cancelled=is_cancelled)) as calls:
            try:
                net(**tensors)
            finally:
                seen.extend(calls)

    if ending is None:
        forward()
        assert len(seen) == sum(group.n_layers for group in model.info.groups)
    else:
        with pytest.raises(ending):
            forward()
        assert len(seen) == 1  # the second layer was not waited for
    assert state(net) == before
    with torch.inference_mode():
        again = net(**tensors)
    logits = "prediction_logits" if "prediction_logits" in plain else "logits"
    torch.testing.assert_close(again[logits], plain[logits], atol=0, rtol=0)


def test_a_cancelled_run_is_not_kept(ids_input):
    model = build_model("electra")
    with pytest.raises(Cancelled):
        model.run(ids_input, Context(is_cancelled=lambda: True))
    assert len(model.run(ids_input, Context()).calls["encoder"]) == 2


def test_the_same_input_costs_one_pass(tiny, ids_input):
    model = tiny("bert")
    first = model.run(ids_input, Context())
    assert model.run(ids_input, Context(is_cancelled=lambda: True)) is first


def test_progress_counts_the_layers(ids_input):
    progress: list[Any] = []
    build_model("t5").run(ids_input, Context(report=progress.append))
    assert progress == [Progress(i, 8, f"Layer {i + 1} of 8") for i in range(8)]


def test_outside_of_a_capture_nothing_is_recorded(tiny, ids_input):
    model = tiny("gpt2")
    with torch.inference_mode(), capture(model.net, Context()) as calls:
        pass
    model.net(**model.encode(ids_input).tensors)
    assert calls == []


def test_gradients_are_not_kept(tiny, ids_input):
    model = tiny("gpt2")
    with capture(model.net, Context()) as calls:
        model.net(**model.encode(ids_input).tensors)
    assert not any(tensor.requires_grad for call in calls for tensor in (call.q, call.k, call.v, call.patterns()))


def test_a_missing_call_is_an_error(tiny, ids_input):
    model = tiny("bert")
    calls = model.run(ids_input, Context()).calls["encoder"]
    with pytest.raises(RuntimeError, match="2 layers, but 1 "):
        model.family.sort_calls(calls[:1], model.net)
    with pytest.raises(RuntimeError, match="2 layers, but 3 "):
        model.family.sort_calls([*calls, calls[0]], model.net)


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_a_missing_call_is_an_error_between_encoder_and_decoder(tiny, ids_input, name):
    model = tiny(name)
    calls = [call for group in model.run(ids_input, Context()).calls.values() for call in group]
    for i in range(len(calls)):
        with pytest.raises(RuntimeError, match="attentions were seen"):
            model.family.sort_calls(calls[:i] + calls[i + 1 :], model.net)


def test_the_mask_function_is_registered(tiny, ids_input, monkeypatch):
    """Without it transformers leaves the causal mask out in silence, so losing it has to be seen here."""
    mapping = capture_module.AttentionMaskInterface._global_mapping
    assert capture_module._NAME in mapping
    model = tiny("mistral")
    tensors = model.encode(ids_input).tensors
    with torch.inference_mode(), capture(model.net, Context()) as calls:
        model.net(**tensors)
        monkeypatch.delitem(mapping, capture_module._NAME)
        model.net(**tensors)
    assert calls[0].mask is not None
    assert calls[2].mask is None


# --- any attention ----------------------------------------------------------------------------------------------------


@st.composite
def attention_calls(draw: st.DrawFn) -> tuple[AttentionCall, Tensor]:
    """A call in float64, and its pattern by the textbook, head by head and query by query."""
    n_kv, group = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    n_queries, n_keys, d_head = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 5))
    n_heads = n_kv * group
    rng = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=rng) * 2

    is_seen = torch.ones(n_queries, n_keys, dtype=torch.bool)
    left, right = draw(st.integers(0, n_keys)), draw(st.integers(0, n_keys))
    is_seen[:, :left] = is_seen[:, n_keys - right :] = False
    kind = draw(st.sampled_from(["none", "bool", "number", "number of each head"]))
    mask, number = None, torch.zeros(n_heads, n_queries, n_keys, dtype=torch.float64)
    if kind == "none":
        is_seen[:] = True
    elif kind == "bool":
        mask = is_seen[None]
    else:
        number = normal(n_heads if kind == "number of each head" else 1, n_queries, n_keys)
        mask = torch.where(is_seen, number, torch.finfo(torch.float64).min)
        number = number.expand(n_heads, -1, -1)
    is_causal = draw(st.booleans())
    if is_causal:
        is_seen = is_seen & torch.ones(n_queries, n_keys, dtype=torch.bool).tril()
    bias = draw(st.sampled_from([None, normal(n_heads, n_queries, n_keys), normal(1, 1, n_keys)]))
    soft_cap = draw(st.sampled_from([None, 1.5]))
    call = AttentionCall(
        "layer",
        0,
        False,
        q=normal(n_heads, n_queries, d_head),
        k=normal(n_kv, n_keys, d_head),
        v=normal(n_kv, n_keys, d_head),
        scale=draw(st.floats(0.1, 2)),
        mask=mask,
        is_causal=is_causal,
        bias=bias,
        soft_cap=soft_cap,
    )
    expected = torch.zeros(n_heads, n_queries, n_keys, dtype=torch.float64)
    for head in range(n_heads):
        for query in range(n_queries):
            keys = [key for key in range(n_keys) if is_seen[query, key]]
            scores = []
            for key in keys:
                score = float(call.q[head, query] @ call.k[head // group, key]) * call.scale
                if soft_cap:
                    score = soft_cap * float(torch.tanh(torch.tensor(score / soft_cap, dtype=torch.float64)))
                added = 0.0 if bias is None else float(bias.expand_as(number)[head, query, key])
                scores.append(score + added + float(number[head, query, key]))
            if keys:
                expected[head, query, keys] = torch.tensor(scores, dtype=torch.float64).softmax(-1)
    return call, expected


@settings(deadline=None, max_examples=150)
@given(attention_calls(), st.data())
def test_patterns_are_a_softmax_over_what_is_seen(case, data):
    call, expected = case
    torch.testing.assert_close(call.patterns(), expected, atol=1e-12, rtol=1e-9)
    heads = data.draw(st.lists(st.integers(0, call.n_heads - 1), min_size=1, max_size=3))
    rows = data.draw(st.lists(st.integers(0, call.n_queries - 1), min_size=1, max_size=4))
    part = call.patterns(heads, torch.tensor(rows))
    torch.testing.assert_close(part, expected[heads][:, rows], atol=1e-12, rtol=1e-9)
    seen = call.seen(heads, torch.tensor(rows))
    if seen is not None:
        assert bool((part[~seen.expand_as(part)] == 0).all())


@pytest.mark.parametrize("block", [1, 7, 100])
def test_the_size_of_a_block_changes_nothing(tiny, ids_input, monkeypatch, block):
    call = tiny("llama").run(ids_input, Context()).calls["decoder"][0]
    whole = call.patterns()
    monkeypatch.setattr(attention_call, "_BLOCK", block)
    torch.testing.assert_close(call.patterns(), whole, atol=1e-7, rtol=0)


def test_a_pattern_alone_has_no_dots():
    call = AttentionCall("layer", 0, False, pattern=torch.eye(3)[None].half())
    assert (call.n_heads, call.n_queries, call.n_keys, call.has_qk) == (1, 3, 3, False)
    assert call.patterns(rows=torch.tensor([2])).dtype == torch.float32
    with pytest.raises(ValueError, match="only the pattern"):
        call.dots([0], torch.tensor([0]))
