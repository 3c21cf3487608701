"""Tokens, masked words, the mask lab and next sentences, against transformers computed by hand."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from inference.analyses.mask_lab import action, choose, mask_lab
from inference.analyses.masked import masked
from inference.analyses.next_sentence import next_sentence
from inference.analyses.tokenize import tokenize
from inference.checkpoints.loading import load
from inference.context import Cancelled, Context, Refused
from inference.forward.masked_lm import predicted_word
from inference.forward.model import Model
from inference.results.mask_lab import MaskLabRequest
from inference.results.masked import MaskedRequest
from inference.results.next_sentence import NextSentenceRequest
from inference.results.tokenize import TokenizeRequest
from tests.inference.tiny_checkpoints import (
    BYTE_VOCAB,
    SIZES,
    VOCAB,
    save,
    save_bert,
    save_byte_level,
    save_wordpiece,
)
from tests.inputs import text_input

TEXT = "the cat sat on the mat ."
WORDS = ["[CLS]", "the", "cat", "sat", "on", "the", "mat", ".", "[SEP]"]
MASK = VOCAB["[MASK]"]

CONFIGS = {
    "BertForPreTraining": transformers.BertConfig(**SIZES),
    "BertForMaskedLM": transformers.BertConfig(**SIZES),
    "AlbertForMaskedLM": transformers.AlbertConfig(**SIZES, embedding_size=16),
    "AlbertForPreTraining": transformers.AlbertConfig(**SIZES, embedding_size=16),
    "ElectraForMaskedLM": transformers.ElectraConfig(**SIZES, embedding_size=16),
    "DistilBertForMaskedLM": transformers.DistilBertConfig(
        dim=32, n_layers=2, n_heads=4, hidden_dim=64, vocab_size=len(VOCAB), max_position_embeddings=40
    ),
    "RobertaForMaskedLM": transformers.RobertaConfig(**SIZES, pad_token_id=0),
}


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Model:
    return load(str(save_bert(tmp_path_factory.mktemp("bert"))), Context())


@pytest.fixture(scope="module", params=CONFIGS)
def any_model(request, tmp_path_factory) -> Model:
    folder = save(tmp_path_factory.mktemp(request.param), CONFIGS[request.param], request.param)
    save_wordpiece(folder)
    return load(str(folder), Context())


def request(**values) -> MaskedRequest:
    top_k = values.pop("top_k", 10)
    return MaskedRequest("tiny", text_input(**{"text": TEXT, **values}), top_k)


def real_probs(model: Model, ids: list[int], segment: list[int] | None = None) -> torch.Tensor:
    """Float32 [pos, d_vocab] as transformers gives them, without anything of ours."""
    tensors = {"input_ids": torch.tensor([ids], device=model.device)}
    if segment is not None:
        tensors["token_type_ids"] = torch.tensor([segment], device=model.device)
    with torch.inference_mode():
        output = model.net(**tensors)
    logits = output.prediction_logits if "prediction_logits" in output else output.logits
    return logits[0].softmax(-1).cpu()


# --- tokenize ---------------------------------------------------------------------------------------------------------


def test_tokens_are_those_of_the_tokenizer(bert):
    tokens = tokenize(TokenizeRequest("tiny", text_input("the cat", "a dog")), bert, Context()).tokens
    assert tokens.ids.tolist() == bert.tokenizer("the cat", "a dog").input_ids
    assert tokens.words == ("[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]")
    assert tokens.segment.tolist() == [0, 0, 0, 0, 1, 1, 1]


# --- masked words -----------------------------------------------------------------------------------------------------


def test_masked_words_are_the_models_own(any_model):
    result = masked(request(masked=(2, 6)), any_model, Context())
    ids = [VOCAB[word] for word in WORDS]
    expected = real_probs(any_model, [*ids[:2], MASK, *ids[3:6], MASK, *ids[7:]])[[2, 6]]
    probs, top = expected.topk(10)
    np.testing.assert_array_equal(result.ids, top)
    np.testing.assert_allclose(result.probs, probs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(result.original_probs, expected[[0, 1], [ids[2], ids[6]]], rtol=1e-4, atol=1e-6)
    assert result.words == tuple(tuple(list(VOCAB)[i] for i in row) for row in top.tolist())
    assert result.positions.tolist() == [2, 6]
    assert result.original == ("cat", "mat")
    assert result.tokens.ids.tolist() == [*ids[:2], MASK, *ids[3:6], MASK, *ids[7:]]


def test_the_last_layer_is_the_model_itself(any_model):
    result = masked(request(masked=(3,), top_k=len(VOCAB)), any_model, Context())
    assert result.layer_probs.shape == (3, 1, len(VOCAB))
    expected, top = real_probs(any_model, [VOCAB[word] if i != 3 else MASK for i, word in enumerate(WORDS)])[3].sort(
        descending=True
    )
    np.testing.assert_allclose(result.layer_probs[-1, 0], expected, rtol=1e-4, atol=1e-6)
    assert result.layer_words[-1][0] == tuple(list(VOCAB)[i] for i in top.tolist())
    np.testing.assert_allclose(result.layer_probs.sum(-1), 1, rtol=1e-5)


def test_earlier_layers_go_through_the_same_head(bert):
    """BERT's head called by its name, on what transformers says leaves each layer."""
    result = masked(request(masked=(3,), top_k=len(VOCAB)), bert, Context())
    ids = [VOCAB[word] if i != 3 else MASK for i, word in enumerate(WORDS)]
    with torch.inference_mode():
        states = bert.net.bert(torch.tensor([ids], device=bert.device), output_hidden_states=True).hidden_states
        for layer, state in enumerate(states):
            probs = bert.net.cls.predictions(state)[0, 3].softmax(-1)
            np.testing.assert_allclose(result.layer_probs[layer, 0], probs.sort(descending=True)[0].cpu(), rtol=1e-4)
    assert not np.allclose(result.layer_probs[0], result.layer_probs[-1])


