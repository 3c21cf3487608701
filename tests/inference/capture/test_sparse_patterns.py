"""Attention patterns by formula are those that Longformer, LED and BigBird of transformers attend by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.capture.banded import BandedCall
from inference.capture.blocks import BlockCall
from inference.context import Context
from inference.results.events import Partial
from inference.results.maps import TilesRequest, TilesResult
from tests.inference.captured import build, run
from tests.inference.configurations import ids
from tests.inference.layout_checks import expanded
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input
from widgets.views.sparse.patterns import KIND_NAMES, Parameters, Pattern, banded, blocked, random_blocks


def by_name(kinds, kind_names):
    """Kinds as the patterns count them."""
    return np.array([KIND_NAMES.index(name) for name in kind_names])[kinds]


def captured(name, n):
    """The calls of a tiny model's encoder over `n` tokens."""
    model = build_model(name, build(TEXT[name]))
    return model.run(text_input(token_ids=ids_of(n)), Context()).calls["encoder"]


# Longformer and LED


@pytest.mark.parametrize("n", [5, 29])
@pytest.mark.parametrize("name", ["longformer", "led"])
def test_captured_windows_are_those_of_the_pattern(name, n):
    calls = captured(name, n)
    assert len(calls) == 2
    for call in calls:
        assert isinstance(call, BandedCall)
        kinds = call.kinds([0], torch.arange(n))[0].numpy()
        pattern = Pattern.of("longformer", Parameters(n=n, window=2 * call.window, n_global=1))
        np.testing.assert_array_equal(by_name(kinds, call.kind_names), pattern.kinds())
        # and what is hidden gets nothing
        assert ((call.patterns().amax(0).numpy() > 0) == (pattern.kinds() > 0)).all()


@pytest.mark.parametrize("places", [[], [0], [0, 1, 2], [3, 7]])
@pytest.mark.parametrize("name", ["longformer", "led"])
def test_transformers_attends_where_the_pattern_has_cells(name, places):
    net, n = build(TEXT[name]), 29
    is_global = torch.zeros(1, n, dtype=torch.int64)
    is_global[0, places] = 1
    inputs = {"input_ids": ids(n), "global_attention_mask": is_global}
    if name == "led":
        inputs["decoder_input_ids"] = ids(3)
    output = run(net, inputs, output_attentions=True)
    local = output["attentions" if name == "longformer" else "encoder_attentions"]
    of_globals = output.get("global_attentions" if name == "longformer" else "encoder_global_attentions")
    windows = net.config.attention_window
    windows = windows if isinstance(windows, list) else [windows] * len(local)
    for layer, window in enumerate(windows):
        rows = of_globals[layer][0].transpose(1, 2) if of_globals else None
        own = expanded(local[layer][0], rows, places, window // 2, n)
        np.testing.assert_array_equal((own > 0).all(0).numpy(), banded(n, window // 2, places) > 0)


# BigBird


@pytest.mark.parametrize("n", [61, 64, 38])
def test_captured_blocks_are_those_of_the_pattern_in_every_head(n):
    calls = captured("big_bird", n)
    for layer, call in enumerate(calls):
        assert isinstance(call, BlockCall)
        kinds = call.kinds([*range(4)], torch.arange(n)).numpy()
        drawn = random_blocks(call.n_blocks, 2, layer, n_heads=4, as_in_code=True)
        assert call.random_blocks is not None
        assert call.random_blocks.tolist() == drawn
        for head in range(4):
            np.testing.assert_array_equal(by_name(kinds[head], call.kind_names), blocked(n, 4, drawn[head]))


def test_transformers_in_training_attends_where_the_pattern_has_cells():
    net, n = build(TEXT["big_bird"]), 61
    sparse = [part for part in net.modules() if type(part).__name__ == "BigBirdBlockSparseAttention"]
    for part in sparse:
        part.training = True
    own = run(net, {"input_ids": ids(n)}, output_attentions=True)["attentions"]
    for layer, each in enumerate(own):
        drawn = random_blocks(16, 2, layer, n_heads=4, as_in_code=True)
        for head in range(4):
            seen = each[0, head, :n, :n].numpy() > 0
            np.testing.assert_array_equal(seen, blocked(n, 4, drawn[head]) > 0)


def test_the_whole_pattern_of_one_head_is_a_view_parameter():
    """With one head the seed alone says it all."""
    pattern = Pattern.of("bigbird", Parameters(n=61, block_size=4, n_random=2, seed=1, as_in_code=True))
    drawn = random_blocks(16, 2, 1, as_in_code=True)[0]
    np.testing.assert_array_equal(pattern.kinds(), blocked(61, 4, drawn))


# What the window asks for


@pytest.mark.parametrize("name", ["longformer", "big_bird"])
def test_tiles_say_the_kinds_of_the_pattern(name):
    from inference.analyses.maps import tiles

    n = 61 if name == "big_bird" else 29
    model = build_model(name, build(TEXT[name]))
    request = TilesRequest("tiny", text_input(token_ids=ids_of(n)), "encoder", 1, 2, 0, ((0, 0),), with_kinds=True)
    told: list[object] = []
    tiles(request, model, Context(told.append))
    result = next(event.result for event in told if isinstance(event, Partial))
    assert isinstance(result, TilesResult)
    kinds = by_name(result.tiles[0].kinds, result.kind_names)
    if name == "big_bird":
        expected = blocked(n, 4, random_blocks(16, 2, 1, n_heads=4, as_in_code=True)[2])
    else:
        expected = banded(n, 4, [0])
    np.testing.assert_array_equal(kinds, expected)
