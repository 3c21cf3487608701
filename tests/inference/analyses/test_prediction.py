"""What a fine-tuned head says is what transformers' own class says, and looking at it changes no attention."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers.models.auto import modeling_auto as auto

from inference.analyses.prediction import prediction
from inference.context import Cancelled, Context, Refused
from inference.families import decoder, encoder, encoder_decoder
from inference.forward.opening import load
from inference.results.prediction import PredictionRequest
from tests.inference.tiny_checkpoints import (
    edit_config,
    load_weights,
    save,
    save_bert,
    save_byte_level,
    save_weights,
)
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import config_of
from tests.inputs import text_input

TYPES = (
    encoder.MODEL_TYPES
    | decoder.MODEL_TYPES
    | encoder_decoder.MODEL_TYPES
    | {"longformer", "big_bird", "xlnet", "funnel", "canine"}
)
TABLES = {
    "text": auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    "tokens": auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    "answer": auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES | {"layoutlm": "LayoutLMForQuestionAnswering"},
}
EVERY = [(kind, t, table[t]) for kind, table in TABLES.items() for t in sorted(TYPES & {*table})]
END = 2
N_LABELS = 5


def build_predictor(model_type: str, cls: str, **more: Any) -> Any:
    """A seeded random model with such a head, in eval mode."""
    config = config_of(model_type)
    given = {"num_labels": 2 if "Answer" in cls else N_LABELS, "architectures": [cls], "sep_token_id": 3}
    for name, value in (given | {"decoder_start_token_id": 4} | more).items():
        setattr(config, name, value)
    torch.manual_seed(0)
    net = getattr(transformers, cls)(config).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2)
    return net


def asked(*ids: int, **more: Any) -> PredictionRequest:
    return PredictionRequest("", text_input(token_ids=ids), **more)


# Longformer tells a question from its context by three separators.
IDS = (*ids_of(5), 3, 3, *ids_of(7, seed=2), 3, END)


@pytest.mark.parametrize(("kind", "model_type", "cls"), EVERY, ids=[f"{c}-{t}" for _, t, c in EVERY])
def test_it_is_what_the_class_of_transformers_says(kind, model_type, cls):
    net = build_predictor(model_type, cls)
    model = build_model(model_type, net)
    result = prediction(asked(*IDS), model, Context())
    # BigBird guesses the segments, where it is told none, by the first separator.
    told = {"token_type_ids": torch.zeros(1, len(IDS), dtype=torch.int64)} if model_type == "big_bird" else {}
    with torch.inference_mode():
        own = copy.deepcopy(net)(input_ids=torch.tensor([IDS]), **told)
    logits = torch.stack([own.start_logits, own.end_logits], -1) if kind == "answer" else own.logits
    assert result.predicts == kind
    np.testing.assert_allclose(result.logits, logits[0], atol=1e-5, rtol=1e-5)
    assert result.logits.std() > 1e-4
    assert result.tokens.ids.tolist() == list(IDS)
    if kind != "answer":
        np.testing.assert_allclose(result.probs, logits[0].softmax(-1), atol=1e-5)
        assert len(result.labels) == result.probs.shape[-1] == N_LABELS
    # The attention of the classifier is that of the model under its head.
    run = model.run(asked(*IDS).input, Context())
    bare = build_model(model_type, copy.deepcopy(net.base_model))
    of_bare = bare._new_run(run.encoded, Context(), None)
    for group in model.info.groups:
        for (_, call), (_, other) in zip(
            model.each_call(run, group.name, Context()), bare.each_call(of_bare, group.name, Context()), strict=True
        ):
            torch.testing.assert_close(call.patterns(), other.patterns(), atol=1e-6, rtol=1e-5)


def test_it_can_be_cancelled():
    model = build_model("bert", build_predictor("bert", "BertForSequenceClassification"))
    with pytest.raises(Cancelled):
        prediction(asked(*IDS), model, Context(is_cancelled=lambda: True))
    assert not any(module._forward_pre_hooks for module in model.net.modules())


def ask(folder: Any, text: str, pair: str | None = None, **more: Any) -> Any:
    request = PredictionRequest("", text_input(text, pair), **more)
    model = load(str(folder), Context())
    return prediction(request, model, Context()), model


@pytest.mark.parametrize(
    ("problem", "n_labels", "activation"),
    [
        (None, 3, "softmax"),
        ("single_label_classification", 3, "softmax"),
        ("multi_label_classification", 3, "sigmoid"),
        ("multi_label_classification", 1, "sigmoid"),
        ("regression", 3, "none"),
        (None, 1, "none"),
    ],
)
def test_the_problem_type_says_how_numbers_are_read(tmp_path, problem, n_labels, activation):
    folder = save_bert(tmp_path, "BertForSequenceClassification", num_labels=n_labels, problem_type=problem)
    result, model = ask(folder, "the cat sat")
    tensors = model.tokenizer("the cat sat", return_tensors="pt")
    with torch.inference_mode():
        logits = model.net(**tensors.to(model.device)).logits[0].cpu()
    wanted = {"softmax": logits.softmax(-1), "sigmoid": logits.sigmoid(), "none": logits}[activation]
    assert result.activation == activation
    np.testing.assert_allclose(result.probs, wanted, atol=1e-5)


def test_labels_are_those_of_the_checkpoint(tmp_path):
    folder = save_bert(tmp_path, "BertForSequenceClassification", id2label={0: "<b>bad</b>", 1: "good"})
    result, model = ask(folder, "the cat")
    assert result.labels == model.info.classes == ("<b>bad</b>", "good")
    assert result.notes == ()


def test_labels_without_names_are_said_as_they_are(tmp_path):
    result, _ = ask(save_bert(tmp_path, "BertForSequenceClassification", num_labels=3), "the cat")
    assert result.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert "does not name its labels" in result.notes[0]


def test_decoders_read_the_last_token_that_is_no_padding():
    model = build_model("llama", build_predictor("llama", "LlamaForSequenceClassification", pad_token_id=1))
    assert prediction(asked(7, 8, 9), model, Context()).read_pos == 2
    padded = prediction(asked(7, 8, 9, 1, 1), model, Context())
    assert padded.read_pos == 2
    np.testing.assert_allclose(padded.logits, prediction(asked(7, 8, 9), model, Context()).logits, atol=1e-5)
    assert prediction(asked(1, 1), model, Context()).read_pos == 0
    encoder_model = build_model("bert", build_predictor("bert", "BertForSequenceClassification"))
    assert prediction(asked(7, 8, 9), encoder_model, Context()).read_pos is None


def test_a_classifier_that_reads_the_end_says_that_there_is_none():
    model = build_model("bart", build_predictor("bart", "BartForSequenceClassification"))
    with pytest.raises(Refused, match="whose id is 2; it is not in the input"):
        prediction(asked(7, 8, 9), model, Context())


def test_a_pair_is_the_source_of_an_encoder_decoder(tmp_path):
    config = transformers.BartConfig(
        d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=64, decoder_ffn_dim=64, vocab_size=30, max_position_embeddings=40, pad_token_id=1,
        bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, num_labels=3,
    )  # fmt: skip
    folder = save(tmp_path, config, "BartForSequenceClassification")
    save_byte_level(folder)
    result, model = ask(folder, "the cat", "the hat")
    tensors = model.tokenizer("the cat", "the hat", return_tensors="pt").to(model.device)
    with torch.inference_mode():
        own = model.net(**tensors).logits[0].cpu()
    assert result.axis == "source"
    assert result.tokens.ids.tolist() == tensors.input_ids[0].tolist()
    np.testing.assert_allclose(result.logits, own, atol=1e-5)


# Entities

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def tagger(folder: Any, wanted: dict[str, str], labels: tuple[str, ...] = TAGS) -> Any:
    """A BERT whose label of a token is a given one, whatever stands around it."""
    save_bert(folder, "BertForTokenClassification", id2label=dict(enumerate(labels)))
    model = load(str(folder), Context())
    by_id = {model.tokenizer.convert_tokens_to_ids(word): labels.index(label) for word, label in wanted.items()}

    def say(input_ids: torch.Tensor, **_: Any) -> Any:
        chosen = torch.tensor([by_id.get(token, 0) for token in input_ids[0].tolist()])
        return {"logits": 8.0 * torch.nn.functional.one_hot(chosen, len(labels))[None].float()}

    model.net.forward = say
    return model


def spans_of(model: Any, text: str, pair: str | None = None) -> list[tuple[str, str]]:
    result = prediction(PredictionRequest("", text_input(text, pair)), model, Context())
    assert all(0.99 < span.prob <= 1 for span in result.spans)
    return [(span.text, span.label) for span in result.spans]


def test_entities_are_whole_words_as_they_were_typed(tmp_path):
    model = tagger(tmp_path, {"cat": "B-PER", "play": "I-PER", "##ing": "B-LOC", "house": "B-LOC", "big": "I-LOC"})
    assert spans_of(model, "The CAT  playing sat on a  House.") == [("CAT  playing", "PER"), ("House", "LOC")]
    assert spans_of(model, "the house big cat cat") == [("house big", "LOC"), ("cat", "PER"), ("cat", "PER")]
    # Neither a separator nor the other sentence goes on with one.
    assert spans_of(model, "a cat", "play") == [("cat", "PER"), ("play", "PER")]
    assert spans_of(model, "the mat") == []


def test_labels_of_speech_are_no_entities(tmp_path):
    model = tagger(tmp_path, {"cat": "NOUN"}, ("DET", "NOUN"))
    result = prediction(PredictionRequest("", text_input("the cat")), model, Context())
    assert not result.has_entities
    assert result.spans == ()


# Answers


def answering(folder: Any, start: list[float], end: list[float]) -> Any:
    model = load(str(save_bert(folder, "BertForQuestionAnswering")), Context())
    model.net.forward = lambda **_: {
        "start_logits": torch.tensor([start]),
        "end_logits": torch.tensor([end]),
    }
    return model


# [CLS] he sat [SEP] the cat ran to it [SEP]
START = [1.0, 9, 9, 9, 0, 3, 0, 0, 5, 9]
STOP = [1.0, 9, 9, 9, 0, 4, 2, 0, 3, 9]


def test_the_best_answers_are_products_within_the_context(tmp_path):
    model = answering(tmp_path, START, STOP)
    request = PredictionRequest("", text_input("he sat", "The Cat ran to it"), n_answers=3, longest_answer=3)
    result = prediction(request, model, Context())
    is_allowed = [0, 4, 5, 6, 7, 8]
    start, end = (np.exp(np.array(side)[is_allowed]) for side in (START, STOP))
    start, end = start / start.sum(), end / end.sum()
    np.testing.assert_allclose(result.probs[is_allowed], np.stack([start, end], 1), rtol=1e-5)
    assert np.isnan(result.probs[[1, 2, 3, 9]]).all()
    every = {
        (i, j): start[i] * end[j] for i in range(1, 6) for j in range(i, min(i + 3, 6))
    }  # of the five words of the context
    best = sorted(every, key=lambda place: -every[place])[:3]
    assert [(span.start, span.stop) for span in result.spans] == [(3 + i, 4 + j) for i, j in best]
    for span, place in zip(result.spans, best, strict=True):
        assert span.prob == pytest.approx(every[place], rel=1e-5)
    assert result.spans[0].text == "it"
    assert result.spans[1].text == "Cat"
    assert result.no_answer == pytest.approx(start[0] * end[0], rel=1e-5)


def test_an_answer_is_no_longer_than_was_asked(tmp_path):
    model = answering(tmp_path, [0, 0, 0, 0, 9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 9, 0])

    def longest(n: int) -> str:
        request = PredictionRequest("", text_input("he sat", "the cat ran to it"), longest_answer=n)
        return prediction(request, model, Context()).spans[0].text

    assert longest(5) == "the cat ran to it"
    assert longest(4) != "the cat ran to it"


@pytest.mark.parametrize("pair", [None, "", "  "])
def test_a_question_needs_a_context(tmp_path, pair):
    model = answering(tmp_path, START, STOP)
    with pytest.raises(Refused, match="as the second sentence"):
        prediction(PredictionRequest("", text_input("he sat", pair)), model, Context())


@pytest.mark.parametrize(
    ("more", "said"),
    [({"n_answers": 0}, "0 answers were asked for; 1 to 100"), ({"longest_answer": 900}, "900 tokens of an answer")],
)
def test_what_cannot_be_asked_is_refused(tmp_path, more, said):
    model = answering(tmp_path, START, STOP)
    with pytest.raises(Refused, match=said):
        prediction(PredictionRequest("", text_input("he sat", "the cat"), **more), model, Context())


def test_of_typed_ids_the_question_is_not_known():
    model = build_model("bert", build_predictor("bert", "BertForQuestionAnswering"))
    result = prediction(asked(*IDS), model, Context())
    assert np.isfinite(result.probs).all()
    assert np.isnan(result.no_answer)
    assert "not known" in result.notes[0]


def test_longformer_sees_the_whole_question(tmp_path):
    model = build_model("longformer", build_predictor("longformer", "LongformerForQuestionAnswering"))
    seen = model.encode(asked(*IDS).input).tensors["global_attention_mask"][0]
    assert seen.tolist() == [1] * 5 + [0] * (len(IDS) - 5)
    assert "The question has global attention" in model.family.notes(model.net.config)[0]


# Which class is opened


@pytest.mark.parametrize(
    "cls", ["BertForSequenceClassification", "BertForTokenClassification", "BertForQuestionAnswering"]
)
def test_the_class_with_the_head_is_opened_and_nothing_is_left_aside(tmp_path, cls):
    info = load(str(save_bert(tmp_path, cls)), Context()).info
    assert (info.architecture, info.notes) == (cls, ())
    assert "prediction" in info.capabilities


def test_the_named_head_comes_before_others_that_are_there(tmp_path):
    other = load_weights(save_bert(tmp_path / "other", "BertForPreTraining"))
    folder = save_bert(tmp_path / "own", "BertForSequenceClassification")
    save_weights(folder, {**other, **load_weights(folder)})
    model = load(str(folder), Context())
    assert type(model.net).__name__ == "BertForSequenceClassification"
    assert "tensors of the file are not used, the first is cls." in model.info.notes[0]


def test_heads_of_another_shape_than_the_configuration_says_cost_no_attention(tmp_path):
    folder = save_bert(tmp_path, "BertForSequenceClassification", num_labels=3)
    edit_config(folder, id2label={"0": "bad", "1": "good"}, label2id={"bad": 0, "good": 1})
    model = load(str(folder), Context())
    assert type(model.net).__name__ == "BertModel"
    assert (
        "describes classifier.weight of the shape [2, 32], model.safetensors holds one of [3, 32]"
        in (model.info.notes[0])
    )
    assert model.info.why_missing(PredictionRequest.needs) == "the checkpoint holds no head that fits its configuration"


def test_a_head_that_is_missing_is_no_capability(tmp_path):
    folder = save_bert(tmp_path, "BertForTokenClassification")
    save_weights(folder, {name: one for name, one in load_weights(folder).items() if "classifier" not in name})
    model = load(str(folder), Context())
    assert type(model.net).__name__ == "BertModel"
    assert "prediction" not in model.info.capabilities
    assert "lack the head of BertForTokenClassification" in model.info.notes[0]
