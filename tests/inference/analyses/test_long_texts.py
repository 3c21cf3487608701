"""Long texts through the engine, as the window asks for them: from files to tiles, rows, measures and rollout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf

from inference.capture import interface as capture_interface
from inference.context import Context, Refused
from inference.results.checkpoint import OpenRequest
from inference.results.events import Failure, Partial
from inference.results.heads import HeadsRequest
from inference.results.maps import TILE, MapRequest, RowsRequest, TilesRequest
from inference.results.measures import MeasuresRequest
from inference.results.memory import MemoryRequest
from inference.results.rollout import RolloutRequest
from inference.service.engine import Engine, answer
from tests.inference.captured import build
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_checkpoints import save
from tests.inference.tiny_models import build_model
from tests.inputs import text_input

N = 600
IDS = tuple(np.random.default_rng(0).integers(5, 50, N).tolist())
SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 608,
}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
MODELS: dict[str, tuple[Any, str]] = {
    "longformer": (
        lambda: tf.LongformerConfig(**SIZES, attention_window=[32, 64], pad_token_id=1),
        "LongformerForMaskedLM",
    ),
    "big_bird": (lambda: tf.BigBirdConfig(**SIZES, block_size=16, num_random_blocks=2), "BigBirdForMaskedLM"),
    "t5": (lambda: tf.T5Config(vocab_size=50, **T5), "T5ForConditionalGeneration"),
}


@pytest.fixture(scope="module", params=MODELS)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Engine, Any]:
    config, cls = MODELS[request.param]
    engine = Engine()
    checkpoint = str(save(tmp_path_factory.mktemp("long") / request.param, config(), cls))
    return checkpoint, engine, engine.run(OpenRequest(checkpoint), Context())


def asked(engine: Engine, request: Any) -> tuple[Any, list[Any]]:
    """The result, and what came before it."""
    events: list[Any] = []
    result = answer(engine, request, Context(events.append))
    assert not isinstance(result, Failure), result.message
    return result, [event.result for event in events if isinstance(event, Partial)]


def test_every_look_at_every_group_shows_one_map(opened):
    """Whatever is asked, the numbers are those of the same pattern."""
    checkpoint, engine, info = opened
    text = text_input(token_ids=IDS)
    model = engine._models.get(checkpoint, Context())
    run = model.run(text, Context())
    for group in info.groups:
        pattern = np.stack([call.patterns().numpy() for _, call in model.each_call(run, group.name, Context())])
        n_queries, n_keys = pattern.shape[2:]
        one = (checkpoint, text, group.name, 1, 1)
        overview, _ = asked(engine, MapRequest(*one))
        assert overview.level == 1
        top = pattern[1, 1][: n_queries // 2 * 2, : n_keys // 2 * 2]
        pooled = top.reshape(n_queries // 2, 2, n_keys // 2, 2).max((1, 3))
        np.testing.assert_allclose(overview.overview[: n_queries // 2, : n_keys // 2], pooled, rtol=1e-3, atol=1e-7)
        _, (partial,) = asked(engine, TilesRequest(*one, 0, ((1, 1),)))
        np.testing.assert_allclose(
            partial.tiles[0].values, pattern[1, 1, TILE : 2 * TILE, TILE : 2 * TILE], rtol=1e-3, atol=1e-7
        )
        rows, _ = asked(engine, RowsRequest(*one, 500, 503))
        np.testing.assert_allclose(rows.pattern, pattern[1, 1, 500:503].mean(0), rtol=1e-4, atol=1e-7)
        heads, _ = asked(engine, HeadsRequest(checkpoint, text, group.name))
        np.testing.assert_allclose(heads.thumbnails[1, 1].max(), 255 * np.sqrt(pattern[1, 1].max()), atol=1)
        measures, _ = asked(engine, MeasuresRequest(checkpoint, text, group.name))
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = -np.where(pattern > 0, pattern * np.log2(pattern), 0).sum(-1).mean(-1)
        np.testing.assert_allclose(measures.measures["entropy"], bits, rtol=1e-3)
        np.testing.assert_allclose(heads.measures["entropy"], bits, rtol=1e-3)
        asking = RolloutRequest(checkpoint, text, group.name, (5, 599))
        if group.name == "cross":
            refused = answer(engine, asking, Context())
            assert refused.message == "Decoder to encoder joins two sequences; attention is rolled out within one."
            continue
        product = np.eye(n_queries)
        for heads_of_layer in pattern.astype(np.float64):
            product = (heads_of_layer.mean(0) + np.eye(n_queries)) / 2 @ product
        rolled, _ = asked(engine, asking)
        np.testing.assert_allclose(rolled.rollout[-1], product[[5, 599]], atol=1e-6)
        refused = answer(engine, RolloutRequest(checkpoint, text, group.name), Context())
        assert "the rollout of all of them is shown up to 512: choose some." in refused.message


def test_colours_of_sparse_attention_are_those_of_its_cells(opened):
    """Every cell of a map has its kind; pooled, a pixel shows the rarest of its cells."""
    checkpoint, engine, info = opened
    text, group = text_input(token_ids=IDS), info.groups[0]
    kinds = np.zeros((N, N), np.uint8)
    for row, column in np.ndindex(3, 3):
        request = TilesRequest(checkpoint, text, group.name, 0, 1, 0, ((row, column),), with_kinds=True)
        _, (partial,) = asked(engine, request)
        kinds[row * TILE :, column * TILE :][:TILE, :TILE] = partial.tiles[0].kinds
    request = TilesRequest(checkpoint, text, group.name, 0, 1, 2, ((0, 0),), with_kinds=True)
    _, (pooled,) = asked(engine, request)
    np.testing.assert_array_equal(pooled.tiles[0].kinds, kinds.reshape(150, 4, 150, 4).max((1, 3)))
    places = np.arange(N)
    distance = np.abs(places - places[:, None])
    is_first = (places == 0) | (places == 0)[:, None]
    if info.family == "encoder_decoder":
        assert partial.kind_names == ("hidden", "seen")
        assert kinds.all()
    elif "Longformer" in info.architecture:
        assert partial.kind_names == ("hidden", "window", "global")
        np.testing.assert_array_equal(kinds, np.where(is_first, 2, distance <= 16))
    else:
        assert partial.kind_names == ("hidden", "window", "random", "global")
        blocks = places // 16
        is_end = np.isin(blocks, (0, N // 16))  # 600 tokens are 37 blocks and a half
        is_global = is_end | is_end[:, None]
        np.testing.assert_array_equal(kinds == 3, is_global)
        is_random = kinds == 2
        assert not (is_random & is_global).any()
        np.testing.assert_array_equal(is_random[16:-8, 16:-8].sum(1) > 0, True)
        assert is_random[:, : 37 * 16].reshape(N, 37, 16).any(-1).sum(1).max() == 2
        is_near = (np.abs(blocks - blocks[:, None]) <= 1) & ~is_global & ~is_random
        np.testing.assert_array_equal(kinds == 1, is_near)


def test_what_is_held_does_not_grow_with_the_square(opened):
    """Of 600 tokens in 2 layers; one map of one head alone would take 1.4 MB."""
    checkpoint, engine, info = opened
    model = engine._models.get(checkpoint, Context())
    run = model.run(text_input(token_ids=IDS), Context())
    run.store.clear()
    held = engine.run(MemoryRequest(), Context()).held
    n_calls = sum(group.n_layers for group in info.groups)
    assert held < n_calls * 8 * N * 16 * 4


def test_a_tile_of_a_text_of_32768_tokens_is_that_of_its_rows(tmp_path, monkeypatch):
    """Worked out again from the weights, in float64. What the layer hands on takes long, and is not needed here."""
    monkeypatch.setattr(
        capture_interface,
        "sdpa_attention_forward",
        lambda _module, query, *_args, **_more: (torch.zeros_like(query.transpose(1, 2)), None),
    )
    n = 32_768
    sizes = {**SIZES, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = tf.BertConfig(**{**sizes, "max_position_embeddings": n})
    checkpoint = str(save(tmp_path / "bert", config, "BertForMaskedLM"))
    ids = tuple(np.random.default_rng(1).integers(5, 50, n).tolist())
    engine = Engine()
    request = TilesRequest(checkpoint, text_input(token_ids=ids), "encoder", 0, 0, 0, ((79, 78),))
    _, (partial,) = asked(engine, request)
    net = engine._models.get(checkpoint, Context()).net.double()
    rows, columns = (slice(first * TILE, (first + 1) * TILE) for first in (79, 78))
    with torch.inference_mode():
        states = net.bert.embeddings(torch.tensor([ids]))[0]
        attention = net.bert.encoder.layer[0].attention.self
        scores = attention.query(states[rows]) @ attention.key(states).T / 8**0.5
    expected = scores.softmax(-1)[:, columns].numpy()
    np.testing.assert_allclose(partial.tiles[0].values, expected, rtol=2e-3, atol=6e-8)


def test_a_text_that_does_not_fit_with_its_padding_is_refused(tmp_path):
    """BigBird's and LED's positions are counted on the padding too."""
    config = tf.BigBirdConfig(**{**SIZES, "max_position_embeddings": 606}, block_size=16, num_random_blocks=2)
    checkpoint = str(save(tmp_path / "bird", config, "BigBirdForMaskedLM"))
    refused = answer(Engine(), MapRequest(checkpoint, text_input(token_ids=IDS), "encoder", 0, 0), Context())
    assert refused.kind == "refused"
    assert refused.message == "The text has 600 tokens, which the model pads to 608; with padding it takes at most 592."
    led = build(TEXT["led"])
    led.config.max_encoder_position_embeddings = 62
    model = build_model("led", led)
    model.encode(text_input(token_ids=IDS[:60]))
    with pytest.raises(Refused, match="has 61 tokens, which the model pads to 64; with padding it takes at most 60"):
        model.encode(text_input(token_ids=IDS[:61]))