def test_a_typed_mask_has_no_original(bert):
    result = masked(MaskedRequest("tiny", text_input("the [MASK] sat on", masked=(4,))), bert, Context())
    assert result.positions.tolist() == [2, 4]
    assert result.original == ("", "on")
    assert math.isnan(result.original_probs[0])
    assert 0 < result.original_probs[1] < 1


def test_the_pair_reaches_the_head(bert):
    result = masked(request(text="the cat", text_pair="a dog", masked=(5,)), bert, Context())
    ids = [VOCAB[word] for word in ("[CLS]", "the", "cat", "[SEP]", "a", "[MASK]", "[SEP]")]
    expected = real_probs(bert, ids, [0, 0, 0, 0, 1, 1, 1])[5].topk(10)[0]
    np.testing.assert_allclose(result.probs[0], expected, rtol=1e-4)


def test_the_model_is_as_before(any_model):
    ids = [VOCAB[word] for word in WORDS]
    before = real_probs(any_model, ids)
    masked(request(masked=(2,)), any_model, Context())
    assert torch.equal(real_probs(any_model, ids), before)
    cancelled = iter([False, False, True])
    with pytest.raises(Cancelled):
        masked(request(masked=(2,)), any_model, Context(is_cancelled=lambda: next(cancelled)))
    assert "forward" not in vars(any_model.net.base_model)


def test_a_failing_head_leaves_the_model_as_before(bert, monkeypatch):
    def fail(*_):
        raise RuntimeError("planted")

    monkeypatch.setattr(bert.net.cls, "forward", fail)
    with pytest.raises(RuntimeError, match="planted"):
        masked(request(masked=(2,)), bert, Context())
    assert "forward" not in vars(bert.net.bert)


def test_more_words_than_the_vocabulary_are_all_of_it(bert):
    result = masked(request(masked=(2,), top_k=10_000), bert, Context())
    assert sorted(result.ids[0]) == list(range(len(VOCAB)))


