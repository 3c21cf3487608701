"""Whether a sentence follows the other, by the model's own head."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from inference.analyses.next_sentence import next_sentence
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.next_sentence import NextSentenceRequest
from tests.inference.tiny_checkpoints import (
    save_bert,
)
from tests.inputs import text_input


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
