"""Longformer's, LED's and BigBird's attention in true positions: against transformers' own output, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.attention_call import AttentionCall
from inference.context import Context
from inference.layouts.banded import GLOBAL, WINDOW, BandedCall
from inference.layouts.blocks import BlockCall
from inference.layouts.unpadded import unpadded
from inference.results import TextInput
from tests.inference.configurations import ids
from tests.inference.layout_checks import assert_parts_agree, by_position, heard
from tests.inference.test_configurations import build, run
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_models import build_model, ids_of

# --- Longformer and LED -----------------------------------------------------------------------------------------------


def expanded(local: torch.Tensor, of_globals: torch.Tensor | None, places: list[int], window: int, n: int) -> Any:
    """transformers' band and global rows as [head, n, n]: columns are the global tokens, then the window."""
    pattern = torch.zeros(local.shape[0], n, n)
    for row in range(n):
        for column, place in enumerate(places):
            pattern[:, row, place] += local[:, row, column]
        for offset in range(-window, window + 1):
            if 0 <= row + offset < n:
                pattern[:, row, row + offset] += local[:, row, len(places) + offset + window]
    for column, place in enumerate(places):
        assert of_globals is not None
        pattern[:, place] = of_globals[:, column, :n]
    return pattern


@pytest.mark.parametrize("n", [5, 16, 29])
@pytest.mark.parametrize("places", [[], [0], [0, 3], [4, 1, 2]])
@pytest.mark.parametrize("name", ["longformer", "led"])
def test_windows_and_global_tokens_are_those_of_the_model(name, places, n):
    net = build(TEXT[name])
    is_global = torch.zeros(1, n, dtype=torch.int64)
    is_global[0, places] = 1
    inputs = {"input_ids": ids(n), "global_attention_mask": is_global}
    if name == "led":
        inputs["decoder_input_ids"] = ids(3)
    kind = "LongformerSelfAttention" if name == "longformer" else "LEDEncoderSelfAttention"
    received, outputs = heard(net, kind, inputs)
    output = run(net, inputs, output_attentions=True)
    local = output["attentions" if name == "longformer" else "encoder_attentions"]
    of_globals = output.get("global_attentions" if name == "longformer" else "encoder_global_attentions")
    calls = [unpadded(each, n) for each in received if each.source == "module"]
    assert len(calls) == len(local) == 2
    for layer, call in enumerate(calls):
        assert isinstance(call, BandedCall)
        rows = of_globals[layer][0].transpose(1, 2) if of_globals else None
        own = expanded(local[layer][0], rows, sorted(places), call.window, n)
        torch.testing.assert_close(call.patterns(), own, atol=1e-5, rtol=0)
        torch.testing.assert_close(by_position(call), outputs[layer][0][0, :n], atol=1e-5, rtol=1e-5)
        assert_parts_agree(call)


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


@pytest.mark.parametrize("n", [61, 64, 37])
def test_blocks_are_those_of_the_model_in_training(bigbird, n):
    """Of its attention alone: everything else in it is as in evaluation."""
    inputs = {"input_ids": ids(n)}
    torch.manual_seed(0)
    np.random.seed(0)
    received, outputs = heard(bigbird, "BigBirdBlockSparseAttention", inputs)
    sparse = [part for part in bigbird.modules() if type(part).__name__ == "BigBirdBlockSparseAttention"]
    for part in sparse:
        part.training = True
    try:
        own = run(bigbird, inputs, output_attentions=True)["attentions"]
    finally:
        bigbird.eval()
    for layer, each in enumerate(received):
        call = unpadded(each, n)
        assert isinstance(call, BlockCall)
        torch.testing.assert_close(call.patterns(), own[layer][0, :, :n, :n], atol=1e-5, rtol=0)
        torch.testing.assert_close(by_position(call), outputs[layer][0][0, :n], atol=1e-5, rtol=1e-5)
        kinds = call.kinds([*range(4)], torch.arange(n))
        # 2 random blocks of 4 in every block but the first and the last, another choice in each head
        middle = kinds[:, 4 : n - n % 4 - 4]
        assert ((middle == call.kind_names.index("random")).sum(-1) == 8).all()
        assert not torch.equal(kinds[0], kinds[1])
        assert_parts_agree(call)


def test_in_evaluation_transformers_shows_no_random_blocks(bigbird):
    """Why capture does as in training: rows of its own map do not sum to 1."""
    own = run(bigbird, {"input_ids": ids(61)}, output_attentions=True)["attentions"]
    assert own[0].sum(-1).min() < 0.99


def test_short_and_long_texts_of_bigbird_in_any_order():
    """For a short one it swaps its modules for good."""
    model = build_model("big_bird", build(TEXT["big_bird"]))
    kinds = []
    for n in (20, 61, 36, 37):
        run = model.run(TextInput(token_ids=ids_of(n)), Context())
        kinds.append([type(call) for call in run.calls["encoder"]])
        assert all(call.n_queries == n for call in run.calls["encoder"])
        assert not any(part.training for part in model.net.modules())
    assert kinds == [[AttentionCall] * 2, [BlockCall] * 2, [AttentionCall] * 2, [BlockCall] * 2]


def test_random_blocks_are_the_same_when_a_layer_is_computed_again():
    model = build_model("big_bird", build(TEXT["big_bird"]))
    run = model.run(TextInput(token_ids=ids_of(61)), Context())
    before = [call.patterns() for call in run.calls["encoder"]]
    run.drop_all()
    for layer, call in model.each_call(run, "encoder", Context()):
        assert torch.equal(call.patterns(), before[layer])
