"""Word vectors asked of the engine: bundled ones, files, and token embeddings."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from inference.analyses.embedding import analogy, embedding, opened_vectors, sliding_window
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.models.word_vectors import open_vectors
from inference.results.embedding import (
    GROUPS,
    AnalogyRequest,
    EmbeddingRequest,
    OpenedVectors,
    OpenVectorsRequest,
    SlidingWindowRequest,
    VectorSource,
)
from resources import EMBEDDINGS
from tests.inputs import text_input

BUNDLED = VectorSource()


@pytest.fixture(scope="module")
def model():
    return load("bert-mini", Context())


def file_of(tmp_path, text):
    path = tmp_path / "v.txt"
    path.write_text(text, encoding="utf-8")
    return VectorSource("file", str(path))


def test_the_bundled_vectors_are_small_and_know_what_belongs_together(model):
    assert EMBEDDINGS.stat().st_size < 2_000_000
    vectors = open_vectors(EMBEDDINGS)
    assert vectors.outputs is not None
    assert (np.diff(vectors.counts) <= 0).all()
    groups = {
        name: [place for word in words if (place := vectors.find(word)) is not None] for name, words in GROUPS.items()
    }
    places = np.array([place for members in groups.values() for place in members])
    kinds = np.array([name for name, members in groups.items() for _ in members])
    cosines = cosine_similarity(vectors.inputs[places])
    np.fill_diagonal(cosines, -2)
    near = np.argsort(-cosines, axis=1)[:, :5]
    assert (kinds[near] == kinds[:, None]).mean() > 0.75


def test_neighbours_and_map_of_a_file(model, tmp_path):
    source = file_of(tmp_path, "king 1 0 0\nqueen 0.9 0.1 0\ntree 0 0 1\ncat 0 1 0\n")
    request = EmbeddingRequest("bert-mini", source, ("tree", "cat", "unicorn"), word="King", top_k=2)
    result = embedding(request, model, Context())
    assert result.word == "king"
    assert result.neighbours[0] == "queen"
    assert result.cosines[0] == pytest.approx(0.9 / np.sqrt(0.82))
    assert result.words[:2] == ("tree", "cat")
    assert set(result.words) == {"tree", "cat", "king", "queen"}
    assert result.is_near.tolist() == [False, False, True, True]
    assert result.notes == ("Without a vector: unicorn.",)
    assert result.name == "The vectors of v.txt"
    assert result.explained.sum() <= 1 + 1e-9
    changed = file_of(tmp_path, "king 1 0 0\nqueen -0.9 0.1 0\ntree 0.8 0 1\n")
    assert embedding(EmbeddingRequest("bert-mini", changed, (), word="king"), model, Context()).neighbours[0] == "tree"


def test_a_word_without_a_vector_is_said_and_the_map_still_made(model):
    result = embedding(EmbeddingRequest("bert-mini", BUNDLED, word="qwzx", n_mapped=5), model, Context())
    assert (result.word, result.neighbours, len(result.words)) == ("", (), 5)
    assert "“qwzx”" in result.notes[-1]


def test_t_sne_of_few_words(model):
    words = ("red", "blue", "dog", "cat", "three", "four")
    result = embedding(EmbeddingRequest("bert-mini", BUNDLED, words, projection="tsne"), model, Context())
    assert np.isfinite(result.places).all()
    assert np.isnan(result.explained).all()
    with pytest.raises(Refused, match="t-SNE needs at least 5 words; 3 are here"):
        embedding(EmbeddingRequest("bert-mini", BUNDLED, words[:3], projection="tsne"), model, Context())


def test_the_token_embeddings_of_a_checkpoint(model):
    request = EmbeddingRequest("bert-mini", VectorSource("tokens"), word="king", n_mapped=30)
    result = embedding(request, model, Context())
    table = model.net.get_input_embeddings().weight.detach().numpy()
    ids = [model.tokenizer.convert_tokens_to_ids(word) for word in ("king", result.neighbours[0])]
    assert result.cosines[0] == pytest.approx(cosine_similarity(table[ids])[0, 1], abs=1e-5)
    assert result.name == "The token embeddings of bert-mini"
    assert all(word.isalpha() and len(word) > 2 for word in result.words[:30])
    assert result.n_vectors == len(table)


def test_models_without_words_are_refused():
    image = load("vit-scenes", Context())
    with pytest.raises(Refused, match=r"vit-scenes has no tokens that are words\."):
        embedding(EmbeddingRequest("vit-scenes", VectorSource("tokens")), image, Context())
    assert embedding(EmbeddingRequest("vit-scenes", BUNDLED, n_mapped=5), image, Context()).n_vectors > 1_000


def test_an_analogy_lies_in_its_plane(model):
    result = analogy(AnalogyRequest("bert-mini", BUNDLED, top_k=5), model, Context())
    assert "queen" in result.candidates
    assert not {"man", "woman", "king"} & set(result.candidates)
    a, b, c, corner = result.places[:4]
    np.testing.assert_allclose(corner - c, b - a, atol=1e-6)
    vectors = open_vectors(EMBEDDINGS)
    lengths = [
        np.linalg.norm(vectors.unit[vectors.find(word)] - vectors.unit[vectors.find("man")])
        for word in ("woman", "king")
    ]
    np.testing.assert_allclose([np.linalg.norm(b - a), np.linalg.norm(c - a)], lengths, rtol=1e-5)


def test_a_text_is_slid_over_with_the_bundled_vectors(model):
    request = SlidingWindowRequest("bert-mini", text_input("The king and the queen lived in a castle."), BUNDLED)
    result = sliding_window(request, model, Context())
    assert result.is_known.all()
    assert result.keep[0] < 0.3 < result.keep[1]
    assert result.notes == ()
    assert sliding_window(request, model, Context()).steps[0].negatives == result.steps[0].negatives


@pytest.mark.parametrize(
    ("ask", "request_", "why"),
    [
        (embedding, EmbeddingRequest("", BUNDLED, n_mapped=1), "1 words on the map were asked for; 2 to 1,000"),
        (embedding, EmbeddingRequest("", BUNDLED, top_k=0), "0 neighbours were asked for; 1 to 50"),
        (
            embedding,
            EmbeddingRequest("", BUNDLED, ("qwzx",)),
            "have none of these words, and a map needs two. Without a vector: .*Choose “Frequent words”",
        ),
        (embedding, EmbeddingRequest("", VectorSource("file", "/no/such.txt")), "such.txt cannot be read"),
        (analogy, AnalogyRequest("", BUNDLED, "man", "", "king"), "needs three words"),
        (analogy, AnalogyRequest("", BUNDLED, "man", "qwzx", "king"), "have no vector of “qwzx”"),
        (sliding_window, SlidingWindowRequest("", text_input("..."), BUNDLED), "no text"),
        (sliding_window, SlidingWindowRequest("", text_input("a " * 201), BUNDLED), "201 words; the window .* 200"),
        (sliding_window, SlidingWindowRequest("", text_input("a"), BUNDLED, window=0), "0 words to either side"),
        (sliding_window, SlidingWindowRequest("", text_input("a"), BUNDLED, sample=-1), "0 to 1 is allowed"),
        (sliding_window, SlidingWindowRequest("", text_input("a"), BUNDLED, n_negative=99), "99 noise words"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(model, ask, request_, why):
    with pytest.raises(Refused, match=why):
        ask(request_, model, Context())


def test_reading_a_file_is_cancelled(model, tmp_path):
    source = file_of(tmp_path, "".join(f"w{i} {i} 1\n" for i in range(9_000)))
    told = []
    context = Context(told.append, lambda: any(event.done > 2_000 for event in told))
    with pytest.raises(Cancelled):
        embedding(EmbeddingRequest("bert-mini", source), model, context)


def test_a_file_is_opened_or_refused_with_a_sentence(tmp_path):
    source = file_of(tmp_path, "king 1 0 0\nqueen 0.9 0.1 0\n")
    assert opened_vectors(OpenVectorsRequest(source.path), Context()) == OpenedVectors(source.path, 2, 3)
    with pytest.raises(Refused, match=r"nothing.txt"):
        opened_vectors(OpenVectorsRequest(str(tmp_path / "nothing.txt")), Context())


def test_too_few_words_for_a_map_are_named(model, tmp_path):
    source = file_of(tmp_path, "king 1 0 0\nqueen 0.9 0.1 0\n")
    with pytest.raises(Refused, match=r"only “king” of these words, .* Without a vector: cat, dog."):
        embedding(EmbeddingRequest("bert-mini", source, ("king", "cat", "dog")), model, Context())
    with pytest.raises(Refused, match="are 1 in all; a map needs the vectors of two words"):
        embedding(EmbeddingRequest("bert-mini", file_of(tmp_path, "king 1 0 0\n")), model, Context())
    with pytest.raises(Refused, match=r"^“king” is one word; a map needs two\.$"):
        embedding(EmbeddingRequest("bert-mini", source, ("king",)), model, Context())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("man", "Man", "king"), "a and b are the same word: the fourth corner is “king” itself"),
        (("man", "woman", "man"), "a and c are the same word: the fourth corner is “woman” itself"),
        (("man", "woman", "woman"), "b and c are the same word: the fourth corner lies beyond “woman”"),
    ],
)
def test_an_analogy_with_a_word_twice_says_what_it_comes_to(model, words, sentence):
    assert analogy(AnalogyRequest("", BUNDLED, *words), model, Context()).notes[0].startswith(sentence)


def test_an_analogy_of_one_word_is_refused(model):
    with pytest.raises(Refused, match="a, b and c are all “king”"):
        analogy(AnalogyRequest("", BUNDLED, "king", "King", "king"), model, Context())
