"""Labels beside maps: the token from which the vector of a whole sequence is read has a mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.factories import make_tokens
from widgets.figures.token_axis import POOLED, TokenAxis, names_explained
from widgets.kit.plain import tip_with_terms


def test_the_pooled_token_is_marked_and_no_other():
    tokens = replace(make_tokens("[CLS] the cat sat [SEP]"), pooled=4)
    assert TokenAxis.of(tokens).labels == ("[CLS]", "the", "cat", "sat", "[SEP]" + POOLED)
    assert TokenAxis.of(tokens, hide_special=True).labels == ("the", "cat", "sat")
    assert TokenAxis.of(replace(tokens, pooled=None)).labels[-1] == "[SEP]"


def test_a_part_of_a_sequence_keeps_its_mark():
    tokens = replace(make_tokens("[CLS] the cat sat [SEP]"), pooled=2)
    assert tokens.taken([1, 2]).pooled == 1
    assert tokens.taken([3, 4]).pooled is None


def test_names_that_are_no_words_are_explained_by_an_example():
    assert names_explained(("[CLS]", "0,0", "0,1", "1,0")) == "“0,1” is row 0, column 1"
    assert names_explained(("a", "0,0,1", "0,1,2")) == "“0,1,2” is frame 0 of those read, row 1, column 2"
    assert names_explained(("chair", "z 32", "y 67")) == "“z 32” is a vertex's z = 32"
    assert names_explained(("start", "v17", "new face")) == "“v17” is vertex 17"
    assert names_explained(("[CLS]" + POOLED, "the")) == "◂ marks the token whose state stands for the whole"
    assert names_explained(("the", "10,000", "x")) == ""


def test_special_tokens_are_explained_and_words_of_the_text_are_not():
    tokens = make_tokens("[CLS] the head [>] chip [SEP]")
    tokens = replace(tokens, is_special=tokens.is_special | np.array([word == "[>]" for word in tokens.words]))
    assert [tokens.special(pos) for pos in range(len(tokens))] == ["[CLS]", "", "", "[>]", "", "[SEP]"]
    assert "between the words of a text and the chips" in tip_with_terms("", tokens.special(3))
    assert "before words or before patches" in tip_with_terms("", "[CLS]")
