"""Cheaper attention as the engine answers it: what is refused and why, what errors and cells are, on real models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.approximation import approximation, errors, times
from inference.analyses.attention import attention
from inference.context import Cancelled, Context, Refused
from inference.results.approximation import (
    METHODS,
    N_SEEDS,
    ApproximationErrorsRequest,
    ApproximationRequest,
    ApproximationTimesRequest,
)
from inference.results.attention import AttentionRequest
from tests.inference.planted import model_of, random_call
from tests.inputs import text_input

N = 12
INPUT = text_input("x")
MIXING = {"pooling", "gaussian", "gaussian_pattern", "nystroem", "nystroem_exact"}
BY_FEATURES = {"favor", "favor_trig", "linear"}


def call_of(n=N, **more):
    call = random_call(n, n_heads=2, **more)
    return replace(call, v=torch.randn(call.k.shape, generator=torch.Generator().manual_seed(4)))


def asked(method="nystroem", size=4, *, seed=0, head=1, layer=0):
    return ApproximationRequest("", INPUT, "planted", layer, head, method, size, seed)


def run(call, *args, **more):
    return approximation(asked(*args, **more), model_of([call]), Context())


ALL = ApproximationErrorsRequest("", INPUT, "planted", 0, 1)


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_errors_are_what_the_two_maps_say(method):
    call = call_of()
    result = run(call, method, 6)
    np.testing.assert_allclose(result.exact, call.patterns([1])[0], atol=1e-6)
    off, v = result.approximate - result.exact, call.v[1].numpy()
    norm = np.linalg.norm
    assert result.error["pattern"] == pytest.approx(norm(off) / norm(result.exact), rel=1e-3)
    assert result.error["output"] == pytest.approx(norm(off @ v) / norm(result.exact @ v), rel=1e-3)
    assert result.error["row_sum"] == pytest.approx(np.abs(result.approximate.sum(1) - 1).max(), abs=1e-4)


def test_cells_are_counted():
    counts = {method.name: run(call_of(), method.name, 4).n_cells for method in METHODS}
    by_features, all_cells = 2 * N * 4, N * N
    assert counts == {
        "favor": by_features, "favor_trig": by_features, "linear": 2 * N * 8, "pooling": N * 4, "gaussian": N * 4,
        "nystroem": 2 * N * 4 + 16, "nystroem_exact": 2 * N * 4 + 16, "gaussian_pattern": all_cells, "svd": all_cells,
    }  # fmt: skip
    assert run(call_of(is_causal=True), "favor", 4).n_cells_exact == N * (N + 1) // 2


def test_of_a_causal_head_what_mixes_positions_is_refused_with_the_reason():
    found = errors(ALL, model_of([call_of(is_causal=True)]), Context())
    assert set(found.refused) == MIXING
    assert set(found.methods) == BY_FEATURES | {"svd"}
    for method in MIXING:
        with pytest.raises(Refused, match="mixes positions, of which this head hides some"):
            run(call_of(is_causal=True), method)
    approximate = run(call_of(is_causal=True), "favor", 64).approximate
    assert np.abs(np.triu(approximate, 1)).max() == 0


def test_what_is_no_product_of_features_is_refused_with_the_reason():
    bias = torch.randn(2, N, N, generator=torch.Generator().manual_seed(0))
    assert set(errors(ALL, model_of([call_of(bias=bias)]), Context()).refused) == BY_FEATURES
    with pytest.raises(Refused, match=r"on where query and key stand to each other.* Linformer and Nyström keep it"):
        run(call_of(bias=bias), "favor")
    with pytest.raises(Refused, match="caps its scores at 5"):
        run(call_of(soft_cap=5.0), "linear")
    window = (torch.arange(N) - torch.arange(N)[:, None]).abs() <= 2
    with pytest.raises(Refused, match="this head's mask is neither"):
        run(call_of(mask=window[None]), "favor_trig")
    assert run(call_of(mask=window[None]), "svd", N).error["pattern"] < 1e-6


def test_a_head_that_is_no_product_of_its_queries_and_keys_is_refused():
    call = replace(call_of(), pattern=torch.full((2, N, N), 1 / N))
    with pytest.raises(Refused, match="not the products of its queries and keys alone"):
        run(call, "svd")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "reformer"}, "no method 'reformer'; there are favor"),
        ({"size": 0}, "size is 0; 1 to 1,024"),
        ({"size": 1025}, "size is 1,025"),
        ({"seed": -1}, "seed is -1; 0 to 9,999"),
        ({"head": 2}, "Head 2 was asked for"),
        ({"layer": 1}, "Layer 1 was asked for"),
    ],
)
def test_what_is_not_there_is_refused(change, message):
    with pytest.raises(Refused, match=message):
        approximation(replace(asked(), **change), model_of([call_of()]), Context())


def test_a_long_text_is_refused_and_a_size_ends_at_the_tokens():
    with pytest.raises(Refused, match=r"1,025 tokens; .* at most 1,024"):
        run(random_call(1025, n_heads=2), "svd")
    assert run(call_of(), "svd", 512).size == N
    assert run(call_of(), "favor", 512).size == 512


def test_seeds_change_what_is_random_and_nothing_else():
    for method in METHODS:
        same, other = (run(call_of(), method.name, 4, seed=seed).approximate for seed in (0, 3))
        np.testing.assert_array_equal(run(call_of(), method.name, 4).approximate, same)
        assert np.array_equal(same, other) != method.is_random


def test_the_curves_are_made_of_the_maps():
    model = model_of([call_of()])
    found = errors(ALL, model, Context())
    assert found.sizes == (2, 4, 8, 12, 16, 32, 64, 128, 256, 512)
    for at, name in enumerate(found.methods):
        for size, seed in ((4, 0), (8, N_SEEDS - 1)):
            single = run(call_of(), name, size, seed=seed)
            values = found.errors["pattern"][at, found.sizes.index(size), seed]
            assert values == pytest.approx(single.error["pattern"], rel=1e-6)
            assert found.n_cells[at, found.sizes.index(size)] == single.n_cells
    svd, favor = found.methods.index("svd"), found.methods.index("favor")
    assert np.isnan(found.errors["pattern"][svd, 4:]).all()
    assert np.isnan(found.errors["pattern"][favor, 3]).all()


def test_times_are_of_what_saves_something_and_come_one_by_one():
    partial = []
    context = Context(lambda event: partial.append(event) if hasattr(event, "result") else None)
    found = times(ApproximationTimesRequest("", INPUT, "planted", 0, 1), model_of([call_of()]), context)
    assert set(found.methods) == {method.name for method in METHODS if not method.is_bound}
    assert len(partial) == len(found.methods)
    assert np.isnan(partial[0].result.seconds[1:]).all()
    assert (found.seconds[np.isfinite(found.seconds)] > 0).all()
    assert found.seconds_exact > 0
    assert found.n_threads == torch.get_num_threads()


def test_it_can_be_cancelled():
    model = model_of([call_of()])
    for function, request in ((approximation, asked()), (errors, ALL)):
        with pytest.raises(Cancelled):
            function(request, model, Context(is_cancelled=lambda: True))


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bloom", "mpt", "gemma2", "mpnet", "transformer"])
def test_of_real_models_the_exact_pattern_is_their_own(tiny, ids_input, name):
    """Scales, masks, biases, caps and rotary embedding are in it; cross-attention has fewer keys."""
    model = tiny(name)
    for group in model.info.groups:
        whole = attention(AttentionRequest("tiny", ids_input, group.name), model, Context())
        request = ApproximationRequest("tiny", ids_input, group.name, 1, 1, "svd", 1024, 0)
        found = approximation(request, model, Context())
        np.testing.assert_allclose(found.exact, whole.pattern[1, 1], atol=1e-5)
        np.testing.assert_allclose(found.approximate, whole.pattern[1, 1], atol=1e-5)
