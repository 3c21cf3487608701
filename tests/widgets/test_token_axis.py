"""Labels beside maps: the token from which the vector of a whole sequence is read has a mark."""

from __future__ import annotations

from dataclasses import replace

from tests.factories import make_tokens
from widgets.figures.token_axis import POOLED, TokenAxis


def test_the_pooled_token_is_marked_and_no_other():
    tokens = replace(make_tokens("[CLS] the cat sat [SEP]"), pooled=4)
    assert TokenAxis.of(tokens).labels == ("[CLS]", "the", "cat", "sat", "[SEP]" + POOLED)
    assert TokenAxis.of(tokens, hide_special=True).labels == ("the", "cat", "sat")
    assert TokenAxis.of(replace(tokens, pooled=None)).labels[-1] == "[SEP]"


def test_a_part_of_a_sequence_keeps_its_mark():
    tokens = replace(make_tokens("[CLS] the cat sat [SEP]"), pooled=2)
    assert tokens.taken([1, 2]).pooled == 1
    assert tokens.taken([3, 4]).pooled is None
