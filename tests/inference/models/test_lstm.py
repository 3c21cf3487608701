"""The recurrent networks against torch's own and against the equations, place by place; remembering; writing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from inference.models.lstm import LstmConfig, LstmForCausalLM, LstmLayer, LstmModel, LstmState
from inference.models.lstm_attention import AdditiveAttention, LstmAttentionConfig, LstmForTranslation
from tests.inference.models.place_by_place import leaves, lstm_language_model, lstm_translator

D, D_VOCAB = 12, 30


def random_weights(net: Any, seed: int = 3) -> Any:
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    return net.eval()


def build_language_model(n_layers=2):
    config = LstmConfig(D_VOCAB, D, n_layers, eos_token_id=1, pad_token_id=1)
    return random_weights(LstmForCausalLM(config).double())


def build_translator(n_layers=2):
    return random_weights(LstmForTranslation(LstmAttentionConfig(D_VOCAB, D, n_layers, n_layers)).double())


@pytest.fixture(scope="module")
def texts():
    """Source, its mask (the second row is filled up) and target."""
    torch.manual_seed(4)
    source, target = torch.randint(3, D_VOCAB, (3, 7)), torch.randint(3, D_VOCAB, (3, 5))
    target[:, 0] = 1
    mask = torch.ones_like(source)
    source[1, 4:], mask[1, 4:] = 0, 0
    return source, mask, target


# The language model


@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_language_model_is_torchs_own_lstm(texts, n_layers):
    net = build_language_model(n_layers)
    own = nn.LSTM(D, D, n_layers, batch_first=True, dtype=torch.float64)
    for i, layer in enumerate(net.model.layers):
        for name, weight in layer.named_parameters():
            getattr(own, name.replace("l0", f"l{i}")).data.copy_(weight)
    states, _ = own(net.model.embed_tokens(texts[0]))
    torch.testing.assert_close(net(texts[0]).logits, states @ net.lm_head.weight.T)


def test_the_language_model_is_its_equations(texts):
    net, ids = build_language_model(), texts[0][0]
    slow = torch.stack(lstm_language_model(net, leaves(net.model.embed_tokens, ids)))
    torch.testing.assert_close(net(ids[None]).logits[0], slow)


def test_what_it_remembers_stands_for_the_text(texts):
    net, ids = build_language_model(), texts[0]
    whole = net(ids)
    before = net(ids[:, :4], use_cache=True)
    assert before.past_key_values.get_seq_length() == 4
    after = net(ids[:, 4:], past_key_values=before.past_key_values)
    torch.testing.assert_close(after.logits, whole.logits[:, 4:])
    for one, other in zip(after.past_key_values, whole.past_key_values, strict=True):
        torch.testing.assert_close(one, other)


def test_its_loss_is_of_the_next_token(texts):
    net, ids = build_language_model(), texts[0]
    logits = net(ids).logits[:, :-1].log_softmax(-1)
    wanted = -logits.gather(2, ids[:, 1:, None]).mean()
    torch.testing.assert_close(net(ids, labels=ids).loss, wanted)


def test_what_fills_a_row_up_changes_nothing_before_it(texts):
    net, ids = build_language_model(), texts[0]
    torch.testing.assert_close(net(ids).logits[:, :4], net(ids[:, :4]).logits)


def test_states_are_chosen_and_repeated():
    h, c = torch.arange(6.0).reshape(3, 2), torch.arange(6.0).reshape(3, 2) + 10
    state = LstmState([(h, c)], 5)
    state.reorder_cache(torch.tensor([2, 0, 0]))
    torch.testing.assert_close(state[0][0], h[[2, 0, 0]])
    state.batch_repeat_interleave(2)
    torch.testing.assert_close(state[0][1], c[[2, 2, 0, 0, 0, 0]])
    assert state.get_seq_length() == 5


# The encoder-decoder


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_the_encoder_decoder_is_the_papers_equations(texts, n_layers):
    source, mask, target = texts
    net = build_translator(n_layers)
    found = net(source, mask, target, output_attentions=True)
    for row in range(3):
        n = int(mask[row].sum())
        read = leaves(net.model.encoder.embed_tokens, source[row, :n])
        logits, patterns = lstm_translator(net, read, leaves(net.model.decoder.embed_tokens, target[row]))
        torch.testing.assert_close(found.logits[row], torch.stack(logits))
        torch.testing.assert_close(found.cross_attentions[0][row, 0, :, :n], patterns)
        assert not found.cross_attentions[0][row, 0, :, n:].any()


def test_additive_attention_is_a_mean_of_what_may_be_seen():
    torch.manual_seed(1)
    attention, state = AdditiveAttention(D), torch.randn(2, D)
    annotations = torch.randn(2, 6, D)
    is_seen = torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    context, pattern = attention(state, attention.key(annotations), annotations, is_seen)
    torch.testing.assert_close(pattern.sum(-1), torch.ones(2, 1, 1))
    assert not pattern[1, 0, 0, 2:].any()
    torch.testing.assert_close(context, torch.einsum("bk,bkd->bd", pattern[:, 0, 0], annotations))


def test_a_packed_layer_is_torchs_own_over_each_text():
    torch.manual_seed(1)
    layer, x = LstmLayer(5, 3, is_bidirectional=True), torch.randn(2, 6, 5)
    out, _ = layer(x, lengths=torch.tensor([6, 4]))
    torch.testing.assert_close(out[1, :4], nn.LSTM.forward(layer, x[1:, :4])[0][0])
    assert not out[1, 4:].any()


def test_the_encoder_decoder_goes_on_with_what_it_remembers(texts):
    source, mask, target = texts
    net = build_translator()
    whole = net(source, mask, target)
    before = net(source, mask, target[:, :2], use_cache=True)
    after = net(source, mask, target[:, 2:], past_key_values=before.past_key_values)
    torch.testing.assert_close(after.logits, whole.logits[:, 2:])


@pytest.mark.parametrize("n_beams", [1, 3])
def test_it_writes_alike_with_and_without_memory(texts, n_beams):
    source, mask, _ = texts
    wishes = {"max_new_tokens": 6, "do_sample": False, "num_beams": n_beams}
    net = build_translator()
    written = [net.generate(inputs=source, attention_mask=mask, use_cache=keeps, **wishes) for keeps in (True, False)]
    assert torch.equal(*written)
    model = build_language_model()
    kept = [model.generate(source[:1], attention_mask=mask[:1], use_cache=keeps, **wishes) for keeps in (True, False)]
    assert torch.equal(*kept)


def test_both_are_saved_and_opened(tmp_path, texts):
    source, mask, target = texts
    net, model = build_translator(), build_language_model()
    net.save_pretrained(tmp_path / "a")
    model.save_pretrained(tmp_path / "b")
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "a").double().eval()
    assert isinstance(again, LstmForTranslation)
    torch.testing.assert_close(again(source, mask, target).logits, net(source, mask, target).logits)
    other = AutoModelForCausalLM.from_pretrained(tmp_path / "b").double().eval()
    torch.testing.assert_close(other(source).logits, model(source).logits)
    assert {file.suffix for file in (tmp_path / "a").iterdir()} == {".json", ".safetensors"}


def test_gates_remember_in_the_beginning():
    torch.manual_seed(0)
    layer: Any = LstmModel(LstmConfig(D_VOCAB, D, 1)).layers[0]
    bias = layer.bias_ih_l0 + layer.bias_hh_l0
    torch.testing.assert_close(bias.detach(), torch.tensor([0.0] * D + [1.0] * D + [0.0] * 2 * D))


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="d_model is 13; it has to be even"):
        LstmAttentionConfig(d_model=13)
