"""N-grams of words: what is counted, what is held out, what fills a blank."""

from __future__ import annotations

import numpy as np
import pytest

from inference.models.text_ngrams import EDGE, UNKNOWN, TextNgrams, words_of

TEXT = " ".join(
    f"The {who} {does} on the {where}. A {who} {does} the ball!"
    for who in ("cat", "dog", "bird")
    for does in ("sat", "slept", "saw")
    for where in ("mat", "tree", "bed")
)


@pytest.fixture(scope="module")
def ngrams():
    return TextNgrams.of_text(TEXT)


def test_words_and_signs_in_lower_case():
    assert words_of("Don't GO, l’été: well-known…") == ["don't", "go", ",", "l’été", ":", "well-known", "…"]


def test_every_tenth_sentence_is_held_out(ngrams):
    n_sentences = TEXT.count("on the") + TEXT.count("!")
    held_out = n_sentences // 10
    assert ngrams.n_words + ngrams.n_held_out == len(words_of(TEXT))
    assert ngrams.counts.levels[0].counts[EDGE] == n_sentences - held_out
    assert len(ngrams.held_out) == 5
    assert ngrams.held_out[2] < ngrams.held_out[1] < ngrams.held_out[0]


def test_perplexity_of_what_was_held_out_by_hand(ngrams):
    sentences = [part.strip() for part in TEXT.replace("!", ".").split(".") if part.strip()]
    signs = [sign for sign in TEXT if sign in ".!"]
    model = ngrams.model(3)
    bits = []
    for sentence, sign in list(zip(sentences, signs, strict=True))[9::10]:
        ids = [EDGE, *ngrams.ids(words_of(sentence + sign)), EDGE]
        bits += model.log2_probabilities(np.array(ids)).tolist()
    assert ngrams.held_out[2] == pytest.approx(2 ** -np.mean(bits))


def test_words_that_are_rare_are_unknown():
    ngrams = TextNgrams.of_text(TEXT + " Once only.")
    assert ngrams.ids(["once", "zebra", "cat"]).tolist()[:2] == [UNKNOWN, UNKNOWN]
    assert ngrams.ids(["cat"])[0] > UNKNOWN
    assert ngrams.model(2).distribution(np.array([EDGE]))[UNKNOWN] > 0


def test_a_blank_is_filled_from_the_left_and_from_both_sides(ngrams):
    model = ngrams.model(3)
    sentence = np.array([EDGE, *ngrams.ids(words_of("The cat sat on the mat.")), EDGE])
    left, both = ngrams.blank(model, sentence, 2)
    assert left.sum() == pytest.approx(1)
    assert both.sum() == pytest.approx(1)
    np.testing.assert_allclose(left, model.distribution(sentence[:2]))
    whole = []
    for token in range(len(ngrams.words)):
        other = sentence.copy()
        other[2] = token
        whole.append(2 ** model.log2_probabilities(other).sum() if token > UNKNOWN else 0.0)
    np.testing.assert_allclose(both, np.array(whole) / sum(whole))
    assert {ngrams.words[token] for token in both.argsort()[-3:]} == {"cat", "dog", "bird"}
    for at in (1, 7):  # at the beginning and the end
        assert ngrams.blank(model, sentence, at)[1].sum() == pytest.approx(1)


def test_a_file_gives_everything_back(ngrams, tmp_path):
    file = tmp_path / "words.npz"
    ngrams.save(file)
    again = TextNgrams.load(file)
    assert (again.words, again.held_out, again.n_words, again.n_held_out) == (
        ngrams.words,
        ngrams.held_out,
        ngrams.n_words,
        ngrams.n_held_out,
    )
    sentence = np.array([EDGE, *ngrams.ids(words_of("A dog slept on a zebra.")), EDGE])
    for order in (1, 3, 5):
        np.testing.assert_array_equal(
            again.model(order).log2_probabilities(sentence), ngrams.model(order).log2_probabilities(sentence)
        )


def test_other_files_are_refused(tmp_path):
    broken, other, pickled = (tmp_path / name for name in ("broken.npz", "other.npz", "pickled.npz"))
    broken.write_bytes(b"no such file")
    np.savez(other, x=np.zeros(2))
    np.savez(pickled, told=np.array([{"words": []}], dtype=object))
    for file in (broken, other, pickled):
        with pytest.raises(ValueError, match=f"{file.name} is no n-gram model of words"):
            TextNgrams.load(file)


@pytest.mark.parametrize("text", ["", "One. Two. Three."])
def test_too_little_text_is_told(text):
    with pytest.raises(ValueError, match="sentences; at least 20 are needed"):
        TextNgrams.of_text(text)
