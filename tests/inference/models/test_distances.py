"""How long paths are, by the rule and along torch's graph of networks that are written out place by place."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from inference.models.transformer import TransformerForTranslation
from inference.models.transformer_layers import TransformerConfig
from inference.results.distances import distances, path_length, state_path_length
from inference.results.training import ModelSizes
from tests.inference.models import place_by_place as slow
from tests.inference.models.test_lstm import D_VOCAB, D, build_language_model, build_translator

N = 5  # letters or tokens


@cache
def ids(n, seed=5):
    torch.manual_seed(seed)
    return torch.randint(3, D_VOCAB, (n,))


def build_transformer(n_layers):
    torch.manual_seed(2)
    sizes = {"encoder_layers": n_layers, "decoder_layers": n_layers, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    config = TransformerConfig(D_VOCAB, D, encoder_attention_heads=2, decoder_attention_heads=2, **sizes)
    return TransformerForTranslation._from_config(config, attn_implementation="eager", dtype=torch.float64).eval()


def build_gpt2(n_layers):
    torch.manual_seed(2)
    return (
        GPT2LMHeadModel(GPT2Config(vocab_size=D_VOCAB, n_positions=16, n_embd=D, n_layer=n_layers, n_head=2))
        .double()
        .eval()
    )


def reversal_path(net, run, n, **wishes):
    """From the first of `n` letters to where it is written, along the graph."""
    encoder, decoder = net.model.encoder.embed_tokens, net.model.decoder.embed_tokens
    read, written = slow.leaves(encoder, ids(n + 1)), slow.leaves(decoder, ids(n, 6))  # the end is read too
    found = run(net, read, written, **wishes)
    logits = found[0] if isinstance(found, tuple) else found
    if not wishes:
        torch.testing.assert_close(torch.stack(logits), net(ids(n + 1)[None], None, ids(n, 6)[None]).logits[0])
    return slow.shortest_path(logits[n - 1], read[0])


@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("architecture", ["transformer", "lstm"])
def test_a_letter_is_as_far_as_the_rule_says(architecture, n_layers):
    sizes = ModelSizes(n_layers, D, 2, architecture=architecture)
    net = (build_transformer if architecture == "transformer" else build_translator)(n_layers)
    run = slow.transformer if architecture == "transformer" else slow.lstm_translator
    for n, distance in enumerate(distances("reversal", N), 1):
        assert reversal_path(net, run, n) == path_length("reversal", sizes, distance)


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_past_the_attention_it_grows_with_the_string(n_layers):
    sizes, net = ModelSizes(n_layers, D, 1, architecture="lstm"), build_translator(n_layers)
    lengths = [reversal_path(net, slow.lstm_translator, n, attends=False) for n in range(1, N + 1)]
    assert lengths == [state_path_length("reversal", sizes, distance) for distance in distances("reversal", N)]
    assert lengths[-1] - lengths[0] == N - 1


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("architecture", ["transformer", "lstm"])
def test_a_token_is_as_far_as_the_rule_says(architecture, n_layers):
    sizes = ModelSizes(n_layers, D, 2, architecture=architecture)
    net = (build_gpt2 if architecture == "transformer" else build_language_model)(n_layers)
    run = slow.gpt2 if architecture == "transformer" else slow.lstm_language_model
    table = net.get_input_embeddings()
    read = slow.leaves(table, ids(N))
    logits = run(net, read)
    torch.testing.assert_close(torch.stack(logits), net(ids(N)[None]).logits[0])
    for distance in distances("causal", N):
        # Behind the last token that is read stands the one that is told.
        assert slow.shortest_path(logits[-1], read[N - distance]) == path_length("causal", sizes, distance)


def test_no_path_leads_back_in_time():
    net = build_language_model()
    read = slow.leaves(net.model.embed_tokens, ids(N))
    assert slow.shortest_path(slow.lstm_language_model(net, read)[1], read[3]) is None
