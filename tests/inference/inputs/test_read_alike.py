"""What a checkpoint reads alike is named, in whatever a bundled one is asked: words without a token, equal texts."""

from __future__ import annotations

import pytest

from inference.analyses.caption import caption
from inference.analyses.relevance import relevance
from inference.analyses.segments import segments
from inference.analyses.similarity import similarity
from inference.analyses.zero_shot import zero_shot
from inference.context import Context
from inference.forward.opening import load
from inference.inputs.read_alike import notes_of_compared, notes_of_unknown_words
from inference.results.caption import CaptionRequest
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.relevance import RelevanceRequest
from inference.results.segments import SegmentsRequest
from inference.results.similarity import SimilarityRequest
from inference.results.zero_shot import ZeroShotRequest

IMAGE = ImageInput(seed=3, kind="scene")
KNOWN, UNKNOWN = "red house", "red zebra"


@pytest.mark.parametrize(
    ("name", "analysis", "ask"),
    [
        ("clip-scenes", similarity, lambda name, text: SimilarityRequest(name, (IMAGE,), (KNOWN, text))),
        ("clip-scenes", zero_shot, lambda name, text: ZeroShotRequest(name, (IMAGE,), (KNOWN, text), ("a {}",))),
        ("clip-scenes", relevance, lambda name, text: RelevanceRequest(name, Input(TextInput(text), image=IMAGE))),
        ("lseg-scenes", segments, lambda name, text: SegmentsRequest(name, Input(image=IMAGE), (KNOWN, f"a {text}"))),
        ("virtex-scenes", caption, lambda name, text: CaptionRequest(name, Input(image=IMAGE), prefix=text, most=1)),
    ],
)
def test_a_word_without_a_token_is_named(name, analysis, ask):
    model = load(name, Context())
    told = f"{name} does not know the word “zebra”: all that it does not know are one word to it."
    assert told in analysis(ask(name, UNKNOWN), model, Context()).notes
    assert not any("does not know" in note for note in analysis(ask(name, KNOWN), model, Context()).notes)


class Tokenizer:
    """Knows words of three letters."""

    unk_token_id = 7

    def __call__(self, word, add_special_tokens):
        assert not add_special_tokens
        return {"input_ids": [1 if len(word) == 3 else 7]}


def test_many_words_are_counted_each_once():
    (told,) = notes_of_unknown_words("m", Tokenizer(), ["one four five", "six four eleven twelve fourteen" + "x" * 90])
    assert told.startswith("m does not know the words “four”, “five”, “eleven” and 2 more: ")


def test_a_tokenizer_that_knows_every_word_says_nothing():
    assert notes_of_unknown_words("m", None, ["a"]) == ()
    assert notes_of_unknown_words("m", type("Bytes", (), {"unk_token_id": None})(), ["a"]) == ()
    assert notes_of_unknown_words("m", Tokenizer(), ["one two", ""]) == ()


def test_texts_of_the_same_tokens_are_named():
    assert notes_of_compared("m", Tokenizer(), ["one", "three"]) == (
        "m does not know the word “three”: all that it does not know are one word to it.",
    )
    told = "m reads “one” and “two” as the same tokens, and cannot tell them apart"
    assert notes_of_compared("m", Tokenizer(), ["one", "two"]) == (f"{told}.",)
    assert notes_of_compared("m", Tokenizer(), ["one", "two", "six"]) == (f"{told}; the same is true of 1 more.",)
    assert notes_of_compared("m", None, ["one", "one"]) == ()
