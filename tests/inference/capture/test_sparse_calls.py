"""Longformer's, LED's and BigBird's attention in true positions: against transformers' own output, and by hand."""

from __future__ import annotations

import copy
import re
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.banded import GLOBAL, WINDOW, BandedCall
from inference.capture.blocks import BlockCall
from inference.context import Cancelled, Context
from inference.layouts.unpadded import unpadded
from tests.inference.captured import AllInFloat64, build, captured, default_float64, run
from tests.inference.configurations import ids
from tests.inference.layout_checks import assert_parts_agree, by_position, expanded, heard
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input

# --- Longformer and LED -----------------------------------------------------------------------------------------------


def with_globals(name: str, n: int, places: list[int]) -> dict[str, torch.Tensor]:
    is_global = torch.zeros(1, n, dtype=torch.int64)
    is_global[0, places] = 1
    written = {"decoder_input_ids": ids(3)} if name == "led" else {}
    return {"input_ids": ids(n), "global_attention_mask": is_global, **written}


def assert_bands_are_those_of_the_model(
    net: Any, name: str, inputs: dict[str, torch.Tensor], places: list[int], close: float = 1e-5, mode: Any = None
) -> None:
    n = inputs["input_ids"].shape[1]
    kind = "LongformerSelfAttention" if name == "longformer" else "LEDEncoderSelfAttention"
    received, outputs = heard(net, kind, inputs, mode)
    output = run(net, inputs, mode, output_attentions=True)
    local = output["attentions" if name == "longformer" else "encoder_attentions"]
    of_globals = output.get("global_attentions" if name == "longformer" else "encoder_global_attentions")
    calls = [unpadded(each, n) for each in received if each.source == "module"]
    assert len(calls) == len(local) == 2
    for layer, call in enumerate(calls):
        assert isinstance(call, BandedCall)
        rows = of_globals[layer][0].transpose(1, 2) if of_globals else None
        own = expanded(local[layer][0], rows, sorted(places), call.window, n)
        if call.mask is not None:  # transformers leaves zeros in the rows of padding, but for global tokens
            own[:, ~call.mask[0, 0]] = 0
        torch.testing.assert_close(call.patterns(), own, atol=close, rtol=0)
        is_place = slice(None) if call.mask is None else call.mask[0, 0]
        torch.testing.assert_close(
            by_position(call)[is_place], outputs[layer][0][0, :n][is_place], atol=close, rtol=close
        )
        assert_parts_agree(call)


@pytest.mark.parametrize("n", [5, 16, 29])
@pytest.mark.parametrize("places", [[], [0], [0, 3], [4, 1, 2]])
@pytest.mark.parametrize("name", ["longformer", "led"])
def test_windows_and_global_tokens_are_those_of_the_model(name, places, n):
    assert_bands_are_those_of_the_model(build(TEXT[name]), name, with_globals(name, n, places), places)


@pytest.mark.parametrize("name", ["longformer", "led"])
def test_windows_and_global_tokens_are_those_of_the_model_in_float64(name):
    net = build(TEXT[name]).double()
    with default_float64():
        assert_bands_are_those_of_the_model(net, name, with_globals(name, 29, [0, 9]), [0, 9], 1e-10, AllInFloat64())


@pytest.mark.parametrize("padding", [[27, 28], [0, 1], [0, 12, 13, 28]])
@pytest.mark.parametrize("name", ["longformer", "led"])
def test_padding_within_a_band_is_hidden(name, padding):
    """On either side, and in the middle, where a batch would have it."""
    inputs = with_globals(name, 29, [4, 9])
    inputs["attention_mask"] = torch.ones(1, 29, dtype=torch.int64)
    inputs["attention_mask"][0, padding] = 0
    assert_bands_are_those_of_the_model(build(TEXT[name]), name, inputs, [4, 9])


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 20), st.integers(0, 6), st.sets(st.integers(0, 19), max_size=4))
def test_kinds_of_a_band(n, window, places):
    places = sorted(place for place in places if place < n)
    q = torch.randn(2, n, 4, generator=torch.Generator().manual_seed(n))
    globals_ = torch.tensor(places) if places else None
    call = BandedCall(
        "", 0, False, q, q, q, window=window, global_places=globals_, global_q=q[:, places], global_k=-q, global_v=q
    )
    (kinds,) = call.kinds([0], torch.arange(n))
    for row in range(n):
        for key in range(n):
            is_global = row in places or key in places
            assert kinds[row, key] == (GLOBAL if is_global else WINDOW if abs(row - key) <= window else 0)
    for place in places:
        torch.testing.assert_close(call.dots([1], torch.tensor([place]))[0, 0], -q[1] @ q[1, place])


