"""The Transformer of 2017 against torch's own; with and without its cache; saved and opened; seen from outside."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors import safe_open
from torch import nn
from transformers import AttentionInterface, AutoModel, AutoModelForSeq2SeqLM
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from inference.models.transformer import TransformerForTranslation, TransformerModel
from inference.models.transformer_layers import SinusoidalPositions, TransformerConfig, eager_attention

D, D_MLP, N_LAYERS, N_HEADS, D_VOCAB = 24, 40, 3, 4, 50


def build(*, attention="eager", **sizes):
    """A tiny one in float64 whose every weight is random, the biases that begin at zero too."""
    config = TransformerConfig(
        **{
            "vocab_size": D_VOCAB,
            "d_model": D,
            "encoder_layers": N_LAYERS,
            "decoder_layers": N_LAYERS,
            "encoder_ffn_dim": D_MLP,
            "decoder_ffn_dim": D_MLP,
            **sizes,
        }
    )
    torch.manual_seed(2)
    net = TransformerForTranslation._from_config(config, attn_implementation=attention, dtype=torch.float64).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.6)
    return net


@pytest.fixture(scope="module")
def texts():
    """Source, its mask (the second row is filled up) and target."""
    torch.manual_seed(4)
    source, target = torch.randint(3, D_VOCAB, (3, 9)), torch.randint(3, D_VOCAB, (3, 7))
    target[:, 0] = 1
    mask = torch.ones_like(source)
    source[1, 5:], mask[1, 5:] = 0, 0
    return source, mask, target


def torchs_own(net):
    """`torch.nn.Transformer` with the same weights; the paper has no norm behind either stack."""
    is_pre = net.config.norm_first
    own = nn.Transformer(
        D, N_HEADS, N_LAYERS, N_LAYERS, D_MLP, batch_first=True, norm_first=is_pre, dtype=torch.float64
    ).eval()
    own.encoder.use_nested_tensor = False  # a prototype that warns
    if is_pre:
        own.encoder.norm.load_state_dict(net.model.encoder.layer_norm.state_dict())
        own.decoder.norm.load_state_dict(net.model.decoder.layer_norm.state_dict())
    else:
        own.encoder.norm = own.decoder.norm = None

    def copy_attention(theirs, ours):
        theirs.in_proj_weight.copy_(torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight]))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(ours.out_proj.weight)
        theirs.out_proj.bias.zero_()

    with torch.no_grad():
        for side in ("encoder", "decoder"):
            for theirs, ours in zip(getattr(own, side).layers, getattr(net.model, side).layers, strict=True):
                copy_attention(theirs.self_attn, ours.self_attn)
                norms = [ours.self_attn_layer_norm, ours.final_layer_norm]
                if side == "decoder":
                    copy_attention(theirs.multihead_attn, ours.cross_attn)
                    norms.insert(1, ours.cross_attn_layer_norm)
                for i, norm in enumerate(norms, 1):
                    getattr(theirs, f"norm{i}").load_state_dict(norm.state_dict())
                theirs.linear1.load_state_dict(ours.fc1.state_dict())
                theirs.linear2.load_state_dict(ours.fc2.state_dict())
    return own


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")  # torch's own, with norms first
def test_equals_torchs_own(texts, attention, norm_first):
    source, mask, target = texts
    net = build(attention=attention, norm_first=norm_first)
    own = torchs_own(net)
    embedding = net.model.shared.weight

    def embed(ids):
        rows = [
            [
                (math.sin if i % 2 == 0 else math.cos)(place / 10_000 ** ((i - i % 2) / D))  # section 3.5
                for i in range(D)
            ]
            for place in range(ids.shape[1])
        ]
        return embedding[ids] * math.sqrt(D) + torch.tensor(rows, dtype=torch.float64)

    causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1], dtype=torch.float64)
    with torch.no_grad():
        ours = net(source, mask, target).logits
        is_padding = mask == 0
        hidden = own(
            embed(source),
            embed(target),
            tgt_mask=causal,
            src_key_padding_mask=is_padding,
            memory_key_padding_mask=is_padding,
            tgt_is_causal=True,
        )
    assert ours.std() > 0.5
    torch.testing.assert_close(ours, hidden @ embedding.T, rtol=0, atol=1e-6)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_cached_steps_equal_the_whole(texts, attention):
    source, mask, target = texts
    net = build(attention=attention)
    with torch.inference_mode():
        whole = net(source, mask, target, use_cache=False).logits
        read = net.get_encoder()(source, mask)
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        steps = []
        for piece in target.split([1, 3, 1, 2], dim=1):  # some at once, as a prompt is
            found = net(None, mask, piece, encoder_outputs=read, past_key_values=cache, use_cache=True)
            cache = found.past_key_values
            steps.append(found.logits)
    torch.testing.assert_close(torch.cat(steps, 1), whole, rtol=0, atol=1e-10)
    assert cache.get_seq_length() == target.shape[1]


@pytest.mark.parametrize("how", [{}, {"num_beams": 4}, {"do_sample": True}, {"do_sample": True, "num_beams": 2}])
def test_generation_is_the_same_with_and_without_a_cache(texts, how):
    source, mask, _ = texts
    net = build()
    told = []
    for use_cache in (True, False):
        torch.manual_seed(6)
        # Random weights would write one token for ever.
        settings = {"max_new_tokens": 9, "no_repeat_ngram_size": 1, "use_cache": use_cache, **how}
        told.append(net.generate(source, attention_mask=mask, **settings).tolist())
    assert told[0] == told[1]
    assert len({tuple(row) for row in told[0]}) > 1


def test_greedy_generation_writes_the_likeliest_token_each_time(texts):
    source, mask, _ = texts
    net = build()
    with torch.inference_mode():
        written = torch.full((3, 1), 1)
        for _ in range(6):
            best = net(source, mask, written).logits[:, -1].argmax(-1)
            written = torch.cat([written, best[:, None]], 1)
        found = net.generate(source, attention_mask=mask, max_new_tokens=6)
    for row, expected in zip(found.tolist(), written.tolist(), strict=True):
        n = expected.index(2) + 1 if 2 in expected else len(expected)
        assert row[:n] == expected[:n]


def test_positions_turn_at_the_papers_rates():
    rows = SinusoidalPositions(8, 43)(3, 40, torch.zeros((), dtype=torch.float64))
    rates = [1, 0.1, 0.01, 0.001]  # 10000 ** -(2 i / 8)
    expected = [[f(place * rate) for rate in rates for f in (math.sin, math.cos)] for place in (40, 41, 42)]
    torch.testing.assert_close(rows, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(SinusoidalPositions(8, 43).weights[40:].double(), rows)


def test_labels_are_shifted_and_what_is_none_is_left_out(texts):
    source, mask, target = texts
    net = build()
    labels = torch.cat([target[:, 1:], torch.full((3, 1), 2)], 1)
    labels[0, 5:] = -100
    with torch.inference_mode():
        loss = net(source, mask, labels=labels).loss
        logits = net(source, mask, target).logits
    chosen = logits.log_softmax(-1).gather(-1, labels.clamp_min(0)[..., None])[..., 0]
    torch.testing.assert_close(loss, -chosen[labels != -100].mean())


def test_the_file_holds_one_embedding_and_no_positions(tmp_path, texts):
    source, mask, target = texts
    net = build()
    net.save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        stored = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (no mapping)
    assert [name for name, shape in stored.items() if D_VOCAB in shape] == ["model.shared.weight"]
    assert not [name for name in stored if "position" in name]
    assert sum(math.prod(shape) for shape in stored.values()) == net.num_parameters()
    with torch.inference_mode():
        logits = net(source, mask, target).logits
        for auto, cls in ((AutoModelForSeq2SeqLM, TransformerForTranslation), (AutoModel, TransformerModel)):
            again = auto.from_pretrained(tmp_path, dtype=torch.float64)
            assert type(again) is cls
            found = again(source, mask, target)
            theirs = found.logits if auto is AutoModelForSeq2SeqLM else found.last_hidden_state @ again.shared.weight.T
            torch.testing.assert_close(theirs, logits)


def test_an_attention_function_of_ones_own_is_told_queries_and_keys(texts):
    seen = []

    def spy(module, q, k, v, mask, **given):
        seen.append((module, q.shape[2], k.shape[2], module.is_causal))
        return eager_attention(module, q, k, v, mask, **given)

    AttentionInterface.register("spy_on_transformer", spy)
    source, _, target = texts
    net = build(attention="spy_on_transformer")
    with torch.inference_mode():
        net(source, None, target)
    names = {id(module): name for name, module in net.named_modules()}
    expected = [(f"model.encoder.layers.{i}.self_attn", 9, 9, False) for i in range(N_LAYERS)]
    for i in range(N_LAYERS):
        expected.append((f"model.decoder.layers.{i}.self_attn", 7, 7, True))
        expected.append((f"model.decoder.layers.{i}.cross_attn", 7, 9, False))
    assert [(names[id(module)], *rest) for module, *rest in seen] == expected


def test_tells_patterns_and_states(texts):
    source, mask, target = texts
    net = build()
    with torch.inference_mode():
        found = net(source, mask, target, output_attentions=True, output_hidden_states=True)
    assert [len(found[name]) for name in ("encoder_attentions", "decoder_attentions", "cross_attentions")] == [3] * 3
    assert found.cross_attentions[0].shape == (3, N_HEADS, 7, 9)
    assert found.cross_attentions[2][1, :, :, 5:].abs().max() == 0  # padding
    assert found.decoder_attentions[1].triu(1).abs().max() == 0
    torch.testing.assert_close(found.cross_attentions[1].sum(-1), torch.ones(3, N_HEADS, 7, dtype=torch.float64))
    assert len(found.encoder_hidden_states) == len(found.decoder_hidden_states) == N_LAYERS + 1
    with torch.inference_mode():
        torch.testing.assert_close(net.lm_head(found.decoder_hidden_states[-1]), found.logits)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match=r"24.*5"):
        build(encoder_attention_heads=5)
