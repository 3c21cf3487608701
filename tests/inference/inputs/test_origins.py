"""Which text a token comes from, and what an unknown one stands for, where the tokenizer does not say."""

from __future__ import annotations

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.inputs.tokens import tokenize
from inference.results.inputs import TextInput
from inference.results.tokens import Tokens
from tests.inference.tiny_tokenizers import tokenizer_of_digits, trained

CONFIG = transformers.BertConfig(vocab_size=100)


@pytest.fixture(scope="module")
def in_python(tmp_path_factory):
    tokenizer = tokenizer_of_digits(tmp_path_factory.mktemp("digits"), is_fast=False)
    assert not tokenizer.is_fast
    return tokenizer


@pytest.fixture(scope="module")
def of_sentencepiece(tmp_path_factory):
    place = tmp_path_factory.mktemp("pieces") / "spiece.model"
    place.write_bytes(trained())
    tokenizer = transformers.BertGenerationTokenizer(str(place))
    assert not tokenizer.is_fast
    return tokenizer


def sources(tokens: Tokens, unknown: str) -> list[str]:
    assert not any(tokens.source(i) for i, word in enumerate(tokens.words) if word != unknown)
    return [tokens.source(i) for i, word in enumerate(tokens.words) if word == unknown]


def test_sentences_are_told_apart_by_tokenizers_that_do_not_say(in_python):
    """CANINE's says 0 for both, BERT's in Python nothing."""
    canine = tokenize(TextInput("ab", "c"), transformers.CanineConfig(), transformers.CanineTokenizer())
    assert canine.segment.tolist() == [0, 0, 0, 0, 1, 1]
    expected = in_python("1 2", "1 2", return_token_type_ids=True)["token_type_ids"]
    tokens = tokenize(TextInput("1 2", "1 2"), CONFIG, in_python)
    assert tokens.segment.tolist() == expected == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 Zebra 4", ["Zebra"]),
        ("Zebra", ["Zebra"]),
        ("Zebra 1 Gnu", ["Zebra", "Gnu"]),
        ("日本 1", ["日", "本"]),
        # Three next to each other: nothing tells where one ends.
        ("1 gnu's 2", ["", "", ""]),
    ],
)
def test_words_are_split_one_by_one(text, found, in_python):
    tokens = tokenize(TextInput(text, "5 Okapi"), CONFIG, in_python)
    assert sources(tokens, "[UNK]") == [*found, "Okapi"]


def test_what_is_left_between_known_pieces_is_what_was_typed(of_sentencepiece):
    tokens = tokenize(TextInput("the cat日本 ran Zebra"), CONFIG, of_sentencepiece)
    assert sources(tokens, "<unk>") == ["日本", "Z", "b"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("the cat日本Z12 \u0301é.\t"), min_size=1, max_size=20), kind=st.booleans())
def test_whatever_is_told_was_typed_in_that_order(text, kind, in_python, of_sentencepiece):
    if not text.strip():
        return
    tokens = tokenize(TextInput(text), CONFIG, in_python if kind else of_sentencepiece)
    at = 0
    for source in filter(None, tokens.sources):
        at = text.find(source, at)
        assert at >= 0
        at += len(source)
