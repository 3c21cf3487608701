"""The chain rule on a sentence, with counts of a file or those that come with Headlight."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses.ngrams import ngrams
from inference.analyses.reading import reading
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.models.text_ngrams import TextNgrams
from inference.models.word_vectors import open_vectors
from inference.results.masked import MaskedRequest
from inference.results.ngrams import MOST_CORPUS_BYTES, NgramsRequest
from inference.results.reading import ReadingRequest
from resources import CBOW_EMBEDDINGS
from tests.inference.tiny_checkpoints import save_gpt2
from tests.inputs import text_input

TEXT = " ".join(
    f"The {who} {does} on the {where}. A {who} {does} the ball!"
    for who in ("cat", "dog", "bird")
    for does in ("sat", "slept", "saw")
    for where in ("mat", "tree", "bed")
)


@pytest.fixture
def corpus(tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def bert():
    return load("bert-mini", Context())


@pytest.mark.parametrize("smoothing", ["interpolated", "back-off"])
def test_factors_of_a_counted_file(bert, corpus, smoothing):
    request = NgramsRequest("bert-mini", text_input("The cat sat on a zebra."), str(corpus), 3, smoothing)
    result = ngrams(request, bert, Context())
    assert result.words == ("the", "cat", "sat", "on", "a", "zebra", ".")
    assert result.is_known.tolist() == [True, True, True, True, True, False, True]
    assert result.corpus == "corpus.txt"
    counted = TextNgrams.of_text(TEXT)
    ids = np.array([0, *counted.ids(result.words), 0])
    assert result.by_order.shape == (5, 8)
    for order, row in enumerate(result.by_order, start=1):
        model = counted.model(order, smoothing)
        expected = [model.distribution(ids[:i])[ids[i]] for i in range(1, len(ids))]
        np.testing.assert_allclose(row, expected)
    np.testing.assert_allclose(result.used.sum(0), result.by_order[2])
    assert result.used.shape == (4, 8)
    assert result.weights.shape == (3, 8)
    assert result.held_out.tolist() == list(counted.held_out)
    assert (result.n_words, result.n_vocabulary) == (counted.n_words, len(counted.words))
    assert result.guessers == ()


def test_what_comes_with_headlight_knows_simple_sentences(bert):
    result = ngrams(NgramsRequest("bert-mini", text_input("The cat sat on the mat.")), bert, Context())
    assert result.is_known.all()
    assert result.corpus == ""
    assert 50 < result.held_out[2] < 80 < result.held_out[1] < 100 < result.held_out[0]
    assert result.by_order[2].prod() > 100 * result.by_order[0].prod()


def test_a_blank_is_guessed_from_the_left_from_both_sides_and_by_the_model(bert):
    of = ("bert-mini", text_input("I brush my teeth  every morning."))
    result = ngrams(NgramsRequest(*of, blank=4, top_k=5), bert, Context())
    assert result.guessers == ("left", "both", "cbow", "model")
    assert result.guesses[1][0] == "teeth"
    assert result.guess_probs.shape == (4, 5)
    assert (np.diff(result.guess_probs, axis=1) <= 0).all()
    assert result.blank_probs[0] == pytest.approx(result.used[:, 3].sum())
    from inference.analyses.masked import masked

    asked = text_input(f"I brush my {bert.info.mask_token}  every morning.")
    expected = masked(MaskedRequest("bert-mini", asked, 5), bert, Context())
    assert result.guesses[3] == expected.words[0]
    np.testing.assert_allclose(result.guess_probs[3], expected.probs[0], rtol=1e-5)
    place = result.guesses[3].index("teeth")
    assert result.blank_probs[3] == pytest.approx(result.guess_probs[3, place])
    vectors = open_vectors(CBOW_EMBEDDINGS)
    row = vectors.between([vectors.find(word) for word in ("i", "brush", "my", "every", "morning")])
    assert result.guesses[2] == tuple(vectors.words[i] for i in np.argsort(-row, kind="stable")[:5])
    assert result.blank_probs[2] == pytest.approx(row[vectors.find("teeth")])


def test_where_no_word_is_known_cbow_does_not_guess(bert, corpus):
    result = ngrams(NgramsRequest("bert-mini", text_input("qqq zzz xxx"), str(corpus), blank=2), bert, Context())
    assert "cbow" not in result.guessers


def test_a_model_that_predicts_no_masked_words_does_not_guess(tmp_path, corpus):
    model = load(str(save_gpt2(tmp_path)), Context())
    request = NgramsRequest("tiny", text_input("the cat sat"), str(corpus), blank=3)
    assert ngrams(request, model, Context()).guessers == ("left", "both", "cbow")


@pytest.mark.parametrize("typed", ["[MASK]", "___", "<mask>"])
def test_a_typed_blank_is_guessed(bert, typed):
    result = ngrams(NgramsRequest("bert-mini", text_input(f"I brush my {typed} every morning.")), bert, Context())
    assert result.blank == 4
    assert len(result.words) == 7
    assert result.guesses[1][0] == "teeth"
    assert "teeth" in result.guesses[3]
    assert np.isnan(result.blank_probs).all()


def test_an_unknown_word_in_the_blank_has_no_probability(bert, corpus):
    result = ngrams(NgramsRequest("bert-mini", text_input("the zebra sat"), str(corpus), blank=2), bert, Context())
    assert np.isnan(result.blank_probs[:2]).all()
    assert "cat" in result.guesses[1]


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("  ", {}, "There is no text; type a sentence."),
        ("word " * 121, {}, "The text has 121 words; at most 120 are taken apart."),
        ("a cat", {"order": 6}, "Order 6 was asked for; 1 to 5 is allowed."),
        ("a cat", {"blank": 3}, "Word 3 was asked for; the text has words 1 to 2."),
        ("a cat", {"top_k": 0}, "0 words were asked for; at least 1 is needed."),
    ],
)
def test_bad_questions_are_told(bert, text, options, reason):
    with pytest.raises(Refused, match=reason):
        ngrams(NgramsRequest("bert-mini", text_input(text), **options), bert, Context())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"One. Two.", "corpus.txt cannot be counted: it has 2 sentences; at least 20 are needed"),
        (b"", "it has 0 sentences"),
        (b"caf\xe9 au lait. " * 40, "corpus.txt is no text in UTF-8: byte 3 is none"),
        (b"x" * (MOST_CORPUS_BYTES + 1), "corpus.txt has 8,000,001 bytes; at most 8,000,000 are read"),
    ],
)
def test_bad_corpora_are_told(bert, corpus, content, reason):
    corpus.write_bytes(content)
    with pytest.raises(Refused, match=reason):
        ngrams(NgramsRequest("bert-mini", text_input("a cat"), str(corpus)), bert, Context())


def test_no_corpus_there_is_told(bert, tmp_path):
    with pytest.raises(Refused, match=r"nowhere\.txt cannot be read"):
        ngrams(NgramsRequest("bert-mini", text_input("a cat"), str(tmp_path / "nowhere.txt")), bert, Context())
    with pytest.raises(Refused, match="folder"):
        ngrams(NgramsRequest("bert-mini", text_input("a cat"), str(tmp_path)), bert, Context())


def test_a_corpus_that_was_written_anew_is_counted_anew(bert, corpus):
    request = NgramsRequest("bert-mini", text_input("the cat"), str(corpus))
    before = ngrams(request, bert, Context())
    corpus.write_text(TEXT.replace("cat", "fox"), encoding="utf-8")
    after = ngrams(request, bert, Context())
    assert before.is_known.tolist() == [True, True]
    assert after.is_known.tolist() == [True, False]


def test_it_can_be_cancelled(bert, corpus):
    def never():
        return True

    with pytest.raises(Cancelled):
        ngrams(NgramsRequest("bert-mini", text_input("a cat"), str(corpus)), bert, Context(is_cancelled=never))


def test_tokens_of_the_checkpoint_are_counted(bert, corpus):
    request = NgramsRequest("bert-mini", text_input("The cat sleeps."), str(corpus), unit="tokens", blank=2, top_k=3)
    result = ngrams(request, bert, Context())
    tokens = bert.encode(request.input).tokens
    own = [i for i, is_special in enumerate(tokens.is_special) if not is_special]
    assert result.words == tuple(tokens.shown[i] for i in own)

    def cut(parts):
        return [list(map(str, bert.tokenizer(part, add_special_tokens=False)["input_ids"])) for part in parts]

    counted = TextNgrams.of_text(TEXT, cut)
    ids = np.array([0, *counted.ids([str(tokens.ids[i]) for i in own]), 0])
    np.testing.assert_allclose(result.by_order[2], 2.0 ** counted.model(3).log2_probabilities(ids))
    assert set(result.guesses[1]) == {"cat", "dog", "bird"}
    masked = text_input("The cat sleeps.", masked=(2,))
    from inference.analyses.masked import masked as predict

    assert result.guesses[2] == predict(MaskedRequest("bert-mini", masked, 3), bert, Context()).words[0]


def test_another_text_is_cut_anew(bert, corpus):
    request = NgramsRequest("bert-mini", text_input("the cat"), str(corpus), unit="tokens")
    before = ngrams(request, bert, Context()).n_words
    assert ngrams(request, bert, Context()).n_words == before
    corpus.write_text(TEXT + TEXT, encoding="utf-8")
    assert ngrams(request, bert, Context()).n_words > before


def test_tokens_need_a_corpus(bert):
    with pytest.raises(Refused, match="of words; count a text file in tokens of bert-mini"):
        ngrams(NgramsRequest("bert-mini", text_input("a cat"), unit="tokens"), bert, Context())


def test_what_a_language_model_needs_for_each_word_stands_beside_it(tmp_path, corpus):
    """Summed over the tokens that a word is cut into; of the first token and of the end it tells nothing."""
    model = load(str(save_gpt2(tmp_path)), Context())
    asked = text_input("the cat sat, twice.")
    result = ngrams(NgramsRequest("tiny", asked, str(corpus)), model, Context())
    surprisal = reading(ReadingRequest("tiny", asked), model, Context()).surprisal  # of 19 letters, a token each
    words = {"the": (0, 3), "cat": (3, 7), "sat": (7, 11), ",": (11, 12), "twice": (12, 18), ".": (18, 19)}
    assert result.words == tuple(words)
    expected = [surprisal[start:stop].sum() for start, stop in words.values()]
    np.testing.assert_allclose(result.model_bits, [*expected, np.nan], rtol=1e-5)
    assert np.isnan(result.model_bits[[0, -1]]).all()
    each = ngrams(NgramsRequest("tiny", asked, str(corpus), unit="tokens"), model, Context())
    np.testing.assert_allclose(each.model_bits, [*surprisal, np.nan], rtol=1e-5)


def test_a_model_that_does_not_write_tells_no_bits(bert, corpus):
    assert not ngrams(NgramsRequest("bert-mini", text_input("a cat"), str(corpus)), bert, Context()).model_bits.size
