"""Tokens are those of the model's own tokenizer."""

from __future__ import annotations

from inference.analyses.tokenize import tokenize
from inference.context import Context
from inference.results.tokenize import TokenizeRequest
from tests.inputs import text_input


def test_tokens_are_those_of_the_tokenizer(bert):
    tokens = tokenize(TokenizeRequest("tiny", text_input("the cat", "a dog")), bert, Context()).tokens
    assert tokens.ids.tolist() == bert.tokenizer("the cat", "a dog").input_ids
    assert tokens.words == ("[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]")
    assert tokens.segment.tolist() == [0, 0, 0, 0, 1, 1, 1]
