"""What is captured is what the model did, and the model is afterwards as it was."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.capture import interface as capture_interface
from inference.capture.attention_call import Received
from inference.capture.capture import capture
from inference.context import Cancelled, Context
from inference.results.events import Progress
from tests.inference.tiny_models import ARCHITECTURES, ENCODER_DECODERS, build, build_model, eager_maps, ids_of
from tests.inputs import text_input

# In these the fused attention and the written-out one of transformers differ by themselves: it scales other sums.
EAGER_DIFFERS = {"falcon-alibi"}
OUTPUT_PROJECTIONS = {"dense", "out_lin", "o", "Wo", "c_proj", "out_proj", "o_proj"}


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


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_pattern_times_v_is_what_the_model_goes_on_with(tiny, ids_input, name):
    """What goes into the output projections."""
    model = tiny(name)
    tensors = model.encode(ids_input).tensors
    heard: dict[str, Tensor] = {}  # [1, query_pos, d_model] by path
    with ExitStack() as stack, torch.inference_mode():
        for path, part in model.net.named_modules():
            if path.rpartition(".")[2] in OUTPUT_PROJECTIONS:

                def hear(_: Any, args: tuple[Tensor], path: str = path) -> None:
                    heard.setdefault(path, args[0])

                stack.callback(part.register_forward_pre_hook(hear).remove)
        received = stack.enter_context(capture(model.net, Context()))
        model.net(**tensors)
    for call in (each.one() for each in received):
        if name == "albert" and call.call > 0:
            continue  # one projection for all layers, which was heard for the first
        holder = call.path.removesuffix(".self")
        result = next(value for path, value in heard.items() if path.startswith(f"{holder}."))
        output = call.output().transpose(0, 1).flatten(1)
        torch.testing.assert_close(output, result[0], atol=1e-5, rtol=1e-5)


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
    tensors = model.encode(text_input(token_ids=ids_of(9))).tensors
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

    seen: list[Received] = []

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
    assert not any(tensor.requires_grad for call in calls for tensor in (call.q, call.k, call.v, call.one().patterns()))


def test_a_missing_call_is_an_error(tiny, ids_input):
    model = tiny("bert")
    run = model.run(ids_input, Context())
    received = run.received
    with pytest.raises(RuntimeError, match="2 layers, but 1 "):
        model.family.sort_calls(received[:1], model.net, run.encoded)
    with pytest.raises(RuntimeError, match="2 layers, but 3 "):
        model.family.sort_calls([*received, received[0]], model.net, run.encoded)


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_a_missing_call_is_an_error_between_encoder_and_decoder(tiny, ids_input, name):
    model = tiny(name)
    run = model.run(ids_input, Context())
    received = run.received
    for i in range(len(received)):
        with pytest.raises(RuntimeError, match="attentions were seen"):
            model.family.sort_calls(received[:i] + received[i + 1 :], model.net, run.encoded)


def test_the_mask_function_is_registered(tiny, ids_input, monkeypatch):
    """Without it transformers leaves the causal mask out in silence, so losing it has to be seen here."""
    mapping = capture_interface.AttentionMaskInterface._global_mapping
    assert capture_interface.NAME in mapping
    model = tiny("mistral")
    tensors = model.encode(ids_input).tensors
    with torch.inference_mode(), capture(model.net, Context()) as calls:
        model.net(**tensors)
        monkeypatch.delitem(mapping, capture_interface.NAME)
        model.net(**tensors)
    assert calls[0].mask is not None
    assert calls[2].mask is None
