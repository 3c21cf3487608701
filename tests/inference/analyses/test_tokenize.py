"""Tokens are those of the model's own tokenizer."""

from __future__ import annotations

from inference.analyses.tokenize import tokenize
from inference.context import Context
from inference.forward.opening import load
from inference.results.generation import with_written
from inference.results.tokenize import TokenizeRequest
from tests.inference.tiny_checkpoints import save_gpt2
from tests.inputs import text_input


def test_tokens_are_those_of_the_tokenizer(bert):
    tokens = tokenize(TokenizeRequest("tiny", text_input("the cat", "a dog")), bert, Context()).tokens
    assert tokens.ids.tolist() == bert.tokenizer("the cat", "a dog").input_ids
    assert tokens.words == ("[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]")
    assert tokens.segment.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_what_a_model_wrote_behind_a_text_is_said_beside_its_tokens(tmp_path):
    """As the sentence that stands there is shorter than what all views read."""
    gpt2 = load(str(save_gpt2(tmp_path)), Context())
    typed = tokenize(TokenizeRequest("tiny", text_input("the cat")), gpt2, Context())
    assert not any("written" in note for note in typed.notes)
    for written, said in (((5,), "The last token was written"), ((5, 6), "The last 2 tokens were written")):
        ids = (*typed.tokens.ids.tolist(), *written)
        asked = TokenizeRequest("tiny", with_written(text_input("the cat"), ids))
        assert any(note.startswith(said) for note in tokenize(asked, gpt2, Context()).notes)