@pytest.mark.parametrize("top_k", [0, -3])
def test_no_words_cannot_be_asked_for(bert, top_k):
    with pytest.raises(Refused, match=f"{top_k} words"):
        masked(request(masked=(2,), top_k=top_k), bert, Context())


def test_without_a_mask_the_user_is_told_how(bert):
    with pytest.raises(Refused, match=r"click a word to mask it, or type \[MASK\]"):
        masked(request(), bert, Context())


@pytest.mark.parametrize(
    ("token", "word"),
    [("cat", "cat"), ("##ing", "##ing"), ("[MASK]", "[MASK]"), (".", ".")],
)
def test_predicted_wordpieces_keep_their_mark(bert, token, word):
    assert predicted_word(bert, VOCAB[token]) == word


def test_a_prediction_beyond_the_tokenizer_is_its_number(bert):
    assert predicted_word(bert, len(VOCAB)) == f"#{len(VOCAB)}"


def test_predicted_byte_pieces_are_text(tmp_path: Path):
    config = transformers.RobertaConfig(**{**SIZES, "vocab_size": len(BYTE_VOCAB)})
    folder = save(tmp_path, config, "RobertaForMaskedLM")
    save_byte_level(folder)
    model = load(str(folder), Context())
    assert predicted_word(model, BYTE_VOCAB["Ġcat"]) == "cat"
    assert predicted_word(model, BYTE_VOCAB["at"]) == "at"
    assert predicted_word(model, BYTE_VOCAB["Ġ"]) == "␣"
    result = masked(MaskedRequest("tiny", text_input("the cat", masked=(3,)), 5), model, Context())
    assert result.original == ("cat",)
    assert result.tokens.ids.tolist()[3] == BYTE_VOCAB["<mask>"]


# --- mask lab ---------------------------------------------------------------------------------------------------------


def lab(model: Model, **values):
    sentence = text_input(values.pop("text", TEXT), values.pop("text_pair", None), masked=values.pop("masked", ()))
    return mask_lab(MaskLabRequest("tiny", sentence, **values), model, Context())


def test_the_seed_decides(bert):
    first, again, other = lab(bert, seed=3, rate=0.5), lab(bert, seed=3, rate=0.5), lab(bert, seed=4, rate=0.5)
    assert first.actions == again.actions
    np.testing.assert_array_equal(first.shown.ids, again.shown.ids)
    np.testing.assert_array_equal(first.probs, again.probs)
    assert first.actions != other.actions


