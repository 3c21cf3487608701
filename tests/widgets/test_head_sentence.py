"""What a head does is said in a sentence, which is true of its pattern."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.results.checkpoint import AttentionGroup
from inference.results.heads import HeadsResult
from inference.results.measures import MEASURES, MeasuresResult
from tests.factories import make_tokens
from widgets.figures.head_measures import measure_about, measure_name, number_with_unit, share_text, unit_of
from widgets.figures.head_sentence import head_sentence, head_words, most_entropy
from widgets.figures.places import nothing_selected

N = 16


def result_of(pattern, *, axes=("text", "text"), is_causal=False, marks=None):
    """A group of one head with this pattern, and its measures as they are defined."""
    n = len(pattern)
    places = np.arange(n)
    logs = np.log2(pattern, out=np.zeros_like(pattern), where=pattern > 0)
    far = np.abs(places[:, None] - places)
    measures = {
        "entropy": -(pattern * logs).sum(1).mean(),
        "distance": (pattern * far).sum(1).mean(),
        "previous": pattern[places[1:], places[:-1]].mean(),
        "next": np.nan if is_causal else pattern[places[:-1], places[1:]].mean(),
        "same": pattern[places, places].mean(),
        "cls": pattern[:, 0].mean() if marks else np.nan,
        "sep": pattern[:, -1].mean() if marks else np.nan,
    }
    tokens = make_tokens(" ".join(["word"] * n))
    tables = {name: np.full((1, 1), value, np.float32) for name, value in measures.items()}
    thumbnails = np.zeros((1, 1, n, n), np.uint8)
    return HeadsResult("g", tokens, tokens, thumbnails, tables, False, (), marks or {}, axes, is_causal)


def toward(keys, share):
    """Each query gives one key this share, and the others the rest alike."""
    pattern = np.full((N, N), (1 - share) / (N - 1))
    pattern[np.arange(N), np.clip(keys, 0, N - 1)] = share
    return pattern


PREVIOUS, LAST = np.arange(N) - 1, np.full(N, N - 1)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (toward(PREVIOUS, 0.91), "Looks mostly at the previous token (91 %)."),
        (toward(PREVIOUS, 0.4), "Often looks at the previous token (40 %)."),
        (toward(np.arange(N), 0.7), "Looks mostly at the token itself (70 %)."),
        (toward(np.arange(N) + 1, 0.6), "Looks mostly at the next token (60 %)."),
        (np.full((N, N), 1 / N), "Spreads over many tokens (entropy 4.0 of 4.0 bits)."),
        (toward((np.arange(N) + 8) % N, 0.99), "Looks at one or two tokens at a time (entropy 0.1 of 4.0 bits; 8.0"),
        (toward((np.arange(N) + 8) % N, 0.75), "Looks at several tokens (entropy 1.8 of 4.0 bits; 7.3"),
    ],
)
def test_it_says_what_the_pattern_does(pattern, said):
    assert head_sentence(result_of(pattern), (0, 0)).startswith(said)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (toward(PREVIOUS, 0.91), ("previous", "91 %")),
        (toward(np.arange(N), 0.4), ("itself", "40 %")),
        (toward(LAST, 0.78), ("</s>", "78 %")),
        (np.full((N, N), 1 / N), ("many", "")),
        (toward((np.arange(N) + 8) % N, 0.99), ("one or two", "")),
        (toward((np.arange(N) + 8) % N, 0.75), ("several", "")),
    ],
)
def test_the_same_is_said_in_a_word_or_two(pattern, words):
    result = result_of(pattern, marks={"sep": "</s>"})
    assert head_words(result, (0, 0)) == words
    assert words[0].replace("itself", "the token itself") in head_sentence(result, (0, 0))


def test_special_tokens_are_called_as_the_text_has_them():
    pattern = toward(LAST, 0.78)
    assert head_sentence(result_of(pattern, marks={"sep": "</s>"}), (0, 0)) == "Looks mostly at </s> (78 %)."


def test_images_have_patches_and_meshes_vertices():
    assert "previous patch" in head_sentence(result_of(toward(PREVIOUS, 0.9), axes=("patches", "patches")), (0, 0))
    spread = result_of(np.full((N, N), 1 / N), axes=("items", "items"))
    assert head_sentence(spread, (0, 0)).startswith("Spreads over many vertices")
    assert measure_name("previous", "patches") == "Previous patch"
    assert number_with_unit("distance", 2.34, "patches") == "2.3 patches in reading order"
    assert "Click a patch" in nothing_selected("patches", "[CLS]", 0)


@pytest.mark.parametrize(
    ("group", "one", "many"),
    [
        ("text_and_regions", "word or region", "words and regions"),
        ("text_and_image", "word or patch", "words and patches"),
        ("words_and_chips", "word or chip", "words and chips"),
        ("words_and_frames", "word or patch", "words and patches"),
    ],
)
def test_words_and_parts_of_an_image_are_called_both(group, one, many):
    """Not tokens; and what goes along them goes from place to place."""
    axes = AttentionGroup(group, "", (1,), query_axis="both", key_axis="both").places
    spread = result_of(np.full((N, N), 1 / N), axes=axes)
    assert head_sentence(spread, (0, 0)).startswith(f"Spreads over many {many} (")
    assert "Looks mostly at the previous place in reading order" in head_sentence(
        result_of(toward(PREVIOUS, 0.9), axes=axes), (0, 0)
    )
    assert measure_name("same", axes[0]) == "Same place"
    assert number_with_unit("distance", 5.7, axes[0]) == "5.7 places in reading order"
    assert "wherever they lie" in measure_about("distance", axes[0])
    assert f"Click a {one} to see" in nothing_selected(axes[0], "bird", 3)


def test_regions_of_their_own_are_no_tokens():
    axes = AttentionGroup("regions", "", (1,), query_axis="regions", key_axis="regions").places
    assert head_sentence(result_of(np.full((N, N), 1 / N), axes=axes), (0, 0)).startswith("Spreads over many regions (")


def test_a_head_that_sees_only_what_is_before_it_spreads_over_that():
    seen = np.tril(np.ones((N, N)))
    result = result_of(seen / seen.sum(1, keepdims=True), is_causal=True)
    most = most_entropy(N, N, is_causal=True)
    assert most == pytest.approx(np.log2(np.arange(1, N + 1)).mean())
    assert head_sentence(result, (0, 0)) == f"Spreads over many tokens (entropy {most:.1f} of {most:.1f} bits)."


def test_measures_are_told_in_the_same_words():
    tables = {measure.name: np.full((1, 1), np.nan, np.float32) for measure in MEASURES}
    tables |= {"entropy": np.full((1, 1), 1.0, np.float32), "induction": np.full((1, 1), 0.62, np.float32)}
    result = MeasuresResult("g", tables, N, N, N, is_causal=True, n_repeated=3)
    assert head_sentence(result, (0, 0)) == "Looks mostly at what followed the same token before (62 %)."
    assert head_words(result, (0, 0)) == ("induction", "62 %")
    tables["entropy"] = np.full((1, 1), np.nan, np.float32)
    assert head_sentence(result, (0, 0)) == "", "there is no such head"


@pytest.mark.parametrize(("axis", "n_repeated"), [("text", 2), ("pixels", 200), ("patches", 200)])
def test_induction_is_told_neither_of_images_nor_of_a_token_or_two(axis, n_repeated):
    tables = {measure.name: np.full((1, 1), np.nan, np.float32) for measure in MEASURES}
    told = {"entropy": 1.0, "distance": 3.0, "induction": 0.6, "same": 0.31}
    tables |= {name: np.full((1, 1), value, np.float32) for name, value in told.items()}
    result = MeasuresResult("g", tables, N, N, N, (axis, axis), n_repeated=n_repeated)
    assert head_words(result, (0, 0)) == ("itself", "31 %"), "the next thing that is true"
    assert "followed" not in head_sentence(result, (0, 0))


def test_all_heads_at_a_glance_count_what_repeats_themselves():
    result = result_of(toward(np.arange(N) + 8, 0.1))
    result.measures["induction"] = np.full((1, 1), 0.62, np.float32)
    assert head_words(result, (0, 0))[0] == "induction", "one word all over"
    few = replace(result, key_tokens=make_tokens("a b c d e f g h i j k a b"))
    assert head_words(few, (0, 0))[0] != "induction"


@pytest.mark.parametrize(("axis", "is_grid"), [("patches", True), ("pixels", True), ("text", False), ("items", False)])
def test_what_goes_along_an_image_is_said_to_go_in_reading_order(axis, is_grid):
    far = result_of(toward((np.arange(N) + 8) % N, 0.75), axes=(axis, axis))
    said = (
        unit_of("distance", axis),
        measure_about("distance", axis),
        measure_about("previous", axis),
        head_sentence(far, (0, 0)),
        head_sentence(result_of(toward(PREVIOUS, 0.9), axes=(axis, axis)), (0, 0)),
    )
    assert ["in reading order" in text for text in said] == [is_grid] * len(said), said
    assert "reading order" not in measure_about("same", axis)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.069, "6.9 %"), (0.0, "0.0 %"), (0.00031, "0.03 %"), (9.9e-5, "< 0.01 %"), (1.0, "100.0 %")],
)
def test_a_share_has_the_digits_that_say_something(share, said):
    assert share_text(share) == said


@pytest.mark.parametrize(
    ("cls", "sep", "said"),
    [
        (0.42, 0.05, "Often looks at [CLS] (42 %)."),
        (0.33, 0.31, "Looks mostly at special tokens (64 %)."),
        (0.55, 0.30, "Looks mostly at [CLS] (55 %)."),
        (0.20, 0.15, "Often looks at special tokens (35 %)."),
    ],
)
def test_special_tokens_are_told_together_where_no_single_one_says_as_much(cls, sep, said):
    pattern = np.full((N, N), (1 - cls - sep) / (N - 2))
    pattern[:, 0], pattern[:, LAST] = cls, sep
    result = result_of(pattern, marks={"cls": "[CLS]", "sep": "[SEP]"})
    result.measures["special"] = result.measures["cls"] + result.measures["sep"]
    assert head_sentence(result, (0, 0)) == said


def test_what_is_told_beside_it_is_not_told_again():
    result, names = result_of(toward((np.arange(N) + 8) % N, 0.75)), ("entropy", "distance")
    assert head_sentence(result, (0, 0), names) == "Looks at several tokens."
    assert head_sentence(result, (0, 0), names[:1]) == "Looks at several tokens (7.3 tokens away on average)."
    even = result_of(np.full((N, N), 1 / N))
    assert head_sentence(even, (0, 0), names) == "Spreads over many tokens."
