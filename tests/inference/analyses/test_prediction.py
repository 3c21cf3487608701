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
from inference.context import Cancelled, Context
from inference.families import decoder, encoder, encoder_decoder
from inference.results.prediction import PredictionRequest
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
    for name, value in (given | {"decoder_start_token_id": END} | more).items():
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