def test_each_action_does_what_it_says(bert):
    seen = Counter()
    for seed in range(40):
        result = lab(bert, seed=seed, rate=0.6, text_pair="a dog ran")
        chosen = set(result.positions.tolist())
        for pos, done in enumerate(result.actions):
            before, after = result.original.ids[pos], result.shown.ids[pos]
            assert (done != "") == (pos in chosen)
            assert not (done and result.original.is_special[pos])
            if done == "masked":
                assert (after, result.shown.words[pos]) == (MASK, "[MASK]")
            elif done == "random":
                assert after >= len(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
                assert result.shown.words[pos] == list(VOCAB)[after].removeprefix("##")
            else:
                assert after == before
            seen[done] += 1
    assert min(seen[done] for done in ("masked", "random", "kept", "")) > 0


def test_what_the_model_says_is_its_own(bert):
    result = lab(bert, seed=1, rate=0.5, top_k=4)
    probs = real_probs(bert, result.shown.ids.tolist())[result.positions]
    original_ids = torch.as_tensor(result.original.ids[result.positions])
    expected = probs[torch.arange(len(probs)), original_ids]
    np.testing.assert_allclose(result.original_probs, expected, rtol=1e-4)
    np.testing.assert_allclose(result.probs, probs.topk(4)[0], rtol=1e-4)
    assert result.loss == pytest.approx(float(-expected.log().mean()), rel=1e-4)
    assert [len(row) for row in result.words] == [4] * len(result.positions)


def within(count: int, n: int, share: float) -> bool:
    """Five standard deviations of a binomial: wrong once in two million."""
    return abs(count - n * share) < 5 * math.sqrt(n * share * (1 - share))


def test_four_in_five_are_masked_and_one_in_ten_replaced():
    rng = np.random.default_rng(0)
    n = 20_000
    counts = Counter(action(rng) for _ in range(n))
    assert within(counts["masked"], n, 0.8)
    assert within(counts["random"], n, 0.1)
    assert within(counts["kept"], n, 0.1)


@pytest.mark.parametrize(
    ("n", "rate", "n_chosen"), [(100, 0.15, 15), (1, 0.15, 1), (3, 0.15, 1), (7, 1.0, 7), (9, 0, 0)]
)
def test_the_rate_is_kept_and_one_word_at_least_chosen(n, rate, n_chosen):
    chosen = choose(n, rate, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == len(chosen) == n_chosen


def test_every_place_is_chosen_as_often_as_the_others():
    n_seeds, n = 3000, 20
    counts = Counter(pos for seed in range(n_seeds) for pos in choose(n, 0.15, np.random.default_rng(seed)).tolist())
    assert set(counts) == set(range(n))
    assert all(within(counts[pos], n_seeds, 0.15) for pos in range(n))


def test_a_rate_of_none_chooses_none(bert):
    result = lab(bert, rate=0.0)
    assert set(result.actions) == {""}
    assert math.isnan(result.loss)
    assert result.probs.shape == (0, 5)


def test_masks_of_the_input_do_not_count(bert):
    result = lab(bert, masked=(2,), text="the cat [MASK]", rate=1.0)
    assert result.original.words[1:3] == ("the", "cat")
    assert result.positions.tolist() == [1, 2]


@pytest.mark.parametrize("rate", [-0.1, 1.5, math.nan])
def test_an_impossible_rate_is_refused(bert, rate):
    with pytest.raises(Refused, match="between 0 and 1"):
        lab(bert, rate=rate)


def test_a_text_without_words_is_refused(bert):
    with pytest.raises(Refused, match="no word to mask"):
        lab(bert, text="[MASK]")
    with pytest.raises(Refused, match="0 words"):
        lab(bert, top_k=0)


# --- next sentence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", ["BertForPreTraining", "BertForNextSentencePrediction"])
def test_next_sentence_is_the_models_own(tmp_path, cls):
    model = load(str(save_bert(tmp_path, cls)), Context())
    result = next_sentence(NextSentenceRequest("tiny", text_input("the cat sat", "a dog ran .")), model, Context())
    reference = getattr(transformers, cls).from_pretrained(tmp_path, attn_implementation="eager").eval()
    tensors = model.tokenizer("the cat sat", "a dog ran .", return_tensors="pt")
    with torch.inference_mode():
        output = reference(**tensors, output_attentions=True)
    logits = output.seq_relationship_logits if "seq_relationship_logits" in output else output.logits
    assert result.prob_next == pytest.approx(float(logits.softmax(-1)[0, 0]), rel=1e-4)

    pattern = torch.cat(output.attentions)  # [layer, head, query_pos, key_pos]
    a, b = [1, 2, 3], [5, 6, 7, 8]
    np.testing.assert_allclose(result.a_to_b, pattern[:, :, a][..., b].sum(-1).mean(-1), atol=1e-5)
    np.testing.assert_allclose(result.b_to_a, pattern[:, :, b][..., a].sum(-1).mean(-1), atol=1e-5)
    assert not np.allclose(result.a_to_b, result.b_to_a)


def test_the_order_of_the_sentences_matters(bert):
    def ask(a: str, b: str) -> float:
        return next_sentence(NextSentenceRequest("tiny", text_input(a, b)), bert, Context()).prob_next

    assert ask("the cat sat", "a big dog ran") != pytest.approx(ask("a big dog ran", "the cat sat"), abs=1e-6)


@pytest.mark.parametrize("text_pair", [None, "", "  "])
def test_one_sentence_is_not_enough(bert, text_pair):
    with pytest.raises(Refused, match="second sentence"):
        next_sentence(NextSentenceRequest("tiny", text_input("the cat", text_pair)), bert, Context())