# --- BigBird ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bigbird():
    return build(TEXT["big_bird"])


def in_training(net: Any, inputs: dict[str, torch.Tensor], mode: Any = None, **options: Any) -> Any:
    """What transformers gives where its sparse attention, and that alone, is as in training."""
    for part in net.modules():
        part.training = "BlockSparseAttention" in type(part).__name__
    np.random.seed(0)
    try:
        return run(net, inputs, mode, **options)
    finally:
        net.eval()


@pytest.mark.parametrize(("n", "is_double"), [(61, False), (64, False), (37, False), (61, True)])
def test_blocks_are_those_of_the_model_in_training(bigbird, n, is_double):
    inputs, close = {"input_ids": ids(n)}, 1e-10 if is_double else 1e-5
    net, mode = (copy.deepcopy(bigbird).double(), AllInFloat64()) if is_double else (bigbird, None)
    torch.manual_seed(0)
    np.random.seed(0)
    with default_float64() if is_double else nullcontext():
        received, outputs = heard(net, "BigBirdBlockSparseAttention", inputs, mode)
        own = in_training(net, inputs, mode, output_attentions=True)["attentions"]
    for layer, each in enumerate(received):
        call = unpadded(each, n)
        assert isinstance(call, BlockCall)
        torch.testing.assert_close(call.patterns(), own[layer][0, :, :n, :n], atol=close, rtol=0)
        torch.testing.assert_close(by_position(call), outputs[layer][0][0, :n], atol=close, rtol=close)
        kinds = call.kinds([*range(4)], torch.arange(n))
        # 2 random blocks of 4 in every block but the first and the last, another choice in each head
        middle = kinds[:, 4 : n - n % 4 - 4]
        assert ((middle == call.kind_names.index("random")).sum(-1) == 8).all()
        assert not torch.equal(kinds[0], kinds[1])
        assert_parts_agree(call)


@pytest.mark.parametrize("padding", [[0, 1, 2], [55, 60], [9, 30]])
def test_padding_within_blocks_is_hidden(bigbird, padding):
    inputs = {"input_ids": ids(61), "attention_mask": torch.ones(1, 61, dtype=torch.int64)}
    inputs["attention_mask"][0, padding] = 0
    torch.manual_seed(0)
    np.random.seed(0)
    received, outputs = heard(bigbird, "BigBirdBlockSparseAttention", inputs)
    is_place = inputs["attention_mask"][0] > 0
    for layer, each in enumerate(received):
        call = unpadded(each, 61)
        assert not call.patterns()[:, :, ~is_place].any()
        torch.testing.assert_close(
            by_position(call)[is_place], outputs[layer][0][0, :61][is_place], atol=1e-5, rtol=1e-5
        )


def test_in_evaluation_transformers_shows_no_random_blocks(bigbird):
    """Why capture does as in training: rows of its own map do not sum to 1."""
    own = run(bigbird, {"input_ids": ids(61)}, output_attentions=True)["attentions"]
    assert own[0].sum(-1).min() < 0.99


