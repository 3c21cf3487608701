"""Words under masks, by the model's own head, after every layer."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from inference.analyses.mask_lab import mask_lab
from inference.analyses.masked import masked
from inference.analyses.ngrams import ngrams
from inference.context import Cancelled, Context, Refused
from inference.forward.masked_lm import predicted_word
from inference.forward.model import Model
from inference.forward.opening import load
from inference.inputs.tokens import piece
from inference.results.mask_lab import MaskLabRequest
from inference.results.masked import MaskedRequest
from inference.results.ngrams import NgramsRequest
from tests.inference.tiny_checkpoints import (
    BYTE_VOCAB,
    SIZES,
    VOCAB,
    save,
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


@pytest.fixture
def roberta(tmp_path: Path):
    config = transformers.RobertaConfig(**{**SIZES, "vocab_size": len(BYTE_VOCAB)})
    folder = save(tmp_path, config, "RobertaForMaskedLM")
    save_byte_level(folder)
    return load(str(folder), Context())


def test_predicted_byte_pieces_are_text(roberta):
    model = roberta
    assert predicted_word(model, BYTE_VOCAB["Ġcat"]) == "cat"
    assert predicted_word(model, BYTE_VOCAB["at"]) == "at"
    assert predicted_word(model, BYTE_VOCAB["Ġ"]) == "␣"
    result = masked(MaskedRequest("tiny", text_input("the cat", masked=(3,)), 5), model, Context())
    assert result.original == ("␣cat",)
    assert result.tokens.ids.tolist()[3] == BYTE_VOCAB["<mask>"]


def test_of_two_candidates_that_look_alike_one_begins_with_a_space(roberta):
    text, n = text_input("the cat", masked=(3,)), len(BYTE_VOCAB)
    result = masked(MaskedRequest("tiny", text, n), roberta, Context())
    assert len(set(result.words[0])) == len(set(result.layer_words[0][0])) == n
    assert result.original[0] in result.words[0]
    played = mask_lab(MaskLabRequest("tiny", text_input("the cat " * 9), seed=2, rate=1, top_k=n), roberta, Context())
    assert all(len(set(words)) == n for words in played.words)
    told = [piece(token, roberta.tokenizer) for token in played.shown.ids.tolist()]
    assert list(played.shown.shown) == told
    assert "random" in played.actions


def test_guesses_beside_n_grams_are_words_without_marks(roberta):
    result = ngrams(NgramsRequest("tiny", text_input("the cat"), blank=2, top_k=len(BYTE_VOCAB)), roberta, Context())
    assert result.guessers[-1] == "model"
    assert {"cat", "the"} < set(result.guesses[-1])
    assert "␣cat" not in result.guesses[-1]
