"""Whole patterns of chosen layers and heads, and what is refused of every look at heads."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses import attention as attention_module
from inference.analyses.attention import attention
from inference.analyses.heads import heads
from inference.analyses.scaled_dot import scaled_dot
from inference.context import Context, Refused
from inference.results.attention import AttentionRequest
from inference.results.heads import HeadsRequest
from inference.results.scaled_dot import ScaledDotRequest
from tests.inference.tiny_models import patterns_of
from tests.inputs import text_input


@pytest.mark.parametrize("name", ["bert", "llama", "bloom", "t5"])
def test_patterns_of_chosen_layers_and_heads(tiny, ids_input, name):
    model = tiny(name)
    for group in model.info.groups:
        every = attention(AttentionRequest("tiny", ids_input, group.name), model, Context())
        assert (every.layers, every.heads) == (tuple(range(group.n_layers)), tuple(range(group.n_heads[0])))
        np.testing.assert_array_equal(every.pattern, patterns_of(model, ids_input, group.name))
        some = attention(AttentionRequest("tiny", ids_input, group.name, (1, 0), (3, 1)), model, Context())
        assert (some.layers, some.heads) == ((1, 0), (3, 1))
        np.testing.assert_allclose(some.pattern, every.pattern[[1, 0]][:, [3, 1]], atol=1e-7)
        assert some.pattern.shape[2:] == (len(some.query_tokens), len(some.key_tokens))
        assert some.pattern.dtype == np.float32
        assert some.pattern.flags.c_contiguous


def test_patterns_that_fill_the_memory_are_refused(tiny, ids_input, monkeypatch):
    monkeypatch.setattr(attention_module, "_MOST_BYTES", 2 * 4 * 13 * 13 * 4 - 1)
    with pytest.raises(Refused, match=r"2 layers of 4 heads .* zoom into one in the Attention view"):
        attention(AttentionRequest("tiny", ids_input, "encoder"), tiny("bert"), Context())
    one = attention(AttentionRequest("tiny", ids_input, "encoder", (), (0,)), tiny("bert"), Context())
    assert one.pattern.shape == (2, 1, 13, 13)


@pytest.mark.parametrize(
    ("function", "request_", "sentence"),
    [
        (heads, HeadsRequest("tiny", text_input(token_ids=(7, 8)), "cross"), "group 'cross' .* tiny-bert has encoder"),
        (heads, HeadsRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0), "0 pixels .* at least 1"),
        (
            attention,
            AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (7,)),
            r"^Layer 7 was asked for; tiny-bert has layers 0 to 1\.$",
        ),
        (attention, AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (-1,)), "Layer -1 "),
        (
            attention,
            AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (1,), (4,)),
            r"^Head 4 was asked for; layer 1 of tiny-bert has heads 0 to 3\.$",
        ),
        (
            scaled_dot,
            ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0, 0, 2),
            r"^Position 2 was asked for; the text has positions 0 to 1\.$",
        ),
        (scaled_dot, ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 2, 0, 0), "Layer 2 "),
        (scaled_dot, ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0, 9, 0), "Head 9 "),
    ],
)
def test_what_is_not_there_is_refused(tiny, function, request_, sentence):
    with pytest.raises(Refused, match=sentence):
        function(request_, tiny("bert"), Context())
