"""Position encodings are those that the model adds, and the configuration names their kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.positions import positions
from inference.context import Cancelled, Context, Refused
from inference.families.decoder import alibi_slopes
from inference.results.positions import PositionsRequest, PositionTable
from tests.inference.tiny_models import ARCHITECTURES, build, build_model
from tests.inputs import text_input

KINDS = {
    "learned": "bert roberta distilbert electra albert ernie gpt2 opt gpt_neo openai-gpt bart",
    "sinusoidal": "marian m2m_100 pegasus transformer",
    "rotary": "modernbert llama mistral qwen3 gemma2 gemma3 gpt_neox gptj codegen falcon",
    "relative": "t5 mt5 mpnet deberta-v2",
    "alibi": "bloom mpt falcon-alibi",
}
KIND_BY_NAME = {name: kind for kind, names in KINDS.items() for name in names.split()}


def tables_of(model, length: int = 20) -> tuple[PositionTable, ...]:
    return positions(PositionsRequest("tiny", length), model, Context()).tables


def test_every_architecture_has_a_kind():
    assert set(KIND_BY_NAME) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_shapes_and_kinds(tiny, name):
    model = tiny(name)
    assert model.family.position_kind(model.net.config) == KIND_BY_NAME[name]
    result = positions(PositionsRequest("tiny", 20), model, Context())
    assert result.note.endswith(".")
    assert result.tables
    if name != "deberta-v2":  # its vectors for distances are shown as learned ones
        assert KIND_BY_NAME[name] in {table.kind for table in result.tables}
    for table in result.tables:
        for array in (table.values, table.similarity):
            assert array.dtype == np.float32
            assert array.flags.c_contiguous
        n_maps = 1 if table.kind in ("learned", "sinusoidal", "rotary") else 4
        n_positions = 16 if table.name.endswith("rel_embeddings") else 20
        assert table.similarity.shape == (n_maps, n_positions, n_positions)
        if table.kind == "relative":
            assert (table.values.shape, table.column_start) == ((4, 39), -19)
        elif table.kind == "alibi":
            assert table.values.shape == (4, 1)
        else:
            assert (len(table.values), table.column_start) == (n_positions, 0)


@pytest.mark.parametrize(
    ("name", "path", "offset"),
    [
        ("bert", "bert.embeddings.position_embeddings", 0),
        ("roberta", "roberta.embeddings.position_embeddings", 2),
        ("gpt2", "transformer.wpe", 0),
        ("opt", "model.decoder.embed_positions", 2),
        ("bart", "model.encoder.embed_positions", 2),
    ],
)
def test_learned_rows_are_those_of_the_first_tokens(tiny, name, path, offset):
    """Which rows are used is asked of the model: only those get a gradient."""
    model = tiny(name)
    module = model.net.get_submodule(path)
    seen: list[int] = []
    hook = module.register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.inference_mode():
        tensors = {"input_ids": torch.arange(6, 12)[None]}
        model.net(**tensors)
    hook.remove()
    table = next(table for table in tables_of(model) if table.name == path)
    np.testing.assert_array_equal(table.values, module.weight[offset : offset + 20].detach().numpy())
    np.testing.assert_allclose(table.values[:6], seen[0].reshape(6, -1).numpy(), atol=0)


@pytest.mark.parametrize("name", ["marian", "m2m_100", "pegasus", "transformer"])
def test_sinusoids_are_what_the_encoder_adds(tiny, name):
    model = tiny(name)
    (table,) = tables_of(model)
    outputs: list[torch.Tensor] = []
    module = model.net.get_submodule(table.name)
    hook = module.register_forward_hook(lambda _, __, output: outputs.append(output))
    ids = torch.arange(6, 12)[None]
    with torch.inference_mode():
        model.net(input_ids=ids, decoder_input_ids=ids)
    hook.remove()
    np.testing.assert_allclose(table.values[:6], outputs[0].reshape(6, -1).numpy(), atol=1e-6)
    assert np.abs(table.values).max() <= 1
    # Sines and cosines: the likeness of two positions depends on their distance alone.
    similarity = table.similarity[0]
    np.testing.assert_allclose(np.diag(similarity), 1, atol=1e-5)
    np.testing.assert_allclose(np.diag(similarity, 3), similarity[0, 3], atol=1e-4)


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "falcon"])
def test_rotary_tables_are_the_model_s_own(tiny, name):
    model = tiny(name)
    (table,) = tables_of(model)
    module = model.net.get_submodule(table.name.rpartition(".")[0])
    cosines, sines = module(torch.zeros(1), torch.arange(20)[None])  # each angle twice
    n = table.values.shape[1] // 2
    np.testing.assert_allclose(table.values[:, :n], cosines[0, :, :n].numpy(), atol=1e-6)
    np.testing.assert_allclose(table.values[:, n:], sines[0, :, :n].numpy(), atol=1e-6)
    expected = [[np.cos((i - j) * module.inv_freq.numpy()).mean() for j in range(20)] for i in range(20)]
    np.testing.assert_allclose(table.similarity[0], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["gptj", "codegen"])
def test_rotary_tables_that_are_kept_in_each_layer_are_shown_once(tiny, name):
    (table,) = tables_of(tiny(name))
    angles = np.arange(20)[:, None] * np.array([1.0, 0.01])  # rotary_dim 4, base 10000
    np.testing.assert_allclose(table.values, np.concatenate([np.cos(angles), np.sin(angles)], axis=1), atol=1e-5)


@pytest.mark.parametrize("name", ["gemma3", "modernbert"])
def test_each_kind_of_layer_has_its_table(tiny, name):
    first, second = tables_of(tiny(name))
    assert {first.name.rpartition(".")[2], second.name.rpartition(".")[2]} == {
        "full_attention_inv_freq",
        "sliding_attention_inv_freq",
    }
    assert not np.array_equal(first.values, second.values)


def test_relative_positions_of_t5(tiny):
    """Encoder and decoder each own a table; numbers depend on the distance alone."""
    model = tiny("t5")
    encoder, decoder = tables_of(model)
    assert (encoder.name.split(".")[0], decoder.name.split(".")[0]) == ("encoder", "decoder")
    bias = model.net.encoder.block[0].layer[0].SelfAttention.compute_bias(20, 20)[0].detach().numpy()
    np.testing.assert_array_equal(encoder.similarity, bias)
    for query, key in ((0, 19), (19, 0), (5, 5), (7, 11), (11, 7)):
        column = key - query - encoder.column_start
        np.testing.assert_array_equal(encoder.values[:, column], bias[:, query, key])


def test_relative_positions_of_mpnet_are_what_it_adds(tiny):
    model = tiny("mpnet")
    table = next(table for table in tables_of(model) if table.kind == "relative")
    expected = model.net.mpnet.encoder.compute_position_bias(torch.zeros(1, 20, 32))[0].detach().numpy()
    np.testing.assert_array_equal(table.similarity, expected)


@pytest.mark.parametrize("n_heads", [1, 2, 3, 4, 7, 8, 12, 16, 20])
def test_slopes_are_those_of_bloom_and_mpt(n_heads):
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor
    from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor

    slopes = np.array(alibi_slopes(n_heads))
    bloom = build_alibi_tensor(torch.ones(1, 3), n_heads, torch.float64)
    np.testing.assert_allclose(slopes, (bloom[:, 0, 1] - bloom[:, 0, 0]).numpy(), rtol=1e-6)
    mpt = build_mpt_alibi_tensor(n_heads, 3)
    np.testing.assert_allclose(slopes, (mpt[:, 0, 1] - mpt[:, 0, 0]).numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", ["bloom", "mpt", "falcon-alibi"])
def test_alibi_is_what_pulls_attention_near(name):
    """With queries at zero only the slopes are left: the pattern is their softmax."""
    net = build(name)
    with torch.no_grad():
        for path, parameter in net.named_parameters():
            if "query_key_value" in path or "Wqkv" in path:
                parameter.zero_()
    model = build_model(name, net)
    (table,) = tables_of(model)
    pattern = model.run(text_input(token_ids=tuple(range(5, 25))), Context()).calls["decoder"][0].patterns()
    bias = torch.from_numpy(np.where(np.isnan(table.similarity), -np.inf, table.similarity))
    torch.testing.assert_close(pattern, bias.softmax(-1), atol=1e-5, rtol=0)


def test_a_table_ends_where_the_model_does(tiny):
    assert len(tables_of(tiny("bert"), 500)[0].values) == 40
    assert len(tables_of(tiny("roberta"), 500)[0].values) == 38
    assert tables_of(tiny("t5"), 50)[0].similarity.shape == (4, 50, 50)


@pytest.mark.parametrize("length", [-3, 0, 1])
def test_too_few_positions_are_refused(tiny, length):
    with pytest.raises(Refused, match=f"{length} positions"):
        positions(PositionsRequest("tiny", length), tiny("bert"), Context())


def test_cancelled(tiny):
    with pytest.raises(Cancelled):
        positions(PositionsRequest("tiny"), tiny("bert"), Context(is_cancelled=lambda: True))