def test_short_and_long_texts_of_bigbird_in_any_order():
    """For a short one it swaps its modules for good."""
    model = build_model("big_bird", build(TEXT["big_bird"]))
    kinds = []
    for n in (20, 61, 36, 37):
        run = model.run(text_input(token_ids=ids_of(n)), Context())
        kinds.append([type(call) for call in run.calls["encoder"]])
        assert all(call.n_queries == n for call in run.calls["encoder"])
        assert not any(part.training for part in model.net.modules())
    assert kinds == [[AttentionCall] * 2, [BlockCall] * 2, [AttentionCall] * 2, [BlockCall] * 2]


def test_random_blocks_are_the_same_when_a_layer_is_computed_again():
    model = build_model("big_bird", build(TEXT["big_bird"]))
    run = model.run(text_input(token_ids=ids_of(61)), Context())
    before = [call.patterns() for call in run.calls["encoder"]]
    run.drop_all()
    for layer, call in model.each_call(run, "encoder", Context()):
        assert torch.equal(call.patterns(), before[layer])


# --- changed on the way, and put back ---------------------------------------------------------------------------------

SPARSE = ("longformer", "led", "big_bird", "bigbird_pegasus")


def inputs_of(name: str) -> dict[str, torch.Tensor]:
    return TEXT[name].inputs()


@pytest.mark.parametrize("name", SPARSE)
def test_a_head_can_be_taken_out_of_sparse_attention(name):
    """Patterns to change are in true positions; without a head, its values might as well be nothing."""
    net, inputs = build(TEXT[name]), inputs_of(name)
    seen: list[torch.Size] = []

    def without_head_one(received: Received, pattern: torch.Tensor) -> torch.Tensor:
        if received.source != "module":
            return pattern
        seen.append(pattern.shape)
        return pattern * torch.tensor([1.0, 0.0, 1.0, 1.0])[:, None, None]

    _, received = captured(net, inputs)
    plain, changed = (captured(net, inputs, change=change)[0][0] for change in (lambda _, p: p, without_head_one))
    torch.testing.assert_close(plain, captured(net, inputs)[0][0], atol=2e-5, rtol=1e-4)
    assert (changed - plain).abs().max() > 1e-4
    n = next(each for each in received if each.source == "module").q.shape[2]
    assert seen == [(1, 4, n, n)] * 2
    after = captured(net, inputs, change=without_head_one)[1]
    for call in (unpadded(each, 29) for each in after if each.source == "module"):
        assert (call.n_queries, call.n_keys) == (29, 29)
        assert not call.patterns([1]).any()
        assert call.patterns([0]).any()
    with torch.no_grad():
        for part in net.modules():
            if type(part).__name__ in ("LongformerSelfAttention", "LEDEncoderSelfAttention") or (
                "BlockSparseAttention" in type(part).__name__
            ):
                for value in (part.value, getattr(part, "value_global", part.value)):
                    value.weight[8:16] = 0
                    if value.bias is not None:
                        value.bias[8:16] = 0
    torch.testing.assert_close(captured(net, inputs)[0][0], changed, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", [Cancelled, MemoryError])
@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_model_is_left_as_it_was_when_it_is_stopped_halfway(name, kind):
    """Within its attention, too, where its parts are switched."""
    net, inputs = build(TEXT[name]), inputs_of(name)
    before = [(part.training, sorted(vars(part)), len(part._forward_hooks)) for part in net.modules()]
    values = next(part for path, part in net.named_modules() if re.search(r"self.*\.value$", path))
    stop = values.register_forward_hook(lambda *_: raised(kind))
    with pytest.raises(kind):
        captured(net, inputs)
    stop.remove()
    assert [(part.training, sorted(vars(part)), len(part._forward_hooks)) for part in net.modules()] == before


def raised(kind: type[BaseException]) -> None:
    raise kind


def test_several_texts_at_once_are_an_error():
    inputs = {key: tensor.expand(2, -1) for key, tensor in inputs_of("longformer").items()}
    received, _ = heard(build(TEXT["longformer"]), "LongformerSelfAttention", inputs)
    with pytest.raises(ValueError, match="a batch of 2 was received, not of one"):
        unpadded(received[0], 29)
